//! Even steps among floats: decimals, offset + k · step, multiples of a power of two, or steps made from the bound.

use super::fitted::{EXAMPLES, Fitted, MISMATCHES, bits, half_spacing, rounding_interval, step};
use super::lines::Lines;
use super::plain::Plain;
use super::rule::{COORDINATE_LIMIT, Lattice, NEAR, coordinate, nearest_integer};
use super::sample::Sample;
use super::scaled;
use super::unpacked::Unpacked;
use crate::field::{DataType, extremes};

/// Coordinates per quantum of a made-up lattice: fine enough to centre the quantiser on the prediction.
const QUANTA: [i32; 7] = [129, 33, 17, 9, 5, 3, 1];
/// Values looked at together.
const BLOCK: usize = 256;
/// Values that a line is fitted to.
const FITTED_TO: usize = 1 << 16;
/// Times all values are gone through to place a line.
const PASSES: usize = 16;
/// Neighbours that are looked at to tell what coordinates cost.
const PAIRS: usize = 1 << 16;
/// Times scale and offset of packed integers are looked for, each time with more examples.
const ROUNDS: usize = 4;
/// How exact a line is that is fitted to all values in binary64, as a part of their range.
const FITTED: f64 = 1e-9;
/// The values' own lattice is taken under a bound when its quantum is at least this part of the one the bound allows.
pub(super) const OWN_QUANTUM: f64 = 0.999;

/// The values of a chunk as f64, with what the search needs to know of them.
pub(super) struct Floats<'a> {
    values: &'a [f64],
    data_type: DataType,
    smallest: f64,
    largest: f64,
    /// Half the spacing of the type's numbers at the largest magnitude.
    precision: f64,
}

impl<'a> Floats<'a> {
    pub(super) fn new(values: &'a [f64], data_type: DataType) -> Self {
        let [smallest, largest] = extremes(values, |_| true).unwrap_or([f64::INFINITY, f64::NEG_INFINITY]);
        Self { values, data_type, smallest, largest, precision: half_spacing(smallest.abs().max(largest.abs()), data_type) }
    }

    fn is_single(&self) -> bool {
        self.data_type == DataType::F32
    }

    /// The spacing of the lattice the values seem to lie on.
    pub(super) fn step(&self) -> Option<f64> {
        self.recovered().as_ref().map(step)
    }

    /// `None` when the bits of the values are the best lattice there is.
    pub(super) fn fit(&self, tolerance: f64) -> Option<Fitted> {
        let span = self.largest - self.smallest;
        if self.values.is_empty() || !(span > 0.0 && span.is_finite()) {
            return None;
        }
        if tolerance < 2.0 * self.precision { self.lossless() } else { self.bounded(tolerance) }
    }

    /// The values' own lattice where that costs less, otherwise one made from the bound; exact where neither is coarse enough.
    fn bounded(&self, tolerance: f64) -> Option<Fitted> {
        // Room for the rounding of the value to its type and of this arithmetic.
        let reach = (tolerance - self.precision) * (1.0 - 1e-9);
        let own = self.recovered().and_then(|lattice| {
            let coarse = |steps: f64| (2.0 * steps + 1.0) * step(&lattice) > OWN_QUANTUM * 2.0 * reach;
            let steps = (tolerance / step(&lattice) + 1e-6).floor();
            if steps >= f64::from(COORDINATE_LIMIT / 2) || !coarse(steps) || !self.near(&lattice) {
                return None;
            }
            let steps = self.reach_on(&lattice, steps as i32, tolerance);
            coarse(steps.into()).then(|| Fitted { top: self.top(&lattice), lattice, quantum: 2 * steps + 1 })
        });
        own.or_else(|| self.made_up(reach)).or_else(|| self.lossless())
    }

