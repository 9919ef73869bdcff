//! The definition, in plain loops.

use super::{Clamp, GROUP, Group};
use crate::network::engine::block::high;
use crate::network::engine::{Block, Row};

/// See [`super::Engine::run`]. Sums wrap, as they do in the instructions of the other kernels.
pub(super) fn run(group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
    for (output, (row, (bias, shift))) in out.iter_mut().zip(group.biases.into_iter().zip(group.shifts)).enumerate() {
        row.fill(bias);
        for (words, pair) in group.weights.iter().zip(input.words()) {
            let weight = words.get(output).copied().unwrap_or_default();
            for (sum, &word) in row.iter_mut().zip(pair) {
                let even = i32::from(word as i16).wrapping_mul(i32::from(weight as i16));
                let odd = i32::from(high(word)).wrapping_mul(i32::from(high(weight)));
                *sum = sum.wrapping_add(even.wrapping_add(odd));
            }
        }
        for value in row.iter_mut() {
            *value = (*value >> shift).max(clamp.low).min(clamp.high);
        }
    }
}
