//! The frame of an uncompressed file around pages: what reading makes of a compressed file, and writing of data that did not come from TIFF.

use super::form::Form;
use super::tags::{kind, tag};
use crate::error::{Error, Result};
use crate::formats::frame::Frame;

/// Bytes that a strip should have, at least one row.
const STRIP_BYTES: usize = 1 << 16;

/// A tag to be written, its numbers in the byte order of the file.
pub(crate) struct Tag {
    pub(crate) number: u16,
    pub(crate) kind: u16,
    pub(crate) count: u64,
    pub(crate) value: Vec<u8>,
    /// What stands in the directory whose offset is the value, in place of one.
    pub(crate) directory: Vec<Tag>,
}

impl Tag {
    /// Bytes of all values.
    pub(crate) fn byte_len(&self) -> u64 {
        self.value.len() as u64 + self.directory.iter().map(Self::byte_len).sum::<u64>()
    }

    /// Bytes that stand outside of its entry.
    fn outside(&self, form: Form) -> u64 {
        if !self.directory.is_empty() {
            return directory_bytes(&self.directory, form);
        }
        if self.value.len() > form.offset() { self.value.len().next_multiple_of(2) as u64 } else { 0 }
    }

    fn new(number: u16, kind: u16, count: u64, value: Vec<u8>) -> Self {
        Self { number, kind, count, value, directory: Vec::new() }
    }

    pub(crate) fn shorts(number: u16, values: &[u16]) -> Self {
        Self::new(number, kind::SHORT, values.len() as u64, values.iter().flat_map(|n| n.to_le_bytes()).collect())
    }

    pub(crate) fn reals(number: u16, values: &[f64]) -> Self {
        Self::new(number, kind::DOUBLE, values.len() as u64, values.iter().flat_map(|n| n.to_le_bytes()).collect())
    }

    pub(crate) fn text(number: u16, text: &str) -> Self {
        let value: Vec<u8> = text.bytes().filter(|b| *b != 0).chain([0]).collect();
        Self::new(number, kind::ASCII, value.len() as u64, value)
    }

    /// Whole numbers that may be offsets.
    pub(crate) fn offsets(number: u16, form: Form, values: impl Iterator<Item = u64>) -> Self {
        let width = form.offset();
        let value: Vec<u8> = values.flat_map(|n| form.bytes(n, width)).collect();
        Self::new(number, if form.wide { kind::LONG8 } else { kind::LONG }, (value.len() / width) as u64, value)
    }
}

/// A page to be written: its tags but for those about storage, and what its strips hold.
pub(crate) struct Picture {
    pub(crate) tags: Vec<Tag>,
    pub(crate) height: usize,
    /// Bytes of a row of a strip.
    pub(crate) row_bytes: usize,
    /// Number of planes that are stored apart.
    pub(crate) planes: usize,
}

impl Picture {
    /// Rows of a strip.
    fn rows(&self) -> usize {
        (STRIP_BYTES / self.row_bytes.max(1)).clamp(1, self.height.max(1))
    }

    fn byte_len(&self) -> Option<u64> {
        (self.row_bytes as u64).checked_mul(self.height as u64)?.checked_mul(self.planes as u64)
    }

    /// Lengths of the strips, from top to bottom of each plane.
    fn strips(&self) -> impl Iterator<Item = u64> + '_ {
        let rows = self.rows();
        let of_plane = move |_| (0..self.height).step_by(rows).map(move |y| (rows.min(self.height - y) * self.row_bytes) as u64);
        (0..self.planes).flat_map(of_plane)
    }

    /// All tags in their order, for pixels that begin at that offset.
    fn finish(&mut self, form: Form, pixels: u64) {
        let mut at = pixels;
        let begins = self.strips().map(|length| {
            at += length;
            at - length
        });
        let storage = [
            Tag::offsets(tag::STRIP_OFFSETS, form, begins),
            Tag::offsets(tag::STRIP_LENGTHS, form, self.strips()),
            Tag::offsets(tag::ROWS_PER_STRIP, Form { wide: false, ..form }, core::iter::once(self.rows() as u64)),
            Tag::new(tag::COMPRESSION, kind::SHORT, 1, form.bytes(1, 2)),
        ];
        self.tags.retain(|t| storage.iter().all(|s| s.number != t.number));
        self.tags.extend(storage);
        self.tags.sort_by_key(|t| t.number);
    }
}

