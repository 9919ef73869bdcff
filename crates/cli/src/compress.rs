//! `deepcomp compress`.

use crate::CompressArgs;
use crate::models;
use crate::output::{Outcome, VariableJson, about, print_json, print_table, progress_bar, ratio, read_dataset, say, show, write_whole};
use deepcomp::archive::{Compressor, VariableReport};
use deepcomp::codec::Options;
use deepcomp::field::ErrorBound;
use serde::Serialize;
use std::time::Instant;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    archive: String,
    raw_bytes: u64,
    archive_bytes: u64,
    ratio: f64,
    max_abs_error: f64,
    encode_seconds: f64,
    variables: Vec<VariableJson>,
}

pub(crate) fn run(args: &CompressArgs) -> Outcome<()> {
    let options = options(args)?;
    let bar = progress_bar();
    // Seconds spent on each variable, in file order.
    let mut seconds: Vec<f64> = Vec::new();
    let mut files: Vec<(String, usize)> = Vec::new();
    let mut compressor: Option<Compressor> = None;
    for path in &args.inputs {
        let (name, dataset) = read_dataset(path)?;
        files.push((name.clone(), dataset.fields.len()));
        seconds.resize(seconds.len() + dataset.fields.len(), 0.0);
        compressor = Some(match compressor.take() {
            None => Compressor::new(dataset, &name, &options).map_err(about(path))?,
            Some(mut started) => {
                started.add(dataset, &name).map_err(about(path))?;
                started
            }
        });
        // One input is in memory at a time.
        if let Some(compressor) = &mut compressor {
            work(compressor, &mut seconds, &bar).map_err(about(path))?;
        }
    }
    bar.finish_and_clear();
    let (bytes, reports) = compressor.ok_or("nothing to compress")?.finish().map_err(|e| e.to_string())?;
    write_whole(&args.output, &bytes)?;
    print(args, &report(args, &files, &reports, &seconds, bytes.len() as u64))
}

fn options(args: &CompressArgs) -> Outcome<Options> {
    let bound = match (args.bound.abs, args.bound.rel) {
        (Some(e), _) => ErrorBound::absolute(e),
        (_, Some(e)) => ErrorBound::relative(e),
        _ => Ok(ErrorBound::Lossless),
    };
    Ok(Options { bound: bound.map_err(|e| e.to_string())?, model: models::choose(&args.model)?, base: args.base.into() })
}

fn work(compressor: &mut Compressor, seconds: &mut [f64], bar: &indicatif::ProgressBar) -> deepcomp::Result<()> {
    let mut start = Instant::now();
    while let Some(progress) = compressor.step()? {
        if let Some(total) = seconds.get_mut(progress.variable) {
            *total += start.elapsed().as_secs_f64();
        }
        start = Instant::now();
        show(bar, progress);
    }
    Ok(())
}

fn report(args: &CompressArgs, files: &[(String, usize)], reports: &[VariableReport], seconds: &[f64], archive_bytes: u64) -> Report {
    let names = files.iter().flat_map(|(name, count)| std::iter::repeat_n(name, *count));
    let variables: Vec<VariableJson> = names
        .zip(reports)
        .zip(seconds)
        .map(|((file, report), seconds)| VariableJson { encode_seconds: Some(*seconds), ..VariableJson::new(file, report) })
        .collect();
    let raw_bytes = variables.iter().map(|v| v.raw_bytes).sum();
    Report {
        archive: args.output.display().to_string(),
        raw_bytes,
        archive_bytes,
        ratio: ratio(raw_bytes, archive_bytes),
        max_abs_error: variables.iter().map(|v| v.max_abs_error).fold(0.0, f64::max),
        encode_seconds: seconds.iter().sum(),
        variables,
    }
}

fn print(args: &CompressArgs, report: &Report) -> Outcome<()> {
    if args.json {
        return print_json(report);
    }
    print_table(&report.variables)?;
    say(format_args!("{}: {} -> {} bytes, ratio {:.2}, {:.2} s", report.archive, report.raw_bytes, report.archive_bytes, report.ratio, report.encode_seconds))
}
