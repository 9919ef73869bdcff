//! Rows some of whose taps lie outside the plane: as [`super::careful`], for all columns at once.

use super::classical::{Columns, tap_row};
use super::context::{Context, bucket};
use super::taps::taps;
use crate::codec::vector::vectorised;

/// Predicts row `y` where it may look as far to either side as it likes and nothing is missing, and says which columns that is.
pub(super) fn outer_row(context: &Context, columns: Columns, y: usize, scale: u64, values: &mut [i32], buckets: &mut [u8]) -> core::ops::Range<usize> {
    let range = columns.range();
    let (Some(values), Some(buckets), None) = (values.get_mut(range.clone()), buckets.get_mut(range.clone()), context.holes) else { return 0..0 };
    let [near1, far1, near2, far2] = taps(context.pass).map(|pair| pair.map(|tap| tap_row((context.known, context.diagonal), y, columns, tap)));
    let near: Vec<&[i32]> = near1.into_iter().chain(near2).flatten().collect();
    let (taps, shift) = match (line(near1, far1), line(near2, far2), near.as_slice()) {
        (Some([a, b, c, d]), Some([e, f, g, h]), _) => ([a, b, c, d, e, f, g, h], 6),
        (Some([a, b, c, d]), None, [other, ..]) | (None, Some([a, b, c, d]), [other, ..]) => ([a, b, c, d, (other, 0), (other, 0), (other, 0), (other, 0)], 5),
        (None, None, [a, b]) => ([(*a, 1), (*b, 1), (*a, 0), (*a, 0), (*a, 0), (*a, 0), (*a, 0), (*a, 0)], 1),
        _ => return 0..0,
    };
    weigh(taps.map(|(row, _)| row), taps.map(|(_, weight)| weight), shift, values);
    for (x, (value, b)) in values.iter().zip(buckets).enumerate() {
        let distance = |row: &&[i32]| row.get(x).map_or(0, |n| n.wrapping_sub(*value).unsigned_abs());
        let spread = near.iter().map(distance).fold(0u32, u32::wrapping_add);
        *b = bucket(spread.saturating_mul(4).checked_div(near.len() as u32).unwrap_or_default(), scale);
    }
    range
}

/// A row and what it weighs.
type Weighed<'a> = (&'a [i32], i32);

/// Cubic or else linear interpolation along one line, in 1/32; `None` when an end is not there.
fn line<'a>(near: [Option<&'a [i32]>; 2], far: [Option<&'a [i32]>; 2]) -> Option<[Weighed<'a>; 4]> {
    let [a, b] = [near[0]?, near[1]?];
    Some(match far {
        [Some(c), Some(d)] => [(a, 18), (b, 18), (c, -2), (d, -2)],
        _ => [(a, 16), (b, 16), (a, 0), (b, 0)],
    })
}

vectorised! {
    /// Weighted sums of rows, rounded and shifted.
    fn weigh(rows: [&[i32]; 8], weights: [i32; 8], shift: u32, values: &mut [i32]) {
        values.fill(1 << shift >> 1);
        for (row, weight) in rows.iter().zip(weights) {
            for (value, sample) in values.iter_mut().zip(*row) {
                *value = value.wrapping_add(sample.wrapping_mul(weight));
            }
        }
        for value in values {
            *value >>= shift;
        }
    }
}
