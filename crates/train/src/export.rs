//! From a trained net to integers.

use crate::error::Result;
use crate::integer::{IntegerNet, Layer};
use crate::net::{Dense, Grid, HIDDEN1, HIDDEN2, KERNELS, Net, OUTPUT, SCORES};
use crate::objective::{Run, predictions};
use crate::quantise::Row;
use crate::source::{Batch, DIRECT};

/// The integers that the quantised net computes with.
pub fn export(net: &Net) -> Result<IntegerNet> {
    let sizes = net.sizes();
    let mut first = rows(&net.hidden1, HIDDEN1)?;
    let second = rows(&net.hidden2, HIDDEN2)?;
    let mut third = Vec::new();
    if let Some(attention) = &net.attention {
        first.extend(rows(&attention.kernels, KERNELS)?);
        third.extend(rows(&attention.scores, SCORES)?);
    }
    third.extend(rows(&net.output, OUTPUT)?);
    let mixture = net.mixture()?;
    Ok(IntegerNet {
        kernels: sizes.kernels,
        first: Layer::new(&first, sizes.inputs, HIDDEN1.largest)?,
        second: Layer::new(&second, sizes.hidden1, HIDDEN2.largest)?,
        third: Layer::new(&third, sizes.hidden2, OUTPUT.largest)?,
        mixture_weights: mixture.weights(),
        mixture_scales: mixture.scales(),
    })
}

/// How far the integers are from the quantised floats on samples.
#[derive(Debug, Clone, Copy)]
pub struct Disagreement {
    /// Part of the samples whose means differ by more than a normalised unit and 1/256, which the reciprocal may be off.
    pub mean: f64,
    /// Part of the samples whose scales differ by more than a sixteenth of an octave.
    pub scale: f64,
}

/// Runs both on a batch.
pub fn disagreement(net: &Net, batch: &Batch, run: &Run) -> Result<Disagreement> {
    let (integers, inputs) = (export(net)?, net.sizes().inputs);
    let floats = predictions(net, batch, &Run { quantised: true, ..run.clone() })?;
    let whole = |values: &[f32]| values.iter().map(|&value| value as i64).collect::<Vec<_>>();
    let (mut means, mut scales) = (0, 0);
    for (float, (inputs, direct)) in floats.iter().zip(batch.inputs.chunks(inputs).zip(batch.values.chunks(DIRECT))) {
        let integer = integers.forward(&whole(inputs), &whole(direct));
        means += usize::from((float.mean - integer.mean4 as f32 / 4.0).abs() > 1.0 + float.mean.abs() / 256.0);
        scales += usize::from((float.scale - integer.scale as f32 / 16.0).abs() > 1.0 / 16.0);
    }
    let part = |count: usize| count as f64 / floats.len().max(1) as f64;
    Ok(Disagreement { mean: part(means), scale: part(scales) })
}

fn rows(dense: &Dense, grid: Grid) -> Result<Vec<Row>> {
    Ok(dense.rows(grid)?.into_iter().map(|(row, _)| row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Sizes;
    use crate::source::{Source, Synthetic};
    use burn::tensor::Device;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn agree(net: &Net, samples: &Batch) {
        let run = Run { device: Device::default(), quantised: true, threads: 1, shard: 512 };
        let found = disagreement(net, samples, &run).unwrap();
        assert!(found.mean < 0.01 && found.scale < 0.01, "{found:?}");
    }

    #[test]
    fn integers_agree_with_the_quantised_floats() {
        let samples = Synthetic::new(3, 48).batch(1, 2000);
        for kernels in [6, 0] {
            let sizes = Sizes { inputs: 48, hidden1: 48, hidden2: 32, kernels };
            let net = Net::new(sizes, &mut StdRng::seed_from_u64(5), &Device::default());
            agree(&net, &samples);
        }
    }

    #[test]
    fn integers_agree_on_random_inputs_and_large_weights() {
        use burn::module::{Module, ModuleMapper, Param};
        use burn::tensor::Tensor;
        use rand::Rng;
        struct Larger;
        impl ModuleMapper for Larger {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                param.map(|tensor| tensor * 3.0)
            }
        }
        let mut random = StdRng::seed_from_u64(9);
        let sizes = Sizes { inputs: 31, hidden1: 20, hidden2: 17, kernels: 3 };
        let net = Net::new(sizes, &mut random, &Device::default()).map(&mut Larger);
        let size = 2000;
        let mut whole = |count: usize, most: f32| (0..count).map(|_| random.random_range(-most..most).round()).collect::<Vec<_>>();
        let samples =
            Batch { inputs: whole(size * sizes.inputs, 1023.0), values: whole(size * DIRECT, 2000.0), target: vec![0.0; size], width: vec![1.0; size] };
        agree(&net, &samples);
    }
}
