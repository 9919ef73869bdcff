//! The bytes of a header.

use super::layout::{MAX_SIZE, TAG_ATTRIBUTE, TAG_DIMENSION, TAG_VARIABLE, code};
use super::part::Part;
use super::sign::stored_type;
use super::values::{append, pad};
use crate::error::Result;
use crate::field::{Attribute, Dataset};

/// The header of a file in that version; `record` is the record dimension, which has that many `records`.
pub(super) fn header(version: u8, dataset: &Dataset, parts: &[Part<'_>], (record, records): (Option<usize>, usize), begins: &[u64]) -> Result<Vec<u8>> {
    Header::new(version).whole(dataset, parts, record, records, begins)
}

/// The header as it grows.
struct Header {
    out: Vec<u8>,
    version: u8,
}

impl Header {
    fn new(version: u8) -> Self {
        Self { out: vec![b'C', b'D', b'F', version], version }
    }

    fn whole(mut self, dataset: &Dataset, parts: &[Part<'_>], record: Option<usize>, records: usize, begins: &[u64]) -> Result<Vec<u8>> {
        self.count(records);
        self.list(TAG_DIMENSION, dataset.dimensions.len());
        for (i, dimension) in dataset.dimensions.iter().enumerate() {
            self.name(&dimension.name);
            self.count(if record == Some(i) { 0 } else { dimension.length });
        }
        self.attributes(&dataset.attributes);
        self.list(TAG_VARIABLE, parts.len());
        for (part, begin) in parts.iter().zip(begins) {
            self.variable(part, *begin)?;
        }
        Ok(self.out)
    }

    fn variable(&mut self, part: &Part<'_>, begin: u64) -> Result<()> {
        let field = part.field;
        self.name(&field.name);
        self.count(field.dimensions.len());
        field.dimensions.iter().for_each(|id| self.count(*id));
        self.attributes(&field.attributes);
        self.word(code(stored_type(field)));
        let size = part.size()?;
        match self.version {
            5 => self.out.extend(size.to_be_bytes()),
            _ => self.word(u32::try_from(size).ok().filter(|_| size <= MAX_SIZE).unwrap_or(u32::MAX)),
        }
        match self.version {
            1 => self.word(u32::try_from(begin).unwrap_or(u32::MAX)),
            _ => self.out.extend(begin.to_be_bytes()),
        }
        Ok(())
    }

    fn attributes(&mut self, attributes: &[Attribute]) {
        self.list(TAG_ATTRIBUTE, attributes.len());
        for Attribute { name, value } in attributes {
            self.name(name);
            self.word(code(value.data_type()));
            self.count(value.len());
            append(&mut self.out, value, 0, value.len());
            pad(&mut self.out, [0; 4]);
        }
    }

    /// An empty list has no tag.
    fn list(&mut self, tag: u32, length: usize) {
        self.word(if length == 0 { 0 } else { tag });
        self.count(length);
    }

    fn name(&mut self, name: &str) {
        self.count(name.len());
        self.out.extend_from_slice(name.as_bytes());
        pad(&mut self.out, [0; 4]);
    }

    fn word(&mut self, n: u32) {
        self.out.extend(n.to_be_bytes());
    }

    /// A count or length. Where it does not fit, [`super::plan::Layout`] has ruled the version out.
    fn count(&mut self, n: usize) {
        if self.version == 5 {
            self.out.extend((n as u64).to_be_bytes());
        } else {
            self.word(u32::try_from(n).unwrap_or(u32::MAX));
        }
    }
}
