//! The search for an offset for each plane, and a step that all share or one for each, where planes were packed on their own (GRIB messages).

use super::fitted::{Fit, Fitted, MISMATCHES, half_spacing, spacing};
use super::floats::{Floats, OWN_QUANTUM};
use super::lattices::{Even, Lattices, Place, Spacing};
use super::rule::{COORDINATE_LIMIT, nearest_integer};
use super::scaled::{decimal_scaled, offset};
use crate::field::DataType;

/// Samples of a plane that is fitted on its own.
const SAMPLES: usize = 256;
/// Steps tried, each half of the one before.
const HALVINGS: usize = 4;
/// Most planes whose steps tell whether it is worth looking at all of them.
const PROBES: usize = 8;
/// Most steps of a chunk that are found.
const MOST_STEPS: usize = 16;
/// Bits that the lattice of a plane takes.
const PLANE_BITS: i64 = 96;

/// Lattices with an offset for each plane, where their steps are coarser than what was `fitted` to all of them. `counts` are the samples of each plane.
pub(super) fn stacked(values: &[f64], data_type: DataType, counts: &[usize], tolerance: f64, fitted: &Fitted) -> Option<Fit> {
    if data_type != DataType::F32 || counts.len() < 2 {
        return None;
    }
    let mut rest = values;
    let planes = counts.iter().map(|count| Some(Plane::new(rest.split_off(..*count)?))).collect::<Option<Vec<_>>>()?;
    let stack = Stack::new(planes);
    let magnitude = stack.smallest.abs().max(stack.largest.abs());
    // A step more must not leave the bound once it is rounded to the type.
    let tolerance = (tolerance - 2.0 * half_spacing(magnitude, data_type)).max(0.0);
    if tolerance > 0.0 { stack.within(tolerance, spacing(fitted, magnitude, data_type) * OWN_QUANTUM) } else { stack.exact(fitted) }
}

/// The values of a plane.
struct Plane<'a> {
    values: &'a [f64],
    smallest: f64,
    largest: f64,
}

/// Where a plane's lattice may start, and its step.
type Line = (f64, [f64; 2]);

impl<'a> Plane<'a> {
    fn new(values: &'a [f64]) -> Self {
        let (smallest, largest) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
        Self { values, smallest, largest }
    }

    /// Whether no value differs from another.
    fn is_constant(&self) -> bool {
        self.smallest >= self.largest
    }

    /// The step that it seems to have, if it is one of GRIB.
    #[inline(never)]
    fn step(&self) -> Option<f64> {
        let enough = self.values.len() >= SAMPLES && !self.is_constant();
        enough.then(|| Floats::new(self.values, DataType::F32).step()).flatten().and_then(decimal_scaled)
    }

    fn magnitude(&self) -> f64 {
        if self.values.is_empty() { 0.0 } else { self.smallest.abs().max(self.largest.abs()) }
    }

    /// The first of some steps, coarser than floats are, that it turns out to have.
    fn line<'s>(&self, mut steps: impl Iterator<Item = &'s f64>) -> Option<Line> {
        let finest = 2.0 * half_spacing(self.magnitude(), DataType::F32);
        steps.find_map(|step| if *step > finest { Some((*step, offset(self.values, *step)?)) } else { None })
    }
}

/// Planes, and the ends of their range.
struct Stack<'a> {
    planes: Vec<Plane<'a>>,
    smallest: f64,
    largest: f64,
}

impl<'a> Stack<'a> {
    fn new(planes: Vec<Plane<'a>>) -> Self {
        let (smallest, largest) = ends(planes.iter());
        Self { planes, smallest, largest }
    }

    /// One step for all, coarser than `rival`.
    fn within(&self, tolerance: f64, rival: f64) -> Option<Fit> {
        let fewest = self.planes.iter().map(|p| p.values.len()).min()?;
        let first = self.planes.first()?.step().filter(|_| fewest >= SAMPLES)?;
        // A message may have been packed with half the step of another.
        let mut steps = halved(first).take_while(|step| quantum(*step, tolerance) * step > rival * (1.0 + 64.0 / fewest as f64));
        steps.find_map(|step| {
            let mut lines = Vec::with_capacity(self.planes.len());
            for plane in &self.planes {
                lines.push((step, offset(plane.values, step)?));
            }
            self.fit(&lines, quantum(step, tolerance))
        })
    }

