//! A plane through the pyramid with what the network says of each pass. Written once for both directions.

use super::ahead::{Ahead, Rows};
use super::contexts::{CIRCUMSTANCES, CONTEXTS, VIEWS, WEIGHTS};
use super::levels::{ReferenceLevels, wraps_at};
use super::refine::{Around, TRUSTS, refine};
use crate::codec::accelerator::Processor;
use crate::codec::entropy::{Coder, Decisions, Mixing, Table};
use crate::codec::methods::Coded;
use crate::codec::methods::pyramid::{self, Job, PassCoder, PassJob};
use crate::codec::passes::{Pass, merge};
use crate::codec::predictor::{Context, taps};
use crate::codec::quantiser::Quantiser;
use crate::error::Result;
use crate::grid::{Grid, Plane};
use crate::network::engine::{Engine, LANES};
use crate::network::model::Model;

/// What a chunk learns while it is coded.
#[derive(Debug)]
pub(crate) struct Learned<'a> {
    model: &'a Model,
    processor: Processor<'a>,
    engine: Engine,
    walk: pyramid::Learned,
    decisions: Decisions<CONTEXTS, WEIGHTS>,
    /// How much of its corrections a pass takes, by pass.
    trusts: [Table; 3],
    /// A checksum of all that the network said.
    said: u64,
}

impl<'a> Learned<'a> {
    /// At the start of a chunk.
    pub(crate) fn new(model: &'a Model, processor: Processor<'a>) -> Self {
        let mixing = Mixing::led(VIEWS.contexts(), CIRCUMSTANCES, model.priors());
        Self {
            model,
            processor,
            engine: processor.engine(),
            walk: pyramid::Learned::default(),
            decisions: Decisions::new(mixing),
            trusts: core::array::from_fn(|_| Table::uniform(TRUSTS, 5)),
            said: 0,
        }
    }

    #[cfg(feature = "training")]
    pub(crate) fn counts(&mut self) -> &mut Vec<[[u32; 2]; crate::network::spec::DECISIONS]> {
        &mut self.decisions.mixing.counts
    }

    /// A checksum of all that the network said.
    pub(crate) const fn said(&self) -> u64 {
        self.said
    }

    pub(crate) fn walk(&mut self) -> &mut pyramid::Learned {
        &mut self.walk
    }
}

/// Codes a plane; the first of `references` is the one that its classical prediction takes.
///
/// # Errors
/// [`crate::Error::Accelerator`] when the network runs elsewhere and that fails.
pub(crate) async fn code_plane<C: Coder>(
    coder: &mut C,
    learned: &mut Learned<'_>,
    plane: Plane<'_>,
    references: &[&Coded],
    (quantum, wrap): (i32, bool),
    stop: impl Fn(&C) -> bool,
) -> Result<Coded> {
    let Learned { model, processor, engine, walk: walk_learned, decisions, trusts, said } = learned;
    let shown = if model.predictor().sight().references { references } else { &[] };
    let mut passes = Passes {
        model,
        processor: *processor,
        engine: *engine,
        decisions,
        trusts,
        said,
        references: ReferenceLevels::new(shown.iter().map(|r| &r.samples), wrap),
        before: references.first().map(|r| &r.errors),
        wrap,
        width: plane.width,
        errors: Errors { known: Grid::new(0, 0), diagonal: Grid::new(0, 0), horizontal: Grid::new(0, 0) },
    };
    let reference = references.first().map(|r| &r.samples);
    let samples = pyramid::code_plane(coder, &mut passes, walk_learned, Job { plane, reference, quantum }, stop).await?;
    passes.errors.settle(plane.height, plane.width);
    Ok(Coded { samples, errors: passes.errors.known })
}

/// Residuals of the components of a level that are already coded.
#[derive(Debug)]
struct Errors {
    known: Grid<i32>,
    diagonal: Grid<i32>,
    horizontal: Grid<i32>,
}

impl Errors {
    /// Makes `known` of that size: before the first level, after one without a vertical pass (a single row), and where a plane ended early.
    fn settle(&mut self, height: usize, width: usize) {
        let Self { known, horizontal, .. } = self;
        if known.width + horizontal.width == width && known.height == height && known.width != width {
            *known = merge(known, &Grid::new(0, 0), horizontal, &Grid::new(0, 0));
        } else if (known.height, known.width) != (height, width) {
            *known = Grid::new(height, width);
        }
    }
}

