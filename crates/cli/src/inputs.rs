//! The files that arguments name: themselves, and all that folders hold; opened, to be read variable by variable.

use crate::output::{Outcome, about};
use deepcomp::formats::{OpenFile, Source};
use deepcomp::{Error, Limits};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A file to compress, and what the archive calls it.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    /// Its own name, with those of the folders below the one that was named, divided by `/`.
    pub(crate) name: String,
}

/// The files in the order of the arguments; those of folders by name, hidden ones and links left out.
pub(crate) fn find(arguments: &[PathBuf]) -> Outcome<Vec<Input>> {
    let mut found = Vec::new();
    for path in arguments {
        let name = path.canonicalize().ok().and_then(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()));
        let name = name.ok_or_else(|| about(path)("there is no such file or folder"))?;
        if path.is_dir() { walk(path, &name, &mut found)? } else { found.push(Input { path: path.clone(), name: own_name(path, name) }) }
    }
    if found.is_empty() { Err("there is no file in those folders".to_owned()) } else { Ok(found) }
}

/// A link goes by its own name, not by that of the file it leads to.
fn own_name(path: &Path, target: String) -> String {
    path.file_name().map_or(target, |name| name.to_string_lossy().into_owned())
}

fn walk(folder: &Path, name: &str, found: &mut Vec<Input>) -> Outcome<()> {
    let mut entries = std::fs::read_dir(folder).map_err(about(folder))?.collect::<Result<Vec<_>, _>>().map_err(about(folder))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, own) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(about(&path))?;
        let name = format!("{name}/{own}");
        match () {
            () if own.starts_with('.') => {}
            () if kind.is_dir() => walk(&path, &name, found)?,
            () if kind.is_file() => found.push(Input { path, name }),
            () => {}
        }
    }
    Ok(())
}

/// Opens a data file, or takes a file of another kind as it is, and says so.
pub(crate) fn open(path: &Path) -> Outcome<OpenFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let (file, why) = OpenFile::open_any(Disk::open(path).map_err(about(path))?, &name, &Limits::default()).map_err(about(path))?;
    if let Some(why) = why {
        eprintln!("deepcomp: {}: kept byte for byte, not as data: {why}", path.display());
    }
    Ok(file)
}

/// A file on disk.
struct Disk {
    file: File,
    length: u64,
}

impl Disk {
    fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { length: file.metadata()?.len(), file })
    }
}

impl Source for Disk {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(into)).map_err(|e| Error::Unreadable { what: e.to_string() })
    }
}
