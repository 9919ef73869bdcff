//! `deepcomp append`, `delete`, `rename` and `salvage`: archives that are there already.

use crate::archive_commands::open;
use crate::compress::options;
use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::inputs::{self, Input, Reading};
use crate::models::Shelf;
use crate::output::NewFile;
use crate::protection;
use crate::temporary::Existing;
use crate::terminal::{Notices, progress_bar, say, show, shown, warn};
use crate::threads::{self, Delivery, Jobs};
use crate::{AppendArgs, DeleteArgs, RenameArgs, SalvageArgs};
use deepcomp::archive::{Archive, Compressor, Job, Progress, salvage};
use deepcomp::codec::Options;
use deepcomp::field::{Bounds, ErrorBound};
use deepcomp::network::model::Models;
use deepcomp::{Limits, Source};
use std::collections::VecDeque;
use std::path::Path;

pub(crate) fn append(args: &AppendArgs) -> Outcome<()> {
    let limits = args.encode.work.limits();
    let (_, archive) = open(&args.archive, &limits)?;
    let file = grown(args, &archive)?;
    let reports = archive.variables(file).map_err(about(&args.archive))?;
    let bounds = if args.encode.bound.is_given() { None } else { Some(archive.bounds(file).map_err(about(&args.archive))?) };
    let mut options = options(&args.encode, bounds)?;
    options.stable |= reports.iter().any(|report| report.stable);
    let models: Models = options.model.iter().cloned().collect();
    let bar = progress_bar();
    let mut notices = Notices::new(&bar);
    let all = inputs::find(&args.inputs, Identity::of(&args.archive), &mut notices)?;
    // Before the archive is touched.
    let compressor = Compressor::resume(&archive, &options);
    let out = NewFile::grow(&args.archive, &archive)?;
    let mut more = More { left: all.iter(), current: None, compressor, out, to: (file, args.along.as_deref()), limits };
    threads::run(&mut more, &models, threads::count(args.encode.work.threads), |progress| show(&bar, progress))?;
    bar.finish_and_clear();
    notices.end();
    let More { compressor, mut out, .. } = more;
    out.write(&compressor.finish()?.0)?;
    let (before, after) = (archive.end(), out.finish()?);
    let name = archive.files().nth(file).unwrap_or_default();
    say(format_args!("{}: {} added to {}, {before} -> {after} bytes", args.archive.display(), shown_inputs(&all), shown(name)));
    Ok(())
}

/// The file in the archive that is added to: the one that was named, or the only one.
fn grown(args: &AppendArgs, archive: &Archive) -> Outcome<usize> {
    let names: Vec<String> = archive.files().map(str::to_owned).collect();
    match (&args.to, names.as_slice()) {
        (Some(name), _) => numbered(&args.archive, archive, name),
        (None, [_]) => Ok(0),
        (None, _) => Err(about(&args.archive)(Cause::WhichFile(names))),
    }
}

fn numbered(path: &Path, archive: &Archive, name: &str) -> Outcome<usize> {
    let missing = || Cause::NoSuchFile { name: name.to_owned(), files: archive.files().map(str::to_owned).collect() };
    archive.files().position(|file| file == name).ok_or_else(|| about(path)(missing()))
}

/// The files that more comes out of, read variable by variable as the threads run out of work.
struct More<'a> {
    left: std::slice::Iter<'a, Input>,
    /// The file being read, and its variables that were not.
    current: Option<(&'a Input, Reading, VecDeque<usize>)>,
    compressor: Compressor,
    out: NewFile,
    /// The file in the archive, and the dimension along which it grows.
    to: (usize, Option<&'a str>),
    limits: Limits,
}

impl More<'_> {
    /// Reads on; false when all is read.
    fn read(&mut self) -> Outcome<bool> {
        let Some((input, mut file, mut numbers)) = self.current.take() else {
            let Some(input) = self.left.next() else { return Ok(false) };
            let file = Reading::open(&input.path, &self.limits)?;
            if file.kept.is_some() {
                return Err(about(&input.path)(Cause::NotAsData));
            }
            let (to, along) = self.to;
            let numbers = self.compressor.begin_sections(file.header().clone(), to, along).map_err(about(&input.path))?;
            self.current = Some((input, file, numbers.into()));
            return Ok(true);
        };
        match numbers.pop_front() {
            Some(number) => {
                let variable = file.variable(number).map_err(about(&input.path))?;
                self.compressor.add_section(variable).map_err(about(&input.path))?;
                self.current = Some((input, file, numbers));
            }
            None if file.has_changed() => return Err(about(&input.path)(Cause::Changed)),
            None => self.compressor.end(Vec::new()).map_err(about(&input.path))?,
        }
        Ok(true)
    }
}

