//! The loop: the three nets in turn, each with its own samples and optimiser.

use crate::checkpoint::{self, Learner, State};
use crate::curve::{Curve, Point};
use crate::error::Result;
use crate::net::{Net, Sizes};
use crate::objective::{self, Run, Slope};
use crate::schedule::{Length, rate};
use crate::source::{Batch, PASSES, Source};
use burn::module::Param;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Instant;

/// Samples that validation looks at, for each pass.
const VALIDATION: usize = 32_768;

/// What to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Sizes of the nets.
    pub sizes: Sizes,
    /// Seed of the first weights.
    pub seed: u64,
    /// When to stop.
    pub length: Length,
    /// Samples in a step.
    pub batch: usize,
    /// Largest learning rate.
    pub rate: f64,
    /// Weight decay.
    pub decay: f32,
    /// Largest norm of a gradient.
    pub clip: f32,
    /// Progress from which on the forward is quantised.
    pub quantise_from: f64,
    /// Steps between lines of the log.
    pub log_every: usize,
    /// Steps between validations.
    pub validate_every: usize,
    /// Seconds between checkpoints.
    pub save_every: f64,
    /// Folder of log, curve and checkpoint; none writes nothing.
    pub folder: Option<PathBuf>,
    /// Carry on from the checkpoint in the folder.
    pub resume: bool,
}

/// Trains, and gives back the nets.
pub fn train(plan: &Plan, run: &Run, mut source: Box<dyn Source>, mut valid: Option<Box<dyn Source>>) -> Result<Vec<Net>> {
    let checkpoint = plan.folder.as_ref().map(|folder| folder.join("checkpoint"));
    let (mut state, mut learners) = match &checkpoint {
        Some(folder) if plan.resume => checkpoint::load(folder, plan.decay, &run.device)?,
        _ => {
            let state = State { sizes: plan.sizes, seed: plan.seed, steps: 0, seconds: 0.0 };
            (state, Learner::all(plan.sizes, plan.seed, plan.decay, &run.device))
        }
    };
    let mut curve = match &plan.folder {
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            Some(Curve::open(&folder.join("log.csv"), state.steps)?)
        }
        None => None,
    };
    let held: Vec<Batch> = valid.iter_mut().flat_map(|valid| (0..PASSES).map(|pass| valid.batch(pass, VALIDATION)).collect::<Vec<_>>()).collect();
    let (started, before) = (Instant::now(), state.seconds);
    let mut saved = state.seconds;
    let mut recent = [(0.0, 0usize); PASSES];
    std::thread::scope(|scope| -> Result<()> {
        // The next samples are made while this step runs.
        let (give, take) = sync_channel(2);
        let (first, size) = (state.steps, plan.batch);
        scope.spawn(move || (first..).find(|step| give.send(source.batch(step % PASSES, size)).is_err()));
        let take: Receiver<Batch> = take;
        loop {
            state.seconds = before + started.elapsed().as_secs_f64();
            let progress = plan.length.progress(state.steps, state.seconds);
            let done = progress >= 1.0;
            let run = Run { quantised: done || progress >= plan.quantise_from, ..run.clone() };
            let rate = plan.rate * rate(progress, state.steps / PASSES);
            if done || state.steps % plan.log_every == 0 {
                let train = recent.iter().enumerate().filter(|(_, (_, count))| *count > 0).map(|(pass, (sum, count))| (pass, false, sum / *count as f64));
                let mut lines: Vec<(usize, bool, f64)> = train.collect();
                if done || state.steps % plan.validate_every == 0 {
                    for (pass, (learner, batch)) in learners.iter().zip(&held).enumerate() {
                        let bits = objective::bits(&learner.net, batch, &run)?;
                        lines.push((pass, true, bits.iter().map(|&bits| f64::from(bits)).sum::<f64>() / bits.len() as f64));
                    }
                }
                for (pass, valid, bits) in lines {
                    if let Some(curve) = &mut curve {
                        curve.add(Point { step: state.steps, pass, valid, bits, rate, seconds: state.seconds })?;
                    }
                }
                recent = Default::default();
            }
            if let (Some(folder), Some(checkpoint)) = (&plan.folder, &checkpoint)
                && (done || state.seconds - saved >= plan.save_every)
            {
                saved = state.seconds;
                checkpoint::save(checkpoint, &state, &learners)?;
                if let Some(curve) = &curve {
                    curve.draw(&folder.join("curve.svg"))?;
                }
            }
            if done {
                return Ok(());
            }
            let pass = state.steps % PASSES;
            let batch = take.recv()?;
            if let (Some(learner), Some((sum, count))) = (learners.get_mut(pass), recent.get_mut(pass)) {
                let slope = objective::slope(&learner.net, &batch, &run)?;
                *sum += slope.bits;
                *count += 1;
                step(learner, slope, rate, plan.clip)?;
            }
            state.steps += 1;
        }
    })?;
    Ok(learners.into_iter().map(|learner| learner.net).collect())
}

