//! Patches of real fields, at random amplitudes, as the autoencoder sees them.

use super::net::{CELL, CELL_SAMPLES, QUADRANTS};
use crate::error::Result;
use crate::stacks::{Stack, Stacks};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::path::Path;

/// Samples along a side of a patch.
pub const SIDE: usize = 64;
/// Cells along a side.
pub const CELLS: usize = SIDE / CELL;
/// Tokens along a side: the corners of the cells.
pub const TOKENS: usize = CELLS + 1;
/// Binary logarithms of the range of a plane, in units of samples.
const RANGES: std::ops::Range<f64> = 5.0..11.0;
/// Samples lie within ± this.
const LARGEST: f64 = 1023.0;

/// Patches in the order of the network.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Patches.
    pub patches: usize,
    /// Windows of every token: samples of the four cells around it.
    pub windows: Vec<f32>,
    /// Samples of every cell.
    pub cells: Vec<f32>,
    /// 1 where there is a sample, 0 where it is missing.
    pub present: Vec<f32>,
}

/// Patches without end.
#[derive(Debug)]
pub struct Patches {
    random: StdRng,
    stacks: Stacks,
}

impl Patches {
    /// From the stacks of a folder.
    pub fn read(folder: &Path, seed: u64) -> Result<Self> {
        Ok(Self { random: StdRng::seed_from_u64(seed), stacks: Stacks::read(folder)? })
    }

    /// The next patches.
    pub fn batch(&mut self, patches: usize) -> Batch {
        let mut batch = Batch::default();
        while batch.patches < patches {
            if let Some((samples, present)) = self.patch() {
                batch.add(&samples, &present);
            }
        }
        batch
    }

    /// Height, width and samples of a whole plane.
    pub fn plane(&mut self) -> Option<(usize, usize, Vec<i32>)> {
        let Self { random, stacks } = self;
        let stack = stacks.pick(random)?;
        let [_, height, width] = stack.shape;
        let (samples, _) = shown(stack, random)?;
        Some((height, width, samples))
    }

    /// Samples and whether they are there, of a part of a plane that is mirrored at random; what lies beyond the plane repeats its border.
    fn patch(&mut self) -> Option<(Vec<i32>, Vec<f32>)> {
        let Self { random, stacks } = self;
        let stack = stacks.pick(random)?;
        let [_, height, width] = stack.shape;
        let (samples, holes) = shown(stack, random)?;
        let stride = if height.min(width) > 2 * SIDE && random.random_bool(0.3) { 2 } else { 1 };
        let first = |random: &mut StdRng, length: usize| random.random_range(0..=length.saturating_sub(SIDE * stride));
        let (top, left) = (first(random, height), first(random, width));
        let [upside, mirrored, turned] = [(); 3].map(|()| random.random_bool(0.5));
        let at = |y: usize, x: usize| {
            let (y, x) = if turned { (x, y) } else { (y, x) };
            let (y, x) = (if upside { SIDE - 1 - y } else { y }, if mirrored { SIDE - 1 - x } else { x });
            (top + y * stride).min(height - 1) * width + (left + x * stride).min(width - 1)
        };
        let places = || (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x)));
        let present = places().map(|(y, x)| holes.get(at(y, x)).map_or(0.0, |hole| f32::from(1 - hole))).collect();
        Some((places().map(|(y, x)| samples.get(at(y, x)).copied().unwrap_or(0)).collect(), present))
    }
}

/// A plane at random, at a random range, without holes; and where they were.
fn shown(stack: &Stack, random: &mut StdRng) -> Option<(Vec<i32>, Vec<u8>)> {
    let [planes, height, width] = stack.shape;
    let plane = random.random_range(0..planes);
    let values = stack.values.get(plane * height * width..(plane + 1) * height * width)?;
    let (samples, holes) = levelled(values, random.random_range(RANGES).exp2())?;
    let samples = if holes.contains(&1) { deepcomp::training::filled(height, width, &samples, &holes) } else { samples };
    Some((samples, holes))
}

/// A plane around its mean, its range that large, in whole numbers; and where it is missing.
fn levelled(values: &[f32], range: f64) -> Option<(Vec<i32>, Vec<u8>)> {
    let finite = || values.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v));
    let (low, high) = finite().fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let mean = finite().sum::<f64>() / finite().count() as f64;
    let scale = range / (high - low);
    if !scale.is_finite() || scale <= 0.0 {
        return None;
    }
    let sample = |v: &f32| if v.is_finite() { ((f64::from(*v) - mean) * scale).clamp(-LARGEST, LARGEST).round() as i32 } else { 0 };
    Some((values.iter().map(sample).collect(), values.iter().map(|v| u8::from(!v.is_finite())).collect()))
}

impl Batch {
    /// Adds a patch in row order.
    pub fn add(&mut self, samples: &[i32], present: &[f32]) {
        let real = |y: usize, x: usize| samples.get(y * SIDE + x).map_or(0.0, |s| *s as f32 / 64.0);
        let inner = |cell: isize| (cell.clamp(0, CELLS as isize - 1), cell);
        for token in 0..TOKENS * TOKENS {
            for quadrant in 0..QUADRANTS {
                let row = inner((token / TOKENS) as isize - 1 + (quadrant / 2) as isize);
                let column = inner((token % TOKENS) as isize - 1 + (quadrant % 2) as isize);
                for sample in 0..CELL_SAMPLES {
                    self.windows.push(real(bordered(row, sample / CELL), bordered(column, sample % CELL)));
                }
            }
        }
        for cell in 0..CELLS * CELLS {
            for sample in 0..CELL_SAMPLES {
                let (y, x) = (cell / CELLS * CELL + sample / CELL, cell % CELLS * CELL + sample % CELL);
                self.cells.push(real(y, x));
                self.present.push(present.get(y * SIDE + x).copied().unwrap_or(0.0));
            }
        }
        self.patches += 1;
    }
}

/// The place of a sample of a cell; beyond the border, that on the border.
fn bordered((inner, cell): (isize, isize), offset: usize) -> usize {
    let inside = inner as usize * CELL;
    match cell.cmp(&inner) {
        std::cmp::Ordering::Less => inside,
        std::cmp::Ordering::Equal => inside + offset,
        std::cmp::Ordering::Greater => inside + CELL - 1,
    }
}
