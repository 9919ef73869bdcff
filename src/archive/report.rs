//! What is told of a variable.

use crate::codec::{BaseReport, Level};
use crate::field::{DataType, ErrorBound, Suspect};
use crate::network::model::ModelId;

/// A bias above this part of the mean magnitude is told: sums change by as much.
pub const MOST_BIAS: f64 = 1e-3;

/// What an archive says, or a compressor found, about a variable.
#[derive(Debug, Clone, PartialEq)]
pub struct VariableReport {
    /// Name.
    pub name: String,
    /// Element type.
    pub data_type: DataType,
    /// Length of each dimension, slowest first.
    pub shape: Vec<usize>,
    /// Bytes of the values.
    pub raw_bytes: u64,
    /// Bytes of its chunks.
    pub archive_bytes: u64,
    /// The bound it was given; coordinates and text are lossless whatever was asked.
    pub bound: ErrorBound,
    /// The bound in the variable's units; 0 when lossless.
    pub absolute_bound: f64,
    /// Largest |decoded − source| measured, in the variable's units.
    pub max_abs_error: f64,
    /// Mean of decoded less source, in the variable's units: the bias. 0 when lossless.
    pub mean_error: f64,
    /// Mean of the magnitudes of the source, in the variable's units, which the bias is told by; not known when lossless.
    pub mean_magnitude: Option<f64>,
    /// Values that came back as they are, in the variable's units, and how often each is there.
    pub kept: Vec<(f64, u64)>,
    /// Whether every value kept its sign.
    pub signs: bool,
    /// Whether nothing moves when the values are compressed once more at the same bound.
    pub stable: bool,
    /// Number of missing values.
    pub missing: u64,
    /// XXH3-64 of the decoded values as little-endian bytes in C order.
    pub checksum: u64,
    /// The network without which it cannot be decoded.
    pub model: Option<ModelId>,
    /// The level it was compressed at; only the compressor knows.
    pub level: Option<Level>,
    /// What base layers came to, where they were tried; only the compressor knows.
    pub base: Option<BaseReport>,
    /// The part of the range that the bound is, where that is 5 % or more, so that little is left of the variable; only the compressor knows.
    pub coarse: Option<f64>,
    /// Why it is kept without loss though it has a bound: that is finer than its precision; only the compressor knows.
    pub unmet: Option<String>,
    /// Stored values that look like codes for missing which its file does not declare; only the compressor knows.
    pub suspects: Vec<Suspect>,
}

impl VariableReport {
    /// The mean error as a part of the mean magnitude, which sums change by; not known when lossless.
    #[must_use]
    pub fn bias(&self) -> Option<f64> {
        self.mean_magnitude.filter(|magnitude| *magnitude > 0.0).map(|magnitude| self.mean_error.abs() / magnitude)
    }

    /// Whether sums change by more than [`MOST_BIAS`].
    #[must_use]
    pub fn is_biased(&self) -> bool {
        self.bias().is_some_and(|bias| bias > MOST_BIAS)
    }
}
