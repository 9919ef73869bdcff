//! A plane through the pyramid with experts. Written once for both directions.

use super::contexts::{Seen, capped, sizes};
use super::functions::Functions;
use super::neighbours::{Place, RING, RINGS, SAME, known};
use super::regression::{MOST, Regression, Regressors};
use super::residual::{Outlook, Residuals};
use super::scales::{self, Errors, FEATURES, Scales};
use super::{EXPERTS, MAIN, REGRESSIONS};
use crate::codec::accelerator::Processor;
use crate::codec::entropy::Coder;
use crate::codec::methods::Coded;
use crate::codec::methods::network::{Around, ReferenceLevels, TRUSTS, refine, wraps_at};
use crate::codec::methods::pyramid::{self, Job, PassCoder, PassJob};
use crate::codec::passes::Pass;
use crate::codec::predictor::Context;
use crate::codec::quantiser::Quantiser;
use crate::error::Result;
use crate::grid::{Grid, Plane};
use crate::network::model::Model;

/// Samples that the regressions remember.
const MEMORIES: [f64; REGRESSIONS] = [20_000.0, 200.0];
/// What of a regression's memory the same pass and level of the next plane starts with, and what the next finer level does.
const NEXT_PLANE: f64 = 0.7;
const FINER: f64 = 0.3;
/// Opinions farther from the base than this are none.
const FARTHEST: f64 = 1e6;
/// Levels there can be.
const LEVELS: usize = 33;
/// Added to a scale before samples are weighed by its square.
const LEAST_SCALE: f64 = 0.1;
/// Octaves of the scale that are not split off, and most that are.
const WHOLE: f64 = 1.5;
const MOST_SPLIT: u32 = 24;
/// Mean magnitude of a logistic distribution of scale 1, about, and the least mean magnitude.
const MAGNITUDE: f64 = 1.386;
const SHARPEST: f64 = 0.05;
/// How much flatter the opinion with heavy tails is.
const HEAVY: f64 = 0.7 * MAGNITUDE;
/// Stands where no residual was coded.
const UNKNOWN: i32 = i32::MIN;

/// What a chunk learns while it is coded.
#[derive(Debug)]
pub(super) struct Learned<'a> {
    network: Option<(&'a Model, Processor<'a>)>,
    walk: pyramid::Learned,
    said: u64,
    /// By level and pass.
    regressions: Vec<[Option<Regressions>; 3]>,
    scales: Scales,
    residuals: Residuals,
}

type Regressions = [Regression; REGRESSIONS];

impl<'a> Learned<'a> {
    pub(super) fn new(network: Option<(&'a Model, Processor<'a>)>) -> Self {
        let (contexts, sets) = sizes();
        Self {
            network,
            walk: pyramid::Learned::default(),
            said: 0,
            regressions: vec![[None, None, None]; LEVELS],
            scales: Scales::new(network.is_some()),
            residuals: Residuals::new(contexts, sets),
        }
    }

    /// A checksum of all that the network said.
    pub(super) const fn said(&self) -> u64 {
        self.said
    }

    pub(super) const fn walk(&mut self) -> &mut pyramid::Learned {
        &mut self.walk
    }
}

/// Codes a plane; the first of `references` is the one that its classical prediction takes.
///
/// # Errors
/// [`crate::Error::Accelerator`] when the network runs elsewhere and that fails.
pub(super) async fn code_plane<C: Coder>(
    coder: &mut C,
    learned: &mut Learned<'_>,
    plane: Plane<'_>,
    references: &[&Coded],
    (quantum, wrap): (i32, bool),
    stop: impl Fn(&C) -> bool,
) -> Result<Coded> {
    let Learned { network, walk, said, regressions, scales, residuals } = learned;
    let shown = if network.is_some_and(|(model, _)| model.predictor().sight().references) { references } else { &[] };
    let Plane { height, width, .. } = plane;
    let mut passes = Passes {
        network: *network,
        said,
        regressions,
        scales,
        residuals,
        levels: ReferenceLevels::new(shown.iter().map(|r| &r.samples), wrap),
        view: View {
            samples: Grid::new(height, width),
            errors: Grid { height, width, samples: vec![UNKNOWN; height * width] },
            references,
            holes: plane.holes,
            wrap,
            began: false,
        },
    };
    let reference = references.first().map(|r| &r.samples);
    let samples = pyramid::code_plane(coder, &mut passes, walk, Job { plane, reference, quantum }, stop).await?;
    Ok(Coded { samples, errors: passes.view.errors })
}