struct Passes<'a> {
    model: &'a Model,
    processor: Processor<'a>,
    engine: Engine,
    decisions: &'a mut Decisions<CONTEXTS, WEIGHTS>,
    trusts: &'a mut [Table; 3],
    said: &'a mut u64,
    references: ReferenceLevels<'a>,
    /// Residuals of the first reference.
    before: Option<&'a Grid<i32>>,
    wrap: bool,
    width: usize,
    errors: Errors,
}

impl PassCoder for Passes<'_> {
    async fn code<C: Coder>(&mut self, coder: &mut C, _: &mut pyramid::Learned, job: PassJob<'_>) -> Result<Grid<i32>> {
        let PassJob { context, stride, horizontal, source, missing, .. } = job;
        self.errors.settle(context.known.height, context.known.width);
        let wrap = wraps_at(self.wrap, self.width, stride);
        let around = Around { context, stride, horizontal, missing, wrap, references: &mut self.references };
        let refined = refine(self.model, self.processor, around, job.prediction.values).await?;
        *self.said = refined.checksum(*self.said);
        let before = self.before.map(|b| context.pass.component(b, stride));
        let best = source.map_or(0, |s| refined.best_trust(s, missing, context.quantum));
        let trust = self.trusts.get_mut(context.pass.number()).map_or(0, |table| coder.adaptive(table, best));
        let (values, sides) = refined.trusting(trust, context.quantum);
        let said = Said { values, sides, scales: refined.scales };
        let (samples, errors) = self.code_residuals(coder, context, said, before.as_ref(), source, missing);
        self.keep(context.pass, errors);
        Ok(samples)
    }
}

/// What is foreseen of the samples of a pass.
struct Said {
    values: Grid<i32>,
    scales: Grid<i32>,
    sides: Grid<i8>,
}

impl Passes<'_> {
    /// Codes how far the samples of a pass are from their predictions; returns the samples, and those distances in quanta.
    fn code_residuals<C: Coder>(
        &mut self,
        coder: &mut C,
        context: &Context,
        said: Said,
        before: Option<&Grid<i32>>,
        source: Option<&Grid<i32>>,
        missing: Option<&Grid<u8>>,
    ) -> (Grid<i32>, Grid<i32>) {
        let Said { mut values, scales, sides } = said;
        let (height, width) = (values.height, values.width);
        let mut errors = Grid::new(height, width);
        let quantiser = Quantiser::new(context.quantum);
        let [[a, b], _, [c, d], _] = taps(context.pass);
        let (pass, engine) = (context.pass.number(), self.engine);
        let mut ahead = Box::<Ahead>::default();
        for y in 0..height {
            let near = [a, b, c, d].map(|(diagonal, dy, dx)| {
                let (samples, errors) = if diagonal { (context.diagonal, &self.errors.diagonal) } else { (context.known, &self.errors.known) };
                let y = y.checked_add_signed(dy);
                (y.map_or(&[][..], |y| samples.row(y)), y.map_or(&[][..], |y| errors.row(y)), dx)
            });
            let corners = [y, y + 1].map(|y| if context.pass == Pass::Vertical { self.errors.horizontal.row(y) } else { &[] });
            let [above, here] = row_and_above(&mut errors, y);
            let before = before.map_or(&[][..], |b| b.row(y));
            let source = source.map_or(&[][..], |s| s.row(y));
            let missing = missing.map_or(&[][..], |m| m.row(y));
            let Some(row) = values.samples.get_mut(y * width..(y + 1) * width) else { continue };
            let mut last = 0;
            for x in (0..width).step_by(LANES) {
                let rows = Rows { values: row, scales: scales.row(y), sides: sides.row(y), above, near, corners, before };
                ahead.look(engine, &rows, x, quantiser);
                let samples = row.iter_mut().zip(here.iter_mut()).skip(x).zip(ahead.samples());
                for (i, ((value, error), foreseen)) in samples.enumerate() {
                    if missing.get(x + i).is_some_and(|m| *m != 0) {
                        last = 0;
                        continue;
                    }
                    let turned = |r: i32| (r ^ foreseen.turn).wrapping_sub(foreseen.turn);
                    let contexts = foreseen.contexts(pass, turned(last));
                    let wanted = source.get(x + i).map_or(0, |s| quantiser.nearest(s.wrapping_sub(*value)));
                    last = turned(self.decisions.code(coder, &contexts, foreseen.split, turned(wanted)));
                    *value = value.wrapping_add(last.wrapping_mul(context.quantum));
                    *error = last;
                }
            }
        }
        (values, errors)
    }

    /// Keeps the residuals of a pass for those after it.
    fn keep(&mut self, pass: Pass, errors: Grid<i32>) {
        let kept = &mut self.errors;
        match pass {
            Pass::Diagonal => kept.diagonal = errors,
            Pass::Horizontal => kept.horizontal = errors,
            Pass::Vertical => kept.known = merge(&kept.known, &kept.diagonal, &kept.horizontal, &errors),
        }
    }
}

