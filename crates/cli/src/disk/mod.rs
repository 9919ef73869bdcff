//! The operations by which what is written gets to a disk, and stays there. All that a failure or a power cut may come between goes through here; in builds for development `fault` lets it.

#[cfg(all(debug_assertions, unix))]
mod fault;
#[cfg(not(all(debug_assertions, unix)))]
#[path = "no_fault.rs"]
mod fault;

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

/// The folder that a file lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes behind what was written or sought last.
pub(crate) fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    fault::write(file, bytes)?;
    file.write_all(bytes)
}

/// Writes at the start.
pub(crate) fn write_start(file: &File, bytes: &[u8]) -> io::Result<()> {
    write_at(file, 0, bytes)
}

/// Writes where it is said.
pub(crate) fn write_at(mut file: &File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    write(file, bytes)
}

/// Puts a file on the disk as it is.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    fault::sync(file)?;
    file.sync_all()
}

/// Cuts a file off, or makes it longer.
pub(crate) fn set_length(file: &File, length: u64) -> io::Result<()> {
    fault::set_length(file)?;
    file.set_len(length)
}

/// Does what gives a file a name, and another one's place where that has it.
pub(crate) fn name<T>(path: &Path, give: impl FnOnce() -> T) -> io::Result<T> {
    fault::name(path)?;
    Ok(give())
}

/// Puts the names of the folder of a file on the disk. Where folders cannot be opened, as on Windows, or cannot be synced, the system sees to that.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    fault::sync_folder(path)?;
    match File::open(folder_of(path)).and_then(|folder| folder.sync_all()) {
        Err(error) if cfg!(unix) && error.kind() != io::ErrorKind::InvalidInput => Err(error),
        _ => Ok(()),
    }
}
