//! Samples of real data: stacks cut, turned and put on lattices at random, and seen as the codec sees them.

use crate::error::Result;
use crate::source::{Batch, PASSES, Source};
use crate::stacks::Stacks;
use deepcomp::network::model::Sight;
use deepcomp::training::{self, Example};
use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::path::Path;

/// Distance between reconstructions under a bound, in lattice units: what the codec uses.
const QUANTUM: i32 = 129;
/// Examples that wait for each pass, so that a batch mixes many stacks.
const POOL: usize = 262_144;
/// One in so many samples becomes an example.
const EVERY: u32 = 2;
/// Samples a cut holds at most in one plane.
const CUT: usize = 24_000;
/// Planes of a cut.
const PLANES: usize = 3;

/// What a network may not have, to find out what it is worth.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct Seen {
    /// Show no reference planes.
    #[arg(long)]
    pub without_references: bool,
    /// Scale the inputs by the quantum alone.
    #[arg(long)]
    pub without_scale: bool,
}

impl Seen {
    /// What the model file says of it.
    pub fn sight(self) -> Sight {
        Sight { adaptive_scale: !self.without_scale, references: !self.without_references }
    }
}

/// The stacks of a folder.
#[derive(Debug)]
pub struct Data {
    random: StdRng,
    seen: Seen,
    stacks: Stacks,
    pools: [Vec<Example>; PASSES],
}

impl Data {
    /// From the stacks of a folder.
    pub fn read(folder: &Path, seed: u64, seen: Seen) -> Result<Self> {
        Ok(Self { random: StdRng::seed_from_u64(seed), seen, stacks: Stacks::read(folder)?, pools: Default::default() })
    }

    /// Adds the examples of one cut to the pools.
    fn refill(&mut self) {
        let Some(stack) = self.cut() else { return };
        let Self { random, pools, .. } = self;
        training::examples(&stack, EVERY, &mut || random.next_u32(), &mut |example| {
            if let Some(pool) = pools.get_mut(example.pass) {
                pool.push(example.clone());
            }
        });
    }

    /// A few planes of a stack, or a part of them, on a lattice.
    pub fn cut(&mut self) -> Option<training::Stack> {
        let Self { random, stacks, .. } = self;
        let stack = stacks.pick(random)?;
        let [planes, height, width] = stack.shape;
        let (mut rows, mut columns) = (height, width);
        while rows * columns > CUT || (rows > 40 && columns > 40 && random.random_bool(0.25)) {
            (rows, columns) = (random.random_range(rows.min(32)..=rows), random.random_range(columns.min(32)..=columns));
        }
        let (top, left) = (random.random_range(0..=height - rows), random.random_range(0..=width - columns));
        let count = random.random_range(1..=planes.min(PLANES));
        let first = random.random_range(0..=planes - count);
        let [back, upside, mirrored] = [(); 3].map(|()| random.random_bool(0.5));
        let turned = |i: usize, n: usize, turn: bool| if turn { n - 1 - i } else { i };
        let value = |p: usize, y: usize, x: usize| {
            let (p, y, x) = (first + turned(p, count, back), top + turned(y, rows, upside), left + turned(x, columns, mirrored));
            stack.values.get((p * height + y) * width + x).copied().unwrap_or(f32::NAN)
        };
        let values: Vec<f32> = (0..count).flat_map(|p| (0..rows).flat_map(move |y| (0..columns).map(move |x| value(p, y, x)))).collect();
        let (low, high) = values.iter().filter(|v| v.is_finite()).fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
        let range = f64::from(high) - f64::from(low);
        if range <= 0.0 || !range.is_finite() {
            return None;
        }
        let bounded = random.random_bool(0.7);
        let (quantum, step) = if bounded {
            let bound = range * 10f64.powf(random.random_range(-5.0..-1.0));
            (QUANTUM, 2.0 * bound / f64::from(QUANTUM))
        } else {
            (1, range / random.random_range(3.0..18f64).exp2())
        };
        let size = rows * columns;
        let plane = |p: &[f32]| p.iter().map(|v| if v.is_finite() { ((f64::from(*v) - f64::from(low)) / step).round() as i32 } else { 0 }).collect();
        let holes = |p: &[f32]| p.iter().map(|v| u8::from(!v.is_finite())).collect();
        let missing = values.iter().any(|v| !v.is_finite());
        Some(training::Stack {
            height: rows,
            width: columns,
            planes: values.chunks(size).map(plane).collect(),
            holes: if missing { values.chunks(size).map(holes).collect() } else { Vec::new() },
            quantum,
            wrap: columns == width && goes_around(&values, columns),
            references: if self.seen.without_references { 0 } else { [0, 0, 1, 2, 2].get(random.random_range(0..5usize)).copied().unwrap_or(0) },
            adaptive_scale: !self.seen.without_scale,
        })
    }
}

/// Whether the last column of rows lies as close to the first as any two columns do.
fn goes_around(values: &[f32], columns: usize) -> bool {
    let (mut ends, mut inside) = (0.0, 0.0);
    for row in values.chunks(columns) {
        let (Some(first), Some(last)) = (row.first(), row.last()) else { continue };
        let steps: Vec<f64> =
            row.windows(2).filter_map(|w| if let [a, b] = w { Some(f64::from((a - b).abs())) } else { None }).filter(|d| d.is_finite()).collect();
        let end = f64::from((first - last).abs());
        if end.is_finite() && !steps.is_empty() {
            ends += end;
            inside += steps.iter().sum::<f64>() / steps.len() as f64;
        }
    }
    ends < 1.5 * inside
}

impl Source for Data {
    fn batch(&mut self, pass: usize, size: usize) -> Batch {
        while self.pools.get(pass).is_some_and(|pool| pool.len() < POOL.max(2 * size)) {
            self.refill();
        }
        let mut batch = Batch::default();
        let Self { random, pools, .. } = self;
        let Some(pool) = pools.get_mut(pass) else { return batch };
        for _ in 0..size {
            let example = pool.swap_remove(random.random_range(0..pool.len()));
            batch.inputs.extend(example.inputs.iter().map(|v| f32::from(*v)));
            batch.values.extend(example.direct.iter().map(|v| f32::from(*v)));
            batch.target.push(example.target);
            batch.width.push(example.width);
        }
        batch
    }
}
