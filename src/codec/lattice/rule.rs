//! The rule that turns lattice coordinates back into values, and values into the nearest coordinates.

use super::sample::Sample;
use super::truncated;
use crate::codec::vector::vectorised;
use crate::error::{Error, Result};
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
    /// origin + (base + coordinate) · step, each operation rounded to binary64, the result then rounded to the type: `origin` itself lies on it exactly.
    Anchored { origin: f64, base: i64, step: f64 },
    /// The value whose order-preserving integer is base + coordinate · step.
    Stepped { base: u64, step: u64 },
    /// (base + coordinate) · step + offset, each operation rounded to binary32: packed integers that were unpacked in single precision.
    Single { base: i64, step: f32, offset: f32 },
    /// The value of [`Self::Anchored`], and so many numbers of the type on as the low bits are above [`NEAR`]: unpacked by other arithmetic, or means of what was packed.
    Near { origin: f64, base: i64, step: f64 },
}

/// Numbers of the type that a value may lie on either side of a line near it.
pub(super) const NEAR: u64 = 7;

/// Coordinates stay within ± this, so that prediction never overflows.
pub(crate) const COORDINATE_LIMIT: i32 = 1 << 24;

impl Lattice {
    /// Whether samples have low bits, which are stored beside the coordinate.
    pub(crate) const fn has_low_bits(&self) -> bool {
        matches!(self, Self::Ordered { noise: 1.., .. } | Self::Truncated { .. } | Self::Near { .. })
    }

    /// The low bits of a value.
    pub(crate) fn low<T: Sample>(&self, value: T) -> u64 {
        match *self {
            Self::Ordered { base, shift, noise } => value.to_ordered().wrapping_sub(base) >> shift & ((1 << noise) - 1),
            Self::Truncated { unit, zeros } => truncated::low(unit, value) >> zeros,
            Self::Near { .. } => (NEAR as i64).saturating_add(self.off_line(value)).clamp(0, 2 * NEAR as i64) as u64,
            _ => 0,
        }
    }

    /// How many low bits a value has, octaves below one unit not counted.
    pub(super) fn low_bits<T: Sample>(&self, value: T) -> u32 {
        match *self {
            Self::Ordered { noise, .. } => noise,
            Self::Truncated { unit, zeros } => {
                let octave = truncated::magnitude(truncated::coordinate(unit, value)).checked_ilog2();
                octave.map_or(0, |octave| T::MANTISSA.saturating_sub(octave + zeros))
            }
            // Few lie far from it.
            Self::Near { .. } => 2,
            _ => 0,
        }
    }

