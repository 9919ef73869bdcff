//! What foresees the residual of a sample: eleven views of its surroundings, each the number of a context.

use super::super::entropy::Contexts;
use super::Around;

/// Views.
pub(super) const CONTEXTS: usize = 11;
/// Classes of a magnitude.
const MAGNITUDES: usize = 32;
/// Classes of a signed difference.
const SIGNED: usize = 15;
/// Classes of energy that pick weights.
const ENERGIES: usize = 8;
/// Sets of weights: by energy, and by how the left neighbour lies to the prediction.
pub(super) const CIRCUMSTANCES: usize = ENERGIES + SIGNED;

/// Number of contexts of each view.
#[derive(Debug)]
pub(super) struct Sizes {
    sizes: [usize; CONTEXTS],
    hash_bits: u32,
}

impl Sizes {
    /// Views that tell exact differences apart get about one context for four samples.
    pub(super) fn of(samples: usize) -> Self {
        let hash_bits = (samples / 4).max(1).ilog2().clamp(8, 16);
        let (pair, exact) = (SIGNED * SIGNED, 1 << hash_bits);
        Self { sizes: [MAGNITUDES, pair, pair, pair, pair, MAGNITUDES * SIGNED, exact, exact, exact, MAGNITUDES * SIGNED, pair * SIGNED], hash_bits }
    }

    /// Of all views.
    pub(super) fn contexts(&self) -> usize {
        self.sizes.iter().sum()
    }
}

/// The contexts of a sample whose residuals nearby have that `energy` and lose `split` low bits.
#[inline]
pub(super) fn contexts(sizes: &Sizes, around: &Around, predicted: i32, energy: u32, split: u32) -> Contexts<CONTEXTS> {
    let Around { w, n, nw, ne, ww, nn, first, second, residuals, .. } = *around;
    let from = |v: i32| v.wrapping_sub(predicted);
    let signed = |difference: i32| signed(difference >> split);
    let pair = |a: i32, b: i32| signed(a) * SIGNED + signed(b);
    let beyond = |a: i32, b: i32| from(a.wrapping_add(a).wrapping_sub(b));
    // What the change since the first earlier plane, taken from the left and from above, makes of it.
    let moved = [w.wrapping_add(first.here).wrapping_sub(first.w), n.wrapping_add(first.here).wrapping_sub(first.n)].map(from);
    let [from_left, from_above] = moved;
    let gradient = [w.abs_diff(nw), n.abs_diff(nw), n.abs_diff(ne), w.abs_diff(ww)].into_iter().fold(0, u32::saturating_add);
    let earlier = first.residual.unsigned_abs().saturating_mul(4).saturating_add(second.residual.unsigned_abs().saturating_mul(2));
    let sides = hash(from(w) as u32, from(n) as u32);
    let exact = |hash: u32| (hash.wrapping_mul(0x9E37_79B1) >> (32 - sizes.hash_bits)) as usize;
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
    let mut start = 0;
    let mut slots = [0; CONTEXTS];
    for ((slot, view), size) in slots.iter_mut().zip(views).zip(sizes.sizes) {
        *slot = start + view;
        start += size;
    }
    let weights = [(magnitude(energy) / 3).min(ENERGIES - 1), ENERGIES + signed(from(w))];
    Contexts { slots, weights }
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
    let octave = if m < 3 { m as usize } else { ((m - 1).ilog2() as usize + 2).min(7) };
    if difference < 0 { 7 - octave } else { 7 + octave }
}

#[inline]
fn hash(a: u32, b: u32) -> u32 {
    (a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_add(0x7F4A_7C15).wrapping_mul(0x85EB_CA6B)).rotate_left(13).wrapping_mul(0xC2B2_AE35)
}
