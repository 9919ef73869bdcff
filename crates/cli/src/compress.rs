//! `deepcomp compress`.

use crate::inputs::{self, Input};
use crate::models;
use crate::output::{Outcome, VariableJson, about, print_json, print_table, progress_bar, ratio, read_any, say, show, write_whole};
use crate::threads::{self, Source};
use crate::{BoundArgs, CompressArgs};
use deepcomp::archive::{Compressor, Done, Job, Progress, VariableReport};
use deepcomp::codec::Options;
use deepcomp::field::{Bounds, ErrorBound};
use deepcomp::weights::Models;
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    archive: String,
    raw_bytes: u64,
    archive_bytes: u64,
    ratio: f64,
    max_abs_error: f64,
    /// On the clock, without the reading of files; those of variables count every thread.
    encode_seconds: f64,
    variables: Vec<VariableJson>,
}

pub(crate) fn run(args: &CompressArgs) -> Outcome<()> {
    let options = options(args)?;
    let models: Models = options.model.iter().cloned().collect();
    let bar = progress_bar();
    let start = Instant::now();
    let all = inputs::find(&args.inputs)?;
    let mut inputs = Inputs { left: &all, options: &options, compressor: None, files: Vec::new(), variables: BTreeSet::new(), reading: Duration::ZERO };
    // What threads spent on each variable, in file order.
    let mut seconds: Vec<f64> = Vec::new();
    threads::run(&mut inputs, &models, threads::count(args.work.threads), |progress, variable, time| {
        seconds.resize(seconds.len().max(variable + 1), 0.0);
        if let Some(total) = seconds.get_mut(variable) {
            *total += time.as_secs_f64();
        }
        show(&bar, progress);
    })?;
    let encode_seconds = start.elapsed().saturating_sub(inputs.reading).as_secs_f64();
    bar.finish_and_clear();
    options.bounds.check(inputs.variables.iter().map(String::as_str)).map_err(|e| e.to_string())?;
    let (bytes, reports) = inputs.compressor.ok_or("nothing to compress")?.finish().map_err(|e| e.to_string())?;
    write_whole(&args.output, &bytes)?;
    print(args, &report(args, &inputs.files, &reports, (encode_seconds, &seconds), bytes.len() as u64))
}

/// The files to compress, read one after the other as the threads run out of work.
struct Inputs<'a> {
    left: &'a [Input],
    options: &'a Options,
    compressor: Option<Compressor>,
    /// Names of those read, and how many variables each has.
    files: Vec<(String, usize)>,
    /// Names of all variables.
    variables: BTreeSet<String>,
    reading: Duration,
}

impl Inputs<'_> {
    fn read(&mut self, Input { path, name }: &Input) -> Outcome<()> {
        let start = Instant::now();
        let dataset = read_any(path)?;
        self.files.push((name.clone(), dataset.fields.len()));
        self.variables.extend(dataset.fields.iter().map(|f| f.name.clone()));
        match &mut self.compressor {
            None => self.compressor = Some(Compressor::new(dataset, name, self.options).map_err(about(path))?),
            Some(compressor) => compressor.add(dataset, name).map_err(about(path))?,
        }
        self.reading += start.elapsed();
        Ok(())
    }
}

impl Source for &mut Inputs<'_> {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        loop {
            if let Some(job) = self.compressor.as_mut().and_then(Compressor::next_job) {
                return Ok(Some((0, job)));
            }
            let Some((input, left)) = self.left.split_first() else { return Ok(None) };
            self.read(input)?;
            self.left = left;
        }
    }

    fn accept(&mut self, _: usize, done: deepcomp::Result<Done>) -> Outcome<Progress> {
        let compressor = self.compressor.as_mut().ok_or("nothing to compress")?;
        done.and_then(|done| compressor.accept(done)).map_err(|e| e.to_string())
    }
}

fn options(args: &CompressArgs) -> Outcome<Options> {
    let bounds = match &args.bound {
        BoundArgs { abs: Some(e), .. } => ErrorBound::absolute(*e).map(Bounds::from),
        BoundArgs { rel: Some(e), .. } => ErrorBound::relative(*e).map(Bounds::from),
        BoundArgs { bound: Some(list), .. } => list.parse(),
        _ => Ok(ErrorBound::Lossless.into()),
    };
    Ok(Options { bounds: bounds.map_err(|e| e.to_string())?, model: models::choose(&args.model)?, base: args.base.into() })
}

fn report(args: &CompressArgs, files: &[(String, usize)], reports: &[VariableReport], (encode_seconds, seconds): (f64, &[f64]), archive_bytes: u64) -> Report {
    let names = files.iter().flat_map(|(name, count)| std::iter::repeat_n(name, *count));
    let variables: Vec<VariableJson> = names
        .zip(reports)
        .zip(seconds.iter().copied().chain(std::iter::repeat(0.0)))
        .map(|((file, report), seconds)| VariableJson { encode_seconds: Some(seconds), ..VariableJson::new(file, report) })
        .collect();
    let raw_bytes = variables.iter().map(|v| v.raw_bytes).sum();
    Report {
        archive: args.output.display().to_string(),
        raw_bytes,
        archive_bytes,
        ratio: ratio(raw_bytes, archive_bytes),
        max_abs_error: variables.iter().map(|v| v.max_abs_error).fold(0.0, f64::max),
        encode_seconds,
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
