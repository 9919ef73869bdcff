//! Superblock, records and trailer: what holds frames and index together (docs/format.md, "Archive").

use super::checksum::checksum;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::source::{self, Source, Window};
use crate::version::FormatVersion;
use crate::wire::{Reader, little_endian, put_varint, varint_bytes};
use core::ops::Range;
use std::borrow::Cow;

/// First bytes of every archive. The high bit and the line ends show damage by text transfers.
pub(crate) const MAGIC: [u8; 8] = *b"\x89DCA\r\n\x1a\n";
/// First bytes of an archive in an envelope that takes a passphrase (docs/format.md, "Encryption").
const ENCRYPTED: [u8; 8] = *b"\x89DCE\r\n\x1a\n";
/// Bytes of the superblock: magic, version, flags, where the archive ends, checksum of those.
pub(crate) const SUPERBLOCK: usize = 24;
/// Bytes of the trailer: offset of the index record, end mark.
pub(crate) const TRAILER: usize = 12;
pub(crate) const END: [u8; 4] = *b"dca.";
/// Flags of the superblock that a reader has to know; it may pass over the others.
const NEEDED: u16 = 0xff;
/// Bytes that say where an archive ends.
const END_BYTES: usize = 6;
/// First byte of every record: where the index is lost, records are looked for by it.
pub(crate) const RECORD: u8 = 0xdc;
/// Bytes that the head of a record has at most.
pub(crate) const HEAD: u64 = 14;
/// Bytes of the checksum behind a payload.
const SUM: u64 = 4;
/// Bytes that a record has at most besides its payload.
pub(crate) const OVERHEAD: u64 = HEAD + SUM;
/// Bytes at the end that are read at once: the index of most archives is among them.
const TAIL: u64 = 1 << 15;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    /// A place and a frame.
    Chunk = 1,
    /// What the index says of a file before its chunks, so that they are worth something without the index.
    Header = 2,
    /// Where the chunks of a large variable are.
    Table = 3,
    /// A place and where the frame is that is written elsewhere already.
    Repeat = 4,
    Index = 5,
    /// The file of a network.
    Model = 8,
}

/// The superblock of an archive that ends there, and not where its file ends; 0 where it does.
pub(crate) fn superblock_of(end: u64) -> [u8; SUPERBLOCK] {
    let [major, minor] = FormatVersion::CURRENT.parts();
    let mut block = [0; SUPERBLOCK];
    let fields = [MAGIC.as_slice(), &major.to_le_bytes(), &minor.to_le_bytes(), &[0; 2], end.to_le_bytes().get(..END_BYTES).unwrap_or_default()].concat();
    let sum = checksum(&fields).to_le_bytes();
    block.iter_mut().zip(fields.iter().chain(&sum)).for_each(|(to, from)| *to = *from);
    block
}

/// What follows the head of a record: who looks for records needs not look at all that something claims to be one.
fn guard(head: &[u8]) -> [u8; 2] {
    (checksum(head) as u16).to_le_bytes()
}

/// Appends a record of parts, and returns the offset of the last of them.
pub(crate) fn put_record(out: &mut Vec<u8>, kind: RecordKind, parts: &[&[u8]]) -> u64 {
    let start = out.len();
    out.extend([RECORD, kind as u8]);
    put_varint(out, parts.iter().map(|part| part.len() as u64).sum());
    let guard = guard(out.get(start..).unwrap_or_default());
    out.extend(guard);
    parts.iter().for_each(|part| out.extend(*part));
    let offset = out.len() - parts.last().map_or(0, |part| part.len());
    let sum = checksum(out.get(start..).unwrap_or_default());
    out.extend(sum.to_le_bytes());
    offset as u64
}

/// Bytes of the head of a record with a payload of so many.
pub(crate) const fn head_bytes(payload: u64) -> u64 {
    2 + varint_bytes(payload) + 2
}

/// Bytes of a record with a payload of so many.
pub(crate) const fn record_bytes(payload: u64) -> u64 {
    head_bytes(payload).saturating_add(payload).saturating_add(SUM)
}

pub(crate) fn put_trailer(out: &mut Vec<u8>, index_offset: u64) {
    out.extend(index_offset.to_le_bytes());
    out.extend(END);
}

/// Checks the superblock and returns the version, and where the archive ends.
pub(crate) fn superblock<S: Source + ?Sized>(source: &S) -> Result<(FormatVersion, u64)> {
    let length = source.length();
    let bytes = source::read(source, 0, length.min(SUPERBLOCK as u64))?.unwrap_or_default();
    let seen = bytes.get(..MAGIC.len()).unwrap_or(&bytes);
    if bytes.is_empty() {
        return Err(Error::NotAnArchive { why: "the file is empty" });
    }
    if seen == ENCRYPTED {
        return Err(Error::PassphraseNeeded);
    }
    if !MAGIC.starts_with(seen) {
        return Err(Error::NotAnArchive { why: "it does not start with the archive signature" });
    }
    let block: &[u8; SUPERBLOCK] = bytes.first_chunk().ok_or(truncated("the superblock", SUPERBLOCK as u64, length))?;
    let (version, end) = read_superblock(block)?;
    if end > length { Err(truncated("the archive", end, length)) } else { Ok((version, if end == 0 { length } else { end })) }
}

