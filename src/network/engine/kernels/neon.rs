//! 64-bit Arm: four products an instruction, the two channels of a pair one after the other.

use super::{Clamp, GROUP, Group};
use crate::network::engine::{Block, Row};
use core::arch::aarch64::{
    int16x8_t, int32x4_t, vdupq_n_s16, vdupq_n_s32, vget_low_s16, vmaxq_s32, vminq_s32, vmlal_high_n_s16, vmlal_n_s16, vmovn_high_s32, vmovn_s32, vshlq_s32,
    vshrn_high_n_s32, vshrn_n_s32,
};
use fearless_simd::aarch64::Neon;
use fearless_simd::{SimdBase, SimdInto, i32x4};

/// Samples in a vector of sums.
const WIDTH: usize = 4;
/// Vectors of samples computed together: with four outputs, sixteen sums hide the latency and fit the thirty-two registers.
const VECTORS: usize = 4;

fearless_simd::kernel! {
    /// See [`super::Engine::run`].
    pub(super) fn run(token: Neon, group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
        let load = |samples: [i32; WIDTH]| -> int32x4_t {
            let vector: i32x4<Neon> = samples.simd_into(token);
            vector.into()
        };
        // Eight samples of the even channel and of the odd one.
        let split = |[first, second]: [[i32; WIDTH]; 2]| -> [int16x8_t; 2] {
            let (first, second) = (load(first), load(second));
            [vmovn_high_s32(vmovn_s32(first), second), vshrn_high_n_s32::<16>(vshrn_n_s32::<16>(first), second)]
        };
        let (low, high) = (vdupq_n_s32(clamp.low), vdupq_n_s32(clamp.high));
        for tile in 0..input.samples().div_ceil(WIDTH * VECTORS) {
            let mut sums = group.biases.map(|bias| [[vdupq_n_s32(bias); 2]; VECTORS / 2]);
            for (words, pair) in group.weights.iter().zip(input.words()) {
                let eights = pair.as_chunks::<WIDTH>().0.as_chunks::<2>().0.as_chunks::<{ VECTORS / 2 }>().0;
                let samples = eights.get(tile).map_or([[vdupq_n_s16(0); 2]; VECTORS / 2], |tile| tile.map(split));
                for (sums, &word) in sums.iter_mut().zip(words) {
                    for ([first, second], channels) in sums.iter_mut().zip(samples) {
                        for (channel, weight) in channels.into_iter().zip([word as i16, (word >> 16) as i16]) {
                            *first = vmlal_n_s16(*first, vget_low_s16(channel), weight);
                            *second = vmlal_high_n_s16(*second, channel, weight);
                        }
                    }
                }
            }
            for ((row, sums), shift) in out.iter_mut().zip(sums).zip(group.shifts) {
                let shift = vdupq_n_s32(-(shift as i32));
                let to = row.as_chunks_mut::<WIDTH>().0.iter_mut().skip(tile * VECTORS);
                for (to, sum) in to.zip(sums.into_iter().flatten()) {
                    let values: i32x4<Neon> = vminq_s32(vmaxq_s32(vshlq_s32(sum, shift), low), high).simd_into(token);
                    values.store_slice(to);
                }
            }
        }
    }
}
