//! The encoder's search for the lattice of a chunk.
//!
//! Much climate data is k · step + offset in disguise (packed NetCDF, GRIB, decimals): found and proven, it costs far less than float bits.
//! All arithmetic is plain binary64 in a fixed order, so the same input gives the same lattice everywhere.

use super::{COORDINATE_LIMIT, Lattice, Sample, nearest_integer};
use crate::field::DataType;

/// The rule for a chunk and its quantum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fitted {
    pub(crate) lattice: Lattice,
    /// Odd: reconstructions of one coordinate lie this far apart. 1 is exact.
    pub(crate) quantum: i32,
    /// Largest coordinate whose value is not above the largest of the source; the smallest coordinate is 0.
    pub(crate) top: i32,
}

impl Fitted {
    const fn exact(lattice: Lattice) -> Self {
        Self { lattice, quantum: 1, top: i32::MAX }
    }
}

/// Coordinates per quantum of a made-up lattice: fine enough to centre the quantiser on the prediction.
const QUANTA: [i32; 5] = [17, 9, 5, 3, 1];
/// Values looked at first when a lattice is searched.
const EXAMPLES: usize = 1024;
/// One mismatch in this many may be patched before a lattice counts as wrong.
const MISMATCHES: usize = 1000;

/// Finds the lattice of `values` (none of them missing) for a `tolerance` in stored units; 0 asks for lossless.
pub(crate) fn fit<T: Sample>(values: &[T], tolerance: f64) -> Fitted {
    if T::TYPE.is_float() {
        let numbers: Vec<f64> = values.iter().map(|v| v.to_f64()).collect();
        return Floats::new(&numbers, T::TYPE).fit(tolerance).unwrap_or_else(|| exact(values));
    }
    let lossless = exact(values);
    let Lattice::Ordered { base, .. } = lossless.lattice else { return lossless };
    let span = values.iter().map(|v| v.to_ordered() - base).max().unwrap_or(0);
    let reach = (tolerance.max(0.0) as i64).min(i64::from(COORDINATE_LIMIT / 2)) as i32;
    match i32::try_from(span) {
        Ok(top) if reach > 0 && top < COORDINATE_LIMIT => Fitted { lattice: Lattice::Ordered { base, shift: 0, noise: 0 }, quantum: 2 * reach + 1, top },
        _ => lossless,
    }
}

/// Order-preserving integers less the smallest, without common trailing zeros, the lowest bits split off when there are too many.
fn exact<T: Sample>(values: &[T]) -> Fitted {
    let ordered = || values.iter().map(|v| v.to_ordered());
    let base = ordered().min().unwrap_or(0);
    let (used, span) = ordered().fold((0, 0), |(used, span), o| (used | (o - base), (o - base).max(span)));
    let shift = if used == 0 { 0 } else { used.trailing_zeros() };
    let bits = 64 - (span >> shift).leading_zeros();
    Fitted::exact(Lattice::Ordered { base, shift, noise: bits.saturating_sub(COORDINATE_LIMIT.ilog2()) })
}

/// The values of a chunk as f64, with what the search needs to know of them.
struct Floats<'a> {
    values: &'a [f64],
    data_type: DataType,
    smallest: f64,
    largest: f64,
    /// Half the spacing of the type's numbers at the largest magnitude.
    precision: f64,
}

impl<'a> Floats<'a> {
    fn new(values: &'a [f64], data_type: DataType) -> Self {
        let (smallest, largest) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        Self { values, data_type, smallest, largest, precision: half_spacing(smallest.abs().max(largest.abs()), data_type) }
    }

    fn is_single(&self) -> bool {
        self.data_type == DataType::F32
    }

    /// `None` when the bits of the values are the best lattice there is.
    fn fit(&self, tolerance: f64) -> Option<Fitted> {
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
        let own = self.recovered().filter(|l| step(l) > reach / 8.0).and_then(|lattice| {
            let quantum = 2 * self.reach_on(&lattice, tolerance) + 1;
            (f64::from(quantum) * step(&lattice) > 1.9 * reach && self.near(&lattice)).then_some(Fitted { lattice, quantum, top: self.top(&lattice) })
        });
        own.or_else(|| self.made_up(reach)).or_else(|| self.lossless())
    }

