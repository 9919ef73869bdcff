//! Steps that are there before the values are looked at: fixed by type and bound alone, so that what was decoded lies on them when it is encoded again, or laid through values that
//! have to come back as they are. Values are put on them first, and what they become is coded exactly.

use super::fitted::{Fit, Fitted};
use super::listed::listed;
use super::rule::{COORDINATE_LIMIT, Lattice, nearest_integer, stepped};
use super::sample::{Sample, mantissa};
use crate::codec::tolerance::Tolerance;
use crate::field::DataType;

/// Significant bits of a step among floats: multiples of so short a number need no rounding up to 65,536 of them, and it is short of the bound by 1/256 on average.
const BITS: u32 = 8;
/// The step through two values is taken where it is at least so much of the one that the bound allows.
const WORTHWHILE: f64 = 0.7;

/// Even steps that values are put on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Steps {
    /// Floats: origin + k · step.
    Even { origin: f64, step: f64 },
    /// Order-preserving integers that lie whole steps from `origin`.
    Ordered { origin: u64, step: u64 },
}

impl Steps {
    /// Those that type and tolerance alone set: multiples of twice the tolerance, 0 among them. `None` where no value may move.
    pub(crate) fn fixed(data_type: DataType, zero: u64, tolerance: Tolerance) -> Option<Self> {
        match tolerance {
            Tolerance::Absolute(tolerance) if data_type.is_float() => Some(Self::Even { origin: 0.0, step: shortened(2.0 * tolerance)? }),
            Tolerance::Absolute(tolerance) => Some(Self::Ordered { origin: zero, step: 2 * reach(tolerance)? + 1 }),
            Tolerance::Pointwise(bound) => {
                let places = bound.min(1.0) * (1u64 << mantissa(data_type)) as f64 * (1.0 - 1e-9);
                Some(Self::Ordered { origin: zero, step: 2 * reach(places)? + 1 })
            }
        }
    }

    /// Those on which no value changes its sign: as [`Self::fixed`], half a step from 0, which has to be told otherwise.
    pub(crate) fn signed(data_type: DataType, zero: u64, tolerance: Tolerance) -> Option<Self> {
        match Self::fixed(data_type, zero, tolerance)? {
            Self::Even { step, .. } => Some(Self::Even { origin: step / 2.0, step }),
            // Of an even step, half is whole.
            Self::Ordered { origin, step } => Some(Self::Ordered { origin: origin + step / 2, step: step - 1 }),
        }
    }

    /// Those through one value, at most `widest` apart.
    pub(crate) fn through<T: Sample>(value: T, widest: f64, data_type: DataType) -> Option<Self> {
        if data_type.is_float() {
            return (widest > 0.0 && widest.is_finite()).then(|| Self::Even { origin: value.to_f64(), step: widest });
        }
        (widest >= 1.0).then(|| Self::Ordered { origin: value.to_ordered(), step: widest as u64 })
    }

    /// As those, but through another value too; `None` where that makes them much finer. Where they have to be whole numbers of a `unit`, they stay so.
    pub(crate) fn and_through<T: Sample>(self, other: T, unit: Option<f64>) -> Option<Self> {
        match self {
            Self::Even { origin, step } => {
                let apart = (other.to_f64() - origin).abs();
                let through = match unit {
                    None => apart / (apart / step).ceil(),
                    Some(unit) => divisor(nearest_integer(apart / unit) as u64, nearest_integer(step / unit) as u64)? as f64 * unit,
                };
                (through > WORTHWHILE * step).then_some(Self::Even { origin, step: through })
            }
            Self::Ordered { origin, step } => divisor(other.to_ordered().abs_diff(origin), step).map(|step| Self::Ordered { origin, step }),
        }
    }

    /// The lattice whose coordinates count from `origin`.
    const fn lattice(self) -> Lattice {
        match self {
            Self::Even { origin, step } => Lattice::Anchored { origin, base: 0, step },
            Self::Ordered { origin, step } => Lattice::Stepped { base: origin, step },
        }
    }

    /// How many steps a value, whose order-preserving integer is given too, lies from the origin, rounded.
    pub(crate) fn place(self, value: f64, ordered: u64) -> i64 {
        match self {
            Self::Even { origin, step } => nearest_integer((value - origin) / step) as i64,
            Self::Ordered { origin, step } => stepped(ordered, origin, step),
        }
    }

    /// What a value becomes on them; where they are finer than the type, what it is.
    #[inline]
    pub(crate) fn put<T: Sample>(self, value: T) -> T {
        match self {
            Self::Even { origin, step } => {
                let steps = (value.to_f64() - origin) / step;
                if steps.abs() < FARTHEST { T::from_f64(origin + nearest_integer(steps) * step) } else { value }
            }
            Self::Ordered { origin, step } => {
                let on = origin_and_steps(origin, stepped(value.to_ordered(), origin, step), step);
                on.filter(|on| *on <= T::ORDERED_MAX).map_or(value, T::from_ordered)
            }
        }
    }

    /// The rule for values that lie on them; `None` where they are too many steps apart.
    pub(crate) fn fit<T: Sample>(self, values: &[T]) -> Option<Fit> {
        let coordinates = || values.iter().map(|v| self.lattice().coordinate(*v));
        let (smallest, largest) = (coordinates().min()?, coordinates().max()?);
        if largest.checked_sub(smallest)? >= i64::from(COORDINATE_LIMIT) {
            return None;
        }
        let lattice = match self {
            Self::Even { origin, step } => Lattice::Anchored { origin, base: smallest, step },
            Self::Ordered { origin, step } => Lattice::Stepped { base: origin_and_steps(origin, smallest, step)?, step },
        };
        let fitted = Fitted::exact(lattice);
        Some(listed(values, &fitted).unwrap_or_else(|| fitted.for_all()))
    }
}

/// Divisors tried.
const DIVISORS: usize = 1 << 12;

/// The largest divisor of a number that is at most `step`, and not much less.
fn divisor(number: u64, step: u64) -> Option<u64> {
    (1..=step).rev().take(DIVISORS).take_while(|s| *s as f64 > WORTHWHILE * step as f64).find(|s| number.is_multiple_of(*s))
}

/// Numbers of steps are exact up to here.
const FARTHEST: f64 = 1e15;

/// So many steps from the origin, if that is a number of 64 bits.
fn origin_and_steps(origin: u64, steps: i64, step: u64) -> Option<u64> {
    origin.checked_add_signed(steps.checked_mul(i64::try_from(step).ok()?)?)
}

/// Whole units within a tolerance, if there is one.
fn reach(tolerance: f64) -> Option<u64> {
    (tolerance >= 1.0).then_some(tolerance.min(1e18) as u64)
}

/// The largest number of [`BITS`] significant bits that is not above a positive one.
fn shortened(number: f64) -> Option<f64> {
    let cut = f64::from_bits(number.to_bits() >> (53 - BITS) << (53 - BITS));
    (cut >= f64::MIN_POSITIVE && cut.is_finite()).then_some(cut)
}
