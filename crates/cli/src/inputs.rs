//! The files that arguments name: themselves, and all that folders hold; opened, to be read variable by variable.

use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::names;
use crate::remote::{Remote, is_address};
use crate::terminal::{Notices, warn};
use deepcomp::Source;
use deepcomp::archive::{FileStatus, MOST_ORIGINAL};
use deepcomp::field::{Dataset, Field};
use deepcomp::formats::OpenFile;
use deepcomp::{Error, Limits};
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A file to compress, and what the archive calls it.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Its own name, with those of the folders below the one that was named, divided by `/`.
    pub(crate) name: String,
}

/// What the archive calls what comes through standard input.
const STANDARD_INPUT: &str = "stdin";

/// The files in the order of the arguments; those of folders by name. `output` is left out, and refused where it was named itself. What is left out is told.
pub(crate) fn find(arguments: &[PathBuf], output: Option<Identity>, notices: &mut Notices) -> Outcome<Vec<Input>> {
    let mut search = Search { output, notices, found: Vec::new() };
    for path in arguments {
        search.add(path)?;
    }
    if search.found.is_empty() { Err(Cause::NothingFound.into()) } else { Ok(search.found) }
}

struct Search<'a> {
    output: Option<Identity>,
    notices: &'a mut Notices,
    found: Vec<Input>,
}

impl Search<'_> {
    fn add(&mut self, path: &Path) -> Outcome<()> {
        if is_standard_input(path) {
            self.found.push(Input { path: path.to_owned(), name: STANDARD_INPUT.to_owned() });
            return Ok(());
        }
        let metadata = std::fs::metadata(path).map_err(|e| if e.kind() == io::ErrorKind::NotFound { about(path)(Cause::Missing) } else { about(path)(e) })?;
        if self.output.is_some() && self.output == Identity::of(path) {
            return Err(about(path)(Cause::IsInput));
        }
        if metadata.is_dir() {
            let name = path.canonicalize().map_err(about(path))?.file_name().map(names::stored);
            return self.walk(path, &name.ok_or_else(|| about(path)(Cause::Missing))?);
        }
        let name = path.file_name().map(names::stored).ok_or_else(|| about(path)(Cause::Missing))?;
        self.found.push(Input { path: path.to_owned(), name });
        Ok(())
    }

    fn walk(&mut self, folder: &Path, name: &str) -> Outcome<()> {
        let mut entries = std::fs::read_dir(folder).map_err(about(folder))?.collect::<Result<Vec<_>, _>>().map_err(about(folder))?;
        if entries.is_empty() {
            self.leave_out(folder, "an empty folder");
        }
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let (path, kind) = (entry.path(), entry.file_type().map_err(about(&entry.path()))?);
            let name = format!("{name}/{}", names::stored(&entry.file_name()));
            match () {
                () if kind.is_dir() => self.walk(&path, &name)?,
                () if self.output.is_some() && self.output == Identity::of(&path) => self.leave_out(&path, "the archive being written"),
                () if kind.is_symlink() => self.follow(path, name),
                () if kind.is_file() => self.found.push(Input { path, name }),
                () => self.leave_out(&path, "a pipe, socket or device"),
            }
        }
        Ok(())
    }

    /// A link in a folder stands for the file it leads to. Links to folders could lead round in a circle.
    fn follow(&mut self, path: PathBuf, name: String) {
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                self.notices.tell("links, taken as the files they lead to", format_args!("{}: a link, taken as the file it leads to", path.display()));
                self.found.push(Input { path, name });
            }
            Ok(metadata) if metadata.is_dir() => self.leave_out(&path, "a link to a folder"),
            Ok(_) => self.leave_out(&path, "a link to a pipe, socket or device"),
            Err(_) => self.leave_out(&path, "a link that leads nowhere"),
        }
    }

    fn leave_out(&mut self, path: &Path, what: &str) {
        self.notices.tell("left out", format_args!("left out: {}, {what}", path.display()));
    }
}

pub(crate) fn is_standard_input(path: &Path) -> bool {
    [Path::new("-"), Path::new("/dev/stdin"), Path::new("/dev/fd/0")].contains(&path)
}

/// A file that is read variable by variable, and what the system said of it when it was opened.
pub(crate) struct Reading {
    file: OpenFile,
    origin: Origin,
    /// Why it is kept byte for byte, if it is.
    pub(crate) kept: Option<Error>,
}