    /// How many steps a value may move without leaving the tolerance, rounding included.
    fn reach_on(&self, lattice: &Lattice, tolerance: f64) -> i32 {
        let steps = (tolerance / step(lattice) + 1e-6).floor();
        let moved = |v: f64| (self.round(self.at(lattice, v) + steps * step(lattice)) - v).abs();
        let beyond = self.values.iter().filter(|v| moved(**v) > tolerance).count();
        if beyond > self.values.len() / MISMATCHES { (steps - 1.0).max(0.0) as i32 } else { steps as i32 }
    }

    fn made_up(&self, reach: f64) -> Option<Fitted> {
        QUANTA.into_iter().find_map(|quantum| {
            let step = 2.0 * reach / f64::from(quantum);
            let lattice = Lattice::Scaled { offset: self.smallest, step };
            let fits = step > 0.0 && (self.largest - self.smallest) / step < f64::from(COORDINATE_LIMIT);
            fits.then(|| Fitted { lattice, quantum, top: self.top(&lattice) })
        })
    }

    /// The largest coordinate whose value is not above the largest value.
    fn top(&self, lattice: &Lattice) -> i32 {
        let nearest = coordinate(lattice, self.largest).clamp(0, COORDINATE_LIMIT);
        if self.at(lattice, self.largest) > self.largest { nearest - 1 } else { nearest }
    }

    /// The cheapest rule that gives back every value, a few patches allowed.
    fn lossless(&self) -> Option<Fitted> {
        let dyadic = self.dyadic().filter(|l| self.cost(l) < self.ordered_cost());
        let lattice = self.recovered().and_then(|l| self.proven(l)).or(dyadic)?;
        Some(Fitted::exact(lattice))
    }

    /// A decimal or packed lattice that the first examples lie on.
    fn recovered(&self) -> Option<Lattice> {
        let stride = self.values.len().div_ceil(EXAMPLES);
        let mut examples: Vec<f64> = self.values.iter().step_by(stride).copied().collect();
        examples.extend(self.values.iter().take(EXAMPLES / 4));
        examples.sort_unstable_by(f64::total_cmp);
        examples.dedup();
        self.decimal(&examples).or_else(|| self.affine(&examples)).filter(|l| (self.largest - self.smallest) / step(l) < f64::from(COORDINATE_LIMIT))
    }

