//! Tables of a chunk: what is sent of them, and what coder and decoder look up.

use super::bits::{BitReader, BitWriter};
use super::spec::{Frequencies, OFFSETS, PROBABILITY_BITS, SHAPES, SLOTS, SYMBOLS, USUAL, WHOLE, frequencies};

/// Which of the family a table is; `None` where no sample needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pick {
    offset: usize,
    shape: usize,
}

/// How often each symbol is coded under each table.
pub(super) type Counts = [[u32; SYMBOLS]; WHOLE as usize];

/// The picks that code the counted symbols in the fewest bits.
pub(super) fn picks(counts: &Counts) -> Vec<Option<Pick>> {
    let all = || (0..OFFSETS).flat_map(|offset| (0..SHAPES).map(move |shape| Pick { offset, shape }));
    let best = |(number, counts): (u8, &[u32; SYMBOLS])| {
        let used = counts.iter().any(|c| *c != 0);
        used.then(|| all().min_by_key(|p| bits(counts, frequencies(number, p.offset, p.shape)))).flatten()
    };
    (0..WHOLE).zip(counts).map(best).collect()
}

/// What a symbol that has to escape takes besides, in 1/2^12 bits.
const ESCAPED: u64 = 12 << 12;

/// Bits of symbols, in 1/2^12.
fn bits(counts: &[u32; SYMBOLS], frequencies: &Frequencies) -> u64 {
    let cost = |frequency: u16| logarithm(SLOTS as u32) - logarithm(frequency.into());
    let escape = frequencies.last().map_or(0, |f| cost(*f)) + ESCAPED;
    let bits = |(count, frequency): (&u32, &u16)| if *count == 0 { 0 } else { u64::from(*count) * if *frequency == 0 { escape } else { cost(*frequency) } };
    counts.iter().zip(frequencies).map(bits).sum()
}

/// 4096 times the binary logarithm, by straight lines between powers of two and a parabola that makes up for them.
fn logarithm(number: u32) -> u64 {
    let octave = number.max(1).ilog2();
    let rest = u64::from(number) * 4096 / (1 << octave) - 4096;
    u64::from(octave) * 4096 + rest + rest * (4096 - rest) * 1420 / (4096 * 4096)
}

/// Writes the picks.
pub(super) fn write(bits: &mut BitWriter, picks: &[Option<Pick>]) {
    for pick in picks {
        bits.put(1, pick.is_some().into());
        if let Some(Pick { offset, shape }) = pick {
            let usual = *offset == USUAL && *shape == 0;
            bits.put(1, usual.into());
            if !usual {
                bits.put(5, (offset * SHAPES + shape) as u32);
            }
        }
    }
}

/// Reads them.
pub(super) fn read(bits: &mut BitReader) -> Vec<Option<Pick>> {
    let mut pick = || {
        if bits.take(1) == 0 {
            return None;
        }
        let number = if bits.take(1) == 1 { USUAL * SHAPES } else { bits.take(5) as usize };
        Some(Pick { offset: number / SHAPES, shape: number % SHAPES })
    };
    (0..WHOLE).map(|_| pick()).collect()
}

/// How the coder takes a symbol.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Step {
    /// 2^64 divided by the frequency.
    pub(super) reciprocal: u64,
    /// From here on a word is moved out of the state.
    pub(super) limit: u32,
    /// Start of the symbol's slots, with what makes up for a reciprocal of 1.
    pub(super) bias: u32,
    /// Slots of all others.
    pub(super) others: u32,
}

impl Step {
    fn new(start: u32, frequency: u16) -> Self {
        let (frequency, others) = (u32::from(frequency), SLOTS as u32 - u32::from(frequency));
        let single = frequency == 1;
        Self {
            reciprocal: if single { u64::MAX } else { u64::MAX / u64::from(frequency) + 1 },
            limit: frequency << (32 - PROBABILITY_BITS),
            bias: start + if single { others } else { 0 },
            others,
        }
    }
}

