//! Bytes of a chunk -> residuals, row by row.

use super::bits::BitReader;
use super::rows::{Means, means};
use super::spec::{ESCAPE, PROBABILITY_BITS, SLOTS, STATE_LOW, STATES, WHOLE, split};
use super::tables::{self, Slots};
use crate::error::{Error, Result};
use crate::wire::Reader;

/// What is left of a chunk.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) means: Means,
    slots: Slots,
    bits: BitReader<'a>,
    states: [u32; STATES],
    words: &'a [[u8; 2]],
    overrun: bool,
}

impl<'a> Reading<'a> {
    /// # Errors
    /// [`Error::Corrupt`] when the bytes end before the symbols begin.
    pub(super) fn new(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let length = reader.count("the length of the bits of a chunk", bytes.len())?;
        let mut bits = BitReader::new(reader.take(length)?);
        let means = read_means(&mut bits);
        let slots = Slots::new(&tables::read(&mut bits));
        let mut states = [0; STATES];
        for state in &mut states {
            *state = reader.u32()?;
        }
        let (words, []) = reader.rest().as_chunks::<2>() else { return Err(Error::corrupt("the words of a chunk have an odd length")) };
        Ok(Self { means, slots, bits, states, words, overrun: false })
    }

    /// Whether more was read than there is.
    pub(super) fn overrun(&self) -> bool {
        self.overrun || self.bits.overrun()
    }

    /// # Errors
    /// [`Error::Corrupt`] unless all ended where the residuals did.
    pub(super) fn finish(&self) -> Result<()> {
        let whole = !self.overrun && self.words.is_empty() && self.states == [STATE_LOW; STATES] && self.bits.is_done();
        if whole { Ok(()) } else { Err(Error::corrupt("the symbols of a chunk do not end where its samples do")) }
    }

    /// The residuals of samples that are there, of these classes.
    pub(super) fn row(&mut self, classes: &[u8], residuals: &mut [i32]) {
        if self.slots.is_empty() {
            self.overrun |= !classes.is_empty();
            return;
        }
        let (groups, last) = classes.as_chunks::<STATES>();
        let (residual_groups, last_residuals) = residuals.as_chunks_mut::<STATES>();
        let mut plain = true;
        let Self { slots, states, words, overrun, .. } = self;
        for (classes, residuals) in groups.iter().zip(residual_groups) {
            for ((class, residual), state) in classes.iter().zip(residuals).zip(&mut *states) {
                plain &= step(slots, *class, state, words, overrun, residual);
            }
        }
        for ((class, residual), state) in last.iter().zip(last_residuals).zip(&mut *states) {
            plain &= step(slots, *class, state, words, overrun, residual);
        }
        if !plain {
            self.complete(classes, residuals);
        }
    }

    /// What residuals have beside their symbols.
    fn complete(&mut self, classes: &[u8], residuals: &mut [i32]) {
        for (class, residual) in classes.iter().zip(residuals) {
            let split = split(*class);
            if *residual == ESCAPED {
                *residual = signed(self.bits.take_number());
            }
            if split > 0 {
                let low = self.bits.take(split) as i32;
                *residual = (*residual << split).wrapping_sub(1 << split >> 1).wrapping_add(low);
            }
        }
    }
}

/// What stands for a residual that has escaped: no symbol does.
const ESCAPED: i32 = signed(ESCAPE as u32);

/// Takes a symbol out of a state, and says whether that is all there is of the residual.
#[inline(always)]
fn step(slots: &Slots, class: u8, state: &mut u32, words: &mut &[[u8; 2]], overrun: &mut bool, residual: &mut i32) -> bool {
    let slot = slots.get(class, *state & (SLOTS as u32 - 1));
    let next = slot.frequency() * (*state >> PROBABILITY_BITS) + slot.place();
    *state = if next < STATE_LOW {
        let word = match words.split_first() {
            Some((word, rest)) => {
                *words = rest;
                u16::from_le_bytes(*word)
            }
            None => {
                *overrun = true;
                0
            }
        };
        next << 16 | u32::from(word)
    } else {
        next
    };
    *residual = signed(slot.symbol().into());
    slot.symbol() != ESCAPE && class < WHOLE
}

/// The number of a zigzag.
const fn signed(zigzag: u32) -> i32 {
    (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
}

fn read_means(bits: &mut BitReader) -> Means {
    let count = bits.take(6);
    let mut number = 0i32;
    let numbers: Vec<u32> = (0..count)
        .map(|_| {
            number = number.wrapping_add(signed(bits.take_number()));
            number.max(0) as u32
        })
        .collect();
    means(&numbers)
}
