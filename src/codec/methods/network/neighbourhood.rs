//! What the network sees of a sample (docs/format.md, "Neighbourhood"): for pairs of known neighbours on opposite sides, how far their mean lies from
//! the classical prediction and how far apart they are, scaled by powers of two so that one set of weights serves every unit and bound.

use super::levels::{Level, Offset};
use crate::codec::passes::Pass;
use crate::network::engine::{LANES, Row};
use crate::network::spec::{DIRECT, DIRECT_LIMIT, INPUT_LIMIT, INPUTS, PAIRS, REFERENCE_INPUTS, REFERENCES, SHARED};
use core::ops::Range;

/// Pairs whose sums set the scale of sums, and whose differences set that of differences.
const SCALE_PAIRS: usize = 8;

/// One neighbour of each pair, nearest first; the other lies on the opposite side.
const fn pairs(pass: Pass) -> [Offset; PAIRS] {
    match pass {
        Pass::Diagonal => [(1, 1), (1, -1), (1, 3), (1, -3), (3, 1), (3, -1), (3, 3), (3, -3), (1, 5), (1, -5), (5, 1), (5, -1)],
        Pass::Horizontal => [(0, 1), (1, 0), (1, 2), (1, -2), (2, 1), (2, -1), (0, 3), (3, 0), (2, 3), (2, -3), (3, 2), (3, -2)],
        Pass::Vertical => [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1), (0, 3), (3, 0), (1, 3), (1, -3)],
    }
}

/// Two more pairs of a reference plane, which is known everywhere.
const fn more_pairs(pass: Pass) -> [Offset; 2] {
    match pass {
        Pass::Diagonal => [(0, 1), (1, 0)],
        Pass::Horizontal => [(1, 1), (1, -1)],
        Pass::Vertical => [(0, 2), (2, 0)],
    }
}

/// What the neighbourhoods of a pass are made of.
#[derive(Debug)]
pub(crate) struct Surroundings<'a> {
    pub(crate) pass: Pass,
    /// 0 is the finest.
    pub(crate) level: u32,
    pub(crate) quantum: i32,
    pub(crate) plane: &'a Level,
    /// Reference planes, nearest first.
    pub(crate) references: &'a [Level],
    /// Whether the scale follows the surroundings; otherwise the quantum alone sets it.
    pub(crate) adaptive_scale: bool,
}

/// The neighbourhoods of up to [`LANES`] samples in a row.
#[derive(Debug)]
pub(crate) struct Neighbourhood {
    pub(crate) inputs: [Row; INPUTS],
    /// Twice the corrections of the prediction.
    pub(crate) direct: [Row; DIRECT],
    /// Binary logarithm of the scale: a unit of `direct` is 2^exponent lattice units.
    pub(crate) exponents: Row,
    /// The pairs of the plane itself.
    own: [Pair; PAIRS],
    /// Those of each reference: the shared ones, then two more.
    others: [[Pair; SHARED + 2]; REFERENCES],
    /// How many pairs of the plane are there.
    found: Row,
}

impl Default for Neighbourhood {
    fn default() -> Self {
        Self {
            inputs: [[0; LANES]; INPUTS],
            direct: [[0; LANES]; DIRECT],
            exponents: [0; LANES],
            own: [Pair::NONE; PAIRS],
            others: [[Pair::NONE; SHARED + 2]; REFERENCES],
            found: [0; LANES],
        }
    }
}

/// The sum of a pair less twice what it is compared with, and its difference; zero where a sample is not there.
#[derive(Debug, Clone, Copy)]
struct Pair {
    sum: Row,
    difference: Row,
}

impl Pair {
    const NONE: Self = Self { sum: [0; LANES], difference: [0; LANES] };
}

/// Some of the samples, which lie side by side in a row of the component at `phase`.
#[derive(Debug, Clone)]
struct Run {
    phase: (usize, usize),
    y: usize,
    x: usize,
    lanes: Range<usize>,
}

impl Run {
    #[inline(always)]
    fn of<'a>(&self, row: &'a Row) -> &'a [i32] {
        row.get(self.lanes.clone()).unwrap_or_default()
    }

    #[inline(always)]
    fn of_mut<'a>(&self, row: &'a mut Row) -> &'a mut [i32] {
        row.get_mut(self.lanes.clone()).unwrap_or_default()
    }
}

