//! The encoder's search for the lattice of a chunk.
//!
//! Much climate data is k · step + offset in disguise (packed NetCDF, GRIB, decimals): found and proven, it costs far less than float bits.
//! All arithmetic is plain binary64 in a fixed order, so the same input gives the same lattice everywhere.

use super::floats::Floats;
use super::listed::listed;
use super::pointwise::pointwise;
use super::stacked::stacked;
use super::truncated::{self, magnitude};
use super::{COORDINATE_LIMIT, Lattice, Lattices, Sample, nearest_integer};
use crate::codec::Tolerance;
use crate::field::DataType;

/// The rule for a chunk and its quantum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    pub(crate) lattices: Lattices,
    /// Odd: reconstructions of one coordinate lie this far apart. 1 is exact.
    pub(crate) quantum: i32,
    /// Largest coordinate whose value is not above the largest of the source; the smallest coordinate is 0.
    pub(crate) top: i32,
    /// The coordinates in use, ascending, where samples are their ranks.
    pub(crate) used: Option<Vec<i64>>,
}

/// One lattice for all planes, with quantum and top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fitted {
    pub(super) lattice: Lattice,
    pub(super) quantum: i32,
    pub(super) top: i32,
}

impl Fitted {
    pub(super) const fn exact(lattice: Lattice) -> Self {
        Self { lattice, quantum: 1, top: i32::MAX }
    }

    /// The same lattice for all planes.
    const fn for_all(self) -> Fit {
        Fit { lattices: Lattices::One(self.lattice), quantum: self.quantum, top: self.top, used: None }
    }
}

/// Values looked at first when a lattice is searched.
pub(super) const EXAMPLES: usize = 1024;

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

/// How far apart reconstructions are, for values up to a magnitude.
pub(super) fn spacing(fitted: &Fitted, magnitude: f64, data_type: DataType) -> f64 {
    match fitted.lattice {
        Lattice::Ordered { .. } | Lattice::Truncated { .. } => 2.0 * half_spacing(magnitude, data_type),
        _ => f64::from(fitted.quantum) * step(&fitted.lattice),
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

/// Binary digits of a number.
pub(super) const fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Spacing of a lattice's values.
pub(super) fn step(lattice: &Lattice) -> f64 {
    match *lattice {
        Lattice::Scaled { step, .. } => step,
        Lattice::Ratio { multiple, divisor, .. } => multiple as f64 / divisor,
        _ => 1.0,
    }
}

/// The coordinate whose value is nearest to a float.
#[inline]
pub(super) fn coordinate(lattice: &Lattice, value: f64) -> i32 {
    match *lattice {
        Lattice::Scaled { offset, step } => nearest_integer((value - offset) / step) as i32,
        Lattice::Ratio { base, multiple, divisor } => ((nearest_integer(value * divisor) as i64).wrapping_sub(base) / multiple.max(1)) as i32,
        _ => 0,
    }
}

/// Half the distance from a magnitude to the next number of the type.
pub(crate) fn half_spacing(magnitude: f64, data_type: DataType) -> f64 {
    match data_type {
        DataType::F32 => (f64::from((magnitude as f32).next_up()) - f64::from(magnitude as f32)) / 2.0,
        DataType::F64 => (magnitude.next_up() - magnitude) / 2.0,
        _ => 0.5,
    }
}
