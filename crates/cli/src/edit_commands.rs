//! `deepcomp append`, `delete`, `rename`, `comment`, `embed`, `merge`, `compact` and `salvage`: archives that are there already.

use crate::archive_commands::open;
use crate::compress::{self, options};
use crate::failure::{Cause, Failure, Outcome, about};
use crate::identity::Identity;
use crate::inputs::{self, Input, Origin, Reading};
use crate::models::Shelf;
use crate::output::{self, NewFile, is_standard_output};
use crate::protection;
use crate::temporary::Existing;
use crate::terminal::{Notices, progress_bar, say, show, shown, warn};
use crate::threads::{self, Delivery, Jobs};
use crate::{AppendArgs, CommentArgs, CompactArgs, DeleteArgs, EmbedArgs, MergeArgs, RenameArgs, SalvageArgs};
use deepcomp::archive::{Archive, Compressor, Job, Progress, merge, salvage};
use deepcomp::codec::Options;
use deepcomp::field::{Bounds, ErrorBound};
use deepcomp::network::model::Models;
use deepcomp::{Limits, Source};
use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

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
    let mut compressor = Compressor::resume(&archive, &options);
    compress::embed(&args.encode, &mut compressor)?;
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

pub(crate) fn comment(args: &CommentArgs) -> Outcome<()> {
    let text = match (&args.set, &args.file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => text_of(file)?,
        (None, None) if args.remove => String::new(),
        (None, None) => {
            let (_, archive) = open(&args.archive, &Limits::default())?;
            archive.comment().map(str::lines).into_iter().flatten().for_each(say);
            return Ok(());
        }
    };
    edit(&args.archive, |_, compressor| compressor.set_comment(&text).map_err(about(&args.archive)))
}

pub(crate) fn embed(args: &EmbedArgs) -> Outcome<()> {
    let shelf = Shelf::open(&args.models)?;
    edit(&args.archive, |archive, compressor| {
        for model in archive.models() {
            if archive.embedded().all(|embedded| embedded != model) {
                compressor.embed(shelf.weights(model).map_err(about(&args.archive))?.to_vec()).map_err(about(&args.archive))?;
            }
        }
        Ok(())
    })
}

/// What a file says that is text.
fn text_of(path: &Path) -> Outcome<String> {
    let bytes = inputs::read(path, &Limits::default())?;
    String::from_utf8(bytes).map_err(|_| about(path)(Cause::NotText))
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

pub(crate) fn merged(args: &MergeArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    for path in &args.archives {
        not_the_input(path, &args.output)?;
    }
    let archives = args.archives.iter().map(|path| bare(path, &limits)).collect::<Outcome<Vec<_>>>()?;
    check_names(&args.archives, &archives)?;
    let before = archives.iter().map(|(origin, _)| origin.length()).sum::<u64>();
    let mut out = NewFile::create(&args.output, Existing::Replace)?;
    merge(&archives, &limits, |bytes| out.write(bytes))?;
    let after = out.finish()?;
    let files = archives.iter().map(|(_, archive)| archive.files().count()).sum::<usize>();
    let line = format!("{}: {files} files of {} archives, {before} -> {after} bytes", args.output.display(), archives.len());
    if is_standard_output(&args.output) {
        warn(line)
    } else {
        say(line)
    }
    Ok(())
}

pub(crate) fn compact(args: &CompactArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    let archives = [bare(&args.archive, &limits)?];
    let [(origin, archive)] = &archives;
    // No other program adds to what is about to be replaced.
    let (_held, before) = (output::claim(&args.archive, archive)?, origin.length());
    let mut out = NewFile::create(&args.archive, Existing::Replace)?;
    merge(&archives, &limits, |bytes| out.write(bytes)).map_err(|failure| named(&args.archive, failure))?;
    say(format_args!("{}: {before} -> {} bytes", args.archive.display(), out.finish()?));
    Ok(())
}

/// An archive of which nothing is kept in memory but its index: there may be many.
fn bare(path: &Path, limits: &Limits) -> Outcome<(Origin, Archive)> {
    let origin = Origin::bare(path, limits)?;
    let archive = Archive::open(&origin, limits).map_err(about(path))?;
    Ok((origin, archive))
}

/// Names the two archives that have a file of one name.
fn check_names(paths: &[PathBuf], archives: &[(Origin, Archive)]) -> Outcome<()> {
    let mut before: HashMap<&str, &Path> = HashMap::new();
    for (path, (_, archive)) in paths.iter().zip(archives) {
        if let Some((name, first)) = archive.files().find_map(|name| before.get(name).map(|first| (name, *first))) {
            return Err(about(path)(Cause::SameName { name: name.to_owned(), first: first.to_owned() }));
        }
        before.extend(archive.files().map(|name| (name, path.as_path())));
    }
    Ok(())
}

/// A failure of the core, with the archive that it is about.
fn named(path: &Path, failure: Failure) -> Failure {
    match failure {
        Failure::Plain(cause) => about(path)(cause),
        failure => failure,
    }
}

/// Refuses to write what is read.
fn not_the_input(input: &Path, output: &Path) -> Outcome<()> {
    if Identity::of(input).is_some_and(|own| Some(own) == Identity::of(output)) { Err(about(output)(Cause::IsInput)) } else { Ok(()) }
}

pub(crate) fn salvaged(args: &SalvageArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    let origin = protection::open_damaged(&args.archive, &limits, &args.passphrase)?;
    let shelf = Shelf::open(&args.models)?;
    let found = salvage(&origin, &limits, &shelf.models).map_err(|error| about(&args.archive)(shelf.explain(error)))?;
    if found.variables.iter().all(|v| !v.is_in) {
        return Err(about(&args.archive)(Cause::NothingWhole));
    }
    not_the_input(&args.archive, &args.output)?;
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
    if is_standard_output(&args.output) {
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
