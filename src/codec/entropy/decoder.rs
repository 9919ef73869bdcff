//! rANS decoder. A stream that ends too early reads as zeros and is reported at the end.

use super::Coder;
use super::spec::{BLOCK, Cumulative, PROBABILITY_BITS, STATE_BYTES, STATE_LOW};
use crate::error::{Error, Result};

/// Reads the steps an [`super::Encoder`] wrote.
#[derive(Debug)]
pub(crate) struct Decoder<'a> {
    next: u32,
    other: u32,
    words: core::slice::Iter<'a, [u8; 2]>,
    /// Steps until the block ends.
    left: usize,
    overrun: bool,
}

impl<'a> Decoder<'a> {
    /// # Errors
    /// [`Error::Corrupt`] when the stream is too short for the two states or not made of whole words.
    pub(crate) fn new(stream: &'a [u8]) -> Result<Self> {
        if stream.len() < STATE_BYTES {
            return Err(Error::corrupt("a coded stream is shorter than its states"));
        }
        let (words, []) = stream.as_chunks::<2>() else { return Err(Error::corrupt("a coded stream has an odd length")) };
        let mut decoder = Self { next: STATE_LOW, other: STATE_LOW, words: words.iter(), left: BLOCK, overrun: false };
        decoder.next_block();
        Ok(decoder)
    }

    /// Whether the stream ended before its symbols did. Long loops ask, so as not to decode zeros to the end.
    pub(crate) fn overrun(&self) -> bool {
        self.overrun
    }

    /// # Errors
    /// [`Error::Corrupt`] unless the stream ended exactly where its symbols did.
    pub(crate) fn finish(self) -> Result<()> {
        let whole = !self.overrun && self.words.len() == 0 && self.next == STATE_LOW && self.other == STATE_LOW;
        if whole { Ok(()) } else { Err(Error::corrupt("a coded stream does not end where its symbols do")) }
    }

    #[inline(always)]
    fn advance(&mut self, start: u32, frequency: u32) {
        let slot = self.next & ((1 << PROBABILITY_BITS) - 1);
        let mut state = frequency.wrapping_mul(self.next >> PROBABILITY_BITS).wrapping_add(slot).wrapping_sub(start);
        if state < STATE_LOW {
            state = state << 16 | self.word();
        }
        self.next = self.other;
        self.other = state;
        self.left -= 1;
        if self.left == 0 {
            self.next_block();
        }
    }

    #[inline(always)]
    fn word(&mut self) -> u32 {
        let word = self.words.next();
        self.overrun |= word.is_none();
        word.map_or(0, |w| u16::from_le_bytes(*w).into())
    }

    /// Starts the next block, if there is one: nothing follows the last step of the last.
    #[cold]
    fn next_block(&mut self) {
        self.left = BLOCK;
        if self.words.len() > 0 {
            self.overrun |= (self.next, self.other) != (STATE_LOW, STATE_LOW);
            let [next, other] = core::array::from_fn(|_| self.word() | self.word() << 16);
            (self.next, self.other) = (next, other);
        }
    }
}

impl Coder for Decoder<'_> {
    #[inline(always)]
    fn symbol(&mut self, cumulative: &Cumulative, _: usize) -> usize {
        let symbol = cumulative.find(self.next as u16 & ((1 << PROBABILITY_BITS) - 1));
        let (start, frequency) = cumulative.range(symbol);
        self.advance(start, frequency);
        symbol
    }

    #[inline(always)]
    fn bit(&mut self, one: u32, _: bool) -> bool {
        let bit = self.next & ((1 << PROBABILITY_BITS) - 1) < one;
        if bit {
            self.advance(0, one)
        } else {
            self.advance(one, (1 << PROBABILITY_BITS) - one)
        }
        bit
    }

    #[inline(always)]
    fn short_bits(&mut self, count: u32, _: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        let shift = PROBABILITY_BITS - count;
        let value = (self.next & ((1 << PROBABILITY_BITS) - 1)) >> shift;
        self.advance(value << shift, 1 << shift);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Encoder, SYMBOLS, Table};
    use super::*;

    fn run<C: Coder>(coder: &mut C, symbols: &[usize], bits: &[u64]) -> (Vec<usize>, Vec<u64>) {
        let mut table = Table::uniform(SYMBOLS, 6);
        let symbols = symbols.iter().map(|&s| coder.adaptive(&mut table, s)).collect();
        (symbols, bits.iter().zip(0..).map(|(&b, i)| coder.bits(i, b)).collect())
    }

    #[test]
    fn goes_on_from_block_to_block() {
        for count in [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 3] {
            let bits = || (0..count as u32).map(|i| (1 + i % 30_000, i.wrapping_mul(i) & 0x30 == 0x30));
            let mut encoder = Encoder::default();
            bits().for_each(|(one, bit)| assert_eq!(encoder.bit(one, bit), bit));
            let stream = encoder.finish();
            let mut decoder = Decoder::new(&stream).unwrap();
            bits().for_each(|(one, bit)| assert_eq!(decoder.bit(one, false), bit));
            decoder.finish().unwrap();
        }
    }

    #[test]
    fn decodes_what_was_encoded_and_notices_cuts() {
        for count in [0usize, 1, 2, 3, 1000] {
            let symbols: Vec<usize> = (0..count).map(|i| (i * i / 7) % SYMBOLS).collect();
            let bits: Vec<u64> = (0..count.min(65) as u64).map(|i| 0xDEAD_BEEF_CAFE_F00D & ((1u128 << i) - 1) as u64).collect();
            let mut encoder = Encoder::default();
            run(&mut encoder, &symbols, &bits);
            let stream = encoder.finish();
            let mut decoder = Decoder::new(&stream).unwrap();
            assert_eq!(run(&mut decoder, &symbols, &bits), (symbols.clone(), bits.clone()));
            decoder.finish().unwrap();
            for end in 0..stream.len() {
                let outcome = Decoder::new(&stream[..end]).and_then(|mut d| {
                    run(&mut d, &vec![0; count], &vec![0; bits.len()]);
                    d.finish()
                });
                assert!(outcome.is_err(), "{count} symbols cut at {end}");
            }
        }
    }
}
