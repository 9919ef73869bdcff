//! Files that appear whole or not at all: a failure, a signal or a power cut at any moment leaves the old file or the new one.

use crate::disk::{self, folder_of};
use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::on_disk::{OnDisk, lock};
use crate::temporary::{Existing, Temporary, Unnamed};
use deepcomp::archive::{Archive, ending_at};
use deepcomp_protection::encryption::Sealer;
use deepcomp_protection::recovery;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file being written: into a temporary one in the same folder that has no name where the system can do that, and is linked or renamed when it is whole. Links are followed;
/// devices and pipes, which nothing can take the place of, are written into.
pub(crate) struct NewFile {
    path: PathBuf,
    kind: Kind,
    existing: Existing,
    written: u64,
    /// The envelope that an archive goes into, and the share that its recovery record takes of it.
    sealer: Option<Sealer>,
    recovery: Option<u16>,
}

enum Kind {
    Stream(Box<dyn Write>),
    Unnamed(Unnamed),
    Named(Temporary),
    /// An archive that is added to where it is.
    Grown(Grown),
}

/// The file of an archive, cut off again where the archive ended if what comes behind that is not finished.
struct Grown {
    file: File,
    end: u64,
    is_closed: bool,
}

impl Grown {
    /// Makes what was written behind the archive a part of it: safe on the disk before and after.
    fn close(mut self, end: u64) -> io::Result<()> {
        disk::sync(&self.file)?;
        self.is_closed = true;
        disk::write_start(&self.file, &ending_at(end))?;
        disk::sync(&self.file)
    }
}

impl Drop for Grown {
    fn drop(&mut self) {
        if !self.is_closed {
            // What stays behind the end is no part of the archive.
            let _ = disk::set_length(&self.file, self.end);
        }
    }
}

impl NewFile {
    pub(crate) fn create(path: &Path, existing: Existing) -> Outcome<Self> {
        if is_standard_output(path) {
            return Ok(Self { path: path.to_owned(), kind: Kind::Stream(Box::new(io::stdout())), existing, written: 0, sealer: None, recovery: None });
        }
        let path = followed(path).map_err(about(path))?;
        let kind = match std::fs::metadata(&path) {
            Ok(metadata) if !metadata.is_file() => stream(&path, &metadata)?,
            _ => temporary(&path)?,
        };
        Ok(Self { path, kind, existing, written: 0, sealer: None, recovery: None })
    }

    /// The file of an archive, to be written behind its end. Until it is finished the archive is the old one, whatever happens.
    pub(crate) fn grow(path: &Path, archive: &Archive) -> Outcome<Self> {
        let mut file = claim(path, archive)?;
        let start = |file: &mut File| {
            disk::write_start(file, &ending_at(archive.end()))?;
            disk::sync(file)?;
            disk::set_length(file, archive.end())?;
            file.seek(SeekFrom::End(0))
        };
        start(&mut file).map_err(about(path))?;
        let grown = Grown { file, end: archive.end(), is_closed: false };
        Ok(Self { path: path.to_owned(), kind: Kind::Grown(grown), existing: Existing::Keep, written: archive.end(), sealer: None, recovery: None })
    }

    /// From now on what is written goes into an envelope.
    pub(crate) fn seal(&mut self, passphrase: &[u8]) -> Outcome<()> {
        let (sealer, header) = Sealer::new(passphrase)?;
        self.put(&header)?;
        self.sealer = Some(sealer);
        Ok(())
    }