    /// How many of some steps a value may move without leaving the tolerance, rounding included.
    fn reach_on(&self, lattice: &Lattice, steps: i32, tolerance: f64) -> i32 {
        let mut beyond = 0;
        for values in self.values.chunks(BLOCK) {
            let [below, above] = [-steps, steps].map(|steps| self.moved(lattice, steps, values));
            let reached = |back: &f64, v: &f64| (back - v).abs() <= tolerance;
            beyond += values.iter().zip(below.iter().zip(&above)).map(|(v, (a, b))| usize::from(!(reached(a, v) & reached(b, v)))).sum::<usize>();
        }
        if beyond > self.values.len() / MISMATCHES { (steps - 1).max(0) } else { steps }
    }

    fn made_up(&self, reach: f64) -> Option<Fitted> {
        QUANTA.into_iter().find_map(|quantum| {
            let step = 2.0 * reach / f64::from(quantum);
            let lattice = Lattice::Scaled { offset: self.smallest, step };
            let fits = step > 0.0 && (self.largest - self.smallest) / step < f64::from(COORDINATE_LIMIT);
            fits.then(|| Fitted { top: self.top(&lattice), lattice, quantum })
        })
    }

    /// The largest coordinate whose value is not above the largest value.
    fn top(&self, lattice: &Lattice) -> i32 {
        let nearest = coordinate(lattice, self.largest).clamp(0, COORDINATE_LIMIT);
        if self.at(lattice, self.largest) > self.largest { nearest - 1 } else { nearest }
    }

    /// The cheapest rule that gives back every value, a few patches allowed.
    fn lossless(&self) -> Option<Fitted> {
        let recovered = self.recovered();
        if let Some(lattice) = recovered.and_then(|l| self.proven(l)) {
            return Some(Fitted::exact(lattice));
        }
        let ordered = self.ordered_cost();
        let near = self.line(recovered).and_then(|l| Some((self.cost(&l) + self.noise(&l)?, l)));
        let dyadic = self.dyadic().map(|l| (self.cost(&l), l));
        let (_, lattice) = near.into_iter().chain(dyadic).filter(|(cost, _)| *cost < ordered).min_by_key(|(cost, _)| *cost)?;
        Some(Fitted::exact(lattice))
    }

    /// Some of the values, ascending.
    fn examples(&self) -> Vec<f64> {
        let stride = self.values.len().div_ceil(EXAMPLES);
        let mut examples: Vec<f64> = self.values.iter().step_by(stride).copied().collect();
        examples.extend(self.values.iter().take(EXAMPLES / 4));
        examples.extend([self.smallest, self.largest]);
        examples.sort_unstable_by(f64::total_cmp);
        examples.dedup();
        examples
    }

    /// A decimal or packed lattice that the examples lie on.
    fn recovered(&self) -> Option<Lattice> {
        let examples = self.examples();
        self.decimal(&examples)
            .or_else(|| self.affine(&examples))
            .or_else(|| self.scaled(&examples))
            .filter(|l| (self.largest - self.smallest) / step(l) < f64::from(COORDINATE_LIMIT))
    }

    /// Values printed with up to twelve decimals, as long as the type resolves more than that.
    fn decimal(&self, examples: &[f64]) -> Option<Lattice> {
        let divisors = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
        // In binary64 the products here are rounded too.
        let finest = if self.is_single() { 0.45 } else { 1.0 / 16.0 };
        let divisor =
            divisors.into_iter().take_while(|d| d * self.precision < finest).find(|d| examples.iter().all(|v| self.round((v * d).round() / d) == *v))?;
        if !(self.smallest * divisor).abs().max((self.largest * divisor).abs()).lt(&9e15) {
            return None;
        }
        let numerator = |v: f64| (v * divisor).round() as i64;
        let base = numerator(self.smallest);
        let mut multiple = 0;
        for v in self.values {
            multiple = gcd(multiple, numerator(*v).abs_diff(base));
            if multiple == 1 {
                break;
            }
        }
        let multiple = multiple.max(1);
        Some(Lattice::Ratio { base, multiple: i64::try_from(multiple).ok()?, divisor })
    }

