//! The encoder's choice of a reference plane.

use crate::grid::{Grid, Plane};

/// Rows looked at in a plane.
const ROWS: usize = 64;

/// Which plane before leaves the least detail when taken away: a number into `distances` from 1, or 0 when there is none, or no source. A reference enters
/// each pass with a weight of its own, possibly none, so that taking one is never a loss.
pub(super) fn best_reference(plane: Plane, planes: &[&Grid<i32>], distances: &[usize]) -> usize {
    let Plane { source: Some(source), holes, .. } = plane else { return 0 };
    let candidates = distances.iter().map(|d| planes.len().checked_sub(*d).and_then(|i| planes.get(i)));
    let details = candidates.enumerate().filter_map(|(i, plane)| Some((i + 1, detail(source, holes, plane?))));
    details.min_by_key(|(_, d)| *d).map_or(0, |(i, _)| i)
}

/// Sum of the curvatures along rows of the difference from `reference`.
fn detail(source: &Grid<i32>, holes: Option<&Grid<u8>>, reference: &Grid<i32>) -> u64 {
    let mut sum = 0;
    for y in (0..source.height).step_by(1 + source.height / ROWS) {
        let holes = holes.map(|h| h.row(y)).unwrap_or_default();
        let triples = source.row(y).windows(3).zip(reference.row(y).windows(3)).enumerate();
        for (_, (s, r)) in triples.filter(|(x, _)| holes.get(*x..*x + 3).is_none_or(|h| h == [0; 3])) {
            if let ([a, b, c], [d, e, f]) = (s, r) {
                let (left, middle, right) = (a.wrapping_sub(*d), b.wrapping_sub(*e), c.wrapping_sub(*f));
                sum += (2 * i64::from(middle) - i64::from(left) - i64::from(right)).unsigned_abs();
            }
        }
    }
    sum
}