/// Moves the weights of a net against a gradient that is clipped by its norm over all parameters.
pub fn step(learner: &mut Learner, slope: Slope, rate: f64, clip: f32) -> Result<()> {
    let net = &learner.net;
    let found = clipped(net.layers().into_iter().chain([&net.mixture]), slope.gradients, clip)?;
    learner.net = learner.optimiser.step(rate, learner.net.clone(), found);
    Ok(())
}

/// Gradients by their parameters, the norm over all of them at most `clip`.
pub fn clipped<'a>(params: impl IntoIterator<Item = &'a Param<Tensor<2>>>, gradients: Vec<Tensor<2>>, clip: f32) -> Result<GradientsParams> {
    let mut square = 0.0;
    for gradient in &gradients {
        square += gradient.clone().square().sum().into_scalar::<f32>();
    }
    if !square.is_finite() {
        return Err("the gradient is not finite".into());
    }
    let factor = (clip / square.sqrt().max(1e-12)).min(1.0);
    let mut found = GradientsParams::new();
    for (param, gradient) in params.into_iter().zip(gradients) {
        found.register(param.id, gradient.mul_scalar(factor));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::values;
    use crate::source::Synthetic;
    use burn::tensor::Device;

    const SIZES: Sizes = Sizes { inputs: 48, hidden1: 24, hidden2: 16, kernels: 4 };

    fn plan(steps: usize) -> Plan {
        Plan {
            sizes: SIZES,
            seed: 7,
            length: Length::Steps(steps),
            batch: 1024,
            rate: 3e-3,
            decay: 1e-4,
            clip: 1.0,
            quantise_from: 0.5,
            log_every: 30,
            validate_every: 60,
            save_every: 1e9,
            folder: None,
            resume: false,
        }
    }

    fn run(threads: usize) -> Run {
        Run { device: Device::default(), quantised: false, threads, shard: 256 }
    }

    /// A folder that is gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            Self(std::env::temp_dir().join(format!("deepcomp-train-{name}-{}", std::process::id())))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn weights(nets: &[Net]) -> Vec<Vec<f32>> {
        nets.iter().flat_map(|net| net.layers().into_iter().chain([&net.mixture])).map(|param| values(param).unwrap()).collect()
    }

    fn source(seed: u64) -> Box<dyn Source> {
        Box::new(Synthetic::new(seed, SIZES.inputs))
    }

    #[test]
    fn the_same_seed_gives_the_same_weights_on_any_number_of_threads() {
        let first = train(&plan(20), &run(1), source(1), None).unwrap();
        let second = train(&plan(20), &run(2), source(1), None).unwrap();
        assert_eq!(weights(&first), weights(&second));
        assert_ne!(weights(&first), weights(&train(&Plan { seed: 8, ..plan(20) }, &run(2), source(1), None).unwrap()));
    }

    #[test]
    fn learns_with_and_without_attention() {
        for kernels in [4, 0] {
            let folder = Folder::new("learns");
            let sizes = Sizes { kernels, ..SIZES };
            let plan = Plan { sizes, folder: Some(folder.0.clone()), ..plan(300) };
            let nets = train(&plan, &run(2), source(1), Some(source(2))).unwrap();
            let untrained = Learner::all(sizes, 7, 0.0, &Device::default());
            for pass in 0..PASSES {
                let batch = Synthetic::new(3, 48).batch(pass, 2000);
                let mean = |net: &Net| objective::bits(net, &batch, &Run { quantised: true, ..run(1) }).unwrap().iter().sum::<f32>() / 2000.0;
                let (before, after) = (mean(&untrained[pass].net), mean(&nets[pass]));
                assert!(after < before - 0.5, "{kernels}: {before} {after}");
            }
            let log = std::fs::read_to_string(folder.0.join("log.csv")).unwrap();
            assert!(log.contains("valid") && folder.0.join("curve.svg").exists());
        }
    }

    #[test]
    fn carries_on_from_a_checkpoint() {
        let folder = Folder::new("resumes");
        let half = Plan { folder: Some(folder.0.clone()), ..plan(30) };
        let nets = train(&half, &run(1), source(1), None).unwrap();
        let (state, learners) = checkpoint::load(&folder.0.join("checkpoint"), 1e-4, &Device::default()).unwrap();
        assert_eq!(state.steps, 30);
        assert_eq!(weights(&nets), weights(&learners.iter().map(|learner| learner.net.clone()).collect::<Vec<_>>()));
        let more = Plan { resume: true, length: Length::Steps(60), ..half };
        let nets = train(&more, &run(1), source(2), None).unwrap();
        assert_ne!(weights(&nets), weights(&learners.iter().map(|learner| learner.net.clone()).collect::<Vec<_>>()));
    }
}
