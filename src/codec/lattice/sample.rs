//! Elements that lattices produce, and the integers that sort as they do.

use crate::field::{DataType, Element};

/// An element a lattice can produce.
pub(crate) trait Sample: Element {
    /// Largest order-preserving integer of the type.
    const ORDERED_MAX: u64 = Self::TYPE.ordered_max();
    /// Stored bits of the mantissa.
    const MANTISSA: u32 = mantissa(Self::TYPE);
    /// The nearest value; out of range saturates.
    fn from_f64(value: f64) -> Self;
    /// An integer that sorts as the value does; a bijection on bit patterns.
    fn to_ordered(self) -> u64;
    /// The value of an ordered integer.
    fn from_ordered(ordered: u64) -> Self;
}

macro_rules! samples {
    ($($t:ident $to:expr, $from:expr;)*) => {$(
        impl Sample for $t {
            #[inline]
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            fn from_f64(value: f64) -> Self { value as $t }
            #[inline]
            fn to_ordered(self) -> u64 { ($to)(self) }
            #[inline]
            fn from_ordered(ordered: u64) -> Self { ($from)(ordered) }
        }
    )*};
}

samples! {
    u8 u64::from, |o| o as u8;
    u16 u64::from, |o| o as u16;
    u32 u64::from, |o| o as u32;
    u64 |v| v, |o| o;
    i8 |v| u64::from(v as u8 ^ 0x80), |o| (o as u8 ^ 0x80) as i8;
    i16 |v| u64::from(v as u16 ^ 0x8000), |o| (o as u16 ^ 0x8000) as i16;
    i32 |v| u64::from(v as u32 ^ 0x8000_0000), |o| (o as u32 ^ 0x8000_0000) as i32;
    i64 |v| v as u64 ^ 1 << 63, |o| (o ^ 1 << 63) as i64;
    f32 |v: f32| ordered32(v.to_bits()), |o| f32::from_bits(unordered32(o as u32));
    f64 |v: f64| ordered64(v.to_bits()), |o| f64::from_bits(unordered64(o));
}

/// Stored bits of a type's mantissa; integers have none.
pub(super) const fn mantissa(data_type: DataType) -> u32 {
    match data_type {
        DataType::F32 => 23,
        DataType::F64 => 52,
        _ => 0,
    }
}

/// Negative floats run backwards in their bit patterns: flip them, and put positive ones above.
fn ordered32(bits: u32) -> u64 {
    u64::from(if bits >> 31 == 1 { !bits } else { bits | 1 << 31 })
}

fn unordered32(ordered: u32) -> u32 {
    if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered }
}

fn ordered64(bits: u64) -> u64 {
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn unordered64(ordered: u64) -> u64 {
    if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Sample>(ascending: &[T]) {
        for pair in ascending.windows(2) {
            assert!(pair[0].to_ordered() < pair[1].to_ordered(), "{pair:?}");
        }
        for v in ascending {
            assert_eq!(T::from_ordered(v.to_ordered()).to_bits64(), v.to_bits64());
        }
    }

    #[test]
    fn ordered_integers_sort_as_values_do() {
        check(&[f32::NEG_INFINITY, f32::MIN, -1.0, -1e-45, -0.0, 0.0, 1e-45, 1.0, f32::MAX, f32::INFINITY, f32::NAN]);
        check(&[f64::NEG_INFINITY, f64::MIN, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, f64::MAX, f64::INFINITY, f64::NAN]);
        check(&[i8::MIN, -1, 0, 1, i8::MAX]);
        check(&[i16::MIN, -1, 0, 1, i16::MAX]);
        check(&[i32::MIN, -1, 0, 1, i32::MAX]);
        check(&[i64::MIN, -1, 0, 1, i64::MAX]);
        check(&[0u64, 1, u64::MAX]);
    }
}
