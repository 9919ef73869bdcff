//! The encoder's choice of kernel and reference weight for a pass: the least absolute error over a sample of its rows.

use super::classical::{KERNELS, Lines, apply, difference};
use super::{Choice, Context, WEIGHTS};
use crate::codec::pyramid::Grid;

/// Rows looked at are this far apart in large grids.
const ROW_STEP: usize = 4;
/// Samples of a grid that is looked at whole.
const SMALL: usize = 1024;

/// Picks kernel and weight for a pass whose true samples are `target` (`holes` marks those that are missing).
pub(crate) fn choose(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>) -> Choice {
    let Some(reference) = context.reference else { return Choice { kernel: best_kernel(context, target, holes).0, weight: 0 } };
    let weight = best_weight(context, target, holes);
    let (kernel, plain) = best_kernel(context, target, holes);
    let Some(w) = WEIGHTS.get(weight).copied().filter(|w| *w != 0) else { return Choice { kernel, weight: 0 } };
    let (known, diagonal) = (difference(context.known, reference.known, w), difference(context.diagonal, reference.diagonal, w));
    let target = difference(target, reference.target, w);
    let (referenced, cost) = best_kernel(&Context { known: &known, diagonal: &diagonal, ..*context }, &target, holes);
    if cost < plain { Choice { kernel: referenced, weight } } else { Choice { kernel, weight: 0 } }
}

fn row_step(context: &Context) -> usize {
    if context.width * context.height <= SMALL { 1 } else { ROW_STEP }
}

/// Sums of the pairs beside each sample that is looked at, and the sample.
fn examples<'a>(context: &Context<'a>, target: &'a Grid<i32>, holes: Option<&'a Grid<u8>>) -> impl Iterator<Item = ([i32; 4], i32)> {
    let context = *context;
    (0..context.height).step_by(row_step(&context)).filter_map(move |y| Lines::of(&context, y).map(|lines| (y, lines))).flat_map(move |(y, lines)| {
        let start = lines.start();
        let hole = holes.map(|h| h.row(y)).unwrap_or_default();
        let target = target.row(y).iter().enumerate().skip(start);
        lines.sums().zip(target).filter(move |(_, (x, _))| hole.get(*x).is_none_or(|h| *h == 0)).map(|(sums, (_, t))| (sums, *t))
    })
}

/// The kernel of least absolute error, and that error.
fn best_kernel(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>) -> (usize, u64) {
    let mut costs = [0u64; KERNELS.len()];
    for (sums, target) in examples(context, target, holes) {
        for (cost, kernel) in costs.iter_mut().zip(KERNELS) {
            *cost += u64::from(apply(kernel, sums).abs_diff(target));
        }
    }
    costs.into_iter().enumerate().min_by_key(|(_, cost)| *cost).unwrap_or_default()
}

/// The weight by which details of the reference best explain details of the plane (least squares).
fn best_weight(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>) -> usize {
    let Some(reference) = context.reference else { return 0 };
    let theirs = Context { known: reference.known, diagonal: reference.diagonal, ..*context };
    let (mut both, mut square) = (0.0f64, 0.0f64);
    for ((ours, x), (theirs, r)) in examples(context, target, holes).zip(examples(&theirs, reference.target, holes)) {
        let detail = |sums, sample: i32| KERNELS.first().map_or(0.0, |k| f64::from(sample.wrapping_sub(apply(*k, sums))));
        let (x, r) = (detail(ours, x), detail(theirs, r));
        both += x * r;
        square += r * r;
    }
    if square <= 0.0 || both <= 0.0 {
        return 0;
    }
    let ratio = 16.0 * both / square;
    let distance = |w: &i32| (f64::from(*w) - ratio).abs();
    WEIGHTS.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map_or(0, |(i, _)| i)
}
