//! The second way through a plane, for sparse and piecewise-constant fields (rain, masks, classes): in raster order over the few values that
//! occur, where a sample mostly repeats a neighbour. Written once for both directions, like `walk`.

use super::entropy::{Coder, Cumulative, Residuals, SYMBOLS, Table};
use super::pyramid::Grid;
use super::walk::Quantiser;
use std::collections::BTreeMap;

/// Most distinct values.
pub(crate) const MAX_LEVELS: usize = 4096;

/// What a sample can repeat, in the order it is asked: left, above, above left, above right, the plane before, the most common level.
const CANDIDATES: usize = 6;
/// Contexts of the repeat symbol: which of seven pairs of candidates are equal.
const CONTEXTS: usize = 1 << 7;

/// What a chunk learns while it is coded.
#[derive(Debug)]
pub(crate) struct Repeats {
    symbols: Vec<Table>,
    others: Numbers,
}

/// Tables of level numbers that repeat nothing: bit length by the lengths of the neighbours, then the bits below the leading one.
#[derive(Debug)]
struct Numbers {
    by_mean: Vec<Table>,
    by_sides: Vec<Table>,
    mantissas: Vec<Table>,
}

/// Bit lengths of level numbers: 0 ..= 12.
const LENGTHS: usize = MAX_LEVELS.ilog2() as usize + 1;

impl Default for Numbers {
    fn default() -> Self {
        let tables = |count| vec![Table::uniform(LENGTHS, 6); count];
        Self {
            by_mean: tables(LENGTHS * 2),
            by_sides: tables(LENGTHS * LENGTHS),
            mantissas: (0..LENGTHS).map(|bits| Table::uniform(1 << bits.saturating_sub(1).min(4), 6)).collect(),
        }
    }
}

impl Numbers {
    fn code<C: Coder>(&mut self, coder: &mut C, around: Around, number: i32) -> i32 {
        let number = number.unsigned_abs();
        let mean = around.left.wrapping_add(around.above).wrapping_add(around.above_left).wrapping_add(around.above_right).unsigned_abs();
        let mean = (2 * length(mean) - usize::from(mean != 0 && mean >> (length(mean).max(2) - 2) & 1 == 0)).saturating_sub(3).min(2 * LENGTHS - 1);
        let sides = length(around.left.unsigned_abs()).min(LENGTHS - 1) * LENGTHS + length(around.above.unsigned_abs()).min(LENGTHS - 1);
        let (Some(a), Some(b)) = (self.by_mean.get_mut(mean), self.by_sides.get_mut(sides)) else { return 0 };
        let bits = coder.symbol(&Cumulative::mean(a, b), length(number));
        a.learn(bits);
        b.learn(bits);
        let below = bits.saturating_sub(1) as u32;
        let (modelled, plain) = (below.min(4), below.saturating_sub(4));
        let Some(table) = self.mantissas.get_mut(bits.min(LENGTHS - 1)) else { return 0 };
        let rest = number & ((1 << below) - 1);
        let top = if modelled == 0 { 0 } else { coder.adaptive(table, (rest >> plain) as usize) as u32 };
        let rest = top << plain | coder.bits(plain, u64::from(rest & ((1 << plain) - 1))) as u32;
        if bits == 0 { 0 } else { (1 << below | rest) as i32 }
    }
}

/// Bits of a number.
const fn length(number: u32) -> usize {
    32 - number.leading_zeros() as usize
}

impl Default for Repeats {
    fn default() -> Self {
        Self { symbols: vec![Table::uniform(CANDIDATES + 1, 6); CONTEXTS], others: Numbers::default() }
    }
}

/// The distinct values of a chunk in ascending order; samples are coded as their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Levels {
    /// Lattice coordinates divided by the quantum.
    pub(crate) values: Vec<i32>,
    /// Number of the most common one.
    pub(crate) common: i32,
}

impl Levels {
    /// Codes the list: count, most common, first value, gaps.
    pub(crate) fn code<C: Coder>(&self, coder: &mut C) -> Self {
        let mut gaps = Residuals::new(1);
        let count = coder.bits(13, self.values.len() as u64) as usize;
        let common = coder.bits(13, self.common as u64) as i32;
        let mut last = coder.bits(32, self.values.first().copied().unwrap_or(0) as u32 as u64) as u32 as i32;
        let mut values = Vec::new();
        for i in 0..count.min(MAX_LEVELS) {
            if i > 0 {
                let gap = self.values.get(i).map_or(0, |v| v.wrapping_sub(last).wrapping_sub(1));
                last = last.wrapping_add(gaps.code(coder, 0, 0, gap)).wrapping_add(1);
            }
            values.push(last);
        }
        Self { values, common }
    }

