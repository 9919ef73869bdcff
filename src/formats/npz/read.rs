//! NumPy archives: a ZIP of NPY arrays, stored or deflated, of any size. Each member is a field of its name, without `.npy`.
//!
//! [`Dataset::layout`] has a byte for each field, of flags, unless all are 0. ZIP is read here and not by a crate: two methods, no streams and no
//! passwords are a fraction of what one brings. Deliberately absent: members other than arrays, encryption, archives in several parts.

use std::borrow::Cow;
use std::collections::BTreeSet;

use miniz_oxide::inflate::decompress_to_vec_with_limit;

use super::spec::{FORMAT, HISTORY, flags, history};
use crate::error::{Error, Result};
use crate::field::{Attribute, Dataset, Dimension};
use crate::formats::input::Input;
use crate::formats::npy;
use crate::formats::opened::Opened;
use crate::limits::Limits;
use crate::source::stretch;

/// The most that deflate can expand: a 258 byte match in two bits.
const MAX_EXPANSION: u64 = 1032;

/// A number that stands in a ZIP64 extra field instead.
const ELSEWHERE: u64 = u32::MAX as u64;

/// Reads a whole file.
pub(crate) fn open<'a>(input: &'a Input<'_>, _: &str, limits: &Limits) -> Result<Opened<'a>> {
    read(&input.whole(limits)?, limits).map(Opened::whole)
}

fn read(bytes: &[u8], limits: &Limits) -> Result<Dataset> {
    let mut dataset = Dataset { format: FORMAT, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    let mut taken = BTreeSet::new();
    let mut left = limits.decoded_bytes;
    for entry in directory(bytes, limits)? {
        let name = entry.array_name()?;
        if !taken.insert(name) {
            return Err(malformed(entry.at, format!("a name other than {name:?}, which is taken")));
        }
        let (data, at) = entry.data(bytes, left, limits)?;
        if let Some(said) = Some(name).filter(|name| *name == HISTORY).and_then(|_| history(&data)) {
            dataset.attributes.push(Attribute::text(HISTORY, &said));
            continue;
        }
        let stored = matches!(data, Cow::Borrowed(_));
        let array = array(&data, name, &Limits { decoded_bytes: left, ..*limits }).map_err(|error| match error {
            Error::Malformed { format, offset, expected } => Error::Malformed { format, offset: if stored { at + offset } else { at }, expected },
            other => other,
        })?;
        left -= array.fields.iter().map(|f| f.values.byte_len() as u64).sum::<u64>().min(left);
        dataset.layout.push(flags(array.format, !stored));
        add(&mut dataset, array);
    }
    if dataset.layout.iter().all(|flags| *flags == 0) {
        dataset.layout.clear();
    }
    Ok(dataset)
}

fn array(data: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    npy::open(&data.into(), name, limits)?.read()
}

/// Adds the field of an array; an axis is shared with other arrays where their lengths agree.
fn add(dataset: &mut Dataset, array: Dataset) {
    for mut field in array.fields {
        let lengths = field.shape.iter().enumerate();
        field.dimensions = lengths.map(|(axis, length)| dimension(&mut dataset.dimensions, &field.name, axis, *length)).collect();
        dataset.fields.push(field);
    }
}

fn dimension(dimensions: &mut Vec<Dimension>, field: &str, axis: usize, length: usize) -> usize {
    let mut name = format!("dim_{axis}");
    loop {
        match dimensions.iter().position(|d| d.name == name) {
            Some(index) if dimensions.get(index).is_some_and(|d| d.length == length) => return index,
            Some(_) => name = format!("{field}_{name}"),
            None => {
                dimensions.push(Dimension { name, length, unlimited: false });
                return dimensions.len() - 1;
            }
        }
    }
}

fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "NPZ", offset, expected: expected.into() }
}

fn slice(bytes: &[u8], begin: u64, length: u64) -> Result<&[u8]> {
    stretch(bytes, begin, length).ok_or_else(|| malformed(begin, format!("{length} more bytes")))
}

/// The little-endian number of `length` bytes that stands at `begin`.
fn number(bytes: &[u8], begin: u64, length: u64) -> Result<u64> {
    Ok(slice(bytes, begin, length)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
}

/// An entry of the central directory.
struct Entry<'a> {
    name: &'a [u8],
    encrypted: bool,
    method: u64,
    checksum: u64,
    stored: u64,
    size: u64,
    /// Offset of the local header.
    header: u64,
    /// Offset of this entry.
    at: u64,
}

