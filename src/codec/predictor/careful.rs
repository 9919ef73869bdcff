//! Prediction where neighbours lie outside the plane or are missing: from those that exist, never across a gap.

use super::context::{Context, Holes};
use super::taps::{Tap, taps};

/// The prediction at (y, x) and the spread of its four near neighbours (sum of distances, as if all four existed).
pub(super) fn careful(context: &Context, y: usize, x: usize) -> (i32, u32) {
    let valid = |tap: Tap| if is_hole(context, tap, y, x) { None } else { sample(context, tap, y, x) };
    let [[a, b], far1, [c, d], far2] = taps(context.pass);
    let near = [a, b, c, d].map(valid);
    let [a, b, c, d] = near;
    let predicted = match (line([a, b], || far1.map(valid)), line([c, d], || far2.map(valid))) {
        (Some(a), Some(b)) => a.wrapping_add(b).wrapping_add(32) >> 6,
        (Some(a), None) | (None, Some(a)) => a.wrapping_add(16) >> 5,
        // Where every neighbour is missing, their own predictions carry on: they came from the nearest data.
        (None, None) => mean(near.into_iter().flatten()).or_else(|| mean(nearest(context, y, x))).unwrap_or(0),
    };
    let count = near.iter().map(|n| u32::from(n.is_some())).sum();
    let spread = near.into_iter().flatten().fold(0u32, |s, n| s.wrapping_add(n.wrapping_sub(predicted).unsigned_abs()));
    let four = spread.saturating_mul(4);
    // A division takes longer than all of this.
    (
        predicted,
        if count == 4 {
            four / 4
        } else if count == 2 {
            four / 2
        } else {
            four.checked_div(count).unwrap_or(0)
        },
    )
}

/// Samples beside the one predicted, be they values or what stands in for missing ones.
fn nearest(context: &Context, y: usize, x: usize) -> impl Iterator<Item = i32> {
    let [near1, _, near2, _] = taps(context.pass);
    near1.into_iter().chain(near2).filter_map(move |tap| sample(context, tap, y, x))
}

/// What a tap of (y, x) finds.
#[inline(always)]
fn sample(context: &Context, (is_diagonal, dy, dx): Tap, y: usize, x: usize) -> Option<i32> {
    if is_diagonal { context.diagonal } else { context.known }.get(y as isize + dy, x as isize + dx)
}

/// Whether it is missing.
#[inline(always)]
fn is_hole(context: &Context, (is_diagonal, dy, dx): Tap, y: usize, x: usize) -> bool {
    let hole = |holes: Holes| if is_diagonal { holes.diagonal } else { holes.known }.get(y as isize + dy, x as isize + dx);
    context.holes.and_then(hole).is_some_and(|hole| hole != 0)
}

/// Cubic or else linear interpolation along one line, in 1/32; `None` when an end is not there.
#[inline(always)]
fn line(near: [Option<i32>; 2], far: impl FnOnce() -> [Option<i32>; 2]) -> Option<i32> {
    let [Some(a), Some(b)] = near else { return None };
    let near = a.wrapping_add(b);
    Some(match far() {
        [Some(c), Some(d)] => near.wrapping_mul(18).wrapping_sub(c.wrapping_add(d).wrapping_mul(2)),
        _ => near.wrapping_mul(16),
    })
}

fn mean(samples: impl Iterator<Item = i32>) -> Option<i32> {
    let (sum, count) = samples.fold((0i32, 0i32), |(s, c), n| (s.wrapping_add(n), c + 1));
    (count > 0).then(|| sum.wrapping_add(count / 2).div_euclid(count))
}
