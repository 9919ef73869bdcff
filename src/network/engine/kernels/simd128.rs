//! WebAssembly with SIMD: eight products an instruction.

use super::{Clamp, GROUP, Group};
use crate::network::engine::{Block, Row};
use core::arch::wasm32::{i32x4, i32x4_add, i32x4_dot_i16x8, i32x4_extract_lane, i32x4_max, i32x4_min, i32x4_shr, i32x4_splat, v128};

/// Samples in a vector.
const WIDTH: usize = 4;
/// Vectors of samples computed together: with four outputs, eight sums hide the latency and fit sixteen registers.
const VECTORS: usize = 2;

/// See [`super::Engine::run`].
pub(super) fn run(group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
    let (low, high) = (i32x4_splat(clamp.low), i32x4_splat(clamp.high));
    for tile in 0..input.samples().div_ceil(WIDTH * VECTORS) {
        let mut sums = group.biases.map(|bias| [i32x4_splat(bias); VECTORS]);
        for (words, pair) in group.weights.iter().zip(input.words()) {
            let samples = pair.as_chunks::<WIDTH>().0.as_chunks::<VECTORS>().0.get(tile).map_or([i32x4_splat(0); VECTORS], |tile| tile.map(load));
            for (sums, &word) in sums.iter_mut().zip(words) {
                let weight = i32x4_splat(word);
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(sample, weight));
                }
            }
        }
        for ((row, sums), shift) in out.iter_mut().zip(sums).zip(group.shifts) {
            let to = row.as_chunks_mut::<WIDTH>().0.iter_mut().skip(tile * VECTORS);
            for (to, sum) in to.zip(sums) {
                *to = store(i32x4_min(i32x4_max(i32x4_shr(sum, shift), low), high));
            }
        }
    }
}

/// Becomes one load.
fn load([a, b, c, d]: [i32; WIDTH]) -> v128 {
    i32x4(a, b, c, d)
}

/// Becomes one store.
fn store(v: v128) -> [i32; WIDTH] {
    [i32x4_extract_lane::<0>(v), i32x4_extract_lane::<1>(v), i32x4_extract_lane::<2>(v), i32x4_extract_lane::<3>(v)]
}
