//! Values of packed integers, and the integers of values.

use super::refusals::MISSING;
use crate::field::Element;

/// (R + X · 2^E) · 10^−D, in the steps in which eccodes computes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    reference: f64,
    binary: f64,
    decimal: f64,
}

/// An IEEE number that values are kept in.
pub(crate) trait Precision: Element {
    const NAN: Self;
    fn round(value: f64) -> Self;
}

impl Precision for f32 {
    const NAN: Self = Self::NAN;
    #[inline]
    fn round(value: f64) -> Self {
        value as Self
    }
}

impl Precision for f64 {
    const NAN: Self = Self::NAN;
    #[inline]
    fn round(value: f64) -> Self {
        value
    }
}

/// `base` to that power by repeated multiplication or division.
fn power(base: f64, exponent: i64) -> f64 {
    let mut power = 1.0;
    // Beyond that it is 0 or infinite.
    for _ in 0..exponent.unsigned_abs().min(1100) {
        power = if exponent < 0 { power / base } else { power * base };
    }
    power
}

impl Scale {
    pub(crate) fn new(reference: f64, binary: i64, decimal: i64) -> Self {
        Self { reference, binary: power(2.0, binary), decimal: power(10.0, -decimal) }
    }

    /// Whether values are numbers. If not they are infinite or NaN, as the headers say, and never tell their integers.
    pub(crate) fn is_finite(&self) -> bool {
        self.reference.is_finite() && self.binary.is_finite() && self.decimal.is_finite()
    }

    #[inline]
    pub(crate) fn value(&self, integer: i64) -> f64 {
        (integer as f64 * self.binary + self.reference) * self.decimal
    }

    /// The integer whose value rounds to this; `None` when there is none, or when it is missing.
    #[inline]
    pub(crate) fn integer<T: Precision>(&self, value: T) -> Option<i64> {
        let integer = ((value.to_f64() / self.decimal - self.reference) / self.binary).round_ties_even();
        let integer = if integer.abs() < 9e15 {
            integer as i64
        } else if integer.is_nan() && value.to_f64().is_finite() {
            0
        } else {
            return None;
        };
        (T::round(self.value(integer)).to_bits64() == value.to_bits64()).then_some(integer)
    }

    /// Values in that precision; `None` when they would not tell their integers apart.
    pub(crate) fn exact<T: Precision>(&self, integers: &[i64]) -> Option<Vec<T>> {
        let value = |integer: &i64| {
            if *integer == MISSING {
                return Some(T::NAN);
            }
            let value = T::round(self.value(*integer));
            (self.integer(value) == Some(*integer)).then_some(value)
        };
        integers.iter().map(value).collect()
    }

    /// The value, with the NaN that is the same on all processors.
    fn canonical<T: Precision>(&self, integer: i64) -> T {
        let value = self.value(integer);
        if value.is_nan() { T::NAN } else { T::round(value) }
    }

    /// Values in that precision.
    pub(crate) fn rounded<T: Precision>(&self, integers: &[i64]) -> Vec<T> {
        integers.iter().map(|n| if *n == MISSING { T::NAN } else { self.canonical(*n) }).collect()
    }
}