    /// For each plane its own step, or one of the others'.
    fn exact(&self, fitted: &Fitted) -> Option<Fit> {
        let saved = |plane: &Plane, step: f64| {
            let rival = spacing(fitted, plane.magnitude(), DataType::F32);
            if plane.is_constant() { 0 } else { plane.values.len() as i64 * (logarithm(step) - logarithm(rival)) }
        };
        let mut probes = self.planes.iter().step_by(self.planes.len().div_ceil(PROBES));
        if !probes.any(|plane| plane.step().is_some_and(|step| saved(plane, step) > PLANE_BITS << FRACTION)) {
            return None;
        }
        let own: Vec<Option<f64>> = self.planes.iter().map(Plane::step).collect();
        let mut steps: Vec<f64> = own.iter().flatten().copied().collect();
        steps.sort_unstable_by(f64::total_cmp);
        steps.dedup();
        let finest = steps.first().copied().filter(|_| steps.len() <= MOST_STEPS)?;
        steps.reverse();
        steps.extend(halved(finest).skip(1));
        let mut lines = Vec::with_capacity(own.len());
        for (plane, own) in self.planes.iter().zip(&own) {
            lines.push(plane.line(own.iter().chain(&steps))?);
        }
        let saved: i64 = self.planes.iter().zip(&lines).map(|(plane, (step, _))| saved(plane, *step)).sum();
        if saved <= (PLANE_BITS * self.planes.len() as i64) << FRACTION {
            return None;
        }
        self.fit(&lines, 1.0)
    }

    /// The lattices with those steps, if they give back all but a few values.
    fn fit(&self, lines: &[Line], quantum: f64) -> Option<Fit> {
        let mut steps: Vec<Spacing> = Vec::new();
        let mut places = vec![Place::default(); lines.len()];
        for (step, _) in lines {
            if steps.iter().all(|s| s.step != *step) {
                let alike = || self.planes.iter().zip(lines).filter(|(_, (s, _))| s == step);
                let (smallest, largest) = ends(alike().map(|(plane, _)| plane));
                let base = (smallest / step).floor();
                if ((largest - smallest) / step).max(base.abs()).max(quantum) >= f64::from(COORDINATE_LIMIT) {
                    return None;
                }
                let (fine, phases) = phases(&alike().map(|(_, (_, offset))| *offset).collect::<Vec<_>>(), *step)?;
                let alike = places.iter_mut().zip(lines).filter(|(_, (s, _))| s == step);
                alike.zip(phases).for_each(|((place, _), phase)| *place = Place { step: steps.len(), phase });
                steps.push(Spacing { step: *step, fine, base: base as i32 });
            }
        }
        // Steps are alike where values may move.
        let top = steps.first().filter(|_| quantum > 1.0).map_or(i32::MAX, |s| s.below(self.largest, &places));
        let (mut wrong, mut all) = (0, 0);
        for (plane, place) in self.planes.iter().zip(&places) {
            let Even { origin, step, .. } = place.on(&steps)?;
            let back = |v: f64| (origin + nearest_integer((v - origin) / step) * step) as f32;
            wrong += plane.values.iter().filter(|v| f64::from(back(**v)).to_bits() != v.to_bits()).count();
            all += plane.values.len();
        }
        let lattices = Lattices::Stacked { steps, planes: places };
        (wrong <= all / MISMATCHES).then_some(Fit { lattices, quantum: quantum as i32, top, used: None })
    }
}

impl Spacing {
    /// The largest coordinate whose value is not above a number, whatever the phase.
    fn below(&self, number: f64, places: &[Place]) -> i32 {
        let highest = places.iter().map(|p| p.phase).max().unwrap_or(0) as f64 * self.fine;
        (((number - highest) / self.step + 1e-9).floor() as i32).saturating_sub(self.base).max(0)
    }
}

/// The smallest and the largest value of planes.
fn ends<'p>(planes: impl Iterator<Item = &'p Plane<'p>>) -> (f64, f64) {
    planes.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), plane| (low.min(plane.smallest), high.max(plane.largest)))
}

/// Steps between reconstructions.
fn quantum(step: f64, tolerance: f64) -> f64 {
    2.0 * (tolerance / step).floor() + 1.0
}

/// A step, and a few that are half of the one before.
fn halved(step: f64) -> impl Iterator<Item = f64> {
    core::iter::successors(Some(step), |step| Some(step / 2.0)).take(HALVINGS)
}

/// Bits of the fraction of a [`logarithm`].
const FRACTION: u32 = 8;

/// About the binary logarithm of a positive number, by straight lines between powers of two: as good as the bits of the number.
fn logarithm(number: f64) -> i64 {
    (number.to_bits() >> (52 - FRACTION)) as i64
}

