//! Messages of a file, and the sections of a message.

use crate::error::{Error, Result};
use crate::formats::grib::spec::find_message;
use crate::formats::grib::spec::octets::{Octets, malformed};
use crate::formats::grib::spec::record::{BINARY_DATA_HEAD, END, Record, Span};
use crate::formats::input::Input;
use crate::limits::Limits;

/// One message; bytes before it belong to none.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Where section 0 begins.
    pub(crate) start: usize,
    /// Behind its last byte.
    pub(crate) end: usize,
    /// Section 0.
    pub(crate) indicator: &'a [u8],
    /// Number of its records.
    pub(crate) records: usize,
}

/// What a file consists of.
pub(crate) struct Parts<'a> {
    pub(crate) messages: Vec<Message<'a>>,
    /// Of all messages, in order.
    pub(crate) records: Vec<Record<'a>>,
    /// Behind the last message.
    pub(crate) end: usize,
}

/// Splits a file; packed numbers are left where they are.
pub(crate) fn split<'a>(input: &'a Input<'_>) -> Result<Parts<'a>> {
    Limits::check("a GRIB file", input.length(), isize::MAX as u64)?;
    let mut parts = Parts { messages: Vec::new(), records: Vec::new(), end: 0 };
    while let Some(start) = find(input, parts.end as u64)? {
        let before = parts.records.len();
        let stretch = Stretch { input, offset: start, length: input.length() as usize - start };
        let (indicator, length) = match stretch.octets(0, 8)?.byte(8)? {
            1 => first_edition(stretch, &mut parts.records)?,
            _ => second_edition(stretch, &mut parts.records)?,
        };
        parts.end = start + length;
        parts.messages.push(Message { start, end: parts.end, indicator, records: parts.records.len() - before });
    }
    if parts.messages.is_empty() { Err(malformed(0, "a message of edition 1 or 2")) } else { Ok(parts) }
}

/// Bytes that are searched at a time.
const BLOCK: u64 = 1 << 16;

/// Where the next message begins.
fn find(input: &Input<'_>, from: u64) -> Result<Option<usize>> {
    // Mostly right here, where the sections will be read next.
    if input.metadata(from, 8)?.is_some_and(|start| find_message(start).is_some()) {
        return Ok(usize::try_from(from).ok());
    }
    let mut at = from;
    loop {
        let length = BLOCK.min(input.length().saturating_sub(at));
        let block = input.values(at, length)?.unwrap_or_default();
        if let Some(found) = find_message(&block) {
            return Ok(usize::try_from(at).ok().map(|at| at + found));
        }
        if length < BLOCK {
            return Ok(None);
        }
        at += BLOCK - 7;
    }
}

/// A part of the file that is read as it is needed.
#[derive(Clone, Copy)]
struct Stretch<'a> {
    input: &'a Input<'a>,
    offset: usize,
    length: usize,
}

impl<'a> Stretch<'a> {
    fn malformed(self, octet: usize, expected: impl Into<String>) -> Error {
        malformed(self.offset.saturating_add(octet.saturating_sub(1)), expected)
    }

    /// What begins at that position.
    fn from(self, position: usize) -> Self {
        let skipped = position.min(self.length);
        Self { offset: self.offset + skipped, length: self.length - skipped, ..self }
    }

    /// `length` octets from that position on, or as many as there are.
    fn octets(self, position: usize, length: usize) -> Result<Octets<'a>> {
        let here = self.from(position);
        let bytes = self.input.metadata(here.offset as u64, length.min(here.length) as u64)?;
        Ok(Octets::new(bytes.unwrap_or_default(), here.offset))
    }

    /// The message alone, when its length and its end agree.
    fn bounded(self, length: usize) -> Result<Self> {
        if length > self.length {
            return Err(self.malformed(1, format!("a message of {length} bytes, of which {} are there", self.length)));
        }
        match length.checked_sub(END.len()).map(|end| self.octets(end, END.len())).transpose()? {
            Some(Octets { bytes, .. }) if bytes == END => Ok(Self { length, ..self }),
            _ => Err(self.malformed(length.saturating_sub(3), "7777 at the end of a message")),
        }
    }

    /// The section at that position of a message, whose length is in its first `width` octets.
    fn section(self, position: usize, width: usize) -> Result<Self> {
        let here = self.from(position);
        let length = here.octets(0, width)?.size(1, width)?;
        let room = here.length.saturating_sub(END.len());
        if length > width && length <= room { Ok(Self { length, ..here }) } else { Err(here.malformed(1, format!("the length of a section, up to {room}"))) }
    }

    /// All octets.
    fn whole(self) -> Result<Octets<'a>> {
        self.octets(0, self.length)
    }
}

