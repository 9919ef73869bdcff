//! Values that mean "no data", and those that stand where nothing was written, in NetCDF of either kind.

use super::sign::given_type;
use crate::field::{self, Attribute, DataType, Element, Missing, Values};

/// What the NetCDF library puts where a program wrote no number; the same for both float types.
const DEFAULT_FILL: f32 = f32::from_bits(0x7cf0_0000);

/// The rule of `_FillValue` and `missing_value`, compared in the type that the file has the variable in, or else in that of its numbers.
pub(crate) fn missing_rule(data_type: DataType, attributes: &[Attribute]) -> Missing {
    if data_type == DataType::Char {
        return Missing::NonFinite;
    }
    let given = given_type(data_type, attributes);
    let named = |name| attributes.iter().find(|a| a.name == name).map(|a| &a.value).filter(|v| !matches!(v, Values::Char(_)));
    let fill = named("_FillValue");
    let mut patterns: Vec<u64> = Vec::new();
    for value in [fill, named("missing_value")].into_iter().flatten() {
        for pattern in (0..value.len()).filter_map(|i| bit_pattern(data_type, value, i).or_else(|| bit_pattern(given, value, i))) {
            if !patterns.contains(&pattern) {
                patterns.push(pattern);
            }
        }
    }
    if fill.is_none() && data_type.is_float() {
        let default = if data_type == DataType::F32 { DEFAULT_FILL.to_bits64() } else { f64::from(DEFAULT_FILL).to_bits64() };
        patterns.push(default);
    }
    if patterns.is_empty() { Missing::NonFinite } else { Missing::Patterns(patterns) }
}

/// The number at `index` as bits of the given type; none when the type does not have that number.
fn bit_pattern(data_type: DataType, value: &Values, index: usize) -> Option<u64> {
    if value.data_type() == data_type {
        return value.stored(index).filter(|v| v.number.is_finite()).map(|v| v.bits);
    }
    value.get_f64(index).filter(|x| x.is_finite()).and_then(|x| field::bit_pattern(data_type, x))
}

/// What NetCDF puts where nothing was written.
pub(crate) fn default_fill(data_type: DataType) -> Values {
    match data_type {
        DataType::I8 => Values::I8(vec![-127]),
        DataType::U8 => Values::U8(vec![u8::MAX]),
        DataType::I16 => Values::I16(vec![-32767]),
        DataType::U16 => Values::U16(vec![u16::MAX]),
        DataType::I32 => Values::I32(vec![-2_147_483_647]),
        DataType::U32 => Values::U32(vec![u32::MAX]),
        DataType::I64 => Values::I64(vec![-9_223_372_036_854_775_806]),
        DataType::U64 => Values::U64(vec![u64::MAX - 1]),
        DataType::F32 => Values::F32(vec![DEFAULT_FILL]),
        DataType::F64 => Values::F64(vec![DEFAULT_FILL.to_f64()]),
        DataType::Char => Values::Char(vec![0]),
    }
}
