//! Columns in which a tap lies beyond a side: the samples of all rows at once, as if they were a row.

use super::context::Context;
use super::rows::{Blank, Tapped};
use super::taps::{Tap, taps};
use crate::grid::Grid;
use core::ops::Range;

/// Room for columns.
#[derive(Debug)]
pub(super) struct Sides {
    blank: Blank,
    /// What each tap finds, and where that is missing.
    samples: [[Vec<i32>; 2]; 4],
    holes: [[Vec<u8>; 2]; 4],
    values: Vec<i32>,
    buckets: Vec<u8>,
}

impl Sides {
    /// For so many rows.
    pub(super) fn new(rows: usize) -> Self {
        Self { blank: Blank::new(rows), samples: Default::default(), holes: Default::default(), values: vec![0; rows], buckets: vec![0; rows] }
    }

    /// Predicts column `x` in rows in which no tap lies above or below the plane.
    pub(super) fn predict(&mut self, context: &Context, x: usize, rows: Range<usize>, scale: u64, values: &mut Grid<i32>, buckets: &mut Grid<u8>) {
        let Self { blank, samples, holes, values: predicted, buckets: named } = self;
        if rows.is_empty() {
            return;
        }
        let mut tapped: [[Tapped; 2]; 4] = [[None; 2]; 4];
        let room = samples.iter_mut().flatten().zip(holes.iter_mut().flatten());
        for ((tapped, (samples, holes)), tap) in tapped.iter_mut().flatten().zip(room).zip(taps(context.pass).into_iter().flatten()) {
            if gather((context.known, context.diagonal), tap, x, &rows, samples) {
                let any = context.holes.is_some_and(|grids| gather((grids.known, grids.diagonal), tap, x, &rows, holes));
                *tapped = Some((samples, any.then_some(holes)));
            }
        }
        blank.foretell(tapped, scale, predicted, named);
        scatter(values, x, rows.start, predicted);
        scatter(buckets, x, rows.start, named);
    }
}

/// What a tap finds of column `x`; false where it lies beyond a side.
fn gather<T: Copy + Default>((known, diagonal): (&Grid<T>, &Grid<T>), (is_diagonal, dy, dx): Tap, x: usize, rows: &Range<usize>, to: &mut Vec<T>) -> bool {
    let grid = if is_diagonal { diagonal } else { known };
    let place = x.checked_add_signed(dx).filter(|x| *x < grid.width).zip(rows.start.checked_add_signed(dy));
    let Some((x, y)) = place else { return false };
    to.resize(rows.len(), T::default());
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
