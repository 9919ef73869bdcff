//! How long the lists of an index may be.

use crate::limits::Limits;
use minicbor::data::Type;
use minicbor::{Decode, Decoder, decode};

/// Bytes that entries may take for each byte of an index. Of sections, the largest beside what they are written in, those that are whole take about thirteen.
const ENTRIES: u64 = 16;
/// Bytes that the entries of every index may take.
const FIRST_ENTRIES: u64 = 1 << 20;

/// How long the lists of an index may be, told while they are read: a few bytes of a compressed index may stand for millions of entries.
pub(crate) trait Most {
    /// Whether a list, of files or of anything else, may have so many, the last of which takes so many bytes.
    fn allows(&mut self, files: bool, entries: u64, bytes: usize) -> bool;
}

/// What is written needs no limits.
impl Most for () {
    fn allows(&mut self, _: bool, _: u64, _: usize) -> bool {
        true
    }
}

/// Limits of an index from outside.
pub(crate) struct Limited {
    pub(super) list: u64,
    pub(super) files: u64,
    /// Bytes that all entries together may take, and those that they take.
    pub(super) room: u64,
    pub(super) taken: u64,
    /// The one that was exceeded, and of what.
    pub(super) exceeded: Option<(&'static str, u64)>,
}

impl Limited {
    /// What comes from this very build has no limits.
    pub(crate) const NONE: Self = Self { list: u64::MAX, files: u64::MAX, room: u64::MAX, taken: 0, exceeded: None };

    /// Of an index of so many bytes.
    pub(super) const fn of(limits: &Limits, bytes: usize) -> Self {
        let room = (bytes as u64).saturating_mul(ENTRIES).saturating_add(FIRST_ENTRIES);
        Self { list: limits.items, files: limits.files, room, ..Self::NONE }
    }
}

impl Most for Limited {
    fn allows(&mut self, files: bool, entries: u64, bytes: usize) -> bool {
        let limit = if files { self.files } else { self.list };
        self.taken = self.taken.saturating_add(bytes as u64);
        let long = Some(("a list in the index", limit)).filter(|_| entries > limit);
        let large = Some(("memory for the entries of the index", self.room)).filter(|_| self.taken > self.room);
        self.exceeded = self.exceeded.or(long).or(large);
        self.exceeded.is_none()
    }
}

pub(super) fn short_list<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C) -> core::result::Result<Vec<T>, decode::Error> {
    limited(decoder, context, false)
}

pub(super) fn file_list<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C) -> core::result::Result<Vec<T>, decode::Error> {
    limited(decoder, context, true)
}

/// A list that is refused at the first entry too many; room is made as entries come.
fn limited<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C, files: bool) -> core::result::Result<Vec<T>, decode::Error> {
    let length = decoder.array()?;
    let mut list = Vec::new();
    while goes_on(decoder, context, length, list.len() as u64, (files, size_of::<T>()))? {
        list.push(decoder.decode_with(context)?);
    }
    Ok(list)
}

/// Whether another entry, which takes so many bytes, follows those `before`; the end of a list of unknown length is skipped.
fn goes_on(
    decoder: &mut Decoder<'_>,
    context: &mut dyn Most,
    length: Option<u64>,
    before: u64,
    (files, bytes): (bool, usize),
) -> core::result::Result<bool, decode::Error> {
    let more = match length {
        Some(length) => before < length,
        None => decoder.datatype()? != Type::Break,
    };
    if more && !context.allows(files, before + 1, bytes) {
        return Err(decode::Error::message("a list is too long"));
    }
    if !more && length.is_none() {
        decoder.skip()?;
    }
    Ok(more)
}
