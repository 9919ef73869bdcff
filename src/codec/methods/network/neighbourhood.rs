//! What the network sees of a sample (docs/format.md, "Neighbourhood"): for pairs of known neighbours on opposite sides, how far their mean lies from
//! the classical prediction and how far apart they are, scaled by powers of two so that one set of weights serves every unit and bound.

use super::levels::{Level, Offset};
use crate::codec::passes::Pass;
use crate::network::engine::{LANES, Row};
use crate::network::spec::{DIRECT, DIRECT_LIMIT, INPUT_LIMIT, INPUTS, PAIRS, REFERENCE_INPUTS, REFERENCES, SHARED};

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
    /// One of a reference.
    other: Pair,
}

impl Default for Neighbourhood {
    fn default() -> Self {
        Self { inputs: [[0; LANES]; INPUTS], direct: [[0; LANES]; DIRECT], exponents: [0; LANES], own: [Pair::NONE; PAIRS], other: Pair::NONE }
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

/// Where the first of the samples lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    phase: (usize, usize),
    y: usize,
    x: usize,
}

impl Level {
    /// Looks at a pair of neighbours compared with `middle`, as far as the row goes; whether it is there is added to `found`.
    fn look(&self, place: Place, (dy, dx): Offset, middle: &Row, pair: &mut Pair, found: &mut Row) {
        let Place { phase, y, x } = place;
        let (Some(after), Some(before)) = (self.row(phase, (dy, dx), y, x), self.row(phase, (-dy, -dx), y, x)) else {
            *pair = Pair::NONE;
            return;
        };
        let both = after.0.iter().zip(after.1).zip(before.0.iter().zip(before.1)).zip(middle);
        let lanes = pair.sum.iter_mut().zip(&mut pair.difference).zip(found).zip(both);
        for (((sum, difference), found), (((a, there), (b, here)), middle)) in lanes {
            let present = there & here;
            *sum = a.wrapping_sub(*middle).wrapping_add(b.wrapping_sub(*middle)) & present;
            *difference = a.wrapping_sub(*b) & present;
            *found -= present;
        }
    }
}

impl Neighbourhood {
    /// Looks around the samples from column `x` of row `y`, for which the classical way predicts `predicted`.
    pub(crate) fn look(&mut self, around: &Surroundings, y: usize, x: usize, predicted: &[i32]) {
        let mut base = [0; LANES];
        base.iter_mut().zip(predicted).for_each(|(b, p)| *b = *p);
        let place = Place { phase: around.pass.phase(), y, x };
        let mut found = [0; LANES];
        let Self { inputs, direct, exponents, own, other } = self;
        for (pair, offset) in own.iter_mut().zip(pairs(around.pass)) {
            around.plane.look(place, offset, &base, pair, &mut found);
        }
        let total = |part: fn(&Pair) -> &Row| {
            let mut total = [0u32; LANES];
            for pair in own.iter().take(SCALE_PAIRS) {
                total.iter_mut().zip(part(pair)).for_each(|(t, p)| *t = t.saturating_add(p.unsigned_abs()));
            }
            total
        };
        let (sums, differences) = (total(|p| &p.sum).map(logarithm), total(|p| &p.difference).map(logarithm));
        let quantum = logarithm(around.quantum.unsigned_abs());
        let exponent = |total: i32| if around.adaptive_scale { (total >> 4) - 9 } else { (quantum >> 4) - 6 };
        *exponents = sums.map(exponent);
        let (by_sums, by_differences) = (Scale::of(exponents), Scale::of(&differences.map(exponent)));

        let (inputs, others) = inputs.split_at_mut(2 * PAIRS);
        let (sum_inputs, difference_inputs) = inputs.split_at_mut(PAIRS);
        let (own_direct, moved) = direct.split_at_mut(PAIRS);
        for (((pair, direct), sum), difference) in own.iter().zip(own_direct).zip(sum_inputs).zip(difference_inputs) {
            by_sums.apply(&pair.sum, direct);
            clamp(direct, sum);
            by_differences.input(&pair.difference, difference);
        }

        let (reference_inputs, descriptors) = others.split_at_mut(REFERENCES * REFERENCE_INPUTS);
        let mut ratios = [[-INPUT_LIMIT; LANES]; REFERENCES];
        let references = around.references.iter().map(Some).chain(core::iter::repeat(None));
        for (((inputs, moved), ratio), reference) in
            reference_inputs.chunks_mut(REFERENCE_INPUTS).zip(moved.chunks_mut(SHARED)).zip(&mut ratios).zip(references)
        {
            let Some((reference, (here, present))) = reference.and_then(|r| Some((r, r.row(place.phase, (0, 0), y, x)?))) else {
                inputs.iter_mut().chain(moved).for_each(|row| *row = [0; LANES]);
                continue;
            };
            let mut middle = [0; LANES];
            middle.iter_mut().zip(here).zip(present).for_each(|((m, h), p)| *m = h & p);
            let look = |offset: Offset, pair: &mut Pair| reference.look(place, offset, &middle, pair, &mut [0; LANES]);
            let (bends, compared) = inputs.split_at_mut(SHARED + 2);
            let mut total = [0u32; LANES];
            let mut compared = compared.iter_mut();
            for (((offset, own), input), moved) in pairs(around.pass).into_iter().zip(own.iter()).zip(bends.iter_mut()).zip(moved) {
                look(offset, other);
                by_sums.input(&other.sum, input);
                by_sums.apply(&less(&own.sum, &other.sum), moved);
                total.iter_mut().zip(&other.sum).for_each(|(t, p)| *t = t.saturating_add(p.unsigned_abs()));
                if let Some(compared) = compared.next() {
                    by_differences.input(&less(&own.difference, &other.difference), compared);
                }
            }
            for (offset, input) in more_pairs(around.pass).into_iter().zip(bends.iter_mut().skip(SHARED)) {
                look(offset, other);
                by_sums.input(&other.sum, input);
            }
            ratio.iter_mut().zip(total).zip(sums).for_each(|((r, t), s)| *r = 4 * (logarithm(t) - s));
        }
        let level = (around.level.min(7) * 128) as i32;
        let exact = if around.quantum == 1 { 512 } else { 0 };
        let [first, second] = ratios;
        let noise = sums.map(|s| 2 * (s - quantum - 64));
        let mut slope = [0; LANES];
        slope.iter_mut().zip(differences).zip(sums).for_each(|((to, d), s)| *to = 4 * (d - s));
        let values = [noise, slope, [level; LANES], found.map(|f| 80 * (PAIRS as i32 - f)), first, second, [exact; LANES]];
        for (to, from) in descriptors.iter_mut().zip(values) {
            clamp(&from, to);
        }
    }
}

#[inline]
fn less(a: &Row, b: &Row) -> Row {
    let mut less = [0; LANES];
    less.iter_mut().zip(a).zip(b).for_each(|((l, a), b)| *l = a.wrapping_sub(*b));
    less
}

#[inline]
fn clamp(from: &Row, to: &mut Row) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t = (*f).clamp(-INPUT_LIMIT, INPUT_LIMIT));
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

