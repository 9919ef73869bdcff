//! What the network is trained on: the neighbourhoods the codec would show it, and what it should have said.

use crate::codec::accelerator::{Processor, at_once};
use crate::codec::entropy::{Coder, Cumulative};
use crate::codec::methods::Coded;
use crate::codec::methods::layered::{self, LearnedLatents};
use crate::codec::methods::network::{self, Neighbourhood, ReferenceLevels, Surroundings, known_level, wraps_at};
use crate::codec::methods::pyramid::{Job, Learned, PassCoder, PassJob, code_plane};
use crate::codec::quantiser::Quantiser;
use crate::error::Result;
use crate::grid::{Grid, Plane};
use crate::network::autoencoder::{View, coarse_size};
use crate::network::engine::{Engine, LANES};
use crate::network::model::Model;
use crate::network::spec::{DECISIONS, PRIORS};
pub use crate::network::spec::{DIRECT, ENERGIES, INPUTS, NEIGHBOURS};

/// How a plane in units of samples is shown to the autoencoder.
const AS_IT_IS: View = View { unit: 0, middle: 0 };

/// Planes of a series or of levels, in lattice units.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Samples of each plane, in row order.
    pub planes: Vec<Vec<i32>>,
    /// Where each plane has missing samples (1); empty when none has.
    pub holes: Vec<Vec<u8>>,
    /// Odd distance between reconstructions, in lattice units.
    pub quantum: i32,
    /// Whether columns go around.
    pub wrap: bool,
    /// How many earlier planes are looked at.
    pub references: usize,
    /// Whether the scale of the inputs follows the surroundings.
    pub adaptive_scale: bool,
}

impl Stack {
    /// The samples and holes of each plane.
    fn grids(&self) -> impl Iterator<Item = (Grid<i32>, Option<Grid<u8>>)> {
        let Self { height, width, ref planes, ref holes, .. } = *self;
        let holes = holes.iter().map(Some).chain(core::iter::repeat(None));
        planes
            .iter()
            .zip(holes)
            .map(move |(samples, holes)| (Grid { height, width, samples: samples.clone() }, holes.map(|h| Grid { height, width, samples: h.clone() })))
    }
}

/// One sample as the network sees it.
#[derive(Debug, Clone)]
pub struct Example {
    /// 0 diagonal, 1 horizontal, 2 vertical.
    pub pass: usize,
    /// Inputs, within ±1023.
    pub inputs: [i16; INPUTS],
    /// Twice the corrections to choose from.
    pub direct: [i16; DIRECT],
    /// Twice how far the sample is from its classical prediction, in units of the corrections.
    pub target: f32,
    /// Twice the quantum, in those units.
    pub width: f32,
}

/// Shows `sink` about one in `every` samples of the stack, picked by `random`.
pub fn examples(stack: &Stack, every: u32, random: &mut impl FnMut() -> u32, sink: &mut impl FnMut(&Example)) {
    let mut done: Vec<Grid<i32>> = Vec::new();
    for (source, holes) in stack.grids() {
        let plane = Plane { height: stack.height, width: stack.width, source: Some(&source), holes: holes.as_ref() };
        let references: Vec<&Grid<i32>> = done.iter().rev().take(stack.references).collect();
        let reference = references.first().copied();
        let mut recorder = Recorder { stack, every, random, sink, neighbourhood: Box::default(), references: ReferenceLevels::new(references, stack.wrap) };
        let job = Job { plane, reference, quantum: stack.quantum };
        done.extend(at_once(code_plane(&mut Discard, &mut recorder, &mut Learned::default(), job, |_| false)));
    }
}

/// A plane as the autoencoder sees it where samples are missing (`holes` is not 0 there).
#[must_use]
pub fn filled(height: usize, width: usize, samples: &[i32], holes: &[u8]) -> Vec<i32> {
    let plane = Grid { height, width, samples: samples.to_vec() };
    layered::filled(&plane, &Grid { height, width, samples: holes.to_vec() }).samples
}

/// How often each decision of each prior context of latents was zero and one: for planes without holes, in units of samples.
pub fn count_latents(height: usize, width: usize, samples: &[i32], model: &Model, counts: &mut Counts) -> Result<()> {
    let plane = Grid { height, width, samples: samples.to_vec() };
    let Some(net) = model.autoencoder() else { return Ok(()) };
    let latents = net.encode(Engine::detect(), &plane, AS_IT_IS)?;
    let mut learned = LearnedLatents::new(&net.foresight);
    core::mem::swap(learned.counts(), counts);
    learned.code(&mut Discard, Some(&latents), coarse_size(height, width));
    core::mem::swap(learned.counts(), counts);
    Ok(())
}

/// The latents of a plane without holes, in units of samples, channel by channel, and what is drawn from them; nothing without an autoencoder.
///
/// # Errors
/// None: the layers fit each other.
pub fn redrawn(height: usize, width: usize, samples: &[i32], model: &Model) -> Result<Option<(Vec<i32>, Vec<i32>)>> {
    let plane = Grid { height, width, samples: samples.to_vec() };
    let Some(net) = model.autoencoder() else { return Ok(None) };
    let latents = net.encode(Engine::detect(), &plane, AS_IT_IS)?;
    let drawn = net.draw(Engine::detect(), &latents, (height, width), AS_IT_IS)?;
    Ok(Some((latents.channels.concat(), drawn.samples)))
}