    /// It gets a recovery record when it is whole, which takes such a share of it.
    pub(crate) fn protect(&mut self, share: u16) -> Outcome<()> {
        self.file().ok_or_else(|| about(&self.path)(Cause::NoPlaceToProtect))?;
        self.recovery = Some(share);
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        match &mut self.sealer {
            None => self.put(bytes),
            Some(sealer) => {
                let sealed = sealer.seal(bytes)?;
                self.put(&sealed)
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.written += bytes.len() as u64;
        let result = match &mut self.kind {
            // A reader that has gone, as behind `| head`, wants no more; one that waits gets what there is.
            Kind::Stream(stream) => {
                stream.write_all(bytes).and_then(|()| stream.flush()).or_else(|e| if e.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(e) })
            }
            Kind::Unnamed(file) => disk::write(file.file(), bytes),
            Kind::Named(file) => disk::write(file.file(), bytes),
            Kind::Grown(grown) => disk::write(&grown.file, bytes),
        };
        result.map_err(about(&self.path))
    }

    /// Bytes it has so far.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }

    /// The file itself, to set what the system knows of it; none where it is a device or a pipe.
    pub(crate) fn file(&self) -> Option<&File> {
        match &self.kind {
            Kind::Stream(_) | Kind::Grown(_) => None,
            Kind::Unnamed(file) => Some(file.file()),
            Kind::Named(file) => Some(file.file()),
        }
    }

    /// Gives the file its name, and returns its length. It has the permissions of the one it replaces. What it replaces something with is on the disk before.
    pub(crate) fn finish(mut self) -> Outcome<u64> {
        if let Some(sealer) = self.sealer.take() {
            let last = sealer.finish()?;
            self.put(&last)?;
        }
        if let (Some(share), Some(file)) = (self.recovery, self.file()) {
            self.written = recovery::add(&mut OnDisk(file), share).map_err(about(&self.path))?.end();
        }
        if let (Ok(old), Some(file)) = (std::fs::metadata(&self.path), self.file())
            && self.existing == Existing::Replace
        {
            file.set_permissions(old.permissions()).map_err(about(&self.path))?;
        }
        match self.kind {
            Kind::Stream(ref mut stream) => stream.flush().or_else(|e| if e.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(e) }),
            Kind::Unnamed(file) => file.name(&self.path, self.existing),
            Kind::Named(file) => file.rename(&self.path, self.existing),
            Kind::Grown(grown) => grown.close(self.written),
        }
        .map_err(|e| if e.kind() == ErrorKind::AlreadyExists { about(&self.path)(Cause::Exists) } else { about(&self.path)(e) })?;
        Ok(self.written)
    }
}

/// The file of an archive, which no other program changes while it is held.
pub(crate) fn claim(path: &Path, archive: &Archive) -> Outcome<File> {
    let mut file = lock(path)?;
    // Another may have taken its place since it was opened, or something was added to it.
    let is_it = Identity::of(path).is_some_and(|named| Identity::of_file(&file).is_none_or(|held| named == held));
    if is_it && ends_at(&mut file, archive.end()).map_err(about(path))? { Ok(file) } else { Err(about(path)(Cause::Busy)) }
}

/// Whether the archive in a file still ends there: another program may have added to it since it was opened.
fn ends_at(file: &mut File, end: u64) -> io::Result<bool> {
    let mut start = ending_at(end);
    let said = start.clone();
    file.read_exact(&mut start)?;
    Ok(start == said || start == ending_at(0) && file.metadata()?.len() == end)
}

pub(crate) fn is_standard_output(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// Links that a path may go through until it is said to go round.
const LINKS: usize = 40;

/// Where links lead, also those to nothing.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => path = folder_of(&path).join(std::fs::read_link(&path)?),
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("links lead round in a circle"))
}

/// A device or a pipe to write into.
fn stream(path: &Path, metadata: &Metadata) -> Outcome<Kind> {
    if !takes_a_stream(metadata) {
        return Err(about(path)(Cause::NotAFile));
    }
    let file = OpenOptions::new().write(true).open(path).map_err(about(path))?;
    Ok(Kind::Stream(Box::new(file)))
}

#[cfg(unix)]
fn takes_a_stream(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo() || metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn takes_a_stream(_: &Metadata) -> bool {
    false
}

fn temporary(path: &Path) -> Outcome<Kind> {
    let folder = folder_of(path);
    if let Some(file) = Unnamed::create(folder) {
        return Ok(Kind::Unnamed(file));
    }
    Temporary::create(folder).map(Kind::Named).map_err(about(folder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcomp::archive::Compressor;
    use deepcomp::codec::Options;
    use deepcomp::field::ErrorBound;
    use deepcomp::formats::file;

    #[test]
    fn what_another_program_added_since_is_not_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.dca");
        let options = Options::new(ErrorBound::Lossless);
        std::fs::write(&path, Compressor::new(file::keep(b"one".to_vec()), "one", &options).unwrap().finish().unwrap().0).unwrap();
        let open = || Archive::open(&std::fs::read(&path).unwrap(), &deepcomp::Limits::default()).unwrap();
        let add = |archive: &Archive, name: &str| {
            let mut compressor = Compressor::resume(archive, &options);
            compressor.add(file::keep(name.as_bytes().to_vec()), name).unwrap();
            let mut out = NewFile::grow(&path, archive)?;
            out.write(&compressor.finish()?.0)?;
            out.finish().map(|_| ())
        };
        let [before, again] = [open(), open()];
        add(&before, "two").unwrap();
        let refused = add(&again, "three").unwrap_err();
        assert!(refused.to_string().contains("another program"), "{refused}");
        assert_eq!(open().files().collect::<Vec<_>>(), ["one", "two"]);
        add(&open(), "three").unwrap();
        assert_eq!(open().files().collect::<Vec<_>>(), ["one", "two", "three"]);
    }
}
