//! The way through a plane for sparse and piecewise-constant fields (rain, clouds, classes): in raster order over the few numbers that
//! occur, where a sample mostly repeats a neighbour. Written once for both directions, like all methods.

use super::PlaneCoder;
use crate::codec::entropy::{Coder, Cumulative, SYMBOLS, Table};
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// Numbers lie below this.
pub(crate) const MAX_NUMBERS: usize = 4096;

/// What a sample can repeat, in the order it is asked: left, above, above left, above right, the plane before, the most common number.
const CANDIDATES: usize = 6;
/// Contexts of the repeat symbol: which of seven pairs of candidates are equal.
const CONTEXTS: usize = 1 << 7;

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Repeats {
    learned: Learned,
    done: Vec<Grid<i32>>,
}

impl Repeats {
    /// Codes what comes before the planes; the encoder brings those along.
    pub(crate) fn start<C: Coder>(coder: &mut C, planes: Option<&[Grid<i32>]>) -> Self {
        Self { learned: Learned::start(coder, planes), done: Vec::new() }
    }
}

impl PlaneCoder for Repeats {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { learned, done } = self;
        let numbers = code_plane(coder, learned, plane, done.last(), stop);
        done.push(numbers);
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done
    }
}

/// What a chunk learns while it is coded.
#[derive(Debug)]
struct Learned {
    /// The most common number.
    common: i32,
    symbols: Vec<Table>,
    others: Numbers,
}

/// Tables of numbers that repeat nothing: bit length by the lengths of the neighbours, then the bits below the leading one.
#[derive(Debug)]
struct Numbers {
    by_mean: Vec<Table>,
    by_sides: Vec<Table>,
    mantissas: Vec<Table>,
}

/// Bit lengths of numbers: 0 ..= 12.
const LENGTHS: usize = MAX_NUMBERS.ilog2() as usize + 1;

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

impl Learned {
    /// Codes the most common number; the encoder brings the planes along.
    fn start<C: Coder>(coder: &mut C, planes: Option<&[Grid<i32>]>) -> Self {
        let common = coder.bits(MAX_NUMBERS.ilog2(), planes.map_or(0, most_common) as u64) as i32;
        Self { common, symbols: vec![Table::uniform(CANDIDATES + 1, 6); CONTEXTS], others: Numbers::default() }
    }
}

fn most_common(planes: &[Grid<i32>]) -> usize {
    let mut counts = [0u32; MAX_NUMBERS];
    for number in planes.iter().flat_map(|p| &p.samples) {
        if let Some(count) = usize::try_from(*number).ok().and_then(|n| counts.get_mut(n)) {
            *count += 1;
        }
    }
    counts.iter().enumerate().max_by_key(|(_, count)| **count).map_or(0, |(number, _)| number)
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

/// Codes a plane of numbers after the one `before`; `stop` is asked before every row, true ends early with what is there.
fn code_plane<C: Coder>(coder: &mut C, learned: &mut Learned, plane: Plane, before: Option<&Grid<i32>>, stop: impl Fn(&C) -> bool) -> Grid<i32> {
    let Plane { height, width, source, holes } = plane;
    let common = learned.common;
    let mut numbers = Grid::new(height, width);
    // The row above with its ends repeated, so that every sample has all its neighbours.
    let mut above = vec![common; width + 2];
    for (y, row) in numbers.rows_mut().enumerate() {
        if stop(coder) {
            break;
        }
        let source = source.map(|s| s.row(y)).unwrap_or_default();
        let holes = holes.map(|h| h.row(y)).unwrap_or_default();
        let before = before.map(|b| b.row(y)).unwrap_or_default();
        let mut left = above.get(1).copied().unwrap_or(common);
        for (x, (sample, window)) in row.iter_mut().zip(above.windows(3)).enumerate() {
            let [above_left, above, above_right] = *window else { continue };
            let around = Around { left, above, above_left, above_right, before: before.get(x).copied().unwrap_or(common), common };
            *sample = left;
            if holes.get(x).is_none_or(|h| *h == 0) {
                *sample = code_sample(coder, learned, around, source.get(x).copied().unwrap_or(0));
            }
            left = *sample;
        }
        let ends = (row.first().copied(), row.last().copied());
        for (a, s) in above.iter_mut().zip(ends.0.iter().chain(row.iter()).chain(ends.1.iter())) {
            *a = *s;
        }
    }
    numbers
}

fn code_sample<C: Coder>(coder: &mut C, learned: &mut Learned, around: Around, source: i32) -> i32 {
    let candidates = around.candidates();
    let Some(table) = learned.symbols.get_mut(around.context()) else { return 0 };
    let symbol = candidates.iter().position(|c| *c == source).unwrap_or(CANDIDATES);
    let symbol = coder.adaptive(table, symbol);
    if let Some(repeated) = candidates.get(symbol) {
        return *repeated;
    }
    learned.others.code(coder, around, source)
}

const _: () = assert!(CANDIDATES < SYMBOLS);
