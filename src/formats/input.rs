//! Bytes of a file: in memory, or read where they are needed, so that a file may be larger than memory.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use elsa::FrozenBTreeMap;

use crate::error::Result;
use crate::limits::{self, Limits};

/// Where bytes are read from: a file, a `Blob` of a browser, the other end of a network.
pub trait Source {
    /// Bytes in all.
    fn length(&self) -> u64;

    /// Fills `into` with the bytes from `at` on, all of which are there.
    ///
    /// # Errors
    /// [`Error::Unreadable`].
    fn read(&self, at: u64, into: &mut [u8]) -> Result<()>;

    /// Says what will be read soon, so that a source which takes long to answer can answer all of it at once. It is no promise: any bytes may be read, and these need not be.
    fn prepare(&self, ranges: &[Range<u64>]) {
        let _ = ranges;
    }

    /// All of them, where they are in memory: then none are read.
    fn bytes(&self) -> Option<&[u8]> {
        None
    }
}

/// The bytes of a file, as readers take them.
pub struct Input<'a>(Kind<'a>);

enum Kind<'a> {
    Memory(&'a [u8]),
    Source(Kept<'a>),
}

/// A source, and what was read of it as metadata, which readers borrow.
struct Kept<'a> {
    source: Box<dyn Source + 'a>,
    /// By offset and length: pages, and stretches that lie in no single one.
    stretches: FrozenBTreeMap<(u64, u64), Box<[u8]>>,
    bytes: Cell<u64>,
}

/// Metadata is read in pieces of so many bytes.
const PAGE: u64 = 1 << 14;

/// Bytes of metadata that are kept at most: far more than readers take as metadata, since pages hold other things too.
const MOST_KEPT: u64 = 1 << 27;

impl<'a> From<&'a [u8]> for Input<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Kind::Memory(bytes))
    }
}

impl core::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Input").field("length", &self.length()).finish_non_exhaustive()
    }
}

impl<'a> Input<'a> {
    /// Of a source.
    #[must_use]
    pub fn of(source: impl Source + 'a) -> Self {
        Self(Kind::Source(Kept { source: Box::new(source), stretches: FrozenBTreeMap::new(), bytes: Cell::new(0) }))
    }
}

impl Input<'_> {
    /// All bytes, where they are in memory.
    fn in_memory(&self) -> Option<&[u8]> {
        match &self.0 {
            Kind::Memory(bytes) => Some(bytes),
            Kind::Source(kept) => kept.source.bytes(),
        }
    }

    /// Bytes in all.
    pub(crate) fn length(&self) -> u64 {
        match &self.0 {
            Kind::Memory(bytes) => bytes.len() as u64,
            Kind::Source(kept) => kept.source.length(),
        }
    }

    /// A stretch of metadata; none where the file does not have it.
    pub(crate) fn metadata(&self, at: u64, length: u64) -> Result<Option<&[u8]>> {
        match (self.in_memory(), &self.0) {
            (Some(bytes), _) => Ok(stretch(bytes, at, length)),
            (None, Kind::Source(kept)) if self.has(at, length) => kept.metadata(at, length).map(Some),
            _ => Ok(None),
        }
    }

    /// Bytes from `at` on that cost no more to read than the first of them.
    #[cfg(feature = "formats")]
    pub(crate) fn rest_of_page(&self, at: u64) -> u64 {
        let left = self.length().saturating_sub(at);
        if self.in_memory().is_some() { left } else { left.min(PAGE - at % PAGE) }
    }

    /// A stretch of values; none where the file does not have it.
    pub(crate) fn values(&self, at: u64, length: u64) -> Result<Option<Cow<'_, [u8]>>> {
        match (self.in_memory(), &self.0) {
            (Some(bytes), _) => Ok(stretch(bytes, at, length).map(Cow::Borrowed)),
            (None, Kind::Source(kept)) if self.has(at, length) => kept.values(at, length).map(|bytes| Some(Cow::Owned(bytes))),
            _ => Ok(None),
        }
    }

    /// The first bytes: as many as asked for, or as there are.
    pub(crate) fn start(&self, length: u64) -> Result<Cow<'_, [u8]>> {
        self.values(0, length.min(self.length())).map(Option::unwrap_or_default)
    }

    /// All bytes, for formats that are read whole.
    pub(crate) fn whole(&self, limits: &Limits) -> Result<Cow<'_, [u8]>> {
        Limits::check("this file, which is of a kind that has to be read whole,", self.length(), limits.decoded_bytes)?;
        self.start(u64::MAX)
    }

    fn has(&self, at: u64, length: u64) -> bool {
        at.checked_add(length).is_some_and(|end| end <= self.length())
    }
}

/// So many bytes from `begin` on, if there are.
pub(crate) fn stretch(bytes: &[u8], begin: u64, length: u64) -> Option<&[u8]> {
    let (start, end) = (usize::try_from(begin).ok()?, usize::try_from(begin.checked_add(length)?).ok()?);
    bytes.get(start..end)
}

impl Kept<'_> {
    /// A stretch inside the file.
    fn metadata(&self, at: u64, length: u64) -> Result<&[u8]> {
        let start = at - at % PAGE;
        let page = PAGE.min(self.source.length() - start);
        if length > page - (at - start) {
            return self.stretch(at, length);
        }
        let from = (at - start) as usize;
        Ok(self.stretch(start, page)?.get(from..from + length as usize).unwrap_or_default())
    }

    fn stretch(&self, at: u64, length: u64) -> Result<&[u8]> {
        if let Some(bytes) = self.stretches.get(&(at, length)) {
            return Ok(bytes);
        }
        let all = self.bytes.get().saturating_add(length);
        Limits::check("the metadata in this file", all, MOST_KEPT)?;
        self.bytes.set(all);
        Ok(self.stretches.insert((at, length), self.values(at, length)?.into()))
    }

    fn values(&self, at: u64, length: u64) -> Result<Vec<u8>> {
        let size = Limits::check("a stretch of this file", length, isize::MAX as u64)?;
        let mut bytes = limits::zeros("a stretch of this file", size)?;
        self.source.read(at, &mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbers(u64);

    impl Source for Numbers {
        fn length(&self) -> u64 {
            self.0
        }

        fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
            assert!(at + into.len() as u64 <= self.0);
            into.iter_mut().zip(at..).for_each(|(byte, n)| *byte = (n % 251) as u8);
            Ok(())
        }
    }

    #[test]
    fn a_source_gives_what_memory_gives() {
        let source = Numbers(3 * PAGE + 5);
        let bytes: Vec<u8> = (0..source.0).map(|n| (n % 251) as u8).collect();
        let (memory, file) = (Input::from(bytes.as_slice()), Input::of(Numbers(source.0)));
        let ends = [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE + 7, 3 * PAGE, source.0 - 1, source.0, source.0 + 1, u64::MAX];
        for at in ends {
            for length in ends {
                assert_eq!(memory.metadata(at, length), file.metadata(at, length), "{at} {length}");
                assert_eq!(memory.values(at, length), file.values(at, length), "{at} {length}");
            }
        }
        assert_eq!(memory.whole(&Limits::default()).unwrap(), file.whole(&Limits::default()).unwrap());
    }
}
