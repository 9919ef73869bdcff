//! Recovery records are found, and what they cover is checked.

use super::code::Decoder;
use super::layout::{FIELDS, Layout};
use super::write::sums;
use crate::bytes::{each, zeros};
use crate::outer::Outer;
use crate::records::{HEAD, SUM, sum};
use deepcomp::{Error, Result, Source};
use xxhash_rust::xxh3::Xxh3;

/// Bytes that are searched at a time.
const WINDOW: u64 = 1 << 20;
/// Bytes that may be hashed in search of a record for each byte that there is: what looks like the start of one may claim to be long.
const SEARCH: u64 = 8;

/// What a recovery record says of the bytes before it.
#[derive(Debug, Clone)]
pub struct Checked {
    pub(super) layout: Layout,
    pub(super) hash: u128,
    /// Numbers of the records that are whole.
    pub(super) whole: Vec<u16>,
    /// Numbers of the shards that are damaged.
    pub(super) damaged: Vec<u16>,
}

impl Checked {
    /// How shards and records lie.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Shards of data that are damaged.
    #[must_use]
    pub const fn damaged_shards(&self) -> usize {
        self.damaged.len()
    }

    /// Records that are damaged.
    #[must_use]
    pub fn damaged_records(&self) -> usize {
        usize::from(self.layout.parity) - self.whole.len()
    }

    /// Whether all is as it was written, records as well.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damaged.is_empty() && self.damaged_records() == 0
    }
}

/// The layout of the recovery record behind the end of an archive, if it has one.
///
/// # Errors
/// Those of [`Outer::read`].
pub fn find<S: Source + ?Sized>(source: &S) -> Result<Option<Layout>> {
    let end = Outer::read(source)?.end;
    Ok(search(source, end)?.map(|(layout, _)| layout))
}

/// Finds the recovery record of a file, wherever it is damaged, and tells which shards are not as they were.
///
/// # Errors
/// [`Error::NoRecovery`] where no record is whole; [`Error::BeyondRepair`] where more is damaged than the records that are whole mend.
pub fn check<S: Source + ?Sized>(source: &S) -> Result<Checked> {
    let (layout, hash) = search(source, 0)?.ok_or(Error::NoRecovery)?;
    let mut whole = Vec::new();
    for number in 0..layout.parity {
        if is_whole(source, (layout, number, hash))? {
            whole.push(number);
        }
    }
    let (found, now) = sums(source, &layout, layout.covered.min(source.length()))?;
    let is_all = layout.covered <= source.length() && found == hash;
    let mut checked = Checked { layout, hash, whole, damaged: Vec::new() };
    if is_all {
        return Ok(checked);
    }
    let shards = u64::from(layout.data);
    let beyond = |damaged: usize, mendable| Error::BeyondRepair { damaged: damaged as u64, shards, mendable };
    // Without the checksums nothing says which shards are whole.
    let then = checksums(source, &checked)?.ok_or_else(|| beyond(layout.data.into(), 0))?;
    checked.damaged = (0..layout.data).zip(now.iter().zip(&then)).filter(|(_, (now, then))| now != then).map(|(number, _)| number).collect();
    // A checksum that is right by chance leaves nothing to mend, and the hash tells.
    if checked.damaged.is_empty() || checked.damaged.len() > checked.whole.len() {
        return Err(beyond(checked.damaged.len(), checked.whole.len() as u64));
    }
    Ok(checked)
}

/// Layout and hash that the last record says which is whole and lies where it should, from `begin` on.
fn search<S: Source + ?Sized>(source: &S, begin: u64) -> Result<Option<(Layout, u128)>> {
    const START: u64 = (HEAD + FIELDS) as u64;
    let length = source.length();
    let mut budget = length.saturating_mul(SEARCH);
    let mut end = length;
    while end > begin {
        let start = end.saturating_sub(WINDOW).max(begin);
        let mut window = zeros("a stretch of this file", length.min(end + START) - start)?;
        source.read(start, &mut window)?;
        for offset in (0..usize::try_from(end - start).unwrap_or_default()).rev() {
            let at = start + offset as u64;
            let seen = window.get(offset..).unwrap_or_default();
            let Some((layout, number, hash)) = Layout::parse(seen, at).filter(|(layout, ..)| layout.covered >= begin) else { continue };
            let Some(left) = budget.checked_sub(layout.record()) else { return Ok(None) };
            budget = left;
            if is_whole(source, (layout, number, hash))? {
                return Ok(Some((layout, hash)));
            }
        }
        end = start;
    }
    Ok(None)
}

/// Whether the record of that number is there, says the same as the others, and has the checksum that it should.
fn is_whole<S: Source + ?Sized>(source: &S, (layout, number, hash): (Layout, u16, u128)) -> Result<bool> {
    let at = layout.record_at(number);
    let Some(end) = at.checked_add(layout.record()).filter(|end| *end <= source.length()) else { return Ok(false) };
    let mut start = zeros("a record", (layout.head().len() + FIELDS) as u64)?;
    source.read(at, &mut start)?;
    if Layout::parse(&start, at) != Some((layout, number, hash)) {
        return Ok(false);
    }
    let mut own = Xxh3::new();
    each(source, at..end - SUM, |bytes| {
        own.update(bytes);
        Ok(())
    })?;
    let mut said = [0; SUM as usize];
    source.read(end - SUM, &mut said)?;
    Ok(said == sum(&own))
}

/// The checksums of all shards as they were, if there are enough records.
fn checksums<S: Source + ?Sized>(source: &S, checked: &Checked) -> Result<Option<Vec<u32>>> {
    let Checked { layout, whole, .. } = checked;
    let pieces = layout.pieces();
    if whole.len() < pieces.into() {
        return Ok(None);
    }
    let mut piece = zeros("checksums", layout.piece())?;
    let mut decoder = Decoder::new(pieces, layout.parity, piece.len())?;
    for number in whole.iter().take(pieces.into()) {
        source.read(layout.record_at(*number) + (layout.head().len() + FIELDS) as u64, &mut piece)?;
        decoder.add_parity(*number, &piece)?;
    }
    let mut bytes = Vec::new();
    decoder.decode(|_, piece| {
        bytes.extend(piece);
        Ok(())
    })?;
    Ok(Some(bytes.chunks_exact(4).filter_map(|sum| sum.first_chunk()).map(|sum| u32::from_le_bytes(*sum)).collect()))
}
