//! x86-64 with AVX-512 and its dot products: thirty-two products an instruction, and sums; sixty-four of bytes.

use super::{Clamp, GROUP, Group};
use crate::network::engine::{Block, Row};
use core::arch::x86_64::{
    __m512i, _mm_cvtsi32_si128, _mm512_add_epi32, _mm512_and_si512, _mm512_cmplt_epi32_mask, _mm512_dpbusd_epi32, _mm512_dpwssd_epi32, _mm512_maskz_srlv_epi32,
    _mm512_max_epi32, _mm512_min_epi32, _mm512_mullo_epi32, _mm512_or_si512, _mm512_permutex2var_epi32, _mm512_set1_epi32, _mm512_setzero_si512,
    _mm512_slli_epi32, _mm512_sllv_epi32, _mm512_sra_epi32, _mm512_srli_epi32, _mm512_sub_epi32,
};
use fearless_simd::x86::Avx512;
use fearless_simd::{SimdBase, SimdInto, i32x16};

/// Samples in a vector.
const WIDTH: usize = 16;
/// Vectors of samples computed together: with four outputs, eight sums hide the latency; more would leave more of a small pass empty.
const VECTORS: usize = 2;

/// A function of a tile of an input to the outputs of a group: vectors of samples of each, shifted and clamped.
macro_rules! outputs {
    ($token:ident, $group:ident, $input:ident, $clamp:ident) => {{
        let load = |samples: [i32; WIDTH]| -> __m512i {
            let vector: i32x16<Avx512> = samples.simd_into($token);
            vector.into()
        };
        let tile = move |words: &Row, tile: usize| words.as_chunks::<WIDTH>().0.as_chunks::<VECTORS>().0.get(tile).map(|tile| tile.map(load));
        let (low, high) = (_mm512_set1_epi32($clamp.low), _mm512_set1_epi32($clamp.high));
        let shifts = $group.shifts.map(|shift| _mm_cvtsi32_si128(shift as i32));
        move |at: usize| -> [[__m512i; VECTORS]; GROUP] {
            let mut sums = $group.biases.map(|bias| [_mm512_set1_epi32(bias); VECTORS]);
            if $input.bytes() {
                for (weights, words) in $group.bytes.iter().zip($input.words()) {
                    let samples = tile(words, at).unwrap_or([_mm512_setzero_si512(); VECTORS]);
                    for (sums, &weight) in sums.iter_mut().zip(weights) {
                        let weight = _mm512_set1_epi32(weight);
                        sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum = _mm512_dpbusd_epi32(*sum, sample, weight));
                    }
                }
            } else {
                for (weights, words) in $group.weights.iter().zip($input.words()) {
                    let samples = tile(words, at).unwrap_or([_mm512_setzero_si512(); VECTORS]);
                    for (sums, &weight) in sums.iter_mut().zip(weights) {
                        let weight = _mm512_set1_epi32(weight);
                        sums.iter_mut().zip(samples).for_each(|(sum, sample)| *sum = _mm512_dpwssd_epi32(*sum, sample, weight));
                    }
                }
            }
            for (sums, shift) in sums.iter_mut().zip(shifts) {
                sums.iter_mut().for_each(|sum| *sum = _mm512_min_epi32(_mm512_max_epi32(_mm512_sra_epi32(*sum, shift), low), high));
            }
            sums
        }
    }};
}

fearless_simd::kernel! {
    /// See [`super::Engine::run`].
    pub(super) fn run(token: Avx512, group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
        let outputs = outputs!(token, group, input, clamp);
        for tile in 0..input.samples().div_ceil(WIDTH * VECTORS) {
            for (row, values) in out.iter_mut().zip(outputs(tile)) {
                let to = row.as_chunks_mut::<WIDTH>().0.iter_mut().skip(tile * VECTORS);
                for (to, values) in to.zip(values) {
                    let values: i32x16<Avx512> = values.simd_into(token);
                    values.store_slice(to);
                }
            }
        }
    }
}

fearless_simd::kernel! {
    /// The outputs of a group as bytes, for which the range they are clamped to must leave them room.
    pub(super) fn activate(token: Avx512, group: &Group, input: &Block, clamp: Clamp, out: &mut Row) {
        let outputs = outputs!(token, group, input, clamp);
        for tile in 0..input.samples().div_ceil(WIDTH * VECTORS) {
            let [first, second, third, fourth] = outputs(tile);
            let to = out.as_chunks_mut::<WIDTH>().0.iter_mut().skip(tile * VECTORS);
            for (to, (((first, second), third), fourth)) in to.zip(first.into_iter().zip(second).zip(third).zip(fourth)) {
                let low = _mm512_or_si512(first, _mm512_slli_epi32::<8>(second));
                let high = _mm512_or_si512(_mm512_slli_epi32::<16>(third), _mm512_slli_epi32::<24>(fourth));
                let words: i32x16<Avx512> = _mm512_or_si512(low, high).simd_into(token);
                words.store_slice(to);
            }
        }
    }
}

fearless_simd::kernel! {
    /// See [`super::Engine::weigh`]: the weight of a score is looked up in the first octave and halved.
    pub(super) fn weigh(token: Avx512, first_octave: &[i32; 32], scores: &[Row], tokens: [&[Row]; 2], sums: [&mut Row; 2]) {
        let load = |samples: &[i32; WIDTH]| -> __m512i {
            let vector: i32x16<Avx512> = (*samples).simd_into(token);
            vector.into()
        };
        let ([low, high], []) = first_octave.as_chunks::<WIDTH>() else { return };
        let (low, high) = (load(low), load(high));
        let (steps, farthest) = (_mm512_set1_epi32(31), _mm512_set1_epi32(super::super::softmax::FARTHEST));
        let (half, drop) = (_mm512_set1_epi32(32), _mm512_set1_epi32(6));
        let [first, second] = tokens;
        let [sum_row, total_row] = sums;
        let out = sum_row.as_chunks_mut::<WIDTH>().0.iter_mut().zip(total_row.as_chunks_mut::<WIDTH>().0);
        for (part, (sum_to, total_to)) in out.enumerate() {
            let of = |row: &Row| row.as_chunks::<WIDTH>().0.get(part).map_or(_mm512_setzero_si512(), load);
            let largest = scores.iter().fold(_mm512_set1_epi32(i32::MIN), |largest, score| _mm512_max_epi32(largest, of(score)));
            let (mut sum, mut total) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            for (score, token) in scores.iter().zip(first.iter().chain(second)) {
                let below = _mm512_sub_epi32(largest, of(score));
                let octave = _mm512_srli_epi32::<5>(below);
                let at_first = _mm512_permutex2var_epi32(low, _mm512_and_si512(below, steps), high);
                let rounded = _mm512_add_epi32(at_first, _mm512_sllv_epi32(half, octave));
                let weight = _mm512_maskz_srlv_epi32(_mm512_cmplt_epi32_mask(below, farthest), rounded, _mm512_add_epi32(octave, drop));
                sum = _mm512_add_epi32(sum, weight);
                total = _mm512_add_epi32(total, _mm512_mullo_epi32(weight, of(token)));
            }
            let (sum, total): (i32x16<Avx512>, i32x16<Avx512>) = (sum.simd_into(token), total.simd_into(token));
            sum.store_slice(sum_to);
            total.store_slice(total_to);
        }
    }
}
