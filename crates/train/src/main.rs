//! `deepcomp-train`: samples in, networks out. Trains in floats that mimic the integers, and exports the integers.

mod attention;
mod autoencoder;
mod checkpoint;
mod curve;
mod data;
mod error;
mod export;
mod integer;
mod loss;
mod model;
mod net;
mod objective;
mod quantise;
mod schedule;
mod source;
mod speed;
mod stacks;
mod trainer;

use burn::tensor::Device;
use clap::{Args, Parser, Subcommand};
use error::Result;
use objective::Run;
use schedule::Length;
use source::Source;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use trainer::Plan;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Train the predictor networks of DeepComp and export them as integers.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train the three nets.
    Train(TrainArgs),
    /// Train the autoencoder of the base layer.
    TrainAutoencoder(AutoencoderArgs),
    /// Write the nets of a checkpoint as a model file.
    Export(ExportArgs),
    /// Write a model file with the autoencoder of a run.
    ExportAutoencoder(ExportAutoencoderArgs),
    /// Measure how long a step takes.
    Speed(SpeedArgs),
    /// Read a folder made by prepare.py and say what is in it.
    PrepareCheck(PrepareCheckArgs),
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// Folder of log, curve and checkpoint.
    folder: PathBuf,
    /// Folder of stacks to train on, made by prepare.py.
    #[arg(long)]
    data: PathBuf,
    /// Folder of stacks that only judge.
    #[arg(long)]
    valid: PathBuf,
    #[command(flatten)]
    seen: data::Seen,
    /// Seed of the first weights and of the samples.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps, all passes together: repeatable.
    #[arg(long, conflicts_with = "hours")]
    steps: Option<usize>,
    /// Hours; the schedule adapts to the speed.
    #[arg(long)]
    hours: Option<f64>,
    /// Samples in a step.
    #[arg(long, default_value_t = 8192)]
    batch: usize,
    /// Samples that a core works on at a time; on a GPU the whole batch.
    #[arg(long, default_value_t = 1024)]
    shard: usize,
    /// Largest learning rate.
    #[arg(long, default_value_t = 3e-3)]
    rate: f64,
    /// Weight decay.
    #[arg(long, default_value_t = 1e-4)]
    decay: f32,
    /// Largest norm of a gradient.
    #[arg(long, default_value_t = 1.0)]
    clip: f32,
    /// Progress from which on weights and activations are rounded.
    #[arg(long, default_value_t = 0.5)]
    quantise_from: f64,
    /// Minutes between checkpoints.
    #[arg(long, default_value_t = 2.0)]
    save_every: f64,
    /// Steps between lines of the log.
    #[arg(long, default_value_t = 150)]
    log_every: usize,
    /// Steps between validations: a multiple of those between lines.
    #[arg(long, default_value_t = 1500)]
    validate_every: usize,
    /// Carry on from the checkpoint in the folder.
    #[arg(long)]
    resume: bool,
    #[command(flatten)]
    sizes: SizeArgs,
}

#[derive(Debug, Args)]
struct AutoencoderArgs {
    /// Folder of log and checkpoint.
    folder: PathBuf,
    /// Folder of stacks to train on, made by prepare.py.
    #[arg(long)]
    data: PathBuf,
    /// Folder of stacks that only judge.
    #[arg(long)]
    valid: PathBuf,
    /// Seed of weights, patches and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps: repeatable.
    #[arg(long, conflicts_with = "hours")]
    steps: Option<usize>,
    /// Hours; the schedule adapts to the speed.
    #[arg(long)]
    hours: Option<f64>,
    /// Patches in a step.
    #[arg(long, default_value_t = 32)]
    patches: usize,
    /// Threads; part of what makes a run repeatable.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Largest learning rate.
    #[arg(long, default_value_t = 2e-3)]
    rate: f64,
    /// Progress from which on everything is rounded.
    #[arg(long, default_value_t = 0.6)]
    quantise_from: f64,
    /// Steps between lines of the log.
    #[arg(long, default_value_t = 200)]
    log_every: usize,
    /// Carry on from the checkpoint in the folder.
    #[arg(long)]
    resume: bool,
    /// Channels of a token of 8 x 8 samples: a multiple of 16.
    #[arg(long, default_value_t = 48)]
    fine: usize,
    /// Channels of a token of 16 x 16 samples: a multiple of 16.
    #[arg(long, default_value_t = 64)]
    coarse: usize,
    /// Latents of 16 x 16 samples.
    #[arg(long, default_value_t = 12)]
    latents: usize,
    /// Leave every token to itself.
    #[arg(long)]
    without_attention: bool,
}

