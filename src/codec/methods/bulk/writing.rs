//! Residuals of a chunk -> bytes, when all are known: means and tables first, then the symbols from the last to the first.

use super::bits::BitWriter;
use super::rows::{Means, classes, gather, magnitudes, mark, means};
use super::spec::{CLASSES, ESCAPE, FAR, FEW_STATES, MANY, MEANS, STATE_LOW, STATES, STEPS_DOWN, SYMBOLS, WHOLE, mean, split, table};
use super::tables::{self, Counts, Steps};
use crate::codec::predictor::{Choice, Context};
use crate::grid::Grid;
use crate::wire::put_varint;
use std::collections::BTreeMap;

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
    /// Of the chunk, missing ones among them.
    samples: usize,
    passes: Vec<Noted>,
    /// What was chosen last for a pass of a level, with or without a reference, and for how many samples it holds.
    choices: BTreeMap<(usize, u32, bool), (Choice, usize)>,
}

/// Samples for which a choice holds, unless it is a single pass that has more.
const CHOSEN_FOR: usize = 1 << 10;
/// Samples of a chunk that are counted, and of a pass all of which are.
const COUNTED: usize = 1 << 17;
const FEW: usize = 1 << 10;

impl Writing {
    /// Of a chunk of so many samples.
    pub(super) fn new(samples: usize) -> Self {
        Self { samples, ..Self::default() }
    }

    /// What is chosen for a pass: as before, unless that was many samples ago.
    pub(super) fn chosen(&mut self, context: &Context, choose: impl FnOnce() -> Choice) -> Choice {
        let key = (context.pass.number(), context.level, context.reference.is_some());
        let samples = context.height * context.width;
        if let Some((choice, left)) = self.choices.get_mut(&key).filter(|(_, left)| *left >= samples) {
            *left -= samples;
            return *choice;
        }
        let choice = choose();
        self.choices.insert(key, (choice, CHOSEN_FOR.saturating_sub(samples)));
        choice
    }

    pub(super) fn note(&mut self, pass: Noted) {
        self.passes.push(pass);
    }

