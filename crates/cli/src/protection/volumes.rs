//! `deepcomp split` and `join`, and volumes that are read as one.

use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::inputs::{Origin, Wrapped};
use crate::output::NewFile;
use crate::program;
use crate::temporary::Existing;
use crate::terminal::say;
use clap::Args;
use deepcomp::{Error, Limits, Source};
use deepcomp_protection::Outer;
use deepcomp_protection::volumes::{MOST, Volumes, archive_of, name, ranges};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes that are copied at a time.
const BLOCK: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct SplitArgs {
    /// The archive; it stays. Its volumes get its name and .001, .002, … behind it; list, test and extract take the first as they take an archive.
    archive: PathBuf,
    /// Bytes of a volume, as in 100M.
    #[arg(long, value_name = "BYTES", value_parser = program::amount)]
    size: u64,
    /// The folder to write them into; that of the archive when absent.
    #[arg(short = 'C', long, value_name = "FOLDER")]
    directory: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct JoinArgs {
    /// The first volume, whose name ends in .001.
    first: PathBuf,
    /// The archive to write; its own name when absent, if nothing has it.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

pub(crate) fn split(args: &SplitArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let origin = Origin::open(path, &Limits::default())?;
    Outer::read(&origin).map_err(about(path))?;
    let stem = path.file_name().and_then(OsStr::to_str).ok_or_else(|| about(path)(Cause::NotAFile))?;
    let folder = args.directory.as_deref().or(path.parent()).unwrap_or(Path::new(""));
    let mut volumes = Vec::new();
    for (range, number) in ranges(origin.length(), args.size).map_err(about(path))?.zip(1..) {
        let volume = folder.join(name(stem, number));
        let mut out = NewFile::create(&volume, Existing::Keep)?;
        copy((path, &origin), range, &mut out)?;
        out.finish()?;
        volumes.push(volume);
    }
    let shown = |volume: Option<&PathBuf>| volume.map_or_else(String::new, |volume| volume.display().to_string());
    say(format_args!("{} … {}: {} volumes", shown(volumes.first()), shown(volumes.last()), volumes.len()));
    Ok(())
}

pub(crate) fn join(args: &JoinArgs) -> Outcome<()> {
    let first = args.first.as_path();
    let archive = archive_name(first).ok_or_else(|| about(first)(Cause::NotFirstVolume))?;
    let (origin, next) = open(first, &Limits::default())?;
    // Whoever closed the superblock said how long all is.
    Outer::read(&origin).map_err(|error| match (error, next) {
        (Error::Truncated { .. }, Some(name)) => about(first)(Error::Volume { name, what: "is missing" }),
        (error, _) => about(first)(error),
    })?;
    let own = first.with_file_name(archive);
    let (output, existing) = args.output.as_deref().map_or((own.as_path(), Existing::Keep), |output| (output, Existing::Replace));
    if Identity::of(first).is_some_and(|own| Some(own) == Identity::of(output)) {
        return Err(about(output)(Cause::IsInput));
    }
    let mut out = NewFile::create(output, existing)?;
    copy((first, &origin), 0..origin.length(), &mut out)?;
    let length = out.finish()?;
    say(format_args!("{}: {length} bytes", output.display()));
    Ok(())
}

fn copy((path, source): (&Path, &Origin), range: std::ops::Range<u64>, out: &mut NewFile) -> Outcome<()> {
    let mut at = range.start;
    while at < range.end {
        let mut block = vec![0; BLOCK.min(range.end - at) as usize];
        source.read(at, &mut block).map_err(about(path))?;
        out.write(&block)?;
        at += block.len() as u64;
    }
    Ok(())
}

fn archive_name(first: &Path) -> Option<&str> {
    first.file_name().and_then(OsStr::to_str).and_then(archive_of)
}

/// A file, or all volumes of which it is the first, and then the name of the one that would come next.
pub(crate) fn open(path: &Path, limits: &Limits) -> Outcome<(Origin, Option<String>)> {
    let first = Origin::open(path, limits)?;
    let Some(archive) = archive_name(path).filter(|_| !matches!(first, Origin::Network(_))) else { return Ok((first, None)) };
    let mut parts = vec![first];
    let at = |number| path.with_file_name(name(archive, number));
    while let number @ 2..=MOST = parts.len() as u64 + 1
        && at(number).exists()
    {
        parts.push(Origin::open(&at(number), limits)?);
    }
    let next = name(archive, parts.len() as u64 + 1);
    if at(parts.len() as u64 + 2).exists() {
        return Err(about(path)(Error::Volume { name: next, what: "is missing" }));
    }
    let volumes = Volumes::new(parts, archive).map_err(about(path))?;
    Ok((Origin::Through(Wrapped(Rc::new(volumes))), Some(next)))
}
