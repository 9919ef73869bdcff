//! Bits of a batch and their gradient: those of the latents, and those that samples off the base plane are going to cost.

use super::net::{Autoencoder, Said, Views};
use super::patches::{Batch, CELLS, TOKENS};
use crate::error::Result;
use crate::loss::{Cost, Mixture, Prediction};
use crate::objective::{Run, tensor};
use burn::tensor::{Device, Tensor};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Distance from the base plane, real, from which on it costs: an eighth, eight units of samples.
const TOLERANCE: f32 = 0.125;
/// What an octave of squared distance costs a sample. A plane of a 64th of the samples, known exactly, saves the passes about a bit for each of its own.
const SAMPLE_BITS: f32 = 0.05;
/// Logits and logarithms of the scales of the distribution of latents.
const SHAPE: ([f32; 3], [f32; 3]) = ([0.0; 3], [-0.7, 0.0, 0.7]);

/// Bits of a sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bits {
    /// Of the latents.
    pub latents: f64,
    /// Of distances from the base plane.
    pub samples: f64,
}

/// Bits, and the gradient for every parameter.
pub fn slope(net: &Autoencoder, batch: &Batch, run: &Run, noise: Option<u64>) -> Result<(Bits, Vec<Tensor<2>>)> {
    let device = run.device.clone().autodiff();
    let parts = split(batch, run.threads);
    let rounded = net.copy(run.quantised, &run.device)?;
    let results = std::thread::scope(|scope| -> Result<Vec<(Bits, Vec<Tensor<2>>)>> {
        let helpers: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(number, part)| {
                let (rounded, device) = (&rounded, &device);
                scope
                    .spawn(move || slope_of_part(&rounded.copy(false, device)?, part, run.quantised, noise.map(|n| n.wrapping_mul(31) + number as u64), device))
            })
            .collect();
        helpers.into_iter().map(|helper| helper.join().map_err(|_| "a thread failed")?).collect()
    })?;
    let share = 1.0 / results.len().max(1) as f64;
    let mut sum: Option<(Bits, Vec<Tensor<2>>)> = None;
    for (bits, gradients) in results {
        let bits = Bits { latents: bits.latents * share, samples: bits.samples * share };
        let gradients = gradients.into_iter().map(|g| g * share as f32);
        sum = Some(match sum {
            None => (bits, gradients.collect()),
            Some((before, all)) => {
                let both = Bits { latents: before.latents + bits.latents, samples: before.samples + bits.samples };
                (both, all.into_iter().zip(gradients).map(|(a, b)| a + b).collect())
            }
        });
    }
    sum.ok_or_else(|| "an empty batch has no gradient".into())
}

/// Bits of a batch under rounded latents.
pub fn bits(net: &Autoencoder, batch: &Batch, run: &Run) -> Result<Bits> {
    let net = net.copy(run.quantised, &run.device)?;
    let said = net.forward(views(batch, None, &run.device), run.quantised);
    let (costs, _) = costs(&said)?;
    let latents = costs.iter().map(|c| f64::from(c.bits)).sum::<f64>() / batch.cells.len() as f64;
    let samples: f32 = sample_bits(said.base, batch, &run.device).into_scalar();
    Ok(Bits { latents, samples: f64::from(samples) })
}

fn slope_of_part(net: &Autoencoder, part: &Batch, rounded: bool, noise: Option<u64>, device: &Device) -> Result<(Bits, Vec<Tensor<2>>)> {
    let said = net.forward(views(part, noise.map(|seed| (seed, net)), device), rounded);
    let (costs, columns) = costs(&said)?;
    let share = 1.0 / part.cells.len() as f32;
    let weighted = |said: Tensor<2>, slopes: Vec<f32>| (said * tensor(slopes, costs.len() / columns, device)).sum();
    // The slopes of the bits are known: sums weighted by them have the same gradient. A latent moves its cost against its mean.
    let of_means: Vec<f32> = costs.iter().map(|c| c.mean * share).collect();
    let of_latents = of_means.iter().map(|m| -m).collect();
    let of_scales = costs.iter().map(|c| c.scale * share).collect();
    let samples = sample_bits(said.base, part, device);
    let value: f32 = samples.clone().inner().into_scalar();
    let surrogate = weighted(said.latents, of_latents) + weighted(said.means, of_means) + weighted(said.scales, of_scales) + samples;
    let found = surrogate.backward();
    let gradients = net.params().into_iter().map(|p| p.val().grad(&found).ok_or_else(|| "a parameter has no gradient".into())).collect::<Result<Vec<_>>>()?;
    let latents = costs.iter().map(|c| f64::from(c.bits)).sum::<f64>() * f64::from(share);
    Ok((Bits { latents, samples: f64::from(value) }, gradients))
}

/// Mean bits of a sample for its distance from the base plane.
fn sample_bits(base: Tensor<2>, batch: &Batch, device: &Device) -> Tensor<1> {
    let rows = batch.patches * CELLS * CELLS;
    let off = (base - tensor(batch.cells.clone(), rows, device)) * tensor(batch.present.clone(), rows, device);
    let octaves = (off / TOLERANCE).square().log1p() / std::f32::consts::LN_2;
    octaves.sum() * (SAMPLE_BITS / batch.cells.len() as f32)
}

/// What each latent costs, and how many there are to a token.
fn costs(said: &Said) -> Result<(Vec<Cost>, usize)> {
    let host = |tensor: &Tensor<2>| -> Result<Vec<f32>> { Ok(tensor.clone().inner().try_into_vec_as::<f32>()?) };
    let shape = Mixture::new(SHAPE.0, SHAPE.1);
    let [_, columns] = said.latents.dims();
    let (latents, means, scales) = (host(&said.latents)?, host(&said.means)?, host(&said.scales)?);
    let foreseen = means.into_iter().zip(scales).map(|(mean, scale)| Prediction { mean, scale });
    Ok((latents.into_iter().zip(foreseen).map(|(latent, said)| shape.cost(said, latent, 1.0)).collect(), columns))
}

fn views(batch: &Batch, noise: Option<(u64, &Autoencoder)>, device: &Device) -> Views {
    let noise = noise.map(|(seed, net)| {
        let mut random = StdRng::seed_from_u64(seed);
        let (tokens, latents) = (batch.patches * TOKENS.div_ceil(2).pow(2), net.latents.outputs());
        tensor((0..tokens * latents).map(|_| random.random_range(-0.5..0.5f32)).collect(), tokens, device)
    });
    Views { patches: batch.patches, side: TOKENS, windows: tensor(batch.windows.clone(), batch.patches * TOKENS * TOKENS, device), noise }
}

/// Equal shares of a batch.
fn split(batch: &Batch, parts: usize) -> Vec<Batch> {
    let patches = batch.patches / parts.max(1);
    let part = |number: usize, all: &[f32]| {
        let each = all.len() / batch.patches * patches;
        all.iter().skip(number * each).take(each).copied().collect()
    };
    let all = 0..parts.max(1);
    all.map(|n| Batch { patches, windows: part(n, &batch.windows), cells: part(n, &batch.cells), present: part(n, &batch.present) }).collect()
}
