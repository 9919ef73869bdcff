//! Speed of the network, and of encoding and decoding, on the CPU and on the GPU, as JSON: `cargo run --profile gpu -p deepcomp-gpu --example speed -- FILES`.
//! Files are NetCDF-3, NPY or PNG; `npm run bench -- backends` makes the table.

use burn::cubecl::future::block_on;
use deepcomp::archive::{Archive, Compressor, Decompressor, Done, Job, run_on_accelerator};
use deepcomp::codec::OnCpu;
use deepcomp::codec::Options;
use deepcomp::codec::accelerator::{Accelerator, Part, PassRequest};
use deepcomp::field::{Dataset, ErrorBound};
use deepcomp::formats;
use deepcomp::network::engine::Engine;
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, Result};
use deepcomp_gpu::Gpu;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Of several runs the best counts, since others use the machine too.
const ROUNDS: usize = 3;
/// Sides of the planes whose finest pass is measured.
const SIDES: [usize; 4] = [128, 512, 1024, 2048];
/// Files of more samples than this are left out for adapters in software.
const SLOW_SAMPLES: usize = 50_000;
/// Samples of the jobs that an accelerator gets at a time.
const TOGETHER: usize = 1 << 22;

/// Who does the jobs.
#[derive(Clone, Copy, PartialEq)]
enum Worker {
    Cpu,
    Gpu,
}

fn main() -> Result<()> {
    let model = Model::parse(include_bytes!("../../../models/deepcomp.dcm"))?;
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let gpu = Gpu::new().inspect_err(|error| eprintln!("{error}")).ok();
    let mut rows: Vec<String> = Vec::new();
    for side in SIDES {
        rows.push(network("CPU, one thread", side, &OnCpu(Engine::detect()), &model)?);
        // An adapter in software takes minutes over large planes.
        if let Some(gpu) = gpu.as_ref().filter(|gpu| side <= 512 || !gpu.adapter().software) {
            rows.push(network("native wgpu", side, gpu, &model)?);
        }
    }
    let mut settings = vec![("CPU, one thread", Worker::Cpu, 1), ("CPU, all threads", Worker::Cpu, threads)];
    if gpu.is_some() {
        settings.extend([("native wgpu, one thread", Worker::Gpu, 1), ("native wgpu, all threads", Worker::Gpu, threads)]);
    }
    let software = gpu.as_ref().is_some_and(|gpu| gpu.adapter().software);
    for path in std::env::args().skip(1) {
        let dataset = read(&path)?;
        let samples: usize = dataset.fields.iter().map(|field| field.values.len()).sum();
        for bound in [1e-2, 1e-3, 1e-4] {
            for &(name, worker, threads) in &settings {
                // An adapter in software is slow: small files, one bound, one run.
                let slow = worker == Worker::Gpu && software;
                if !slow || (bound == 1e-3 && samples <= SLOW_SAMPLES) {
                    rows.push(codec(name, (worker, threads), &dataset, (bound, if slow { 1 } else { ROUNDS }), &model)?);
                }
            }
        }
    }
    let adapter = gpu.as_ref().map_or("none".to_owned(), |gpu| format!("{} ({})", gpu.adapter().name, gpu.adapter().backend));
    println!("{{\"adapter\": \"{adapter}\", \"threads\": {threads}, \"engine\": \"{}\", \"rows\": [\n{}\n]}}", Engine::detect().name(), rows.join(",\n"));
    Ok(())
}

fn read(path: &str) -> Result<Dataset> {
    let bytes = std::fs::read(path).map_err(|e| Error::InvalidArgument { what: format!("{path}: {e}") })?;
    formats::read(&bytes, path, &Limits::default())
}

/// The finest diagonal pass of a plane, alone.
fn network(name: &str, side: usize, accelerator: &dyn Accelerator, model: &Arc<Model>) -> Result<String> {
    let half = side / 2;
    let hills = |scale: i32| -> Vec<i32> { (0..half * half).map(|i| ((i % half) as i32 * scale) ^ ((i / half) as i32 * 57)).collect() };
    let known = Part { height: half, width: half, samples: hills(31), missing: None };
    let whole = Part { height: side, width: side, samples: (0..side * side).map(|i| i as i32 % 4001).collect(), missing: None };
    let request = PassRequest {
        pass: 0,
        level: 0,
        quantum: 129,
        wrap: true,
        height: half,
        width: half,
        predicted: hills(30),
        missing: None,
        known: [Some(known), None, None, None],
        references: vec![whole.clone(), whole],
    };
    let requests = [request];
    block_on(accelerator.answer(model, &requests))?;
    let seconds = best(ROUNDS, || block_on(accelerator.answer(model, &requests)).map(|_| ()))?;
    let samples = (half * half) as f64;
    let products = products(model) as f64;
    Ok(format!(
        "{{\"what\": \"network\", \"on\": \"{name}\", \"samples\": {samples}, \"macs_per_second\": {:.4e}, \"samples_per_second\": {:.4e}}}",
        samples * products / seconds,
        samples / seconds
    ))
}

