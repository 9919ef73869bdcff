//! `deepcomp compress`.

use crate::archive_commands::open;
use crate::failure::{Cause, Failure, Outcome, about};
use crate::identity::Identity;
use crate::inputs::{self, Input, Reading};
use crate::models;
use crate::output::{NewFile, is_standard_output};
use crate::report::{VariableJson, doubts, print_json, print_table, ratio, sizes};
use crate::temporary::Existing;
use crate::terminal::{Notices, progress_bar, say, show, warn};
use crate::threads::{self, Delivery, Jobs};
use crate::{AddArgs, BoundArgs, CompressArgs, EncodeArgs};
use deepcomp::Limits;
use deepcomp::archive::{Compressor, FileStatus, Job, Progress, VariableReport};
use deepcomp::codec::{Level, Options, Unmet};
use deepcomp::field::{Bounds, DataType, ErrorBound, Judgement, Roles, Suspect, Wish};
use deepcomp::formats::file::keep;
use deepcomp::network::model::Models;
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    archive: String,
    /// Of the files on disk.
    file_bytes: u64,
    raw_bytes: u64,
    archive_bytes: u64,
    ratio: f64,
    max_abs_error: f64,
    /// On the clock, without the reading of files; those of variables count every thread.
    encode_seconds: f64,
    variables: Vec<VariableJson>,
}

pub(crate) fn run(args: &CompressArgs, output: &Path) -> Outcome<()> {
    let options = options(&args.encode, None)?;
    let bar = progress_bar();
    let mut notices = Notices::new(&bar);
    let own = Identity::of(output).filter(|_| !is_standard_output(output));
    let all = inputs::find(&args.inputs, own, &mut notices)?;
    let mut compressor = Compressor::empty(&options);
    compressor.set_comment(args.comment.as_deref().unwrap_or_default())?;
    let mut out = NewFile::create(output, Existing::Replace)?;
    args.around.put_around(&mut out)?;
    let report = pack((&args.encode, output), (&all, notices, &bar), compressor, (&options, out, false))?;
    print(args.json, output, &report)
}

/// `add` and, in place of files of the same names, `update`.
pub(crate) fn add(args: &AddArgs, update: bool) -> Outcome<()> {
    let path = args.archive.as_path();
    let options = options(&args.encode, None)?;
    let bar = progress_bar();
    let mut notices = Notices::new(&bar);
    let all = inputs::find(&args.inputs, Identity::of(path), &mut notices)?;
    let (_, archive) = open(path, &args.encode.work.limits())?;
    let out = NewFile::grow(path, &archive)?;
    let report = pack((&args.encode, path), (&all, notices, &bar), Compressor::resume(&archive, &options), (&options, out, update))?;
    print(args.json, path, &report)
}

/// Compresses files into an archive that is written or added to.
fn pack(
    (args, output): (&EncodeArgs, &Path),
    (all, notices, bar): (&[Input], Notices, &ProgressBar),
    compressor: Compressor,
    (options, out, update): (&Options, NewFile, bool),
) -> Outcome<Report> {
    let models: Models = options.model.iter().cloned().collect();
    let mut compressor = compressor;
    embed(args, &mut compressor)?;
    let start = Instant::now();
    let before = out.written();
    let mut inputs = Inputs {
        left: all.iter(),
        current: None,
        roles: None,
        compressor,
        out,
        notices,
        rules: Rules { limits: args.work.limits(), strict: args.strict, times: !args.no_times, update },
        files: Vec::new(),
        variables: 0,
        reading: Duration::ZERO,
        seconds: Vec::new(),
    };
    threads::run(&mut inputs, &models, threads::count(args.work.threads), |progress| show(bar, progress))?;
    let encode_seconds = start.elapsed().saturating_sub(inputs.reading).as_secs_f64();
    bar.finish_and_clear();
    let Inputs { mut compressor, mut out, mut files, mut notices, seconds, .. } = inputs;
    let names: BTreeSet<&str> = files.iter().flat_map(|f| f.variables.iter().map(|v| v.name.as_str())).collect();
    options.bounds.check(names.iter().copied())?;
    options.keep.check(names.iter().copied())?;
    for number in compressor.kept_whole()? {
        if let Some(taken) = files.get_mut(*number) {
            let said = format_args!("{}: kept whole, since it takes less than its variables", taken.name);
            notices.tell("kept whole, since they take less than their variables", said);
            taken.keep_whole();
        }
    }
    let (rest, reports) = compressor.finish()?;
    out.write(&rest)?;
    let archive_bytes = out.finish()? - before;
    tell(&files, &reports, &mut notices);
    notices.end();
    let quick = |report: &&VariableReport| report.level == Some(Level::Balanced);
    if let (Level::Auto, Some(model), Some(first)) = (options.level, &options.model, reports.iter().find(quick)) {
        warn(format_args!(
            "from {:?} on the level is balanced, since the values come to more than {} MiB; {} may be smaller with --level best, which takes several times as long",
            first.name,
            Level::BEST_BYTES >> 20,
            model.name()
        ));
    }
    doubts(&reports);
    Ok(report(output, &files, &reports, (encode_seconds, &seconds), archive_bytes))
}

