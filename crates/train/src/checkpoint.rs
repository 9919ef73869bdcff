//! A folder that holds everything training needs to carry on.

use crate::error::Result;
use crate::net::{Net, Sizes};
use crate::source::PASSES;
use burn::module::Module;
use burn::optim::{AdamWConfig, ModuleOptimizer};
use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// How far training was.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Sizes of the nets.
    pub sizes: Sizes,
    /// Seed of the run.
    pub seed: u64,
    /// Steps so far, all passes together.
    pub steps: usize,
    /// Seconds of training so far.
    pub seconds: f64,
}

/// A net and its optimiser.
#[derive(Clone)]
pub struct Learner {
    /// The net.
    pub net: Net,
    /// Moments of its gradients.
    pub optimiser: ModuleOptimizer,
}

impl Learner {
    /// One for each pass, the same for the same seed.
    pub fn all(sizes: Sizes, seed: u64, decay: f32, device: &Device) -> Vec<Self> {
        // The optimiser asks for autodiff, though the gradients are of copies.
        let (mut random, device) = (StdRng::seed_from_u64(seed), &device.clone().autodiff());
        let optimiser = || AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(decay).init();
        (0..PASSES).map(|_| Self { net: Net::new(sizes, &mut random, device), optimiser: optimiser() }).collect()
    }
}

/// Writes a checkpoint; one that is there is replaced only once the new one is whole.
pub fn save(folder: &Path, state: &State, learners: &[Learner]) -> Result<()> {
    replace(folder, state, |fresh| {
        for (pass, learner) in learners.iter().enumerate() {
            learner.net.clone().into_record().save(fresh.join(format!("net-{pass}.bpk")))?;
            learner.optimiser.save(fresh.join(format!("optimiser-{pass}.bpk")))?;
        }
        Ok(())
    })
}

/// Replaces a folder by one that holds the state and what `write` puts there, once that is whole.
pub fn replace(folder: &Path, state: &impl Serialize, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let fresh = folder.with_extension("new");
    let _ = fs::remove_dir_all(&fresh);
    fs::create_dir_all(&fresh)?;
    write(&fresh)?;
    fs::write(fresh.join("state.json"), serde_json::to_string_pretty(state)?)?;
    let _ = fs::remove_dir_all(folder);
    Ok(fs::rename(fresh, folder)?)
}

/// Reads a checkpoint.
pub fn load(folder: &Path, decay: f32, device: &Device) -> Result<(State, Vec<Learner>)> {
    let state: State = serde_json::from_str(&fs::read_to_string(folder.join("state.json"))?)?;
    let mut learners = Learner::all(state.sizes, state.seed, decay, device);
    for (pass, learner) in learners.iter_mut().enumerate() {
        let record = burn::store::ModuleRecord::load(folder.join(format!("net-{pass}.bpk")))?;
        learner.net = learner.net.clone().try_load_record(record)?;
        learner.optimiser = learner.optimiser.clone().load(folder.join(format!("optimiser-{pass}.bpk")))?;
    }
    Ok((state, learners))
}