    /// offset + k · step with any step, from the gaps between neighbouring examples.
    fn affine(&self, examples: &[f64]) -> Option<Lattice> {
        let noise = 4.0 * self.precision;
        let mut gaps: Vec<f64> = examples.windows(2).filter_map(|w| if let [a, b] = w { Some(b - a) } else { None }).collect();
        gaps.sort_unstable_by(f64::total_cmp);
        let step = common_divisor(&gaps, noise)?;
        let first = *examples.first()?;
        let mut k = 0.0;
        let mut last = first;
        let points: Vec<(f64, f64)> = examples
            .iter()
            .map(|&v| {
                k += ((v - last) / step).round();
                last = v;
                (k, v - first)
            })
            .collect();
        let (offset, step) = line(&points)?;
        // The examples count the steps; many values together place the line.
        let points: Vec<(f64, f64)> =
            self.values.iter().step_by(self.values.len().div_ceil(FITTED_TO).max(1)).map(|v| (((v - first - offset) / step).round(), v - first)).collect();
        let (offset, step) = line(&points)?;
        // Coordinates count from the smallest value.
        let offset = offset + first;
        Some(Lattice::Scaled { offset: offset + ((self.smallest - offset) / step).round() * step, step })
    }

    /// offset + k · 2^e / 10^d, with a step so near the spacing of the type that gaps do not show it.
    fn scaled(&self, examples: &[f64]) -> Option<Lattice> {
        let (step, [low, high]) = if self.is_single() { scaled::coarsest(examples, self.precision)? } else { return None };
        let offset = f64::midpoint(low, high);
        Some(Lattice::Scaled { offset: offset + nearest_integer((self.smallest - offset) / step) * step, step })
    }

    /// Multiples of a power of two above the smallest value: floats of one precision.
    fn dyadic(&self) -> Option<Lattice> {
        let lowest = self.values.iter().filter(|v| **v != 0.0).map(|v| lowest_bit(*v)).min()?;
        let step = power_of_two(lowest)?;
        let signed_zero = self.values.iter().any(|v| *v == 0.0 && v.is_sign_negative());
        let fits = (self.largest - self.smallest) / step < f64::from(COORDINATE_LIMIT) && !signed_zero;
        fits.then_some(Lattice::Scaled { offset: self.smallest, step })
    }

    /// `lattice`, placed exactly, if it gives back all but a few values bit for bit.
    fn proven(&self, lattice: Lattice) -> Option<Lattice> {
        let lattice = match lattice {
            Lattice::Scaled { offset, step } if self.is_single() => self.placed(offset, step).or_else(|| self.unpacked(step, &self.examples()))?,
            Lattice::Scaled { offset, step } => {
                let examples = &self.examples();
                self.unpacked(step, examples).or_else(|| Plain { examples, offset, step, slack: 8.0 * self.precision }.solve())?
            }
            _ => lattice,
        };
        let wrong = self.values.iter().filter(|v| self.at(&lattice, **v).to_bits() != v.to_bits()).count();
        (wrong <= self.values.len() / MISMATCHES).then_some(lattice)
    }

    /// The scale and offset by which packed integers became the values, about one `step` apart. What does not come back becomes an example.
    fn unpacked(&self, step: f64, examples: &[f64]) -> Option<Lattice> {
        let mut examples = examples.to_vec();
        let mut best = None;
        for _ in 0..ROUNDS {
            let solved = self.packed(step, &examples).solve(self.smallest);
            let Some(lattice) = solved else { break };
            best = solved;
            let before = examples.len();
            examples.extend(self.values.iter().filter(|v| self.at(&lattice, **v) != **v).take(EXAMPLES));
            if examples.len() == before {
                break;
            }
            examples.sort_unstable_by(f64::total_cmp);
            examples.dedup();
        }
        best
    }