struct Passes<'a> {
    network: Option<(&'a Model, Processor<'a>)>,
    said: &'a mut u64,
    regressions: &'a mut Vec<[Option<Regressions>; 3]>,
    scales: &'a mut Scales,
    residuals: &'a mut Residuals,
    levels: ReferenceLevels<'a>,
    view: View<'a>,
}

/// All that is known of a plane, at full resolution.
struct View<'a> {
    samples: Grid<i32>,
    /// Residuals, in quanta.
    errors: Grid<i32>,
    references: &'a [&'a Coded],
    holes: Option<&'a Grid<u8>>,
    wrap: bool,
    /// Whether the coarsest grid is there.
    began: bool,
}

impl PassCoder for Passes<'_> {
    async fn code<C: Coder>(&mut self, coder: &mut C, _: &mut pyramid::Learned, job: PassJob<'_>) -> Result<Grid<i32>> {
        let PassJob { context, stride, horizontal, source, missing, prediction } = job;
        self.view.begin(context.known, 2 * stride);
        let wrap = wraps_at(self.view.wrap, self.view.samples.width, stride);
        let classical = prediction.values;
        let mut said = Said { base: classical.clone(), sides: Grid::new(classical.height, classical.width), scales: None, classical };
        if let Some((model, processor)) = self.network {
            let around = Around { context, stride, horizontal, missing, wrap, references: &mut self.levels };
            let refined = refine(model, processor, around, said.base).await?;
            *self.said = refined.checksum(*self.said);
            (said.base, said.sides) = refined.trusting(TRUSTS - 1, 1);
            said.scales = Some(refined.scales);
        }
        Ok(self.code_pass(coder, context, (stride, wrap), said, source, missing))
    }
}

/// What is foreseen of the samples of a pass beforehand.
struct Said {
    /// The network's prediction, or the classical one, and by how many sixteenths it is short.
    base: Grid<i32>,
    sides: Grid<i8>,
    /// The network's scales.
    scales: Option<Grid<i32>>,
    classical: Grid<i32>,
}

/// A sample before it is coded.
struct Sample {
    place: Place,
    /// Its number at full resolution.
    at: usize,
    pass: Pass,
    base: i32,
    /// What the base is short of, in lattice units.
    short: f64,
    /// One over the quantum.
    inverse: f64,
}

impl Sample {
    /// How far a coordinate is from the base, in quanta.
    #[inline]
    fn off_base(&self, coordinate: i32) -> f64 {
        (f64::from(coordinate.wrapping_sub(self.base)) - self.short) * self.inverse
    }
}

