//! Residuals of a chunk -> bytes, when all are known: means and tables first, then the symbols from the last to the first.

use super::bits::BitWriter;
use super::rows::{Means, classes, magnitudes, means};
use super::spec::{CLASSES, ESCAPE, MEANS, PROBABILITY_BITS, STATE_LOW, STATES, SYMBOLS, WHOLE, mean, split, table};
use super::tables::{self, Counts, Step, Steps};
use crate::grid::Grid;
use crate::wire::put_varint;

/// What there is to code of a pass, in which missing samples have residual 0.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) residuals: Grid<i32>,
    /// Buckets, which become classes.
    pub(super) buckets: Grid<u8>,
    pub(super) missing: Option<Grid<u8>>,
}

/// The passes of a chunk.
#[derive(Debug, Default)]
pub(super) struct Writing {
    passes: Vec<Noted>,
}

/// Rows with more samples than this are looked at in part.
const LOOKED_AT: usize = 1 << 14;

impl Writing {
    pub(super) fn note(&mut self, pass: Noted) {
        self.passes.push(pass);
    }

    /// The bytes of the chunk: bits beside the symbols, states, words.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let numbers = self.means();
        self.classify(&means(&numbers));
        let picks = tables::picks(&self.counts());
        let steps = tables::steps(&picks);
        let mut bits = BitWriter::default();
        write_means(&mut bits, &numbers);
        tables::write(&mut bits, &picks);
        self.passes.iter().flat_map(Noted::rows).for_each(|(row, classes)| write_bits(&mut bits, &steps, row, classes));
        let bits = bits.finish();
        let mut out = Vec::new();
        put_varint(&mut out, bits.len() as u64);
        out.extend(bits);
        self.write_symbols(&mut out, &steps);
        out
    }

    /// Numbers of the mean magnitudes in each bucket, as far as there are samples; of large passes some rows tell.
    fn means(&self) -> Vec<u32> {
        let mut sums = [(0u64, 0u64); 64];
        for pass in &self.passes {
            for (y, (residuals, buckets)) in pass.residuals.rows().zip(pass.buckets.rows()).enumerate().step_by(pass.stride()) {
                let missing = pass.missing.as_ref().map_or(&[][..], |m| m.row(y));
                for (x, (residual, bucket)) in residuals.iter().zip(buckets).enumerate() {
                    let present = u64::from(missing.get(x).is_none_or(|m| *m == 0));
                    if let Some((sum, count)) = sums.get_mut(usize::from(*bucket)) {
                        (*sum, *count) = (*sum + u64::from(residual.unsigned_abs()), *count + present);
                    }
                }
            }
        }
        let used = sums.iter().rposition(|(_, count)| *count > 0).map_or(0, |last| last + 1);
        let mut before = 0;
        let number = |(sum, count): &(u64, u64)| {
            let wanted = (sum << 12).checked_div(*count);
            before = wanted.map_or(before, |wanted| (0..MEANS).find(|n| u64::from(mean(*n).unsigned_abs()) >= wanted).unwrap_or(MEANS));
            before
        };
        sums.iter().take(used).map(number).collect()
    }

    /// Turns buckets into classes, and leaves out what is missing.
    fn classify(&mut self, means: &Means) {
        let mut scratch = Vec::new();
        for Noted { residuals, buckets, missing } in &mut self.passes {
            let mut above = vec![0; residuals.width + 2];
            for (y, (residuals, buckets)) in residuals.rows().zip(buckets.rows_mut()).enumerate() {
                classes(means, (y > 0).then_some(&above), buckets, &mut scratch);
                magnitudes(residuals, &mut above);
            }
            if let Some(missing) = missing {
                let mut here = missing.samples.iter();
                residuals.samples.retain(|_| here.next() == Some(&0));
                let mut here = missing.samples.iter();
                buckets.samples.retain(|_| here.next() == Some(&0));
            }
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = [[0; SYMBOLS]; WHOLE as usize];
        for pass in &self.passes {
            for (residuals, classes) in pass.rows().step_by(pass.stride()) {
                for (residual, class) in residuals.iter().zip(classes) {
                    let count = counts.get_mut(usize::from(table(*class))).and_then(|c| c.get_mut(symbol(high(*residual, *class))));
                    count.into_iter().for_each(|count| *count += 1);
                }
            }
            // What was not looked at may still have to be coded.
            pass.buckets.samples.iter().for_each(|class| seen(&mut counts, *class));
        }
        counts
    }

    /// States and words, in the order in which they are read.
    fn write_symbols(&self, out: &mut Vec<u8>, steps: &[Steps]) {
        let samples: usize = self.passes.iter().map(|p| p.residuals.samples.len()).sum();
        let mut words = Words { words: vec![0; samples], start: samples };
        let mut states = [STATE_LOW; STATES];
        for pass in self.passes.iter().rev() {
            for (residuals, classes) in pass.rows().rev() {
                let rest = residuals.len() - residuals.len() % STATES;
                let ((first, last), (first_classes, last_classes)) = (residuals.split_at(rest), classes.split_at(rest));
                for ((residual, class), state) in last.iter().zip(last_classes).zip(&mut states).rev() {
                    words.step(state, step(steps, *residual, *class));
                }
                let groups = first.as_chunks::<STATES>().0.iter().zip(first_classes.as_chunks::<STATES>().0);
                for (residuals, classes) in groups.rev() {
                    for ((residual, class), state) in residuals.iter().zip(classes).zip(&mut states).rev() {
                        words.step(state, step(steps, *residual, *class));
                    }
                }
            }
        }
        states.iter().for_each(|state| out.extend(state.to_le_bytes()));
        out.extend(words.words.get(words.start..).unwrap_or_default().iter().flat_map(|w| w.to_le_bytes()));
    }
}