impl Level {
    /// Looks at a pair of neighbours of each sample of a run compared with `middle`; whether it is there is added to `found`.
    #[inline(always)]
    fn look(&self, run: &Run, (dy, dx): Offset, middle: &Row, pair: &mut Pair, found: Option<&mut Row>) {
        let Run { phase, y, x, .. } = *run;
        let (sums, differences) = (run.of_mut(&mut pair.sum), run.of_mut(&mut pair.difference));
        let (Some(after), Some(before)) = (self.row(phase, (dy, dx), y, x), self.row(phase, (-dy, -dx), y, x)) else {
            sums.fill(0);
            differences.fill(0);
            return;
        };
        let both = after.0.iter().zip(after.1).zip(before.0.iter().zip(before.1));
        let lanes = sums.iter_mut().zip(differences).zip(run.of(middle)).zip(both.clone());
        for (((sum, difference), middle), ((a, there), (b, here))) in lanes {
            let present = there & here;
            *sum = a.wrapping_add(*b).wrapping_sub(middle.wrapping_mul(2)) & present;
            *difference = a.wrapping_sub(*b) & present;
        }
        if let Some(found) = found {
            run.of_mut(found).iter_mut().zip(both).for_each(|(found, ((_, there), (_, here)))| *found -= there & here);
        }
    }
}

impl Neighbourhood {
    /// Looks around the samples from column `x` of row `y` on, for which the classical way predicts `predicted`.
    #[cfg(feature = "training")]
    pub(crate) fn look(&mut self, around: &Surroundings, y: usize, x: usize, predicted: &[i32]) {
        self.look_along(around, (y, x), x + predicted.len(), predicted);
    }

    /// Looks around as many samples as `predicted` has, from column `x` of row `y` on and row by row, in a component of that width.
    #[inline(always)]
    pub(crate) fn look_along(&mut self, around: &Surroundings, (mut y, mut x): (usize, usize), width: usize, predicted: &[i32]) {
        let mut base = [0; LANES];
        base.iter_mut().zip(predicted).for_each(|(b, p)| *b = *p);
        self.found = [0; LANES];
        let mut references = [0, 1].map(|i| around.references.get(i));
        let (mut first, end) = (0, predicted.len().min(LANES));
        while first < end && x < width {
            let lanes = first..end.min(first + width - x);
            first = lanes.end;
            let run = Run { phase: around.pass.phase(), y, x, lanes };
            self.gather(around, &run, &base);
            for (reference, others) in references.iter_mut().zip(&mut self.others) {
                if let Some(level) = *reference
                    && !gather_reference(level, around.pass, &run, others)
                {
                    *reference = None;
                }
            }
            (y, x) = (y + 1, 0);
        }
        self.weigh(around, references.map(|r| r.is_some()));
    }

    /// The pairs of the plane itself.
    #[inline(always)]
    fn gather(&mut self, around: &Surroundings, run: &Run, base: &Row) {
        for (pair, offset) in self.own.iter_mut().zip(pairs(around.pass)) {
            around.plane.look(run, offset, base, pair, Some(&mut self.found));
        }
    }

