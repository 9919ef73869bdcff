//! Files that are read and written where it is needed.

use crate::disk;
use crate::failure::{Cause, Outcome, about};
use deepcomp::{Error, Result, Source};
use deepcomp_protection::Target;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// A file that is open for reading and writing.
pub(crate) struct OnDisk<'a>(pub(crate) &'a File);

impl Source for OnDisk<'_> {
    fn length(&self) -> u64 {
        self.0.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let mut file = self.0;
        file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(into)).map_err(|e| Error::Unreadable { what: e.to_string() })
    }
}

impl Target for OnDisk<'_> {
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        disk::write_at(self.0, at, bytes).map_err(|e| Error::Unwritable { what: e.to_string() })
    }
}

/// A file that nobody else changes meanwhile.
pub(crate) fn lock(path: &Path) -> Outcome<File> {
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(about(path))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => about(path)(Cause::Busy),
        TryLockError::Error(error) => about(path)(error),
    })?;
    Ok(file)
}
