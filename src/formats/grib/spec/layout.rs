//! What the writer needs besides the values: all bytes of a file but the packed numbers, and where the values of each record are.
//!
//! Sections that occur again and again, and they do, are there once.

use std::collections::BTreeMap;

use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

use crate::error::{Error, Result};

/// A file of messages.
#[derive(Debug, Default, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Layout {
    /// Byte strings that the rest refers to by number.
    #[n(0)]
    pub(crate) strings: Vec<ByteVec>,
    /// Names of the fields that records refer to by number.
    #[n(1)]
    pub(crate) fields: Vec<String>,
    #[n(2)]
    pub(crate) messages: Vec<MessageEntry>,
    /// Bytes after the last message.
    #[n(3)]
    pub(crate) rest: Option<u32>,
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct MessageEntry {
    /// Section 0, whose length is written anew.
    #[n(0)]
    pub(crate) indicator: u32,
    #[n(1)]
    pub(crate) records: Vec<RecordEntry>,
    /// Bytes before the message.
    #[n(2)]
    pub(crate) before: Option<u32>,
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
pub(crate) struct RecordEntry {
    /// Which field and which of its planes.
    #[n(0)]
    pub(crate) field: u32,
    #[n(1)]
    pub(crate) plane: u32,
    /// Section 5, or the head of the binary data section.
    #[n(2)]
    pub(crate) representation: u32,
    /// Sections before the representation.
    #[n(3)]
    pub(crate) leading: Vec<u32>,
    /// The bitmap section, or what of it the values do not tell: without the bits where it says which values are missing.
    #[n(4)]
    pub(crate) bitmap: u32,
    /// How the bits of the bitmap follow from the values.
    #[n(5)]
    pub(crate) bits: u8,
    /// What stands behind the packed numbers, from the last byte that they do not fill.
    #[n(6)]
    pub(crate) tail: Option<u32>,
    /// The packed numbers themselves, where the values do not tell them.
    #[n(7)]
    pub(crate) raw: Option<u32>,
}

/// The bitmap section is there as it was.
pub(crate) const BITS_STORED: u8 = 0;
/// Its head is there; its bits say which values are not NaN.
pub(crate) const BITS_FROM_VALUES: u8 = 1;
/// Bytes from the last one that the bits do not fill on, at most, where the bits are not stored.
pub(crate) const MAX_FILLING: usize = 8;

/// Collects byte strings.
#[derive(Debug, Default)]
pub(crate) struct Strings<'a> {
    numbers: BTreeMap<&'a [u8], u32>,
    list: Vec<&'a [u8]>,
}

impl<'a> Strings<'a> {
    /// The number of that string.
    pub(crate) fn number(&mut self, bytes: &'a [u8]) -> u32 {
        let next = self.list.len() as u32;
        *self.numbers.entry(bytes).or_insert_with(|| {
            self.list.push(bytes);
            next
        })
    }

    /// Bytes of all strings.
    pub(crate) fn size(&self) -> u64 {
        self.list.iter().map(|bytes| bytes.len() as u64).sum()
    }

    pub(crate) fn into_list(self) -> Vec<ByteVec> {
        self.list.into_iter().map(|bytes| bytes.to_vec().into()).collect()
    }
}

impl Layout {
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>> {
        minicbor::to_vec(self).map_err(|e| Error::corrupt(format_args!("the layout could not be written: {e}")))
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self> {
        minicbor::decode(bytes).map_err(|e| Error::corrupt(format_args!("the layout of the GRIB file is not valid: {e}")))
    }

    pub(crate) fn string(&self, number: u32) -> Result<&[u8]> {
        self.strings
            .get(number as usize)
            .map(|s| s.as_slice())
            .ok_or_else(|| Error::corrupt(format_args!("the layout of the GRIB file has no string {number}")))
    }
}