impl Noted {
    /// Residuals and classes of rows, without missing samples, once they are classes.
    fn rows(&self) -> impl DoubleEndedIterator<Item = (&[i32], &[u8])> + ExactSizeIterator {
        let Self { residuals, buckets, missing } = self;
        let starts: Option<Vec<usize>> = missing.as_ref().map(|missing| {
            let present = |row: &[u8]| row.iter().filter(|m| **m == 0).count();
            core::iter::once(0)
                .chain(missing.rows().scan(0, move |end, row| {
                    *end += present(row);
                    Some(*end)
                }))
                .collect()
        });
        let width = residuals.width;
        (0..if width == 0 { 0 } else { residuals.height }).map(move |y| {
            let start = |y: usize| starts.as_ref().map_or(y * width, |s| s.get(y).copied().unwrap_or_default());
            let range = start(y)..start(y + 1);
            (residuals.samples.get(range.clone()).unwrap_or_default(), buckets.samples.get(range).unwrap_or_default())
        })
    }

    /// One row in so many tells of the pass.
    fn stride(&self) -> usize {
        (self.residuals.height * self.residuals.width).div_ceil(LOOKED_AT).max(1)
    }
}

/// Marks the table of a class as needed.
#[inline]
fn seen(counts: &mut Counts, class: u8) {
    if let Some([zero, ..]) = counts.get_mut(usize::from(table(class))) {
        *zero = (*zero).max(1);
    }
}

/// The part of a residual that is a symbol.
#[inline(always)]
fn high(residual: i32, class: u8) -> i32 {
    let split = split(class);
    residual.wrapping_add(1 << split >> 1) >> split
}

/// The symbol of it: even from 0 up, odd from −1 down.
#[inline(always)]
fn symbol(high: i32) -> usize {
    (zigzag(high) as usize).min(ESCAPE.into())
}

#[inline(always)]
fn zigzag(high: i32) -> u32 {
    (high << 1 ^ high >> 31) as u32
}

/// The step of a residual: that of its symbol, or of the escape.
#[inline(always)]
fn step(steps: &[Steps], residual: i32, class: u8) -> Step {
    let Some(steps) = steps.get(usize::from(table(class))) else { return Step::default() };
    let own = steps.get(symbol(high(residual, class))).copied().unwrap_or_default();
    if own.limit == 0 { steps.last().copied().unwrap_or_default() } else { own }
}

/// What residuals of a row take beside their symbols.
fn write_bits(bits: &mut BitWriter, steps: &[Steps], row: &[i32], classes: &[u8]) {
    for (residual, class) in row.iter().zip(classes) {
        let (high, split) = (high(*residual, *class), split(*class));
        let is_symbol = symbol(high) < ESCAPE.into() && steps.get(usize::from(table(*class))).and_then(|s| s.get(symbol(high))).is_some_and(|s| s.limit != 0);
        if !is_symbol {
            bits.put_number(zigzag(high));
        }
        if split > 0 {
            bits.put(split, residual.wrapping_add(1 << split >> 1) as u32 & ((1 << split) - 1));
        }
    }
}

/// Writes how many numbers of means there are, the first, and what is added to each for the next.
fn write_means(bits: &mut BitWriter, numbers: &[u32]) {
    bits.put(6, numbers.len() as u32);
    let mut before = 0;
    for number in numbers {
        bits.put_number(zigzag(*number as i32 - before));
        before = *number as i32;
    }
}

/// Words from the last to the first.
struct Words {
    words: Vec<u16>,
    /// Where those begin that are there.
    start: usize,
}

impl Words {
    #[inline(always)]
    fn step(&mut self, state: &mut u32, step: Step) {
        // Written in any case, and kept where it is wanted.
        if let Some(word) = self.words.get_mut(self.start.wrapping_sub(1)) {
            *word = *state as u16;
        }
        let full = *state >= step.limit;
        self.start -= usize::from(full);
        let state_below = if full { *state >> 16 } else { *state };
        let quotient = (u128::from(state_below) * u128::from(step.reciprocal) >> 64) as u32;
        *state = state_below.wrapping_add(step.bias).wrapping_add(quotient.wrapping_mul(step.others));
    }
}

const _: () = assert!(CLASSES == 64 && PROBABILITY_BITS <= 16);
