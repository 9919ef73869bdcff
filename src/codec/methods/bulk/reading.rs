//! Bytes of a chunk -> residuals, row by row.

use super::bits::BitReader;
use super::rows::{self, Means, means};
use super::spec::{ESCAPE, FAR, FEW_STATES, MANY, PROBABILITY_BITS, STATE_LOW, STATES, STEPS_DOWN, WHOLE, split, table};
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
    /// Whether all states are in use; those that are not never change.
    many: bool,
    /// Words, and some zeros beyond, so that a group of symbols can always be read.
    words: Vec<u16>,
    /// Words taken.
    taken: usize,
    symbols: Vec<u8>,
}

impl<'a> Reading<'a> {
    /// Of a chunk of so many samples.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the bits end before the symbols begin.
    pub(super) fn new(bytes: &'a [u8], samples: usize) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let length = reader.count("the length of the bits of a chunk", bytes.len())?;
        let mut bits = BitReader::new(reader.take(length)?);
        let means = read_means(&mut bits);
        let slots = Slots::new(&tables::read(&mut bits)).ok_or_else(|| Error::corrupt("a chunk has no tables"))?;
        let many = samples >= MANY;
        let mut states = [STATE_LOW; STATES];
        for state in states.iter_mut().take(if many { STATES } else { FEW_STATES }) {
            *state = reader.u32()?;
        }
        let (words, []) = reader.rest().as_chunks::<2>() else { return Err(Error::corrupt("the words of a chunk have an odd length")) };
        let words = words.iter().map(|w| u16::from_le_bytes(*w)).chain([0; STATES]).collect();
        Ok(Self { means, slots, bits, states, many, words, taken: 0, symbols: Vec::new() })
    }

    /// Whether more was read than there is.
    pub(super) fn overrun(&self) -> bool {
        self.taken + STATES > self.words.len() || self.bits.overrun()
    }

    /// # Errors
    /// [`Error::Corrupt`] unless all ended where the residuals did.
    pub(super) fn finish(&self) -> Result<()> {
        let whole = self.taken + STATES == self.words.len() && self.states == [STATE_LOW; STATES] && self.bits.is_done();
        if whole { Ok(()) } else { Err(Error::corrupt("the symbols of a chunk do not end where its samples do")) }
    }

    /// The residuals of samples that are there, of these classes.
    pub(super) fn row(&mut self, classes: &[u8], residuals: &mut [i32]) {
        let mut symbols = core::mem::take(&mut self.symbols);
        symbols.resize(classes.len(), 0);
        let highest = classes.iter().fold(0, |highest, class| highest.max(*class));
        match (self.many, highest < WHOLE) {
            (true, true) => self.symbols::<STATES>(classes, &mut symbols, |class| class),
            (true, false) => self.symbols::<STATES>(classes, &mut symbols, table),
            (false, _) => self.symbols::<FEW_STATES>(classes, &mut symbols, table),
        }
        if rows::residuals(&symbols, residuals) || highest >= WHOLE {
            self.complete(classes, residuals);
        }
        self.symbols = symbols;
    }

    #[inline(always)]
    fn symbols<const N: usize>(&mut self, classes: &[u8], symbols: &mut [u8], table: impl Fn(u8) -> u8) {
        let Self { slots, states: all, words, taken, .. } = self;
        let Some(mut states) = all.first_chunk::<N>().copied() else { return };
        let (groups, last) = classes.as_chunks::<N>();
        let (symbol_groups, last_symbols) = symbols.as_chunks_mut::<N>();
        let mut group = |classes: &[u8], symbols: &mut [u8]| {
            let next: [u16; N] = words.get(*taken..).and_then(|w| w.first_chunk()).copied().unwrap_or([0; N]);
            let mut used = 0;
            for ((class, symbol), state) in classes.iter().zip(symbols).zip(&mut states) {
                *symbol = step(slots, table(*class), state, &next, &mut used);
            }
            *taken += used;
        };
        groups.iter().zip(symbol_groups).for_each(|(classes, symbols)| group(classes, symbols));
        group(last, last_symbols);
        all.iter_mut().zip(states).for_each(|(to, state)| *to = state);
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

/// Takes a symbol out of a state, and a word into it where that is needed.
#[inline(always)]
fn step<const N: usize>(slots: &Slots, table: u8, state: &mut u32, words: &[u16; N], used: &mut usize) -> u8 {
    let slot = slots.get(table, *state);
    let next = slot.frequency() * (*state >> PROBABILITY_BITS) + slot.place();
    let word = words.get(*used % N).copied().unwrap_or_default();
    let empty = next < STATE_LOW;
    *state = if empty { next << 16 | u32::from(word) } else { next };
    *used += usize::from(empty);
    slot.symbol()
}

/// The number of a zigzag.
const fn signed(zigzag: u32) -> i32 {
    (zigzag >> 1) as i32 ^ -((zigzag & 1) as i32)
}

fn read_means(bits: &mut BitReader) -> Means {
    let count = bits.take(6);
    let mut number = 0i32;
    let mut next = || {
        let step = bits.take(4);
        number = if step == FAR { bits.take(8).cast_signed() } else { (number + step.cast_signed() - STEPS_DOWN).max(0) };
        number.cast_unsigned()
    };
    let numbers: Vec<u32> = (0..count).map(|_| next()).collect();
    means(&numbers)
}
