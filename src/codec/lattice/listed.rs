//! The choice to number the values that occur, where their lattice has gaps: rounded measurements, classes, packed data packed again.

use super::fitted::{EXAMPLES, Fit, Fitted, bits};
use super::lattices::Lattices;
use super::rule::Lattice;
use super::sample::Sample;

/// Values looked at to tell whether there are few: enough that most of them repeat each other wherever a list may be worth it.
const COUNTED: usize = 1 << 16;
/// Most distinct values of a chunk that are told by rank.
pub(crate) const MAX_RANKS: usize = 1 << 17;
/// Each listed value stands for at least this many samples on average.
const SAMPLES: usize = 2;
/// Numbers that span up to this times their count are told apart by marks, others by sorting.
const SPREAD: usize = 4;

/// The coordinates of the `fitted` lattice that are near enough to all values, where telling them by rank costs less.
pub(super) fn listed<T: Sample>(values: &[T], fitted: &Fitted) -> Option<Fit> {
    let of = without_noise(values, &fitted.lattice)?;
    let quantum = i64::from(fitted.quantum);
    let stride = values.len().div_ceil(EXAMPLES).max(1);
    let mut examples: Vec<i64> = values.iter().step_by(values.len().div_ceil(COUNTED).max(1)).map(|v| of.coordinate(*v).div_euclid(quantum)).collect();
    let count = examples.len();
    let (taken, cells) = if let Some((marks, _)) = marked(examples.iter().copied(), count) {
        (marks.iter().filter(|m| **m).count(), marks.len() as u64)
    } else {
        examples.sort_unstable();
        examples.dedup();
        (examples.len(), examples.last()?.abs_diff(*examples.first()?).saturating_add(1))
    };
    let dense = |taken: usize, cells: u64| taken as u64 > cells - cells / 3;
    if taken > count - count / 8 || dense(taken, cells) {
        return None;
    }
    let is_long = |list: usize| list > MAX_RANKS || list * SAMPLES > values.len();
    let all: Vec<i64> = values.iter().map(|v| of.coordinate(*v)).collect();
    let taken = marked(all.iter().map(|c| c.div_euclid(quantum)), values.len()).map(|(marks, _)| (marks.iter().filter(|m| **m).count(), marks.len()));
    if taken.is_some_and(|(taken, cells)| is_long(taken / 2) || dense(taken, cells as u64)) {
        return None;
    }
    let used = cover(&distinct(all), quantum);
    if is_long(used.len()) {
        return None;
    }
    let gap_bits = |w: &[i64]| if let [a, b] = w { u64::from(bits(a.abs_diff(*b))) + 2 } else { 0 };
    let list: u64 = used.windows(2).map(gap_bits).sum();
    let (mut even, mut uneven, mut pairs) = (0, 0, 0);
    for pair in values.windows(2).step_by(4 * stride) {
        let (first, second) = (*pair.first()?, *pair.last()?);
        let apart = fitted.lattice.coordinate(first).abs_diff(fitted.lattice.coordinate(second));
        even += u64::from(bits(apart / quantum.unsigned_abs()) + fitted.lattice.low_bits(second));
        let [a, b] = [first, second].map(|v| of.coordinate(v));
        uneven += u64::from(bits(nearest(&used, a).abs_diff(nearest(&used, b)) as u64));
        pairs += 1;
    }
    let saved = (even - uneven.min(even)) as f64 / f64::from(pairs.max(1)) * values.len() as f64;
    let cheaper = saved > 1.1 * list as f64 && uneven * 20 < even * 19;
    cheaper.then_some(Fit { lattices: Lattices::One(of), quantum: 1, top: i32::MAX, used: Some(used) })
}

/// `lattice` with all bits of the values in its coordinates, which may then need 64 bits.
fn without_noise<T: Sample>(values: &[T], lattice: &Lattice) -> Option<Lattice> {
    if !lattice.has_low_bits() {
        return Some(*lattice);
    }
    // From the middle, so that differences keep their sign.
    let ordered = || values.iter().map(|v| v.to_ordered());
    Some(Lattice::Ordered { base: u64::midpoint(ordered().min()?, ordered().max()?), shift: 0, noise: 0 })
}

/// Some coordinates without repetition, ascending.
fn distinct(mut all: Vec<i64>) -> Vec<i64> {
    if let Some((marks, low)) = marked(all.iter().copied(), all.len()) {
        return marks.into_iter().zip(low..).filter(|(mark, _)| *mark).map(|(_, c)| c).collect();
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// A mark for each number that occurs, from the lowest; `None` when they span much more than their `count`.
fn marked(numbers: impl Iterator<Item = i64> + Clone, count: usize) -> Option<(Vec<bool>, i64)> {
    let (low, high) = numbers.clone().fold((i64::MAX, i64::MIN), |(low, high), n| (low.min(n), high.max(n)));
    let span = usize::try_from(high.checked_sub(low)?).ok().filter(|span| *span < SPREAD * count)?;
    let mut marks = vec![false; span + 1];
    for number in numbers {
        if let Some(mark) = marks.get_mut(number.abs_diff(low) as usize) {
            *mark = true;
        }
    }
    Some((marks, low))
}

/// The fewest coordinates that have every one of `distinct` within half a quantum.
fn cover(distinct: &[i64], quantum: i64) -> Vec<i64> {
    let mut rest = distinct;
    core::iter::from_fn(|| {
        let first = *rest.first()?;
        let (group, others) = rest.split_at(rest.partition_point(|c| c.abs_diff(first) < quantum.unsigned_abs()));
        rest = others;
        Some(i64::midpoint(first, *group.last()?))
    })
    .collect()
}

/// Index of the coordinate in ascending `used` nearest to one.
pub(crate) fn nearest(used: &[i64], coordinate: i64) -> usize {
    let above = used.partition_point(|u| *u < coordinate);
    let distance = |i: usize| used.get(i).map_or(u64::MAX, |u| u.abs_diff(coordinate));
    if above > 0 && distance(above - 1) < distance(above) { above - 1 } else { above.min(used.len().saturating_sub(1)) }
}
