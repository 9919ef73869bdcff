//! How much a reference plane leaves to be coded.

use crate::grid::Grid;

/// Rows looked at in a plane.
const ROWS: usize = 64;

/// Sum of the curvatures along rows of the difference from `reference`.
pub(super) fn detail(source: &Grid<i32>, holes: Option<&Grid<u8>>, reference: &Grid<i32>) -> u64 {
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
