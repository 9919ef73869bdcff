//! The error bound a user asks for.

use crate::error::{Error, Result};
use core::fmt;
use core::str::FromStr;

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
    /// |decoded − source| ≤ bound · |source|, for each value; zeros come back exactly.
    Pointwise(AbsoluteBound),
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

    /// A bound relative to each value.
    ///
    /// # Errors
    /// [`Error::InvalidBound`] unless `bound` is finite and above zero.
    pub fn pointwise(bound: f64) -> Result<Self> {
        AbsoluteBound::new(bound).map(Self::Pointwise)
    }

    /// So many times the bound.
    ///
    /// # Errors
    /// [`Error::InvalidBound`] when what comes out is not finite and above zero.
    pub fn times(self, factor: f64) -> Result<Self> {
        match self {
            Self::Lossless => Ok(self),
            Self::Absolute(bound) => Self::absolute(bound.get() * factor),
            Self::Relative(bound) => Self::relative(bound.get() * factor),
            Self::Pointwise(bound) => Self::pointwise(bound.get() * factor),
        }
    }
}

/// As [`fmt::Display`] writes it: `lossless`, `0.01` (absolute), `0.001 of range`, `1%` (of each value).
impl FromStr for ErrorBound {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let number = |digits: &str| {
            let advice = || Error::InvalidArgument {
                what: format!(
                    "{text:?} is not an error bound; write a number in the variable's units, \"0.001 of range\", \"1%\" of each value, or \"lossless\""
                ),
            };
            digits.trim().parse::<f64>().map_err(|_| advice())
        };
        if text == "lossless" {
            return Ok(Self::Lossless);
        }
        if let Some(digits) = text.strip_suffix("of range") {
            return Self::relative(number(digits)?);
        }
        match text.strip_suffix('%') {
            Some(digits) => Self::pointwise(number(digits)? / 100.0),
            None => Self::absolute(number(text)?),
        }
    }
}

impl fmt::Display for ErrorBound {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Lossless => write!(f, "lossless"),
            Self::Absolute(b) => write!(f, "{}", b.get()),
            Self::Relative(b) => write!(f, "{} of range", b.get()),
            Self::Pointwise(b) => write!(f, "{}%", shortest(100.0 * b.get())),
        }
    }
}

/// A number without the digits that come of multiplying by a hundred.
fn shortest(value: f64) -> f64 {
    let rounded = format!("{value:.12e}").parse().unwrap_or(value);
    if rounded / 100.0 == value / 100.0 || (rounded - value).abs() < 1e-11 * value { rounded } else { value }
}
