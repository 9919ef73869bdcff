//! Quantised residuals -> symbols (docs/format.md, "Residuals").
//!
//! A residual's expected magnitude is learned from its bucket and from residuals coded beside it; that picks the table and how many low bits
//! are split off. Tables start from a two-sided geometric distribution of that magnitude and learn on the way, so nothing is stored.

use super::{Coder, Cumulative, SYMBOLS, Table};

/// Tables by expected magnitude: quarters of an octave below the unit, then the four of residuals whose low bits are split off.
const SHAPES: usize = 32;
/// Tables of the second opinion, by the ratio of nearby magnitudes to the expected one.
const RATIOS: usize = 6;
/// Ratio θ of neighbouring probabilities, in 1/2^16, whose mean magnitude is that of the shape.
const THETA: [u32; 28] = [
    384, 480, 576, 672, 864, 1056, 1248, 1439, 1727, 2110, 2492, 2874, 3446, 4207, 4963, 5716, 6837, 8312, 9762, 11184, 13258, 15901, 18395, 20734, 23954,
    27738, 31000, 33813,
];
/// Symbol of residuals beyond the table.
const ESCAPE: usize = SYMBOLS - 1;
/// Largest residual magnitude a table holds.
const REACH: i32 = 7;
/// Magnitudes are learned in 1/256; this is the most a mean takes in.
const MAGNITUDE_LIMIT: u32 = 1 << 22;

/// Learned state of a chunk.
#[derive(Debug)]
pub(crate) struct Residuals {
    means: Vec<Mean>,
    shapes: Vec<Table>,
    ratios: Vec<Table>,
    low: LowBits,
    excess: Excess,
}

/// A running mean of magnitudes, in 1/256.
#[derive(Debug, Clone, Copy)]
struct Mean {
    value: u32,
    seen: u32,
}

impl Mean {
    #[inline]
    fn learn(&mut self, magnitude: u32) {
        let target = magnitude.min(MAGNITUDE_LIMIT) << 8;
        let rate = (1 + self.seen / 2).min(5);
        self.seen += u32::from(self.seen < 10);
        if target > self.value {
            self.value += (target - self.value) >> rate;
        } else {
            self.value -= (self.value - target) >> rate;
        }
    }
}

impl Residuals {
    pub(crate) fn new(buckets: usize) -> Self {
        let means = (0..buckets).map(|b| Mean { value: 16u32 << (b / 2).min(20), seen: 0 }).collect();
        let shape = |s: usize| Table::weighted(&geometric(THETA.get(if s < 28 { s } else { s - 4 }).copied().unwrap_or(0)), 7);
        Self {
            means,
            shapes: (0..SHAPES).map(shape).collect(),
            ratios: (0..SHAPES * RATIOS).map(|i| shape(i / RATIOS)).collect(),
            low: LowBits::default(),
            excess: Excess::default(),
        }
    }

    /// Codes one residual. `nearby` is the mean magnitude of residuals beside it, in 1/256.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, bucket: u8, nearby: u32, residual: i32) -> i32 {
        let Some(mean) = self.means.get_mut(usize::from(bucket)) else { return 0 };
        let expected = mean.value / 2 + nearby / 2;
        let (shape, split) = shape(expected);
        let ratio = ratio(nearby, expected);
        let (Some(a), Some(b)) = (self.shapes.get_mut(shape), self.ratios.get_mut(shape * RATIOS + ratio)) else { return 0 };
        let half = 1i32 << split >> 1;
        let shifted = residual.wrapping_add(half);
        let high = shifted >> split;
        let symbol = if high.unsigned_abs() <= REACH as u32 { (high + REACH) as usize } else { ESCAPE };
        let symbol = coder.symbol(&Cumulative::mean(a, b), symbol);
        a.learn(symbol);
        b.learn(symbol);
        let high = if symbol == ESCAPE { escape(&mut self.excess, coder, high) } else { symbol as i32 - REACH };
        let low = if split == 0 { 0 } else { self.low.code(coder, split, symbol, shifted as u32 & ((1 << split) - 1)) };
        let residual = (high << split).wrapping_sub(half).wrapping_add(low as i32);
        mean.learn(residual.unsigned_abs());
        residual
    }
}