    /// The levels of some coordinates on multiples of `quantum`; `None` when there are too many.
    pub(crate) fn of(coordinates: impl Iterator<Item = i32>, quantum: i32) -> Option<Self> {
        let quantiser = Quantiser::new(quantum);
        let mut counts = BTreeMap::new();
        for coordinate in coordinates {
            *counts.entry(quantiser.nearest(coordinate)).or_insert(0u64) += 1;
            if counts.len() > MAX_LEVELS {
                return None;
            }
        }
        let common = counts.values().enumerate().max_by_key(|(_, count)| **count).map_or(0, |(i, _)| i as i32);
        Some(Self { values: counts.into_keys().collect(), common })
    }

    /// Level numbers of coordinates.
    pub(crate) fn numbers(&self, coordinates: &Grid<i32>, quantum: i32) -> Grid<i32> {
        let quantiser = Quantiser::new(quantum);
        let number = |c: &i32| self.values.binary_search(&quantiser.nearest(*c)).unwrap_or(0) as i32;
        Grid { height: coordinates.height, width: coordinates.width, samples: coordinates.samples.iter().map(number).collect() }
    }

    /// Coordinates of level numbers; one that does not exist reads as zero.
    pub(crate) fn coordinates(&self, numbers: &Grid<i32>, quantum: i32) -> Grid<i32> {
        let coordinate = |n: &i32| usize::try_from(*n).ok().and_then(|n| self.values.get(n)).copied().unwrap_or(0).wrapping_mul(quantum);
        Grid { height: numbers.height, width: numbers.width, samples: numbers.samples.iter().map(coordinate).collect() }
    }
}

/// Neighbours of a sample.
#[derive(Clone, Copy)]
struct Around {
    left: i32,
    above: i32,
    above_left: i32,
    above_right: i32,
    before: i32,
    common: i32,
}

impl Around {
    const fn candidates(self) -> [i32; CANDIDATES] {
        [self.left, self.above, self.above_left, self.above_right, self.before, self.common]
    }

    fn context(self) -> usize {
        let Self { left: w, above: n, above_left: nw, above_right: ne, before: p, common } = self;
        [w == n, w == nw, n == nw, n == ne, w == common, p == w, p == n].into_iter().fold(0, |c, equal| c << 1 | usize::from(equal))
    }
}

/// A plane to code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The most common level number.
    pub(crate) common: i32,
    /// Level numbers; only the encoder has them.
    pub(crate) source: Option<&'a Grid<i32>>,
    /// Where samples are missing.
    pub(crate) holes: Option<&'a Grid<u8>>,
    /// Level numbers of the plane before this one.
    pub(crate) before: Option<&'a Grid<i32>>,
}

/// Codes a plane of level numbers.
pub(crate) fn code_plane<C: Coder>(coder: &mut C, repeats: &mut Repeats, job: Plane) -> Grid<i32> {
    let Plane { height, width, common, source, holes, before } = job;
    let mut plane = Grid::new(height, width);
    // The row above with its ends repeated, so that every sample has all its neighbours.
    let mut above = vec![common; width + 2];
    for (y, row) in plane.rows_mut().enumerate() {
        let source = source.map(|s| s.row(y)).unwrap_or_default();
        let holes = holes.map(|h| h.row(y)).unwrap_or_default();
        let before = before.map(|b| b.row(y)).unwrap_or_default();
        let mut left = above.get(1).copied().unwrap_or(common);
        for (x, (sample, window)) in row.iter_mut().zip(above.windows(3)).enumerate() {
            let [above_left, above, above_right] = *window else { continue };
            let around = Around { left, above, above_left, above_right, before: before.get(x).copied().unwrap_or(common), common };
            *sample = left;
            if holes.get(x).is_none_or(|h| *h == 0) {
                *sample = code_sample(coder, repeats, around, source.get(x).copied().unwrap_or(0));
            }
            left = *sample;
        }
        let ends = (row.first().copied(), row.last().copied());
        for (a, s) in above.iter_mut().zip(ends.0.iter().chain(row.iter()).chain(ends.1.iter())) {
            *a = *s;
        }
    }
    plane
}

fn code_sample<C: Coder>(coder: &mut C, repeats: &mut Repeats, around: Around, source: i32) -> i32 {
    let candidates = around.candidates();
    let Some(table) = repeats.symbols.get_mut(around.context()) else { return 0 };
    let symbol = candidates.iter().position(|c| *c == source).unwrap_or(CANDIDATES);
    let symbol = coder.adaptive(table, symbol);
    if let Some(repeated) = candidates.get(symbol) {
        return *repeated;
    }
    repeats.others.code(coder, around, source)
}

const _: () = assert!(CANDIDATES < SYMBOLS);