/// Bytes of a directory with all values of its tags.
fn directory_bytes(tags: &[Tag], form: Form) -> u64 {
    let (count, entry) = if form.wide { (8, 20) } else { (2, 12) };
    let outside: u64 = tags.iter().map(|t| t.outside(form)).sum();
    (count + entry * tags.len() + form.offset()) as u64 + outside
}

/// The frame of an uncompressed file with these pages, all pixels at its end. Offsets get eight bytes where four are too few.
///
/// # Errors
/// [`Error::LimitExceeded`] when the pages are too large even so.
pub(crate) fn assemble(form: Form, mut pictures: Vec<Picture>) -> Result<Frame> {
    let too_large = || Error::LimitExceeded { what: "this TIFF", needed: u64::MAX, limit: i64::MAX as u64 };
    let pixels = pictures.iter().try_fold(0u64, |sum, p| sum.checked_add(p.byte_len()?)).filter(|n| i64::try_from(*n).is_ok()).ok_or_else(too_large)?;
    // Offsets do not change the length of the directories, so that they can be put in when it is known.
    let header: u64 = if form.wide { 16 } else { 8 };
    pictures.iter_mut().for_each(|p| p.finish(form, 0));
    let directories: u64 = pictures.iter().map(|p| directory_bytes(&p.tags, form)).sum();
    let mut at = header + directories;
    if !form.wide && at.checked_add(pixels).is_none_or(|end| end > u32::MAX.into()) {
        return assemble(Form { wide: true, ..form }, pictures);
    }
    let mut out = if form.big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    if form.wide {
        [43, 8, 0].iter().for_each(|n| out.extend(form.bytes(*n, 2)));
    } else {
        out.extend(form.bytes(42, 2));
    }
    out.extend(form.bytes(header, form.offset()));
    let last = pictures.len().saturating_sub(1);
    for (index, picture) in pictures.iter_mut().enumerate() {
        picture.finish(form, at);
        at += picture.byte_len().unwrap_or(0);
        let end = out.len() as u64 + directory_bytes(&picture.tags, form);
        append(&mut out, &picture.tags, form, if index == last { 0 } else { end });
    }
    Ok(Frame::open(out, pixels))
}

/// Appends a directory and the values that have no room in it.
fn append(out: &mut Vec<u8>, tags: &[Tag], form: Form, next: u64) {
    let mut free = out.len() as u64 + directory_bytes(tags, form) - tags.iter().map(|t| t.outside(form)).sum::<u64>();
    out.extend(form.bytes(tags.len() as u64, if form.wide { 8 } else { 2 }));
    for tag in tags {
        let inner = !tag.directory.is_empty();
        out.extend(form.bytes(tag.number.into(), 2));
        out.extend(form.bytes(if inner && form.wide { kind::LONG8 } else { tag.kind }.into(), 2));
        out.extend(form.bytes(tag.count, form.offset()));
        if inner || tag.value.len() > form.offset() {
            out.extend(form.bytes(free, form.offset()));
            free += tag.outside(form);
        } else {
            out.extend_from_slice(&tag.value);
            out.resize(out.len() + form.offset() - tag.value.len(), 0);
        }
    }
    out.extend(form.bytes(next, form.offset()));
    for tag in tags {
        if !tag.directory.is_empty() {
            append(out, &tag.directory, form, 0);
        } else if tag.value.len() > form.offset() {
            out.extend_from_slice(&tag.value);
            out.resize(out.len() + tag.value.len() % 2, 0);
        }
    }
}
