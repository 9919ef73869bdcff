//! What a selection comes to in one dataset: ranges of indices.

use super::ranges::{Ranges, intersect};
use crate::field::{Element, Field, bit_pattern, with_values};
use core::ops::Range;
use std::collections::BTreeMap;

/// Ranges of indices by dimension; those without an entry are taken whole.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chosen {
    /// By the name of the dimension: ranges that are not empty and do not overlap, in the order in which what they hold is put together. Not rising where a box lies over the ends
    /// of the longitudes: those go on from west to east then, or the other way where the file's do.
    pub dimensions: BTreeMap<String, Ranges>,
    /// Longitudes, and the ends of their cells, that would not go on over the seam between two ranges, by the name of the variable.
    pub(super) turns: BTreeMap<String, Turns>,
}

/// What has to be added to longitudes on a dimension, by ranges of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Turns {
    pub(super) dimension: String,
    pub(super) degrees: Vec<(Range<usize>, f64)>,
}

impl Chosen {
    /// The ranges of a dimension of that length.
    #[must_use]
    pub fn ranges(&self, dimension: &str, length: usize) -> Vec<Range<usize>> {
        self.dimensions.get(dimension).cloned().unwrap_or_else(|| core::iter::once(0..length).collect())
    }

    /// Length of a dimension once it is cut.
    #[must_use]
    pub fn length(&self, dimension: &str, length: usize) -> usize {
        self.dimensions.get(dimension).map_or(length, |ranges| ranges.iter().map(ExactSizeIterator::len).sum())
    }

    /// Shape of what is chosen of a variable of these dimensions.
    #[must_use]
    pub fn shape(&self, dimensions: &[&str], lengths: &[usize]) -> Vec<usize> {
        dimensions.iter().zip(lengths).map(|(name, length)| self.length(name, *length)).collect()
    }

    /// Lets longitudes that were cut and put together go on over the seam, as 350 to 370 or -10 to 10, since CF wants coordinates that only rise or only fall. Does nothing to other
    /// fields, nor where the type of the field does not have these numbers.
    pub fn turn(&self, field: &mut Field) {
        fn add<T: Element>(values: &mut [T], by: f64) -> Option<()> {
            let turned: Option<Vec<T>> = values.iter().map(|value| bit_pattern(T::TYPE, value.to_f64() + by).map(T::from_bits64)).collect();
            values.copy_from_slice(&turned?);
            Some(())
        }
        let Some(Turns { dimension, degrees }) = self.turns.get(&field.name) else { return };
        let (Some(ranges), Some(rows)) = (self.dimensions.get(dimension), field.shape.first()) else { return };
        let (scale, each) = (field.packing().scale, field.values.len().checked_div(*rows).unwrap_or_default());
        let (mut values, mut at) = (field.values.clone(), 0);
        for range in ranges {
            let end = at + range.len() * each;
            let turn = degrees.iter().find(|(whole, _)| whole.contains(&range.start)).map_or(0.0, |(_, turn)| *turn);
            // Steps of packed numbers are whole, but for what a scale in float32 is off.
            let (exact, whole) = (turn / scale, (turn / scale).round());
            let by = if (exact - whole).abs() < 0.01 { whole } else { exact };
            if turn != 0.0 && with_values!(&mut values, all => all.get_mut(at..end).and_then(|part| add(part, by))).is_none() {
                return;
            }
            at = end;
        }
        field.values = values;
        field.derived = None;
    }

    /// Keeps of a dimension what these ranges hold as well.
    pub(super) fn restrict(&mut self, dimension: &str, ranges: &Ranges) {
        let ranges = self.dimensions.get(dimension).map_or_else(|| ranges.clone(), |before| intersect(before, ranges));
        self.dimensions.insert(dimension.to_owned(), ranges);
    }
}
