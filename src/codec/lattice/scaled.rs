//! Steps 2^e / 10^d, as GRIB packs: which of them is meant, and where values start that have it.

use super::fitted::{MISMATCHES, rounding_interval};
use super::rule::{NEAR, nearest_integer};

/// Steps that are tried: coarser than so many halves of the type's spacing, so many octaves, up to so many decimals.
const FINEST: f64 = 4.0;
const OCTAVES: usize = 6;
const DECIMALS: usize = 10;
/// Numbers of which means are looked for, and how far from a multiple of their step they may lie, in steps.
const MEANS: core::ops::RangeInclusive<u8> = 2..=31;
const WITHIN: f64 = 0.4;

/// The coarsest step near the spacing of the type that all examples have, and where it may start; `precision` is half of that spacing.
pub(super) fn coarsest(examples: &[f64], precision: f64) -> Option<(f64, [f64; 2])> {
    let finest = FINEST * precision;
    let divisors = core::iter::successors(Some(1.0), |d| Some(d * 10.0)).take(DECIMALS);
    let steps = divisors.flat_map(|d| core::iter::successors(Some(power_near(finest * d) / d), |step| Some(step * 2.0)).take(OCTAVES));
    let fitting = steps.filter(|step| *step > finest).filter_map(|step| Some((step, offset(examples, step)?)));
    fitting.max_by(|(a, _), (b, _)| a.total_cmp(b))
}

/// The coarsest step 10^-d / n near which all examples lie: means of n numbers of d decimals, whose sums were rounded.
pub(super) fn mean(examples: &[f64], precision: f64) -> Option<f64> {
    let divisors = core::iter::successors(Some(1.0), |d| Some(d * 10.0)).take(DECIMALS);
    let steps = divisors.flat_map(|d| MEANS.map(move |n| 1.0 / (d * f64::from(n)))).filter(|step| *step > 2.0 * FINEST * precision);
    let near = |step: f64| {
        let reach = (2.0 * NEAR as f64 * precision).min(WITHIN * step);
        examples.iter().all(|v| (v - (v / step).round() * step).abs() <= reach)
    };
    steps.filter(|step| near(*step)).max_by(f64::total_cmp)
}

/// The step 2^e / 10^d that is all but equal to one found: GRIB has no others.
pub(super) fn decimal_scaled(step: f64) -> Option<f64> {
    let divisors = core::iter::successors(Some(1.0), |d| Some(d * 10.0)).take(13);
    divisors.map(|d| power_near(step * d) / d).find(|exact| (exact - step).abs() < 1e-5 * step)
}

/// The power of two nearest to a positive number.
fn power_near(number: f64) -> f64 {
    // Adding half of the mantissa's range carries into the exponent.
    f64::from_bits((number.to_bits() + (1 << 51)) >> 52 << 52)
}

/// Where offset + k · step must start, about half a step from 0 at most, so that it is rounded to all values of a plane, a few excepted; anywhere when there are none.
#[inline(never)]
pub(super) fn offset(plane: &[f64], step: f64) -> Option<[f64; 2]> {
    let Some(first) = plane.first() else { return Some([-step, step]) };
    let rest = first - nearest_integer(first / step) * step;
    let [mut low, mut high] = [f64::NEG_INFINITY, f64::INFINITY];
    let mut wrong = 0;
    for &v in plane {
        let whole = nearest_integer((v - rest) / step) * step;
        let [below, above] = rounding_interval(v).map(|end| end - whole);
        if below.max(low) <= above.min(high) {
            (low, high) = (below.max(low), above.min(high));
        } else {
            wrong += 1;
            if wrong > plane.len() / MISMATCHES {
                return None;
            }
        }
    }
    Some([low, high])
}