/// Offset and number of entries of the central directory.
fn find_directory(bytes: &[u8]) -> Result<(u64, u64)> {
    const LENGTH: usize = 22;
    let file = bytes.len() as u64;
    // A comment of up to 65535 bytes may follow.
    let start = bytes.len().saturating_sub(LENGTH + usize::from(u16::MAX));
    let tail = bytes.get(start..).unwrap_or_default();
    let found = tail.windows(LENGTH).rposition(|w| w.starts_with(b"PK\x05\x06")).ok_or_else(|| malformed(file, "the end of a ZIP directory"))?;
    let at = (start + found) as u64;
    let (count, offset) = (number(bytes, at + 10, 2)?, number(bytes, at + 16, 4)?);
    let wide = at.checked_sub(20).filter(|locator| slice(bytes, *locator, 4).is_ok_and(|s| s == b"PK\x06\x07"));
    if let Some(locator) = wide.filter(|_| count == u64::from(u16::MAX) || offset == ELSEWHERE) {
        let end = number(bytes, locator + 8, 8)?;
        if slice(bytes, end, 4)? != b"PK\x06\x06" {
            return Err(malformed(end, "the end of a ZIP64 directory"));
        }
        return Ok((number(bytes, end.saturating_add(48), 8)?, number(bytes, end.saturating_add(32), 8)?));
    }
    Ok((offset, count))
}

fn directory<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Vec<Entry<'a>>> {
    let (mut at, count) = find_directory(bytes)?;
    Limits::check("members", count, limits.items)?;
    if count == 0 {
        return Err(malformed(at, "at least one array"));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let fixed = slice(bytes, at, 46)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(malformed(at, "an entry of the ZIP directory"));
        }
        let field = |offset, length| number(fixed, offset, length);
        let (name, extra, comment) = (field(28, 2)?, field(30, 2)?, field(32, 2)?);
        let mut entry = Entry {
            name: slice(bytes, at + 46, name)?,
            encrypted: field(8, 2)? & 1 != 0,
            method: field(10, 2)?,
            checksum: field(16, 4)?,
            stored: field(20, 4)?,
            size: field(24, 4)?,
            header: field(42, 4)?,
            at,
        };
        entry.widen(slice(bytes, at + 46 + name, extra)?)?;
        entries.push(entry);
        at += 46 + name + extra + comment;
    }
    Ok(entries)
}

impl<'a> Entry<'a> {
    /// Takes the numbers that have no room in four bytes from the extra field, where they stand in this order.
    fn widen(&mut self, mut extra: &[u8]) -> Result<()> {
        let at = self.at;
        while let Some((head, rest)) = extra.split_first_chunk::<4>() {
            let [id, length] = [number(head, 0, 2)?, number(head, 2, 2)?];
            let (body, next) = rest.split_at_checked(length as usize).ok_or_else(|| malformed(at, "an extra field of the length it says"))?;
            if id == 1 {
                let wide = [&mut self.size, &mut self.stored, &mut self.header].into_iter().filter(|n| **n == ELSEWHERE);
                for (n, bytes) in wide.zip(body.as_chunks::<8>().0) {
                    *n = u64::from_le_bytes(*bytes);
                }
            }
            extra = next;
        }
        Ok(())
    }

    fn array_name(&self) -> Result<&'a str> {
        let name = core::str::from_utf8(self.name).map_err(|_| malformed(self.at + 46, "a name in UTF-8"))?;
        name.strip_suffix(".npy").ok_or_else(|| Error::Unsupported {
            what: format!("{name:?}, which is not an NPY array, in a ZIP file"),
            advice: "give an archive of numpy.savez, or the file inside".to_owned(),
        })
    }

    /// The member's bytes, decompressed, and where it begins in the file.
    fn data(&self, bytes: &'a [u8], left: u64, limits: &Limits) -> Result<(Cow<'a, [u8]>, u64)> {
        if self.encrypted {
            return Err(Error::Unsupported { what: "an encrypted ZIP file".to_owned(), advice: "decrypt it first".to_owned() });
        }
        if slice(bytes, self.header, 4)? != b"PK\x03\x04" {
            return Err(malformed(self.header, "the header of a ZIP member"));
        }
        let local = |offset| number(bytes, self.header.saturating_add(offset), 2);
        let at = self.header + 30 + local(26)? + local(28)?;
        let stored = slice(bytes, at, self.stored)?;
        let data = match self.method {
            0 => Cow::Borrowed(stored),
            8 => Cow::Owned(self.inflate(stored, at, left, limits)?),
            other => {
                let what = format!("compression method {other} in a ZIP file");
                return Err(Error::Unsupported { what, advice: "save it with numpy.savez or numpy.savez_compressed".to_owned() });
            }
        };
        if data.len() as u64 != self.size || u64::from(crc32fast::hash(&data)) != self.checksum {
            return Err(malformed(at, "a member of the length and checksum in the ZIP directory"));
        }
        Ok((data, at))
    }

    fn inflate(&self, stored: &[u8], at: u64, left: u64, limits: &Limits) -> Result<Vec<u8>> {
        let size = Limits::check("the data in this file", self.size, left.saturating_add(limits.metadata_bytes))?;
        if self.size > (stored.len() as u64).saturating_mul(MAX_EXPANSION) {
            return Err(malformed(at, format!("a member that {} bytes can hold", stored.len())));
        }
        decompress_to_vec_with_limit(stored, size).map_err(|error| malformed(at, format!("a deflated member ({error})")))
    }
}
