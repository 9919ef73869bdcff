//! Little pieces of binary layout, and reading in stretches.

#[cfg(feature = "full")]
use deepcomp::Source;
use deepcomp::{Error, Result};
#[cfg(feature = "full")]
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// Bytes that are read at a time.
#[cfg(feature = "full")]
pub(crate) const BLOCK: u64 = 1 << 18;

/// The low half of XXH3-64.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// Takes so many bytes off the front.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

/// So many zeros, for which there may be no memory.
pub(crate) fn zeros(what: &'static str, count: u64) -> Result<Vec<u8>> {
    let none = || Error::LimitExceeded { what, needed: count, limit: u64::MAX };
    let size = usize::try_from(count).map_err(|_| none())?;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(size).map_err(|_| none())?;
    bytes.resize(size, 0);
    Ok(bytes)
}

/// A stretch of a source, with zeros for what lies behind its end.
#[cfg(feature = "full")]
pub(crate) fn padded<S: Source + ?Sized>(source: &S, at: u64, into: &mut [u8]) -> Result<()> {
    let there = source.length().saturating_sub(at).min(into.len() as u64);
    let (read, behind) = into.split_at_mut(usize::try_from(there).unwrap_or_default());
    behind.fill(0);
    if read.is_empty() { Ok(()) } else { source.read(at, read) }
}

/// Gives a stretch of a source out piece by piece.
#[cfg(feature = "full")]
pub(crate) fn each<S: Source + ?Sized>(source: &S, range: Range<u64>, mut take: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut buffer = zeros("a stretch of this file", BLOCK.min(range.end.saturating_sub(range.start)))?;
    let mut at = range.start;
    while at < range.end {
        let size = usize::try_from(range.end - at).unwrap_or(usize::MAX).min(buffer.len());
        let block = buffer.get_mut(..size).unwrap_or_default();
        source.read(at, block)?;
        take(block)?;
        at += size as u64;
    }
    Ok(())
}