/// No counts of latents yet.
#[must_use]
pub fn no_latent_counts(latents: usize) -> Counts {
    vec![[[0; 2]; DECISIONS]; latents * ENERGIES]
}

/// How often each decision of each prior context was zero and one.
pub type Counts = Vec<[[u32; 2]; DECISIONS]>;

/// No counts yet.
#[must_use]
pub fn no_counts() -> Counts {
    vec![[[0; 2]; DECISIONS]; PRIORS]
}

/// Codes a stack with a network and counts what its prior contexts would have to foresee.
pub fn count(stack: &Stack, model: &Model, counts: &mut Counts) {
    let mut learned = network::Learned::new(model, Processor::cpu());
    core::mem::swap(learned.counts(), counts);
    let mut done: Vec<Coded> = Vec::new();
    for (source, holes) in stack.grids() {
        let plane = Plane { height: stack.height, width: stack.width, source: Some(&source), holes: holes.as_ref() };
        let references: Vec<&Coded> = done.iter().rev().take(stack.references).collect();
        let coded = at_once(network::code_plane(&mut Discard, &mut learned, plane, &references, (stack.quantum, stack.wrap), |_| false));
        done.extend(coded);
    }
    core::mem::swap(learned.counts(), counts);
}

/// Takes every symbol and keeps none.
struct Discard;

impl Coder for Discard {
    fn symbol(&mut self, _: &Cumulative, symbol: usize) -> usize {
        symbol
    }

    fn bit(&mut self, _: u32, bit: bool) -> bool {
        bit
    }

    fn short_bits(&mut self, _: u32, value: u32) -> u32 {
        value
    }
}

/// Goes through the passes as the codec does, with the classical prediction alone.
struct Recorder<'a, R, S> {
    stack: &'a Stack,
    every: u32,
    random: &'a mut R,
    sink: &'a mut S,
    neighbourhood: Box<Neighbourhood>,
    references: ReferenceLevels<'a>,
}

impl<R: FnMut() -> u32, S: FnMut(&Example)> PassCoder for Recorder<'_, R, S> {
    async fn code<C: Coder>(&mut self, _: &mut C, _: &mut Learned, job: PassJob<'_>) -> Result<Grid<i32>> {
        let mut values = job.prediction.values;
        let Some(source) = job.source else { return Ok(values) };
        let wrap = wraps_at(self.stack.wrap, self.stack.width, job.stride);
        let plane = known_level(job.context, job.horizontal, wrap);
        let context = job.context;
        let around = Surroundings {
            pass: context.pass,
            level: context.level,
            quantum: context.quantum,
            plane: &plane,
            references: self.references.at(job.stride),
            adaptive_scale: self.stack.adaptive_scale,
        };
        let quantiser = Quantiser::new(context.quantum);
        let width = values.width;
        for (y, (row, source)) in values.rows_mut().zip(source.rows()).enumerate() {
            for x in (0..width).step_by(LANES) {
                // Blocks are left out whole, since looking costs the most.
                let count = LANES.min(width - x);
                if !(self.random)().is_multiple_of((self.every / 8).max(1)) {
                    continue;
                }
                self.neighbourhood.look(&around, y, x, row.get(x..).unwrap_or_default());
                for lane in 0..count {
                    let hole = job.missing.and_then(|m| m.row(y).get(x + lane)).is_some_and(|h| *h != 0);
                    if hole || !(self.random)().is_multiple_of(self.every.min(8)) {
                        continue;
                    }
                    let (Some(base), Some(sample)) = (row.get(x + lane), source.get(x + lane)) else { continue };
                    (self.sink)(&example(&self.neighbourhood, context.pass.number(), context.quantum, lane, sample.wrapping_sub(*base)));
                }
            }
            for (x, (value, sample)) in row.iter_mut().zip(source).enumerate() {
                let hole = job.missing.and_then(|m| m.row(y).get(x)).is_some_and(|h| *h != 0);
                if !hole {
                    *value = value.wrapping_add(quantiser.nearest(sample.wrapping_sub(*value)).wrapping_mul(context.quantum));
                }
            }
        }
        Ok(values)
    }
}

fn example(seen: &Neighbourhood, pass: usize, quantum: i32, lane: usize, residual: i32) -> Example {
    let of = |row: &[i32; LANES]| row.get(lane).map_or(0, |v| *v as i16);
    let mut example = Example { pass, inputs: [0; INPUTS], direct: [0; DIRECT], target: 0.0, width: 0.0 };
    example.inputs.iter_mut().zip(&seen.inputs).for_each(|(to, row)| *to = of(row));
    example.direct.iter_mut().zip(&seen.direct).for_each(|(to, row)| *to = of(row));
    let scale = (1.0 - f64::from(seen.exponents.get(lane).copied().unwrap_or(0))).exp2();
    example.target = (f64::from(residual) * scale) as f32;
    example.width = (f64::from(quantum) * scale) as f32;
    example
}
