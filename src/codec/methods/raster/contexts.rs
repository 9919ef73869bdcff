//! What foresees the residual of a sample: eleven views of its surroundings, each the number of a context.

use super::Around;
use crate::codec::entropy::{Contexts, MAGNITUDES, Views, magnitude, signed};

/// Views.
pub(super) const CONTEXTS: usize = 11;
/// Ways to weigh them.
pub(super) const WEIGHTS: usize = 2;
/// Octaves told apart of a signed difference, and its classes.
const OCTAVES: usize = 7;
const SIGNED: usize = 2 * OCTAVES + 1;
/// Classes of energy that pick weights.
const ENERGIES: usize = 8;
/// Sets of weights: by energy, and by how the left neighbour lies to the prediction.
pub(super) const CIRCUMSTANCES: usize = ENERGIES + SIGNED;

/// How many contexts the views have, and how many bits of a hash tell contexts apart.
#[derive(Debug)]
pub(super) struct Sizes {
    pub(super) views: Views<CONTEXTS>,
    hash_bits: u32,
}

impl Sizes {
    /// Views that tell exact differences apart get about one context for four samples.
    pub(super) fn of(samples: usize) -> Self {
        let hash_bits = (samples / 4).max(1).ilog2().clamp(8, 16);
        let (pair, exact) = (SIGNED * SIGNED, 1 << hash_bits);
        Self { views: Views([MAGNITUDES, pair, pair, pair, pair, MAGNITUDES * SIGNED, exact, exact, exact, MAGNITUDES * SIGNED, pair * SIGNED]), hash_bits }
    }

    /// The context of a hash.
    #[inline]
    fn exact(&self, hash: u32) -> usize {
        (hash.wrapping_mul(0x9E37_79B1) >> (32 - self.hash_bits)) as usize
    }
}

/// The contexts of a sample whose residuals nearby have that `energy` and lose `split` low bits.
#[inline]
pub(super) fn contexts(sizes: &Sizes, around: &Around, predicted: i32, energy: u32, split: u32) -> Contexts<CONTEXTS, WEIGHTS> {
    let Around { w, n, nw, ne, ww, nn, first, second, residuals, .. } = *around;
    let from = |v: i32| v.wrapping_sub(predicted);
    let signed = |difference: i32| signed::<OCTAVES>(difference >> split);
    let pair = |a: i32, b: i32| signed(a) * SIGNED + signed(b);
    let beyond = |a: i32, b: i32| from(a.wrapping_add(a).wrapping_sub(b));
    // What the change since the first earlier plane, taken from the left and from above, makes of it.
    let moved = [w.wrapping_add(first.here).wrapping_sub(first.w), n.wrapping_add(first.here).wrapping_sub(first.n)].map(from);
    let [from_left, from_above] = moved;
    let gradient = [w.abs_diff(nw), n.abs_diff(nw), n.abs_diff(ne), w.abs_diff(ww)].into_iter().fold(0, u32::saturating_add);
    let earlier = first.residual.unsigned_abs().saturating_mul(4).saturating_add(second.residual.unsigned_abs().saturating_mul(2));
    let sides = hash(from(w) as u32, from(n) as u32);
    let exact = |hash: u32| sizes.exact(hash);
    let views = [
        magnitude(energy),
        pair(from(w), from(n)),
        pair(from(ne), from(nw)),
        pair(beyond(w, ww), beyond(n, nn)),
        pair(residuals.w, residuals.n),
        magnitude(earlier) * SIGNED + signed((from_left.wrapping_add(from_above)) / 2),
        exact(sides),
        exact(hash(hash(sides, from(ne) as u32), from(nw) as u32)),
        exact(hash(hash(sides, from(first.here) as u32), from(second.here) as u32)),
        magnitude(gradient) * SIGNED + signed(first.residual),
        (signed(from(around.base)) * SIGNED + signed(from_left)) * SIGNED + signed(from_above),
    ];
    let weights = [(magnitude(energy) / 3).min(ENERGIES - 1), ENERGIES + signed(from(w))];
    Contexts { slots: sizes.views.at(views), weights }
}

#[inline]
fn hash(a: u32, b: u32) -> u32 {
    (a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_add(0x7F4A_7C15).wrapping_mul(0x85EB_CA6B)).rotate_left(13).wrapping_mul(0xC2B2_AE35)
}
