//! A residual as a row of binary decisions: zero, sign, magnitude one by one, then octave by octave (docs/format.md, "Decisions").

use super::{Coder, Contexts, Excess, LowBits, Mixing, SYMBOLS};
use crate::network::spec::DECISIONS;

/// Magnitudes told apart one by one; larger ones by octave.
pub(crate) const SINGLE: u32 = 6;
/// Octaves beyond; class c holds 2^(c + 1) magnitudes, and what is larger still is an excess.
pub(crate) const OCTAVES: u32 = 7;
/// Decisions: zero, sign, the magnitudes and octaves of either sign, the upper half of an octave.
pub(crate) const ZERO: usize = 0;
pub(crate) const SIGN: usize = 1;
pub(crate) const MAGNITUDES: [usize; 2] = [2, 2 + (SINGLE + OCTAVES) as usize];
pub(crate) const HALVES: usize = 2 + 2 * (SINGLE + OCTAVES) as usize;

const _: () = assert!(HALVES + 4 == DECISIONS);

/// Largest magnitude that is no excess.
pub(crate) const LARGEST: u32 = SINGLE + (2 << OCTAVES) - 2;

const _: () = assert!(SYMBOLS > 14);

/// Learned state of the residuals of a chunk.
#[derive(Debug)]
pub(crate) struct Decisions<const N: usize, const W: usize> {
    pub(crate) mixing: Mixing<N, W>,
    low: LowBits,
    excess: Excess,
}

impl<const N: usize, const W: usize> Decisions<N, W> {
    pub(crate) fn new(mixing: Mixing<N, W>) -> Self {
        Self { mixing, low: LowBits::default(), excess: Excess::default() }
    }

    /// Codes a residual, of which the lowest `split` bits are told apart from the rest.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, contexts: &Contexts<N, W>, split: u32, residual: i32) -> i32 {
        let half = 1i32 << split >> 1;
        let shifted = residual.wrapping_add(half);
        let high = self.code_high(coder, contexts, shifted >> split);
        let low = if split == 0 {
            0
        } else {
            let symbol = high.clamp(-7, 7) + 7;
            self.low.code(coder, split, symbol as usize, shifted as u32 & ((1 << split) - 1))
        };
        (high << split).wrapping_sub(half).wrapping_add(low as i32)
    }

    /// Codes a residual without its low bits: zero, sign, magnitude.
    #[inline]
    fn code_high<C: Coder>(&mut self, coder: &mut C, contexts: &Contexts<N, W>, high: i32) -> i32 {
        if self.mixing.code(coder, contexts, ZERO, high == 0) {
            return 0;
        }
        let negative = self.mixing.code(coder, contexts, SIGN, high < 0);
        let [positives, negatives] = MAGNITUDES;
        let first = if negative { negatives } else { positives };
        let magnitude = self.code_magnitude(coder, contexts, first, high.unsigned_abs()) as i32;
        if negative { magnitude.wrapping_neg() } else { magnitude }
    }

    /// Codes a magnitude from 1: one by one, then octave by octave, whose first bit is a decision and the others plain.
    #[inline]
    fn code_magnitude<C: Coder>(&mut self, coder: &mut C, contexts: &Contexts<N, W>, first: usize, wanted: u32) -> u32 {
        let beyond = wanted.saturating_sub(SINGLE + 1);
        let octave = (beyond / 2 + 1).ilog2();
        let class = if wanted <= SINGLE { wanted - wanted.min(1) } else { SINGLE + octave.min(OCTAVES) };
        let mut coded = 0;
        while coded < SINGLE + OCTAVES && !self.mixing.code(coder, contexts, first + coded as usize, class == coded) {
            coded += 1;
        }
        match coded.checked_sub(SINGLE) {
            None => coded + 1,
            Some(OCTAVES..) => self.excess.code(coder, wanted.saturating_sub(LARGEST)).wrapping_add(LARGEST),
            Some(octave) => {
                let start = (2 << octave) - 2;
                let rest = beyond.wrapping_sub(start);
                let half = self.mixing.code(coder, contexts, HALVES + (octave as usize).min(3), rest >> octave & 1 == 1);
                let plain = coder.bits(octave, u64::from(rest & ((1 << octave) - 1))) as u32;
                SINGLE + 1 + start + (u32::from(half) << octave | plain)
            }
        }
    }
}