impl Jobs for More<'_> {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        loop {
            if let Some(job) = self.compressor.next_job() {
                return Ok(Some((0, job)));
            }
            if !self.read()? {
                return Ok(None);
            }
        }
    }

    fn accept(&mut self, Delivery { done, .. }: Delivery) -> Outcome<Progress> {
        let progress = self.compressor.accept(done?)?;
        self.out.write(&self.compressor.take_bytes())?;
        Ok(progress)
    }
}

pub(crate) fn delete(args: &DeleteArgs) -> Outcome<()> {
    edit(&args.archive, |archive, compressor| {
        for name in &args.names {
            let file = numbered(&args.archive, archive, name)?;
            compressor.remove(file).map_err(about(&args.archive))?;
        }
        Ok(())
    })
}

pub(crate) fn rename(args: &RenameArgs) -> Outcome<()> {
    edit(&args.archive, |archive, compressor| {
        let file = numbered(&args.archive, archive, &args.from)?;
        compressor.rename(file, &args.to).map_err(about(&args.archive))
    })
}

/// Changes what the index of an archive says.
fn edit(path: &Path, change: impl FnOnce(&Archive, &mut Compressor) -> Outcome<()>) -> Outcome<()> {
    let (_, archive) = open(path, &Limits::default())?;
    let mut compressor = Compressor::resume(&archive, &Options::new(Bounds::from(ErrorBound::Lossless)));
    change(&archive, &mut compressor)?;
    let mut out = NewFile::grow(path, &archive)?;
    out.write(&compressor.finish()?.0)?;
    out.finish()?;
    Ok(())
}

pub(crate) fn salvaged(args: &SalvageArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    let origin = protection::open_damaged(&args.archive, &limits, &args.passphrase)?;
    let shelf = Shelf::open(&args.models)?;
    let found = salvage(&origin, &limits, &shelf.models).map_err(|error| about(&args.archive)(shelf.explain(error)))?;
    if found.variables.iter().all(|v| !v.is_in) {
        return Err(about(&args.archive)(Cause::NothingWhole));
    }
    if Identity::of(&args.archive).is_some_and(|own| Some(own) == Identity::of(&args.output)) {
        return Err(about(&args.output)(Cause::IsInput));
    }
    let mut out = NewFile::create(&args.output, Existing::Replace)?;
    out.write(&found.bytes)?;
    out.finish()?;
    for v in found.variables.iter().filter(|v| !v.is_in || v.whole < v.chunks) {
        let (file, name) = (shown(&v.file), shown(&v.variable));
        match v.is_in {
            true => warn(format_args!("{file}: {name}: {} of {} chunks are lost, and missing values now", v.chunks - v.whole, v.chunks)),
            false => warn(format_args!("{file}: {name}: not there, {} of {} chunks are lost", v.chunks - v.whole, v.chunks)),
        }
    }
    if found.unknown > 0 {
        warn(format_args!("{} chunks are whole, and nothing says what they are", found.unknown));
    }
    let (whole, all) = (found.variables.iter().filter(|v| v.is_in && v.whole == v.chunks).count(), found.variables.len());
    let line = format!("{}: {whole} of {all} variables are whole, {} of {} bytes are damaged", args.output.display(), found.damaged, origin.length());
    if crate::output::is_standard_output(&args.output) {
        warn(line)
    } else {
        say(line)
    }
    Ok(())
}

/// The names of inputs, as far as a line has room.
fn shown_inputs(all: &[Input]) -> String {
    match all {
        [one] => one.path.display().to_string(),
        [first, .., last] => format!("{} … {} ({} files)", first.path.display(), last.path.display(), all.len()),
        [] => String::new(),
    }
}