#[derive(Debug, Args)]
struct SizeArgs {
    /// Input channels.
    #[arg(long, default_value_t = source::INPUTS)]
    inputs: usize,
    /// First hidden layer.
    #[arg(long, default_value_t = 64)]
    hidden1: usize,
    /// Second hidden layer.
    #[arg(long, default_value_t = 48)]
    hidden2: usize,
    /// Learned kernels; 0 turns attention off.
    #[arg(long, default_value_t = 6)]
    kernels: usize,
}

impl SizeArgs {
    fn sizes(&self) -> net::Sizes {
        net::Sizes { inputs: self.inputs, hidden1: self.hidden1, hidden2: self.hidden2, kernels: self.kernels }
    }
}

#[derive(Debug, Args)]
struct ExportArgs {
    /// Folder of a training run.
    folder: PathBuf,
    /// Model file to write.
    #[arg(short, long)]
    output: PathBuf,
    /// Name of the model.
    #[arg(long, default_value = "predictor")]
    name: String,
    /// Folder of stacks whose statistics the entropy coder starts from.
    #[arg(long)]
    data: PathBuf,
    /// Cuts of stacks that are looked at for them.
    #[arg(long, default_value_t = 1500)]
    cuts: usize,
    #[command(flatten)]
    seen: data::Seen,
}

#[derive(Debug, Args)]
struct ExportAutoencoderArgs {
    /// Folder of a training run of an autoencoder.
    folder: PathBuf,
    /// Model file whose predictor is taken.
    #[arg(long)]
    predictor: PathBuf,
    /// Model file to write.
    #[arg(short, long)]
    output: PathBuf,
    /// Name of the model.
    #[arg(long, default_value = "deepcomp")]
    name: String,
    /// Folder of stacks whose latents the entropy coder starts from.
    #[arg(long)]
    data: PathBuf,
    /// Planes that are looked at for them.
    #[arg(long, default_value_t = 1500)]
    planes: usize,
}

#[derive(Debug, Args)]
struct SpeedArgs {
    /// Samples in a step.
    #[arg(long, default_value_t = 8192)]
    batch: usize,
    /// Samples that a core works on at a time.
    #[arg(long, default_value_t = 1024)]
    shard: usize,
    #[command(flatten)]
    sizes: SizeArgs,
}

