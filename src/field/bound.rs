//! The error bound a user asks for.

use crate::error::{Error, Result};

/// A positive finite number, checked when it is made.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct AbsoluteBound(f64);

impl AbsoluteBound {
    /// # Errors
    /// [`Error::InvalidBound`] unless `value` is finite and above zero.
    pub fn new(value: f64) -> Result<Self> {
        if value.is_finite() && value > 0.0 { Ok(Self(value)) } else { Err(Error::InvalidBound { given: value }) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// How far a decoded value may lie from the source, in physical (unpacked) units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ErrorBound {
    /// Every value comes back bit for bit.
    Lossless,
    /// |decoded − source| ≤ bound, in the variable's units.
    Absolute(AbsoluteBound),
    /// |decoded − source| ≤ bound · (largest − smallest value of the variable).
    Relative(AbsoluteBound),
}

impl ErrorBound {
    /// An absolute bound.
    ///
    /// # Errors
    /// [`Error::InvalidBound`] unless `bound` is finite and above zero.
    pub fn absolute(bound: f64) -> Result<Self> {
        AbsoluteBound::new(bound).map(Self::Absolute)
    }

    /// A bound relative to the range of the variable.
    ///
    /// # Errors
    /// [`Error::InvalidBound`] unless `bound` is finite and above zero.
    pub fn relative(bound: f64) -> Result<Self> {
        AbsoluteBound::new(bound).map(Self::Relative)
    }
}
