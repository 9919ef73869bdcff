//! The first bytes of a file: an archive, or the envelope of an encrypted one. Both say in the same place where they end.

use crate::bytes::{checksum, take};
use deepcomp::{Error, Result, Source};

pub(crate) const ARCHIVE: [u8; 8] = *b"\x89DCA\r\n\x1a\n";
pub(crate) const ENVELOPE: [u8; 8] = *b"\x89DCE\r\n\x1a\n";
/// Bytes of magic, version, flags, end and checksum.
pub(crate) const SUPERBLOCK: usize = 24;
/// Bytes of the end, and where they stand.
const END: std::ops::Range<usize> = 14..20;

/// Where the archive, or the envelope that it lies in, ends in a file that may have more behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outer {
    superblock: [u8; SUPERBLOCK],
    /// Where it ends.
    pub end: u64,
}

impl Outer {
    /// Reads the superblock.
    ///
    /// # Errors
    /// [`Error::NotAnArchive`], [`Error::ChecksumMismatch`], and [`Error::Truncated`] where the file is shorter than it says.
    pub fn read<S: Source + ?Sized>(source: &S) -> Result<Self> {
        let length = source.length();
        let mut superblock = [0; SUPERBLOCK];
        if length < SUPERBLOCK as u64 {
            return Err(Error::NotAnArchive { why: "it is too short" });
        }
        source.read(0, &mut superblock)?;
        if !superblock.starts_with(&ARCHIVE) && !superblock.starts_with(&ENVELOPE) {
            return Err(Error::NotAnArchive { why: "it does not start with the archive signature" });
        }
        if with_sum(superblock) != superblock {
            return Err(Error::ChecksumMismatch { what: "the superblock".to_owned() });
        }
        let mut end = 0;
        for byte in superblock.get(END).unwrap_or_default().iter().rev() {
            end = end << 8 | u64::from(*byte);
        }
        match end {
            0 => Ok(Self { superblock, end: length }),
            end if end > length => Err(Error::Truncated { what: "the archive", needed: end, available: length }),
            end => Ok(Self { superblock, end }),
        }
    }

    /// The superblock of a file that ends where it does now and may have more behind it.
    #[must_use]
    pub fn closed(&self) -> [u8; SUPERBLOCK] {
        let mut block = self.superblock;
        block.get_mut(END).into_iter().flatten().zip(self.end.to_le_bytes()).for_each(|(to, from)| *to = from);
        with_sum(block)
    }
}

/// Whether a file holds the envelope of an encrypted archive.
///
/// # Errors
/// [`Error::Unreadable`].
pub fn is_encrypted<S: Source + ?Sized>(source: &S) -> Result<bool> {
    let mut magic = [0; ENVELOPE.len()];
    if source.length() < magic.len() as u64 {
        return Ok(false);
    }
    source.read(0, &mut magic)?;
    Ok(magic == ENVELOPE)
}

/// A superblock with the checksum of its fields.
pub(crate) fn with_sum(mut block: [u8; SUPERBLOCK]) -> [u8; SUPERBLOCK] {
    if let Some((fields, sum)) = block.split_last_chunk_mut::<4>() {
        *sum = checksum(fields).to_le_bytes();
    }
    block
}

/// Takes a little-endian number off the front.
pub(crate) fn u16_of(bytes: &mut &[u8]) -> Option<u16> {
    take(bytes).map(u16::from_le_bytes)
}