    fn packed<'e>(&self, step: f64, examples: &'e [f64]) -> Unpacked<'e> {
        let margin = 8.0 * self.precision + FITTED * (self.largest - self.smallest);
        Unpacked { examples, step, margin, data_type: self.data_type, tries: self.values.len() / 8 + EXAMPLES }
    }

    /// A line that values seem to be near to, if none gives them back: the one `recovered`, or one of means of decimals.
    fn line(&self, recovered: Option<Lattice>) -> Option<Lattice> {
        let examples = self.examples();
        match recovered {
            Some(Lattice::Scaled { offset, step }) if self.is_single() => Some(Lattice::Near { origin: offset, base: 0, step }),
            Some(Lattice::Scaled { step, .. }) => self.packed(step, &examples).nearest(self.smallest),
            None if self.is_single() => {
                scaled::mean(&examples, self.precision).map(|step| Lattice::Near { origin: 0.0, base: (self.smallest / step).round() as i64, step })
            }
            _ => None,
        }
    }

    /// Rough bits of telling how far off the line the values are, of as many as [`Self::cost`] looks at; `None` when too many are farther off than can be told.
    fn noise(&self, line: &Lattice) -> Option<u64> {
        const BEYOND: usize = 2 * NEAR as usize + 1;
        let mut counts = [0u64; BEYOND + 1];
        for v in self.values {
            let off = if self.is_single() { line.off_line(*v as f32) } else { line.off_line(*v) };
            let place = usize::try_from(off.saturating_add(NEAR as i64)).unwrap_or(BEYOND).min(BEYOND);
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
        let all = self.values.len() as u64;
        let [.., beyond] = counts;
        let quarter_bits = |count: u64| count * u64::from(bits((16 * all / count.max(1)).min(1 << 15).pow(4)).saturating_sub(17));
        let told: u64 = counts.iter().map(|c| quarter_bits(*c)).sum::<u64>() / 4;
        (beyond <= all / MISMATCHES as u64).then(|| told * all.min(PAIRS as u64) / all.max(1))
    }

    /// Moves the line offset + k · step into the rounding interval of every value, a few excepted.
    fn placed(&self, offset: f64, step: f64) -> Option<Lattice> {
        // Where the values pass through zero their own rounding is finest: coordinates count from there.
        let offset = if self.smallest < 0.0 && self.largest > 0.0 { offset - nearest_integer(offset / step) * step } else { offset };
        let through_zero = offset.abs() < 4.0 * self.precision && self.values.contains(&0.0);
        let offset = if through_zero { 0.0 } else { offset };
        let [first, last] = [self.smallest, self.largest].map(|v| nearest_integer((v - offset) / step));
        let mut lines = Lines::new(offset, step, [first, last], 8.0 * self.precision, through_zero);
        for _ in 0..PASSES {
            let (mut moved, mut wrong) = (false, 0);
            for &v in self.values {
                let (offset, step) = lines.middle;
                let k = nearest_integer((v - offset) / step);
                if self.round(offset + k * step) != v {
                    if lines.cut(k, rounding_interval(v)) { moved = true } else { wrong += 1 }
                }
            }
            if wrong > self.values.len() / MISMATCHES {
                return None;
            }
            if !moved {
                break;
            }
        }
        let (offset, step) = lines.middle;
        Some(Lattice::Scaled { offset, step })
    }

    /// Whether every value lies on the lattice but for rounding.
    fn near(&self, lattice: &Lattice) -> bool {
        let slack = 2.0 * self.precision + step(lattice) / 256.0;
        let is_near = |values: &[f64]| values.iter().zip(&self.moved(lattice, 0, values)).fold(true, |all, (v, back)| all & ((back - v).abs() <= slack));
        self.values.chunks(BLOCK).all(is_near)
    }

    /// What lies so many steps from the lattice's values nearest to some values, up to [`BLOCK`] of them.
    fn moved(&self, lattice: &Lattice, steps: i32, values: &[f64]) -> [f64; BLOCK] {
        let (mut coordinates, mut reals) = ([0; BLOCK], [0.0; BLOCK]);
        if lattice.coordinates(values, &mut coordinates) {
            coordinates.iter_mut().for_each(|c| *c = c.saturating_add(steps));
            if lattice.reals(coordinates.get(..values.len()).unwrap_or_default(), &mut reals) {
                reals.iter_mut().for_each(|r| *r = self.round(*r));
                return reals;
            }
        }
        reals.iter_mut().zip(values).for_each(|(real, v)| *real = self.value(lattice, coordinate(lattice, *v).saturating_add(steps)));
        reals
    }

    /// The lattice's value nearest to `v`.
    fn at(&self, lattice: &Lattice, v: f64) -> f64 {
        self.value(lattice, coordinate(lattice, v))
    }

    fn value(&self, lattice: &Lattice, coordinate: i32) -> f64 {
        if self.is_single() { f64::from(lattice.value::<f32>(coordinate.into(), 0)) } else { lattice.value(coordinate.into(), 0) }
    }

    fn round(&self, v: f64) -> f64 {
        if self.is_single() { f64::from(v as f32) } else { v }
    }

    /// Rough bits of coding the values by the differences of neighbours.
    fn cost(&self, lattice: &Lattice) -> u64 {
        self.differences(|v| i64::from(coordinate(lattice, v)))
    }

    fn ordered_cost(&self) -> u64 {
        self.differences(|v| if self.is_single() { (v as f32).to_ordered() as i64 } else { (v.to_ordered() >> 1) as i64 })
    }

    fn differences(&self, integer: impl Fn(f64) -> i64) -> u64 {
        let pairs = self.values.windows(2).take(PAIRS);
        pairs.map(|w| if let [a, b] = w { u64::from(bits(integer(*a).abs_diff(integer(*b)))) } else { 0 }).sum()
    }
}

