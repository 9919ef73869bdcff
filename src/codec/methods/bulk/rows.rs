//! What is done to whole rows, in plain loops that become vector code.

use super::spec::{ESCAPE, MAGNITUDE_LIMIT, class, mean};
use crate::codec::lattice::ROUND;
use crate::codec::vector::vectorised;

/// Means of the buckets of a chunk, in 1/4096.
pub(super) type Means = [i32; 64];

/// The means that numbers speak of.
pub(super) fn means(numbers: &[u32]) -> Means {
    core::array::from_fn(|bucket| numbers.get(bucket).or(numbers.last()).map_or(1, |n| mean(*n)))
}

/// The class of each sample of a row, in the place of its bucket: of the mean of its bucket, and of the magnitudes of the residuals above, which have a neutral one on either side; the first
/// row of a pass has none above.
pub(super) fn classes(means: &Means, above: Option<&[i32]>, buckets: &mut [u8], scratch: &mut Vec<i32>) {
    scratch.clear();
    scratch.extend(buckets.iter().map(|b| means.get(usize::from(*b) % 64).copied().unwrap_or_default()));
    match above {
        Some(above) => with_above(above, scratch, buckets),
        None => buckets.iter_mut().zip(&*scratch).for_each(|(class_of, mean)| *class_of = class(*mean)),
    }
}

vectorised! {
    fn with_above(above: &[i32], means: &[i32], classes: &mut [u8]) {
        let (middle, right) = (above.get(1..).unwrap_or_default(), above.get(2..).unwrap_or_default());
        for ((((to, mean), a), b), c) in classes.iter_mut().zip(means).zip(above).zip(middle).zip(right) {
            *to = class((5 * mean + 3 * ((a + 2 * b + c) << 10)) >> 3);
        }
    }
}

vectorised! {
    /// Magnitudes of residuals, cut, into the row whose ends stay neutral.
    pub(super) fn magnitudes(residuals: &[i32], to: &mut [i32]) {
        let Some(to) = to.get_mut(1..) else { return };
        for (to, r) in to.iter_mut().zip(residuals) {
            *to = r.unsigned_abs().min(MAGNITUDE_LIMIT as u32) as i32;
        }
    }
}

vectorised! {
    /// Residuals of a row in quanta, to the nearest, and what is reconstructed with them in the place of the prediction.
    pub(super) fn quantise(quantum: i32, source: &[i32], values: &mut [i32], residuals: &mut [i32]) {
        let inverse = 1.0 / f64::from(quantum);
        for ((value, source), residual) in values.iter_mut().zip(source).zip(residuals) {
            let difference = source.wrapping_sub(*value);
            *residual = (f64::from(difference) * inverse + ROUND).to_bits() as i32;
            *value = value.wrapping_add(residual.wrapping_mul(quantum));
        }
    }
}

vectorised! {
    /// As that, where reconstructions are exact.
    pub(super) fn subtract(source: &[i32], values: &mut [i32], residuals: &mut [i32]) {
        for ((value, source), residual) in values.iter_mut().zip(source).zip(residuals) {
            *residual = source.wrapping_sub(*value);
            *value = *source;
        }
    }
}

vectorised! {
    /// Leaves out the residuals of missing samples, which keep their predictions.
    pub(super) fn leave_out(quantum: i32, missing: &[u8], values: &mut [i32], residuals: &mut [i32]) {
        for ((value, residual), missing) in values.iter_mut().zip(residuals).zip(missing) {
            if *missing != 0 {
                *value = value.wrapping_sub(residual.wrapping_mul(quantum));
                *residual = 0;
            }
        }
    }
}

vectorised! {
    /// Adds residuals, in quanta, to the prediction.
    pub(super) fn reconstruct(quantum: i32, residuals: &[i32], values: &mut [i32]) {
        for (value, r) in values.iter_mut().zip(residuals) {
            *value = value.wrapping_add(r.wrapping_mul(quantum));
        }
    }
}

/// The residuals of symbols, and whether any has to escape.
pub(super) fn residuals(symbols: &[u8], residuals: &mut [i32]) -> bool {
    let mut escapes = 0;
    unfold(symbols, residuals, &mut escapes);
    escapes != 0
}

vectorised! {
    fn unfold(symbols: &[u8], residuals: &mut [i32], escapes: &mut u8) {
        let mut any = 0;
        for (residual, symbol) in residuals.iter_mut().zip(symbols) {
            let zigzag = i32::from(*symbol);
            *residual = zigzag >> 1 ^ -(zigzag & 1);
            any |= u8::from(*symbol == ESCAPE);
        }
        *escapes = any;
    }
}

vectorised! {
    /// Adds a bit for each class.
    pub(super) fn mark(classes: &[u8], marks: &mut u64) {
        let mut all = 0u64;
        for class in classes {
            all |= 1 << (class % 64);
        }
        *marks |= all;
    }
}

/// Whether any flag is set.
pub(super) fn any(flags: &[u8]) -> bool {
    flags.iter().fold(0, |any, flag| any | flag) != 0
}

/// Samples that are moved together where none or all of them are missing: coasts are long, but most of a row is not one.
const TOGETHER: usize = 8;

/// Moves what is not missing to the front, and returns how much that is.
pub(super) fn gather<T: Copy>(all: &mut [T], missing: &[u8]) -> usize {
    let mut there = 0;
    for (group, missing) in missing.chunks(TOGETHER).enumerate() {
        let start = group * TOGETHER;
        let gone = missing.iter().filter(|m| **m != 0).count();
        if gone == 0 {
            let end = (start + missing.len()).min(all.len());
            if there < start && start <= end {
                all.copy_within(start..end, there);
            }
            there += missing.len();
        } else if gone < missing.len() {
            for (from, missing) in (start..).zip(missing) {
                if let Some(value) = all.get(from).copied()
                    && let Some(to) = all.get_mut(there)
                {
                    *to = value;
                }
                there += usize::from(*missing == 0);
            }
        }
    }
    there
}

/// Puts the first of `read` where nothing is missing, and 0 elsewhere. There is one more of them than that.
pub(super) fn scatter(read: &[i32], missing: &[u8], to: &mut [i32]) {
    let mut next = 0;
    for (to, missing) in to.chunks_mut(TOGETHER).zip(missing.chunks(TOGETHER)) {
        let gone = missing.iter().filter(|m| **m != 0).count();
        if gone == missing.len() {
            to.fill(0);
        } else if let (0, Some(read)) = (gone, read.get(next..next + to.len())) {
            to.copy_from_slice(read);
            next += to.len();
        } else {
            for (to, missing) in to.iter_mut().zip(missing) {
                let present = *missing == 0;
                *to = if present { read.get(next).copied().unwrap_or_default() } else { 0 };
                next += usize::from(present);
            }
        }
    }
}
