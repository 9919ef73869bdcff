//! An archive in several files: their bytes, one behind the other. All volumes but the last are of one length.

use core::ops::Range;
use deepcomp::{Error, Result, Source};

/// Volumes that an archive may have.
pub const MOST: u64 = 9_999;

/// Several sources that are read as one.
pub struct Volumes<S> {
    parts: Vec<S>,
    /// Bytes of each but the last.
    size: u64,
    length: u64,
}

/// The name of a volume, counted from 1.
#[must_use]
pub fn name(archive: &str, number: u64) -> String {
    format!("{archive}.{number:03}")
}

/// What the archive is called of which this is the name of the first volume.
#[must_use]
pub fn archive_of(first: &str) -> Option<&str> {
    first.strip_suffix(".001").filter(|archive| !archive.is_empty())
}

/// The ranges of an archive that its volumes are.
///
/// # Errors
/// [`Error::InvalidArgument`] when there would be too many, or none.
pub fn ranges(length: u64, size: u64) -> Result<impl Iterator<Item = Range<u64>>> {
    let count = (size > 0).then(|| length.div_ceil(size));
    match count {
        Some(count) if (1..=MOST).contains(&count) => Ok((0..count).map(move |number| number * size..length.min((number + 1) * size))),
        _ => Err(Error::InvalidArgument { what: format!("volumes of {size} bytes would not be 1 to {MOST}; choose another size") }),
    }
}

impl<S: Source> Volumes<S> {
    /// Puts volumes together, which are in their order.
    ///
    /// # Errors
    /// [`Error::Volume`], with its number, when one has not the length it should have.
    pub fn new(parts: Vec<S>, archive: &str) -> Result<Self> {
        let size = parts.first().map_or(0, Source::length);
        for (part, number) in parts.iter().zip(1..) {
            let is_last = number == parts.len() as u64;
            if part.length() != size && !(is_last && (1..size).contains(&part.length())) {
                return Err(Error::Volume { name: name(archive, number), what: "is not as long as the first" });
            }
        }
        let length = parts.iter().map(Source::length).sum();
        Ok(Self { parts, size, length })
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.parts.len()
    }

    /// The volume in which a byte lies, and where in it.
    fn part(&self, at: u64) -> Option<(&S, u64)> {
        let number = at.checked_div(self.size)?;
        Some((self.parts.get(usize::try_from(number).ok()?)?, at % self.size))
    }
}

impl<S: Source> Source for Volumes<S> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let (mut at, mut into) = (at, into);
        while !into.is_empty() {
            let (part, offset) = self.part(at).ok_or_else(|| Error::Unreadable { what: "it ended early".to_owned() })?;
            let here = usize::try_from(part.length().saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
            if here == 0 {
                return Err(Error::Unreadable { what: "it ended early".to_owned() });
            }
            let (now, later) = into.split_at_mut(here);
            part.read(offset, now)?;
            at += now.len() as u64;
            into = later;
        }
        Ok(())
    }
}
