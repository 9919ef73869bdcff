//! Bits of a batch and their gradient. The batch is cut into shards, each small enough to stay in the cache of a core: single operations are too short to share.

use crate::attention::Attended;
use crate::error::Result;
use crate::loss::{COMPONENTS, Cost, Prediction};
use crate::net::{Net, Said, UNIT};
use crate::source::{Batch, DIRECT};
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Mutex;

/// How to run a net.
#[derive(Debug, Clone)]
pub struct Run {
    /// Without autodiff.
    pub device: Device,
    /// Weights and activations as the integers hold them.
    pub quantised: bool,
    /// Threads that share the shards.
    pub threads: usize,
    /// Samples in a shard. Part of what makes a run repeatable; the number of threads is not.
    pub shard: usize,
}

/// Bits and gradient of a batch.
#[derive(Debug)]
pub struct Slope {
    /// Mean bits of a sample.
    pub bits: f64,
    /// One for each of [`Net::layers`], then that of the mixture.
    pub gradients: Vec<Tensor<2>>,
}

/// Mean bits of a batch and the gradient for every parameter.
pub fn slope(net: &Net, batch: &Batch, run: &Run) -> Result<Slope> {
    let device = run.device.clone().autodiff();
    let rounded = net.copy(run.quantised, &run.device)?;
    let parts = shards(batch, run, || rounded.copy(false, &device), |copy, part| slope_of_shard(copy, part, batch.len(), run.quantised, &device))?;
    let mut sum: Option<Slope> = None;
    for part in parts {
        sum = Some(match sum {
            None => part,
            Some(sum) => Slope { bits: sum.bits + part.bits, gradients: sum.gradients.into_iter().zip(part.gradients).map(|(a, b)| a + b).collect() },
        });
    }
    sum.ok_or_else(|| "an empty batch has no gradient".into())
}

/// Bits of every sample of a batch.
pub fn bits(net: &Net, batch: &Batch, run: &Run) -> Result<Vec<f32>> {
    let mixture = net.copy(run.quantised, &run.device)?.mixture()?;
    let samples = predictions(net, batch, run)?.into_iter().zip(batch.target.iter().zip(&batch.width));
    Ok(samples.map(|(said, (&target, &width))| mixture.cost(said, target, width).bits).collect())
}

/// Prediction of every sample, in normalised units and octaves.
pub fn predictions(net: &Net, batch: &Batch, run: &Run) -> Result<Vec<Prediction>> {
    let net = net.copy(run.quantised, &run.device)?;
    let parts = shards(
        batch,
        run,
        || Ok(()),
        |(), part| {
            let said = net.forward(part.inputs(&run.device), run.quantised);
            Ok(read(&said, part)?.0)
        },
    );
    Ok(parts?.concat())
}

/// Consecutive samples of a batch.
struct Shard<'a> {
    inputs: &'a [f32],
    direct: &'a [f32],
    target: &'a [f32],
    width: &'a [f32],
}

impl Shard<'_> {
    fn inputs(&self, device: &Device) -> Tensor<2> {
        let real: Vec<f32> = self.inputs.iter().map(|value| value / UNIT).collect();
        tensor(real, self.target.len(), device)
    }
}

