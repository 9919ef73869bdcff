//! NumPy archives, byte for byte as `numpy.savez` writes them; members that were deflated are deflated again, not to the same bytes.

use miniz_oxide::deflate::compress_to_vec;

use super::spec::{FORMAT, HISTORY, member};
use crate::error::{Error, Result};
use crate::field::Dataset;
use crate::formats::npy;

/// Level that Python compresses with.
const COMPRESSION_LEVEL: u8 = 6;

/// Version of ZIP that has 64-bit sizes, and the system whose permissions follow: Unix.
const VERSION: [u8; 2] = [45, 3];

/// The first day that ZIP can say: files do not depend on when they were written.
const DATE: [u8; 4] = [0, 0, 0x21, 0];

/// Read and write for the owner, in the place of Unix permissions.
const PERMISSIONS: u32 = 0o600 << 16;

/// Larger numbers go into a ZIP64 extra field, as Python has it.
const MAX_NARROW: u64 = i32::MAX as u64;

/// Writes a NumPy archive, one member for each field, as `numpy.savez` does, and a text where values went through a bound.
///
/// # Errors
/// [`Error::LimitExceeded`] when a member is too large for ZIP.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    let layout: &[u8] = if dataset.format.is(FORMAT) { &dataset.layout } else { &[] };
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for (field, flags) in dataset.fields.iter().zip(layout.iter().copied().chain(core::iter::repeat(0))) {
        let (format, deflated) = member(flags);
        add((&mut out, &mut directory), &field.name, npy::write(field, format), deflated)?;
    }
    let history = history(dataset);
    if let Some(text) = &history {
        add((&mut out, &mut directory), HISTORY, npy::text(text), false)?;
    }
    finish(&mut out, &directory, (dataset.fields.len() + usize::from(history.is_some())) as u64);
    Ok(out)
}

/// What bounds did, a line a variable; else what the file said before. None where a variable has that name.
fn history(dataset: &Dataset) -> Option<String> {
    let new = dataset.loss().map(|mut text| {
        for field in &dataset.fields {
            let said: Vec<String> = field.loss().into_iter().map(|(name, value)| [name, " ", &value].concat()).collect();
            if !said.is_empty() {
                text += &["\n", &field.name, ": ", &said.join("; ")].concat();
            }
        }
        text
    });
    let before = || dataset.attributes.iter().find(|a| a.name == HISTORY).and_then(|a| a.value.as_text());
    new.or_else(before).filter(|_| dataset.fields.iter().all(|f| f.name != HISTORY))
}

/// Appends a member and its entry of the directory.
fn add((out, directory): (&mut Vec<u8>, &mut Vec<u8>), name: &str, data: Vec<u8>, deflated: bool) -> Result<()> {
    let checksum = crc32fast::hash(&data);
    let size = data.len() as u64;
    let stored = if deflated { compress_to_vec(&data, COMPRESSION_LEVEL) } else { data };
    let member = Member { name: format!("{name}.npy"), deflated, checksum, size, stored: stored.len() as u64, at: out.len() as u64 };
    member.header(out)?;
    out.extend(stored);
    member.entry(directory)
}

/// What both headers of a member say.
struct Member {
    name: String,
    deflated: bool,
    checksum: u32,
    size: u64,
    stored: u64,
    /// Offset of the local header.
    at: u64,
}

impl Member {
    /// What follows the signature and the version in both headers.
    fn common(&self, out: &mut Vec<u8>, [stored, size]: [u64; 2], extra: u16) -> Result<()> {
        let name = u16::try_from(self.name.len());
        let length = name.map_err(|_| Error::LimitExceeded { what: "a name in a ZIP file", needed: self.name.len() as u64, limit: u16::MAX.into() })?;
        let utf8 = if self.name.is_ascii() { 0u16 } else { 1 << 11 };
        out.extend([VERSION[0], 0]);
        out.extend(utf8.to_le_bytes());
        out.extend([if self.deflated { 8 } else { 0 }, 0]);
        out.extend(DATE);
        out.extend(self.checksum.to_le_bytes());
        out.extend(narrow(stored));
        out.extend(narrow(size));
        out.extend(length.to_le_bytes());
        out.extend(extra.to_le_bytes());
        Ok(())
    }

    /// The local header, whose sizes always stand in the extra field.
    fn header(&self, out: &mut Vec<u8>) -> Result<()> {
        out.extend(b"PK\x03\x04");
        self.common(out, [u64::MAX; 2], 20)?;
        out.extend_from_slice(self.name.as_bytes());
        out.extend([1, 0, 16, 0]);
        out.extend(self.size.to_le_bytes());
        out.extend(self.stored.to_le_bytes());
        Ok(())
    }

    /// The entry of the directory.
    fn entry(&self, out: &mut Vec<u8>) -> Result<()> {
        let wide_sizes = self.size > MAX_NARROW || self.stored > MAX_NARROW;
        let mut wide: Vec<u64> = if wide_sizes { vec![self.size, self.stored] } else { Vec::new() };
        wide.extend(Some(self.at).filter(|at| *at > MAX_NARROW));
        let extra = if wide.is_empty() { 0 } else { 4 + 8 * wide.len() as u16 };
        out.extend(b"PK\x01\x02");
        out.extend(VERSION);
        self.common(out, if wide_sizes { [u64::MAX; 2] } else { [self.stored, self.size] }, extra)?;
        // Neither comment nor parts nor internal attributes.
        out.extend([0; 6]);
        out.extend(PERMISSIONS.to_le_bytes());
        out.extend(narrow(self.at));
        out.extend_from_slice(self.name.as_bytes());
        if extra > 0 {
            out.extend([1, 0]);
            out.extend((extra - 4).to_le_bytes());
            wide.iter().for_each(|n| out.extend(n.to_le_bytes()));
        }
        Ok(())
    }
}

/// Four bytes, all ones where they are too few.
fn narrow(number: u64) -> [u8; 4] {
    u32::try_from(number).ok().filter(|n| u64::from(*n) <= MAX_NARROW).unwrap_or(u32::MAX).to_le_bytes()
}

/// Appends the directory and what tells where it is.
fn finish(out: &mut Vec<u8>, directory: &[u8], count: u64) {
    let at = out.len() as u64;
    let size = directory.len() as u64;
    out.extend_from_slice(directory);
    if count > u64::from(u16::MAX) || at > MAX_NARROW || size > MAX_NARROW {
        let end = out.len() as u64;
        out.extend(b"PK\x06\x06");
        out.extend(44u64.to_le_bytes());
        out.extend([VERSION[0], 0, VERSION[0], 0]);
        out.extend([0; 8]);
        [count, count, size, at].iter().for_each(|n| out.extend(n.to_le_bytes()));
        out.extend(b"PK\x06\x07");
        out.extend([0; 4]);
        out.extend(end.to_le_bytes());
        out.extend(1u32.to_le_bytes());
    }
    let short = u16::try_from(count).unwrap_or(u16::MAX).to_le_bytes();
    out.extend(b"PK\x05\x06");
    out.extend([0; 4]);
    out.extend(short);
    out.extend(short);
    out.extend(narrow(size));
    out.extend(narrow(at));
    out.extend([0; 2]);
}