impl Passes<'_> {
    fn code_pass<C: Coder>(
        &mut self,
        coder: &mut C,
        context: &Context,
        (stride, wrap): (usize, bool),
        said: Said,
        source: Option<&Grid<i32>>,
        missing: Option<&Grid<u8>>,
    ) -> Grid<i32> {
        let Said { base: mut values, sides, scales: network_scales, classical } = said;
        let (pass, width) = (context.pass, values.width);
        let (top, left) = pass.phase();
        let mut regressions = self.begin_regressions(context);
        self.scales.begin();
        let quantiser = Quantiser::new(context.quantum);
        let inverse = 1.0 / f64::from(context.quantum);
        // Errors of the row above and of this one, with one more on either side.
        let (mut above, mut here) = (vec![scales::NONE; width + 2], vec![scales::NONE; width + 2]);
        let size = (self.view.samples.height as isize, self.view.samples.width as isize);
        for (y, row) in values.rows_mut().enumerate() {
            let mut before = scales::NONE;
            for (x, value) in row.iter_mut().enumerate() {
                let number = y * width + x;
                let (full_y, full_x) = ((2 * y + top) * stride, (2 * x + left) * stride);
                let place = Place { y: full_y as isize, x: full_x as isize, height: size.0, width: size.1, stride: stride as isize, wrap };
                let at = full_y * self.view.samples.width + full_x;
                if missing.and_then(|m| m.samples.get(number)).is_none_or(|m| *m == 0) {
                    let short = f64::from(sides.samples.get(number).copied().unwrap_or(0)) / 16.0;
                    let sample = Sample { place, at, pass, base: *value, short, inverse };
                    let beside = match above.get(x..x + 3) {
                        Some([a, b, c]) => self.scales.beside(&before, [a, b, c]),
                        _ => scales::NONE,
                    };
                    let foreseen = Foreseen {
                        classical: sample.off_base(classical.samples.get(number).copied().unwrap_or(0)),
                        scale: network_scales.as_ref().and_then(|s| s.samples.get(number)).copied(),
                        beside,
                    };
                    let wanted = source.and_then(|s| s.samples.get(number)).copied();
                    (*value, before) = self.code_sample(coder, &mut regressions, &sample, &foreseen, (quantiser, wanted));
                }
                if let Some(errors) = here.get_mut(x + 1) {
                    *errors = before;
                }
                self.view.set(at, *value);
            }
            core::mem::swap(&mut above, &mut here);
        }
        if let Some(kept) = self.regressions.get_mut(context.level as usize).and_then(|r| r.get_mut(pass.number())) {
            *kept = Some(regressions);
        }
        values
    }

    /// Codes a sample and learns from it; returns it and how far off each expert was.
    fn code_sample<C: Coder>(
        &mut self,
        coder: &mut C,
        regressions: &mut Regressions,
        sample: &Sample,
        foreseen: &Foreseen,
        (quantiser, source): (Quantiser, Option<i32>),
    ) -> (i32, Errors) {
        let Self { scales, residuals, view, network, .. } = self;
        let pass = sample.pass.number();
        let x = view.regressors(sample, network.is_some().then_some(foreseen.classical));
        let opinions = foreseen.opinions(regressions, &x);
        let [first, _, slow, quick, main] = opinions;
        let quantum = quantiser.quantum;
        let target = main * f64::from(quantum) + sample.short;
        let centre = sample.base.wrapping_add((target + 0.5).floor() as i64 as i32);
        let offset = sample.off_base(centre);

        let near = view.near(sample);
        let functions = residuals.functions();
        let apart = (slow - first).abs() + (quick - slow).abs();
        let mut features = view.features(functions, sample, foreseen, &near, &x, apart);
        let logarithms = scales.foresee(functions, pass, &mut features, &foreseen.beside);
        let scale = logarithms.last().copied().unwrap_or(0.0);
        let split = ((scale - WHOLE).max(0.0) as u32).min(MOST_SPLIT);
        let apart = (((slow - first).abs() + (quick - first).abs()) * 8.0).min(1e9);
        let seen = Seen { scale, split, apart, ..view.seen(sample, quantiser, centre) };
        let (contexts, sets) = seen.contexts();
        let sharp = logarithms.map(|scale| 1.0 / functions.exp2(scale).max(SHARPEST));
        let [a, b, c, d, e] = sharp.map(|sharp| sharp * MAGNITUDE);
        let [.., main_sharp] = sharp;
        let [p, q, r, s, t] = opinions.map(|opinion| opinion - offset);
        let outlook = Outlook { middles: [p, q, r, s, t, t], sharpness: [a, b, c, d, e, main_sharp * HEAVY], contexts, sets, split };

        let wanted = source.map_or(0, |source| quantiser.nearest(source.wrapping_sub(centre)));
        let residual = residuals.code(coder, &outlook, wanted);
        if let Some(error) = view.errors.samples.get_mut(sample.at) {
            *error = residual;
        }
        let truth = limited(f64::from(residual) + offset);
        let errors = opinions.map(|opinion| (truth - opinion).abs().min(FARTHEST));
        let functions = residuals.functions();
        scales.learn(functions, pass, (&mut features, &foreseen.beside, &logarithms), &errors);
        let scale = functions.exp2(scale) + LEAST_SCALE;
        regressions.iter_mut().for_each(|regression| regression.learn(&x, truth, 1.0 / (scale * scale)));
        (centre.wrapping_add(residual.wrapping_mul(quantum)), errors)
    }

    /// The regressions that a pass starts with: those of the same level of the plane before, or else of the coarser level.
    fn begin_regressions(&mut self, context: &Context) -> Regressions {
        let count = self.view.regressor_count(context.pass, self.network.is_some());
        let (level, pass) = (context.level as usize, context.pass.number());
        let mut learned = |level: usize, share: f64| {
            let mut regressions = self.regressions.get_mut(level)?.get_mut(pass)?.clone()?;
            regressions.iter_mut().for_each(|regression| regression.fade(share));
            regressions.iter().all(|regression| regression.regressors() == count).then_some(regressions)
        };
        let before = learned(level, NEXT_PLANE);
        before.or_else(|| learned(level + 1, FINER)).unwrap_or_else(|| MEMORIES.map(|memory| Regression::new(count, memory)))
    }
}