/// A residual beyond the table: sign, excess.
fn escape<C: Coder>(tables: &mut Excess, coder: &mut C, high: i32) -> i32 {
    let negative = coder.short_bits(1, u32::from(high < 0)) == 1;
    let excess = tables.code(coder, high.unsigned_abs().saturating_sub(REACH as u32));
    let magnitude = excess.wrapping_add(REACH as u32) as i32;
    if negative { magnitude.wrapping_neg() } else { magnitude }
}

/// Low bits of a residual that was split: the upper four under a table, the rest plain.
#[derive(Debug)]
pub(crate) struct LowBits(Vec<Table>);

impl Default for LowBits {
    fn default() -> Self {
        Self((0..5 * SYMBOLS).map(|i| Table::uniform(1 << (i / SYMBOLS), 7)).collect())
    }
}

impl LowBits {
    /// Codes the lowest `split` bits, under a table that belongs to the `symbol` that stands for the others.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, split: u32, symbol: usize, low: u32) -> u32 {
        let modelled = split.min(4);
        let plain = split - modelled;
        let Some(table) = self.0.get_mut(modelled as usize * SYMBOLS + symbol) else { return 0 };
        let top = coder.adaptive(table, (low >> plain) as usize) as u32;
        let rest = coder.bits(plain, u64::from(low & ((1 << plain) - 1))) as u32;
        top << plain | rest
    }
}

/// Positive numbers without an upper end: the bit length under two tables, then the bits below the leading one.
#[derive(Debug)]
pub(crate) struct Excess([Table; 2]);

impl Default for Excess {
    fn default() -> Self {
        Self(core::array::from_fn(|_| Table::uniform(SYMBOLS, 5)))
    }
}

impl Excess {
    /// Codes a number from 1.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, excess: u32) -> u32 {
        let Self([first, second]) = self;
        let length = 31 - excess.max(1).leading_zeros();
        let mut coded = coder.adaptive(first, length.min(15) as usize) as u32;
        if coded == 15 {
            coded += coder.adaptive(second, length.saturating_sub(15) as usize) as u32;
        }
        1u32 << coded | coder.bits(coded, u64::from(excess & !(1 << length))) as u32
    }
}

/// Table number and number of low bits split off, for residuals of that expected magnitude (in 1/256).
#[inline]
fn shape(expected: u32) -> (usize, u32) {
    let scaled = ((u64::from(expected) * 85) >> 8) as u32 | 1;
    let octave = 31 - scaled.leading_zeros();
    let quarter = (scaled << (31 - octave) >> 29 & 3) as usize;
    match octave {
        0..=5 => (octave as usize * 4 + quarter, 0),
        6 => (24 + quarter, 0),
        _ => (28 + quarter, octave - 6),
    }
}

/// How nearby magnitudes compare with the expected one: one of [`RATIOS`] classes.
#[inline]
fn ratio(nearby: u32, expected: u32) -> usize {
    let (nearby, expected) = (u64::from(nearby), u64::from(expected));
    [1, 3, 5, 6, 7].into_iter().map(|eighths| usize::from(nearby * 4 > expected * eighths)).sum()
}

/// Weights of a two-sided geometric distribution over −7..=7 and the escape, with ratio `theta`/2^16.
fn geometric(theta: u32) -> [u32; SYMBOLS] {
    let mut weights = [0; SYMBOLS];
    let mut weight = 1u32 << 13;
    for distance in 0..=REACH {
        for (symbol, w) in weights.iter_mut().enumerate() {
            if symbol < ESCAPE && (symbol as i32 - REACH).abs() == distance {
                *w = weight + 1;
            }
        }
        weight = (weight * theta) >> 16;
    }
    if let Some(w) = weights.last_mut() {
        *w = 2 * weight + 2;
    }
    weights
}
