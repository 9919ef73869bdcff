//! The quantiser: centred on a prediction, so that a good one costs nothing.

use super::lattice::ROUND;

/// Divides by an odd quantum to the nearest integer; there are no ties.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quantiser {
    pub(crate) quantum: i32,
    inverse: f64,
}

impl Quantiser {
    pub(crate) fn new(quantum: i32) -> Self {
        Self { quantum, inverse: 1.0 / f64::from(quantum.max(1)) }
    }

    /// Exact: the product is off by less than 2^-20 quanta, the nearest tie is half of 1/quantum away.
    #[inline]
    pub(crate) fn nearest(self, difference: i32) -> i32 {
        if self.quantum == 1 { difference } else { self.rounded(difference) }
    }

    /// The same for a quantum above 1, without asking: the nearest integer lies in the low bits of a float to which [`ROUND`] is added.
    #[inline(always)]
    pub(crate) fn rounded(self, difference: i32) -> i32 {
        (f64::from(difference) * self.inverse + ROUND).to_bits() as i32
    }
}
