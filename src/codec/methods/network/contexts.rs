//! What foresees the residual of a sample: the network's word for it and what was coded nearby, each the number of a context.

use crate::codec::entropy::{Contexts, Views, magnitude, signed};
use crate::network::spec::{PRIORS, RESIDUAL_ENERGIES, SIDES};

/// Views.
pub(super) const CONTEXTS: usize = 5;
/// Ways to weigh them.
pub(super) const WEIGHTS: usize = 1;
/// Sets of weights: one for each pass.
pub(super) const CIRCUMSTANCES: usize = 3;
/// Sixteenths of an octave below one quantum where the classes of the scale begin.
pub(super) const FIRST_SCALE: i32 = 80;
/// Sixteenths of an octave from which on residuals are split.
pub(super) const SPLIT_FROM: i32 = 32;
/// Octaves told apart of a signed difference, and its classes.
pub(super) const OCTAVES: usize = 6;
pub(super) const SIGNED: usize = 2 * OCTAVES + 1;
/// How many contexts each view has; a model knows those of the first beforehand.
pub(super) const VIEWS: Views<CONTEXTS> = Views([PRIORS, 3 * SIGNED * SIGNED, SIGNED * SIGNED * SIGNED, SIGNED * SIGNED, SIGNED * SIGNED]);

/// Magnitudes count up to this.
pub(super) const MOST: u32 = 1 << 24;

/// What a residual counts for in an energy.
#[inline(always)]
pub(super) fn magnitude_of(residual: i32) -> i32 {
    residual.unsigned_abs().min(MOST) as i32
}

/// What is known of a sample before its row is coded. Residuals are in quanta.
#[derive(Debug, Clone, Copy)]
pub(super) struct Foreseen {
    /// −1 where the prediction lies above the whole number: all is seen in a mirror then.
    pub(super) turn: i32,
    /// How many low bits of the residual are split off.
    pub(super) split: u32,
    /// Energy of the residuals around, but for that of the one to the left.
    pub(super) energy: u32,
    /// The residual above.
    pub(super) straight: i32,
    /// Classes of how far off the network expects to be, and of how far the prediction is from a whole number.
    pub(super) scale: usize,
    pub(super) side: usize,
    /// Classes of the residual above, of those beside it, of the differences of the near neighbours from the prediction, and of the residual of the first
    /// reference at the same place.
    pub(super) straight_class: usize,
    pub(super) oblique: usize,
    pub(super) around: usize,
    pub(super) before: usize,
}

impl Foreseen {
    /// The contexts of the residual after that of the sample to the `left`, in a pass.
    #[inline(always)]
    pub(super) fn contexts(&self, pass: usize, left: i32) -> Contexts<CONTEXTS, WEIGHTS> {
        let energy = self.energy + 2 * magnitude_of(left) as u32;
        let class = |difference: i32| signed::<OCTAVES>(difference >> self.split);
        let left_class = class(left);
        let views = [
            (self.scale * RESIDUAL_ENERGIES + magnitude(energy >> self.split).min(RESIDUAL_ENERGIES - 1)) * SIDES + self.side,
            (left_class * SIGNED + self.straight_class) * 3 + pass,
            left_class * SIGNED * SIGNED + self.oblique,
            self.around,
            self.before * SIGNED + class(left.wrapping_add(self.straight)),
        ];
        Contexts { slots: VIEWS.at(views), weights: [pass] }
    }
}
