//! Prediction where neighbours lie outside the plane or are missing: from those that exist, never across a gap.

use super::context::Context;
use super::taps::taps;

/// The prediction at (y, x) and the spread of its four near neighbours (sum of distances, as if all four existed).
pub(super) fn careful(context: &Context, y: usize, x: usize) -> (i32, u32) {
    let places = taps(context.pass).map(|pair| pair.map(|(diagonal, dy, dx)| Place { diagonal, y: y as isize + dy, x: x as isize + dx }));
    let [near1, far1, near2, far2] = places;
    let [first, second] = [near1, near2].map(|pair| pair.map(|place| place.valid(context)));
    let near = || first.into_iter().chain(second).flatten();
    let predicted = match (line(first, far1, context), line(second, far2, context)) {
        (Some(a), Some(b)) => a.wrapping_add(b).wrapping_add(32) >> 6,
        (Some(a), None) | (None, Some(a)) => a.wrapping_add(16) >> 5,
        // Where every neighbour is missing, their own predictions carry on: they came from the nearest data.
        (None, None) => mean(near()).or_else(|| mean([near1, near2].into_iter().flatten().filter_map(|place| place.sample(context)))).unwrap_or(0),
    };
    let count = near().count() as u32;
    let spread = near().fold(0u32, |s, n| s.wrapping_add(n.wrapping_sub(predicted).unsigned_abs()));
    (predicted, spread.saturating_mul(4).checked_div(count).unwrap_or(0))
}

/// Where a neighbour is: in the diagonal or the known grid.
#[derive(Clone, Copy)]
struct Place {
    diagonal: bool,
    y: isize,
    x: isize,
}

impl Place {
    /// The sample there, be it a value or what stands in for a missing one.
    fn sample(self, context: &Context) -> Option<i32> {
        if self.diagonal { context.diagonal } else { context.known }.get(self.y, self.x)
    }

    /// The sample there unless it is missing.
    fn valid(self, context: &Context) -> Option<i32> {
        let hole = context.holes.and_then(|h| if self.diagonal { h.diagonal } else { h.known }.get(self.y, self.x));
        if hole.is_some_and(|h| h != 0) { None } else { self.sample(context) }
    }
}

/// Cubic or else linear interpolation along one line, in 1/32; `None` when an end is not there.
fn line(near: [Option<i32>; 2], far: [Place; 2], context: &Context) -> Option<i32> {
    let sum = |[a, b]: [Option<i32>; 2]| Some(a?.wrapping_add(b?));
    let near = sum(near)?;
    let far = sum(far.map(|place| place.valid(context)));
    Some(far.map_or(near.wrapping_mul(16), |far| near.wrapping_mul(18).wrapping_sub(far.wrapping_mul(2))))
}

fn mean(samples: impl Iterator<Item = i32>) -> Option<i32> {
    let (sum, count) = samples.fold((0i32, 0i32), |(s, c), n| (s.wrapping_add(n), c + 1));
    (count > 0).then(|| sum.wrapping_add(count / 2).div_euclid(count))
}
