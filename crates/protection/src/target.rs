//! Bytes that are read and written where they are needed.

use deepcomp::{Error, Result, Source};

/// Bytes that grow and change: of a file, or in memory.
pub trait Target: Source {
    /// Writes bytes from `at` on, over what is there, or behind it.
    ///
    /// # Errors
    /// [`Error::Unwritable`].
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()>;
}

impl Target for Vec<u8> {
    fn write(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let end = usize::try_from(at).ok().and_then(|start| Some((start, start.checked_add(bytes.len())?)));
        let (start, end) = end.ok_or_else(|| Error::Unwritable { what: "it is longer than memory".to_owned() })?;
        if end > self.len() {
            self.try_reserve(end - self.len()).map_err(|error| Error::Unwritable { what: error.to_string() })?;
            self.resize(end, 0);
        }
        if let Some(into) = self.get_mut(start..end) {
            into.copy_from_slice(bytes);
        }
        Ok(())
    }
}