    /// The bytes of the chunk: bits beside the symbols, states, words.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let numbers = self.means();
        self.classify(&means(&numbers));
        let picks = tables::picks(&self.counts());
        let states = if self.samples >= MANY { STATES } else { FEW_STATES };
        let symbols = self.symbols(&tables::steps(&picks), states);
        let mut bits = BitWriter::default();
        write_means(&mut bits, &numbers);
        tables::write(&mut bits, &picks);
        symbols.beside.iter().rev().for_each(|beside| beside.write(&mut bits));
        let bits = bits.finish();
        let mut out = Vec::with_capacity(bits.len() + 2 * symbols.words.len() + 64);
        put_varint(&mut out, bits.len() as u64);
        out.extend(bits);
        symbols.states.iter().take(states).for_each(|state| out.extend(state.to_le_bytes()));
        out.extend(symbols.words.get(symbols.start..).unwrap_or_default().iter().flat_map(|w| w.to_le_bytes()));
        out
    }

    /// One row in so many of a pass is counted.
    fn stride(&self, pass: &Noted) -> usize {
        let size = |pass: &Noted| pass.buckets.height * pass.buckets.width;
        if size(pass) <= FEW { 1 } else { self.passes.iter().map(size).sum::<usize>().div_ceil(COUNTED) }
    }

    /// Numbers of the mean magnitudes in each bucket, as far as there are samples; of large passes some rows tell.
    fn means(&self) -> Vec<u32> {
        // Two that take turns: neighbours are often of the same bucket.
        let mut sums = [[(0u64, 0u64); 64]; 2];
        let mut add = |[first, second]: [(&i32, &u8, u64); 2]| {
            for (sums, (residual, bucket, count)) in sums.iter_mut().zip([first, second]) {
                if let Some(sum) = sums.get_mut(usize::from(*bucket)) {
                    *sum = (sum.0 + u64::from(residual.unsigned_abs()), sum.1 + count);
                }
            }
        };
        for pass in &self.passes {
            for (y, (residuals, buckets)) in pass.residuals.rows().zip(pass.buckets.rows()).enumerate().step_by(self.stride(pass)) {
                let missing = pass.missing.as_ref().map_or(&[][..], |m| m.row(y));
                let (pairs, last) = residuals.as_chunks::<2>();
                let (bucket_pairs, last_bucket) = buckets.as_chunks::<2>();
                let present = |x: usize| u64::from(missing.get(x).is_none_or(|m| *m == 0));
                for (x, ([a, b], [c, d])) in (0..).step_by(2).zip(pairs.iter().zip(bucket_pairs)) {
                    add([(a, c, present(x)), (b, d, present(x + 1))]);
                }
                if let ([residual], [bucket]) = (last, last_bucket) {
                    add([(residual, bucket, present(residuals.len() - 1)), (&0, bucket, 0)]);
                }
            }
        }
        let [first, second] = sums;
        let sums: Vec<(u64, u64)> = first.iter().zip(second).map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect();
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
                let there = gather(&mut residuals.samples, &missing.samples);
                residuals.samples.truncate(there);
                gather(&mut buckets.samples, &missing.samples);
                buckets.samples.truncate(there);
            }
        }
    }

    fn counts(&self) -> Counts {
        let mut counts = [[0; SYMBOLS]; WHOLE as usize];
        let mut used = 0u64;
        for pass in &self.passes {
            for (residuals, classes) in pass.rows().step_by(self.stride(pass)) {
                for (residual, class) in residuals.iter().zip(classes) {
                    let count = counts.get_mut(usize::from(table(*class))).and_then(|c| c.get_mut(symbol(high(*residual, *class))));
                    count.into_iter().for_each(|count| *count += 1);
                }
            }
            // What was not looked at may still have to be coded.
            mark(&pass.buckets.samples, &mut used);
        }
        for class in (0..CLASSES as u8).filter(|class| used >> class & 1 == 1) {
            if let Some([zero, ..]) = counts.get_mut(usize::from(table(class))) {
                *zero = (*zero).max(1);
            }
        }
        counts
    }

    /// All symbols, from the last to the first.
    fn symbols(&self, steps: &[Steps], states: usize) -> Symbols {
        let samples: usize = self.passes.iter().map(|p| p.residuals.samples.len()).sum();
        let mut symbols = Symbols { words: vec![0; samples], start: samples, states: [STATE_LOW; STATES], beside: Vec::new() };
        for pass in self.passes.iter().rev() {
            for (residuals, classes) in pass.rows().rev() {
                if states == STATES {
                    symbols.row::<STATES>(steps, residuals, classes);
                } else {
                    symbols.row::<FEW_STATES>(steps, residuals, classes);
                }
            }
        }
        symbols
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

/// A residual of which a symbol does not say all.
#[derive(Debug, Clone, Copy)]
struct Beside {
    residual: i32,
    class: u8,
    escapes: bool,
}

impl Beside {
    fn write(self, bits: &mut BitWriter) {
        let Self { residual, class, escapes } = self;
        let split = split(class);
        if escapes {
            bits.put_number(zigzag(high(residual, class)));
        }
        bits.put(split, residual.wrapping_add(1 << split >> 1) as u32 & ((1 << split) - 1));
    }
}

/// Writes how many numbers of means there are, and how far each lies from the one before, or where that is too far, itself.
fn write_means(bits: &mut BitWriter, numbers: &[u32]) {
    bits.put(6, numbers.len() as u32);
    let mut before = 0;
    for number in numbers {
        let step = (*number as i32 - before + STEPS_DOWN).cast_unsigned();
        bits.put(4, step.min(FAR));
        if step >= FAR {
            bits.put(8, *number);
        }
        before = *number as i32;
    }
}

/// States and words, as they are when the symbols from some on are coded.
struct Symbols {
    words: Vec<u16>,
    /// Where those begin that are there.
    start: usize,
    states: [u32; STATES],
    /// From the last to the first.
    beside: Vec<Beside>,
}

impl Symbols {
    /// A row, from its end.
    fn row<const N: usize>(&mut self, steps: &[Steps], residuals: &[i32], classes: &[u8]) {
        if classes.iter().fold(0, |highest, class| highest.max(*class)) < WHOLE {
            self.coded::<N, false>(steps, residuals, classes);
        } else {
            self.coded::<N, true>(steps, residuals, classes);
        }
    }

    #[inline(always)]
    fn coded<const N: usize, const SPLIT: bool>(&mut self, steps: &[Steps], residuals: &[i32], classes: &[u8]) {
        let (groups, last) = residuals.as_chunks::<N>();
        let (group_classes, last_classes) = classes.as_chunks::<N>();
        let Some(mut states) = self.states.first_chunk::<N>().copied() else { return };
        for ((residual, class), state) in last.iter().zip(last_classes).zip(&mut states).rev() {
            self.step::<SPLIT>(steps, *residual, *class, state);
        }
        for (residuals, classes) in groups.iter().zip(group_classes).rev() {
            for ((residual, class), state) in residuals.iter().zip(classes).zip(&mut states).rev() {
                self.step::<SPLIT>(steps, *residual, *class, state);
            }
        }
        self.states.iter_mut().zip(states).for_each(|(to, state)| *to = state);
    }

    #[inline(always)]
    fn step<const SPLIT: bool>(&mut self, steps: &[Steps], residual: i32, class: u8, state: &mut u32) {
        let (number, high) = if SPLIT { (table(class), high(residual, class)) } else { (class, residual) };
        let Some(steps) = steps.get(usize::from(number)) else { return };
        let symbol = symbol(high);
        let mut step = steps.get(symbol % SYMBOLS).copied().unwrap_or_default();
        let escapes = step.limit == 0 || symbol == ESCAPE.into();
        if escapes || SPLIT && class >= WHOLE {
            self.beside.push(Beside { residual, class, escapes });
            step = if escapes { steps.last().copied().unwrap_or_default() } else { step };
        }
        // Written in any case, and kept where it is wanted.
        if let Some(word) = self.words.get_mut(self.start.wrapping_sub(1)) {
            *word = *state as u16;
        }
        let full = *state >= step.limit;
        self.start -= usize::from(full);
        let state_below = if full { *state >> 16 } else { *state };
        let quotient = ((u128::from(state_below) * u128::from(step.reciprocal)) >> 64) as u32;
        *state = state_below.wrapping_add(step.bias).wrapping_add(quotient.wrapping_mul(step.others));
    }
}