    /// How many numbers of the type a value lies above the line that it is near to.
    pub(super) fn off_line<T: Sample>(&self, value: T) -> i64 {
        value.to_ordered().wrapping_sub(self.value::<T>(self.coordinate(value), NEAR).to_ordered()) as i64
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
            Self::Anchored { origin, base, step } => T::from_f64(origin + base.wrapping_add(coordinate) as f64 * step),
            Self::Stepped { base, step } => T::from_ordered(base.saturating_add_signed(coordinate.wrapping_mul(step as i64)).min(T::ORDERED_MAX)),
            Self::Single { base, step, offset } => T::from_f64(f64::from(base.wrapping_add(coordinate) as f32 * step + offset)),
            Self::Near { origin, base, step } => {
                let line = T::from_f64(origin + base.wrapping_add(coordinate) as f64 * step).to_ordered();
                T::from_ordered(line.saturating_add_signed(low as i64 - NEAR as i64).min(T::ORDERED_MAX))
            }
        }
    }

    /// The coordinate whose value is nearest; without low bits, it may need 64 bits.
    #[inline]
    pub(crate) fn coordinate<T: Sample>(&self, value: T) -> i64 {
        match *self {
            Self::Ordered { base, shift, noise } => value.to_ordered().wrapping_sub(base) as i64 >> shift >> noise,
            Self::Truncated { unit, .. } => i64::from(truncated::coordinate(unit, value)),
            Self::Anchored { origin, base, step } | Self::Near { origin, base, step } => packed(value.to_f64(), step, origin).saturating_sub(base),
            Self::Stepped { base, step } => stepped(value.to_ordered(), base, step),
            Self::Single { base, step, offset } => {
                packed(value.to_f64(), step.into(), offset.into()).saturating_sub(base).clamp(-i64::from(COORDINATE_LIMIT), i64::from(COORDINATE_LIMIT))
            }
            _ => i64::from(coordinate(self, value.to_f64()).clamp(-COORDINATE_LIMIT, COORDINATE_LIMIT)),
        }
    }

    /// The values of many coordinates before they are rounded to their type; false where they are made in another way.
    pub(crate) fn reals(&self, coordinates: &[i32], reals: &mut [f64]) -> bool {
        let wide = |c: &i32| i64::from(*c);
        match *self {
            Self::Scaled { offset, step } => scaled(offset, step, coordinates, reals),
            Self::Ratio { base, multiple, divisor } => {
                reals.iter_mut().zip(coordinates).for_each(|(r, c)| *r = base.wrapping_add(wide(c).wrapping_mul(multiple)) as f64 / divisor);
            }
            Self::Anchored { origin, base, step } => {
                reals.iter_mut().zip(coordinates).for_each(|(r, c)| *r = origin + base.wrapping_add(wide(c)) as f64 * step)
            }
            Self::Single { base, step, offset } => {
                reals.iter_mut().zip(coordinates).for_each(|(r, c)| *r = f64::from(base.wrapping_add(wide(c)) as f32 * step + offset));
            }
            Self::Ordered { .. } | Self::Truncated { .. } | Self::Stepped { .. } | Self::Near { .. } => return false,
        }
        true
    }

    /// The coordinates of many floats, as [`Self::coordinate`]; false where they are found in another way.
    pub(crate) fn coordinates(&self, values: &[f64], coordinates: &mut [i32]) -> bool {
        if let Self::Scaled { offset, step } = *self {
            nearest(offset, step, values, coordinates);
            return true;
        }
        if let Self::Ratio { base, multiple, divisor } = *self
            && multiple.unsigned_abs() < 1 << 20
        {
            whole(base as f64, multiple.max(1) as f64, divisor, values, coordinates);
            return true;
        }
        if matches!(self, Self::Ratio { .. } | Self::Anchored { .. } | Self::Single { .. } | Self::Near { .. }) {
            coordinates.iter_mut().zip(values).for_each(|(c, v)| *c = self.coordinate(*v) as i32);
            return true;
        }
        false
    }

    /// Whether values come back as they are, in binary64.
    pub(super) fn gives_back(&self, values: &[f64]) -> bool {
        values.iter().all(|v| self.value::<f64>(coordinate(self, *v).into(), 0) == *v)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
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
            Self::Anchored { origin, base, step } | Self::Near { origin, base, step } => {
                out.push(if matches!(self, Self::Near { .. }) { 8 } else { 5 });
                put_f64(out, origin);
                put_varint(out, base as u64);
                put_f64(out, step);
            }
            Self::Stepped { base, step } => {
                out.push(6);
                put_varint(out, base);
                put_varint(out, step);
            }
            Self::Single { base, step, offset } => {
                out.push(7);
                put_varint(out, base as u64);
                out.extend(step.to_le_bytes());
                out.extend(offset.to_le_bytes());
            }
        }
    }

    pub(super) fn read(kind: u8, reader: &mut Reader) -> Result<Self> {
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
            5 => Ok(Self::Anchored { origin: reader.f64()?, base: reader.varint()? as i64, step: reader.f64()? }),
            6 => Ok(Self::Stepped { base: reader.varint()?, step: reader.varint()? }),
            7 => Ok(Self::Single { base: reader.varint()? as i64, step: single(reader)?, offset: single(reader)? }),
            8 => Ok(Self::Near { origin: reader.f64()?, base: reader.varint()? as i64, step: reader.f64()? }),
            kind => Err(Error::later(format_args!("lattice {kind}"))),
        }
    }
}

