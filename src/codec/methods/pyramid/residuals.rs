//! Residuals under tables that learn, picked by bucket and by residuals nearby.

use crate::codec::entropy::{Coder, Residuals};
use crate::codec::predictor::Prediction;
use crate::codec::quantiser::Quantiser;
use crate::grid::Grid;

/// How one sample is coded.
pub(super) struct Step {
    pub(super) bucket: u8,
    /// Mean magnitude of residuals beside it, in 1/256.
    pub(super) nearby: u32,
    pub(super) quantiser: Quantiser,
}

/// Turns a prediction into the reconstruction; returns the magnitude of the residual.
#[inline]
pub(super) fn code_sample<C: Coder>(coder: &mut C, residuals: &mut Residuals, step: Step, sample: &mut i32, source: i32) -> u32 {
    let residual = step.quantiser.nearest(source.wrapping_sub(*sample));
    let residual = residuals.code(coder, step.bucket, step.nearby, residual);
    *sample = sample.wrapping_add(residual.wrapping_mul(step.quantiser.quantum));
    residual.unsigned_abs().min(NEARBY_LIMIT)
}

/// Codes the difference of every sample from its prediction and returns the reconstruction; missing samples keep the prediction.
pub(super) fn code_residuals<C: Coder>(
    coder: &mut C,
    residuals: &mut Residuals,
    prediction: Prediction,
    quantum: i32,
    source: Option<&Grid<i32>>,
    missing: Option<&Grid<u8>>,
) -> Grid<i32> {
    let Prediction { mut values, buckets } = prediction;
    let width = values.width;
    let quantiser = Quantiser::new(quantum);
    // Magnitudes of the row above and of this one, with a neutral sample on either side.
    let (mut above, mut here) = (vec![0u32; width + 2], vec![0u32; width + 2]);
    let (no_source, no_holes) = (vec![0i32; width], vec![0u8; width]);
    for (y, (row, buckets)) in values.rows_mut().zip(buckets.rows()).enumerate() {
        let source = source.map_or(no_source.as_slice(), |s| s.row(y));
        let missing = missing.map_or(no_holes.as_slice(), |m| m.row(y));
        let mut left = 0;
        let around = above.windows(3).zip(here.iter_mut().skip(1));
        for ((((value, bucket), source), missing), (above, here)) in row.iter_mut().zip(buckets).zip(source).zip(missing).zip(around) {
            *here = 0;
            if *missing == 0 {
                let step = Step { bucket: *bucket, nearby: nearby(left, above), quantiser };
                *here = code_sample(coder, residuals, step, value, *source);
            }
            left = *here;
        }
        core::mem::swap(&mut above, &mut here);
    }
    values
}

/// Magnitudes are cut here, so that their sums stay small.
pub(super) const NEARBY_LIMIT: u32 = 1 << 20;

/// Weighted mean of the magnitudes to the left and above, in 1/256.
#[inline]
fn nearby(left: u32, above: &[u32]) -> u32 {
    let above = if let [a, b, c] = above { a + 2 * b + c } else { 0 };
    (2 * left + above) * 43
}
