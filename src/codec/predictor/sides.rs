//! Columns in which a tap lies beyond a side: the samples of all rows at once, as if they were a row.

use super::context::Context;
use super::rows::{Blank, Tapped};
use super::taps::{Tap, taps};
use crate::grid::Grid;
use core::ops::Range;

/// Of fewer rows the samples are predicted one by one.
pub(super) const FEWEST: usize = 8;

/// Taps of a column.
const TAPS: usize = 8;

/// Room for columns.
#[derive(Debug)]
pub(super) struct Sides {
    /// What each tap finds, one after the other, and where that is missing, if anything is.
    samples: Vec<i32>,
    holes: Vec<u8>,
    values: Vec<i32>,
    buckets: Vec<u8>,
}

impl Sides {
    /// For so many rows.
    pub(super) fn new(context: &Context, rows: usize) -> Self {
        let holes = vec![0; if context.holes.is_some() { TAPS * rows } else { 0 }];
        Self { samples: vec![0; TAPS * rows], holes, values: vec![0; rows], buckets: vec![0; rows] }
    }

    /// Predicts column `x` in rows in which no tap lies above or below the plane.
    pub(super) fn predict(
        &mut self,
        context: &Context,
        blank: &mut Blank,
        x: usize,
        rows: Range<usize>,
        scale: u64,
        (values, buckets): (&mut Grid<i32>, &mut Grid<u8>),
    ) {
        let Self { samples, holes, values: predicted, buckets: named } = self;
        let length = rows.len().max(1);
        let mut tapped: [[Tapped; 2]; 4] = [[None; 2]; 4];
        let mut holes = holes.chunks_mut(length);
        for ((tapped, samples), tap) in tapped.iter_mut().flatten().zip(samples.chunks_mut(length)).zip(taps(context.pass).into_iter().flatten()) {
            let holes = holes.next();
            if gather((context.known, context.diagonal), tap, x, &rows, samples) {
                let holed = context.holes.zip(holes).map(|(grids, holes)| {
                    gather((grids.known, grids.diagonal), tap, x, &rows, holes);
                    &*holes
                });
                *tapped = Some((samples, holed));
            }
        }
        blank.foretell(tapped, scale, predicted, named);
        scatter(values, x, rows.start, predicted);
        scatter(buckets, x, rows.start, named);
    }
}

/// What a tap finds of column `x`; false where it lies beyond a side.
fn gather<T: Copy + Default>((known, diagonal): (&Grid<T>, &Grid<T>), (is_diagonal, dy, dx): Tap, x: usize, rows: &Range<usize>, to: &mut [T]) -> bool {
    let grid = if is_diagonal { diagonal } else { known };
    let place = x.checked_add_signed(dx).filter(|x| *x < grid.width).zip(rows.start.checked_add_signed(dy));
    let Some((x, y)) = place else { return false };
    let mut at = y * grid.width + x;
    for to in to {
        *to = grid.samples.get(at).copied().unwrap_or_default();
        at += grid.width;
    }
    true
}

fn scatter<T: Copy>(grid: &mut Grid<T>, x: usize, first_row: usize, from: &[T]) {
    let mut at = first_row * grid.width + x;
    for from in from {
        if let Some(to) = grid.samples.get_mut(at) {
            *to = *from;
        }
        at += grid.width;
    }
}