#[derive(Debug, Args)]
struct PrepareCheckArgs {
    /// Folder made by prepare.py.
    folder: PathBuf,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Train(args) => train(args),
        Command::TrainAutoencoder(args) => train_autoencoder(args),
        Command::Export(args) => export(&args),
        Command::ExportAutoencoder(args) => export_autoencoder(&args),
        Command::Speed(args) => speed::measure(args.sizes.sizes(), args.batch, &run(args.batch, args.shard)),
        Command::PrepareCheck(args) => prepare_check(&args.folder),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn train(args: TrainArgs) -> Result<()> {
    let sizes = args.sizes.sizes();
    let plan = Plan {
        sizes,
        seed: args.seed,
        length: length(args.steps, args.hours),
        batch: args.batch,
        rate: args.rate,
        decay: args.decay,
        clip: args.clip,
        quantise_from: args.quantise_from,
        log_every: args.log_every,
        validate_every: args.validate_every,
        save_every: args.save_every * 60.0,
        folder: Some(args.folder),
        resume: args.resume,
    };
    let source = Box::new(data::Data::read(&args.data, args.seed, args.seen)?);
    let valid = Box::new(data::Data::read(&args.valid, 0, args.seen)?);
    trainer::train(&plan, &run(args.batch, args.shard), source, Some(valid))?;
    Ok(())
}

fn train_autoencoder(args: AutoencoderArgs) -> Result<()> {
    let sizes = autoencoder::Sizes { fine: args.fine, coarse: args.coarse, latents: args.latents, radius: [1, 2], attention: !args.without_attention };
    let plan = autoencoder::Plan {
        sizes,
        seed: args.seed,
        length: length(args.steps, args.hours),
        patches: args.patches,
        rate: args.rate,
        quantise_from: args.quantise_from,
        log_every: args.log_every,
        folder: args.folder,
        resume: args.resume,
    };
    let run = Run { device: Device::default(), quantised: false, threads: args.threads, shard: 0 };
    autoencoder::train(&plan, &run, autoencoder::Patches::read(&args.data, args.seed)?, autoencoder::Patches::read(&args.valid, 0)?)
}

fn length(steps: Option<usize>, hours: Option<f64>) -> Length {
    steps.map_or_else(|| Length::Seconds(hours.unwrap_or(1.0) * 3600.0), Length::Steps)
}

/// On a CPU all cores, a shard each; on a GPU one thread and whole batches.
fn run(batch: usize, shard: usize) -> Run {
    let gpu = cfg!(any(feature = "wgpu", feature = "cuda"));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (threads, shard) = if gpu { (1, batch) } else { (cores, shard) };
    Run { device: Device::default(), quantised: false, threads, shard }
}

fn export(args: &ExportArgs) -> Result<()> {
    let (_, learners) = checkpoint::load(&args.folder.join("checkpoint"), 0.0, &Device::default())?;
    let mut samples = data::Data::read(&args.data, 0, args.seen)?;
    for (pass, learner) in learners.iter().enumerate() {
        let found = export::disagreement(&learner.net, &samples.batch(pass, 8192), &run(8192, 1024))?;
        println!("pass {pass}: integers differ from floats in {:.2} % of the means, {:.2} % of the scales", 100.0 * found.mean, 100.0 * found.scale);
    }
    let nets = learners.iter().map(|learner| export::export(&learner.net)).collect::<Result<Vec<_>>>()?;
    let nets: [integer::IntegerNet; 3] = nets.try_into().map_err(|_| "a model has three nets")?;
    let file = |priors: &[[u8; 32]]| model::file(&args.name, args.seen.sight(), &nets, priors);
    let bare = deepcomp::network::model::Model::parse(&file(&[]))?;
    let bytes = file(&model::priors(&bare, samples, args.cuts));
    let model = deepcomp::network::model::Model::parse(&bytes)?;
    std::fs::write(&args.output, &bytes)?;
    println!("{} {} {} bytes", model.name(), model.id(), bytes.len());
    Ok(())
}

fn export_autoencoder(args: &ExportAutoencoderArgs) -> Result<()> {
    let (sizes, net) = autoencoder::load(&args.folder, &Device::default())?;
    let data = autoencoder::Patches::read(&args.data, 0)?;
    let bytes = autoencoder::export(&std::fs::read(&args.predictor)?, &args.name, (sizes, &net), data, args.planes)?;
    let model = deepcomp::network::model::Model::parse(&bytes)?;
    std::fs::write(&args.output, &bytes)?;
    println!("{} {} {} bytes", model.name(), model.id(), bytes.len());
    Ok(())
}

fn prepare_check(folder: &Path) -> Result<()> {
    let mut sums: BTreeMap<(String, String), [usize; 3]> = BTreeMap::new();
    for entry in stacks::index(folder)? {
        let stack = stacks::load(folder, &entry)?;
        let missing = stack.values.iter().filter(|value| value.is_nan()).count();
        let infinite = stack.values.iter().any(|value| value.is_infinite());
        if stack.shape != entry.shape || (missing as f64 / stack.values.len() as f64 - entry.missing).abs() > 1e-3 || infinite {
            return Err(format!("{} ({} of {}) is not what the index says", entry.file, entry.variable, entry.source).into());
        }
        let [planes, _, _] = stack.shape;
        let [stacks, all, values] = sums.entry((entry.folder, entry.kind)).or_default();
        (*stacks, *all, *values) = (*stacks + 1, *all + planes, *values + if entry.again { 0 } else { stack.values.len() });
    }
    for ((folder, kind), [stacks, planes, values]) in sums {
        println!("{folder:16} {kind:8} {stacks:4} stacks {planes:5} planes {:8.2} M different values", values as f64 / 1e6);
    }
    Ok(())
}
