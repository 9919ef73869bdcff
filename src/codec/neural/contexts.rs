//! What foresees the residual of a sample: the network's word for it and what was coded nearby, each the number of a context.

use crate::codec::entropy::Contexts;

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
/// Classes of a magnitude.
const MAGNITUDES: usize = 32;
/// Classes of a signed difference.
const SIGNED: usize = 13;
/// Levels told apart.
const LEVELS: usize = 6;
/// Sets of weights: by scale, and by level and pass.
pub(super) const CIRCUMSTANCES: usize = SCALES + 3 * LEVELS;

/// Number of contexts of each view.
#[derive(Debug)]
pub(super) struct Sizes {
    sizes: [usize; CONTEXTS],
    hash_bits: u32,
}

impl Sizes {
    pub(super) fn of(samples: usize) -> Self {
        let hash_bits = (samples / 8).max(1).ilog2().clamp(8, 12);
        let pair = SIGNED * SIGNED;
        let exact = 1 << hash_bits;
        let sizes = [PRIORS, MAGNITUDES * SCALES, 3 * pair, MAGNITUDES * SCALES, 4 * pair, pair, pair, 3 * LEVELS * SCALES, exact, exact];
        Self { sizes, hash_bits }
    }

    /// Of all views.
    pub(super) fn contexts(&self) -> usize {
        self.sizes.iter().sum()
    }
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
    pub(super) fn contexts(&self, sizes: &Sizes) -> (Contexts<CONTEXTS>, u32) {
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
        let sg = |difference: i32| signed(difference >> split);
        let pair = |a: i32, b: i32| sg(a) * SIGNED + sg(b);
        let [a, b, c, d] = near;
        let [p, q, r, s] = around;
        let exact = |hash: u32| (hash.wrapping_mul(0x9E37_79B1) >> (32 - sizes.hash_bits)) as usize;
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
        let mut start = 0;
        let mut slots = [0; CONTEXTS];
        for ((slot, view), size) in slots.iter_mut().zip(views).zip(sizes.sizes) {
            *slot = start + view;
            start += size;
        }
        (Contexts { slots, weights: [class, SCALES + pass * LEVELS + level] }, split)
    }
}

/// Half octaves of 1 + magnitude.
#[inline]
fn magnitude(magnitude: u32) -> usize {
    let v = magnitude.saturating_add(1);
    let octave = v.ilog2();
    let half = if octave > 0 { v >> (octave - 1) & 1 } else { 0 };
    ((2 * octave + half) as usize).min(MAGNITUDES - 1)
}

/// Sign and octave.
#[inline]
fn signed(difference: i32) -> usize {
    let m = difference.unsigned_abs();
    let octave = if m < 3 { m as usize } else { ((m - 1).ilog2() as usize + 2).min(6) };
    if difference < 0 { 6 - octave } else { 6 + octave }
}

#[inline]
fn hash(a: u32, b: u32) -> u32 {
    (a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_add(0x7F4A_7C15).wrapping_mul(0x85EB_CA6B)).rotate_left(13).wrapping_mul(0xC2B2_AE35)
}
