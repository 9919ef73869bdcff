//! Recovery records are written behind the bytes that they cover.

use super::code::{Encoder, columns};
use super::layout::Layout;
use crate::Target;
use crate::bytes::{each, padded, zeros};
use crate::records::sum;
use deepcomp::{Error, Result, Source};
use xxhash_rust::xxh3::Xxh3;

/// Writes the records of a layout behind what they cover, which is in the target. Returns where the last one ends.
///
/// # Errors
/// [`Error::Unreadable`](deepcomp::Error::Unreadable) and [`Error::Unwritable`](deepcomp::Error::Unwritable).
pub fn write<T: Target>(target: &mut T, layout: &Layout) -> Result<u64> {
    let (hash, sums) = sums(target, layout, layout.covered)?;
    let pieces = pieces(layout, &sums)?;
    let head = layout.head();
    let mut hashes = Vec::with_capacity(layout.parity.into());
    for (number, piece) in (0..layout.parity).zip(&pieces) {
        let start = [head.as_slice(), &layout.fields(number, hash), piece].concat();
        target.write(layout.record_at(number), &start)?;
        let mut hash = Xxh3::new();
        hash.update(&start);
        hashes.push((hash, layout.record_at(number) + start.len() as u64));
    }
    let mut encoder = None;
    for columns in columns(layout.data, layout.parity, layout.shard) {
        let mut column = zeros("a part of a shard", columns.end - columns.start)?;
        let encoder = match &mut encoder {
            None => encoder.insert(Encoder::new(layout.data, layout.parity, column.len())?),
            Some(encoder) => {
                encoder.resize(layout.data, layout.parity, column.len())?;
                encoder
            }
        };
        for number in 0..u64::from(layout.data) {
            column_of(target, layout, number, columns.start, &mut column)?;
            encoder.add(&column)?;
        }
        encoder.encode(|number, parity| {
            let Some((hash, at)) = hashes.get_mut(usize::from(number)) else { return Ok(()) };
            hash.update(parity);
            target.write(*at, parity)?;
            *at += parity.len() as u64;
            Ok(())
        })?;
    }
    hashes.iter().try_for_each(|(hash, at)| target.write(*at, &sum(hash)))?;
    Ok(layout.end())
}

/// A part of a shard of data. What lies behind the covered bytes is zeros in it, and so is what the file lacks.
pub(super) fn column_of<S: Source + ?Sized>(source: &S, layout: &Layout, shard: u64, from: u64, into: &mut [u8]) -> Result<()> {
    let at = shard * layout.shard + from;
    let covered = layout.covered.saturating_sub(at).min(into.len() as u64);
    let (inside, behind) = into.split_at_mut(usize::try_from(covered).unwrap_or_default());
    behind.fill(0);
    if inside.is_empty() { Ok(()) } else { padded(source, at, inside) }
}

/// The hash of what is covered, and the checksums of its shards; of a file that is cut short at `length` the hash of what is there.
pub(super) fn sums<S: Source + ?Sized>(source: &S, layout: &Layout, length: u64) -> Result<(u128, Vec<u32>)> {
    let mut all = Xxh3::new();
    let mut sums = Vec::with_capacity(layout.data.into());
    for number in 0..u64::from(layout.data) {
        let start = number * layout.shard;
        let end = layout.covered.min(start + layout.shard);
        let mut own = Xxh3::new();
        each(source, start.min(length)..end.min(length), |bytes| {
            all.update(bytes);
            own.update(bytes);
            Ok(())
        })?;
        // A shard is hashed with its padding, and one that is cut off as if it had zeros there.
        let zeros = [0; 1 << 12];
        let mut missing = start + layout.shard - end.min(length).max(start);
        while missing > 0 {
            let now = zeros.get(..usize::try_from(missing).unwrap_or(usize::MAX).min(zeros.len())).unwrap_or_default();
            own.update(now);
            missing -= now.len() as u64;
        }
        sums.push(own.digest() as u32);
    }
    Ok((all.digest128(), sums))
}

/// The checksums of the shards, coded so that any [`Layout::pieces`] of the records give them back.
fn pieces(layout: &Layout, sums: &[u32]) -> Result<Vec<Vec<u8>>> {
    let size = usize::try_from(layout.piece()).map_err(|_| Error::LimitExceeded { what: "checksums", needed: layout.piece(), limit: u64::MAX })?;
    let mut bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
    bytes.resize(size * usize::from(layout.pieces()), 0);
    let mut encoder = Encoder::new(layout.pieces(), layout.parity, size)?;
    bytes.chunks_exact(size).try_for_each(|piece| encoder.add(piece))?;
    let mut pieces = Vec::with_capacity(layout.parity.into());
    encoder.encode(|_, piece| {
        pieces.push(piece.to_vec());
        Ok(())
    })?;
    Ok(pieces)
}