impl Reading {
    /// Opens a data file, or takes one of another kind, or a damaged one, as it is.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Outcome<Self> {
        let origin = Origin::open(path, limits)?;
        let name = if is_standard_input(path) { STANDARD_INPUT.into() } else { path.file_name().unwrap_or_default().to_string_lossy() };
        let (file, kept) = OpenFile::open_any(origin.clone(), &name, limits).map_err(about(path))?;
        Ok(Self { file, origin, kept })
    }

    /// The file as it is now, since it is not the data that it claims to be.
    pub(crate) fn keep(self, why: Error, limits: &Limits) -> deepcomp::Result<Self> {
        Ok(Self { file: OpenFile::keep(self.origin.clone(), &why, limits)?, origin: self.origin, kept: Some(why) })
    }

    pub(crate) fn header(&self) -> &Dataset {
        self.file.header()
    }

    pub(crate) fn variable(&mut self, number: usize) -> deepcomp::Result<Field> {
        self.file.variable(number)
    }

    pub(crate) fn layout(&mut self) -> deepcomp::Result<Vec<u8>> {
        self.file.layout()
    }

    /// All its bytes, where it is data that is short enough to be kept whole.
    pub(crate) fn original(&self) -> Option<Arc<Vec<u8>>> {
        let Origin::Memory { bytes, .. } = &self.origin else { return None };
        Some(bytes).filter(|bytes| bytes.len() <= MOST_ORIGINAL && self.kept.is_none()).cloned()
    }

    /// Whether something wrote to the file since it was opened.
    pub(crate) fn has_changed(&self) -> bool {
        self.origin.handle().is_some_and(|(file, then)| file.metadata().is_ok_and(|now| now.len() != then.len() || now.modified().ok() != then.modified().ok()))
    }

    /// Bytes it has on disk, or that came through a pipe.
    pub(crate) fn length(&self) -> u64 {
        self.origin.length()
    }

    pub(crate) fn status(&self) -> FileStatus {
        let metadata = self.origin.handle().map(|(_, metadata)| metadata);
        FileStatus {
            modified: metadata.and_then(|m| m.modified().ok()).and_then(since_1970),
            executable: metadata.is_some_and(is_executable),
            length: Some(self.length()),
        }
    }
}

/// Seconds, rounded down, and nanoseconds.
fn since_1970(time: SystemTime) -> Option<(i64, u32)> {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Some((after.as_secs().try_into().ok()?, after.subsec_nanos())),
        Err(before) => {
            let before = before.duration();
            let seconds = i64::try_from(before.as_secs()).ok()?;
            if before.subsec_nanos() == 0 { Some((-seconds, 0)) } else { Some((-seconds - 1, 1_000_000_000 - before.subsec_nanos())) }
        }
    }
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
const fn is_executable(_: &Metadata) -> bool {
    false
}

/// Reads a whole file, such as an archive or a model, or what comes through a pipe.
pub(crate) fn read(path: &Path, limits: &Limits) -> Outcome<Vec<u8>> {
    if is_standard_input(path) {
        return read_to_end(&mut io::stdin(), path, limits);
    }
    let file = open(path)?;
    read_to_end(&mut &file, path, limits)
}

fn open(path: &Path) -> Outcome<File> {
    let metadata = std::fs::metadata(path).map_err(about(path))?;
    refuse_devices(path, &metadata)?;
    File::open(path).map_err(about(path))
}

