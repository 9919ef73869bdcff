//! `deepcomp compress`.

use crate::inputs::{self, Input};
use crate::models;
use crate::output::{NewFile, Outcome, VariableJson, about, print_json, print_table, progress_bar, ratio, say, show};
use crate::threads::{self, Jobs};
use crate::{BoundArgs, CompressArgs};
use deepcomp::archive::{Compressor, Done, Job, Progress, VariableReport};
use deepcomp::codec::Options;
use deepcomp::field::{Bounds, ErrorBound};
use deepcomp::formats::OpenFile;
use deepcomp::network::model::Models;
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
    let compressor = Compressor::empty(&options);
    let out = NewFile::create(&args.output)?;
    let mut inputs = Inputs { left: all.iter(), current: None, compressor, out, files: Vec::new(), variables: BTreeSet::new(), reading: Duration::ZERO };
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
    let Inputs { compressor, mut out, files, .. } = inputs;
    let (rest, reports) = compressor.finish().map_err(|e| e.to_string())?;
    out.write(&rest)?;
    let archive_bytes = out.finish()?;
    print(args, &report(args, &files, &reports, (encode_seconds, &seconds), archive_bytes))
}

/// The files to compress, read variable by variable as the threads run out of work, and the archive, written as chunks come back.
struct Inputs<'a> {
    left: std::slice::Iter<'a, Input>,
    /// The file being read, and the number of its next variable.
    current: Option<(&'a Input, OpenFile, usize)>,
    compressor: Compressor,
    out: NewFile<'a>,
    /// Names of those read, and how many variables each has.
    files: Vec<(String, usize)>,
    /// Names of all variables.
    variables: BTreeSet<String>,
    reading: Duration,
}

impl Inputs<'_> {
    /// Reads on; false when all is read.
    fn read(&mut self) -> Outcome<bool> {
        match &mut self.current {
            Some((Input { path, .. }, file, number)) if *number < file.header().fields.len() => {
                let variable = file.variable(*number).map_err(about(path))?;
                self.compressor.add_variable(variable).map_err(about(path))?;
                *number += 1;
            }
            Some((Input { path, .. }, file, _)) => {
                self.compressor.end(file.layout().map_err(about(path))?).map_err(about(path))?;
                self.current = None;
            }
            None => {
                let Some(input @ Input { path, name }) = self.left.next() else { return Ok(false) };
                let file = inputs::open(path)?;
                let header = file.header();
                self.files.push((name.clone(), header.fields.len()));
                self.variables.extend(header.fields.iter().map(|f| f.name.clone()));
                self.compressor.begin(header.clone(), name).map_err(about(path))?;
                self.current = Some((input, file, 0));
            }
        }
        Ok(true)
    }
}

impl Jobs for Inputs<'_> {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        loop {
            if let Some(job) = self.compressor.next_job() {
                return Ok(Some((0, job)));
            }
            let start = Instant::now();
            let more = self.read()?;
            self.reading += start.elapsed();
            if !more {
                return Ok(None);
            }
        }
    }

    fn accept(&mut self, _: usize, done: deepcomp::Result<Done>) -> Outcome<Progress> {
        let progress = done.and_then(|done| self.compressor.accept(done)).map_err(|e| e.to_string())?;
        self.out.write(&self.compressor.take_bytes())?;
        Ok(progress)
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
