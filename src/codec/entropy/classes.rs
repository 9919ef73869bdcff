//! What contexts are made of: classes of magnitudes and of signed differences (docs/format.md, "Mixing").

/// Classes of a magnitude.
pub(crate) const MAGNITUDES: usize = 32;

/// Half octaves of 1 + magnitude, as far as there are classes.
#[inline]
pub(crate) fn magnitude(magnitude: u32) -> usize {
    usize::from(half_octaves(magnitude.into())).min(MAGNITUDES - 1)
}

/// Half octaves of 1 + magnitude.
#[inline]
pub(crate) fn half_octaves(magnitude: u64) -> u8 {
    let v = magnitude.saturating_add(1);
    let octave = v.ilog2();
    let half = if octave > 0 { v >> (octave - 1) & 1 } else { 0 };
    2 * octave as u8 + half as u8
}

/// Sign and octave: one of `END` classes below zero, zero, and one of `END` above.
#[inline]
pub(crate) fn signed<const END: usize>(difference: i32) -> usize {
    let m = difference.unsigned_abs();
    let octave = if m < 3 { m as usize } else { ((m - 1).ilog2() as usize + 2).min(END) };
    if difference < 0 { END - octave } else { END + octave }
}

/// How many contexts each view has.
#[derive(Debug)]
pub(crate) struct Views<const N: usize>(pub(crate) [usize; N]);

impl<const N: usize> Views<N> {
    /// Contexts of all views.
    pub(crate) fn contexts(&self) -> usize {
        let Self(sizes) = self;
        sizes.iter().sum()
    }

    /// The contexts that `views` number, each within its own view.
    #[inline]
    pub(crate) fn at(&self, views: [usize; N]) -> [usize; N] {
        let Self(sizes) = self;
        let mut start = 0;
        let mut slots = [0; N];
        for ((slot, view), size) in slots.iter_mut().zip(views).zip(sizes) {
            *slot = start + view;
            start += size;
        }
        slots
    }
}
