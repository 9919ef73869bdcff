//! The encoder's choice of kernel and reference weight for a pass: the least absolute error over some of its rows.

use super::classical::{KERNELS, Lines, apply};
use super::{Choice, Context, WEIGHTS};
use crate::codec::pyramid::Grid;

/// Rows looked at are this far apart in all but small grids.
const ROW_STEP: usize = 4;
/// Samples of a grid that is looked at whole.
const SMALL: usize = 1024;

/// Picks kernel and weight for a pass whose true samples are `target` (`holes` marks those that are missing).
pub(crate) fn choose(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>) -> Choice {
    let ours = examples(context, target, holes);
    let (kernel, plain) = best_kernel(&ours);
    let Some(reference) = context.reference else { return Choice { kernel, weight: 0 } };
    let theirs = examples(&Context { known: reference.known, diagonal: reference.diagonal, ..*context }, reference.target, holes);
    let weight = best_weight(&ours, &theirs);
    let Some(w) = WEIGHTS.get(weight).copied().filter(|w| *w != 0) else { return Choice { kernel, weight: 0 } };
    let differences: Vec<Example> = ours.iter().zip(&theirs).map(|(a, b)| a.less(b, w)).collect();
    let (referenced, cost) = best_kernel(&differences);
    if cost < plain { Choice { kernel: referenced, weight } } else { Choice { kernel, weight: 0 } }
}

/// A sample that is looked at, and the sums of the four pairs around it.
#[derive(Clone, Copy)]
struct Example {
    sums: [i32; 4],
    sample: i32,
}

impl Example {
    /// What kernel 0 does not foresee.
    fn detail(&self) -> f64 {
        KERNELS.first().map_or(0.0, |k| f64::from(self.sample.wrapping_sub(apply(*k, self.sums))))
    }

    /// The example of the difference from a weighted reference.
    fn less(&self, reference: &Self, weight: i32) -> Self {
        let less = |a: i32, b: i32| a.wrapping_sub(b.wrapping_mul(weight) >> 4);
        let [a, b, c, d] = self.sums;
        let [e, f, g, h] = reference.sums;
        Self { sums: [less(a, e), less(b, f), less(c, g), less(d, h)], sample: less(self.sample, reference.sample) }
    }
}

fn examples(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>) -> Vec<Example> {
    let step = if context.width * context.height <= SMALL { 1 } else { ROW_STEP };
    let mut examples = Vec::with_capacity(context.width * context.height.div_ceil(step));
    for y in (0..context.height).step_by(step) {
        let Some(lines) = Lines::of(context, y) else { continue };
        let row = lines.sums().zip(target.row(y).iter().skip(lines.start())).map(|(sums, sample)| Example { sums, sample: *sample });
        let hole = holes.and_then(|h| h.row(y).get(lines.start()..)).unwrap_or_default();
        let blocked = lines.blocked();
        if blocked.is_empty() && hole.iter().all(|h| *h == 0) {
            examples.extend(row);
        } else {
            let blocked = blocked.iter().copied().chain(core::iter::repeat(0));
            examples.extend(row.zip(hole.iter().zip(blocked)).filter(|(_, (h, b))| **h | b == 0).map(|(e, _)| e));
        }
    }
    examples
}

/// The kernel of least absolute error, and that error.
fn best_kernel(examples: &[Example]) -> (usize, u64) {
    let cost = |kernel: &[i32; 4]| examples.iter().map(|e| u64::from(apply(*kernel, e.sums).abs_diff(e.sample))).sum::<u64>();
    KERNELS.iter().map(cost).enumerate().min_by_key(|(_, cost)| *cost).unwrap_or_default()
}

/// The weight by which details of the reference best explain details of the plane (least squares).
fn best_weight(ours: &[Example], theirs: &[Example]) -> usize {
    let details = ours.iter().zip(theirs).map(|(x, r)| (x.detail(), r.detail()));
    let (both, square) = details.fold((0.0, 0.0), |(both, square), (x, r)| (both + x * r, square + r * r));
    if square <= 0.0 || both <= 0.0 {
        return 0;
    }
    let ratio = 16.0 * both / square;
    let distance = |w: &i32| (f64::from(*w) - ratio).abs();
    WEIGHTS.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).map_or(0, |(i, _)| i)
}