/// The coarsest unit of which whole numbers, 0 or more and less than a step, lie in all intervals of offsets (modulo a step); and those numbers.
fn phases(offsets: &[[f64; 2]], step: f64) -> Option<(f64, Vec<u64>)> {
    let fines = core::iter::successors(Some(step), |f| Some(f / 2.0)).take(48);
    let phase = |[low, high]: [f64; 2], fine: f64| {
        if low < 0.0 && high > 0.0 {
            return Some(0);
        }
        let middle = f64::midpoint(low, high);
        let whole = (middle / step).floor() * step;
        let phase = nearest_integer((middle - whole) / fine);
        // Not at an end, where rounding is up to ties.
        let off = (phase * fine + whole - middle).abs();
        (off * 2.0 < (high - low) * 0.99).then_some(phase as u64)
    };
    fines.into_iter().find_map(|fine| Some((fine, offsets.iter().map(|o| phase(*o, fine)).collect::<Option<_>>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::lattice::rule::{Lattice, coordinate};

    /// What GRIB makes of whole numbers with that reference value and those scale factors: (reference + k · 2^binary) / 10^decimal.
    fn packed(reference: f32, binary: i32, decimal: i32, k: impl Iterator<Item = u32>) -> Vec<f64> {
        let unpacked = |k: u32| (f64::from(reference) + f64::from(k) * f64::from(2f32.powi(binary))) / 10f64.powi(decimal);
        k.map(|k| f64::from(unpacked(k) as f32)).collect()
    }

    fn numbers(count: u32, most: u32) -> impl Iterator<Item = u32> {
        (0..count).map(move |i| i.wrapping_mul(2_654_435_761).rotate_left(9) % most)
    }

    /// The steps found for some planes, all values of which come back.
    fn steps(planes: &[Vec<f64>]) -> Vec<f64> {
        let counts: Vec<usize> = planes.iter().map(Vec::len).collect();
        let bits = Fitted::exact(Lattice::Ordered { base: 0, shift: 0, noise: 8 });
        let fit = stacked(&planes.concat(), DataType::F32, &counts, 0.0, &bits).unwrap();
        for (i, plane) in planes.iter().enumerate() {
            let lattice = fit.lattices.of(i);
            assert!(plane.iter().all(|v| f64::from(lattice.value::<f32>(coordinate(&lattice, *v).into(), 0)) == *v && coordinate(&lattice, *v) >= 0), "{i}");
        }
        (0..planes.len()).map(|i| if let Lattice::Anchored { step, .. } = fit.lattices.of(i) { step } else { 0.0 }).collect()
    }

    #[test]
    fn each_plane_has_the_step_it_was_packed_with() {
        let planes = [
            packed(-1234.0, 0, 2, numbers(900, 4000)),
            packed(-187.25, 0, 1, numbers(900, 400)),
            packed(310.731, 1, 2, numbers(900, 2000)),
            packed(-90.0, 0, 2, numbers(900, 180)),
            packed(17.5, -3, 0, numbers(900, 300)),
        ];
        assert_eq!(steps(&planes), [0.01, 0.1, 0.02, 0.01, 0.125]);
    }

    #[test]
    fn planes_that_tell_no_step_take_one_of_the_others() {
        let planes = [
            // Floats are nearly as coarse here as the step, one that is constant, one of a few values, one without.
            packed(3_000_000.0, 0, 2, numbers(900, 150_000)),
            packed(55_000.25, 0, 2, numbers(900, 40_000)),
            vec![7.25; 900],
            packed(42_000.0, 0, 3, numbers(900, 50_000)),
            packed(1300.5, 0, 2, numbers(5, 900)),
            Vec::new(),
        ];
        assert_eq!(steps(&planes), [0.01, 0.01, 0.01, 0.001, 0.01, 0.01]);
    }

    #[test]
    fn values_of_no_step_are_left_alone() {
        let rough = |i: u32| f64::from((f64::from(i).sqrt() * 37.123 + f64::from(i % 7)) as f32);
        let values: Vec<f64> = (0..1800).map(rough).collect();
        assert_eq!(stacked(&values, DataType::F32, &[900; 2], 0.0, &Fitted::exact(Lattice::Ordered { base: 0, shift: 0, noise: 8 })), None);
        // Nor are planes whose own steps are no coarser than one that all have.
        let alike: Vec<f64> = packed(500.0, 0, 1, numbers(1800, 900));
        assert_eq!(stacked(&alike, DataType::F32, &[900; 2], 0.0, &Fitted::exact(Lattice::Ratio { base: 500, multiple: 1, divisor: 10.0 })), None);
    }
}
