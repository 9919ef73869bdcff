//! Interpolation from the eight nearest known samples on two lines through the predicted one.

use super::careful::careful;
use super::{Choice, Context, Prediction, WEIGHTS, bucket, reciprocal};
use crate::codec::pyramid::{Grid, Pass};

/// Weights, in 1/32, of: near pair and far pair of the first line, near and far pair of the second.
pub(crate) const KERNELS: [[i32; 4]; 8] =
    [[9, -1, 9, -1], [18, -2, 0, 0], [0, 0, 18, -2], [8, 0, 8, 0], [16, 0, 0, 0], [0, 0, 16, 0], [14, -2, 5, -1], [5, -1, 14, -2]];

/// A neighbour: whether it is a diagonal or a known sample, and its row and column relative to the predicted one.
type Tap = (bool, isize, isize);

/// Taps of a pass: near pair and far pair of the first line, then of the second.
pub(super) const fn taps(pass: Pass) -> [[Tap; 2]; 4] {
    const K: bool = false;
    const D: bool = true;
    match pass {
        Pass::Diagonal => [[(K, 0, 0), (K, 1, 1)], [(K, -1, -1), (K, 2, 2)], [(K, 0, 1), (K, 1, 0)], [(K, -1, 2), (K, 2, -1)]],
        Pass::Horizontal => [[(K, 0, 0), (K, 0, 1)], [(K, 0, -1), (K, 0, 2)], [(D, -1, 0), (D, 0, 0)], [(D, -2, 0), (D, 1, 0)]],
        Pass::Vertical => [[(D, 0, -1), (D, 0, 0)], [(D, 0, -2), (D, 0, 1)], [(K, 0, 0), (K, 1, 0)], [(K, -1, 0), (K, 2, 0)]],
    }
}

/// Predicts every sample of a pass.
pub(crate) fn predict(context: &Context, choice: Choice) -> Prediction {
    let kernel = KERNELS.get(choice.kernel).copied().unwrap_or_default();
    let weight = WEIGHTS.get(choice.weight).copied().unwrap_or_default();
    let Some(reference) = context.reference.filter(|_| weight != 0) else { return interpolate(context, kernel) };
    // Interpolating the difference from the weighted reference and adding that back is the same rule on other grids.
    let known = difference(context.known, reference.known, weight);
    let diagonal = difference(context.diagonal, reference.diagonal, weight);
    let mut prediction = interpolate(&Context { known: &known, diagonal: &diagonal, ..*context }, kernel);
    for (value, r) in prediction.values.samples.iter_mut().zip(&reference.target.samples) {
        *value = value.wrapping_add(weighted(*r, weight));
    }
    prediction
}

/// A reference sample times its weight.
#[inline]
fn weighted(sample: i32, weight: i32) -> i32 {
    sample.wrapping_mul(weight) >> 4
}

/// `samples` less the weighted `reference`.
fn difference(samples: &Grid<i32>, reference: &Grid<i32>, weight: i32) -> Grid<i32> {
    let difference = samples.samples.iter().zip(&reference.samples).map(|(s, r)| s.wrapping_sub(weighted(*r, weight)));
    Grid { height: samples.height, width: samples.width, samples: difference.collect() }
}

fn interpolate(context: &Context, kernel: [i32; 4]) -> Prediction {
    let mut values = Grid::new(context.height, context.width);
    let mut buckets = Grid::new(context.height, context.width);
    let scale = reciprocal(context.quantum);
    for (y, (values, buckets)) in values.rows_mut().zip(buckets.rows_mut()).enumerate() {
        let lines = Lines::of(context, y);
        let inner = lines.as_ref().map_or(0..0, |lines| lines.interpolate(kernel, scale, values, buckets));
        let blocked = lines.map(|lines| lines.blocked()).unwrap_or_default();
        let open = |x: usize| inner.contains(&x) && blocked.get(x - inner.start).is_none_or(|b| *b == 0);
        if inner.len() == values.len() && blocked.is_empty() {
            continue;
        }
        for (x, (value, b)) in values.iter_mut().zip(buckets).enumerate().filter(|(x, _)| !open(*x)) {
            let (predicted, spread) = careful(context, y, x);
            (*value, *b) = (predicted, bucket(spread, scale));
        }
    }
    Prediction { values, buckets }
}

