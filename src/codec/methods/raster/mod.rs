//! The second way through a plane, for pictures, sparse fields and fields of few values (rain, classes, depths): in raster order, predicted
//! by a filter that learns, coded by decisions that many contexts foresee. Written once for both directions, like all methods.

mod blend;
mod contexts;

use super::PlaneCoder;
use crate::codec::entropy::{Coder, Decisions, Mixing};
use crate::error::Result;
use crate::grid::{Grid, Plane};
use blend::{Blend, median};
use contexts::{CONTEXTS, Sizes, WEIGHTS, contexts};

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Raster {
    learned: Learned,
    done: Vec<Coded>,
}

impl Raster {
    /// For a chunk of that many samples.
    pub(crate) fn start(samples: usize) -> Self {
        Self { learned: Learned::new(samples), done: Vec::new() }
    }
}

impl PlaneCoder for Raster {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { learned, done } = self;
        let before = [1, 2].map(|d| done.len().checked_sub(d).and_then(|i| done.get(i)));
        let coded = code_plane(coder, learned, plane, before, stop);
        done.push(coded);
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done.into_iter().map(|p| p.samples).collect()
    }
}

/// What a chunk learns while it is coded.
#[derive(Debug)]
struct Learned {
    blend: Blend,
    decisions: Decisions<CONTEXTS, WEIGHTS>,
    sizes: Sizes,
}

impl Learned {
    /// For a chunk of that many samples.
    fn new(samples: usize) -> Self {
        let sizes = Sizes::of(samples);
        Self { blend: Blend::default(), decisions: Decisions::new(Mixing::new(sizes.views.contexts(), contexts::CIRCUMSTANCES)), sizes }
    }
}

/// A coded plane and how far each sample was from its prediction.
#[derive(Debug)]
struct Coded {
    samples: Grid<i32>,
    residuals: Grid<i32>,
}

/// What is known around a sample, by compass direction.
#[derive(Debug, Clone, Copy)]
struct Around {
    w: i32,
    n: i32,
    nw: i32,
    ne: i32,
    ww: i32,
    nn: i32,
    nne: i32,
    /// The median edge detector's prediction.
    base: i32,
    /// Residuals of the samples beside it.
    residuals: Residuals,
    first: Earlier,
    second: Earlier,
}

#[derive(Debug, Clone, Copy)]
struct Residuals {
    w: i32,
    n: i32,
    nw: i32,
    ne: i32,
    ww: i32,
    nn: i32,
}

/// The same place in an earlier plane.
#[derive(Debug, Clone, Copy)]
struct Earlier {
    here: i32,
    w: i32,
    n: i32,
    nw: i32,
    e: i32,
    s: i32,
    residual: i32,
}

/// Codes a plane after the one before it and the one before that; `stop` is asked before every row, true ends early with what is there.
fn code_plane<C: Coder>(coder: &mut C, learned: &mut Learned, plane: Plane, before: [Option<&Coded>; 2], stop: impl Fn(&C) -> bool) -> Coded {
    let Plane { height, width, source, holes } = plane;
    let mut samples = Grid::new(height, width);
    let mut residuals = Grid::new(height, width);
    // The rows so far, newest first, with a margin.
    let mut values = Rows::new(width);
    let mut errors = Rows::new(width);
    let mut earlier = before.map(|_| EarlierRows::new(width));
    for (y, (row, residual_row)) in samples.rows_mut().zip(residuals.rows_mut()).enumerate() {
        if stop(coder) {
            break;
        }
        let source = source.map(|s| s.row(y)).unwrap_or_default();
        let holes = holes.map(|h| h.row(y)).unwrap_or_default();
        earlier.iter_mut().zip(before).for_each(|(rows, plane)| rows.load(plane, y));
        let [first, second] = &earlier;
        for (x, (sample, residual)) in row.iter_mut().zip(residual_row).enumerate() {
            let around = Around::at(&values, &errors, first.at(x), second.at(x), x);
            let blended = learned.blend.predict(&around);
            *sample = blended.predicted;
            if holes.get(x).is_none_or(|h| *h == 0) {
                let wanted = source.get(x).map_or(0, |s| s.wrapping_sub(blended.predicted));
                *residual = code_residual(coder, learned, &around, blended.predicted, wanted);
                *sample = blended.predicted.wrapping_add(*residual);
                learned.blend.learn(&blended, *residual);
            }
            values.set(x, *sample);
            errors.set(x, *residual);
        }
        values.next();
        errors.next();
    }
    Coded { samples, residuals }
}

