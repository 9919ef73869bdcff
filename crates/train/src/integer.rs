//! The network in integers, written for reading: the reference that the exported weights are checked against.

use crate::error::Result;
use crate::quantise::{ACCUMULATOR, Row};
use serde::{Deserialize, Serialize};

/// One layer: output = `(sum of weight * input + bias) >> shift`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Number of inputs.
    pub inputs: usize,
    /// Largest magnitude of an input.
    pub largest: i32,
    /// Outputs by inputs.
    pub weights: Vec<i8>,
    /// One for each output, in units of the accumulator, the rounding half included.
    pub bias: Vec<i32>,
    /// One for each output.
    pub shift: Vec<u8>,
}

impl Layer {
    /// From rows; refuses those whose accumulator could leave its bound.
    pub fn new(rows: &[Row], inputs: usize, largest: i32) -> Result<Self> {
        if rows.iter().any(|row| row.reach(largest) >= ACCUMULATOR) {
            return Err("weights reach beyond the accumulator".into());
        }
        Ok(Self {
            inputs,
            largest,
            weights: rows.iter().flat_map(|row| row.weights.iter().copied()).collect(),
            bias: rows.iter().map(|row| row.bias).collect(),
            shift: rows.iter().map(|row| row.shift).collect(),
        })
    }

    fn apply(&self, input: &[i64]) -> Vec<i64> {
        let rows = self.weights.chunks_exact(self.inputs).zip(&self.bias).zip(&self.shift);
        let sum = |weights: &[i8]| weights.iter().zip(input).map(|(&weight, &value)| i64::from(weight) * value).sum::<i64>();
        rows.map(|((weights, &bias), &shift)| (sum(weights) + i64::from(bias)) >> shift).collect()
    }
}

/// The network of one pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntegerNet {
    /// Rows of the first layer that are kernels, the last ones; none without attention.
    pub kernels: usize,
    /// Inputs to hidden activations and kernels.
    pub first: Layer,
    /// To the second hidden layer.
    pub second: Layer,
    /// To scores of the tokens, correction, scale.
    pub third: Layer,
    /// Weights of the mixture.
    pub mixture_weights: [f32; 3],
    /// Factors of the scale.
    pub mixture_scales: [f32; 3],
}

/// What the network says of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IntegerPrediction {
    /// Prediction less the base, in quarters of a normalised unit.
    pub mean4: i64,
    /// log2 of the scale, in sixteenths of an octave.
    pub scale: i64,
}

/// Score steps until a weight is nothing: ten octaves of 32.
const WEIGHTLESS: i64 = 320;

impl IntegerNet {
    /// Prediction from inputs and direct values.
    pub fn forward(&self, inputs: &[i64], direct: &[i64]) -> IntegerPrediction {
        let mut first = self.first.apply(inputs);
        let kernels = first.split_off(first.len() - self.kernels);
        let hidden: Vec<i64> = first.iter().map(|value| (*value).clamp(0, 255)).collect();
        let hidden: Vec<i64> = self.second.apply(&hidden).iter().map(|value| (*value).clamp(0, 255)).collect();
        let mut scores: Vec<i64> = self.third.apply(&hidden).iter().map(|value| (*value).clamp(-32768, 32767)).collect();
        let scale = scores.pop().unwrap_or_default();
        let correction = scores.pop().unwrap_or_default();
        let kernels = kernels.iter().map(|value| (*value).clamp(-8191, 8191));
        let tokens: Vec<i64> = direct.iter().copied().chain(kernels).collect();
        IntegerPrediction { mean4: correction + weighted_mean4(&scores, &tokens), scale }
    }
}

/// Weighted mean of the tokens in quarters; no tokens: 0.
fn weighted_mean4(scores: &[i64], tokens: &[i64]) -> i64 {
    let Some(largest) = scores.iter().max() else { return 0 };
    let weights: Vec<i64> = scores.iter().map(|score| exp2(largest - score)).collect();
    let sum: i64 = weights.iter().sum();
    let weighted: i64 = weights.iter().zip(tokens).map(|(weight, token)| weight * token).sum();
    let magnitude = i64::from(sum.ilog2());
    ((weighted >> (magnitude - 2)) * reciprocal(sum >> (magnitude - 10))) >> 14
}

/// 1024 * 2^(-steps / 32), rounded; 0 from ten octaves on.
pub fn exp2(steps: i64) -> i64 {
    if steps >= WEIGHTLESS { 0 } else { (1024.0 * (-(steps as f64) / 32.0).exp2()).round() as i64 }
}

/// 2^14 over a number whose leading eleven bits are given, as a number in [1, 2).
pub fn reciprocal(leading: i64) -> i64 {
    (1 << 24) / leading
}
