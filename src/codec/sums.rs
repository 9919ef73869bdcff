//! Sums over the values of a chunk, which tell what an error bound does not: whether errors lean to one side.

use crate::field::{Missing, Packing, Values, each_pair};

/// Sums over values that are not missing, in physical units, in the order of the values.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    /// How many.
    pub(crate) count: u64,
    /// Of decoded less source.
    pub(crate) errors: f64,
    /// Of the magnitudes of the source.
    pub(crate) magnitudes: f64,
}

impl Sums {
    pub(crate) fn of(values: &Values, decoded: &Values, missing: &Missing, packing: Packing) -> Self {
        let mut sums = Self::default();
        each_pair(values, decoded, |value, _, error| {
            if !value.is_missing(missing) {
                sums.count += 1;
                sums.errors += error * packing.scale;
                sums.magnitudes += packing.unpack(value.number).abs();
            }
        });
        sums
    }

    /// With those of the chunk that comes next.
    pub(crate) fn and(self, next: Self) -> Self {
        Self { count: self.count + next.count, errors: self.errors + next.errors, magnitudes: self.magnitudes + next.magnitudes }
    }

    /// Mean error and mean magnitude; 0 of nothing.
    pub(crate) fn means(self) -> [f64; 2] {
        [self.errors, self.magnitudes].map(|sum| if self.count == 0 { 0.0 } else { sum / self.count as f64 })
    }
}
