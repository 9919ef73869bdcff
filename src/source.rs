//! Bytes that are read where they are needed: of a file, of a `Blob`, of something at the other end of a network; or all in memory.

use crate::error::{Error, Result};
use crate::limits::{self, Limits};
use core::ops::Range;
use std::borrow::Cow;

/// Where bytes are read from.
pub trait Source {
    /// Bytes in all.
    fn length(&self) -> u64;

    /// Fills `into` with the bytes from `at` on, all of which are there.
    ///
    /// # Errors
    /// [`Error::Unreadable`](crate::Error::Unreadable).
    fn read(&self, at: u64, into: &mut [u8]) -> Result<()>;

    /// All of them, where they are in memory: then none are read.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }

    /// Says what will be read soon, so that a source which takes long to answer can answer all of it at once. It is no promise: any bytes may be read, and these need not be.
    fn prepare(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }
}

impl Source for [u8] {
    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let from = stretch(self, at, into.len() as u64).ok_or_else(|| Error::Unreadable { what: "it ended early".to_owned() })?;
        into.copy_from_slice(from);
        Ok(())
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl Source for Vec<u8> {
    fn length(&self) -> u64 {
        self.as_slice().length()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        self.as_slice().read(at, into)
    }

    fn bytes(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// A stretch of a source; none where it does not have it.
pub(crate) fn read<S: Source + ?Sized>(source: &S, at: u64, length: u64) -> Result<Option<Cow<'_, [u8]>>> {
    if let Some(bytes) = source.bytes() {
        return Ok(stretch(bytes, at, length).map(Cow::Borrowed));
    }
    if at.checked_add(length).is_none_or(|end| end > source.length()) {
        return Ok(None);
    }
    let size = Limits::check("a stretch of this file", length, isize::MAX as u64)?;
    let mut bytes = limits::zeros("a stretch of this file", size)?;
    source.read(at, &mut bytes)?;
    Ok(Some(Cow::Owned(bytes)))
}

/// Bytes of a source that are read many at a time, for whoever looks at a few again and again.
pub(crate) struct Window<'a, S: ?Sized> {
    pub(crate) source: &'a S,
    start: u64,
    bytes: Cow<'a, [u8]>,
}

impl<'a, S: Source + ?Sized> Window<'a, S> {
    /// Bytes that are read at once.
    pub(crate) const BYTES: u64 = 1 << 16;

    pub(crate) const fn of(source: &'a S) -> Self {
        Self { source, start: 0, bytes: Cow::Borrowed(&[]) }
    }

    /// Bytes from an offset on: so many or more, or all that there are.
    pub(crate) fn from(&mut self, at: u64, count: u64) -> Result<&[u8]> {
        let left = self.source.length().saturating_sub(at);
        if stretch(&self.bytes, at.wrapping_sub(self.start), count.min(left)).is_none() {
            (self.start, self.bytes) = (at, read(self.source, at, left.min(Self::BYTES.max(count)))?.unwrap_or_default());
        }
        Ok(usize::try_from(at - self.start).ok().and_then(|from| self.bytes.get(from..)).unwrap_or_default())
    }
}

/// So many bytes from `begin` on, if there are.
pub(crate) fn stretch(bytes: &[u8], begin: u64, length: u64) -> Option<&[u8]> {
    let (start, end) = (usize::try_from(begin).ok()?, usize::try_from(begin.checked_add(length)?).ok()?);
    bytes.get(start..end)
}
