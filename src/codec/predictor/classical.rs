//! Interpolation from the eight nearest known samples on two lines through the predicted one.

use super::careful::careful;
use super::choice::{Choice, Kernel, WEIGHTS};
use super::columns::{Columns, TapGrids, TapRows, inner_rows};
use super::context::{Context, Prediction, bucket, reciprocal};
use super::rows::Blank;
use super::sides::{self, Sides};
use crate::codec::vector::vectorised;
use crate::grid::Grid;
use core::ops::Range;

/// Predicts every sample of a pass.
pub(crate) fn predict(context: &Context, choice: Choice) -> Prediction {
    let kernel = choice.kernel;
    let weight = WEIGHTS.get(choice.weight).copied().unwrap_or_default();
    let Some(reference) = context.reference.filter(|_| weight != 0) else { return interpolate(context, kernel) };
    // Interpolating the difference from the weighted reference and adding that back is the same rule on other grids.
    let known = difference(context.known, reference.known, weight);
    let diagonal = difference(context.diagonal, reference.diagonal, weight);
    let mut prediction = interpolate(&Context { known: &known, diagonal: &diagonal, ..*context }, kernel);
    add_weighted(weight, &reference.target.samples, &mut prediction.values.samples);
    prediction
}

/// A reference sample times its weight.
#[inline]
pub(super) fn weighted(sample: i32, weight: i32) -> i32 {
    sample.wrapping_mul(weight) >> 4
}

/// `samples` less the weighted `reference`.
fn difference(samples: &Grid<i32>, reference: &Grid<i32>, weight: i32) -> Grid<i32> {
    let mut difference = samples.clone();
    subtract_weighted(weight, &reference.samples, &mut difference.samples);
    difference
}

vectorised! {
    fn add_weighted(weight: i32, reference: &[i32], to: &mut [i32]) {
        for (to, r) in to.iter_mut().zip(reference) {
            *to = to.wrapping_add(weighted(*r, weight));
        }
    }
}

vectorised! {
    fn subtract_weighted(weight: i32, reference: &[i32], from: &mut [i32]) {
        for (from, r) in from.iter_mut().zip(reference) {
            *from = from.wrapping_sub(weighted(*r, weight));
        }
    }
}

fn interpolate(context: &Context, kernel: Kernel) -> Prediction {
    let mut values = Grid::new(context.height, context.width);
    let mut buckets = Grid::new(context.height, context.width);
    let scale = reciprocal(context.quantum);
    let all = AllLines::of(context);
    let columns = all.columns;
    let inner = columns.range();
    let one_by_one = all.rows.len() < sides::FEWEST;
    let (mut blank, mut blocked, mut lines) = (Blank::new(columns.length.max(all.rows.len())), Vec::new(), Lines::default());
    for (y, (values, buckets)) in values.rows_mut().zip(buckets.rows_mut()).enumerate() {
        if one_by_one || !all.rows.contains(&y) {
            for x in (0..inner.start).chain(inner.end..context.width) {
                if let (Some(value), Some(b)) = (values.get_mut(x), buckets.get_mut(x)) {
                    let (predicted, spread) = careful(context, y, x);
                    (*value, *b) = (predicted, bucket(spread, scale));
                }
            }
        }
        let (Some(values), Some(buckets)) = (values.get_mut(inner.clone()), buckets.get_mut(inner.clone())) else { continue };
        if !all.row(y, &mut lines) {
            blank.predict(context, columns, y, scale, values, buckets);
            continue;
        }
        lines.interpolate(kernel, scale, values, buckets);
        if lines.blocked(is_oblique(kernel), &mut blocked) {
            blank.predict_blocked(context, columns, y, scale, &blocked, (values, buckets));
        }
    }
    if !one_by_one {
        let mut sides = Sides::new(context, all.rows.len());
        for x in (0..inner.start).chain(inner.end..context.width) {
            sides.predict(context, &mut blank, x, all.rows.clone(), scale, (&mut values, &mut buckets));
        }
    }
    Prediction { values, buckets }
}

