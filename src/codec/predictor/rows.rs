//! Rows with taps that are missing or lie outside the plane: as [`super::careful`], for all columns at once between those where a tap lies beyond a side.

use super::columns::{Columns, tap_row};
use super::context::{Context, bucket};
use super::taps::taps;
use crate::codec::vector::vectorised;

/// Taps of a row: their samples, and where they are not to be had.
type TapRow<'a> = (&'a [i32], &'a [u8]);

/// What stands for rows that are not there, and for holes where there are none.
#[derive(Debug)]
pub(super) struct Blank {
    samples: Vec<i32>,
    whole: Vec<u8>,
    gone: Vec<u8>,
    spreads: Vec<u32>,
    /// Predictions and buckets that are not all taken.
    others: (Vec<i32>, Vec<u8>),
}

impl Blank {
    pub(super) fn new(width: usize) -> Self {
        Self { samples: vec![0; width], whole: vec![0; width], gone: vec![1; width], spreads: vec![0; width], others: Default::default() }
    }

    /// Predicts the columns of row `y`.
    pub(super) fn predict(&mut self, context: &Context, columns: Columns, y: usize, scale: u64, values: &mut [i32], buckets: &mut [u8]) {
        self.foretell(tap_rows(context, columns, y), scale, values, buckets);
    }

    /// Predicts the columns of row `y` where something is `blocked`.
    pub(super) fn predict_blocked(
        &mut self,
        context: &Context,
        columns: Columns,
        y: usize,
        scale: u64,
        blocked: &[u8],
        (values, buckets): (&mut [i32], &mut [u8]),
    ) {
        let rows = tap_rows(context, columns, y);
        let (mut other_values, mut other_buckets) = core::mem::take(&mut self.others);
        let stretches = blocked.chunks(STRETCH).map(any);
        let mut start = 0;
        let mut end = 0;
        for is_blocked in stretches.chain([false]) {
            if is_blocked {
                end += STRETCH;
                continue;
            }
            let range = start..end.min(values.len());
            if !range.is_empty() {
                let cut = rows.map(|pair| pair.map(|row| Some((row?.0.get(range.clone())?, row?.1.map(|holes| holes.get(range.clone()).unwrap_or_default())))));
                other_values.resize(range.len(), 0);
                other_buckets.resize(range.len(), 0);
                self.foretell(cut, scale, &mut other_values, &mut other_buckets);
                if let (Some(blocked), Some(values), Some(buckets)) = (blocked.get(range.clone()), values.get_mut(range.clone()), buckets.get_mut(range)) {
                    choose_blocked(blocked, &other_values, &other_buckets, values, buckets);
                }
            }
            end += STRETCH;
            start = end;
        }
        self.others = (other_values, other_buckets);
    }

    /// Predicts samples whose taps are those: near pair and far pair of the first line, then of the second.
    pub(super) fn foretell(&mut self, taps: [[Tapped; 2]; 4], scale: u64, values: &mut [i32], buckets: &mut [u8]) {
        let Self { samples, whole, gone, spreads, .. } = self;
        let blanks = (samples.as_slice(), whole.as_slice(), gone.as_slice());
        let [near1, _, near2, _] = taps;
        let [[a, b], [c, d], [e, f], [g, h]] = taps.map(|pair| pair.map(|tap| or_blank(tap, blanks)));
        let near = [a, b, e, f];
        let there = near1.iter().chain(&near2).filter(|tap| tap.is_some()).count();
        let spreads = spreads.get_mut(..values.len()).unwrap_or_default();
        foresee(near, [c, d, g, h], there as i32, values, spreads);
        if there == 3 {
            let there: Vec<&[i32]> = near1.into_iter().chain(near2).flatten().map(|(samples, _)| samples).collect();
            thirds(near, &there, values, spreads);
        }
        name(scale, spreads, buckets);
    }
}

/// Columns that are looked at together.
const STRETCH: usize = 32;

/// What a tap finds along a row, and where that is missing, if anything is; nothing where it lies outside.
pub(super) type Tapped<'a> = Option<(&'a [i32], Option<&'a [u8]>)>;