    /// Makes inputs of what was gathered, from the plane and from the references that are there.
    #[inline(always)]
    fn weigh(&mut self, around: &Surroundings, references: [bool; REFERENCES]) {
        let Self { inputs, direct, exponents, own, others, found } = self;
        let sums = logarithms(&total(own.iter().take(SCALE_PAIRS).map(|p| &p.sum)));
        let differences = logarithms(&total(own.iter().take(SCALE_PAIRS).map(|p| &p.difference)));
        let quantum = logarithm(around.quantum.unsigned_abs());
        let adaptive_scale = around.adaptive_scale;
        let mut by_differences = [0; LANES];
        for (to, from) in [(&mut *exponents, &sums), (&mut by_differences, &differences)] {
            to.iter_mut().zip(from).for_each(|(to, total)| *to = if adaptive_scale { (*total >> 4) - 9 } else { (quantum >> 4) - 6 });
        }
        let (by_sums, by_differences) = (Scale::of(exponents), Scale::of(&by_differences));

        let (inputs, rest) = inputs.split_at_mut(2 * PAIRS);
        let (sum_inputs, difference_inputs) = inputs.split_at_mut(PAIRS);
        let (own_direct, moved) = direct.split_at_mut(PAIRS);
        for (((pair, direct), sum), difference) in own.iter().zip(own_direct).zip(sum_inputs).zip(difference_inputs) {
            by_sums.apply(&pair.sum, direct);
            clamp(direct, sum);
            by_differences.input(&pair.difference, difference);
        }

        let (reference_inputs, descriptors) = rest.split_at_mut(REFERENCES * REFERENCE_INPUTS);
        let mut ratios = [[-INPUT_LIMIT; LANES]; REFERENCES];
        let rows = reference_inputs.chunks_mut(REFERENCE_INPUTS).zip(moved.chunks_mut(SHARED));
        for (((inputs, moved), ratio), (others, is_there)) in rows.zip(&mut ratios).zip(others.iter().zip(references)) {
            if !is_there {
                inputs.iter_mut().chain(moved).for_each(|row| *row = [0; LANES]);
                continue;
            }
            let (bends, compared) = inputs.split_at_mut(SHARED + 2);
            for (other, input) in others.iter().zip(bends) {
                by_sums.input(&other.sum, input);
            }
            for ((own, other), moved) in own.iter().zip(others).zip(moved) {
                by_sums.apply(&less(&own.sum, &other.sum), moved);
            }
            for ((own, other), input) in own.iter().zip(others).zip(compared) {
                by_differences.input(&less(&own.difference, &other.difference), input);
            }
            let total = logarithms(&total(others.iter().take(SHARED).map(|p| &p.sum)));
            ratio.iter_mut().zip(&total).zip(&sums).for_each(|((r, t), s)| *r = 4 * (t - s));
        }
        let level = (around.level.min(7) * 128) as i32;
        let exact = if around.quantum == 1 { 512 } else { 0 };
        let [first, second] = &ratios;
        let [noise, slope, level_row, missing, first_row, second_row, exact_row] = descriptors else { return };
        (*level_row, *exact_row) = ([level; LANES], [exact; LANES]);
        noise.iter_mut().zip(&sums).for_each(|(to, s)| *to = cut(2 * (s - quantum - 64)));
        slope.iter_mut().zip(&differences).zip(&sums).for_each(|((to, d), s)| *to = cut(4 * (d - s)));
        missing.iter_mut().zip(&*found).for_each(|(to, f)| *to = cut(80 * (PAIRS as i32 - f)));
        clamp(first, first_row);
        clamp(second, second_row);
    }
}

/// The pairs of a reference around a run; false where it is not there.
#[inline(always)]
fn gather_reference(reference: &Level, pass: Pass, run: &Run, others: &mut [Pair]) -> bool {
    let Some((here, present)) = reference.row(run.phase, (0, 0), run.y, run.x) else { return false };
    let mut middle = [0; LANES];
    run.of_mut(&mut middle).iter_mut().zip(here).zip(present).for_each(|((m, h), p)| *m = h & p);
    for (offset, other) in pairs(pass).into_iter().take(SHARED).chain(more_pairs(pass)).zip(others) {
        reference.look(run, offset, &middle, other, None);
    }
    true
}

/// The sum of magnitudes, as far as it goes.
#[inline(always)]
fn total<'a>(rows: impl Iterator<Item = &'a Row>) -> [u32; LANES] {
    let mut total = [0u32; LANES];
    for row in rows {
        total.iter_mut().zip(row).for_each(|(t, p)| *t = t.saturating_add(p.unsigned_abs()));
    }
    total
}

#[inline(always)]
fn logarithms(values: &[u32; LANES]) -> Row {
    let mut logarithms = [0; LANES];
    logarithms.iter_mut().zip(values).for_each(|(l, v)| *l = logarithm(*v));
    logarithms
}

#[inline(always)]
fn cut(value: i32) -> i32 {
    value.clamp(-INPUT_LIMIT, INPUT_LIMIT)
}

#[inline(always)]
fn less(a: &Row, b: &Row) -> Row {
    let mut less = [0; LANES];
    less.iter_mut().zip(a).zip(b).for_each(|((l, a), b)| *l = a.wrapping_sub(*b));
    less
}

#[inline(always)]
fn clamp(from: &Row, to: &mut Row) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t = cut(*f));
}