#[cfg(unix)]
fn refuse_devices(path: &Path, metadata: &Metadata) -> Outcome<()> {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    if kind.is_socket() {
        return Err(about(path)(Cause::Socket));
    }
    if kind.is_char_device() || kind.is_block_device() {
        return Err(about(path)(Cause::Device));
    }
    if kind.is_fifo() && !path.starts_with("/dev/fd") && !path.starts_with("/proc") {
        warn(format_args!("{}: a pipe, read until whoever writes it ends", path.display()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_devices(_: &Path, _: &Metadata) -> Outcome<()> {
    Ok(())
}

/// All that comes, if it is not more than may be decoded.
fn read_to_end(from: &mut impl Read, path: &Path, limits: &Limits) -> Outcome<Vec<u8>> {
    let limit = limits.decoded_bytes;
    let mut bytes = Vec::new();
    from.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(about(path))?;
    if bytes.len() as u64 > limit { Err(about(path)(Cause::TooMuch { limit })) } else { Ok(bytes) }
}

/// Where bytes of a file come from: a disk, what the system said of it at first beside it; memory, of a short file or of what came through a pipe; or an address.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    Network(Rc<Remote>),
    File {
        file: Rc<File>,
        metadata: Metadata,
    },
    Memory {
        bytes: Arc<Vec<u8>>,
        file: Option<(Rc<File>, Metadata)>,
    },
    /// Through whatever is around an archive.
    Through(Wrapped),
}

/// What is around an archive and is read as if it were not.
#[derive(Clone)]
pub(crate) struct Wrapped(pub(crate) Rc<dyn Source>);

impl std::fmt::Debug for Wrapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wrapped").finish_non_exhaustive()
    }
}

impl Origin {
    /// As [`Self::open`], but of a file on disk nothing is read before it is asked for.
    pub(crate) fn bare(path: &Path, limits: &Limits) -> Outcome<Self> {
        match Self::open(path, limits)? {
            Self::Memory { file: Some((file, metadata)), .. } if metadata.len() > 0 => Ok(Self::File { file, metadata }),
            origin => Ok(origin),
        }
    }

    /// Files that give no length, as those of `/proc`, are read to their end, and so are those that may be kept whole: all of them is wanted then, besides their values.
    pub(crate) fn open(path: &Path, limits: &Limits) -> Outcome<Self> {
        if let Some(address) = path.to_str().filter(|_| is_address(path)) {
            return Ok(Self::Network(Remote::open(address, limits).map_err(Cause::Remote)?.into()));
        }
        if is_standard_input(path) {
            return Ok(Self::Memory { bytes: read_to_end(&mut io::stdin(), path, limits)?.into(), file: None });
        }
        let file = Rc::new(open(path)?);
        let metadata = file.metadata().map_err(about(path))?;
        if metadata.is_file() && metadata.len() > 0 {
            return Ok(match short(&file, &metadata) {
                Some(bytes) => Self::Memory { bytes: bytes.into(), file: Some((file, metadata)) },
                None => Self::File { file, metadata },
            });
        }
        let bytes = read_to_end(&mut &*file, path, limits)?.into();
        Ok(Self::Memory { bytes, file: metadata.is_file().then_some((file, metadata)) })
    }

    fn handle(&self) -> Option<(&File, &Metadata)> {
        match self {
            Self::File { file, metadata } => Some((file, metadata)),
            Self::Network(_) | Self::Through(_) => None,
            Self::Memory { file, .. } => file.as_ref().map(|(file, metadata)| (&**file, metadata)),
        }
    }
}

/// The bytes of a file that is short enough to be kept whole; `None` also where they cannot be had, of which reading it bit by bit tells more.
fn short(mut file: &File, metadata: &Metadata) -> Option<Vec<u8>> {
    let length = usize::try_from(metadata.len()).ok().filter(|length| *length <= MOST_ORIGINAL)?;
    let mut bytes = Vec::with_capacity(length);
    file.by_ref().take(length as u64).read_to_end(&mut bytes).ok().filter(|read| *read == length).map(|_| bytes)
}

impl Source for Origin {
    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Memory { bytes, .. } => Some(bytes),
            Self::Network(remote) => remote.bytes(),
            Self::File { .. } | Self::Through(_) => None,
        }
    }

    fn length(&self) -> u64 {
        match self {
            Self::Network(remote) => remote.length(),
            Self::Through(Wrapped(source)) => source.length(),
            // As it is now: what was cut short since it was opened can still be kept as it is.
            Self::File { file, metadata } => file.metadata().map_or(metadata.len(), |now| now.len()),
            Self::Memory { bytes, .. } => bytes.len() as u64,
        }
    }

    fn prepare(&self, ranges: &[Range<u64>]) {
        match self {
            Self::Network(remote) => remote.prepare(ranges),
            Self::Through(Wrapped(source)) => source.prepare(ranges),
            Self::File { .. } | Self::Memory { .. } => {}
        }
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        match self {
            Self::Network(remote) => remote.read(at, into),
            Self::Through(Wrapped(source)) => source.read(at, into),
            Self::File { file, .. } => {
                let mut file = &**file;
                file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(into)).map_err(|e| Error::Unreadable { what: e.to_string() })
            }
            Self::Memory { bytes, .. } => bytes.read(at, into),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_before_1970_round_down() {
        let at = |nanos: i64| if nanos < 0 { UNIX_EPOCH - Duration::from_nanos(nanos.unsigned_abs()) } else { UNIX_EPOCH + Duration::from_nanos(nanos as u64) };
        for (nanos, expected) in [(0, (0, 0)), (1, (0, 1)), (-1, (-1, 999_999_999)), (-2_000_000_000, (-2, 0)), (1_500_000_000, (1, 500_000_000))] {
            assert_eq!(since_1970(at(nanos)), Some(expected));
        }
    }
}
