//! The directories of a TIFF or `BigTIFF` file.

use std::collections::BTreeSet;

use super::errors::{malformed, metadata};
use super::form::{Form, size};
use super::tags::{kind, tag};
use crate::error::Result;
use crate::formats::input::Input;
use crate::limits::Limits;

/// One entry of a directory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u64,
    /// In the byte order of the file; empty for an element type that nobody knows.
    pub(crate) value: &'a [u8],
    pub(crate) at: u64,
}

/// A directory: what the file says of one picture.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    pub(crate) form: Form,
    pub(crate) entries: Vec<Entry<'a>>,
    pub(crate) at: u64,
}

impl<'a> Directory<'a> {
    pub(crate) fn entry(&self, tag: u16) -> Option<&Entry<'a>> {
        self.entries.iter().find(|e| e.tag == tag)
    }

    /// The whole numbers of a tag.
    pub(crate) fn numbers(&self, tag: u16) -> impl Iterator<Item = u64> {
        let entry = self.entry(tag).filter(|e| matches!(e.kind, 1 | 3 | 4 | 13 | 16 | 18));
        let (width, value) = entry.map_or((1, [].as_slice()), |e| (size(e.kind).unwrap_or(1), e.value));
        value.chunks_exact(width as usize).map(|bytes| self.form.number(bytes))
    }

    pub(super) fn first(&self, tag: u16) -> Option<u64> {
        self.numbers(tag).next()
    }

    /// The real numbers of a tag.
    pub(crate) fn reals(&self, tag: u16) -> Vec<f64> {
        let value = self.entry(tag).filter(|e| e.kind == kind::DOUBLE).map_or([].as_slice(), |e| e.value);
        value.chunks_exact(8).map(|bytes| f64::from_bits(self.form.number(bytes))).collect()
    }

    /// The text of a tag, without the zero at its end.
    pub(crate) fn text(&self, tag: u16) -> Option<&'a [u8]> {
        let value = self.entry(tag).filter(|e| e.kind == kind::ASCII)?.value;
        let end = value.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
        value.get(..end)
    }

    /// Whether this is neither a smaller copy of another picture nor a mask.
    pub(crate) fn is_picture(&self) -> bool {
        let reduced_or_mask = 0b101;
        self.first(tag::NEW_SUBFILE_TYPE).unwrap_or(0) & reduced_or_mask == 0 && self.first(tag::SUBFILE_TYPE) != Some(2)
    }
}

/// All directories, and the stretches (offset, length) of the file that they and their values occupy.
#[derive(Debug)]
pub(crate) struct Structure<'a> {
    pub(crate) form: Form,
    pub(crate) directories: Vec<Directory<'a>>,
    pub(crate) extents: Vec<(u64, u64)>,
}

impl<'a> Structure<'a> {
    pub(crate) fn parse(input: &'a Input<'_>, limits: &Limits) -> Result<Self> {
        let start = input.start(4)?;
        let form = Form { wide: start.get(2..).is_some_and(|v| v.contains(&43)), big_endian: start.starts_with(b"MM") };
        let header = if form.wide { 16 } else { 8 };
        let start = metadata(input, if form.wide { 8 } else { 4 }, header / 2)?;
        if form.wide && form.number(metadata(input, 4, 4)?) != if form.big_endian { 8 << 16 } else { 8 } {
            return Err(malformed(4, "offsets of eight bytes"));
        }
        let mut structure = Self { form, directories: Vec::new(), extents: vec![(0, header)] };
        let (mut next, mut visited, mut occupied) = (form.number(start), BTreeSet::new(), 0u64);
        while next != 0 {
            if !visited.insert(next) {
                return Err(malformed(next, "a chain of directories that ends"));
            }
            Limits::check("pictures", visited.len() as u64, limits.items)?;
            let at = next;
            next = structure.directory(input, at)?;
            // Directories that overlap would let a small file hold any number of entries.
            occupied = occupied.saturating_add(structure.extents.iter().rev().find(|e| e.0 == at).map_or(0, |e| e.1));
            if occupied > input.length() {
                return Err(malformed(at, "directories apart from each other"));
            }
        }
        Ok(structure)
    }

    /// Reads a directory; the result is the offset of the next one.
    pub(crate) fn directory(&mut self, input: &'a Input<'_>, at: u64) -> Result<u64> {
        let form = self.form;
        let (count_size, entry_size, offset_size) = if form.wide { (8, 20, 8) } else { (2, 12, 4) };
        let count = form.number(metadata(input, at, count_size)?);
        let length = count.checked_mul(entry_size).and_then(|n| n.checked_add(count_size + offset_size));
        let all = metadata(input, at, length.unwrap_or(u64::MAX))?;
        self.extents.push((at, all.len() as u64));
        let mut entries = Vec::with_capacity((all.len() as u64 / entry_size) as usize);
        for index in 0..count {
            entries.push(self.entry(input, at + count_size + index * entry_size)?);
        }
        self.directories.push(Directory { form, entries, at });
        Ok(form.number(metadata(input, at + all.len() as u64 - offset_size, offset_size)?))
    }

    fn entry(&mut self, input: &'a Input<'_>, at: u64) -> Result<Entry<'a>> {
        let form = self.form;
        let room = if form.wide { 8 } else { 4 };
        let head = |from, length| metadata(input, at + from, length).map(|b| form.number(b));
        let (tag, kind, count) = (head(0, 2)? as u16, head(2, 2)? as u16, head(4, room)?);
        let length = count.saturating_mul(size(kind).unwrap_or(0));
        let inside = at + 4 + room;
        if length <= room {
            return Ok(Entry { tag, kind, count, value: metadata(input, inside, length)?, at });
        }
        let offset = form.number(metadata(input, inside, room)?);
        let value = metadata(input, offset, length)?;
        self.extents.push((offset, length));
        Ok(Entry { tag, kind, count, value, at })
    }
}
