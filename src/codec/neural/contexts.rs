//! What foresees the residual of a sample: the network's word for it and what was coded nearby, each the number of a context.

use crate::codec::entropy::{Contexts, MAGNITUDES, Views, hash, magnitude, signed};

/// Views.
pub(super) const CONTEXTS: usize = 10;
/// Classes of the network's scale: quarters of an octave from 2^-5 quanta, then the four of residuals that are split.
const SCALES: usize = 32;
/// Sixteenths of an octave below one quantum where the classes of the scale begin.
const FIRST_SCALE: i32 = 80;
/// Sixteenths of an octave from which on residuals are split.
const SPLIT_FROM: i32 = 32;
/// Classes of the energy nearby.
const ENERGIES: usize = 24;
/// Classes of the side.
const SIDES: usize = 3;
/// Contexts of the first view, which a model knows beforehand.
pub(crate) const PRIORS: usize = SCALES * ENERGIES * SIDES;
/// Octaves told apart of a signed difference, and its classes.
const OCTAVES: usize = 6;
const SIGNED: usize = 2 * OCTAVES + 1;
/// Levels told apart.
const LEVELS: usize = 6;
/// Sets of weights: by scale, and by level and pass.
pub(super) const CIRCUMSTANCES: usize = SCALES + 3 * LEVELS;

/// Views that tell exact differences apart get about one context for eight samples.
pub(super) fn views(samples: usize) -> Views<CONTEXTS> {
    let hash_bits = (samples / 8).max(1).ilog2().clamp(8, 12);
    let pair = SIGNED * SIGNED;
    let exact = 1 << hash_bits;
    let sizes = [PRIORS, MAGNITUDES * SCALES, 3 * pair, MAGNITUDES * SCALES, 4 * pair, pair, pair, 3 * LEVELS * SCALES, exact, exact];
    Views { sizes, hash_bits }
}

/// What is known when a residual is coded. Residuals are in quanta.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) pass: usize,
    pub(super) level: u32,
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
    /// Those of the first reference: at the same place, left, right, above, below.
    pub(super) before: [i32; 5],
    /// Differences of the four near neighbours from the prediction.
    pub(super) around: [i32; 4],
}

impl Seen {
    /// The contexts of the residual and how many of its low bits are split off.
    #[inline]
    pub(super) fn contexts(&self, all: &Views<CONTEXTS>) -> (Contexts<CONTEXTS>, u32) {
        let Self { pass, scale, left, above, near, corners, before, around, .. } = *self;
        let split = ((scale >> 4) - 1).clamp(0, 24) as u32;
        let magnitude_of = |r: i32| r.unsigned_abs().min(1 << 24);
        let [above_left, straight, above_right] = above;
        let same = 2 * (magnitude_of(left) + magnitude_of(straight)) + magnitude_of(above_left) + magnitude_of(above_right);
        let sum = |r: &[i32]| r.iter().map(|r| magnitude_of(*r)).sum::<u32>();
        let (near_sum, corner_sum) = (sum(&near), sum(&corners));
        let [same_place, sides @ ..] = before;
        let earlier = 2 * magnitude_of(same_place) + sum(&sides);
        let energy = same + near_sum + 2 * corner_sum;
        let class = if scale < SPLIT_FROM { ((scale + FIRST_SCALE) >> 2).max(0) } else { (SPLIT_FROM + FIRST_SCALE) / 4 + (scale >> 2 & 3) } as usize;
        let level = (self.level as usize).min(LEVELS - 1);
        let side = match self.side {
            0..=1 => 0,
            2..=4 => 1,
            _ => 2,
        };
        let sg = |difference: i32| signed::<OCTAVES>(difference >> split);
        let pair = |a: i32, b: i32| sg(a) * SIGNED + sg(b);
        let [a, b, c, d] = near;
        let [p, q, r, s] = around;
        let exact = |hash: u32| all.exact(hash);
        let sides = hash(hash(p as u32, q as u32), hash(r as u32, s as u32));
        let views = [
            (class * ENERGIES + magnitude(energy >> split).min(ENERGIES - 1)) * SIDES + side,
            magnitude(same >> split) * SCALES + class,
            pair(left, straight) * 3 + pass,
            magnitude(earlier >> split) * SCALES + class,
            pair(a.wrapping_add(b), c.wrapping_add(d)) * 4 + pass + usize::from(pass == 2 && corner_sum > near_sum),
            pair(p.wrapping_add(q), r.wrapping_add(s)),
            pair(same_place, left.wrapping_add(straight)),
            (pass * LEVELS + level) * SCALES + class,
            exact(hash(p as u32, q as u32)),
            exact(sides),
        ];
        (all.at(views, [class, SCALES + pass * LEVELS + level]), split)
    }
}
