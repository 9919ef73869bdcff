//! What the encoder shows where samples are missing: the mean of the smallest block around that has any.

use crate::grid::Grid;

/// The sum and the number of the samples of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    sum: i64,
    count: i64,
}

impl Block {
    /// The mean, rounded down; 0 of nothing.
    fn mean(self) -> i32 {
        self.sum.div_euclid(self.count.max(1)) as i32
    }
}

/// The plane without holes. Blocks double until one has a sample.
pub(crate) fn filled(plane: &Grid<i32>, holes: &Grid<u8>) -> Grid<i32> {
    let blocks =
        plane.samples.iter().zip(&holes.samples).map(|(sample, hole)| if *hole == 0 { Block { sum: (*sample).into(), count: 1 } } else { Block::default() });
    let mut levels = vec![Grid { height: plane.height, width: plane.width, samples: blocks.collect() }];
    while let Some(coarser) = levels.last().filter(|l| l.samples.len() > 1).map(halved) {
        levels.push(coarser);
    }
    let mean = |y: usize, x: usize| {
        let found = levels.iter().enumerate().find_map(|(level, grid)| grid.row(y >> level).get(x >> level).filter(|b| b.count > 0));
        found.map_or(0, |b| b.mean())
    };
    let mut full = plane.clone();
    for (y, (row, holes)) in full.rows_mut().zip(holes.rows()).enumerate() {
        row.iter_mut().zip(holes).enumerate().filter(|(_, (_, hole))| **hole != 0).for_each(|(x, (sample, _))| *sample = mean(y, x));
    }
    full
}

/// Blocks of four.
fn halved(blocks: &Grid<Block>) -> Grid<Block> {
    let mut half: Grid<Block> = Grid::new(blocks.height.div_ceil(2), blocks.width.div_ceil(2));
    let width = half.width;
    for (y, row) in blocks.rows().enumerate() {
        for (x, block) in row.iter().enumerate() {
            if let Some(sum) = half.samples.get_mut(y / 2 * width + x / 2) {
                *sum = Block { sum: sum.sum + block.sum, count: sum.count + block.count };
            }
        }
    }
    half
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_take_the_mean_of_what_is_near() {
        let plane = Grid { height: 3, width: 4, samples: vec![1, 0, 9, 9, 3, 2, 9, 0, 5, 0, 0, 0] };
        let holes = Grid { height: 3, width: 4, samples: vec![0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1, 1] };
        assert_eq!(filled(&plane, &holes).samples, [1, 2, 9, 9, 3, 2, 9, 9, 5, 5, 5, 5]);
        let nothing = Grid { height: 3, width: 4, samples: vec![1; 12] };
        assert_eq!(filled(&plane, &nothing).samples, [0; 12]);
    }
}
