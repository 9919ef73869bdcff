//! What a pass is predicted from, and what a prediction is.

use crate::codec::passes::Pass;
use crate::grid::Grid;

/// Samples of one level a pass may look at. `known` holds even rows and columns, `diagonal` odd rows and columns (empty during that pass).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) pass: Pass,
    /// 0 is the finest.
    pub(crate) level: u32,
    pub(crate) known: &'a Grid<i32>,
    pub(crate) diagonal: &'a Grid<i32>,
    /// Where those samples are missing; `None` when none are.
    pub(crate) holes: Option<Holes<'a>>,
    /// The same places in an already decoded plane.
    pub(crate) reference: Option<Reference<'a>>,
    /// Odd distance between reconstructions, in lattice units.
    pub(crate) quantum: i32,
    /// Size of the grid to predict.
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// Missing samples of `known` and `diagonal`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holes<'a> {
    pub(crate) known: &'a Grid<u8>,
    pub(crate) diagonal: &'a Grid<u8>,
}

/// A reference plane split like the plane itself; `target` lies where the pass predicts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reference<'a> {
    pub(crate) known: &'a Grid<i32>,
    pub(crate) diagonal: &'a Grid<i32>,
    pub(crate) target: &'a Grid<i32>,
}

/// A predicted grid and, per sample, the bucket that names its distribution.
#[derive(Debug)]
pub(crate) struct Prediction {
    pub(crate) values: Grid<i32>,
    pub(crate) buckets: Grid<u8>,
}

/// Buckets a predictor may name.
pub(crate) const BUCKETS: usize = 48;
/// Bucket of samples of the coarsest grid.
pub(crate) const COARSEST_BUCKET: u8 = BUCKETS as u8 - 1;

/// Bucket of a sample whose four neighbours lie `spread` (sum of distances, lattice units) from its prediction: about twice the binary logarithm
/// of the spread in quarters of the quantum.
#[inline]
pub(super) fn bucket(spread: u32, reciprocal: u64) -> u8 {
    let scaled = (u64::from(spread).wrapping_mul(reciprocal) >> 32) as u32;
    // Exponent and first fraction bit of a float are that logarithm; up to 2^23, where the buckets end, the conversion is exact.
    let bits = (scaled.min(1 << 23) as i32 as f32).to_bits() >> 22;
    (bits.saturating_sub(253) as u8).min(COARSEST_BUCKET - 1)
}

/// About how many bits an error takes, in 1/2^15: the binary logarithm of what it is in quarters of the quantum. The bits of a float are its logarithm, by
/// straight lines between powers of two.
#[inline]
pub(crate) fn rough_bits(error: i32, reciprocal: u64) -> u64 {
    let quarters = (u64::from(error.unsigned_abs()).wrapping_mul(reciprocal) >> 32) as i32;
    u64::from((quarters.wrapping_add(1) as f32).to_bits() >> 8) - (127 << 15)
}

/// Factor of [`bucket`]: spreads are measured in quarters of the quantum.
pub(crate) fn reciprocal(quantum: i32) -> u64 {
    (4 << 32) / u64::from(quantum.unsigned_abs().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_half_octaves() {
        let half_octave = |v: u32| v.checked_ilog2().map_or(0, |o| 1 + 2 * o + if o == 0 { 0 } else { v >> (o - 1) & 1 });
        let spreads =
            (0..32).flat_map(|o| [0u32, 1, 2, 3].map(|d| (1u32 << o).wrapping_sub(2).wrapping_add(d))).chain((0..70_000).map(|i: u32| i.wrapping_mul(61_357)));
        for spread in spreads {
            for quantum in [1, 3, 17, 1001, i32::MAX] {
                let scale = reciprocal(quantum);
                let scaled = (u64::from(spread).wrapping_mul(scale) >> 32) as u32;
                assert_eq!(u32::from(bucket(spread, scale)), half_octave(scaled).min(46), "{spread} {quantum}");
            }
        }
    }
}
