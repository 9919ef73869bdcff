//! What foresees a residual besides the experts, as the number of a context, and which weights the mixer takes.

use super::residual::{CONTEXTS, SETS};
use crate::codec::entropy::{Views, magnitude, signed};

/// Octaves told apart of a signed difference, and its classes.
const OCTAVES: usize = 6;
const SIGNED: usize = 2 * OCTAVES + 1;
/// Half octaves of the scale from 2^−5, and of how far experts are apart.
const SCALES: usize = 32;
const APART: usize = 24;
/// Classes of how many of the samples around are the same, and of how far the first of them is from the prediction.
const ALIKE: usize = 7;
const FARTHEST: i32 = 8;
const VIEWS: Views<CONTEXTS> = Views([2 * FARTHEST as usize * ALIKE * 2, SIGNED * SIGNED]);
const CHOICES: Views<SETS> = Views([3, SCALES, APART, ALIKE * 3]);

/// How many contexts there are, and sets of weights.
pub(super) fn sizes() -> (usize, usize) {
    (VIEWS.contexts(), CHOICES.contexts())
}

/// What is known when a residual is coded, in quanta.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) pass: usize,
    /// Binary logarithm of the scale of the main expert.
    pub(super) scale: f64,
    pub(super) split: u32,
    /// How far the regressions are from the first expert, in eighths.
    pub(super) apart: f64,
    /// How far from the prediction the four nearest samples are, and in the same pass those to the left and above.
    pub(super) around: [i32; 6],
    /// Whether the first reference has the same sample here and above (or below).
    pub(super) still: bool,
}

impl Seen {
    pub(super) fn contexts(&self) -> ([usize; CONTEXTS], [usize; SETS]) {
        let Self { pass, scale, split, apart, around, still } = *self;
        let class = (((scale + 5.0) * 2.0) as usize).min(SCALES - 1);
        let [first, second, third, fourth, ..] = around;
        let others = around.iter().skip(1).filter(|sample| **sample == first).count();
        let alike = if others == 5 && first == 0 { ALIKE - 1 } else { others };
        let sg = |difference: i32| signed::<OCTAVES>(difference >> split);
        let views = [
            ((first.clamp(-FARTHEST, FARTHEST - 1) + FARTHEST) as usize * ALIKE + alike) * 2 + usize::from(still),
            sg(first.wrapping_add(second)) * SIGNED + sg(third.wrapping_add(fourth)),
        ];
        let choices = [pass, class, magnitude(apart as u32).min(APART - 1), alike * 3 + pass];
        (VIEWS.at(views), CHOICES.at(choices))
    }
}

/// Magnitudes are cut, so that their sums stay small.
#[inline]
pub(super) fn capped(residual: i32) -> u32 {
    residual.unsigned_abs().min(1 << 24)
}