/// Puts the file of the network into the archive, where that is asked for.
pub(crate) fn embed(args: &EncodeArgs, compressor: &mut Compressor) -> Outcome<()> {
    if args.embed_model
        && args.level.takes_model()
        && let Some(file) = models::file(&args.model)?
    {
        compressor.embed(file)?;
    }
    Ok(())
}

/// How inputs are taken.
struct Rules {
    limits: Limits,
    /// What cannot be kept as asked is refused.
    strict: bool,
    /// Times and permissions are kept.
    times: bool,
    /// Files of the archive that have the same names are replaced.
    update: bool,
}

/// The files to compress, read variable by variable as the threads run out of work, and the archive, written as chunks come back.
struct Inputs<'a> {
    left: std::slice::Iter<'a, Input>,
    /// The file being read, and the number of its next variable.
    current: Option<(&'a Input, Reading, usize)>,
    /// What its variables are.
    roles: Option<Roles>,
    compressor: Compressor,
    out: NewFile,
    notices: Notices,
    rules: Rules,
    files: Vec<Taken>,
    /// Variables added so far, also of files that were given up.
    variables: usize,
    reading: Duration,
    /// What threads spent on each variable, in the order in which they were added.
    seconds: Vec<f64>,
}

/// A file in the archive.
struct Taken {
    name: String,
    /// On disk.
    bytes: u64,
    variables: Vec<Variable>,
}

impl Taken {
    /// Its bytes are the one variable that it has.
    fn keep_whole(&mut self) {
        let bytes = keep(Vec::new());
        let judged = bytes.fields.first().map(|field| (field.name.clone(), Roles::of(&bytes).judge(field)));
        let number = self.variables.first().map_or(usize::MAX, |first| first.number);
        self.variables = judged.into_iter().map(|(name, judgement)| Variable { number, name, judgement }).collect();
    }
}

/// A variable in the archive.
struct Variable {
    /// As the compressor counts.
    number: usize,
    name: String,
    judgement: Judgement,
}

impl<'a> Inputs<'a> {
    /// Reads on; false when all is read.
    fn read(&mut self) -> Outcome<bool> {
        let Some((input, mut file, number)) = self.current.take() else {
            let Some(input) = self.left.next() else { return Ok(false) };
            let file = Reading::open(&input.path, &self.rules.limits)?;
            match file.kept.as_ref().filter(|why| self.rules.strict && why.is_of_damage()) {
                Some(why) => return Err(about(&input.path)(why.clone())),
                None => self.begin(input, file)?,
            }
            return Ok(true);
        };
        let step = if number < file.header().fields.len() { self.add(input, &mut file, number) } else { self.end(input, &mut file) };
        match step {
            Ok(true) => self.current = Some((input, file, number + 1)),
            Ok(false) => {}
            Err(failure) => {
                let whole = self.keep(input, file, failure)?;
                self.compressor.abandon();
                self.files.pop();
                self.begin(input, whole)?;
            }
        }
        Ok(true)
    }

