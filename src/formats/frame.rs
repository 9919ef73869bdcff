//! A file without the values in it, so that the file can come back byte for byte around the same or other values.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use super::input::Input;
use crate::error::Result;
use crate::limits::Limits;
use crate::wire::{Reader, put_varint};

const COMPRESSION_LEVEL: u8 = 6;

/// What a hole takes at most, but in files beyond any memory.
const HOLE_BYTES: u64 = 12;

/// What is left of a file when stretches are cut out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The rest, joined.
    rest: Vec<u8>,
    /// Offset and length of each stretch in the file, in order, apart from each other.
    holes: Vec<(u64, u64)>,
}

impl Frame {
    /// Cuts the stretches out; none when they overlap each other or what must `stay`, leave the file, or the rest exceeds `limit` bytes.
    pub(crate) fn cut(input: &Input<'_>, stretches: impl Iterator<Item = (u64, u64)>, stay: &[(u64, u64)], limit: u64) -> Result<Option<Self>> {
        let end = |(at, length): (u64, u64)| at.saturating_add(length);
        let Some(holes) = join(stretches) else { return Ok(None) };
        let meets = |kept: &(u64, u64)| holes.get(holes.partition_point(|h| end(*h) <= kept.0)).is_some_and(|h| h.0 < end(*kept));
        let removed: u64 = holes.iter().map(|h| h.1).sum();
        let left = input.length().checked_sub(removed).filter(|n| n.saturating_add(HOLE_BYTES * holes.len() as u64) <= limit);
        if left.is_none() || stay.iter().any(meets) {
            return Ok(None);
        }
        let mut rest = Vec::new();
        let mut at = 0;
        for hole in holes.iter().copied().chain([(input.length(), 0)]) {
            let Some(between) = hole.0.checked_sub(at) else { return Ok(None) };
            let Some(bytes) = input.values(at, between)? else { return Ok(None) };
            rest.extend_from_slice(&bytes);
            at = end(hole);
        }
        Ok(Some(Self { rest, holes }))
    }

    /// A frame whose only hole is at its end.
    #[cfg(feature = "formats")]
    pub(crate) fn open(rest: Vec<u8>, hole: u64) -> Self {
        let at = rest.len() as u64;
        Self { rest, holes: vec![(at, hole)] }
    }

    /// As bytes for [`crate::field::Dataset::layout`].
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.holes.len() as u64);
        let mut free = 0;
        for (at, length) in &self.holes {
            put_varint(&mut out, at - free);
            put_varint(&mut out, *length);
            free = at + length;
        }
        out.extend_from_slice(&self.rest);
        compress_to_vec_zlib(&out, COMPRESSION_LEVEL)
    }

    /// From [`Self::encode`]; none for other bytes, and for holes of more than `limit` bytes.
    pub(crate) fn decode(layout: &[u8], limit: u64) -> Option<Self> {
        let most = usize::try_from(Limits::default().metadata_bytes).ok()?;
        let bytes = decompress_to_vec_zlib_with_limit(layout, most).ok()?;
        let mut reader = Reader::new(&bytes);
        let count = reader.varint().ok().filter(|n| *n <= bytes.len() as u64)?;
        let (mut holes, mut free, mut removed) = (Vec::new(), 0u64, 0u64);
        for _ in 0..count {
            let at = free.checked_add(reader.varint().ok()?)?;
            let length = reader.varint().ok()?;
            free = at.checked_add(length)?;
            removed = removed.checked_add(length).filter(|n| *n <= limit)?;
            holes.push((at, length));
        }
        let rest = reader.rest().to_vec();
        let total = (rest.len() as u64).checked_add(removed)?;
        (free <= total).then_some(Self { rest, holes })
    }

    /// The file with zeros in the holes; none when there is not that much memory.
    pub(crate) fn file(&self) -> Option<Vec<u8>> {
        let removed: u64 = self.holes.iter().map(|h| h.1).sum();
        let total = usize::try_from(removed).ok()?.checked_add(self.rest.len())?;
        let mut file = Vec::new();
        file.try_reserve_exact(total).ok()?;
        let mut rest = self.rest.as_slice();
        for (at, length) in &self.holes {
            let (before, after) = rest.split_at_checked(usize::try_from(*at).ok()?.checked_sub(file.len())?)?;
            file.extend_from_slice(before);
            file.resize(file.len() + usize::try_from(*length).ok()?, 0);
            rest = after;
        }
        file.extend_from_slice(rest);
        Some(file)
    }
}

/// Sorts and merges what touches; none when two overlap.
fn join(stretches: impl Iterator<Item = (u64, u64)>) -> Option<Vec<(u64, u64)>> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    let add = |joined: &mut Vec<(u64, u64)>, (at, length): (u64, u64)| match joined.last_mut() {
        Some(last) if last.0 + last.1 == at => last.1 += length,
        _ => joined.push((at, length)),
    };
    for stretch in stretches.filter(|s| s.1 > 0) {
        stretch.0.checked_add(stretch.1)?;
        add(&mut joined, stretch);
    }
    joined.sort_unstable();
    let mut holes: Vec<(u64, u64)> = Vec::with_capacity(joined.len());
    for stretch in joined {
        if holes.last().is_some_and(|last| last.0 + last.1 > stretch.0) {
            return None;
        }
        add(&mut holes, stretch);
    }
    Some(holes)
}
