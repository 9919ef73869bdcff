//! The network's correction of a pass.

use super::levels::{ReferenceLevels, known_level};
use super::neighbourhood::{Surroundings, logarithm};
use super::on_cpu::answer;
use crate::codec::accelerator::{Part, PassAnswer, PassRequest, Processor};
use crate::codec::kept::add_numbers;
use crate::codec::methods::pyramid::Holed;
use crate::codec::passes::Pass;
use crate::codec::predictor::{Context, reciprocal, rough_bits};
use crate::error::Result;
use crate::grid::Grid;
use crate::network::engine::Engine;
use crate::network::model::Model;
use xxhash_rust::xxh3::Xxh3;

/// What the network says of a pass.
#[derive(Debug)]
pub(crate) struct Refined {
    /// The classical prediction.
    pub(crate) base: Grid<i32>,
    /// Twice the corrections, in quarters of units of 2^exponent.
    corrections: Grid<i32>,
    exponents: Grid<i32>,
    /// Binary logarithm of how far off each is, in sixteenths of an octave of the quantum.
    pub(crate) scales: Grid<i32>,
}

/// Quarters of its corrections that a pass can take.
pub(crate) const TRUSTS: usize = 5;
/// Of larger grids, rows are left out when the encoder looks which quarters are best.
const SAMPLES: usize = 4096;

impl Refined {
    /// Continues a checksum with what the network said.
    pub(crate) fn checksum(&self, before: u64) -> u64 {
        let mut hash = Xxh3::with_seed(before);
        [&self.corrections, &self.exponents, &self.scales].iter().for_each(|grid| add_numbers(&mut hash, &grid.samples));
        hash.digest()
    }

    /// The prediction that takes `trust` quarters of the corrections, and what it is short of when numbers are whole, in sixteenths from −8 to 7.
    pub(crate) fn trusting(&self, trust: usize, quantum: i32) -> (Grid<i32>, Grid<i8>) {
        let (mut values, mut fractions) = (self.base.clone(), Grid::new(self.base.height, self.base.width));
        let said = self.corrections.samples.iter().zip(&self.exponents.samples);
        for ((value, rest), (correction, exponent)) in values.samples.iter_mut().zip(&mut fractions.samples).zip(said) {
            let (whole, fraction) = rescale((correction * trust as i32) >> 2, exponent - 1);
            *value = value.wrapping_add(whole);
            *rest = if quantum == 1 { fraction as i8 } else { 0 };
        }
        (values, fractions)
    }

    /// How many quarters of the corrections take the fewest bits for these samples.
    pub(crate) fn best_trust(&self, target: &Grid<i32>, missing: Option<&Grid<u8>>, quantum: i32) -> usize {
        let step = target.samples.len().div_ceil(SAMPLES).max(1);
        let scale = reciprocal(quantum);
        let mut bits = [0u64; TRUSTS];
        for y in (0..target.height).step_by(step) {
            let said = self.corrections.row(y).iter().zip(self.exponents.row(y));
            let holes = missing.map(|m| m.row(y)).unwrap_or_default().iter().copied().chain(core::iter::repeat(0));
            let samples = self.base.row(y).iter().zip(target.row(y)).zip(said).zip(holes);
            for (((base, target), (correction, exponent)), _) in samples.filter(|(_, hole)| *hole == 0) {
                for (trust, bits) in bits.iter_mut().enumerate() {
                    let (whole, _) = rescale((correction * trust as i32) >> 2, exponent - 1);
                    let error = target.wrapping_sub(base.wrapping_add(whole));
                    *bits += rough_bits(error, scale);
                }
            }
        }
        bits.iter().enumerate().min_by_key(|(_, bits)| **bits).map_or(0, |(i, _)| i)
    }
}

/// A pass, and what is known around it.
pub(crate) struct Around<'a, 'b> {
    pub(crate) context: &'a Context<'a>,
    /// Distance between samples of the level, in samples of the plane.
    pub(crate) stride: usize,
    /// The horizontal pass of the level, once it is coded, and where it has missing samples.
    pub(crate) horizontal: Option<Holed<'a>>,
    pub(crate) missing: Option<&'a Grid<u8>>,
    /// Whether columns of the level go around.
    pub(crate) wrap: bool,
    pub(crate) references: &'a mut ReferenceLevels<'b>,
}

