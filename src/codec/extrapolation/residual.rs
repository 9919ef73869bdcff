//! How far a number is from what was foreseen: its bit length beside the expected one, its sign, the bits below the leading one.

use crate::codec::entropy::{Coder, SYMBOLS, Table};

/// Classes of what is expected, in half octaves.
const EXPECTED: usize = 128;
/// Lengths from so many below the expected one on have symbols.
const BELOW: usize = 7;
/// Symbol of other lengths, which follow in so many bits.
const ESCAPE: usize = SYMBOLS - 1;
const LENGTH_BITS: u32 = 7;
/// Bits below the leading one that are modelled.
const MODELLED: u32 = 2;

#[derive(Debug)]
pub(super) struct Residuals {
    lengths: Vec<Table>,
    upper: Vec<Table>,
}

impl Default for Residuals {
    fn default() -> Self {
        Self { lengths: (0..EXPECTED).map(|_| Table::uniform(SYMBOLS, 6)).collect(), upper: (0..SYMBOLS).map(|_| Table::uniform(1 << MODELLED, 7)).collect() }
    }
}

impl Residuals {
    /// Codes a residual where one of about `expected` half octaves is expected.
    #[inline]
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, expected: usize, residual: i64) -> i64 {
        let least = (expected / 2).saturating_sub(BELOW);
        let length = (u64::BITS - residual.unsigned_abs().leading_zeros()) as usize;
        let wanted = length.checked_sub(least).filter(|symbol| *symbol < ESCAPE).unwrap_or(ESCAPE);
        let Some(table) = self.lengths.get_mut(expected) else { return 0 };
        let symbol = coder.adaptive(table, wanted);
        let length = if symbol == ESCAPE { coder.short_bits(LENGTH_BITS, length as u32) as usize } else { least + symbol };
        let Some(below) = (length.min(u64::BITS as usize) as u32).checked_sub(1) else { return 0 };
        let negative = coder.short_bits(1, u32::from(residual < 0)) == 1;
        let magnitude = self.below(coder, symbol, below, residual.unsigned_abs()) | 1 << below;
        if negative { (magnitude as i64).wrapping_neg() } else { magnitude as i64 }
    }

    /// The `count` bits below the leading one.
    fn below<C: Coder>(&mut self, coder: &mut C, symbol: usize, count: u32, magnitude: u64) -> u64 {
        let plain = count.saturating_sub(MODELLED);
        let bits = magnitude & ((1 << count) - 1);
        let upper = match self.upper.get_mut(symbol) {
            Some(table) if count >= MODELLED => coder.adaptive(table, (bits >> plain) as usize) as u64 % (1 << MODELLED),
            _ => coder.bits(count - plain, bits >> plain),
        };
        upper << plain | coder.bits(plain, bits & ((1 << plain) - 1))
    }
}
