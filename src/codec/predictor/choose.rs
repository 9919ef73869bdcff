//! The encoder's choice of kernel and reference weight for a pass: the fewest bits over some of its rows.

use super::choice::{Choice, KERNELS, Kernel, WEIGHTS};
use super::classical::{AllLines, Lines, Sums, correction, weighted};
use super::context::{Context, reciprocal, rough_bits};
use crate::codec::vector::vectorised;
use crate::grid::Grid;

/// How many samples of a pass are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    /// About so many: of passes with more, rows are left out.
    pub(crate) samples: usize,
    /// One column in so many.
    pub(crate) apart: usize,
}

impl Looks {
    /// What the choice is usually made by.
    pub(crate) const USUAL: Self = Self { samples: 2048, apart: 1 };
}
/// Samples that a fitted kernel is worth fitting to.
const ENOUGH: usize = 64;
/// Bits that sending a kernel costs.
const KERNEL_BITS: f64 = 50.0;

/// Picks kernel and weight for a pass whose true samples are `target` (`holes` marks those that are missing); `before` is the kernel fitted last
/// for such a pass.
pub(crate) fn choose(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>, before: Kernel, looks: Looks) -> Choice {
    let ours = examples(context, target, holes, looks);
    let plain = best_kernel(context, &terms(&ours), before);
    let alone = Choice { kernel: plain.kernel, weight: 0 };
    let Some(reference) = context.reference else { return alone };
    let theirs = examples(&Context { known: reference.known, diagonal: reference.diagonal, ..*context }, reference.target, holes, looks);
    let weight = best_weight(&ours, &theirs);
    let Some(w) = WEIGHTS.get(weight).copied().filter(|w| *w != 0) else { return alone };
    let differences: Vec<Example> = ours.iter().zip(&theirs).map(|(a, b)| a.less(b, w)).collect();
    let referenced = best_kernel(context, &terms(&differences), before);
    if referenced.bits < plain.bits { Choice { kernel: referenced.kernel, weight } } else { alone }
}

/// A sample that is looked at, and the sums around it.
#[derive(Clone, Copy)]
struct Example {
    sums: Sums,
    sample: i32,
}

impl Example {
    /// What kernel 0 does not foresee.
    fn detail(&self) -> f64 {
        let (mean, terms) = self.sums.terms();
        KERNELS.first().map_or(0.0, |k| f64::from(self.sample.wrapping_sub(mean).wrapping_sub(correction(*k, terms))))
    }

    /// The example of the difference from a weighted reference.
    fn less(&self, reference: &Self, weight: i32) -> Self {
        Self { sums: self.sums.less(reference.sums, weight), sample: self.sample.wrapping_sub(weighted(reference.sample, weight)) }
    }
}

fn examples(context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>, Looks { samples, apart }: Looks) -> Vec<Example> {
    let size = context.width * context.height;
    let apart = apart.min(size.div_ceil(samples)).max(1);
    let step = size.div_ceil(samples * apart).max(1);
    let mut examples = Vec::with_capacity(context.width.div_ceil(apart) * context.height.div_ceil(step));
    let all = AllLines::of(context);
    let (mut blocked, mut lines) = (Vec::new(), Lines::default());
    let start = all.columns.first;
    for y in (if apart > 1 { step / 2 } else { 0 }..context.height).step_by(step) {
        if !all.row(y, &mut lines) {
            continue;
        }
        let row = lines.sums().zip(target.row(y).iter().skip(start)).step_by(apart).map(|(sums, sample)| Example { sums, sample: *sample });
        let hole = holes.and_then(|h| h.row(y).get(start..)).unwrap_or_default();
        if !lines.blocked(true, &mut blocked) && hole.iter().all(|h| *h == 0) {
            examples.extend(row);
        } else {
            let blocked = blocked.iter().copied().chain(core::iter::repeat(0)).step_by(apart);
            examples.extend(row.zip(hole.iter().step_by(apart).zip(blocked)).filter(|(_, (h, b))| **h | b == 0).map(|(e, _)| e));
        }
    }
    examples
}

/// What a kernel weighs, example by example, and what it should come to.
struct Terms {
    weighed: [Vec<i32>; 5],
    wanted: Vec<i32>,
}

fn terms(examples: &[Example]) -> Terms {
    let mut terms = Terms { weighed: core::array::from_fn(|_| Vec::with_capacity(examples.len())), wanted: Vec::with_capacity(examples.len()) };
    for example in examples {
        let (mean, weighed) = example.sums.terms();
        terms.weighed.iter_mut().zip(weighed).for_each(|(all, w)| all.push(w));
        terms.wanted.push(example.sample.wrapping_sub(mean));
    }
    terms
}