    fn begin(&mut self, input: &'a Input, file: Reading) -> Outcome<()> {
        if let Some(why) = file.kept.clone() {
            // Among thousands of notes the few that are damaged are still told one by one.
            let kind = if why.is_of_damage() { "damaged, and kept byte for byte" } else { "kept byte for byte, not as data" };
            let why = Cause::Core(why);
            self.notices.tell(kind, format_args!("{}: kept byte for byte, not as data: {why}", input.path.display()));
        }
        if self.rules.update {
            self.compressor.remove_named(&input.name);
        }
        self.compressor.begin(file.header().clone(), &input.name).map_err(about(&input.path))?;
        let status = file.status();
        self.compressor.set_status(if self.rules.times { status } else { FileStatus { length: status.length, ..FileStatus::default() } });
        if let Some(bytes) = file.original().filter(|_| !self.rules.strict) {
            self.compressor.set_original(bytes);
        }
        self.files.push(Taken { name: input.name.clone(), bytes: file.length(), variables: Vec::new() });
        self.roles = Some(Roles::of(file.header()));
        self.current = Some((input, file, 0));
        Ok(())
    }

    fn add(&mut self, input: &Input, file: &mut Reading, number: usize) -> Outcome<bool> {
        let variable = file.variable(number).map_err(about(&input.path))?;
        let roles = self.roles.get_or_insert_with(|| Roles::of(file.header()));
        let (name, judgement) = (variable.name.clone(), roles.judge(&variable));
        self.compressor.add_variable(variable).map_err(about(&input.path))?;
        if let Some(taken) = self.files.last_mut() {
            taken.variables.push(Variable { number: self.variables, name, judgement });
        }
        self.variables += 1;
        Ok(true)
    }

    fn end(&mut self, input: &Input, file: &mut Reading) -> Outcome<bool> {
        let layout = file.layout().map_err(about(&input.path))?;
        if file.has_changed() {
            let changed = about(&input.path)(Cause::Changed);
            if self.rules.strict {
                return Err(changed);
            }
            self.notices.tell("changed while they were read", format_args!("{changed}; what is kept may be a mixture of old and new"));
        }
        self.compressor.end(layout).map_err(about(&input.path))?;
        Ok(false)
    }

    /// A file whose contents are not what they claim to be, as it is; the failure itself, where that is no way out.
    fn keep(&self, input: &Input, file: Reading, failure: Failure) -> Outcome<Reading> {
        match failure {
            Failure::About { cause: Cause::Core(why), .. } if !self.rules.strict => file.keep(why, &self.rules.limits).map_err(about(&input.path)),
            failure => Err(failure),
        }
    }
}

/// Tells what variables were taken for otherwise than asked.
fn tell(files: &[Taken], reports: &[VariableReport], notices: &mut Notices) {
    let names = files.iter().flat_map(|file| file.variables.iter().map(|_| &file.name));
    for (file, report) in names.zip(reports) {
        for suspect in &report.suspects {
            let said = said(report.data_type, *suspect);
            notices.tell("values that look like codes for missing", format_args!("{file}: {:?}: {said}", report.name));
        }
        if let Some(why) = &report.unmet {
            notices.tell("variables kept without loss", format_args!("{file}: {:?} kept without loss: {why}", report.name));
        }
    }
}

