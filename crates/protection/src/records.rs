//! Records behind the end of an archive: the frame is that of the records in it (docs/format.md, "Archive").

use crate::bytes::zeros;
use crate::bytes::{checksum, take};
use deepcomp::{Result, Source};
use xxhash_rust::xxh3::Xxh3;

const RECORD: u8 = 0xdc;
/// Bytes that the head of a record has at most: mark, kind, length, guard.
pub(crate) const HEAD: usize = 14;
/// Bytes of the checksum that a record ends with.
pub(crate) const SUM: u64 = 4;

/// What a record behind the end holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Recovery = 6,
    Signature = 7,
}

/// What stands before the payload of a record.
pub(crate) fn head(kind: Kind, payload: u64) -> Vec<u8> {
    let mut head = vec![RECORD, kind as u8];
    let mut length = payload;
    while length >= 0x80 {
        head.push(length as u8 | 0x80);
        length >>= 7;
    }
    head.push(length as u8);
    let guard = checksum(&head) as u16;
    head.extend(guard.to_le_bytes());
    head
}

/// Lengths of the head that stands here and of the payload behind it, if it is the head of such a record.
pub(crate) fn parse(bytes: &[u8], kind: Kind) -> Option<(usize, u64)> {
    let mut rest = bytes;
    if take(&mut rest)? != [RECORD, kind as u8] {
        return None;
    }
    let mut length = 0u64;
    for shift in (0..63).step_by(7) {
        let [byte] = take(&mut rest)?;
        length |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            let read = head(kind, length);
            return bytes.starts_with(&read).then_some((read.len(), length));
        }
    }
    None
}

/// A record that is written or checked bit by bit: what its last bytes are.
pub(crate) fn sum(hash: &Xxh3) -> [u8; 4] {
    (hash.digest() as u32).to_le_bytes()
}

/// The payload of a record of that kind at an offset, if there is one that is whole and no longer than that.
pub(crate) fn short_at<S: Source + ?Sized>(source: &S, at: u64, kind: Kind, most: u64) -> Result<Option<Vec<u8>>> {
    let mut start = zeros("a record", source.length().saturating_sub(at).min(HEAD as u64))?;
    source.read(at, &mut start)?;
    let Some((read, length)) = parse(&start, kind).filter(|(_, length)| *length <= most) else { return Ok(None) };
    let end = at.saturating_add(read as u64 + length + SUM);
    if end > source.length() {
        return Ok(None);
    }
    let mut record = zeros("a record", end - at)?;
    source.read(at, &mut record)?;
    let whole = record.split_last_chunk::<4>().filter(|(covered, sum)| checksum(covered).to_le_bytes() == **sum);
    Ok(whole.and_then(|(covered, _)| covered.get(read..)).map(<[u8]>::to_vec))
}
