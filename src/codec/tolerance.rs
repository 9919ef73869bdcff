//! How far the values of a chunk may move.

/// How far a value may move, in stored units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Tolerance {
    /// Every value by so much; 0 is lossless.
    Absolute(f64),
    /// Each value by so much times itself; zeros not at all. Only floats.
    Pointwise(f64),
}

impl Tolerance {
    /// Whether `value` may come back with that error, and other bits.
    pub(crate) fn allows(self, value: f64, error: f64) -> bool {
        match self {
            Self::Absolute(tolerance) => tolerance > 0.0 && error <= tolerance,
            Self::Pointwise(bound) => error / value.abs() <= bound,
        }
    }

    /// Whether `value` has to come back as it is, whatever stands beside it.
    pub(crate) fn keeps(self, value: f64) -> bool {
        matches!(self, Self::Pointwise(_)) && value == 0.0
    }
}