impl Scale {
    fn of(exponents: &Row) -> Self {
        let mut scale = Self { limits: [0; LANES], coarse: [0; LANES], factors: [0; LANES], fine: exponents.iter().all(|e| *e < DROPPED as i32) };
        let lanes = scale.limits.iter_mut().zip(&mut scale.coarse).zip(&mut scale.factors).zip(exponents);
        for (((limit, coarse), factor), e) in lanes {
            *coarse = -i32::from(*e >= DROPPED as i32);
            *limit = if *e >= 0 { ((i64::from(DIRECT_LIMIT)) << e).min(i64::from(i32::MAX)) as i32 } else { DIRECT_LIMIT >> -e };
            *factor = 1 << (16 - e + (*coarse & DROPPED as i32));
        }
        scale
    }

    /// Scaled and cut to the range of inputs.
    #[inline]
    fn input(&self, from: &Row, to: &mut Row) {
        let mut scaled = [0; LANES];
        self.apply(from, &mut scaled);
        clamp(&scaled, to);
    }

    #[inline]
    fn apply(&self, from: &Row, to: &mut Row) {
        if self.fine {
            for (((to, from), limit), factor) in to.iter_mut().zip(from).zip(&self.limits).zip(&self.factors) {
                *to = (*from).clamp(-limit, *limit).wrapping_mul(*factor).wrapping_add(1 << 15) >> 16;
            }
            return;
        }
        let lanes = to.iter_mut().zip(from).zip(&self.limits).zip(&self.coarse).zip(&self.factors);
        for ((((to, from), limit), coarse), factor) in lanes {
            let cut = (*from).clamp(-limit, *limit);
            let cut = (cut >> DROPPED & coarse) | (cut & !coarse);
            *to = cut.wrapping_mul(*factor).wrapping_add(1 << 15) >> 16;
        }
    }
}

/// About sixteen times the binary logarithm, by straight lines between powers of two; 0 for 0.
#[inline]
pub(crate) fn logarithm(value: u32) -> i32 {
    let v = value.max(1);
    let octave = v.ilog2();
    (16 * octave + ((u64::from(v) << 4 >> octave) as u32 & 15)) as i32
}