/// Division by a power of two for each lane, to the nearest integer, as a product.
#[derive(Debug)]
struct Scale {
    /// Largest difference that is told apart.
    limits: Row,
    /// −1 where the lowest [`DROPPED`] bits go first.
    coarse: Row,
    factors: Row,
    /// Whether no bits go first anywhere.
    fine: bool,
}

/// Low bits that a large scale drops before its product.
const DROPPED: u32 = 14;
/// The largest scale at which [`DIRECT_LIMIT`] fits a lane.
const LARGEST_SHIFT: i32 = 18;

impl Scale {
    #[inline(always)]
    fn of(exponents: &Row) -> Self {
        let largest = exponents.iter().fold(i32::MIN, |largest, e| largest.max(*e));
        let mut scale = Self { limits: [0; LANES], coarse: [0; LANES], factors: [0; LANES], fine: largest < DROPPED as i32 };
        let lanes = scale.limits.iter_mut().zip(&mut scale.coarse).zip(&mut scale.factors).zip(exponents);
        for (((limit, coarse), factor), e) in lanes {
            *coarse = -i32::from(*e >= DROPPED as i32);
            let within = (DIRECT_LIMIT << (*e).clamp(0, LARGEST_SHIFT)) >> -(*e).min(0);
            *limit = if *e > LARGEST_SHIFT { i32::MAX } else { within };
            *factor = 1 << (16 - e + (*coarse & DROPPED as i32));
        }
        scale
    }

    /// Scaled and cut to the range of inputs.
    #[inline(always)]
    fn input(&self, from: &Row, to: &mut Row) {
        let mut scaled = [0; LANES];
        self.apply(from, &mut scaled);
        clamp(&scaled, to);
    }

    // Not `clamp`, which asks whether the limits are in order.
    #[inline(always)]
    fn apply(&self, from: &Row, to: &mut Row) {
        if self.fine {
            for (((to, from), limit), factor) in to.iter_mut().zip(from).zip(&self.limits).zip(&self.factors) {
                *to = (*from).max(-limit).min(*limit).wrapping_mul(*factor).wrapping_add(1 << 15) >> 16;
            }
            return;
        }
        let lanes = to.iter_mut().zip(from).zip(&self.limits).zip(&self.coarse).zip(&self.factors);
        for ((((to, from), limit), coarse), factor) in lanes {
            let cut = (*from).max(-limit).min(*limit);
            let cut = (cut >> DROPPED & coarse) | (cut & !coarse);
            *to = cut.wrapping_mul(*factor).wrapping_add(1 << 15) >> 16;
        }
    }
}

/// About sixteen times the binary logarithm, by straight lines between powers of two; 0 for 0.
#[inline(always)]
pub(crate) fn logarithm(value: u32) -> i32 {
    // A float of 24 bits holds the logarithm in its highest bits, exactly, and vectors have no other way to it.
    let large = value >> 24 != 0;
    let float = (if large { value >> 8 } else { value.max(1) } as i32 as f32).to_bits() as i32;
    (float >> 19) - (127 << 4) + if large { 8 << 4 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_straight_lines_between_powers_of_two() {
        assert_eq!(logarithm(0), 0);
        let near = (0..32).flat_map(|o| (0..16u32).flat_map(move |i| [0u32, 1, 2].map(|d| (1u32 << o).wrapping_add((i << o) / 16).wrapping_sub(d))));
        for value in near.chain([1, u32::MAX, u32::MAX - 1]).filter(|v| *v > 0) {
            let octave = value.ilog2();
            assert_eq!(logarithm(value), (16 * octave + ((u64::from(value) << 4 >> octave) as u32 & 15)) as i32, "{value}");
        }
    }

    #[test]
    fn scales_divide_to_the_nearest() {
        let mut exponents = [0; LANES];
        exponents.iter_mut().zip(-9..).for_each(|(to, e)| *to = e.min(25));
        let scale = Scale::of(&exponents);
        for (limit, e) in scale.limits.iter().zip(exponents) {
            let expected = if e >= 0 { (i64::from(DIRECT_LIMIT) << e).min(i64::from(i32::MAX)) } else { i64::from(DIRECT_LIMIT >> -e) };
            assert_eq!(i64::from(*limit), expected, "{e}");
        }
    }
}
