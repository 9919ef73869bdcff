//! GRIB of editions 1 and 2 (WMO Manual on Codes, volume I.2): messages that differ by time, step, level or member alone become planes of one field.
//!
//! Sections are walked and integers unpacked here, because the writer needs exactly those integers; JPEG 2000, PNG and CCSDS are left to crates. Values are what eccodes gives,
//! in f32 where that tells all packed integers apart. Deliberately absent: spherical harmonics, second-order packing of edition 1, run-length packing, bitmaps and grids that
//! are only known to their centre; coordinates of grids other than those in [`crate::formats::grib::spec::grid`].

mod coordinates;
mod cube;
mod fields;
mod level;
mod message;
mod names;
mod product;
mod room;

use self::fields::{Contents, Rest};
use self::message::{Message, Parts};
use crate::error::Result;
use crate::field::{Attribute, Dataset, Field, Values};
use crate::formats::grib::spec::FORMAT;
use crate::formats::grib::spec::layout::{Layout, MessageEntry, Strings};
use crate::formats::input::Input;
use crate::formats::opened::{Opened, Variables};
use crate::limits::Limits;

/// Reads all headers.
pub(crate) fn open<'a>(input: &'a Input<'_>, _: &str, limits: &Limits) -> Result<Opened<'a>> {
    let Parts { messages, records, end } = message::split(input)?;
    let contents = Contents::of(records, limits)?;
    let header = Dataset {
        format: FORMAT,
        dimensions: contents.dimensions.clone(),
        attributes: vec![Attribute::text("Conventions", "CF-1.11")],
        fields: contents.fields.clone(),
        layout: Vec::new(),
    };
    let rests = vec![Vec::new(); contents.plans()];
    Ok(Opened::new(header, Stored { input, messages, end, contents, rests, limits: *limits }, limits))
}

/// Where the values are, and what they did not tell of the records of those fields that were read.
struct Stored<'a> {
    input: &'a Input<'a>,
    messages: Vec<Message<'a>>,
    end: usize,
    contents: Contents<'a>,
    rests: Vec<Vec<Rest<'a>>>,
    limits: Limits,
}

impl<'a> Stored<'a> {
    /// The number of what stands between messages; none when that is nothing.
    fn between(&self, strings: &mut Strings<'a>, from: usize, to: usize) -> Result<Option<u32>> {
        let bytes = self.input.metadata(from as u64, to.saturating_sub(from) as u64)?.unwrap_or_default();
        Ok((!bytes.is_empty()).then(|| strings.number(bytes)))
    }

    fn read(&mut self, plan: usize) -> Result<Values> {
        let (values, rests) = self.contents.values(self.input, plan, &self.limits)?;
        self.rests.get_mut(plan).into_iter().for_each(|slot| slot.clone_from(&rests));
        Ok(values)
    }
}

impl Variables for Stored<'_> {
    fn values(&mut self, number: usize, _: &Field) -> Result<Values> {
        self.read(number.saturating_sub(self.contents.coordinates))
    }

    fn layout(&mut self) -> Result<Option<Vec<u8>>> {
        for plan in 0..self.rests.len() {
            if self.rests.get(plan).is_some_and(Vec::is_empty) {
                self.read(plan)?;
            }
        }
        let mut strings = Strings::default();
        let mut records = self.contents.entries(&self.rests, &mut strings).into_iter();
        let mut position = 0;
        let mut entries = Vec::with_capacity(self.messages.len());
        for message in &self.messages {
            let before = self.between(&mut strings, position, message.start)?;
            let records = records.by_ref().take(message.records).collect();
            entries.push(MessageEntry { indicator: strings.number(message.indicator), records, before });
            position = message.end;
        }
        let rest = self.between(&mut strings, self.end, self.input.length() as usize)?;
        Limits::check("headers, and bytes between messages,", strings.size(), self.limits.metadata_bytes)?;
        let names = self.contents.fields.iter().skip(self.contents.coordinates).map(|f| f.name.clone()).collect();
        Layout { strings: strings.into_list(), fields: names, messages: entries, rest }.to_bytes().map(Some)
    }
}
