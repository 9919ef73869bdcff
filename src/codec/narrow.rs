//! Numbers of binary64 that all are numbers of binary32: they are coded as such, whose lattices are those of single precision.
//!
//! NaNs count by their bits, which conversions in hardware need not keep.

use crate::field::{DataType, Missing, Values};

/// Bits of the mantissa that binary32 does not have.
const SHORTER: u32 = 52 - 23;
const SIGN: u64 = 1 << 63;
/// The exponent of what is not finite.
const SPECIAL_32: u32 = 0xFF << 23;
const SPECIAL_64: u64 = 0x7FF << 52;

/// The values in binary32, where not one of them is lost.
pub(super) fn narrowed(values: &Values) -> Option<Values> {
    let Values::F64(values) = values else { return None };
    values.iter().map(|v| narrow(v.to_bits()).map(f32::from_bits)).collect::<Option<Vec<f32>>>().map(Values::F32)
}

/// Which of the narrowed values are missing.
pub(super) fn narrowed_missing(missing: &Missing) -> Missing {
    match missing {
        Missing::NonFinite => Missing::NonFinite,
        Missing::Patterns(patterns) => Missing::Patterns(patterns.iter().filter_map(|p| narrow(*p).map(u64::from)).collect()),
    }
}

/// The values of a chunk of that type from those that were coded for them.
pub(super) fn widened(values: Values, data_type: DataType) -> Values {
    match values {
        Values::F32(values) if data_type == DataType::F64 => Values::F64(values.iter().map(|v| f64::from_bits(widen(v.to_bits()))).collect()),
        values => values,
    }
}

fn narrow(bits: u64) -> Option<u32> {
    let short = if bits & SPECIAL_64 == SPECIAL_64 {
        (bits >> 32) as u32 & 1 << 31 | SPECIAL_32 | (bits >> SHORTER) as u32 & !(1 << 31) & !SPECIAL_32
    } else {
        (f64::from_bits(bits) as f32).to_bits()
    };
    (widen(short) == bits).then_some(short)
}

fn widen(bits: u32) -> u64 {
    if bits & SPECIAL_32 == SPECIAL_32 {
        return u64::from(bits) << 32 & SIGN | SPECIAL_64 | u64::from(bits & !SPECIAL_32 & !(1 << 31)) << SHORTER;
    }
    f64::from(f32::from_bits(bits)).to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_number_comes_back_by_its_bits() {
        for bits in [0, 1, 0x7F_FFFF, 0x80_0000, 0x3F80_0001, 0x7F7F_FFFF, 0x7F80_0000, 0x7F80_0001, 0x7FC0_0000, 0x7FFF_FFFF] {
            for bits in [bits, bits | 1 << 31] {
                assert_eq!(narrow(widen(bits)), Some(bits), "{bits:x}");
            }
        }
        for bits in [0.1f64.to_bits(), 1e300f64.to_bits(), 5e-324f64.to_bits(), 0x7FF0_0000_0000_0001, 0x7FF8_0000_0000_0001] {
            assert_eq!(narrow(bits), None, "{bits:x}");
        }
    }
}
