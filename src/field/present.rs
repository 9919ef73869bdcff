//! Stored values as plain numbers, some at a time: what looks at numbers alone is compiled once, and not for each of the ten types.

use core::ops::Range;

use super::{DataType, Element, Field, Missing, Values, with_values};

/// Values that become numbers at a time.
const BLOCK: usize = 1 << 9;

/// A stored value of whatever type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    /// As [`Element::to_f64`] has it.
    pub(crate) number: f64,
    /// As [`Element::to_bits64`] has them.
    pub(crate) bits: u64,
}

impl Stored {
    fn of<T: Element>(value: &T) -> Self {
        Self { number: value.to_f64(), bits: value.to_bits64() }
    }

    /// Whether it is missing.
    #[inline]
    pub(crate) fn is_missing(&self, missing: &Missing) -> bool {
        !self.number.is_finite() || matches!(missing, Missing::Patterns(patterns) if patterns.contains(&self.bits))
    }

    /// The whole number that it is, where its type is such a one.
    #[inline]
    pub(crate) fn whole(&self, data_type: DataType) -> i128 {
        if data_type == DataType::I64 { i128::from(self.bits as i64) } else { i128::from(self.bits) }
    }

    /// Less `other`: [`Element::less`].
    #[inline]
    fn less(&self, other: &Self, data_type: DataType) -> f64 {
        if matches!(data_type, DataType::I64 | DataType::U64) { (self.whole(data_type) - other.whole(data_type)) as f64 } else { self.number - other.number }
    }
}

impl Values {
    /// The value at `index`.
    pub(crate) fn stored(&self, index: usize) -> Option<Stored> {
        with_values!(self, v => v.get(index).map(Stored::of))
    }

    /// Appends some; none where not all of them are there.
    pub(crate) fn put_stored(&self, out: &mut Vec<Stored>, range: Range<usize>) {
        with_values!(self, v => out.extend(v.get(range).unwrap_or_default().iter().map(Stored::of)));
    }
}

/// Some values at a time.
fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(BLOCK).map(move |start| start..end.min(start.saturating_add(BLOCK)))
}

/// Appends stored values as numbers, NaN where they are missing: none that is there is NaN.
pub(crate) fn put_numbers(out: &mut Vec<f64>, values: &Values, missing: &Missing, range: Range<usize>) {
    let mut block = Vec::with_capacity(BLOCK.min(range.len()));
    for range in blocks(range) {
        block.clear();
        values.put_stored(&mut block, range);
        out.extend(block.iter().map(|v| if v.is_missing(missing) { f64::NAN } else { v.number }));
    }
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

/// Calls `visit` with values, what they came back as, and by how much that is more; with none where the types differ.
pub(crate) fn each_pair(values: &Values, decoded: &Values, mut visit: impl FnMut(&Stored, &Stored, f64)) {
    let data_type = values.data_type();
    if data_type != decoded.data_type() {
        return;
    }
    let (mut before, mut after) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
    for range in blocks(0..values.len().min(decoded.len())) {
        before.clear();
        after.clear();
        values.put_stored(&mut before, range.clone());
        decoded.put_stored(&mut after, range);
        before.iter().zip(&after).for_each(|(value, back)| visit(value, back, back.less(value, data_type)));
    }
}
