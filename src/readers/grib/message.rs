//! Messages of a file, and the sections of a message.

use super::super::find_message;
use super::octets::{Octets, malformed};
use crate::error::{Error, Result};

/// What ends every message.
pub(crate) const END: &[u8; 4] = b"7777";

/// One message; bytes before it belong to none.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Where section 0 begins.
    pub(crate) start: usize,
    /// Behind its last byte.
    pub(crate) end: usize,
    /// Section 0.
    pub(crate) indicator: &'a [u8],
    pub(crate) records: Vec<Record<'a>>,
}

/// One field of a message. Names of the sections are those of edition 2; edition 1 has the same under other numbers.
#[derive(Debug, Clone)]
pub(crate) struct Record<'a> {
    pub(crate) edition: u8,
    /// Of section 0; 0 in edition 1.
    pub(crate) discipline: u8,
    /// Sections that stand before the representation and after the record before, in file order.
    pub(crate) leading: Vec<Octets<'a>>,
    /// Centre and reference time.
    pub(crate) identification: Octets<'a>,
    pub(crate) grid: Octets<'a>,
    pub(crate) product: Octets<'a>,
    /// How numbers are packed: section 5, or the head of the binary data section.
    pub(crate) representation: Octets<'a>,
    /// The bitmap section as it stands; empty when edition 1 has none.
    pub(crate) bitmap: Octets<'a>,
    /// Bits of the bitmap that holds for this record, which may be that of a record before.
    pub(crate) mask: Option<Octets<'a>>,
    /// Packed numbers.
    pub(crate) data: Octets<'a>,
}

/// Octets of the head of the binary data section of edition 1, before its numbers.
pub(crate) const BINARY_DATA_HEAD: usize = 11;

/// Octets of a bitmap section before its bits, in both editions.
pub(crate) const BITMAP_HEAD: usize = 6;

/// Splits a file. The second part is the number of bytes up to the end of the last message.
pub(crate) fn split(bytes: &[u8]) -> Result<(Vec<Message<'_>>, usize)> {
    let mut messages = Vec::new();
    let mut position = 0;
    while let Some(start) = find(bytes, position) {
        let message = one(bytes, start)?;
        position = message.end;
        messages.push(message);
    }
    if messages.is_empty() { Err(malformed(0, "a message of edition 1 or 2")) } else { Ok((messages, position)) }
}

/// Where the next message begins.
fn find(bytes: &[u8], from: usize) -> Option<usize> {
    find_message(bytes.get(from..)?).map(|n| from + n)
}

fn one(bytes: &[u8], start: usize) -> Result<Message<'_>> {
    let all = Octets::new(bytes, 0).from(start + 1);
    match all.byte(8)? {
        1 => first_edition(all),
        _ => second_edition(all),
    }
}