/// Section 0 and the length of the message.
fn second_edition<'a>(all: Stretch<'a>, records: &mut Vec<Record<'a>>) -> Result<(&'a [u8], usize)> {
    let indicator = all.octets(0, 16)?;
    let length = indicator.size(9, 8)?;
    let message = all.bounded(length)?;
    let discipline = indicator.byte(7)?;
    let before = records.len();
    let mut leading = Vec::new();
    let (mut identification, mut grid, mut product, mut representation, mut bitmap) = (None, None, None, None, None);
    // The bitmap that section 6 refers to when it has none of its own, and the one that holds.
    let (mut defined, mut mask) = (None, None);
    let mut position = 16;
    while position + END.len() < length {
        let here = message.section(position, 4)?;
        let number = here.octets(0, 5)?.byte(5)?;
        position += here.length;
        let expected = |what: &str| here.malformed(5, what);
        if number == 7 {
            let (Some(identification), Some(grid), Some(product), Some(representation), Some(bitmap)) =
                (identification, grid, product.take(), representation.take(), bitmap.take())
            else {
                return Err(expected("sections 1, 3, 4, 5 and 6 before section 7"));
            };
            let leading = core::mem::take(&mut leading);
            let data = Span { at: here.offset + 5, length: here.length - 5 };
            records.push(Record { edition: 2, discipline, leading, identification, grid, product, representation, bitmap, mask, data });
            continue;
        }
        let section = here.whole()?;
        // Representation, bitmap and data follow each other; whatever else stands before them.
        match (number, representation.is_some(), bitmap.is_some()) {
            (1, false, false) if records.len() == before => identification = Some(section),
            (2, false, false) => {}
            (3, false, false) => (grid, defined) = (Some(section), None),
            (4, false, false) => product = Some(section),
            (5, false, false) => representation = Some(section),
            (6, true, false) => {
                mask = bits(section, defined)?;
                defined = mask.or(defined);
                bitmap = Some(section);
            }
            _ => return Err(expected("sections 1 to 7 in their order")),
        }
        if number < 5 {
            leading.push(section);
        }
    }
    if records.len() == before || !leading.is_empty() || representation.is_some() || position + END.len() != length {
        return Err(message.malformed(position + 1, "sections up to section 7"));
    }
    Ok((indicator.bytes, length))
}

/// The bits that a bitmap section stands for.
fn bits<'a>(section: Octets<'a>, previous: Option<Octets<'a>>) -> Result<Option<Octets<'a>>> {
    match section.byte(6)? {
        0 => Ok(Some(section.from(7))),
        254 => previous.map(Some).ok_or_else(|| section.malformed(6, "a bitmap before this one, as it refers to it")),
        255 => Ok(None),
        n => Err(predefined(n.into())),
    }
}

fn predefined(number: u64) -> Error {
    Error::Unsupported {
        what: format!("the bitmap of number {number} that only the centre has"),
        advice: "write the file again with eccodes, which includes it".to_owned(),
    }
}

/// Section 0 and the length of the message.
fn first_edition<'a>(all: Stretch<'a>, records: &mut Vec<Record<'a>>) -> Result<(&'a [u8], usize)> {
    let indicator = all.octets(0, 8)?;
    let product = all.section(8, 3)?.whole()?;
    let flags = product.byte(8)?;
    let mut leading = vec![product];
    let mut position = 8 + product.bytes.len();
    let mut next = |flag: u8| -> Result<Octets<'a>> {
        if flags & flag == 0 {
            return Ok(Octets::new(&[], product.offset));
        }
        let section = all.section(position, 3)?.whole()?;
        position += section.bytes.len();
        Ok(section)
    };
    let (grid, bitmap) = (next(0x80)?, next(0x40)?);
    if !grid.bytes.is_empty() {
        leading.push(grid);
    }
    let here = all.from(position);
    let head = here.octets(0, BINARY_DATA_HEAD)?;
    let (mut length, mut data_length) = (indicator.size(5, 3)?, head.size(1, 3)?);
    if length & 0x80_0000 != 0 && data_length < 120 {
        // How ECMWF writes messages of more than 8 MB: units of 120 bytes, and in the place of the section's length what is too much.
        length = (length & 0x7f_ffff) * 120 + 4 - data_length;
        data_length = length.saturating_sub(position + END.len());
    }
    all.bounded(length)?;
    if position + data_length + END.len() != length || data_length < BINARY_DATA_HEAD {
        return Err(here.malformed(1, "a binary data section up to the end of the message"));
    }
    let mask = match bitmap.bytes {
        [] => None,
        _ => match bitmap.unsigned(5, 2)? {
            0 => Some(bitmap.from(7)),
            n => return Err(predefined(n)),
        },
    };
    let data = Span { at: here.offset + BINARY_DATA_HEAD, length: data_length - BINARY_DATA_HEAD };
    records.push(Record { edition: 1, discipline: 0, leading, identification: product, grid, product, representation: head, bitmap, mask, data });
    Ok((indicator.bytes, length))
}
