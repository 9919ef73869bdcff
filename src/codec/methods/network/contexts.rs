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
const FIRST_SCALE: i32 = 80;
/// Sixteenths of an octave from which on residuals are split.
const SPLIT_FROM: i32 = 32;
/// Octaves told apart of a signed difference, and its classes.
const OCTAVES: usize = 6;
const SIGNED: usize = 2 * OCTAVES + 1;
/// How many contexts each view has; a model knows those of the first beforehand.
pub(super) const VIEWS: Views<CONTEXTS> = Views([PRIORS, 3 * SIGNED * SIGNED, SIGNED * SIGNED * SIGNED, SIGNED * SIGNED, SIGNED * SIGNED]);

/// What is known when a residual is coded. Residuals are in quanta.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) pass: usize,
    /// Binary logarithm of how far off the network expects to be, in sixteenths of an octave of the quantum.
    pub(super) scale: i32,
    /// How far the prediction is from a whole number, in sixteenths.
    pub(super) side: u32,
    /// Residual of the sample before in the same pass.
    pub(super) left: i32,
    /// Those of the row above: to the left, straight, to the right.
    pub(super) above: [i32; 3],
    /// Those of the four near neighbours.
    pub(super) near: [i32; 4],
    /// Those of the horizontal pass around a sample of the vertical pass.
    pub(super) corners: [i32; 4],
    /// That of the first reference at the same place.
    pub(super) before: i32,
    /// Differences of the four near neighbours from the prediction.
    pub(super) around: [i32; 4],
}

impl Seen {
    /// The contexts of the residual and how many of its low bits are split off.
    #[inline]
    pub(super) fn contexts(&self) -> (Contexts<CONTEXTS, WEIGHTS>, u32) {
        let Self { pass, scale, side, left, above, near, corners, before, around } = *self;
        let split = ((scale >> 4) - 1).clamp(0, 24) as u32;
        let class = if scale < SPLIT_FROM { ((scale + FIRST_SCALE) >> 2).max(0) } else { (SPLIT_FROM + FIRST_SCALE) / 4 + (scale >> 2 & 3) } as usize;
        let magnitude_of = |r: i32| r.unsigned_abs().min(1 << 24);
        let sum = |r: &[i32]| r.iter().map(|r| magnitude_of(*r)).sum::<u32>();
        let [above_left, straight, above_right] = above;
        let same = 2 * (magnitude_of(left) + magnitude_of(straight)) + magnitude_of(above_left) + magnitude_of(above_right);
        let energy = same + sum(&near) + 2 * sum(&corners);
        let side = match side {
            0..=1 => 0,
            2..=4 => 1,
            _ => 2,
        };
        let sg = |difference: i32| signed::<OCTAVES>(difference >> split);
        let pair = |a: i32, b: i32| sg(a) * SIGNED + sg(b);
        let [p, q, r, s] = around;
        let views = [
            (class * RESIDUAL_ENERGIES + magnitude(energy >> split).min(RESIDUAL_ENERGIES - 1)) * SIDES + side,
            pair(left, straight) * 3 + pass,
            pair(left, above_left) * SIGNED + sg(above_right),
            pair(p.wrapping_add(q), r.wrapping_add(s)),
            pair(before, left.wrapping_add(straight)),
        ];
        (Contexts { slots: VIEWS.at(views), weights: [pass] }, split)
    }
}