/// The message alone, when its length and its end agree.
fn bounded(all: Octets<'_>, length: usize) -> Result<Octets<'_>> {
    let message = all.bytes.get(..length).ok_or_else(|| all.malformed(1, format!("a message of {length} bytes, of which {} are there", all.bytes.len())))?;
    match message.last_chunk::<4>() {
        Some(END) => Ok(Octets::new(message, all.offset)),
        _ => Err(all.malformed(length.saturating_sub(3), "7777 at the end of a message")),
    }
}

/// The section at that position of a message, whose length is in its first `width` octets.
fn section(message: Octets<'_>, position: usize, width: usize) -> Result<Octets<'_>> {
    let here = message.from(position + 1);
    let length = here.size(1, width)?;
    let room = here.bytes.len().saturating_sub(END.len());
    match here.bytes.get(..length) {
        Some(bytes) if length > width && length <= room => Ok(Octets::new(bytes, here.offset)),
        _ => Err(here.malformed(1, format!("the length of a section, up to {room}"))),
    }
}

fn second_edition(all: Octets<'_>) -> Result<Message<'_>> {
    let length = all.size(9, 8)?;
    let message = bounded(all, length)?;
    let discipline = message.byte(7)?;
    let mut records = Vec::new();
    let mut leading = Vec::new();
    let (mut identification, mut grid, mut product, mut representation, mut bitmap) = (None, None, None, None, None);
    // The bitmap that section 6 refers to when it has none of its own, and the one that holds.
    let (mut defined, mut mask) = (None, None);
    let mut position = 16;
    while position + END.len() < length {
        let section = section(message, position, 4)?;
        let number = section.byte(5)?;
        let expected = |what: &str| section.malformed(5, what);
        // Representation, bitmap and data follow each other; whatever else stands before them.
        match (number, representation.is_some(), bitmap.is_some()) {
            (1, false, false) if records.is_empty() => identification = Some(section),
            (2, false, false) => {}
            (3, false, false) => (grid, defined) = (Some(section), None),
            (4, false, false) => product = Some(section),
            (5, false, false) => representation = Some(section),
            (6, true, false) => {
                mask = bits(section, defined)?;
                defined = mask.or(defined);
                bitmap = Some(section);
            }
            (7, true, true) => {
                let (Some(identification), Some(grid), Some(product), Some(representation), Some(bitmap)) =
                    (identification, grid, product.take(), representation.take(), bitmap.take())
                else {
                    return Err(expected("sections 1, 3, 4, 5 and 6 before section 7"));
                };
                let leading = core::mem::take(&mut leading);
                let data = section.from(6);
                records.push(Record { edition: 2, discipline, leading, identification, grid, product, representation, bitmap, mask, data });
            }
            _ => return Err(expected("sections 1 to 7 in their order")),
        }
        if number < 5 {
            leading.push(section);
        }
        position += section.bytes.len();
    }
    if records.is_empty() || !leading.is_empty() || representation.is_some() || position + END.len() != length {
        return Err(message.malformed(position + 1, "sections up to section 7"));
    }
    let indicator = message.bytes.get(..16).unwrap_or_default();
    Ok(Message { start: message.offset, end: message.offset + length, indicator, records })
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

fn first_edition(all: Octets<'_>) -> Result<Message<'_>> {
    let product = section(Octets::new(all.bytes, all.offset), 8, 3)?;
    let flags = product.byte(8)?;
    let mut leading = vec![product];
    let mut position = 8 + product.bytes.len();
    let grid = if flags & 0x80 == 0 {
        Octets::new(&[], product.offset)
    } else {
        let grid = section(all, position, 3)?;
        leading.push(grid);
        position += grid.bytes.len();
        grid
    };
    let bitmap = if flags & 0x40 == 0 { Octets::new(&[], product.offset) } else { section(all, position, 3)? };
    position += bitmap.bytes.len();
    let here = all.from(position + 1);
    let (mut length, mut data_length) = (all.size(5, 3)?, here.size(1, 3)?);
    if length & 0x80_0000 != 0 && data_length < 120 {
        // How ECMWF writes messages of more than 8 MB: units of 120 bytes, and in the place of the section's length what is too much.
        length = (length & 0x7f_ffff) * 120 + 4 - data_length;
        data_length = length.saturating_sub(position + END.len());
    }
    let message = bounded(all, length)?;
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
    let binary = message.bytes.get(position..position + data_length).unwrap_or_default();
    let (head, numbers) = binary.split_at_checked(BINARY_DATA_HEAD).unwrap_or_default();
    let record = Record {
        edition: 1,
        discipline: 0,
        leading,
        identification: product,
        grid,
        product,
        representation: Octets::new(head, here.offset),
        bitmap,
        mask,
        data: Octets::new(numbers, here.offset + BINARY_DATA_HEAD),
    };
    let indicator = message.bytes.get(..8).unwrap_or_default();
    Ok(Message { start: message.offset, end: message.offset + length, indicator, records: vec![record] })
}
