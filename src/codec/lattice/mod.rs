//! Integers that stand for values (docs/format.md, "Lattice"): the rule that turns lattice coordinates back into values.
//!
//! Every value the decoder gives out is a fixed function of integers and of the few numbers in [`Lattice`]. `fit` is the encoder's search for
//! the rule; nothing else here depends on the data.

mod doubles;
mod fit;
mod floats;
mod lattices;
mod lines;
mod listed;
mod low;
mod pointwise;
mod stacked;
mod truncated;

pub(crate) use fit::{Fit, fit, half_spacing};
pub(crate) use lattices::Lattices;
pub(crate) use listed::nearest;
pub(crate) use low::LowBits;

use fit::coordinate;

use crate::error::{Error, Result};
use crate::field::{DataType, Element};
use crate::wire::{Reader, put_f64, put_varint};

/// How a coordinate becomes a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Lattice {
    /// offset + coordinate · step, each operation rounded to binary64, the result then rounded to the type.
    Scaled { offset: f64, step: f64 },
    /// (base + coordinate · multiple) / divisor, rounded to binary64, then to the type.
    Ratio { base: i64, multiple: i64, divisor: f64 },
    /// The value whose order-preserving integer is base + ((coordinate · 2^noise + low bits) · 2^shift).
    Ordered { base: u64, shift: u32, noise: u32 },
    /// The value truncated to a whole number of units, the power of two whose biased exponent is `unit`; the low bits are the rest of its mantissa.
    /// Of those, the lowest `zeros` are 0 in all values. Negative values have inverted coordinates.
    Truncated { unit: u32, zeros: u32 },
}

/// Coordinates stay within ± this, so that prediction never overflows.
pub(crate) const COORDINATE_LIMIT: i32 = 1 << 24;

/// The nearest integer, ties to even, of a number below 2^51 in magnitude: adding and taking away 1.5 · 2^52 rounds without a library call.
#[inline]
pub(crate) fn nearest_integer(value: f64) -> f64 {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    (value + ROUND) - ROUND
}

/// An element a lattice can produce.
pub(crate) trait Sample: Element {
    /// Largest order-preserving integer of the type.
    const ORDERED_MAX: u64 = u64::MAX >> (u64::BITS - Self::TYPE.bits());
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
const fn mantissa(data_type: DataType) -> u32 {
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

impl Lattice {
    /// Whether samples have low bits, which are stored beside the coordinate.
    pub(crate) const fn has_low_bits(&self) -> bool {
        matches!(self, Self::Ordered { noise: 1.., .. } | Self::Truncated { .. })
    }

    /// The low bits of a value.
    pub(crate) fn low<T: Sample>(&self, value: T) -> u64 {
        match *self {
            Self::Ordered { base, shift, noise } => value.to_ordered().wrapping_sub(base) >> shift & ((1 << noise) - 1),
            Self::Truncated { unit, zeros } => truncated::low(unit, value) >> zeros,
            _ => 0,
        }
    }

    /// How many low bits a value has, octaves below one unit not counted.
    fn low_bits<T: Sample>(&self, value: T) -> u32 {
        match *self {
            Self::Ordered { noise, .. } => noise,
            Self::Truncated { unit, zeros } => {
                let octave = truncated::magnitude(truncated::coordinate(unit, value)).checked_ilog2();
                octave.map_or(0, |octave| T::MANTISSA.saturating_sub(octave + zeros))
            }
            _ => 0,
        }
    }

    /// The value of a coordinate; those that ranks stand for may need 64 bits.
    #[inline]
    pub(crate) fn value<T: Sample>(&self, coordinate: i64, low: u64) -> T {
        match *self {
            Self::Scaled { offset, step } => T::from_f64(offset + coordinate as f64 * step),
            Self::Ratio { base, multiple, divisor } => T::from_f64(base.wrapping_add(coordinate.wrapping_mul(multiple)) as f64 / divisor),
            Self::Ordered { base, shift, noise } => {
                let delta = ((coordinate << noise) | low as i64) << shift;
                T::from_ordered(base.saturating_add_signed(delta).min(T::ORDERED_MAX))
            }
            Self::Truncated { unit, zeros } => truncated::value(unit, coordinate as i32, low << zeros),
        }
    }

    /// The coordinate whose value is nearest; without low bits, it may need 64 bits.
    #[inline]
    pub(crate) fn coordinate<T: Sample>(&self, value: T) -> i64 {
        match *self {
            Self::Ordered { base, shift, noise } => value.to_ordered().wrapping_sub(base) as i64 >> shift >> noise,
            Self::Truncated { unit, .. } => i64::from(truncated::coordinate(unit, value)),
            _ => i64::from(coordinate(self, value.to_f64()).clamp(-COORDINATE_LIMIT, COORDINATE_LIMIT)),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Scaled { offset, step } => {
                out.push(0);
                put_f64(out, offset);
                put_f64(out, step);
            }
            Self::Ratio { base, multiple, divisor } => {
                out.push(1);
                put_varint(out, base as u64);
                put_varint(out, multiple as u64);
                put_f64(out, divisor);
            }
            Self::Ordered { base, shift, noise } => {
                out.push(2);
                put_varint(out, base);
                out.extend([shift as u8, noise as u8]);
            }
            Self::Truncated { unit, zeros } => {
                out.push(3);
                put_varint(out, unit.into());
                out.push(zeros as u8);
            }
        }
    }

    fn read(kind: u8, reader: &mut Reader) -> Result<Self> {
        match kind {
            0 => Ok(Self::Scaled { offset: reader.f64()?, step: reader.f64()? }),
            1 => Ok(Self::Ratio { base: reader.varint()? as i64, multiple: reader.varint()? as i64, divisor: reader.f64()? }),
            2 => {
                let (base, shift, noise) = (reader.varint()?, u32::from(reader.u8()?), u32::from(reader.u8()?));
                if shift + noise > 63 {
                    return Err(Error::corrupt("a lattice shifts by more than 63 bits"));
                }
                Ok(Self::Ordered { base, shift, noise })
            }
            3 => {
                let (unit, zeros) = (reader.count("the exponent of a unit", 2047)? as u32, u32::from(reader.u8()?));
                if zeros > f64::MANTISSA {
                    return Err(Error::corrupt("a lattice has more zeros than a mantissa has bits"));
                }
                Ok(Self::Truncated { unit, zeros })
            }
            kind => Err(Error::corrupt(format_args!("lattice kind {kind} does not exist in this format version"))),
        }
    }
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

    #[test]
    fn truncated_floats_come_back_with_their_low_bits() {
        let lattice = Lattice::Truncated { unit: 1008, zeros: 0 };
        for i in 0..1000 {
            for v in [360.0 / 999.7 * f64::from(i), -0.014_731_101_635_748_343 * f64::from(i), 1e-9 * f64::from(i)] {
                let coordinate = lattice.coordinate(v);
                let low = lattice.low(v);
                assert_eq!(lattice.value::<f64>(coordinate, low).to_bits(), v.to_bits(), "{v}");
                assert!(low >> lattice.low_bits(v).max(u32::from(coordinate == 0 || coordinate == -1) * 63) == 0, "{v}");
            }
        }
    }
}