/// The largest number every gap is near a multiple of; `None` when it would drown in the rounding `noise`.
fn common_divisor(gaps: &[f64], noise: f64) -> Option<f64> {
    let mut divisor = *gaps.iter().find(|g| **g > noise)?;
    'search: for _ in 0..24 {
        let (mut products, mut squares) = (0.0, 0.0);
        let mut refined = divisor;
        for gap in gaps {
            let k = (gap / refined).round();
            let rest = (gap - k * refined).abs();
            if rest > 2.0 * noise + refined / 64.0 {
                divisor = rest.min((refined - rest).abs()).max(noise);
                if divisor < 8.0 * noise {
                    return None;
                }
                continue 'search;
            }
            products += gap * k;
            squares += k * k;
            if squares > 0.0 {
                refined = products / squares;
            }
        }
        return (refined > 8.0 * noise).then_some(refined);
    }
    None
}

/// Least-squares line through (k, value): offset and step.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = points.len() as f64;
    let (k, v) = points.iter().fold((0.0, 0.0), |(a, b), (k, v)| (a + k, b + v));
    let (k, v) = (k / n, v / n);
    let (top, bottom) = points.iter().fold((0.0, 0.0), |(t, b), (x, y)| (t + (x - k) * (y - v), b + (x - k) * (x - k)));
    let step = top / bottom;
    (step.is_finite() && step > 0.0).then_some((v - step * k, step))
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Exponent of the lowest set bit of a finite, non-zero number.
fn lowest_bit(value: f64) -> i32 {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as i32;
    let mantissa = bits & ((1 << 52) - 1) | u64::from(exponent != 0) << 52;
    exponent.max(1) - 1075 + mantissa.trailing_zeros() as i32
}

/// 2^exponent, when it is a normal number.
fn power_of_two(exponent: i32) -> Option<f64> {
    let biased = u64::try_from(exponent + 1023).ok().filter(|b| (1..2047).contains(b))?;
    Some(f64::from_bits(biased << 52))
}
