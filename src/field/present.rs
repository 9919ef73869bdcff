//! Stored values as plain numbers, some at a time: what looks at numbers alone is compiled once, and not for each of the ten types.

use core::ops::Range;

use super::{Element, Field, Missing, Values, with_values};

/// Values that become numbers at a time.
const BLOCK: usize = 1 << 9;

/// Appends stored values as numbers, NaN where they are missing: none that is there is NaN.
pub(crate) fn put_numbers(out: &mut Vec<f64>, values: &Values, missing: &Missing, range: Range<usize>) {
    fn put<T: Element>(out: &mut Vec<f64>, values: &[T], missing: &Missing) {
        out.extend(values.iter().map(|v| if missing.is_missing(*v) { f64::NAN } else { v.to_f64() }));
    }
    with_values!(values, v => put(out, v.get(range).unwrap_or_default(), missing));
}

/// The stored values that are not missing, as numbers.
pub(crate) struct Present<'a> {
    field: &'a Field,
    block: Vec<f64>,
    /// How many numbers of the block were given.
    given: usize,
    /// Where the next block begins.
    next: usize,
}

impl Present<'_> {
    /// Whether there was another block.
    #[inline(never)]
    fn refill(&mut self) -> bool {
        let end = self.field.values.len().min(self.next + BLOCK);
        self.block.clear();
        put_numbers(&mut self.block, &self.field.values, &self.field.missing, self.next..end);
        (self.given, self.next) = (0, end);
        !self.block.is_empty()
    }
}

impl Iterator for Present<'_> {
    type Item = f64;

    #[inline]
    fn next(&mut self) -> Option<f64> {
        loop {
            if let Some(number) = self.block.get(self.given).copied() {
                self.given += 1;
                if !number.is_nan() {
                    return Some(number);
                }
            } else if !self.refill() {
                return None;
            }
        }
    }
}

impl Field {
    /// The stored values that are not missing, as numbers: exact but for whole ones beyond 2^53.
    pub(crate) const fn present(&self) -> Present<'_> {
        Present { field: self, block: Vec::new(), given: 0, next: 0 }
    }
}

/// A value and what it came back as.
pub(crate) struct Pair {
    /// The value as a number, NaN where it is missing.
    pub(crate) number: f64,
    /// Its bit pattern, zero-extended.
    pub(crate) bits: u64,
    /// What came back less the value, as [`Element::less`] has it.
    pub(crate) error: f64,
    /// Whether all bits are the same.
    pub(crate) same: bool,
    /// Whether what came back is missing.
    pub(crate) lost: bool,
}

/// Calls `visit` with values and what they came back as, in their order; with none where the types differ.
pub(crate) fn each_pair(values: &Values, decoded: &Values, missing: &Missing, mut visit: impl FnMut(&Pair)) {
    let mut block = Vec::with_capacity(BLOCK);
    for start in (0..values.len().min(decoded.len())).step_by(BLOCK) {
        block.clear();
        put_pairs(&mut block, values, decoded, missing, start);
        block.iter().for_each(&mut visit);
    }
}

#[inline(never)]
fn put_pairs(out: &mut Vec<Pair>, values: &Values, decoded: &Values, missing: &Missing, start: usize) {
    fn put<T: Element>(out: &mut Vec<Pair>, values: &[T], decoded: &[T], missing: &Missing, start: usize) {
        let pairs = values.get(start..).unwrap_or_default().iter().zip(decoded.get(start..).unwrap_or_default()).take(BLOCK);
        out.extend(pairs.map(|(value, back)| Pair {
            number: if missing.is_missing(*value) { f64::NAN } else { value.to_f64() },
            bits: value.to_bits64(),
            error: back.less(*value),
            same: value.to_bits64() == back.to_bits64(),
            lost: missing.is_missing(*back),
        }));
    }
    with_values!(values, v => put(out, v, Element::unwrap(decoded).unwrap_or_default(), missing, start));
}
