//! The search for one step and an offset for each plane, where planes were packed on their own (GRIB messages).

use super::fitted::{Fit, Fitted, half_spacing, spacing};
use super::floats::{Floats, MISMATCHES, OWN_QUANTUM, rounding_interval};
use super::lattices::Lattices;
use super::rule::{COORDINATE_LIMIT, coordinate, nearest_integer};
use crate::field::DataType;

/// Samples of a plane that is fitted on its own.
const SAMPLES: usize = 256;
/// Steps tried, each half of the one before.
const HALVINGS: usize = 4;

/// A step that all planes share, with an offset for each, where it is coarser than what was `fitted` to all of them. `counts` are the samples of each plane.
pub(super) fn stacked(values: &[f64], data_type: DataType, counts: &[usize], tolerance: f64, fitted: &Fitted) -> Option<Fit> {
    let fewest = *counts.iter().min()?;
    if data_type != DataType::F32 || counts.len() < 2 || fewest < SAMPLES {
        return None;
    }
    let mut rest = values;
    let planes = counts.iter().map(|count| rest.split_off(..*count)).collect::<Option<Vec<_>>>()?;
    let stack = Stack::new(&planes);
    // A step more must not leave the bound once it is rounded to the type.
    let tolerance = (tolerance - 2.0 * half_spacing(stack.smallest.abs().max(stack.largest.abs()), data_type)).max(0.0);
    let rival = spacing(fitted, stack.smallest.abs().max(stack.largest.abs()), data_type) * if tolerance > 0.0 { OWN_QUANTUM } else { 1.0 };
    // A message may have been packed with half the step of another.
    let steps = core::iter::successors(decimal_scaled(Floats::new(planes.first()?, data_type).step()?), |step| Some(step / 2.0)).take(HALVINGS);
    steps.take_while(|step| quantum(*step, tolerance) * step > rival * (1.0 + 64.0 / fewest as f64)).find_map(|step| stack.fit(step, tolerance))
}

/// Values plane by plane.
struct Stack<'a> {
    planes: &'a [&'a [f64]],
    smallest: f64,
    largest: f64,
}

impl<'a> Stack<'a> {
    fn new(planes: &'a [&'a [f64]]) -> Self {
        let (smallest, largest) = planes.iter().copied().flatten().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        Self { planes, smallest, largest }
    }

    /// The lattices of that step, if they give back all but a few values.
    fn fit(&self, step: f64, tolerance: f64) -> Option<Fit> {
        let quantum = quantum(step, tolerance);
        if ((self.largest - self.smallest) / step).max(quantum) >= f64::from(COORDINATE_LIMIT) {
            return None;
        }
        let offsets = self.planes.iter().map(|plane| offset(plane, step)).collect::<Option<Vec<_>>>()?;
        let lowest = self.planes.iter().position(|plane| plane.contains(&self.smallest))?;
        let base = offsets.get(lowest).map(|[low, high]| f64::midpoint(*low, *high))?;
        let base = base + nearest_integer((self.smallest - base) / step) * step;
        let (fine, phases) = phases(&offsets, base, step)?;
        let highest = phases.iter().max().map_or(0.0, |p| *p as f64 * fine);
        let top = if quantum > 1.0 { ((self.largest - self.smallest - highest) / step).floor().max(0.0) as i32 } else { i32::MAX };
        let lattices = Lattices::Stacked { offset: base, step, fine, phases };
        let wrong = |(i, plane): (usize, &&[f64])| {
            let lattice = lattices.of(i);
            plane.iter().filter(|v| f64::from(lattice.value::<f32>(coordinate(&lattice, **v).into(), 0)).to_bits() != v.to_bits()).count()
        };
        let (wrong, all): (usize, usize) = (self.planes.iter().enumerate().map(wrong).sum(), self.planes.iter().map(|p| p.len()).sum());
        (wrong <= all / MISMATCHES).then_some(Fit { lattices, quantum: quantum as i32, top, used: None })
    }
}

/// Steps between reconstructions.
fn quantum(step: f64, tolerance: f64) -> f64 {
    2.0 * (tolerance / step).floor() + 1.0
}

/// The step 2^e / 10^d that is all but equal to one found: GRIB has no others.
fn decimal_scaled(step: f64) -> Option<f64> {
    let divisors = core::iter::successors(Some(1.0), |d| Some(d * 10.0)).take(10);
    divisors.map(|d| power_near(step * d) / d).find(|exact| (exact - step).abs() < 1e-5 * step)
}

/// The power of two nearest to a positive number.
pub(super) fn power_near(number: f64) -> f64 {
    // Adding half of the mantissa's range carries into the exponent.
    f64::from_bits((number.to_bits() + (1 << 51)) >> 52 << 52)
}

/// Where offset + k · step must start so that it is rounded to all values of a plane, a few excepted.
pub(super) fn offset(plane: &[f64], step: f64) -> Option<[f64; 2]> {
    let first = *plane.first()?;
    let [mut low, mut high] = [f64::NEG_INFINITY, f64::INFINITY];
    let mut wrong = 0;
    for &v in plane {
        let whole = nearest_integer((v - first) / step) * step;
        let [below, above] = rounding_interval(v).map(|end| end - whole);
        if below.max(low) <= above.min(high) {
            (low, high) = (below.max(low), above.min(high));
        } else {
            wrong += 1;
        }
    }
    (wrong <= plane.len() / MISMATCHES).then_some([low, high])
}

/// The coarsest unit of which whole numbers, above `base` and less than a step, lie in all intervals of offsets (modulo a step); and those numbers.
fn phases(offsets: &[[f64; 2]], base: f64, step: f64) -> Option<(f64, Vec<u64>)> {
    let fines = core::iter::successors(Some(step), |f| Some(f / 2.0)).take(48);
    let phase = |[low, high]: [f64; 2], fine: f64| {
        let middle = f64::midpoint(low, high);
        let whole = ((middle - base) / step + 1e-9).floor() * step;
        let phase = nearest_integer((middle - whole - base) / fine).max(0.0);
        // Not at an end, where rounding is up to ties.
        let off = (base + phase * fine + whole - middle).abs();
        (off * 2.0 < (high - low) * 0.99).then_some(phase as u64)
    };
    fines.into_iter().find_map(|fine| Some((fine, offsets.iter().map(|o| phase(*o, fine)).collect::<Option<_>>()?)))
}