impl Around {
    #[inline]
    fn at(values: &Rows, errors: &Rows, first: Earlier, second: Earlier, x: usize) -> Self {
        let [[ww, w, ..], [_, nw, n, ne, _], [_, _, nn, nne, _]] = values.window(x);
        let [[eww, ew, ..], [_, enw, en, ene, _], [_, _, enn, ..]] = errors.window(x);
        let residuals = Residuals { w: ew, n: en, nw: enw, ne: ene, ww: eww, nn: enn };
        Self { w, n, nw, ne, ww, nn, nne, base: median(w, n, nw), residuals, first, second }
    }
}

/// Codes how far a sample is from its prediction.
#[inline]
fn code_residual<C: Coder>(coder: &mut C, learned: &mut Learned, around: &Around, predicted: i32, residual: i32) -> i32 {
    let energy = around.residuals.energy();
    let split = split(energy);
    let contexts = contexts(&learned.sizes, around, predicted, energy, split);
    learned.decisions.code(coder, &contexts, split, residual)
}

impl Residuals {
    /// Eight times the weighted mean magnitude.
    #[inline]
    fn energy(self) -> u32 {
        let magnitude = |r: i32| r.unsigned_abs().min(1 << 24);
        let [w, n, nw, ne, ww, nn] = [self.w, self.n, self.nw, self.ne, self.ww, self.nn].map(magnitude);
        2 * w + 2 * n + nw + ne + ww + nn
    }
}

/// Low bits split off where residuals are large.
#[inline]
fn split(energy: u32) -> u32 {
    let mean = energy / 8;
    if mean < 10 { 0 } else { (mean / 5).ilog2() }
}

/// Samples on either side of a row that are not in the plane.
const MARGIN: usize = 2;

/// The row being coded and the two above it; beyond the ends lies the nearest sample, above the first row zero.
#[derive(Debug)]
struct Rows([Vec<i32>; 3]);

impl Rows {
    fn new(width: usize) -> Self {
        Self(core::array::from_fn(|_| vec![0; width + 2 * MARGIN]))
    }

    /// Columns x − 2 ..= x + 2 of the three rows.
    #[inline]
    fn window(&self, x: usize) -> [[i32; 5]; 3] {
        let Self(rows) = self;
        core::array::from_fn(|i| rows.get(i).and_then(|r| r.get(x..x + 5)).and_then(|w| w.try_into().ok()).unwrap_or_default())
    }

    #[inline]
    fn set(&mut self, x: usize, sample: i32) {
        let Self([here, ..]) = self;
        if let Some(place) = here.get_mut(x + MARGIN) {
            *place = sample;
        }
    }

    /// Ends the row: margins are filled, and the next one starts from its first sample.
    fn next(&mut self) {
        let Self([here, above, above2]) = self;
        extend(here);
        core::mem::swap(above, above2);
        core::mem::swap(here, above);
        let first = above.first().copied().unwrap_or(0);
        here.iter_mut().take(MARGIN).for_each(|s| *s = first);
    }
}

/// Fills the margins of a row with its first and last sample.
fn extend(row: &mut [i32]) {
    let last = row.len() - MARGIN;
    if let (Some(first), Some(end)) = (row.get(MARGIN).copied(), row.get(last - 1).copied()) {
        row.iter_mut().take(MARGIN).for_each(|s| *s = first);
        row.iter_mut().skip(last).for_each(|s| *s = end);
    }
}

/// Rows of an earlier plane around the one being coded; beyond the borders lies the nearest sample.
#[derive(Debug)]
struct EarlierRows<'a> {
    above: Vec<i32>,
    here: Vec<i32>,
    below: Vec<i32>,
    residuals: &'a [i32],
}

impl<'a> EarlierRows<'a> {
    fn new(width: usize) -> Self {
        let row = || vec![0; width + 2 * MARGIN];
        Self { above: row(), here: row(), below: row(), residuals: &[] }
    }

    fn load(&mut self, plane: Option<&'a Coded>, y: usize) {
        let Some(Coded { samples, residuals }) = plane else { return };
        let fill = |row: &mut Vec<i32>, y: usize| {
            if let Some(middle) = row.get_mut(MARGIN..MARGIN + samples.width) {
                middle.copy_from_slice(samples.row(y));
                extend(row);
            }
        };
        fill(&mut self.above, y.saturating_sub(1));
        fill(&mut self.here, y);
        fill(&mut self.below, (y + 1).min(samples.height - 1));
        self.residuals = residuals.row(y);
    }

    #[inline]
    fn at(&self, x: usize) -> Earlier {
        let sample = |row: &[i32], x: usize| row.get(x + MARGIN).copied().unwrap_or(0);
        let left = |row: &[i32]| row.get(x + MARGIN - 1).copied().unwrap_or(0);
        let residual = self.residuals.get(x).copied().unwrap_or(0);
        Earlier {
            here: sample(&self.here, x),
            w: left(&self.here),
            n: sample(&self.above, x),
            nw: left(&self.above),
            e: sample(&self.here, x + 1),
            s: sample(&self.below, x),
            residual,
        }
    }
}
