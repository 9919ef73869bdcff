//! GRIB of editions 1 and 2 (WMO Manual on Codes, volume I.2): messages that differ by time, step, level or member alone become planes of one field.
//!
//! Sections are walked and integers unpacked here, because the writer needs exactly those integers; JPEG 2000, PNG and CCSDS are left to crates. Values are what eccodes gives,
//! in f32 where that tells all packed integers apart. Deliberately absent: spherical harmonics, second-order packing of edition 1, run-length packing, bitmaps and grids that
//! are only known to their centre; coordinates of grids other than those in [`grid`].

pub(crate) mod bits;
mod coordinates;
mod cube;
mod fields;
pub(crate) mod grid;
pub(crate) mod layout;
pub(crate) mod message;
mod names;
pub(crate) mod octets;
pub(crate) mod packing;
mod product;

use crate::error::Result;
use crate::field::{Attribute, Dataset, SourceFormat};
use crate::limits::Limits;
use layout::{Layout, MessageEntry, Strings};

/// Reads a whole file.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Dataset> {
    let (messages, end) = message::split(bytes)?;
    let mut strings = Strings::default();
    let fields::Contents { dimensions, fields, names, records } = fields::collect(&messages, &mut strings, limits)?;
    let mut records = records.into_iter();
    let mut position = 0;
    let mut entries = Vec::with_capacity(messages.len());
    for message in &messages {
        let before = strings.part(bytes, position..message.start);
        let records = records.by_ref().take(message.records.len()).collect();
        entries.push(MessageEntry { indicator: strings.number(message.indicator), records, before });
        position = message.end;
    }
    let rest = strings.part(bytes, end..bytes.len());
    Limits::check("headers, and bytes between messages,", strings.size(), limits.metadata_bytes)?;
    let layout = Layout { strings: strings.into_list(), fields: names, messages: entries, rest };
    let attributes = vec![Attribute::text("Conventions", "CF-1.11")];
    Ok(Dataset { format: SourceFormat::Grib, dimensions, attributes, fields, layout: layout.to_bytes()? })
}
