//! Rows of taps, side by side: the columns in which all of them exist, and what lies there.

use super::context::Context;
use super::taps::{Tap, oblique_taps, taps};
use crate::codec::passes::Pass;
use crate::grid::Grid;
use core::ops::Range;

/// The columns of a pass in which all taps exist, as far as rows do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub(super) first: usize,
    pub(super) length: usize,
}

impl Columns {
    pub(super) const fn range(self) -> Range<usize> {
        self.first..self.first + self.length
    }

    pub(super) fn of(context: &Context) -> Self {
        let (mut start, mut end) = (0isize, context.width as isize);
        for (is_diagonal, _, dx) in all_taps(context.pass) {
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

/// Taps of a pass: those of the four pairs, then those of the two quartets.
pub(super) const TAPS: usize = 16;

/// Where all taps of a pass begin, in the columns and rows in which all of them exist.
#[derive(Debug, Clone, Copy)]
pub(super) struct TapGrids<'a, T> {
    /// Each from its place at the first row on, and how many samples lie between rows.
    taps: [(&'a [T], usize); TAPS],
    length: usize,
}

impl<'a, T: Copy + Default> TapGrids<'a, T> {
    pub(super) fn of(pass: Pass, (known, diagonal): (&'a Grid<T>, &'a Grid<T>), first_row: usize, columns: Columns) -> Self {
        let taps = all_taps(pass).map(|(is_diagonal, dy, dx)| {
            let grid = if is_diagonal { diagonal } else { known };
            let start = first_row.saturating_add_signed(dy) * grid.width + columns.first.saturating_add_signed(dx);
            (grid.samples.get(start..).unwrap_or_default(), grid.width)
        });
        Self { taps, length: columns.length }
    }

    /// The taps of a row, counted from the first in which all of them exist; false where one does not.
    #[inline(always)]
    pub(super) fn row(&self, y: usize, to: &mut TapRows<'a, T>) -> bool {
        let mut all = true;
        for (row, (samples, width)) in to.iter_mut().zip(&self.taps) {
            let start = y * width;
            *row = samples.get(start..start + self.length).unwrap_or_default();
            all &= row.len() == self.length;
        }
        all
    }
}

/// One slice for each tap.
pub(super) type TapRows<'a, T> = [&'a [T]; TAPS];

/// The rows of a pass in which all taps exist.
pub(super) fn inner_rows(context: &Context) -> Range<usize> {
    let (mut start, mut end) = (0isize, context.height as isize);
    for (is_diagonal, dy, _) in all_taps(context.pass) {
        start = start.max(-dy);
        end = end.min(if is_diagonal { context.diagonal } else { context.known }.height as isize - dy);
    }
    let start = usize::try_from(start).unwrap_or_default();
    start..usize::try_from(end).unwrap_or_default().max(start)
}

fn all_taps(pass: Pass) -> [Tap; TAPS] {
    let ([[a, b], [c, d], [e, f], [g, h]], [[i, j, k, l], [m, n, o, p]]) = (taps(pass), oblique_taps(pass));
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]
}