/// Asks the network about a pass whose classical prediction is `base`; what it says of missing samples does not matter.
///
/// # Errors
/// [`crate::Error::Accelerator`] when the network runs elsewhere and that fails.
pub(crate) async fn refine(model: &Model, processor: Processor<'_>, mut around: Around<'_, '_>, base: Grid<i32>) -> Result<Refined> {
    let context = around.context;
    let PassAnswer { corrections, scales, exponents } = match processor {
        Processor::Cpu(engine) => around.answer(model, engine, &base),
        Processor::Keeping(engine, kept) => {
            let seen = around.seen(&base);
            let answer = around.answer(model, engine, &base);
            kept.keep(seen, [&answer.corrections, &answer.scales, &answer.exponents]);
            answer
        }
        Processor::Recalling(engine, kept) => {
            let seen = around.seen(&base);
            let before = kept.next(seen).filter(|[corrections, ..]| corrections.len() == base.samples.len());
            match before {
                Some([corrections, scales, exponents]) => PassAnswer { corrections, scales, exponents },
                None => around.answer(model, engine, &base),
            }
        }
        Processor::Desk(desk) => desk.ask(around.request(&base)).await?,
    };
    let quantum = logarithm(context.quantum.unsigned_abs());
    let scales = scales.into_iter().zip(&exponents).map(|(said, exponent)| said + 16 * (exponent - 1) - quantum).collect();
    let grid = |samples| Grid { height: base.height, width: base.width, samples };
    Ok(Refined { scales: grid(scales), corrections: grid(corrections), exponents: grid(exponents), base })
}

impl Around<'_, '_> {
    /// What the network says, on the CPU.
    #[inline(never)]
    fn answer(&mut self, model: &Model, engine: Engine, base: &Grid<i32>) -> PassAnswer {
        let context = self.context;
        let plane = &known_level(context, self.horizontal, self.wrap);
        let adaptive_scale = model.predictor().sight().adaptive_scale;
        let references = self.references.at(self.stride);
        let surroundings = Surroundings { pass: context.pass, level: context.level, quantum: context.quantum, plane, references, adaptive_scale };
        answer(model, engine, &surroundings, base, self.missing)
    }

    /// A checksum of all that the network sees of a pass: everything that [`Self::answer`] depends on.
    #[inline(never)]
    fn seen(&mut self, base: &Grid<i32>) -> u64 {
        let context = self.context;
        let mut hash = Xxh3::with_seed(self.references.sum());
        let known = [Some((context.known, context.holes.map(|h| h.known))), Some((context.diagonal, context.holes.map(|h| h.diagonal))), self.horizontal];
        for (grid, missing) in known.into_iter().flatten().chain([(base, self.missing)]) {
            let holes = missing.map(|m| m.samples.as_slice());
            add_numbers(&mut hash, &[grid.height as i32, grid.width as i32, i32::from(holes.is_some())]);
            add_numbers(&mut hash, &grid.samples);
            hash.update(holes.unwrap_or_default());
        }
        add_numbers(&mut hash, &[context.pass.number() as i32, context.level as i32, context.quantum, self.stride as i32, i32::from(self.wrap)]);
        hash.digest()
    }

    /// The same in words that can travel.
    fn request(&self, base: &Grid<i32>) -> PassRequest {
        let Self { context, horizontal, .. } = self;
        let part = |grid: &Grid<i32>, missing: Option<&Grid<u8>>| {
            Some(Part { height: grid.height, width: grid.width, samples: grid.samples.clone(), missing: missing.map(|m| m.samples.clone()) })
        };
        let even = part(context.known, context.holes.map(|h| h.known));
        let odd = if context.pass == Pass::Diagonal { None } else { part(context.diagonal, context.holes.map(|h| h.diagonal)) };
        PassRequest {
            pass: context.pass.number(),
            level: context.level,
            quantum: context.quantum,
            wrap: self.wrap,
            height: base.height,
            width: base.width,
            predicted: base.samples.clone(),
            missing: self.missing.map(|m| m.samples.clone()),
            known: [even, horizontal.and_then(|(grid, missing)| part(grid, missing)), None, odd],
            references: self.references.whole(self.stride).filter_map(|grid| part(&grid, None)).collect(),
        }
    }
}

/// Quarters of units of 2^exponent as a whole number, and the rest in sixteenths from −8 to 7.
#[inline]
fn rescale(quarters: i32, exponent: i32) -> (i32, i32) {
    if exponent >= 2 {
        return (quarters.wrapping_shl((exponent - 2) as u32), 0);
    }
    let shift = (2 - exponent) as u32;
    let whole = (quarters + (1 << (shift - 1))) >> shift;
    let rest = quarters - (whole << shift);
    (whole, if shift >= 4 { rest >> (shift - 4) } else { rest << (4 - shift) })
}
