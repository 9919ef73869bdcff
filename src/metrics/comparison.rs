//! Errors, value by value.

use crate::error::{Error, Result};
use crate::field::{DataType, ErrorBound, Field, each_pair};

/// The difference between two arrays, in physical (unpacked) units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Values compared, missing ones not counted.
    pub count: u64,
    /// Missing values of the original.
    pub missing: u64,
    /// Largest |decoded − original|.
    pub max_abs_error: f64,
    /// Largest |decoded − original| / |original|; infinite where a zero came back as something else.
    pub max_pointwise_error: f64,
    /// Root of the mean squared difference.
    pub rmse: f64,
    /// Mean of decoded − original.
    pub bias: f64,
    /// Largest less smallest value of the original.
    pub range: f64,
    /// Whether the same values are missing, with the same bits.
    pub missing_equal: bool,
    /// Whether every value has the same bits.
    pub bit_identical: bool,
}

impl Comparison {
    /// Peak signal-to-noise ratio in dB: the range of the original over the RMSE. Infinite without error; `None` without values or range.
    #[must_use]
    pub fn psnr(&self) -> Option<f64> {
        let exact = self.rmse == 0.0;
        (self.count > 0 && (exact || self.range > 0.0)).then(|| if exact { f64::INFINITY } else { 20.0 * (self.range / self.rmse).log10() })
    }

    /// Whether all values lie within a bound, which `absolute` is in physical units, and missing ones came back as they were.
    #[must_use]
    pub fn keeps(&self, bound: ErrorBound, absolute: f64) -> bool {
        self.missing_equal
            && match bound {
                ErrorBound::Lossless => self.bit_identical,
                ErrorBound::Absolute(_) | ErrorBound::Relative(_) => self.max_abs_error <= absolute,
                ErrorBound::Pointwise(bound) => self.max_pointwise_error <= bound.get(),
            }
    }
}

/// Compares decoded values with their source. What is missing in either is: an archive may have taken codes for missing that its source does not declare.
///
/// # Errors
/// [`Error::InvalidArgument`] when type or shape differ.
pub fn compare(original: &Field, decoded: &Field) -> Result<Comparison> {
    let data_type = original.values.data_type();
    if data_type != decoded.values.data_type() || original.shape != decoded.shape {
        return Err(Error::InvalidArgument { what: format!("{:?} and {:?} differ in type or shape", original.name, decoded.name) });
    }
    let (missing, packing) = (original.missing.or(&decoded.missing), original.packing());
    let mut result = Comparison {
        count: 0,
        missing: 0,
        max_abs_error: 0.0,
        max_pointwise_error: 0.0,
        rmse: 0.0,
        bias: 0.0,
        range: 0.0,
        missing_equal: true,
        bit_identical: true,
    };
    let (mut sum, mut squares) = (0.0, 0.0);
    let (mut low, mut high, mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY, i128::MAX, i128::MIN);
    each_pair(&original.values, &decoded.values, |value, back, error| {
        let (same, is_missing) = (value.bits == back.bits, value.is_missing(&missing));
        result.bit_identical &= same;
        if is_missing || back.is_missing(&missing) {
            result.missing += u64::from(is_missing);
            result.missing_equal &= same;
            return;
        }
        let error = if same { 0.0 } else { error * packing.scale };
        (low, high) = (low.min(value.number), high.max(value.number));
        (least, most) = (least.min(value.whole(data_type)), most.max(value.whole(data_type)));
        result.count += 1;
        result.max_abs_error = result.max_abs_error.max(error.abs());
        if !same {
            let pointwise = error.abs() / packing.unpack(value.number).abs();
            result.max_pointwise_error = result.max_pointwise_error.max(if pointwise.is_nan() { f64::INFINITY } else { pointwise });
        }
        sum += error;
        squares += error * error;
    });
    if result.count > 0 {
        // Whole numbers beyond 2^53 are none of float64.
        let span = if matches!(data_type, DataType::I64 | DataType::U64) { (most - least) as f64 } else { high - low };
        result.bias = sum / result.count as f64;
        result.rmse = (squares / result.count as f64).sqrt();
        result.range = span * packing.scale.abs();
    }
    Ok(result)
}
