//! rANS encoder: notes every step, then codes them backwards, so that the decoder can read forwards.

use super::Coder;
use super::spec::{Cumulative, PROBABILITY_BITS, STATE_LOW};

/// Collects coding steps; [`Encoder::finish`] turns them into bytes.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Start in the high half, frequency in the low half.
    steps: Vec<u32>,
}

impl Coder for Encoder {
    #[inline(always)]
    fn symbol(&mut self, cumulative: &Cumulative, symbol: usize) -> usize {
        let (start, frequency) = cumulative.range(symbol);
        self.steps.push(start << 16 | frequency);
        symbol
    }

    #[inline(always)]
    fn bit(&mut self, one: u32, bit: bool) -> bool {
        self.steps.push(if bit { one } else { one << 16 | ((1 << PROBABILITY_BITS) - one) });
        bit
    }

    #[inline(always)]
    fn short_bits(&mut self, count: u32, value: u32) -> u32 {
        if count > 0 {
            let shift = PROBABILITY_BITS - count;
            self.steps.push(value << shift << 16 | 1 << shift);
        }
        value
    }
}

impl Encoder {
    /// The stream: two 32-bit states, then 16-bit words in reading order, all little-endian.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut words = Vec::with_capacity(self.steps.len() / 2);
        let (mut next, mut other) = (STATE_LOW, STATE_LOW);
        for step in self.steps.iter().rev() {
            core::mem::swap(&mut next, &mut other);
            let (start, frequency) = (step >> 16, step & 0xFFFF);
            if u64::from(next) >= u64::from(frequency) << (32 - PROBABILITY_BITS) {
                words.push(next as u16);
                next >>= 16;
            }
            next = ((next / frequency) << PROBABILITY_BITS) + next % frequency + start;
        }
        let mut bytes = Vec::with_capacity(8 + 2 * words.len());
        bytes.extend(next.to_le_bytes());
        bytes.extend(other.to_le_bytes());
        bytes.extend(words.iter().rev().flat_map(|w| w.to_le_bytes()));
        bytes
    }
}
