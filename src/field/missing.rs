//! Which values mean "no data", and how stored numbers become physical ones.

use super::values::Element;
use super::{DataType, Field, with_values};
use crate::error::{Error, Result};

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

impl Field {
    /// Takes stored values that equal `value` as missing from now on. The attributes stay as they are, so that the file does.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the type of the field does not have that number.
    pub fn add_missing(&mut self, value: f64) -> Result<()> {
        let data_type = self.values.data_type();
        let pattern =
            bit_pattern(data_type, value).ok_or_else(|| Error::InvalidArgument { what: format!("{value} is no value of the type {}", data_type.name()) })?;
        match &mut self.missing {
            Missing::Patterns(patterns) if patterns.contains(&pattern) => {}
            Missing::Patterns(patterns) => patterns.push(pattern),
            Missing::NonFinite => self.missing = Missing::Patterns(vec![pattern]),
        }
        Ok(())
    }
}

/// A finite number as bits of the given type; none when the type does not have it.
pub(crate) fn bit_pattern(data_type: DataType, x: f64) -> Option<u64> {
    macro_rules! integer {
        ($t:ident) => {
            Some(x as $t).filter(|n| *n as f64 == x).map($t::to_bits64)
        };
    }
    match data_type {
        DataType::I8 => integer!(i8),
        DataType::U8 | DataType::Char => integer!(u8),
        DataType::I16 => integer!(i16),
        DataType::U16 => integer!(u16),
        DataType::I32 => integer!(i32),
        DataType::U32 => integer!(u32),
        DataType::I64 => integer!(i64),
        DataType::U64 => integer!(u64),
        DataType::F32 => Some(x as f32).filter(|x| x.is_finite()).map(f32::to_bits64),
        DataType::F64 => Some(x.to_bits64()),
    }
}

/// Numbers that files use for "no data" without saying so; the largest of them belong to models whose arrays began as such.
const CODES: [f64; 16] = [99.0, 999.0, 9999.0, 99_999.0, 999_999.0, 32_766.0, 32_767.0, 32_768.0, 1e10, 1e15, 1e20, 1e30, 1e34, 1e35, 1e36, 9.999e20];

/// A stored value that may well mean "no data", though nothing says so: the largest or smallest, one of the usual codes, found more than once, and further from all others than those
/// are from each other.
#[must_use]
pub fn suspected_missing(field: &Field) -> Option<f64> {
    // Types of one byte and text hold classes and colours.
    if field.values.data_type().size() == 1 {
        return None;
    }
    let ends = |but: f64| {
        let (mut low, mut high, mut left_out) = (f64::INFINITY, f64::NEG_INFINITY, 0u64);
        each_present(field, &mut |v| if v == but { left_out += 1 } else { (low, high) = (low.min(v), high.max(v)) });
        (low, high, left_out)
    };
    let (smallest, largest, _) = ends(f64::NAN);
    let usual = |end: f64| CODES.iter().any(|code| (end.abs() - code).abs() <= code * 1e-6);
    [smallest, largest].into_iter().filter(|end| smallest < largest && usual(*end)).find(|end| {
        let (low, high, count) = ends(*end);
        let apart = (end - low).abs().min((end - high).abs());
        count >= 2 && low <= high && apart > high - low
    })
}

/// Calls `visit` with each stored value that is not missing.
fn each_present(field: &Field, visit: &mut dyn FnMut(f64)) {
    let missing = &field.missing;
    with_values!(&field.values, values => values.iter().filter(|v| !missing.is_missing(**v)).for_each(|v| visit(v.to_f64())));
}