/// What became of a value that looks like a code for "no data".
fn said(data_type: DataType, Suspect { value, count, taken }: Suspect) -> String {
    let single = data_type == DataType::F32;
    let shown = match value.abs() {
        large if large >= 1e7 && single => format!("{:e}", value as f32),
        large if large >= 1e7 => format!("{value:e}"),
        _ if single => (value as f32).to_string(),
        _ => value.to_string(),
    };
    let many = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    if taken {
        format!("{shown}, found {many}, is taken as missing and kept exactly, though the file does not say so; with --missing none it is data")
    } else {
        format!("{shown}, found {many}, looks like a code for missing, and the file does not say so; with --missing {shown} it is missing")
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

    fn accept(&mut self, Delivery { variable, time, done, .. }: Delivery) -> Outcome<Progress> {
        self.seconds.resize(self.seconds.len().max(variable + 1), 0.0);
        if let Some(total) = self.seconds.get_mut(variable) {
            *total += time.as_secs_f64();
        }
        let progress = self.compressor.accept(done?)?;
        self.out.write(&self.compressor.take_bytes())?;
        Ok(progress)
    }
}

/// What the arguments ask for; where they give no bounds, those that are given here.
pub(crate) fn options(args: &EncodeArgs, otherwise: Option<Bounds>) -> Outcome<Options> {
    let bounds = match &args.bound {
        BoundArgs { abs: Some(e), .. } => ErrorBound::absolute(*e).map(Bounds::from),
        BoundArgs { rel: Some(e), .. } => ErrorBound::relative(*e).map(Bounds::from),
        BoundArgs { bound: Some(list), .. } => list.parse(),
        BoundArgs { lossless: true, .. } => Ok(ErrorBound::Lossless.into()),
        _ => Ok(otherwise.unwrap_or_else(|| {
            warn("no bound is given: measurements get what climate scientists advise, and come back exactly where they are silent (--bound recommended)");
            Wish::Recommended.into()
        })),
    }?;
    let as_data = [bounds.as_data.clone(), args.as_data.clone()].concat();
    Ok(Options {
        level: args.level,
        model: if args.level.takes_model() { models::choose(&args.model)? } else { None },
        base: args.base.into(),
        keep: args.keep.parse()?,
        stable: args.stable,
        coarse: args.coarse,
        tiles: args.tile.clone().unwrap_or_else(|| args.access.clone()),
        unmet: if args.strict { Unmet::Refuse } else { Unmet::Lossless },
        ..Options::new(Bounds { as_data, missing: args.missing, ..bounds })
    })
}

/// Prints what became of the variables of one file.
pub(crate) fn sum_up(json: bool, output: &Path, (file, reports): (&str, &[VariableReport]), time: Duration, archive_bytes: u64) -> Outcome<()> {
    doubts(reports);
    let variables: Vec<VariableJson> = reports.iter().map(|report| VariableJson::new(file, report)).collect();
    let raw_bytes = variables.iter().map(|v| v.raw_bytes).sum();
    let report = Report {
        archive: output.display().to_string(),
        file_bytes: raw_bytes,
        raw_bytes,
        archive_bytes,
        ratio: ratio(raw_bytes, archive_bytes),
        max_abs_error: variables.iter().map(|v| v.max_abs_error).fold(0.0, f64::max),
        encode_seconds: time.as_secs_f64(),
        variables,
    };
    print(json, output, &report)
}

fn report(output: &Path, files: &[Taken], reports: &[VariableReport], (encode_seconds, seconds): (f64, &[f64]), archive_bytes: u64) -> Report {
    let variables = files.iter().flat_map(|f| f.variables.iter().map(|variable| (&f.name, variable)));
    let variables: Vec<VariableJson> = variables
        .zip(reports)
        .map(|((file, variable), report)| VariableJson {
            encode_seconds: Some(seconds.get(variable.number).copied().unwrap_or_default()),
            role: Some(variable.judgement.role.name()),
            why: Some(variable.judgement.why.clone()),
            ..VariableJson::new(file, report)
        })
        .collect();
    let raw_bytes = variables.iter().map(|v| v.raw_bytes).sum();
    Report {
        archive: output.display().to_string(),
        file_bytes: files.iter().map(|f| f.bytes).sum(),
        raw_bytes,
        archive_bytes,
        ratio: ratio(raw_bytes, archive_bytes),
        max_abs_error: variables.iter().map(|v| v.max_abs_error).fold(0.0, f64::max),
        encode_seconds,
        variables,
    }
}

/// Rows of a table that a person may look through.
const ROWS: usize = 200;

fn print(json: bool, output: &Path, report: &Report) -> Outcome<()> {
    let line = format!("{}: {}, {:.2} s", report.archive, sizes(Some(report.file_bytes), report.raw_bytes, report.archive_bytes), report.encode_seconds);
    if is_standard_output(output) {
        warn(line);
        return Ok(());
    }
    if json {
        return print_json(report);
    }
    print_table(&report.variables, ROWS);
    say(line);
    Ok(())
}
