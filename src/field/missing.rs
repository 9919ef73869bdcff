//! Which values mean "no data", and how stored numbers become physical ones.

use super::values::Element;

/// Rule that tells missing values. NaN and infinities are never numbers, whatever the rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// Only values that are not finite.
    NonFinite,
    /// Not finite, or one of these bit patterns (`_FillValue`, `missing_value`), as [`Element::to_bits64`] gives them.
    Patterns(Vec<u64>),
}

impl Missing {
    /// Whether `value` is missing.
    #[inline]
    pub fn is_missing<T: Element>(&self, value: T) -> bool {
        if T::TYPE.is_float() && !value.to_f64().is_finite() {
            return true;
        }
        match self {
            Self::NonFinite => false,
            Self::Patterns(patterns) => patterns.contains(&value.to_bits64()),
        }
    }
}

/// CF packing: physical = stored · scale + offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packing {
    /// `scale_factor`, 1 when absent; never 0.
    pub scale: f64,
    /// `add_offset`, 0 when absent.
    pub offset: f64,
}

impl Packing {
    /// Physical value of a stored one.
    #[inline]
    #[must_use]
    pub fn unpack(&self, stored: f64) -> f64 {
        stored * self.scale + self.offset
    }
}