/// The eight taps of a row as slices of equal length, for the columns where all of them exist.
pub(super) struct Lines<'a> {
    start: usize,
    taps: [[&'a [i32]; 2]; 4],
    /// The same places of the missing samples.
    holes: Option<[[&'a [u8]; 2]; 4]>,
}

/// The eight tap rows of row `y` between the columns `first` and `first + length`; `None` when one lies outside.
fn tap_rows<'a, T: Copy + Default>(pass: Pass, known: &'a Grid<T>, diagonal: &'a Grid<T>, y: usize, first: usize, length: usize) -> Option<[[&'a [T]; 2]; 4]> {
    let row = |(is_diagonal, dy, dx): Tap| {
        let grid = if is_diagonal { diagonal } else { known };
        let from = first.checked_add_signed(dx)?;
        grid.row(y.checked_add_signed(dy)?).get(from..from + length)
    };
    let pair = |[a, b]: [Tap; 2]| Some([row(a)?, row(b)?]);
    let [a, b, c, d] = taps(pass);
    Some([pair(a)?, pair(b)?, pair(c)?, pair(d)?])
}

impl<'a> Lines<'a> {
    /// `None` when a tap's row lies outside.
    pub(super) fn of(context: &Context<'a>, y: usize) -> Option<Self> {
        let (mut start, mut end) = (0isize, context.width as isize);
        for (is_diagonal, _, dx) in taps(context.pass).into_iter().flatten() {
            start = start.max(-dx);
            end = end.min(if is_diagonal { context.diagonal } else { context.known }.width as isize - dx);
        }
        let (first, length) = (usize::try_from(start).ok()?, usize::try_from(end - start).ok()?);
        let taps = tap_rows(context.pass, context.known, context.diagonal, y, first, length)?;
        let holes = match context.holes {
            Some(holes) => Some(tap_rows(context.pass, holes.known, holes.diagonal, y, first, length)?),
            None => None,
        };
        Some(Self { start: first, taps, holes })
    }

    /// Fills the columns it covers and says which.
    fn interpolate(&self, kernel: [i32; 4], scale: u64, values: &mut [i32], buckets: &mut [u8]) -> core::ops::Range<usize> {
        let [[n1, n2], [f1, f2], [n3, n4], [f3, f4]] = self.taps;
        let range = self.start..self.start + n1.len();
        let (Some(values), Some(buckets)) = (values.get_mut(range.clone()), buckets.get_mut(range.clone())) else { return 0..0 };
        let near = n1.iter().zip(n2).zip(n3).zip(n4);
        let far = f1.iter().zip(f2).zip(f3).zip(f4);
        for (value, ((((n1, n2), n3), n4), (((f1, f2), f3), f4))) in values.iter_mut().zip(near.zip(far)) {
            *value = apply(kernel, [n1.wrapping_add(*n2), f1.wrapping_add(*f2), n3.wrapping_add(*n4), f3.wrapping_add(*f4)]);
        }
        let near = n1.iter().zip(n2).zip(n3).zip(n4);
        for ((value, b), (((n1, n2), n3), n4)) in values.iter().zip(buckets).zip(near) {
            let distance = |n: &i32| n.wrapping_sub(*value).unsigned_abs();
            *b = bucket(distance(n1).wrapping_add(distance(n2)).wrapping_add(distance(n3)).wrapping_add(distance(n4)), scale);
        }
        range
    }

    /// Per covered column, whether a tap is missing; empty when none is in the whole row.
    pub(super) fn blocked(&self) -> Vec<u8> {
        let Some(holes) = self.holes else { return Vec::new() };
        let mut blocked = vec![0; holes.first().map_or(0, |[a, _]| a.len())];
        for tap in holes.into_iter().flatten() {
            blocked.iter_mut().zip(tap).for_each(|(b, h)| *b |= h);
        }
        if blocked.iter().any(|b| *b != 0) { blocked } else { Vec::new() }
    }

    /// Sums of the four pairs, column by column.
    pub(super) fn sums(&self) -> impl Iterator<Item = [i32; 4]> + use<'a> {
        let [a, b, c, d] = self.taps.map(|[a, b]| a.iter().zip(b).map(|(a, b)| a.wrapping_add(*b)));
        a.zip(b).zip(c).zip(d).map(|(((a, b), c), d)| [a, b, c, d])
    }

    /// First column covered.
    pub(super) const fn start(&self) -> usize {
        self.start
    }
}

/// The weighted sum of the four pairs, rounded.
#[inline]
pub(super) fn apply(kernel: [i32; 4], sums: [i32; 4]) -> i32 {
    kernel.into_iter().zip(sums).fold(16i32, |p, (k, s)| p.wrapping_add(k.wrapping_mul(s))) >> 5
}