/// Runs every shard, on threads of their own, and gives the results in the order of the shards. Plain threads: a worker of a pool could pick up
/// another shard while it waits inside one.
fn shards<C, R: Send>(batch: &Batch, run: &Run, copy: impl Fn() -> Result<C> + Sync, work: impl Fn(&C, &Shard<'_>) -> Result<R> + Sync) -> Result<Vec<R>> {
    let channels = batch.inputs.len() / batch.len().max(1);
    let parts = batch.inputs.chunks(run.shard * channels).zip(batch.values.chunks(run.shard * DIRECT));
    let parts = parts.zip(batch.target.chunks(run.shard)).zip(batch.width.chunks(run.shard));
    let queue = Mutex::new(parts.map(|(((inputs, direct), target), width)| Shard { inputs, direct, target, width }).enumerate());
    let serve = || -> Result<Vec<(usize, R)>> {
        let copy = copy()?;
        let mut done = Vec::new();
        loop {
            let next = queue.lock().map_err(|_| "another thread failed")?.next();
            let Some((number, shard)) = next else { return Ok(done) };
            done.push((number, work(&copy, &shard)?));
        }
    };
    let mut results = std::thread::scope(|scope| -> Result<Vec<(usize, R)>> {
        let helpers: Vec<_> = (1..run.threads).map(|_| scope.spawn(serve)).collect();
        let mut results = serve()?;
        for helper in helpers {
            results.extend(helper.join().map_err(|_| "a thread failed")??);
        }
        Ok(results)
    })?;
    results.sort_by_key(|(number, _)| *number);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

fn slope_of_shard(net: &Net, part: &Shard<'_>, samples: usize, rounded: bool, device: &Device) -> Result<Slope> {
    let said = net.forward(part.inputs(device), rounded);
    let (predictions, attended) = read(&said, part)?;
    let costs = costs(net, &predictions, part)?;
    let share = 1.0 / samples as f32;
    let of_means: Vec<f32> = costs.iter().map(|cost| cost.mean * UNIT * share).collect();
    let of_output = of_means.iter().zip(&costs).flat_map(|(&mean, cost)| [mean, cost.scale * share]).collect();
    // The slopes of the bits are known: a sum weighted by them has the same gradient as the bits.
    let weighted = |said: Tensor<2>, slopes: Vec<f32>| (said * tensor(slopes, costs.len(), device)).sum();
    let mut surrogate = weighted(said.output, of_output);
    if let (Some([scores, kernels]), Some(attended)) = (said.attention, attended) {
        let (of_scores, of_kernels) = attended.slopes(&of_means);
        surrogate = surrogate + weighted(scores, of_scores) + weighted(kernels, of_kernels);
    }
    let found = surrogate.backward();
    let mut gradients = Vec::new();
    for param in net.layers() {
        gradients.push(param.val().grad(&found).ok_or("a parameter has no gradient")?);
    }
    let mut of_mixture = [[0f64; COMPONENTS]; 2];
    for cost in &costs {
        for (sum, slope) in of_mixture.iter_mut().flatten().zip(cost.weights.iter().chain(&cost.log_scales)) {
            *sum += f64::from(*slope) * f64::from(share);
        }
    }
    let of_mixture: Vec<f32> = of_mixture.iter().flatten().map(|&slope| slope as f32).collect();
    gradients.push(Tensor::from_data(TensorData::new(of_mixture, [2, COMPONENTS]), &device.clone().without_autodiff()));
    let bits = costs.iter().map(|cost| f64::from(cost.bits)).sum::<f64>() / samples as f64;
    Ok(Slope { bits, gradients })
}

fn costs(net: &Net, said: &[Prediction], part: &Shard<'_>) -> Result<Vec<Cost>> {
    let mixture = net.mixture()?;
    Ok(said.iter().zip(part.target.iter().zip(part.width)).map(|(&said, (&target, &width))| mixture.cost(said, target, width)).collect())
}

fn read(said: &Said, part: &Shard<'_>) -> Result<(Vec<Prediction>, Option<Attended>)> {
    let host = |tensor: &Tensor<2>| -> Result<Vec<f32>> { Ok(tensor.clone().inner().try_into_vec_as::<f32>()?) };
    let output = host(&said.output)?;
    let attended = match &said.attention {
        Some([scores, kernels]) => Some(Attended::new(host(scores)?, part.direct, UNIT, &host(kernels)?)),
        None => None,
    };
    let means = attended.iter().flat_map(|attended| attended.means.iter().copied()).chain(std::iter::repeat(0.0));
    let pairs = output.chunks_exact(2).zip(means);
    let predictions = pairs
        .filter_map(|(pair, mean)| pair.first().zip(pair.last()).map(|(correction, scale)| Prediction { mean: (mean + correction) * UNIT, scale: *scale }));
    Ok((predictions.collect(), attended))
}

pub fn tensor(values: Vec<f32>, rows: usize, device: &Device) -> Tensor<2> {
    let columns = values.len() / rows;
    Tensor::from_data(TensorData::new(values, [rows, columns]), device)
}