/// What a tap finds, or what stands for that: samples, and holes of a row that has none, and of one that is not there.
fn or_blank<'r>(tap: Tapped<'r>, (samples, whole, gone): (&'r [i32], &'r [u8], &'r [u8])) -> TapRow<'r> {
    tap.map_or((samples, gone), |(samples, holes)| (samples, holes.unwrap_or(whole)))
}

/// What the taps of row `y` find.
fn tap_rows<'a>(context: &Context<'a>, columns: Columns, y: usize) -> [[Tapped<'a>; 2]; 4] {
    let row = |tap| {
        let samples = tap_row((context.known, context.diagonal), y, columns, tap)?;
        Some((samples, context.holes.and_then(|holes| tap_row((holes.known, holes.diagonal), y, columns, tap))))
    };
    taps(context.pass).map(|pair| pair.map(row))
}

vectorised! {
    /// Takes the others where something is blocked.
    fn choose_blocked(blocked: &[u8], other_values: &[i32], other_buckets: &[u8], values: &mut [i32], buckets: &mut [u8]) {
        for ((value, other), blocked) in values.iter_mut().zip(other_values).zip(blocked) {
            let mask = -i32::from(*blocked != 0);
            *value = *value & !mask | *other & mask;
        }
        for ((bucket, other), blocked) in buckets.iter_mut().zip(other_buckets).zip(blocked) {
            let mask = u8::from(*blocked != 0).wrapping_neg();
            *bucket = *bucket & !mask | *other & mask;
        }
    }
}

vectorised! {
    /// The prediction of each sample, and how far the neighbours are spread around it. Where no neighbour is to be had, the mean of the `there` that exist.
    fn foresee(near: [TapRow; 4], far: [TapRow; 4], there: i32, values: &mut [i32], spreads: &mut [u32]) {
        let ([(a, ax), (b, bx), (e, ex), (f, fx)], [(c, cx), (d, dx), (g, gx), (h, hx)]) = (near, far);
        let first = a.iter().zip(b).zip(c.iter().zip(d)).zip(ax.iter().zip(bx).zip(cx.iter().zip(dx)));
        let second = e.iter().zip(f).zip(g.iter().zip(h)).zip(ex.iter().zip(fx).zip(gx.iter().zip(hx)));
        let (half, shift) = (there >> 1, there >> 1);
        // All ones where a flag is 0.
        let mask = |flag: u8| -i32::from(flag == 0);
        for ((value, spread), ((((a, b), (c, d)), ((ax, bx), (cx, dx))), (((e, f), (g, h)), ((ex, fx), (gx, hx))))) in values.iter_mut().zip(spreads).zip(first.zip(second)) {
            let line = |near: i32, far: i32, both: i32, beyond: i32| both & near.wrapping_mul(16).wrapping_add(beyond & near.wrapping_sub(far).wrapping_mul(2));
            let (am, bm, em, fm) = (mask(*ax), mask(*bx), mask(*ex), mask(*fx));
            let (one, two) = (am & bm, em & fm);
            let lines = line(a.wrapping_add(*b), c.wrapping_add(*d), one, mask(*cx | *dx)).wrapping_add(line(e.wrapping_add(*f), g.wrapping_add(*h), two, mask(*gx | *hx)));
            let count = am.wrapping_add(bm).wrapping_add(em).wrapping_add(fm).wrapping_neg();
            let sum = (a & am).wrapping_add(b & bm).wrapping_add(e & em).wrapping_add(f & fm);
            let all = a.wrapping_add(*b).wrapping_add(*e).wrapping_add(*f);
            let few = if count == 0 { all.wrapping_add(half) >> shift } else if count == 1 { sum } else { sum.wrapping_add(1) >> 1 };
            let lined = if one & two != 0 { lines.wrapping_add(32) >> 6 } else { lines.wrapping_add(16) >> 5 };
            *value = if one | two != 0 { lined } else { few };
            let distance = |n: i32, mask: i32| n.wrapping_sub(*value).unsigned_abs() & mask as u32;
            let apart = distance(*a, am).wrapping_add(distance(*b, bm)).wrapping_add(distance(*e, em)).wrapping_add(distance(*f, fm));
            let four = if apart > u32::MAX / 4 { u32::MAX } else { apart << 2 };
            let third = ((u64::from(four) * 0xAAAA_AAAB) >> 33) as u32;
            *spread = if count == 4 { four >> 2 } else if count == 3 { third } else if count == 2 { four >> 1 } else { four };
        }
    }
}

/// Whether any flag is set.
fn any(flags: &[u8]) -> bool {
    flags.iter().fold(0, |any, flag| any | flag) != 0
}

vectorised! {
    fn name(scale: u64, spreads: &[u32], buckets: &mut [u8]) {
        for (b, spread) in buckets.iter_mut().zip(spreads) {
            *b = bucket(*spread, scale);
        }
    }
}

/// The mean of three, where none of them is to be had.
fn thirds(near: [TapRow; 4], there: &[&[i32]], values: &mut [i32], spreads: &mut [u32]) {
    for (x, (value, spread)) in values.iter_mut().zip(spreads).enumerate() {
        if near.iter().all(|(_, bad)| bad.get(x).is_some_and(|b| *b != 0)) {
            let sum = there.iter().filter_map(|row| row.get(x)).fold(0i32, |sum, n| sum.wrapping_add(*n));
            (*value, *spread) = (sum.wrapping_add(1).div_euclid(3), 0);
        }
    }
}
