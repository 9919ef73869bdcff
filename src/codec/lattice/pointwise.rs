//! Steps that grow with the values, for a bound on the relative error of each: floats whose order-preserving integers are cut.

use super::fitted::{Fitted, bits};
use super::rule::{COORDINATE_LIMIT, Lattice};
use super::sample::Sample;

/// The coarsest lattice on which every float, none of them 0, may move by `bound` times itself; `None` where only the exact one is fine enough. The few
/// that it moves further, below the normal numbers, take patches.
pub(super) fn pointwise<T: Sample>(values: &[T], bound: f64) -> Option<Fitted> {
    // Moved by n of its last places, a number moves by at most n / 2^MANTISSA of itself.
    let places = (bound.min(1.0) * (1u64 << T::MANTISSA) as f64 * (1.0 - 1e-9)) as u64;
    let ordered = || values.iter().map(|v| v.to_ordered());
    let (base, largest) = (ordered().min()?, ordered().max()?);
    let shift = bits((largest - base) / COORDINATE_LIMIT as u64);
    // What the shift cuts off counts against the bound as well.
    let steps = places.checked_sub((1 << shift) - 1)? >> shift;
    let steps = steps.min(COORDINATE_LIMIT as u64 / 2) as i32;
    let top = ((largest - base) >> shift) as i32;
    (steps > 0).then_some(Fitted { lattice: Lattice::Ordered { base, shift, noise: 0 }, quantum: 2 * steps + 1, top })
}
