//! The encoder's search for the lattice of a chunk.
//!
//! Much climate data is k · step + offset in disguise (packed NetCDF, GRIB, decimals): found and proven, it costs far less than float bits.
//! All arithmetic is plain binary64 in a fixed order, so the same input gives the same lattice everywhere.

use super::fitted::{EXAMPLES, Fit, Fitted, bits};
use super::floats::Floats;
use super::listed::listed;
use super::pointwise::pointwise;
use super::rule::{COORDINATE_LIMIT, Lattice};
use super::sample::Sample;
use super::stacked::stacked;
use super::truncated::{self, magnitude};
use crate::codec::tolerance::Tolerance;
use crate::field::DataType;

/// Finds the lattices of `values` (none of them missing; so many in each plane) for a tolerance. The values are floats of that type, or order-preserving integers.
pub(crate) fn fit<T: Sample>(values: &[T], data_type: DataType, counts: &[usize], tolerance: Tolerance) -> Fit {
    let tolerance = match tolerance {
        Tolerance::Absolute(tolerance) => tolerance,
        Tolerance::Pointwise(bound) => {
            if let Some(fitted) = pointwise(values, bound).filter(|_| T::TYPE.is_float()) {
                return listed(values, &fitted).unwrap_or_else(|| fitted.for_all());
            }
            0.0
        }
    };
    if !T::TYPE.is_float() {
        let fitted = integers(values, tolerance);
        // Pixels have ways of their own.
        let listed = if data_type.size() == 1 { None } else { listed(values, &fitted) };
        return listed.unwrap_or_else(|| fitted.for_all());
    }
    let numbers: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
    let even = Floats::new(&numbers, data_type).fit(tolerance);
    let fitted = even.or_else(|| truncated(values)).unwrap_or_else(|| exact(values));
    stacked(&numbers, data_type, counts, tolerance, &fitted).or_else(|| listed(values, &fitted)).unwrap_or_else(|| fitted.for_all())
}

/// Steps as wide as the tolerance allows, or the exact lattice.
fn integers<T: Sample>(values: &[T], tolerance: f64) -> Fitted {
    let lossless = exact(values);
    let Lattice::Ordered { base, .. } = lossless.lattice else { return lossless };
    let span = values.iter().map(|v| v.to_ordered() - base).max().unwrap_or(0);
    let reach = (tolerance.max(0.0) as i64).min(i64::from(COORDINATE_LIMIT / 2)) as i32;
    match i32::try_from(span) {
        Ok(top) if reach > 0 && top < COORDINATE_LIMIT => Fitted { lattice: Lattice::Ordered { base, shift: 0, noise: 0 }, quantum: 2 * reach + 1, top },
        _ => lossless,
    }
}

/// Order-preserving integers less the smallest, without common trailing zeros, the lowest bits split off when there are too many.
fn exact<T: Sample>(values: &[T]) -> Fitted {
    let ordered = || values.iter().map(|v| v.to_ordered());
    let base = ordered().min().unwrap_or(0);
    let (used, span) = ordered().fold((0, 0), |(used, span), o| (used | (o - base), (o - base).max(span)));
    let shift = if used == 0 { 0 } else { used.trailing_zeros() };
    Fitted::exact(Lattice::Ordered { base, shift, noise: bits(span >> shift).saturating_sub(COORDINATE_LIMIT.ilog2()) })
}

/// Values in units of the spacing of floats at the largest magnitude; `None` where they span so many octaves that their bits predict each other better.
fn truncated<T: Sample>(values: &[T]) -> Option<Fitted> {
    let largest = values.iter().map(|v| v.to_bits64() & (T::ORDERED_MAX >> 1)).max()?;
    let unit = ((largest >> T::MANTISSA) as u32).saturating_sub(COORDINATE_LIMIT.ilog2() - 1).max(1);
    let zeros = values.iter().fold(1 << T::MANTISSA, |used, v| used | v.to_bits64()).trailing_zeros();
    let lattice = Lattice::Truncated { unit, zeros };
    let below = |v: T| T::MANTISSA.saturating_sub(magnitude(truncated::coordinate(unit, v)).max(1).ilog2() + zeros);
    let low = |v: T| u64::from(if v.to_f64() == 0.0 { 0 } else { below(v) });
    let (mut ordered, mut truncated, mut pairs) = (0, 0, 0);
    for pair in values.windows(2).step_by(values.len().div_ceil(EXAMPLES).max(1)) {
        let (a, b) = (*pair.first()?, *pair.last()?);
        ordered += u64::from(bits(a.to_ordered().abs_diff(b.to_ordered()) >> zeros));
        truncated += u64::from(bits(lattice.coordinate(a).abs_diff(lattice.coordinate(b)))) + low(a);
        pairs += 1;
    }
    (truncated <= ordered + pairs + pairs / 8).then(|| Fitted::exact(lattice))
}