/// What is foreseen of a sample beforehand.
struct Foreseen {
    /// The classical prediction, in quanta from the base.
    classical: f64,
    /// The network's scale, in sixteenths of an octave.
    scale: Option<i32>,
    /// Errors of the experts beside it.
    beside: Errors,
}

impl Foreseen {
    /// What the experts say, in quanta from the base.
    fn opinions(&self, regressions: &Regressions, x: &Regressors) -> [f64; EXPERTS] {
        let [slow, quick] = regressions.each_ref().map(|regression| limited(regression.predict(x)));
        let mut opinions = [0.0, self.classical, slow, quick, 0.0];
        let mean = limited(scales::mean(&opinions, &self.beside));
        if let Some(main) = opinions.get_mut(MAIN) {
            *main = mean;
        }
        opinions
    }
}

/// 0 where an opinion makes no sense.
#[inline]
fn limited(opinion: f64) -> f64 {
    if opinion.abs() < FARTHEST { opinion } else { 0.0 }
}

/// Residuals of samples nearby; those that are not known are [`UNKNOWN`].
struct Near {
    near: [i32; 4],
    corners: [i32; 4],
    before: Option<i32>,
}

impl View<'_> {
    /// Takes the coarsest grid over when the first pass starts.
    fn begin(&mut self, coarsest: &Grid<i32>, step: usize) {
        if core::mem::replace(&mut self.began, true) {
            return;
        }
        let width = self.samples.width;
        for (y, row) in coarsest.rows().enumerate() {
            for (x, sample) in row.iter().enumerate() {
                self.set(y * step * width + x * step, *sample);
            }
        }
    }

    fn set(&mut self, at: usize, value: i32) {
        if let Some(sample) = self.samples.samples.get_mut(at) {
            *sample = value;
        }
    }

    fn regressor_count(&self, pass: Pass, network: bool) -> usize {
        let references: usize = RINGS.iter().take(self.references.len()).map(|ring| ring + 1).sum();
        known(pass).len() + SAME.len() + usize::from(network) + references
    }

    /// Neighbours from the base, with a network the classical prediction, and of each reference how the ring around differs from the middle, and its residual.
    fn regressors(&self, sample: &Sample, classical: Option<f64>) -> Regressors {
        let place = sample.place;
        let own = known(sample.pass).iter().map(|o| place.at(*o)).chain(SAME.iter().map(|o| place.same(*o)));
        let own = own.map(|at| {
            let at = at.filter(|at| self.holes.and_then(|holes| holes.samples.get(*at)).is_none_or(|hole| *hole == 0));
            at.and_then(|at| self.samples.samples.get(at)).map_or(0.0, |s| sample.off_base(*s))
        });
        let others = self.references.iter().zip(RINGS).flat_map(|(reference, ring)| {
            let middle = reference.samples.samples.get(sample.at).copied().unwrap_or(0);
            let ring = RING.iter().take(ring).map(move |o| place.at(*o).and_then(|at| reference.samples.samples.get(at)).copied().unwrap_or(middle));
            let ring = ring.map(move |other| f64::from(other.wrapping_sub(middle)) * sample.inverse);
            ring.chain([f64::from(residual(reference, sample.at).unwrap_or(0))])
        });
        let mut x = [0.0; MOST];
        x.iter_mut().zip(own.chain(classical).chain(others)).for_each(|(to, x)| *to = x);
        x
    }

    /// Residuals of samples nearby.
    fn near(&self, sample: &Sample) -> Near {
        let place = sample.place;
        let error = |at: Option<usize>| at.and_then(|at| self.errors.samples.get(at)).copied().unwrap_or(UNKNOWN);
        let four = |first: usize| {
            let mut errors = [UNKNOWN; 4];
            errors.iter_mut().zip(known(sample.pass).iter().skip(first)).for_each(|(e, o)| *e = error(place.at(*o)));
            errors
        };
        Near {
            near: four(0),
            corners: if sample.pass == Pass::Vertical { four(4) } else { [UNKNOWN; 4] },
            before: self.references.first().and_then(|reference| residual(reference, sample.at)),
        }
    }

    /// What scales are foreseen from; the expert's own errors are left open.
    fn features(&self, functions: &Functions, sample: &Sample, foreseen: &Foreseen, near: &Near, x: &Regressors, apart: f64) -> [f64; FEATURES] {
        let magnitude = |m: f64| scales::magnitude(functions, m);
        let found = near.near.iter().chain(&near.corners).filter(|e| **e != UNKNOWN);
        let (sum, count) = found.fold((0, 0), |(sum, count), e| (sum + capped(*e), count + 1));
        let main = foreseen.beside.last().copied().unwrap_or(0.0);
        let residuals = magnitude(if count > 0 { f64::from(sum) / f64::from(count) } else { main });
        let spread = x.iter().take(4).fold(0.0, |sum, x| sum + x.abs()) / 4.0;
        let before = near.before.and_then(|before| {
            let reference = self.references.first()?;
            let ring: u32 = RING.iter().take(4).filter_map(|o| residual(reference, sample.place.at(*o)?)).map(capped).sum();
            Some(magnitude(f64::from(2 * capped(before) + ring) / 6.0))
        });
        let network = foreseen.scale.map_or(0.0, |scale| f64::from(scale.clamp(-160, 480)) / 16.0);
        [1.0, 0.0, residuals, network, magnitude(spread), magnitude(apart), before.unwrap_or(residuals)]
    }

    /// What contexts are made of, less what the experts say.
    fn seen(&self, sample: &Sample, quantiser: Quantiser, centre: i32) -> Seen {
        let place = sample.place;
        let from_centre = |at: Option<usize>| at.and_then(|at| self.samples.samples.get(at)).map_or(0, |s| quantiser.nearest(s.wrapping_sub(centre)));
        let mut around = [0; 6];
        let [left, above, ..] = SAME;
        let places = known(sample.pass).iter().take(4).map(|o| place.at(*o)).chain([place.same(left), place.same(above)]);
        around.iter_mut().zip(places).for_each(|(to, at)| *to = from_centre(at));
        let still = self.references.first().is_some_and(|reference| {
            let beside = place.at((-1, 0)).or_else(|| place.at((1, 0))).unwrap_or(sample.at);
            reference.samples.samples.get(sample.at) == reference.samples.samples.get(beside)
        });
        Seen { pass: sample.pass.number(), scale: 0.0, split: 0, apart: 0.0, around, still }
    }
}