/// Whether a kernel looks at the oblique taps.
const fn is_oblique(kernel: Kernel) -> bool {
    let [.., a, b] = kernel;
    a != 0 || b != 0
}

/// The taps of a pass, as far as all of them exist.
pub(super) struct AllLines<'a> {
    pub(super) columns: Columns,
    rows: Range<usize>,
    samples: TapGrids<'a, i32>,
    /// The same places of the missing samples.
    holes: Option<TapGrids<'a, u8>>,
}

impl<'a> AllLines<'a> {
    pub(super) fn of(context: &Context<'a>) -> Self {
        let (columns, rows) = (Columns::of(context), inner_rows(context));
        let samples = TapGrids::of(context.pass, (context.known, context.diagonal), rows.start, columns);
        let holes = context.holes.map(|holes| TapGrids::of(context.pass, (holes.known, holes.diagonal), rows.start, columns));
        Self { columns, rows: if columns.length == 0 { 0..0 } else { rows }, samples, holes }
    }

    /// Those of a row; false when one lies outside.
    #[inline(always)]
    pub(super) fn row(&self, y: usize, lines: &mut Lines<'a>) -> bool {
        if !self.rows.contains(&y) {
            return false;
        }
        let y = y - self.rows.start;
        lines.is_holed = self.holes.is_some();
        self.samples.row(y, &mut lines.samples) && self.holes.as_ref().is_none_or(|holes| holes.row(y, &mut lines.holes))
    }
}

/// The taps of a row as slices of equal length, for the columns where all of them exist.
#[derive(Default)]
pub(super) struct Lines<'a> {
    samples: TapRows<'a, i32>,
    is_holed: bool,
    /// The same places of the missing samples, if there are any.
    holes: TapRows<'a, u8>,
}

impl<'a> Lines<'a> {
    /// Fills the columns it covers.
    #[inline(always)]
    fn interpolate(&self, kernel: Kernel, scale: u64, values: &mut [i32], buckets: &mut [u8]) {
        if is_oblique(kernel) {
            predict_oblique(kernel, &self.samples, values);
        } else {
            predict_straight(kernel, &self.samples, values);
        }
        name_buckets(scale, &self.samples, values, buckets);
    }

    /// Whether a tap of any covered column is missing, and in `blocked` of which.
    pub(super) fn blocked(&self, oblique: bool, blocked: &mut Vec<u8>) -> bool {
        blocked.clear();
        let [first, ..] = &self.holes;
        if !self.is_holed {
            return false;
        }
        blocked.resize(first.len(), 0);
        let mut any = 0;
        add_holes(&self.holes, oblique, blocked, &mut any);
        any != 0
    }

    /// Sums of the pairs and quartets, column by column.
    pub(super) fn sums(&self) -> impl Iterator<Item = Sums> + use<'a> {
        sums(&self.samples)
    }
}

vectorised! {
    /// Marks where a tap is missing, and tells whether one is.
    fn add_holes(rows: &TapRows<u8>, oblique: bool, to: &mut [u8], any: &mut u8) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = rows;
        for ((((((((to, a), b), c), d), e), f), g), h) in to.iter_mut().zip(*a).zip(*b).zip(*c).zip(*d).zip(*e).zip(*f).zip(*g).zip(*h) {
            *to = a | b | c | d | e | f | g | h;
        }
        if oblique {
            for ((((((((to, a), b), c), d), e), f), g), h) in to.iter_mut().zip(*i).zip(*j).zip(*k).zip(*l).zip(*m).zip(*n).zip(*o).zip(*p) {
                *to |= a | b | c | d | e | f | g | h;
            }
        }
        *any = to.iter().fold(0, |any, b| any | b);
    }
}

vectorised! {
    fn predict_straight(kernel: Kernel, taps: &TapRows<i32>, values: &mut [i32]) {
        let [a, b, c, d, e, f, g, h, ..] = *taps;
        for (value, sums) in values.iter_mut().zip(straight_sums([[a, b], [c, d], [e, f], [g, h]])) {
            *value = sums.predict(kernel);
        }
    }
}

