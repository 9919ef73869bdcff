//! Errors, value by value.

use crate::error::{Error, Result};
use crate::field::{Element, ErrorBound, Field, Missing, Packing, Values};

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
    let missing = original.missing.or(&decoded.missing);
    macro_rules! typed {
        ($($v:ident)*) => {
            match (&original.values, &decoded.values) {
                $((Values::$v(a), Values::$v(b)) if original.shape == decoded.shape => Ok(differences(a, b, &missing, original.packing())),)*
                _ => Err(Error::InvalidArgument { what: format!("{:?} and {:?} differ in type or shape", original.name, decoded.name) }),
            }
        };
    }
    typed!(I8 U8 I16 U16 I32 U32 I64 U64 F32 F64 Char)
}

fn differences<T: Element>(original: &[T], decoded: &[T], missing: &Missing, packing: Packing) -> Comparison {
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
    let (mut sum, mut squares, mut ends) = (0.0, 0.0, None);
    for (a, b) in original.iter().zip(decoded) {
        let same = a.to_bits64() == b.to_bits64();
        result.bit_identical &= same;
        if missing.is_missing(*a) || missing.is_missing(*b) {
            result.missing += u64::from(missing.is_missing(*a));
            result.missing_equal &= same;
            continue;
        }
        let error = if same { 0.0 } else { b.less(*a) * packing.scale };
        ends = Some(ends.map_or((*a, *a), |(low, high): (T, T)| (if *a < low { *a } else { low }, if *a > high { *a } else { high })));
        result.count += 1;
        result.max_abs_error = result.max_abs_error.max(error.abs());
        if !same {
            let pointwise = error.abs() / packing.unpack(a.to_f64()).abs();
            result.max_pointwise_error = result.max_pointwise_error.max(if pointwise.is_nan() { f64::INFINITY } else { pointwise });
        }
        sum += error;
        squares += error * error;
    }
    if result.count > 0 {
        result.bias = sum / result.count as f64;
        result.rmse = (squares / result.count as f64).sqrt();
        result.range = ends.map_or(0.0, |(smallest, largest)| largest.less(smallest)) * packing.scale.abs();
    }
    result
}