/// The version that a superblock says, and where the archive ends: 0 where its file does.
pub(crate) fn read_superblock(block: &[u8; SUPERBLOCK]) -> Result<(FormatVersion, u64)> {
    if !block.starts_with(&MAGIC) {
        return Err(Error::NotAnArchive { why: "it does not start with the archive signature" });
    }
    let mut reader = Reader::new(block.get(MAGIC.len()..).unwrap_or_default());
    let [major, minor, flags] = [reader.u16()?, reader.u16()?, reader.u16()?];
    let end = little_endian(reader.take(END_BYTES)?);
    let version = FormatVersion::new(major, minor);
    // What follows may be another in other versions.
    if !version.is_readable() {
        return Err(Error::UnsupportedVersion { found: version, supported: FormatVersion::CURRENT });
    }
    if checksum(block.get(..SUPERBLOCK - 4).unwrap_or_default()) != reader.u32()? {
        return Err(Error::ChecksumMismatch { what: "the superblock".to_owned() });
    }
    match flags & NEEDED {
        0 => Ok((version, end)),
        flags => Err(Error::later(format_args!("flag {flags:#x} of the superblock"))),
    }
}

/// The payload of the index record of an archive that ends there, found through the trailer.
pub(crate) fn index_payload<S: Source + ?Sized>(source: &S, length: u64, limits: &Limits) -> Result<Vec<u8>> {
    let body = length.checked_sub(TRAILER as u64).filter(|b| *b >= SUPERBLOCK as u64);
    let body = body.ok_or(truncated("the trailer", (SUPERBLOCK + TRAILER) as u64, length))?;
    let start = length.saturating_sub(TAIL);
    let tail = source::read(source, start, length - start)?.unwrap_or_default();
    let trailer = tail.get(tail.len().saturating_sub(TRAILER)..).unwrap_or_default();
    let (Some((offset, _)), true) = (trailer.split_first_chunk::<8>(), trailer.ends_with(&END)) else {
        return Err(truncated("the trailer", length.saturating_add(1), length));
    };
    let offset = u64::from_le_bytes(*offset);
    let size = body.checked_sub(offset).ok_or_else(|| Error::corrupt("the index lies outside the file"))?;
    Limits::check("the index", size, limits.metadata_bytes.saturating_add(OVERHEAD + 1))?;
    let known = offset.checked_sub(start).and_then(|from| source::stretch(&tail, from, size)).map(|record| Cow::Owned(record.to_vec()));
    let record = match known {
        Some(record) => record,
        None => source::read(source, offset, size)?.unwrap_or_default(),
    };
    payload(&record, RecordKind::Index, "the index").map(<[u8]>::to_vec)
}

/// What a record holds that `bytes` are, which is of that kind.
pub(crate) fn payload<'a>(bytes: &'a [u8], kind: RecordKind, what: &str) -> Result<&'a [u8]> {
    payload_of(bytes, kind as u8, what)
}

/// The same of a record whose kind is a number.
pub(crate) fn payload_of<'a>(bytes: &'a [u8], kind: u8, what: &str) -> Result<&'a [u8]> {
    let mut reader = Reader::new(bytes);
    if [reader.u8()?, reader.u8()?] != [RECORD, kind] {
        return Err(Error::corrupt(format_args!("{what} is not where it should be")));
    }
    let length = reader.count("the length of a record", bytes.len())?;
    // The checksum covers it as well.
    reader.u16()?;
    let payload = reader.take(length)?;
    let covered = bytes.len() - reader.rest().len();
    let sum = checksum(bytes.get(..covered).unwrap_or_default()).to_le_bytes();
    if reader.rest() == sum { Ok(payload) } else { Err(Error::ChecksumMismatch { what: what.to_owned() }) }
}

/// What comes before the payload of a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) kind: u8,
    /// Bytes that it has itself.
    pub(crate) bytes: usize,
    /// Bytes of the payload.
    pub(crate) length: u64,
}

impl Head {
    /// That which bytes begin with, if they begin with one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let (Ok(RECORD), Ok(kind), Ok(length)) = (reader.u8(), reader.u8(), reader.varint()) else { return None };
        let read = bytes.len() - reader.rest().len();
        let guarded = reader.u16().ok()?.to_le_bytes() == guard(bytes.get(..read)?);
        guarded.then_some(Self { kind, bytes: read + 2, length })
    }
}

/// Kind and payload of the record at an offset, if one is there that is whole; what is hashed to see that comes off the budget.
pub(crate) fn record_at<S: Source + ?Sized>(window: &mut Window<'_, S>, at: u64, budget: &mut u64) -> Result<Option<(u8, Range<u64>)>> {
    let source = window.source;
    let Some(Head { kind, bytes, length }) = Head::read(window.from(at, HEAD)?) else { return Ok(None) };
    let start = at + bytes as u64;
    let Some(end) = start.checked_add(length).filter(|end| end.checked_add(4).is_some_and(|end| end <= source.length())) else { return Ok(None) };
    let bytes = end + 4 - at;
    *budget = budget.saturating_sub(bytes);
    let record = source::read(source, at, bytes)?.unwrap_or_default();
    let whole = record.split_last_chunk::<4>().is_some_and(|(covered, sum)| checksum(covered).to_le_bytes() == *sum);
    Ok(whole.then_some((kind, start..end)))
}

const fn truncated(what: &'static str, needed: u64, available: u64) -> Error {
    Error::Truncated { what, needed, available }
}