/// The row above `y` (empty for the first) and row `y`.
fn row_and_above(grid: &mut Grid<i32>, y: usize) -> [&mut [i32]; 2] {
    let width = grid.width;
    let (before, after) = grid.samples.split_at_mut(y * width);
    let above = before.len().checked_sub(width).and_then(|start| before.get_mut(start..)).unwrap_or_default();
    [above, after.get_mut(..width).unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::accelerator::at_once;
    use crate::codec::entropy::{Decoder, Encoder};

    /// Two planes of hills, the second moved a little, with a hole in each where asked.
    fn planes(height: usize, width: usize, holes: bool) -> Vec<(Grid<i32>, Option<Grid<u8>>)> {
        let sample = |p: usize, y: usize, x: usize| {
            let (a, b) = ((x + 2 * p) as f64 / 7.0, (y + p) as f64 / 5.0);
            (4000.0 * (a.sin() + (a + b).cos()) + ((x * 31 + y * 17 + p) % 13) as f64 * 9.0) as i32
        };
        let plane = |p: usize| {
            let places = || (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)));
            let samples = Grid { height, width, samples: places().map(|(y, x)| sample(p, y, x)).collect() };
            let hole = |(y, x): (usize, usize)| u8::from(y > height / 3 && y < height / 2 + p && x > width / 4 && x < width / 2);
            (samples, holes.then(|| Grid { height, width, samples: places().map(hole).collect() }))
        };
        (0..2).map(plane).collect()
    }

    #[test]
    fn every_engine_writes_the_same_bytes_and_reads_them_back() {
        let model = Model::parse(include_bytes!("../../../../models/deepcomp.dcm")).unwrap();
        for (height, width, quantum, wrap, holes) in
            [(40, 72, 1, true, false), (33, 130, 129, false, true), (5, 1, 1, false, false), (64, 64, 129, true, false)]
        {
            let planes = planes(height, width, holes);
            let run = |engine: Engine| {
                let mut encoder = Encoder::default();
                let mut learned = Learned::new(&model, Processor::Cpu(engine));
                let mut done: Vec<Coded> = Vec::new();
                for (source, holes) in &planes {
                    let plane = Plane { height, width, source: Some(source), holes: holes.as_ref() };
                    let references: Vec<&Coded> = done.iter().collect();
                    let coded = at_once(code_plane(&mut encoder, &mut learned, plane, &references, (quantum, wrap), |_| false)).unwrap();
                    done.push(coded);
                }
                (encoder.finish(), done)
            };
            let (bytes, encoded) = run(Engine::detect());
            for engine in Engine::all() {
                assert_eq!(run(engine).0, bytes, "{height} x {width}, {}", engine.name());
            }

            let mut decoder = Decoder::new(&bytes).unwrap();
            let mut learned = Learned::new(&model, Processor::cpu());
            let mut done: Vec<Coded> = Vec::new();
            for ((source, holes), encoded) in planes.iter().zip(&encoded) {
                let plane = Plane { height, width, source: None, holes: holes.as_ref() };
                let references: Vec<&Coded> = done.iter().collect();
                let coded = at_once(code_plane(&mut decoder, &mut learned, plane, &references, (quantum, wrap), Decoder::overrun)).unwrap();
                assert_eq!(coded.samples, encoded.samples);
                let missing = holes.as_ref().map_or(vec![0; height * width], |h| h.samples.clone());
                let far = source.samples.iter().zip(&coded.samples.samples).zip(missing).filter(|(_, hole)| *hole == 0).map(|((a, b), _)| a.abs_diff(*b)).max();
                assert!(far.unwrap_or(0) <= quantum as u32 / 2);
                done.push(coded);
            }
            decoder.finish().unwrap();
        }
    }
}
