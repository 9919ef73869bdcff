//! Superblock, records and trailer: what frames the bytes of an archive (docs/format.md, "Frame").

use crate::error::{Error, Result};
use crate::field::{Element, Values, with_values};
use crate::version::FormatVersion;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// First bytes of every archive. The high bit and the line ends show damage by text transfers.
pub(crate) const MAGIC: [u8; 8] = *b"\x89DCA\r\n\x1a\n";
/// Bytes of the superblock: magic, version, flags, checksum of those.
pub(crate) const SUPERBLOCK: usize = 24;
/// Bytes of the trailer: offset of the index record, checksum of that, end mark.
pub(crate) const TRAILER: usize = 16;
const END: [u8; 4] = *b"dca.";

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    Chunk = 1,
    Index = 2,
}

/// The low half of XXH3-64.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// XXH3-64 of values as little-endian bytes.
pub(crate) fn values_sum(values: &Values) -> u64 {
    with_values!(values, v => hash(v))
}

fn hash<T: Element>(values: &[T]) -> u64 {
    let mut hasher = Xxh3::new();
    let mut bytes = vec![0; HASH_BLOCK.min(values.len()) * size_of::<T>()];
    for block in values.chunks(HASH_BLOCK) {
        let bytes = bytes.get_mut(..size_of_val(block)).unwrap_or_default();
        for (to, v) in bytes.chunks_exact_mut(size_of::<T>()).zip(block) {
            to.copy_from_slice(v.to_bits64().to_le_bytes().get(..size_of::<T>()).unwrap_or_default());
        }
        update(&mut hasher, bytes);
    }
    hasher.digest()
}

/// Hashes bytes; kept in one place, since it takes far more code than what differs from type to type.
#[inline(never)]
fn update(hasher: &mut Xxh3, bytes: &[u8]) {
    hasher.update(bytes);
}

/// Values turned into bytes at a time.
const HASH_BLOCK: usize = 1 << 13;

pub(crate) fn put_superblock(out: &mut Vec<u8>) {
    let start = out.len();
    out.extend(MAGIC);
    FormatVersion::CURRENT.parts().iter().for_each(|part| out.extend(part.to_le_bytes()));
    out.extend(0u32.to_le_bytes());
    let sum = xxh3_64(out.get(start..).unwrap_or_default());
    out.extend(sum.to_le_bytes());
}

/// Appends a record and returns the offset of its payload.
pub(crate) fn put_record(out: &mut Vec<u8>, kind: RecordKind, payload: &[u8]) -> u64 {
    out.push(kind as u8);
    crate::wire::put_varint(out, payload.len() as u64);
    let offset = out.len() as u64;
    out.extend(payload);
    out.extend(checksum(payload).to_le_bytes());
    offset
}

pub(crate) fn put_trailer(out: &mut Vec<u8>, index_offset: u64) {
    let offset = index_offset.to_le_bytes();
    out.extend(offset);
    out.extend(checksum(&offset).to_le_bytes());
    out.extend(END);
}

/// Checks the superblock and returns the version.
pub(crate) fn superblock(bytes: &[u8]) -> Result<FormatVersion> {
    let seen = bytes.get(..MAGIC.len()).unwrap_or(bytes);
    if bytes.is_empty() {
        return Err(Error::NotAnArchive { why: "the file is empty" });
    }
    if !MAGIC.starts_with(seen) {
        return Err(Error::NotAnArchive { why: "it does not start with the archive signature" });
    }
    let block: &[u8; SUPERBLOCK] = bytes.first_chunk().ok_or(truncated("the superblock", SUPERBLOCK as u64, bytes))?;
    let (covered, sum) = block.split_at(16);
    if xxh3_64(covered).to_le_bytes() != sum {
        return Err(Error::ChecksumMismatch { what: "the superblock".to_owned() });
    }
    let [.., a, b, c, d, e, f, g, h] = covered else { return Err(Error::corrupt("superblock")) };
    let version = FormatVersion::new(u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
    if !version.is_readable() {
        return Err(Error::UnsupportedVersion { found: version, supported: FormatVersion::CURRENT });
    }
    if [*e, *f, *g, *h] == [0; 4] {
        Ok(version)
    } else {
        Err(Error::Unsupported { what: "a flag in the superblock".to_owned(), advice: "upgrade DeepComp".to_owned() })
    }
}

/// The payload of the index record, found through the trailer.
pub(crate) fn index_payload(bytes: &[u8]) -> Result<&[u8]> {
    let body = bytes.len().checked_sub(TRAILER).filter(|b| *b >= SUPERBLOCK).ok_or(truncated("the trailer", (SUPERBLOCK + TRAILER) as u64, bytes))?;
    let trailer = bytes.get(body..).unwrap_or_default();
    let (Some((offset, rest)), true) = (trailer.split_first_chunk::<8>(), trailer.ends_with(&END)) else {
        return Err(truncated("the trailer", bytes.len() as u64 + 1, bytes));
    };
    if !rest.starts_with(&checksum(offset).to_le_bytes()) {
        return Err(Error::ChecksumMismatch { what: "the trailer".to_owned() });
    }
    let record =
        usize::try_from(u64::from_le_bytes(*offset)).ok().and_then(|o| bytes.get(o..body)).ok_or_else(|| Error::corrupt("the index lies outside the file"))?;
    let mut reader = crate::wire::Reader::new(record);
    if reader.u8()? != RecordKind::Index as u8 {
        return Err(Error::corrupt("the trailer does not point at an index"));
    }
    let length = reader.count("the length of the index", record.len())?;
    let payload = reader.take(length)?;
    if reader.rest() == checksum(payload).to_le_bytes() { Ok(payload) } else { Err(Error::ChecksumMismatch { what: "the index".to_owned() }) }
}

fn truncated(what: &'static str, needed: u64, bytes: &[u8]) -> Error {
    Error::Truncated { what, needed, available: bytes.len() as u64 }
}
