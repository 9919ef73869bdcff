//! The weighted mean of the tokens and its slopes, by hand: as tensor operations it took longer than all else together.

use crate::source::DIRECT;
use std::f32::consts::LN_2;

/// Weights and tokens of consecutive samples, and their means.
#[derive(Debug)]
pub struct Attended {
    weights: Vec<f32>,
    tokens: Vec<f32>,
    /// One for each sample.
    pub means: Vec<f32>,
}

impl Attended {
    /// Scores in octaves; direct tokens as integers that `unit` makes real; learned tokens.
    pub fn new(mut scores: Vec<f32>, direct: &[f32], unit: f32, kernels: &[f32]) -> Self {
        let samples = direct.len() / DIRECT;
        let (all, learned) = (scores.len() / samples, kernels.len() / samples);
        let mut tokens = Vec::with_capacity(scores.len());
        for (direct, kernels) in direct.chunks_exact(DIRECT).zip(kernels.chunks_exact(learned)) {
            tokens.extend(direct.iter().map(|value| value / unit));
            tokens.extend_from_slice(kernels);
        }
        let rows = scores.chunks_exact_mut(all).zip(tokens.chunks_exact(all));
        let means = rows.map(|(row, tokens)| {
            let most = row.iter().fold(f32::NEG_INFINITY, |most, &score| most.max(score));
            row.iter_mut().for_each(|score| *score = (*score - most).exp2());
            let scale = 1.0 / row.iter().sum::<f32>();
            row.iter_mut().for_each(|weight| *weight *= scale);
            row.iter().zip(tokens).map(|(weight, token)| weight * token).sum()
        });
        let means = means.collect();
        Self { weights: scores, tokens, means }
    }

    /// Slopes for the scores and for the learned tokens, from those for the means.
    pub fn slopes(mut self, of_means: &[f32]) -> (Vec<f32>, Vec<f32>) {
        let all = self.weights.len() / of_means.len();
        let mut of_kernels = Vec::with_capacity(of_means.len() * (all - DIRECT));
        let rows = self.weights.chunks_exact_mut(all).zip(self.tokens.chunks_exact(all));
        for ((row, tokens), (slope, mean)) in rows.zip(of_means.iter().zip(&self.means)) {
            of_kernels.extend(row.iter().skip(DIRECT).map(|weight| weight * slope));
            row.iter_mut().zip(tokens).for_each(|(weight, token)| *weight *= slope * LN_2 * (token - mean));
        }
        (self.weights, of_kernels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_mean() {
        let scores: Vec<f32> = (0..2 * (DIRECT + 3)).map(|i| (i * 7 % 11) as f32 / 4.0).collect();
        let direct: Vec<f32> = (0..2 * DIRECT).map(|i| (i * 5 % 13) as f32 * 32.0).collect();
        let kernels = [0.5, -1.0, 2.0, 1.0, 0.0, -3.0];
        let mean = |scores: &[f32], kernels: &[f32]| Attended::new(scores.to_vec(), &direct, 128.0, kernels).means;
        let (of_scores, of_kernels) = Attended::new(scores.clone(), &direct, 128.0, &kernels).slopes(&[1.0, 1.0]);
        let moved = |values: &[f32], i: usize, by: f32| values.iter().enumerate().map(|(k, v)| v + if k == i { by } else { 0.0 }).collect::<Vec<_>>();
        let total = |means: Vec<f32>| means.iter().sum::<f32>();
        for (i, slope) in of_scores.iter().enumerate() {
            let measured = (total(mean(&moved(&scores, i, 0.05), &kernels)) - total(mean(&moved(&scores, i, -0.05), &kernels))) / 0.1;
            assert!((measured - slope).abs() < 1e-3, "{measured} {slope}");
        }
        for (i, slope) in of_kernels.iter().enumerate() {
            let measured = total(mean(&scores, &moved(&kernels, i, 0.5))) - total(mean(&scores, &moved(&kernels, i, -0.5)));
            assert!((measured - slope).abs() < 1e-3);
        }
    }
}
