//! Rows of taps, side by side: the columns in which all of them exist, and what lies there.

use super::context::Context;
use super::taps::{Tap, oblique_taps, taps};
use crate::grid::Grid;

/// The columns of a pass in which all taps exist, as far as rows do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub(super) first: usize,
    pub(super) length: usize,
}

impl Columns {
    pub(super) const fn range(self) -> core::ops::Range<usize> {
        self.first..self.first + self.length
    }

    pub(super) fn of(context: &Context) -> Self {
        let (mut start, mut end) = (0isize, context.width as isize);
        for (is_diagonal, _, dx) in taps(context.pass).into_iter().flatten().chain(oblique_taps(context.pass).into_iter().flatten()) {
            start = start.max(-dx);
            end = end.min(if is_diagonal { context.diagonal } else { context.known }.width as isize - dx);
        }
        let first = usize::try_from(start).unwrap_or_default();
        Self { first, length: usize::try_from(end - start).unwrap_or_default() }
    }
}

/// The row of a tap from the column `first` on.
#[inline(always)]
pub(super) fn tap_row<'a, T: Copy + Default>(
    (known, diagonal): (&'a Grid<T>, &'a Grid<T>),
    y: usize,
    columns: Columns,
    (is_diagonal, dy, dx): Tap,
) -> Option<&'a [T]> {
    let from = columns.first.checked_add_signed(dx)?;
    if is_diagonal { diagonal } else { known }.row(y.checked_add_signed(dy)?).get(from..from + columns.length)
}
