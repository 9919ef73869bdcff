//! The global heap, where HDF5 keeps what has no fixed length.

use std::collections::BTreeMap;

use super::cursor::{Cursor, malformed};
use super::file::File;
use super::messages::{Class, Type};
use crate::error::Result;
use crate::formats::netcdf4::spec::trimmed;
use crate::limits::Limits;

/// Bytes of one text, without what fills it up.
pub(super) type Text<'a> = &'a [u8];

/// Collections of objects that have been looked into, and how many bytes of values have been read.
pub(super) struct GlobalHeap<'a, 'f> {
    pub(super) file: &'f File<'a>,
    collections: BTreeMap<u64, BTreeMap<u64, Cursor<'a>>>,
    decoded: u64,
}

impl<'a, 'f> GlobalHeap<'a, 'f> {
    pub(super) fn new(file: &'f File<'a>) -> Self {
        Self { file, collections: BTreeMap::new(), decoded: 0 }
    }

    /// Charges bytes of values.
    pub(super) fn decoded(&mut self, bytes: u64) -> Result<()> {
        self.decoded = self.decoded.saturating_add(bytes);
        Limits::check("the data in this file", self.decoded, self.file.limits.decoded_bytes).map(|_| ())
    }

    /// The object that the next reference points to; none for an empty list.
    pub(super) fn next(&mut self, references: &mut Cursor<'a>) -> Result<Option<Cursor<'a>>> {
        let (at, count) = (references.at, references.number(4)?);
        let (collection, index) = (references.address()?, references.number(4)?);
        match collection.filter(|c| *c != 0 && count != 0) {
            None => Ok(None),
            Some(collection) => self.object(collection, index, at).map(Some),
        }
    }

    fn object(&mut self, collection: u64, index: u64, at: u64) -> Result<Cursor<'a>> {
        if !self.collections.contains_key(&collection) {
            let objects = self.objects(collection)?;
            self.collections.insert(collection, objects);
        }
        let found = self.collections.get(&collection).and_then(|c| c.get(&index));
        found.cloned().ok_or_else(|| malformed(at, "the number of an object in the global heap"))
    }

    fn objects(&self, at: u64) -> Result<BTreeMap<u64, Cursor<'a>>> {
        let mut header = self.file.from(at)?;
        header.expect("GCOL")?;
        header.take(4)?;
        let size = header.length()?;
        let before = header.at - at;
        let mut rest = header.part(size.checked_sub(before).ok_or_else(|| malformed(at, "the size of a collection"))?)?;
        let mut objects = BTreeMap::new();
        let header = 8 + rest.widths().length;
        while rest.rest().len() as u64 >= header {
            self.file.charge(header)?;
            let index = rest.number(2)?;
            rest.take(6)?;
            let length = rest.length()?;
            if index == 0 {
                break;
            }
            objects.insert(index, rest.part(length)?);
            let padding = length.next_multiple_of(8) - length;
            rest.take(padding.min(rest.rest().len() as u64))?;
        }
        Ok(objects)
    }

    /// The texts in `stored`: each as long as its type, or in the heap.
    pub(super) fn texts<'s>(&mut self, data_type: Type, stored: &'s [u8]) -> Result<Vec<Text<'s>>>
    where
        'a: 's,
    {
        let size = usize::try_from(data_type.size).unwrap_or(usize::MAX).max(1);
        if data_type.class != Class::String {
            return Ok(stored.chunks_exact(size).map(trimmed).collect());
        }
        stored.chunks_exact(size).map(|reference| self.text(reference)).collect()
    }

    /// One text with NUL between the parts.
    pub(super) fn joined(&mut self, texts: &[Text<'_>]) -> Result<Vec<u8>> {
        self.decoded(texts.iter().map(|t| t.len() as u64 + 1).sum())?;
        Ok(texts.join(&0))
    }

    fn text(&mut self, reference: &[u8]) -> Result<Text<'a>> {
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        let (length, rest) = reference.split_at_checked(4).unwrap_or_default();
        let (collection, index) = rest.split_at_checked(rest.len().saturating_sub(4)).unwrap_or_default();
        let (length, collection, index) = (number(length), number(collection), number(index));
        if length == 0 || collection == 0 {
            return Ok(&[]);
        }
        let mut object = self.object(collection, index, collection)?;
        object.take(length).map(trimmed)
    }
}
