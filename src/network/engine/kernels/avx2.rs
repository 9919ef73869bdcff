//! x86-64 with AVX2: sixteen products an instruction.

use super::{Clamp, GROUP, Group};
use crate::network::engine::{Block, Row};
use core::arch::x86_64::{
    __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_madd_epi16, _mm256_max_epi32, _mm256_min_epi32, _mm256_set1_epi32, _mm256_setzero_si256,
    _mm256_sra_epi32,
};
use fearless_simd::x86::Avx2;
use fearless_simd::{SimdBase, SimdInto, i32x8};

/// Samples in a vector.
const WIDTH: usize = 8;
/// Vectors of samples computed together: with four outputs, eight sums hide the latency and fit the sixteen registers.
const VECTORS: usize = 2;

fearless_simd::kernel! {
    /// See [`super::Engine::run`].
    pub(super) fn run(token: Avx2, group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
        let load = |samples: [i32; WIDTH]| -> __m256i {
            let vector: i32x8<Avx2> = samples.simd_into(token);
            vector.into()
        };
        let (low, high) = (_mm256_set1_epi32(clamp.low), _mm256_set1_epi32(clamp.high));
        for tile in 0..input.samples().div_ceil(WIDTH * VECTORS) {
            let mut sums = group.biases.map(|bias| [_mm256_set1_epi32(bias); VECTORS]);
            for (words, pair) in group.weights.iter().zip(input.words()) {
                let samples = pair.as_chunks::<WIDTH>().0.as_chunks::<VECTORS>().0.get(tile).map_or([_mm256_setzero_si256(); VECTORS], |tile| tile.map(load));
                for (sums, &word) in sums.iter_mut().zip(words) {
                    let weight = _mm256_set1_epi32(word);
                    for (sum, sample) in sums.iter_mut().zip(samples) {
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(sample, weight));
                    }
                }
            }
            for ((row, sums), shift) in out.iter_mut().zip(sums).zip(group.shifts) {
                let shift = _mm_cvtsi32_si128(shift as i32);
                let to = row.as_chunks_mut::<WIDTH>().0.iter_mut().skip(tile * VECTORS);
                for (to, sum) in to.zip(sums) {
                    let values: i32x8<Avx2> = _mm256_min_epi32(_mm256_max_epi32(_mm256_sra_epi32(sum, shift), low), high).simd_into(token);
                    values.store_slice(to);
                }
            }
        }
    }
}
