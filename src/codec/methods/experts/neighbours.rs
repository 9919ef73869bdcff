//! What is known around a sample.

use crate::codec::passes::Pass;

/// Row and column relative to the sample, in samples of the level.
pub(super) type Offset = (isize, isize);

/// Samples of the passes before, nearest first.
pub(super) const fn known(pass: Pass) -> &'static [Offset] {
    match pass {
        Pass::Diagonal => &[(-1, -1), (-1, 1), (1, -1), (1, 1), (-1, -3), (-1, 3), (1, -3), (1, 3), (-3, -1), (-3, 1), (3, -1), (3, 1)],
        Pass::Horizontal => {
            &[(0, -1), (0, 1), (-1, 0), (1, 0), (-1, -2), (-1, 2), (1, -2), (1, 2), (-2, -1), (-2, 1), (2, -1), (2, 1), (0, -3), (0, 3), (-3, 0), (3, 0)]
        }
        Pass::Vertical => {
            &[(0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1), (-1, -2), (-1, 2), (1, -2), (1, 2), (0, -3), (0, 3), (-3, 0), (3, 0)]
        }
    }
}

/// Samples of the same pass: to the left, above, above to the left, above to the right.
pub(super) const SAME: [Offset; 4] = [(0, -2), (-2, 0), (-2, -2), (-2, 2)];
/// Around the same place in a reference.
pub(super) const RING: [Offset; 8] = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)];
/// How many of those are looked at in each reference.
pub(super) const RINGS: [usize; 2] = [8, 4];

/// A place in a plane, from which others are found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) y: isize,
    pub(super) x: isize,
    /// Size of the plane.
    pub(super) height: isize,
    pub(super) width: isize,
    /// Distance between samples of the level.
    pub(super) stride: isize,
    /// Whether columns of the level go around.
    pub(super) wrap: bool,
}

impl Place {
    /// The number of the sample there, by rows; `None` outside the plane.
    #[inline]
    pub(super) fn at(&self, (dy, dx): Offset) -> Option<usize> {
        let (y, x) = (self.y + dy * self.stride, self.x + dx * self.stride);
        let x = if self.wrap { x.rem_euclid(self.width.max(1)) } else { x };
        let inside = (0..self.height).contains(&y) && (0..self.width).contains(&x);
        inside.then_some((y * self.width + x) as usize)
    }

    /// As that, but columns do not go around: samples of the same pass beyond the border are not there yet.
    #[inline]
    pub(super) fn same(&self, offset: Offset) -> Option<usize> {
        Self { wrap: false, ..*self }.at(offset)
    }
}
