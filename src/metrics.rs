//! How far decoded values lie from their source.

use crate::error::{Error, Result};
use crate::field::{Element, Field, Missing, Packing, Values};

/// The difference between two arrays, in physical (unpacked) units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Values compared, missing ones not counted.
    pub count: u64,
    /// Missing values of the original.
    pub missing: u64,
    /// Largest |decoded − original|.
    pub max_abs_error: f64,
    /// Root of the mean squared difference.
    pub rmse: f64,
    /// Largest less smallest value of the original.
    pub range: f64,
    /// Whether the same values are missing, with the same bits.
    pub missing_equal: bool,
    /// Whether every value has the same bits.
    pub bit_identical: bool,
}

/// Compares decoded values with their source.
///
/// # Errors
/// [`Error::InvalidArgument`] when type or shape differ.
pub fn compare(original: &Field, decoded: &Field) -> Result<Comparison> {
    macro_rules! typed {
        ($($v:ident)*) => {
            match (&original.values, &decoded.values) {
                $((Values::$v(a), Values::$v(b)) if original.shape == decoded.shape => Ok(differences(a, b, &original.missing, original.packing())),)*
                _ => Err(Error::InvalidArgument { what: format!("{:?} and {:?} differ in type or shape", original.name, decoded.name) }),
            }
        };
    }
    typed!(I8 U8 I16 U16 I32 U32 I64 U64 F32 F64 Char)
}

fn differences<T: Element>(original: &[T], decoded: &[T], missing: &Missing, packing: Packing) -> Comparison {
    let mut result = Comparison { count: 0, missing: 0, max_abs_error: 0.0, rmse: 0.0, range: 0.0, missing_equal: true, bit_identical: true };
    let (mut squares, mut smallest, mut largest) = (0.0, f64::INFINITY, f64::NEG_INFINITY);
    let scale = packing.scale.abs();
    for (a, b) in original.iter().zip(decoded) {
        let same = a.to_bits64() == b.to_bits64();
        result.bit_identical &= same;
        if missing.is_missing(*a) || missing.is_missing(*b) {
            result.missing += u64::from(missing.is_missing(*a));
            result.missing_equal &= same;
            continue;
        }
        let (a, b) = (a.to_f64(), b.to_f64());
        let error = if same { 0.0 } else { (b - a).abs() * scale };
        result.count += 1;
        result.max_abs_error = result.max_abs_error.max(error);
        squares += error * error;
        (smallest, largest) = (smallest.min(a), largest.max(a));
    }
    if result.count > 0 {
        result.rmse = (squares / result.count as f64).sqrt();
        result.range = (largest - smallest) * scale;
    }
    result
}
