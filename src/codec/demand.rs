//! What the values of a variable may become.

use super::lattice::Steps;
use super::tolerance::Tolerance;
use crate::field::{DataType, Packing};

/// How far values may move, and what must not become of them. All in stored units.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Demand {
    pub(crate) tolerance: Tolerance,
    /// Values that come back as they are, those that are found most often first.
    pub(crate) kept: Vec<f64>,
    /// Whether no value may change its (physical) sign, 0 being one of its own.
    pub(crate) signs: bool,
    /// Whether what is decoded comes back as it is when it is encoded once more, however it is cut into chunks.
    pub(crate) stable: bool,
    /// Smallest and largest value of the variable.
    pub(crate) range: [f64; 2],
    pub(crate) packing: Packing,
}

impl Demand {
    /// Every bit comes back.
    pub(crate) const LOSSLESS: Self = Self {
        tolerance: Tolerance::Absolute(0.0),
        kept: Vec::new(),
        signs: false,
        stable: false,
        range: [f64::NEG_INFINITY, f64::INFINITY],
        packing: Packing { scale: 1.0, offset: 0.0 },
    };

    pub(crate) fn is_lossless(&self) -> bool {
        self.tolerance == Tolerance::Absolute(0.0)
    }

    /// The steps that values are put on whatever they are, where something asks for that; `zero` is the order-preserving integer of 0.
    pub(crate) fn steps(&self, data_type: DataType, zero: u64) -> Option<Steps> {
        if self.signs && self.packing.offset == 0.0 {
            return Steps::signed(data_type, zero, self.tolerance);
        }
        self.stable.then(|| Steps::fixed(data_type, zero, self.tolerance)).flatten()
    }

    /// Whether `back` may stand for `value`, from which it differs by `error`.
    pub(crate) fn allows(&self, value: f64, back: f64, error: f64) -> bool {
        self.tolerance.allows(value, error) && (back == value || !self.kept.contains(&value)) && (!self.signs || self.sign(value) == self.sign(back))
    }

    fn sign(&self, stored: f64) -> Option<core::cmp::Ordering> {
        self.packing.unpack(stored).partial_cmp(&0.0)
    }
}