    /// Values printed with up to six decimals, as long as the type resolves more than that.
    fn decimal(&self, examples: &[f64]) -> Option<Lattice> {
        let divisors = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6].into_iter().take_while(|d| d * self.precision < 1.0 / 16.0);
        let divisor = divisors.into_iter().find(|d| examples.iter().all(|v| self.round((v * d).round() / d) == *v))?;
        if !(self.smallest * divisor).abs().max((self.largest * divisor).abs()).lt(&9e15) {
            return None;
        }
        let numerator = |v: f64| (v * divisor).round() as i64;
        let base = numerator(self.smallest);
        let multiple = self.values.iter().fold(0, |g, v| gcd(g, numerator(*v).abs_diff(base))).max(1);
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
        // The examples count the steps; all values together place the line.
        let points: Vec<(f64, f64)> = self.values.iter().map(|v| (((v - first - offset) / step).round(), v - first)).collect();
        let (offset, step) = line(&points)?;
        // Coordinates count from the smallest value.
        let offset = offset + first;
        Some(Lattice::Scaled { offset: offset + ((self.smallest - offset) / step).round() * step, step })
    }

    /// Multiples of a power of two above the smallest value: floats of one precision.
    fn dyadic(&self) -> Option<Lattice> {
        let lowest = self.values.iter().filter(|v| **v != 0.0).map(|v| lowest_bit(*v)).min()?;
        let step = power_of_two(lowest)?;
        let signed_zero = self.values.iter().any(|v| *v == 0.0 && v.is_sign_negative());
        let fits = (self.largest - self.smallest) / step < f64::from(COORDINATE_LIMIT) && !signed_zero;
        fits.then_some(Lattice::Scaled { offset: self.smallest, step })
    }

    /// `lattice`, its offset and step adjusted, if it gives back all but a few values bit for bit.
    fn proven(&self, mut lattice: Lattice) -> Option<Lattice> {
        let mut fewest = (usize::MAX, lattice);
        for _ in 0..12 {
            let wrong = self.values.iter().filter(|v| self.at(&lattice, **v).to_bits() != v.to_bits()).count();
            if wrong < fewest.0 {
                fewest = (wrong, lattice);
            }
            let Lattice::Scaled { offset, step } = lattice else { break };
            if wrong == 0 || wrong > self.values.len() / 4 {
                break;
            }
            lattice = self.adjusted(offset, step);
        }
        (fewest.0 <= self.values.len() / MISMATCHES).then_some(fewest.1)
    }

    /// Pushes the line into the rounding interval of each value it misses (Kaczmarz projection).
    fn adjusted(&self, mut offset: f64, mut step: f64) -> Lattice {
        let middle = ((self.largest - self.smallest) / step / 2.0).round();
        let square = (middle * middle).max(1.0);
        for &v in self.values {
            let k = ((v - offset) / step).round();
            let exact = offset + k * step;
            if self.round(exact) != v {
                let half = half_spacing(v.abs(), self.data_type);
                let miss = (v - exact) - (v - exact).clamp(-half, half) * (1.0 - 1e-6);
                let lever = k - middle;
                let push = miss / (1.0 + lever * lever / square);
                step += push * lever / square;
                offset += push - push * lever / square * middle;
            }
        }
        Lattice::Scaled { offset, step }
    }

    /// Whether every value lies on the lattice but for rounding.
    fn near(&self, lattice: &Lattice) -> bool {
        let slack = 2.0 * self.precision + step(lattice) / 256.0;
        self.values.iter().all(|v| (self.at(lattice, *v) - v).abs() <= slack)
    }

    /// The lattice's value nearest to `v`.
    fn at(&self, lattice: &Lattice, v: f64) -> f64 {
        let coordinate = coordinate(lattice, v);
        if self.is_single() { f64::from(lattice.value::<f32>(coordinate, 0)) } else { lattice.value(coordinate, 0) }
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
        let pairs = self.values.windows(2).take(1 << 16);
        pairs.map(|w| if let [a, b] = w { u64::from(64 - integer(*a).abs_diff(integer(*b)).leading_zeros()) } else { 0 }).sum()
    }
}

/// Spacing of a lattice's values.
fn step(lattice: &Lattice) -> f64 {
    match *lattice {
        Lattice::Scaled { step, .. } => step,
        Lattice::Ratio { multiple, divisor, .. } => multiple as f64 / divisor,
        Lattice::Ordered { .. } => 1.0,
    }
}

/// The coordinate whose value is nearest to a float.
#[inline]
pub(crate) fn coordinate(lattice: &Lattice, value: f64) -> i32 {
    match *lattice {
        Lattice::Scaled { offset, step } => nearest_integer((value - offset) / step) as i32,
        Lattice::Ratio { base, multiple, divisor } => ((nearest_integer(value * divisor) as i64).wrapping_sub(base) / multiple.max(1)) as i32,
        Lattice::Ordered { .. } => 0,
    }
}

/// Half the distance from a magnitude to the next number of the type.
pub(crate) fn half_spacing(magnitude: f64, data_type: DataType) -> f64 {
    match data_type {
        DataType::F32 => (f64::from((magnitude as f32).next_up()) - f64::from(magnitude as f32)) / 2.0,
        DataType::F64 => (magnitude.next_up() - magnitude) / 2.0,
        _ => 0.5,
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
