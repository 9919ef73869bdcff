//! The loop of the autoencoder.

use super::net::{Autoencoder, Sizes};
use super::objective::{self, Bits};
use super::patches::{Batch, Patches};
use crate::checkpoint;
use crate::error::Result;
use crate::objective::Run;
use crate::schedule::{Length, rate};
use crate::trainer::clipped;
use burn::module::Module;
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::time::Instant;

/// Patches that validation looks at.
const VALIDATION: usize = 256;
/// Largest norm of a gradient.
const CLIP: f32 = 1.0;

/// What to do.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Sizes of the net.
    pub sizes: Sizes,
    /// Seed of weights, patches and noise.
    pub seed: u64,
    /// When to stop.
    pub length: Length,
    /// Patches in a step.
    pub patches: usize,
    /// Largest learning rate.
    pub rate: f64,
    /// Progress from which on everything is rounded.
    pub quantise_from: f64,
    /// Steps between lines of the log.
    pub log_every: usize,
    /// Folder of log and checkpoint.
    pub folder: PathBuf,
    /// Carry on from the checkpoint in the folder.
    pub resume: bool,
}

/// How far training was.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct State {
    sizes: Sizes,
    seed: u64,
    steps: usize,
    seconds: f64,
}

/// A net and its optimiser.
struct Learner {
    net: Autoencoder,
    optimiser: ModuleOptimizer,
}

impl Learner {
    fn new(sizes: Sizes, seed: u64, device: &Device) -> Self {
        let net = Autoencoder::new(sizes, &mut StdRng::seed_from_u64(seed), &device.clone().autodiff());
        Self { net, optimiser: AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(1e-4).init() }
    }

    fn save(&self, folder: &Path, state: State) -> Result<()> {
        checkpoint::replace(folder, &state, |fresh| {
            self.net.clone().into_record().save(fresh.join("net.bpk"))?;
            Ok(self.optimiser.save(fresh.join("optimiser.bpk"))?)
        })
    }

    fn load(folder: &Path, device: &Device) -> Result<(State, Self)> {
        let state: State = serde_json::from_str(&fs::read_to_string(folder.join("state.json"))?)?;
        let mut learner = Self::new(state.sizes, state.seed, device);
        let record = burn::store::ModuleRecord::load(folder.join("net.bpk"))?;
        learner.net = learner.net.try_load_record(record)?;
        learner.optimiser = learner.optimiser.load(folder.join("optimiser.bpk"))?;
        Ok((state, learner))
    }

    /// Moves the weights against the gradient.
    fn step(&mut self, gradients: Vec<Tensor<2>>, rate: f64) -> Result<()> {
        let found = clipped(self.net.params(), gradients, CLIP)?;
        self.net = self.optimiser.step(rate, self.net.clone(), found);
        Ok(())
    }
}

/// The net of a run.
pub fn load(folder: &Path, device: &Device) -> Result<(Sizes, Autoencoder)> {
    let (state, learner) = Learner::load(&folder.join("checkpoint"), device)?;
    Ok((state.sizes, learner.net))
}

/// Trains, with a line in `log.csv` and a checkpoint now and then.
pub fn train(plan: &Plan, run: &Run, mut source: Patches, mut valid: Patches) -> Result<()> {
    let checkpoint = plan.folder.join("checkpoint");
    let (mut state, mut learner) = if plan.resume {
        Learner::load(&checkpoint, &run.device)?
    } else {
        (State { sizes: plan.sizes, seed: plan.seed, steps: 0, seconds: 0.0 }, Learner::new(plan.sizes, plan.seed, &run.device))
    };
    fs::create_dir_all(&plan.folder)?;
    let mut log = fs::OpenOptions::new().create(true).append(true).open(plan.folder.join("log.csv"))?;
    let held = valid.batch(VALIDATION);
    let (started, before, patches) = (Instant::now(), state.seconds, plan.patches);
    std::thread::scope(|scope| -> Result<()> {
        // The next patches are made while this step runs.
        let (give, take) = sync_channel::<Batch>(2);
        scope.spawn(move || while give.send(source.batch(patches)).is_ok() {});
        let take = take;
        let mut recent = (Bits::default(), 0);
        loop {
            state.seconds = before + started.elapsed().as_secs_f64();
            let progress = plan.length.progress(state.steps, state.seconds);
            let done = progress >= 1.0;
            let run = Run { quantised: done || progress >= plan.quantise_from, ..run.clone() };
            if done || state.steps % plan.log_every == 0 {
                let seen = objective::bits(&learner.net, &held, &run)?;
                let (mean, count) = (recent.0, f64::from(recent.1).max(1.0));
                let line = format!(
                    "{},{:.5},{:.5},{:.5},{:.5},{:.0}",
                    state.steps,
                    mean.latents / count,
                    mean.samples / count,
                    seen.latents,
                    seen.samples,
                    state.seconds
                );
                writeln!(log, "{line}")?;
                println!("{line}");
                recent = (Bits::default(), 0);
                learner.save(&checkpoint, state)?;
            }
            if done {
                return Ok(());
            }
            let noise = (!run.quantised).then_some(plan.seed.wrapping_add(state.steps as u64));
            let (bits, gradients) = objective::slope(&learner.net, &take.recv()?, &run, noise)?;
            recent.0.latents += bits.latents;
            recent.0.samples += bits.samples;
            recent.1 += 1;
            learner.step(gradients, plan.rate * rate(progress, state.steps))?;
            state.steps += 1;
        }
    })
}
