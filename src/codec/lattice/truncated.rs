//! Floats as whole units of a power of two and the rest of their mantissa.

use super::sample::Sample;

/// Units in the magnitude of a truncated value.
pub(super) const fn magnitude(coordinate: i32) -> u32 {
    (if coordinate < 0 { !coordinate } else { coordinate }) as u32
}

/// The sign bit of a float type.
fn sign<T: Sample>() -> u64 {
    T::ORDERED_MAX - T::ORDERED_MAX / 2
}

/// The float that is so many units (of that biased exponent) and some low bits.
#[inline]
pub(super) fn value<T: Sample>(unit: u32, coordinate: i32, low: u64) -> T {
    let bits = magnitude(coordinate).checked_ilog2().map_or(low, |octave| {
        let below = u64::from(magnitude(coordinate) & !(1 << octave)) << T::MANTISSA.saturating_sub(octave) >> octave.saturating_sub(T::MANTISSA);
        (u64::from(unit + octave) << T::MANTISSA) | below | low
    });
    T::from_bits64(bits & (sign::<T>() - 1) | if coordinate < 0 { sign::<T>() } else { 0 })
}

/// Whole units of a float.
#[inline]
pub(super) fn coordinate<T: Sample>(unit: u32, value: T) -> i32 {
    let bits = value.to_bits64() & (sign::<T>() - 1);
    let octave = (bits >> T::MANTISSA) as i32 - unit as i32;
    let mantissa = bits & ((1 << T::MANTISSA) - 1) | 1 << T::MANTISSA;
    let whole = if octave < 0 { 0 } else { (mantissa >> T::MANTISSA.saturating_sub(octave as u32)) as i32 };
    if value.to_bits64() & sign::<T>() == 0 { whole } else { !whole }
}

/// What is left of a float without its whole units.
pub(super) fn low<T: Sample>(unit: u32, value: T) -> u64 {
    let bits = value.to_bits64() & (sign::<T>() - 1);
    magnitude(coordinate(unit, value)).checked_ilog2().map_or(bits, |octave| bits & ((1 << T::MANTISSA.saturating_sub(octave)) - 1))
}
