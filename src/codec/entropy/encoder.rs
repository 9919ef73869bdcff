//! rANS encoder: notes the steps of a block, then codes them backwards, so that the decoder can read forwards.

use super::Coder;
use super::spec::{BLOCK, Cumulative, PROBABILITY_BITS, STATE_LOW};

/// Collects coding steps; [`Encoder::finish`] turns them into bytes.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    /// Those of the block being filled: start in the high half, frequency in the low half.
    steps: Vec<u32>,
    /// Blocks already coded.
    bytes: Vec<u8>,
}

impl Coder for Encoder {
    #[inline(always)]
    fn symbol(&mut self, cumulative: &Cumulative, symbol: usize) -> usize {
        let (start, frequency) = cumulative.range(symbol);
        self.step(start, frequency);
        symbol
    }

    #[inline(always)]
    fn bit(&mut self, one: u32, bit: bool) -> bool {
        if bit {
            self.step(0, one)
        } else {
            self.step(one, (1 << PROBABILITY_BITS) - one)
        }
        bit
    }

    #[inline(always)]
    fn short_bits(&mut self, count: u32, value: u32) -> u32 {
        if count > 0 {
            let shift = PROBABILITY_BITS - count;
            self.step(value << shift, 1 << shift);
        }
        value
    }
}

impl Encoder {
    #[inline(always)]
    fn step(&mut self, start: u32, frequency: u32) {
        if self.steps.len() == BLOCK {
            self.end_block();
        }
        self.steps.push(start << 16 | frequency);
    }

    /// Codes a block: two 32-bit states, then 16-bit words in reading order, all little-endian.
    #[inline(never)]
    fn end_block(&mut self) {
        let mut words = Vec::new();
        let (mut next, mut other) = (STATE_LOW, STATE_LOW);
        for step in self.steps.drain(..).rev() {
            core::mem::swap(&mut next, &mut other);
            let (start, frequency) = (step >> 16, step & 0xFFFF);
            if u64::from(next) >= u64::from(frequency) << (32 - PROBABILITY_BITS) {
                words.push(next as u16);
                next >>= 16;
            }
            next = ((next / frequency) << PROBABILITY_BITS) + next % frequency + start;
        }
        self.bytes.extend(next.to_le_bytes());
        self.bytes.extend(other.to_le_bytes());
        self.bytes.extend(words.iter().rev().flat_map(|w| w.to_le_bytes()));
    }

    /// The stream: all blocks; one without steps where there was nothing to code.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        if !self.steps.is_empty() || self.bytes.is_empty() {
            self.end_block();
        }
        self.bytes
    }
}