/// The residual of a reference, 0 where it has none; nothing where its residuals are not kept.
#[inline]
fn residual(reference: &Coded, at: usize) -> Option<i32> {
    reference.errors.samples.get(at).copied().map(or_zero)
}

#[inline]
const fn or_zero(residual: i32) -> i32 {
    if residual == UNKNOWN { 0 } else { residual }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::accelerator::at_once;
    use crate::codec::entropy::{Decoder, Encoder};

    type Holed = (Grid<i32>, Option<Grid<u8>>);

    /// Three planes of hills, each moved a little, with holes where asked; the largest numbers there are in the last.
    fn planes(height: usize, width: usize, holes: bool) -> Vec<Holed> {
        let sample = |p: usize, y: usize, x: usize| {
            let (a, b) = ((x + 2 * p) as f64 / 7.0, (y + p) as f64 / 5.0);
            let hills = (4000.0 * (a.sin() + (a + b).cos()) + ((x * 31 + y * 17 + p) % 13) as f64 * 9.0) as i32;
            if p == 2 && (x * y) % 7 == 3 { i32::MAX - hills.abs() } else { hills }
        };
        let plane = |p: usize| {
            let places = || (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)));
            let samples = Grid { height, width, samples: places().map(|(y, x)| sample(p, y, x)).collect() };
            let hole = |(y, x): (usize, usize)| u8::from(y > height / 3 && y < height / 2 + p && x > width / 4 && x < width / 2);
            (samples, holes.then(|| Grid { height, width, samples: places().map(hole).collect() }))
        };
        (0..3).map(plane).collect()
    }

    fn run<C: Coder>(coder: &mut C, model: Option<&Model>, planes: &[Holed], how: (i32, bool), source: bool, stop: impl Fn(&C) -> bool) -> Vec<Coded> {
        let mut learned = Learned::new(model.map(|model| (model, Processor::cpu())));
        let mut done: Vec<Coded> = Vec::new();
        for (samples, holes) in planes {
            let plane = Plane { height: samples.height, width: samples.width, source: source.then_some(samples), holes: holes.as_ref() };
            let references: Vec<&Coded> = done.iter().rev().take(2).collect();
            let coded = at_once(code_plane(coder, &mut learned, plane, &references, how, &stop)).unwrap();
            done.push(coded);
        }
        done
    }

    #[test]
    fn what_was_coded_comes_back_and_any_bytes_come_to_an_end() {
        let model = Model::parse(include_bytes!("../../../../models/deepcomp.dcm")).unwrap();
        for model in [None, Some(&*model)] {
            for (height, width, quantum, wrap, holes) in
                [(40, 72, 1, true, false), (33, 50, 129, false, true), (5, 1, 1, false, false), (1, 9, 3, true, false), (24, 24, i32::MAX, true, true)]
            {
                let planes = planes(height, width, holes);
                let mut encoder = Encoder::default();
                let encoded = run(&mut encoder, model, &planes, (quantum, wrap), true, |_| false);
                let bytes = encoder.finish();
                let mut decoder = Decoder::new(&bytes).unwrap();
                let decoded = run(&mut decoder, model, &planes, (quantum, wrap), false, Decoder::overrun);
                decoder.finish().unwrap();
                for ((encoded, decoded), (source, holes)) in encoded.iter().zip(&decoded).zip(&planes) {
                    assert!(encoded.samples == decoded.samples, "{height} x {width}");
                    let missing = holes.as_ref().map_or(vec![0; height * width], |h| h.samples.clone());
                    let far = source.samples.iter().zip(&decoded.samples.samples).zip(missing).filter(|(_, hole)| *hole == 0);
                    assert!(far.map(|((a, b), _)| a.wrapping_sub(*b).unsigned_abs()).max().unwrap_or(0) <= quantum as u32 / 2);
                }
                for seed in 1..6u32 {
                    let damaged = bytes.iter().zip(0u32..).map(|(b, i)| b ^ (i.wrapping_mul(seed.wrapping_mul(0x9E37_79B1)) >> 24) as u8);
                    let damaged = damaged.collect::<Vec<u8>>().repeat(4);
                    let mut decoder = Decoder::new(&damaged).unwrap();
                    run(&mut decoder, model, &planes, (quantum, wrap), false, |_| false);
                }
            }
        }
    }
}