/// The steps of a table; those of symbols that have to escape are none.
pub(super) type Steps = [Step; SYMBOLS];

/// Steps of all tables.
pub(super) fn steps(picks: &[Option<Pick>]) -> Vec<Steps> {
    let steps = |(number, pick): (u8, &Option<Pick>)| {
        let mut start = 0;
        let step = |frequency: u16| {
            let step = if frequency == 0 { Step::default() } else { Step::new(start, frequency) };
            start += u32::from(frequency);
            step
        };
        pick.map_or([Step::default(); SYMBOLS], |p| frequencies(number, p.offset, p.shape).map(step))
    };
    (0..WHOLE).zip(picks).map(steps).collect()
}

/// What a slot stands for, in one word: symbol, frequency, place among the slots of the symbol, from the lowest bit on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot(pub(super) u32);

impl Slot {
    #[inline(always)]
    pub(super) const fn symbol(self) -> u8 {
        self.0 as u8
    }

    #[inline(always)]
    pub(super) const fn frequency(self) -> u32 {
        self.0 >> 8 & (SLOTS as u32 - 1)
    }

    #[inline(always)]
    pub(super) const fn place(self) -> u32 {
        self.0 >> 20
    }
}

/// Tables that there is room for: a power of two, so that no place lies outside.
const ROOM: usize = 32;

/// Slots of the tables that a chunk has, by their numbers: words of [`Slot`]. What is never written takes no memory.
#[derive(Debug)]
pub(super) struct Slots(Box<[[u32; SLOTS]; ROOM]>);

impl Slots {
    /// Nothing is sent of some tables: no sample of a sound chunk needs them, and no state comes out of them sound.
    pub(super) fn new(picks: &[Option<Pick>]) -> Option<Self> {
        let mut tables: Box<[[u32; SLOTS]; ROOM]> = vec![[0; SLOTS]; ROOM].into_boxed_slice().try_into().ok()?;
        for ((number, pick), slots) in (0..WHOLE).zip(picks).zip(tables.iter_mut()) {
            if let Some(p) = pick {
                fill(slots, frequencies(number, p.offset, p.shape));
            }
        }
        Some(Self(tables))
    }

    /// What a slot stands for in a table.
    #[inline(always)]
    pub(super) fn get(&self, table: u8, slot: u32) -> Slot {
        let Self(tables) = self;
        Slot(tables.get(usize::from(table) % ROOM).and_then(|t| t.get(slot as usize % SLOTS)).copied().unwrap_or_default())
    }
}

fn fill(slots: &mut [u32; SLOTS], frequencies: &Frequencies) {
    let mut rest = slots.as_mut_slice();
    for (symbol, frequency) in (0u32..).zip(frequencies) {
        let Some(own) = rest.split_off_mut(..usize::from(*frequency)) else { break };
        let base = symbol | u32::from(*frequency) << 8;
        own.iter_mut().zip(0u32..).for_each(|(slot, place)| *slot = base | place << 20);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_divide_as_the_processor_does() {
        for frequency in [1u16, 2, 3, 5, 7, 100, 1023, 1024, 1025, 4095] {
            let step = Step::new(1, frequency);
            for state in [1u32 << 16, (1 << 16) + 1, 0x1234_5678, step.limit - 1].into_iter().filter(|s| *s < step.limit) {
                let quotient = ((u128::from(state) * u128::from(step.reciprocal)) >> 64) as u32;
                let next = state.wrapping_add(step.bias).wrapping_add(quotient.wrapping_mul(step.others));
                assert_eq!(next, ((state / u32::from(frequency)) << PROBABILITY_BITS) + state % u32::from(frequency) + 1, "{frequency} {state}");
            }
        }
    }

    #[test]
    fn logarithms_are_near() {
        for number in 1..5000u32 {
            assert!((logarithm(number) as f64 / 4096.0 - f64::from(number).log2()).abs() < 0.01, "{number}");
        }
    }
}