/// Multiply-adds for each sample of a diagonal pass.
fn products(model: &Model) -> usize {
    let size = |layer: &deepcomp::network::engine::Layer| layer.inputs() * layer.outputs();
    model.layers(0).map_or(0, |(hidden, kernels, second, heads)| size(hidden) + kernels.map_or(0, size) + size(second) + size(heads))
}

/// Encoding and decoding of a whole file, every check included.
fn codec(name: &str, how: (Worker, usize), dataset: &Dataset, (bound, rounds): (f64, usize), model: &Arc<Model>) -> Result<String> {
    let options = Options { model: Some(model.clone()), coarse: true, ..Options::new(ErrorBound::relative(bound)?) };
    let models: Models = std::iter::once(model.clone()).collect();
    let samples = dataset.fields.iter().map(|field| field.values.len()).sum::<usize>();
    let megabytes = samples as f64 * 4e-6;
    let mut archive = Vec::new();
    let encoding = best(rounds, || {
        let mut compressor = Compressor::new(dataset.clone(), "file", &options)?;
        let jobs: Vec<Job> = std::iter::from_fn(|| compressor.next_job()).collect();
        for done in work(jobs, how, &models)? {
            compressor.accept(done)?;
        }
        archive = compressor.finish()?.0;
        Ok(())
    })?;
    let decoding = best(rounds, || {
        let index = Archive::open(&archive, &Limits::default())?;
        let mut decompressor = Decompressor::new(index, 0, &models)?;
        let mut jobs = Vec::new();
        while let Some(job) = decompressor.next_job(&archive)? {
            jobs.push(job);
        }
        for done in work(jobs, how, &models)? {
            decompressor.accept(done)?;
        }
        decompressor.finish(&archive)?;
        Ok(())
    })?;
    let (encoding, decoding, bytes) = (megabytes / encoding, megabytes / decoding, archive.len());
    Ok(format!(
        "{{\"what\": \"codec\", \"on\": \"{name}\", \"samples\": {samples}, \"bound\": {bound}, \"bytes\": {bytes}, \"encode\": {encoding:.2}, \"decode\": {decoding:.2}}}"
    ))
}

/// Does jobs on so many threads; those of the GPU share its device and take many at a time.
fn work(jobs: Vec<Job>, (worker, threads): (Worker, usize), models: &Models) -> Result<Vec<Done>> {
    let (queue, results) = (Mutex::new(jobs), Mutex::new(Vec::new()));
    let share = queue.lock().map_or(1, |jobs| jobs.iter().map(Job::samples).sum::<usize>() / threads).clamp(1, TOGETHER);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let gpu = if worker == Worker::Gpu { Gpu::new().ok() } else { None };
                loop {
                    let taken = take(&mut queue.lock().unwrap_or_else(PoisonError::into_inner), if gpu.is_some() { share } else { 1 });
                    if taken.is_empty() {
                        return;
                    }
                    let done = match &gpu {
                        Some(gpu) => {
                            let (done, reason) = block_on(run_on_accelerator(&taken, models, gpu));
                            reason.iter().for_each(|reason| eprintln!("{reason}"));
                            done
                        }
                        None => taken.iter().map(|job| job.run(models)).collect(),
                    };
                    results.lock().unwrap_or_else(PoisonError::into_inner).extend(done);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// Jobs of about so many samples.
fn take(queue: &mut Vec<Job>, samples: usize) -> Vec<Job> {
    let mut taken: Vec<Job> = Vec::new();
    while taken.iter().map(Job::samples).sum::<usize>() < samples {
        let Some(job) = queue.pop() else { break };
        taken.push(job);
    }
    taken
}

/// Seconds of the best run.
fn best(rounds: usize, mut run: impl FnMut() -> Result<()>) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        run()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}
