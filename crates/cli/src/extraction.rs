//! The folder that files are extracted into: nothing is written outside it, and nothing that is there is lost.

use crate::ExtractArgs;
use crate::contents::{Outputs, outputs};
use crate::failure::{Cause, Failure, Outcome, about};
use crate::identity::Identity;
use crate::names::Names;
use crate::output::NewFile;
use crate::temporary::{Existing, sync_all_below};
use crate::terminal::{Notices, say_path, warn};
use deepcomp::archive::{Archive, FileStatus};
use deepcomp::field::Dataset;
use deepcomp::formats::Format;
use indicatif::ProgressBar;
use std::fs::{File, FileTimes};
use std::io::{self, ErrorKind, IsTerminal};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is done with files that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    Never,
    Ask,
    Always,
}

/// The folder, and what goes into it.
pub(crate) struct Folder<'a> {
    path: &'a Path,
    /// Without links.
    real: PathBuf,
    archive: &'a Archive,
    archive_file: Option<Identity>,
    names: Names,
    format: Option<&'static Format>,
    overwrite: Overwrite,
    notices: Notices,
    bar: ProgressBar,
}

impl<'a> Folder<'a> {
    pub(crate) fn open(args: &'a ExtractArgs, archive: &'a Archive, bar: &ProgressBar) -> Outcome<Self> {
        let path = args.directory.as_path();
        std::fs::create_dir_all(path).map_err(about(path))?;
        let overwrite = match args.force {
            true => Overwrite::Always,
            false if io::stdin().is_terminal() && io::stderr().is_terminal() => Overwrite::Ask,
            false => Overwrite::Never,
        };
        Ok(Self {
            path,
            real: path.canonicalize().map_err(about(path))?,
            archive,
            archive_file: Identity::of(&args.archive),
            names: Names::of(archive.files()),
            format: args.format,
            overwrite,
            notices: Notices::new(bar),
            bar: bar.clone(),
        })
    }

    /// Writes what a file of the archive comes to. What cannot be written is no hindrance to the rest.
    ///
    /// A part of a file is no longer of its format, and written as NetCDF where no other is named.
    pub(crate) fn put(&mut self, file: usize, dataset: &Dataset, is_part: bool) -> Vec<Failure> {
        let Some(own) = self.names.own(file).map(Path::to_owned) else {
            return vec![self.names.failure(file).unwrap_or_else(|| Cause::Internal("a file without a name").into())];
        };
        if self.names.is_replaced(file) {
            let stored = self.archive.files().nth(file).unwrap_or_default();
            self.notices.tell("called otherwise here", format_args!("{stored}: called {} here, since this system has no such names", own.display()));
        }
        let status = match self.archive.status(file) {
            Ok(status) => status,
            Err(error) => return vec![about(&own)(error)],
        };
        let Outputs { files, failed, left_out } = outputs(dataset, &own, self.format.or_else(|| Format::named("netcdf").filter(|_| is_part)));
        for what in left_out {
            self.notices.tell("left out of what was written", format_args!("{}: left out: {what}", own.display()));
        }
        let mut failures: Vec<Failure> = failed.into_iter().map(|(path, error)| about(&path)(error)).collect();
        for (wanted, content) in files {
            let path = self.names.give(file, &wanted);
            if path != wanted {
                let why = "since another file of the archive has that name";
                self.notices.tell("written under longer names", format_args!("{}: written as {}, {why}", wanted.display(), path.display()));
            }
            failures.extend(self.write(&path, &content, status).err());
        }
        failures
    }

    fn write(&mut self, relative: &Path, content: &[u8], status: FileStatus) -> Outcome<()> {
        let path = self.path.join(relative);
        self.make_folders(relative)?;
        let existing = self.existing(&path)?;
        let mut new = NewFile::create(&path, existing)?;
        new.write(content)?;
        if let Some(file) = new.file() {
            set_status(file, status).map_err(about(&path))?;
        }
        new.finish()?;
        say_path(&path);
        Ok(())
    }

    /// Makes the folders that a path goes through. None of them may be a link that leads out.
    fn make_folders(&self, relative: &Path) -> Outcome<()> {
        let mut path = self.path.to_owned();
        for part in relative.parent().into_iter().flat_map(Path::components) {
            path.push(part);
            match std::fs::create_dir(&path) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(about(&path)(error)),
                _ => self.check_inside(&path)?,
            }
        }
        Ok(())
    }

    fn check_inside(&self, path: &Path) -> Outcome<()> {
        let leads_to = path.canonicalize().map_err(about(path))?;
        if leads_to.starts_with(&self.real) { Ok(()) } else { Err(about(path)(Cause::Outside)) }
    }

    /// Whether a file may take the place of what has its name.
    fn existing(&mut self, path: &Path) -> Outcome<Existing> {
        let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(Existing::Keep) };
        if metadata.is_symlink() {
            self.check_inside(path)?;
        }
        if Identity::of(path).is_some_and(|id| Some(id) == self.archive_file) {
            return Err(about(path)(Cause::IsArchive));
        }
        if !std::fs::metadata(path).map_err(about(path))?.is_file() {
            return Err(about(path)(Cause::NotAFile));
        }
        if self.may_overwrite(path) { Ok(Existing::Replace) } else { Err(about(path)(Cause::Exists)) }
    }

    fn may_overwrite(&mut self, path: &Path) -> bool {
        if self.overwrite != Overwrite::Ask {
            return self.overwrite == Overwrite::Always;
        }
        let mut answer = String::new();
        let read = self.bar.suspend(|| {
            warn(format_args!("{} exists; overwrite it? (y)es, (n)o, (a)ll, n(o)ne", path.display()));
            io::stdin().read_line(&mut answer)
        });
        match answer.trim() {
            "a" | "all" => self.overwrite = Overwrite::Always,
            "o" | "none" => self.overwrite = Overwrite::Never,
            _ if read.is_err() || answer.is_empty() => self.overwrite = Overwrite::Never,
            _ => {}
        }
        matches!(answer.trim(), "y" | "yes" | "a" | "all")
    }

    /// Puts everything on the disk, and tells what was not told.
    pub(crate) fn end(mut self) -> Outcome<()> {
        self.notices.end();
        sync_all_below(self.path).map_err(about(self.path))
    }
}

fn set_status(file: &File, status: FileStatus) -> io::Result<()> {
    if status.executable {
        make_executable(file)?;
    }
    match status.modified.and_then(|(seconds, nanoseconds)| moment(seconds, nanoseconds)) {
        Some(time) => file.set_times(FileTimes::new().set_modified(time)),
        None => Ok(()),
    }
}

/// None where the system has no such time.
fn moment(seconds: i64, nanoseconds: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 { UNIX_EPOCH.checked_sub(whole) } else { UNIX_EPOCH.checked_add(whole) };
    time.filter(|_| nanoseconds < 1_000_000_000)?.checked_add(Duration::from_nanos(nanoseconds.into()))
}

/// Whoever may read it may run it.
#[cfg(unix)]
fn make_executable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    file.set_permissions(PermissionsExt::from_mode(mode | (mode & 0o444) >> 2))
}

#[cfg(not(unix))]
fn make_executable(_: &File) -> io::Result<()> {
    Ok(())
}
