//! How long the lists of an index may be.

use minicbor::data::Type;
use minicbor::{Decode, Decoder, decode};

/// How long the lists of an index may be, told while they are read: a few bytes of a compressed index may stand for millions of entries.
pub(crate) trait Most {
    /// Whether a list, of files or of anything else, may have so many.
    fn allows(&mut self, files: bool, entries: u64) -> bool;
}

/// What is written needs no limits.
impl Most for () {
    fn allows(&mut self, _: bool, _: u64) -> bool {
        true
    }
}

/// Limits of an index from outside.
pub(crate) struct Limited {
    pub(super) list: u64,
    pub(super) files: u64,
    /// The one that was exceeded.
    pub(super) exceeded: Option<u64>,
}

impl Limited {
    /// What comes from this very build has no limits.
    pub(crate) const NONE: Self = Self { list: u64::MAX, files: u64::MAX, exceeded: None };
}

impl Most for Limited {
    fn allows(&mut self, files: bool, entries: u64) -> bool {
        let limit = if files { self.files } else { self.list };
        self.exceeded = self.exceeded.or(Some(limit).filter(|limit| entries > *limit));
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
    while goes_on(decoder, context, length, list.len() as u64, files)? {
        list.push(decoder.decode_with(context)?);
    }
    Ok(list)
}

/// Whether another entry follows those `before`; the end of a list of unknown length is skipped.
fn goes_on(decoder: &mut Decoder<'_>, context: &mut dyn Most, length: Option<u64>, before: u64, files: bool) -> core::result::Result<bool, decode::Error> {
    let more = match length {
        Some(length) => before < length,
        None => decoder.datatype()? != Type::Break,
    };
    if more && !context.allows(files, before + 1) {
        return Err(decode::Error::message("a list is too long"));
    }
    if !more && length.is_none() {
        decoder.skip()?;
    }
    Ok(more)
}
