//! Functions whose last bit is the same on every machine, unlike those of the standard library, so that what they yield need not be stored (docs/format.md, section 3).

pub(super) use libm::{asin, atan, atan2, cos, exp, log, sin, tan};

/// Degrees in a radian, and radians in a degree.
const DEGREES: f64 = 57.295_779_513_082_32;
const RADIANS: f64 = 0.017_453_292_519_943_295;

pub(super) fn degrees(radians: f64) -> f64 {
    radians * DEGREES
}

pub(super) fn radians(degrees: f64) -> f64 {
    degrees * RADIANS
}

/// A power of what is not negative.
pub(super) fn power(base: f64, exponent: f64) -> f64 {
    exp(exponent * log(base))
}

/// `number` divided by so many powers of ten; multiplied where that is negative.
pub(super) fn scaled(number: f64, decimals: i64) -> f64 {
    let ten = (0..decimals.unsigned_abs()).fold(1.0, |ten, _| ten * 10.0);
    if decimals < 0 { number * ten } else { number / ten }
}
