//! The dyadic pyramid of one plane (docs/format.md, "Pyramid"): which samples each pass codes, as dense polyphase grids.
//!
//! Nothing here predicts or codes.

use crate::grid::{Grid, count};

/// A pass adds one polyphase component of a level to the samples already known (even rows, even columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// Odd rows, odd columns.
    Diagonal,
    /// Even rows, odd columns.
    Horizontal,
    /// Odd rows, even columns.
    Vertical,
}

impl Pass {
    /// The component of this pass in a grid at full resolution, at a level of that stride.
    pub(crate) fn component<T: Copy + Default>(self, full: &Grid<T>, stride: usize) -> Grid<T> {
        let (top, left) = self.phase();
        full.every(2 * stride, top * stride, left * stride)
    }

    /// Height and width of the component in a level of that size.
    pub(crate) fn size(self, height: usize, width: usize) -> (usize, usize) {
        let (top, left) = self.phase();
        (count(height, 2, top), count(width, 2, left))
    }

    /// 0, 1, 2 in coding order.
    pub(crate) const fn number(self) -> usize {
        self as usize
    }

    pub(crate) const fn phase(self) -> (usize, usize) {
        match self {
            Self::Diagonal => (1, 1),
            Self::Horizontal => (0, 1),
            Self::Vertical => (1, 0),
        }
    }
}

/// Number of levels above the coarsest grid, which has at most four samples a side.
pub(crate) fn levels(height: usize, width: usize) -> u32 {
    let mut levels = 0;
    while height.max(width).div_ceil(1 << levels) > 4 {
        levels += 1;
    }
    levels
}

/// A grid at full resolution and what is left of it at every level: each time even rows and columns alone.
#[derive(Debug)]
pub(crate) struct Levels<'a, T> {
    full: &'a Grid<T>,
    coarser: Vec<Grid<T>>,
}

impl<'a, T: Copy + Default> Levels<'a, T> {
    /// With so many levels above the full resolution.
    pub(crate) fn of(full: &'a Grid<T>, levels: u32) -> Self {
        let mut coarser: Vec<Grid<T>> = Vec::new();
        for _ in 0..levels {
            coarser.push(coarser.last().unwrap_or(full).every(2, 0, 0));
        }
        Self { full, coarser }
    }

    /// The grid at a level.
    pub(crate) fn at(&self, level: u32) -> &Grid<T> {
        (level as usize).checked_sub(1).and_then(|above| self.coarser.get(above)).unwrap_or(self.full)
    }
}

/// The level whose components are `known` and the three passes.
pub(crate) fn merge<T: Copy + Default>(known: &Grid<T>, diagonal: &Grid<T>, horizontal: &Grid<T>, vertical: &Grid<T>) -> Grid<T> {
    let (height, width) = (known.height + vertical.height, known.width + horizontal.width);
    let mut full = Grid::new(height, width);
    for (y, row) in full.rows_mut().enumerate() {
        let (even, odd) = if y % 2 == 0 { (known, horizontal) } else { (vertical, diagonal) };
        let mut pairs = row.chunks_exact_mut(2);
        let mut even = even.row(y / 2).iter();
        for ((pair, e), o) in pairs.by_ref().zip(even.by_ref()).zip(odd.row(y / 2)) {
            pair.copy_from_slice(&[*e, *o]);
        }
        if let ([last], Some(e)) = (pairs.into_remainder(), even.next()) {
            *last = *e;
        }
    }
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_and_known_samples_partition_every_level() {
        for (height, width) in [(1, 1), (1, 9), (7, 1), (2, 3), (8, 8), (9, 12), (73, 144)] {
            let full = Grid { height, width, samples: (0..(height * width) as i32).collect() };
            let passes = [Pass::Diagonal, Pass::Horizontal, Pass::Vertical];
            let [d, h, v] = passes.map(|p| p.component(&full, 1));
            assert_eq!(merge(&full.every(2, 0, 0), &d, &h, &v), full);
            for (pass, grid) in passes.into_iter().zip([&d, &h, &v]) {
                assert_eq!(pass.size(height, width), (grid.height, grid.width));
                assert_eq!(grid.samples.len(), grid.height * grid.width);
            }
        }
    }
}
