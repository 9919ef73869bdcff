//! What contexts are made of: classes of magnitudes and of signed differences, and hashes of exact ones (docs/format.md, "Mixing").

use super::Contexts;

/// Classes of a magnitude.
pub(crate) const MAGNITUDES: usize = 32;

/// Half octaves of 1 + magnitude.
#[inline]
pub(crate) fn magnitude(magnitude: u32) -> usize {
    let v = magnitude.saturating_add(1);
    let octave = v.ilog2();
    let half = if octave > 0 { v >> (octave - 1) & 1 } else { 0 };
    ((2 * octave + half) as usize).min(MAGNITUDES - 1)
}

/// Sign and octave: one of `END` classes below zero, zero, and one of `END` above.
#[inline]
pub(crate) fn signed<const END: usize>(difference: i32) -> usize {
    let m = difference.unsigned_abs();
    let octave = if m < 3 { m as usize } else { ((m - 1).ilog2() as usize + 2).min(END) };
    if difference < 0 { END - octave } else { END + octave }
}

#[inline]
pub(crate) fn hash(a: u32, b: u32) -> u32 {
    (a.wrapping_mul(0x9E37_79B1) ^ b.wrapping_add(0x7F4A_7C15).wrapping_mul(0x85EB_CA6B)).rotate_left(13).wrapping_mul(0xC2B2_AE35)
}

/// How many contexts each view has, and how many bits of a hash tell contexts apart.
#[derive(Debug)]
pub(crate) struct Views<const N: usize> {
    pub(crate) sizes: [usize; N],
    pub(crate) hash_bits: u32,
}

impl<const N: usize> Views<N> {
    /// Of all views.
    pub(crate) fn contexts(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// The context of a hash.
    #[inline]
    pub(crate) fn exact(&self, hash: u32) -> usize {
        (hash.wrapping_mul(0x9E37_79B1) >> (32 - self.hash_bits)) as usize
    }

    /// The contexts that `views` number, each within its own view.
    #[inline]
    pub(crate) fn at(&self, views: [usize; N], weights: [usize; 2]) -> Contexts<N> {
        let mut start = 0;
        let mut slots = [0; N];
        for ((slot, view), size) in slots.iter_mut().zip(views).zip(self.sizes) {
            *slot = start + view;
            start += size;
        }
        Contexts { slots, weights }
    }
}
