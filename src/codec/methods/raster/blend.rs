//! The prediction of a sample in raster order: the median edge detector, corrected by what neighbours and earlier planes are learned to add.

use super::Around;

/// What the correction is made of: differences of neighbours and of earlier planes from what the detector expects of them.
const FEATURES: usize = 13;

/// Learned weights of a chunk, in 1/2^16 (normalised least mean squares).
#[derive(Debug, Default)]
pub(super) struct Blend([i64; FEATURES]);

/// A prediction and what is needed to learn from its error.
#[derive(Debug)]
pub(super) struct Blended {
    pub(super) predicted: i32,
    features: [i64; FEATURES],
}

impl Blend {
    pub(super) fn predict(&self, around: &Around) -> Blended {
        let Around { w, n, nw, ne, ww, nn, nne, first: r, second: s, .. } = *around;
        let base = around.base;
        let from_base = |v: i32| i64::from(v.wrapping_sub(base));
        let from_here = |v: i32| i64::from(v.wrapping_sub(r.here));
        let features = [
            from_base(w),
            from_base(n),
            from_base(nw),
            from_base(ne),
            from_base(ww),
            from_base(nn),
            from_base(nne),
            i64::from(r.here.wrapping_sub(median(r.w, r.n, r.nw))),
            from_here(r.e),
            from_here(r.s),
            from_here(r.w),
            from_here(r.n),
            i64::from(s.here.wrapping_sub(median(s.w, s.n, s.nw))),
        ];
        let sum = self.0.iter().zip(features).fold(1i64 << 15, |sum, (w, f)| sum.wrapping_add(w.wrapping_mul(f)));
        Blended { predicted: base.wrapping_add((sum >> 16) as i32), features }
    }

    pub(super) fn learn(&mut self, blended: &Blended, residual: i32) {
        let energy = blended.features.iter().fold(16i64, |sum, f| sum.wrapping_add(f.wrapping_mul(*f)));
        let gain = (i64::from(residual) << 17).wrapping_div(energy.max(1));
        for (weight, feature) in self.0.iter_mut().zip(blended.features) {
            *weight = weight.wrapping_add(gain.wrapping_mul(feature) >> 6);
        }
    }
}

/// The median edge detector: the smaller or larger of two neighbours beside an edge, the plane through three elsewhere.
pub(super) fn median(w: i32, n: i32, nw: i32) -> i32 {
    if nw >= w.max(n) {
        w.min(n)
    } else if nw <= w.min(n) {
        w.max(n)
    } else {
        w.wrapping_add(n).wrapping_sub(nw)
    }
}