vectorised! {
    fn predict_oblique(kernel: Kernel, taps: &TapRows<i32>, values: &mut [i32]) {
        for (value, sums) in values.iter_mut().zip(sums(taps)) {
            *value = sums.predict(kernel);
        }
    }
}

vectorised! {
    /// The buckets of predicted values, of the four neighbours nearest to each.
    fn name_buckets(scale: u64, taps: &TapRows<i32>, values: &[i32], buckets: &mut [u8]) {
        let [n1, n2, _, _, n3, n4, ..] = *taps;
        for ((value, b), (((n1, n2), n3), n4)) in values.iter().zip(buckets).zip(n1.iter().zip(n2).zip(n3).zip(n4)) {
            let distance = |n: &i32| n.wrapping_sub(*value).unsigned_abs();
            *b = bucket(distance(n1).wrapping_add(distance(n2)).wrapping_add(distance(n3)).wrapping_add(distance(n4)), scale);
        }
    }
}

/// Sums of the pairs, column by column.
#[inline(always)]
fn straight_sums<'a>(straight: [[&'a [i32]; 2]; 4]) -> impl Iterator<Item = Sums> + use<'a> {
    let [n1, f1, n2, f2] = straight.map(|[a, b]| a.iter().zip(b).map(|(a, b)| a.wrapping_add(*b)));
    n1.zip(n2).zip(f1.zip(f2)).map(|((n1, n2), (f1, f2))| Sums { near: [n1, n2], far: [f1, f2], oblique: [0; 2] })
}

/// Sums of the pairs and quartets, column by column.
#[inline(always)]
fn sums<'a>(taps: &TapRows<'a, i32>) -> impl Iterator<Item = Sums> + use<'a> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *taps;
    let quartet = |[a, b, c, d]: [&'a [i32]; 4]| a.iter().zip(b).zip(c).zip(d).map(|(((a, b), c), d)| a.wrapping_add(*b).wrapping_add(*c).wrapping_add(*d));
    let [first, second] = [[i, j, k, l], [m, n, o, p]].map(quartet);
    straight_sums([[a, b], [c, d], [e, f], [g, h]]).zip(first.zip(second)).map(|(sums, (first, second))| Sums { oblique: [first, second], ..sums })
}

/// Sums of the taps around a sample.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    /// Near pair of the first line, of the second.
    near: [i32; 2],
    /// Far pair of the first line, of the second.
    far: [i32; 2],
    /// Quartet closer to the first line, to the second.
    oblique: [i32; 2],
}

impl Sums {
    /// The mean of the near neighbours, and what a kernel weighs: how far the sums are from as many times that mean.
    #[inline]
    pub(super) fn terms(self) -> (i32, Kernel) {
        let Self { near: [n1, n2], far: [f1, f2], oblique: [q1, q2] } = self;
        let mean = n1.wrapping_add(n2).wrapping_add(2) >> 2;
        let (two, four) = (mean.wrapping_mul(2), mean.wrapping_mul(4));
        (mean, [n1.wrapping_sub(two), f1.wrapping_sub(two), f2.wrapping_sub(two), q1.wrapping_sub(four), q2.wrapping_sub(four)])
    }

    #[inline]
    fn predict(self, kernel: Kernel) -> i32 {
        let (mean, terms) = self.terms();
        mean.wrapping_add(correction(kernel, terms))
    }

    /// The sums less those of a weighted reference.
    pub(super) fn less(self, reference: Self, weight: i32) -> Self {
        let pair = |[a, b]: [i32; 2], [c, d]: [i32; 2]| [a.wrapping_sub(weighted(c, weight)), b.wrapping_sub(weighted(d, weight))];
        Self { near: pair(self.near, reference.near), far: pair(self.far, reference.far), oblique: pair(self.oblique, reference.oblique) }
    }
}

/// What a kernel adds to the mean.
#[inline]
pub(super) fn correction(kernel: Kernel, terms: Kernel) -> i32 {
    kernel.into_iter().zip(terms).fold(64i32, |sum, (k, t)| sum.wrapping_add(k.wrapping_mul(t))) >> 7
}
