//! Whole files on the CPU and on the GPU: archives have to be the same to the last byte, and so have decoded values.
//! `cargo run --profile gpu -p deepcomp-gpu --example exact -- FILES` (NetCDF-3, NPY, PNG); the exit code tells.

use burn::cubecl::future::block_on;
use deepcomp::archive::{Archive, Compressor, Decompressor, Job, run_on_accelerator};
use deepcomp::codec::Options;
use deepcomp::field::{Dataset, ErrorBound};
use deepcomp::formats;
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, Result};
use deepcomp_gpu::Gpu;
use std::process::ExitCode;
use std::sync::Arc;

/// Samples that are worked on together.
const TOGETHER: usize = 1 << 21;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let model = Model::parse(include_bytes!("../../../models/deepcomp.dcm"))?;
    let gpu = Gpu::new()?;
    block_on(gpu.self_test(&model))?;
    let (mut files, mut fields, mut values, mut bytes) = (0, 0, 0, 0);
    for path in std::env::args().skip(1) {
        let content = std::fs::read(&path).map_err(|e| Error::InvalidArgument { what: format!("{path}: {e}") })?;
        let dataset = formats::read(&content, &path, &Limits::default())?;
        (files, fields) = (files + 1, fields + dataset.fields.len());
        values += dataset.fields.iter().map(|f| f.values.len()).sum::<usize>();
        for bound in [ErrorBound::relative(1e-1)?, ErrorBound::relative(1e-2)?, ErrorBound::relative(1e-4)?, ErrorBound::Lossless] {
            bytes += compare(&gpu, &model, &dataset, bound).map_err(|e| Error::InvalidArgument { what: format!("{path} at {bound:?}: {e}") })?;
        }
    }
    println!("{}: {files} files, {fields} fields, {values} values, at four bounds each: {bytes} bytes of archives, none differs", gpu.adapter().name);
    Ok(())
}

/// Makes an archive on both, compares, and decodes it on the GPU.
fn compare(gpu: &Gpu, model: &Arc<Model>, dataset: &Dataset, bound: ErrorBound) -> Result<usize> {
    let models: Models = std::iter::once(model.clone()).collect();
    let options = Options { model: Some(model.clone()), coarse: true, ..Options::new(bound) };
    let mut compressor = Compressor::new(dataset.clone(), "file", &options)?;
    while let Some(jobs) = some(|| Ok(compressor.next_job()))? {
        for done in on_gpu(&jobs, &models, gpu)? {
            compressor.accept(done)?;
        }
    }
    let archive = compressor.finish()?.0;
    let (expected, _) = Compressor::new(dataset.clone(), "file", &options)?.finish()?;
    if archive != expected {
        return Err(Error::InvalidArgument { what: "the archives differ".to_owned() });
    }
    let mut decompressor = Decompressor::new(Archive::open(&archive, &Limits::default())?, 0, &models)?;
    while let Some(jobs) = some(|| decompressor.next_job(&archive))? {
        for done in on_gpu(&jobs, &models, gpu)? {
            decompressor.accept(done)?;
        }
    }
    decompressor.finish(&archive)?;
    Ok(archive.len())
}

/// The next jobs; `None` when there are none.
fn some(mut next: impl FnMut() -> Result<Option<Job>>) -> Result<Option<Vec<Job>>> {
    let mut jobs: Vec<Job> = Vec::new();
    while jobs.iter().map(Job::samples).sum::<usize>() < TOGETHER {
        let Some(job) = next()? else { break };
        jobs.push(job);
    }
    Ok(Some(jobs).filter(|jobs| !jobs.is_empty()))
}

fn on_gpu(jobs: &[Job], models: &Models, gpu: &Gpu) -> Result<Vec<deepcomp::archive::Done>> {
    let (done, reason) = block_on(run_on_accelerator(jobs, models, gpu));
    reason.map_or(Ok(()), Err)?;
    done.into_iter().collect()
}