vectorised! {
    fn scaled(offset: f64, step: f64, coordinates: &[i32], reals: &mut [f64]) {
        for (r, c) in reals.iter_mut().zip(coordinates) {
            *r = offset + f64::from(*c) * step;
        }
    }
}

vectorised! {
    /// Whole multiples above a base of floats times a divisor, which are integers below 2^53: the arithmetic of these is exact.
    fn whole(base: f64, multiple: f64, divisor: f64, values: &[f64], coordinates: &mut [i32]) {
        const LIMIT: f64 = COORDINATE_LIMIT as f64;
        for (coordinate, value) in coordinates.iter_mut().zip(values) {
            let numerator = if value.is_nan() { 0.0 } else { nearest_integer(value * divisor) };
            let number = (numerator - base) / multiple;
            let above = if number < -LIMIT { -LIMIT } else { number };
            let inside = if above > LIMIT { LIMIT } else { above };
            // Cut towards zero: half a unit less in magnitude, then the nearest integer.
            let cut = inside - inside.signum() * 0.499_999_9;
            *coordinate = (cut + ROUND).to_bits() as i32;
        }
    }
}

vectorised! {
    /// The nearest steps of floats; 0 for what is no number.
    fn nearest(offset: f64, step: f64, values: &[f64], coordinates: &mut [i32]) {
        const LIMIT: f64 = COORDINATE_LIMIT as f64;
        for (coordinate, value) in coordinates.iter_mut().zip(values) {
            let steps = (value - offset) / step;
            let above = if steps < -LIMIT { -LIMIT } else { steps };
            let inside = if above > LIMIT { LIMIT } else { above };
            let number = if inside.is_nan() { 0.0 } else { inside };
            // The nearest integer is in the low bits.
            *coordinate = (number + ROUND).to_bits() as i32;
        }
    }
}

/// The coordinate whose value is nearest to a float.
#[inline]
pub(super) fn coordinate(lattice: &Lattice, value: f64) -> i32 {
    match *lattice {
        Lattice::Scaled { offset, step } => nearest_integer((value - offset) / step) as i32,
        Lattice::Ratio { base, multiple, divisor } => ((nearest_integer(value * divisor) as i64).wrapping_sub(base) / multiple.max(1)) as i32,
        Lattice::Single { .. } | Lattice::Anchored { .. } | Lattice::Near { .. } => lattice.coordinate(value) as i32,
        _ => 0,
    }
}

fn single(reader: &mut Reader) -> Result<f32> {
    let bytes = reader.take(size_of::<f32>())?;
    Ok(f32::from_le_bytes(bytes.try_into().map_err(|_| Error::corrupt("a lattice ends too early"))?))
}

/// The integer that was unpacked to a value; steps of 0 have none.
pub(super) fn packed(value: f64, step: f64, offset: f64) -> i64 {
    nearest_integer((value - offset) / step) as i64
}

/// How many steps an order-preserving integer lies from `base`, rounded; half a step counts upwards.
#[inline(never)]
pub(super) fn stepped(ordered: u64, base: u64, step: u64) -> i64 {
    let (apart, step) = (ordered.abs_diff(base), step.max(1));
    if ordered >= base { (apart.saturating_add(step / 2) / step) as i64 } else { -((apart.saturating_add((step - 1) / 2) / step) as i64) }
}

/// 1.5 · 2^52: added to a float it leaves the nearest integer in the low bits.
pub(crate) const ROUND: f64 = 6_755_399_441_055_744.0;

/// The nearest integer, ties to even, of a number below 2^51 in magnitude: adding and taking away 1.5 · 2^52 rounds without a library call.
#[inline]
pub(crate) fn nearest_integer(value: f64) -> f64 {
    (value + ROUND) - ROUND
}

#[cfg(test)]
mod tests {
    use super::*;

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
