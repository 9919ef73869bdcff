//! The low bits of samples: plain, but for the octave of truncated values below one unit and for numbers near a line. Written once for both directions.

use super::rule::Lattice;
use super::sample::mantissa;
use super::truncated::magnitude;
use crate::codec::entropy::{Coder, SYMBOLS, Table};
use crate::field::DataType;

/// What a chunk learns about values below one unit, and about values near a line.
#[derive(Debug)]
pub(crate) struct LowBits {
    /// By the symbol before.
    octaves: [Table; SYMBOLS],
    near: [Table; SYMBOLS],
    before: usize,
    /// Stored bits of the type's mantissa.
    mantissa: u32,
}

impl LowBits {
    pub(crate) fn new(data_type: DataType) -> Self {
        Self {
            octaves: core::array::from_fn(|_| Table::uniform(SYMBOLS, 5)),
            near: core::array::from_fn(|_| Table::uniform(SYMBOLS, 7)),
            before: 0,
            mantissa: mantissa(data_type),
        }
    }

    /// Codes the low bits that go with a coordinate.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, lattice: &Lattice, coordinate: i32, low: u64) -> u64 {
        match *lattice {
            Lattice::Ordered { noise, .. } => coder.bits(noise, low),
            Lattice::Truncated { unit, zeros } => match magnitude(coordinate).checked_ilog2() {
                Some(octave) => coder.bits(self.mantissa.saturating_sub(octave + zeros), low),
                None => self.fraction(coder, u64::from(unit), self.mantissa.saturating_sub(zeros), low),
            },
            Lattice::Near { .. } => {
                let Some(table) = self.near.get_mut(self.before) else { return 0 };
                self.before = coder.adaptive(table, low as usize);
                self.before as u64
            }
            _ => 0,
        }
    }

    /// The `mantissa` bits and, above them, the exponent of a number below one unit: a symbol for zero or the octave, then the mantissa; all bits
    /// where the octave is too low for a symbol.
    fn fraction<C: Coder>(&mut self, coder: &mut C, unit: u64, mantissa: u32, low: u64) -> u64 {
        const BELOW: usize = SYMBOLS - 1;
        let octave = if low == 0 { 0 } else { unit.saturating_sub(low >> mantissa).min(BELOW as u64) as usize };
        let Some(table) = self.octaves.get_mut(self.before) else { return 0 };
        self.before = coder.adaptive(table, octave);
        match self.before {
            0 => 0,
            BELOW => coder.bits(u64::BITS - (unit << mantissa).leading_zeros(), low),
            octave => unit.saturating_sub(octave as u64) << mantissa | coder.bits(mantissa, low & ((1 << mantissa) - 1)),
        }
    }
}