vectorised! {
    /// Adds about how many bits the errors of a kernel take, in 1/2^15.
    fn add_bits(kernel: Kernel, scale: u64, weighed: [&[i32]; 5], wanted: &[i32], sum: &mut u64) {
        let [a, b, c, d, e] = weighed;
        let mut bits = 0;
        for (((((a, b), c), d), e), wanted) in a.iter().zip(b).zip(c).zip(d).zip(e).zip(wanted) {
            bits += rough_bits(correction(kernel, [*a, *b, *c, *d, *e]).wrapping_sub(*wanted), scale);
        }
        *sum += bits;
    }
}

/// A kernel and about how many bits the pass takes with it.
#[derive(Clone, Copy)]
struct Rated {
    kernel: Kernel,
    bits: f64,
}

/// The best of the named kernels, the one fitted before, and one fitted to these examples.
fn best_kernel(context: &Context, terms: &Terms, before: Kernel) -> Rated {
    let rate = |kernel: Kernel, extra: f64| Rated { kernel, bits: extra + bits(context, kernel, terms) };
    let least = |a: Rated, b: Rated| if b.bits < a.bits { b } else { a };
    let named = KERNELS.into_iter().map(|k| rate(k, 0.0)).fold(rate(before, 0.0), least);
    fitted(terms, named.kernel, context.quantum).map_or(named, |kernel| least(named, rate(kernel, KERNEL_BITS)))
}

/// About how many bits a pass takes: the binary logarithm of each error in quarters of the quantum, more for those that are not looked at.
fn bits(context: &Context, kernel: Kernel, terms: &Terms) -> f64 {
    let mut sum = 0;
    add_bits(kernel, reciprocal(context.quantum), terms.weighed.each_ref().map(Vec::as_slice), &terms.wanted, &mut sum);
    sum as f64 / f64::from(1 << 15) * (context.width * context.height) as f64 / terms.wanted.len().max(1) as f64
}

/// The kernel of least squared error, each weighed by what `start` leaves of it, so that a few large ones do not rule.
fn fitted(terms: &Terms, start: Kernel, quantum: i32) -> Option<Kernel> {
    const N: usize = 5;
    if terms.wanted.len() < ENOUGH {
        return None;
    }
    // The normal equations: one row for each weight, the right side last.
    let mut rows = [[0.0; N + 1]; N];
    add_products(start, f64::from(quantum) / 4.0, terms.weighed.each_ref().map(Vec::as_slice), &terms.wanted, &mut rows);
    let weights = solve(rows)?;
    let rounded = weights.map(|w| crate::codec::lattice::nearest_integer((w * 128.0).clamp(-127.0, 127.0)) as i32);
    Some(rounded)
}

vectorised! {
    /// Adds the products of all terms, the right side last, each example weighed by what `start` leaves of it and `least`.
    fn add_products(start: Kernel, least: f64, weighed: [&[i32]; 5], wanted: &[i32], rows: &mut [[f64; 6]; 5]) {
        let [a, b, c, d, e] = weighed;
        for (((((a, b), c), d), e), wanted) in a.iter().zip(b).zip(c).zip(d).zip(e).zip(wanted) {
            let terms = [*a, *b, *c, *d, *e];
            let weight = 1.0 / (f64::from(correction(start, terms).abs_diff(*wanted)) + least);
            let [a, b, c, d, e] = terms.map(f64::from);
            let all = [a, b, c, d, e, f64::from(*wanted)];
            for (row, x) in rows.iter_mut().zip(all) {
                row.iter_mut().zip(all).for_each(|(sum, y)| *sum += x * weight * y);
            }
        }
    }
}

/// Solves normal equations by elimination; `None` where they are singular.
fn solve<const N: usize, const M: usize>(mut rows: [[f64; M]; N]) -> Option<[f64; N]> {
    for i in 0..N {
        let pivot = *rows.get(i)?;
        let head = *pivot.get(i)?;
        if head.abs() < 1e-9 {
            return None;
        }
        for (j, row) in rows.iter_mut().enumerate() {
            let factor = if j == i { 0.0 } else { row.get(i)? / head };
            row.iter_mut().zip(pivot).for_each(|(a, b)| *a -= factor * b);
        }
    }
    let mut solution = [0.0; N];
    for (i, (s, row)) in solution.iter_mut().zip(&rows).enumerate() {
        *s = row.last()? / row.get(i)?;
    }
    solution.iter().all(|s| s.is_finite()).then_some(solution)
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
