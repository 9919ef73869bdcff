//! What every search for a lattice finds and shares.

use super::lattices::Lattices;
use super::rule::Lattice;
use super::sample::Sample;
use crate::field::DataType;

/// The rule for a chunk and its quantum.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fit {
    pub(crate) lattices: Lattices,
    /// Odd: reconstructions of one coordinate lie this far apart. 1 is exact.
    pub(crate) quantum: i32,
    /// Largest coordinate whose value is not above the largest of the source; the smallest coordinate is 0.
    pub(crate) top: i32,
    /// The coordinates in use, ascending, where samples are their ranks.
    pub(crate) used: Option<Vec<i64>>,
}

impl Fit {
    /// How far apart values may be put that have to lie within `tolerance` of their sources, and what that has to be a whole number of: where all lie on a lattice of their own, as far as
    /// its reconstructions are.
    pub(crate) fn widest(&self, largest: f64, data_type: DataType, tolerance: f64) -> (f64, Option<f64>) {
        let own = |lattice: &Lattice| (f64::from(self.quantum) * step(lattice), Some(step(lattice)));
        let free = || (2.0 * (tolerance - half_spacing(largest, data_type)) * (1.0 - 1e-9), None);
        match &self.lattices {
            _ if !data_type.is_float() => (2.0 * tolerance.floor() + 1.0, Some(1.0)),
            Lattices::One(lattice) if self.quantum > 1 && f64::from(self.quantum) * step(lattice) > free().0 => own(lattice),
            _ => free(),
        }
    }

    /// Whether a value comes back as it is, in whatever plane it stands.
    pub(crate) fn gives_back<T: Sample>(&self, value: T) -> bool {
        let exact = |lattice: Lattice| {
            let coordinate = lattice.coordinate(value);
            let listed = self.used.as_ref().is_none_or(|used| used.binary_search(&coordinate).is_ok());
            listed && lattice.value::<T>(coordinate, lattice.low(value)) == value
        };
        let planes = if let Lattices::Stacked { planes, .. } = &self.lattices { planes.len() } else { 1 };
        self.quantum == 1 && (0..planes).all(|plane| exact(self.lattices.of(plane)))
    }
}

/// One lattice for all planes, with quantum and top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fitted {
    pub(super) lattice: Lattice,
    pub(super) quantum: i32,
    pub(super) top: i32,
}

impl Fitted {
    pub(super) const fn exact(lattice: Lattice) -> Self {
        Self { lattice, quantum: 1, top: i32::MAX }
    }

    /// The same lattice for all planes.
    pub(super) const fn for_all(self) -> Fit {
        Fit { lattices: Lattices::One(self.lattice), quantum: self.quantum, top: self.top, used: None }
    }
}

/// One mismatch in this many may be patched before a lattice counts as wrong.
pub(super) const MISMATCHES: usize = 1000;

/// Values looked at first when a lattice is searched.
pub(super) const EXAMPLES: usize = 1024;

/// The packed zero lies at most this many steps from the values: packed integers have 16 bits.
pub(super) const REACH: i32 = 1 << 16;

/// How far apart reconstructions are, for values up to a magnitude.
pub(super) fn spacing(fitted: &Fitted, magnitude: f64, data_type: DataType) -> f64 {
    match fitted.lattice {
        Lattice::Ordered { .. } | Lattice::Truncated { .. } => 2.0 * half_spacing(magnitude, data_type),
        _ => f64::from(fitted.quantum) * step(&fitted.lattice),
    }
}

/// Binary digits of a number.
pub(super) const fn bits(number: u64) -> u32 {
    u64::BITS - number.leading_zeros()
}

/// Spacing of a lattice's values.
pub(super) fn step(lattice: &Lattice) -> f64 {
    match *lattice {
        Lattice::Scaled { step, .. } | Lattice::Anchored { step, .. } | Lattice::Near { step, .. } => step,
        Lattice::Single { step, .. } => step.abs().into(),
        Lattice::Ratio { multiple, divisor, .. } => multiple as f64 / divisor,
        _ => 1.0,
    }
}

/// Half the distance from a magnitude to the next number of the type; from the largest one, to the number below.
pub(crate) fn half_spacing(magnitude: f64, data_type: DataType) -> f64 {
    let half = |[below, here, above]: [f64; 3]| if above.is_finite() { (above - here) / 2.0 } else { (here - below) / 2.0 };
    match data_type {
        DataType::F32 => {
            let magnitude = magnitude as f32;
            half([magnitude.next_down(), magnitude, magnitude.next_up()].map(f64::from))
        }
        DataType::F64 => half([magnitude.next_down(), magnitude, magnitude.next_up()]),
        _ => 0.5,
    }
}

/// The numbers that are rounded to the binary32 `v`.
pub(super) fn rounding_interval(v: f64) -> [f64; 2] {
    let v = v as f32;
    [v.next_down(), v.next_up()].map(|end| f64::midpoint(end.into(), v.into()))
}
