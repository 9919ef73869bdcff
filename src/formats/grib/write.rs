//! GRIB: the messages of the source again, from what its reader kept of them and the values.
//!
//! A record whose values still are what it packed is packed with the same reference value and scale factors: as it was where that was simple packing or IEEE numbers, else in
//! simple packing. Any other becomes IEEE numbers. Deliberately absent: messages for datasets of other formats, and other ways of packing.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Field, Values};
use crate::formats::grib::spec::FORMAT;
use crate::formats::grib::spec::bits::{self, MAX_WIDTH, pack};
use crate::formats::grib::spec::grid::Grid;
use crate::formats::grib::spec::layout::{BITS_FROM_VALUES, Layout, MAX_FILLING, MessageEntry, RecordEntry};
use crate::formats::grib::spec::octets::Octets;
use crate::formats::grib::spec::packing::{Numbers, Precision, Representation, Template};
use crate::formats::grib::spec::record::{BITMAP_HEAD, END, Record, Span};
use crate::limits::Limits;

/// Writes the GRIB messages that the dataset came from. Values that still are what a message packed are packed as there, byte for byte where that was simple packing; others
/// become IEEE numbers, which edition 2 has.
///
/// # Errors
/// [`Error::Unsupported`] for a dataset that did not come from GRIB, and for values that edition 1 cannot hold.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    if !dataset.format.is(FORMAT) || dataset.layout.is_empty() {
        return Err(Error::Unsupported { what: "writing GRIB of data that did not come from GRIB".to_owned(), advice: "write NetCDF instead".to_owned() });
    }
    let layout = Layout::from_bytes(&dataset.layout)?;
    let fields: BTreeMap<&str, &Field> = dataset.fields.iter().map(|f| (f.name.as_str(), f)).collect();
    let fields = layout.fields.iter().map(|name| fields.get(name.as_str()).copied().ok_or_else(|| missing(name))).collect::<Result<_>>()?;
    let mut writer = Writer { layout: &layout, fields, out: Vec::new(), planes: BTreeSet::new(), limit: limit(dataset, &layout) };
    for message in &layout.messages {
        writer.message(message)?;
    }
    if let Some(rest) = layout.rest {
        writer.append(layout.string(rest)?)?;
    }
    Ok(writer.out)
}

fn missing(name: &str) -> Error {
    Error::InvalidArgument { what: format!("the GRIB file had a field {name:?}, which is not among these; write all of its fields, or write NetCDF") }
}

fn contradiction(what: &str) -> Error {
    Error::corrupt(format_args!("the layout of the GRIB file {what}"))
}

/// The most bytes that a layout may come to: what values and headers take, and headers that many records share.
fn limit(dataset: &Dataset, layout: &Layout) -> u64 {
    let values: u64 = dataset.fields.iter().map(|f| f.values.byte_len() as u64).sum();
    let records: u64 = layout.messages.iter().map(|m| m.records.len() as u64).sum();
    16 * (values + dataset.layout.len() as u64) + 4096 * records
}

struct Writer<'a> {
    layout: &'a Layout,
    /// In the order of the layout.
    fields: Vec<&'a Field>,
    out: Vec<u8>,
    /// Planes that were written.
    planes: BTreeSet<(u32, u32)>,
    limit: u64,
}

/// What holds from one record of a message to the next.
#[derive(Default)]
struct State<'a> {
    edition: u8,
    product: &'a [u8],
    grid: &'a [u8],
    /// The bitmap that others refer to.
    defined: Option<Vec<bool>>,
}

/// Sections of a record as they are written: representation, bitmap, numbers.
struct Sections {
    representation: Vec<u8>,
    bitmap: Vec<u8>,
    data: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        Limits::check("the GRIB file", self.out.len() as u64 + bytes.len() as u64, self.limit)?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn message(&mut self, message: &MessageEntry) -> Result<()> {
        if let Some(before) = message.before {
            self.append(self.layout.string(before)?)?;
        }
        let start = self.out.len();
        let indicator = self.layout.string(message.indicator)?;
        let edition = match (indicator.get(7), indicator.len()) {
            (Some(1), 8) => 1,
            (Some(2), 16) => 2,
            _ => return Err(contradiction("has an indicator section of no edition")),
        };
        self.append(indicator)?;
        let mut state = State { edition, ..State::default() };
        for record in &message.records {
            self.record(record, &mut state)?;
        }
        self.append(END)?;
        // Messages of edition 1 are as long as they were.
        let length = (self.out.len() - start) as u64;
        if let (2, Some(slot)) = (edition, self.out.get_mut(start + 8..start + 16)) {
            slot.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    fn record(&mut self, entry: &RecordEntry, state: &mut State<'a>) -> Result<()> {
        let layout = self.layout;
        for (number, section) in entry.leading.iter().enumerate() {
            let section = layout.string(*section)?;
            match (state.edition, number, section.get(4)) {
                (1, 0, _) => state.product = section,
                (1, 1, _) => state.grid = section,
                (2, _, Some(3)) => (state.grid, state.defined) = (section, None),
                (2, _, Some(1 | 2 | 4)) => {}
                _ => return Err(contradiction("has sections out of place")),
            }
            self.append(section)?;
        }
        if !self.planes.insert((entry.field, entry.plane)) {
            return Err(contradiction("uses a plane twice"));
        }
        let field = self.fields.get(entry.field as usize).ok_or_else(|| contradiction("uses a field that is not there"))?;
        let sections = match &field.values {
            Values::F32(values) => sections(values, field, layout, entry, state)?,
            Values::F64(values) => sections(values, field, layout, entry, state)?,
            _ => return Err(contradiction("uses a field that is not of floating-point numbers")),
        };
        if state.edition == 1 {
            self.append(&sections.bitmap)?;
            self.append(&sections.representation)?;
        } else {
            self.append(&sections.representation)?;
            self.append(&sections.bitmap)?;
            self.append(&header(5 + sections.data.len(), 7)?)?;
        }
        self.append(&sections.data)
    }
}

/// The first octets of a section of edition 2.
fn header(length: usize, number: u8) -> Result<[u8; 5]> {
    let [a, b, c, d] =
        u32::try_from(length).map_err(|_| Error::LimitExceeded { what: "a section of GRIB", needed: length as u64, limit: u32::MAX.into() })?.to_be_bytes();
    Ok([a, b, c, d, number])
}

/// A record as it was, without data.
fn source<'a>(layout: &'a Layout, entry: &RecordEntry, state: &State<'a>) -> Result<Record<'a>> {
    let octets = |bytes| Octets::new(bytes, 0);
    Ok(Record {
        edition: state.edition,
        discipline: 0,
        leading: Vec::new(),
        identification: octets(&[]),
        grid: octets(state.grid),
        product: octets(state.product),
        representation: octets(layout.string(entry.representation)?),
        bitmap: octets(layout.string(entry.bitmap)?),
        mask: None,
        data: Span { at: 0, length: 0 },
    })
}

fn sections<'a, T: Precision>(values: &[T], field: &Field, layout: &'a Layout, entry: &RecordEntry, state: &mut State<'a>) -> Result<Sections> {
    let malformed = |error| contradiction(&format!("has a header that cannot be read ({error})"));
    let record = source(layout, entry, state)?;
    let grid = Grid::of(&record).map_err(malformed)?;
    let representation = Representation::of(&record).map_err(malformed)?;
    let start = (entry.plane as usize).checked_mul(grid.places.points);
    let plane =
        start.and_then(|start| values.get(start..start.checked_add(grid.places.points)?)).ok_or_else(|| contradiction("uses a plane that is not there"))?;
    let plane: Vec<T> = if grid.in_place() { plane.to_vec() } else { (0..grid.places.points).filter_map(|n| plane.get(grid.place(n)).copied()).collect() };
    let present: Vec<bool> = plane.iter().map(|x| !x.to_f64().is_nan()).collect();
    let mask = mask(&record, entry.bits, &present, state)?;
    let bitmap = if entry.bits == BITS_FROM_VALUES { derived(&record, &present)? } else { record.bitmap.bytes.to_vec() };
    let defines = |bitmap: &[u8]| state.edition == 2 && bitmap.get(5) == Some(&0);

    if let Some(data) = unchanged(&plane, mask.as_deref(), &record, &representation, layout, entry)? {
        if defines(&bitmap) {
            state.defined = mask;
        }
        return Ok(Sections { representation: record.representation.bytes.to_vec(), bitmap, data });
    }
    if state.edition == 1 {
        let what = format!("{:?} as GRIB of edition 1, whose values are not what the file packed,", field.name);
        return Err(Error::Unsupported { what, advice: "write NetCDF instead, or compress without loss".to_owned() });
    }
    let all = present.iter().all(|p| *p);
    let bitmap = if mask.as_deref().map_or(all, |mask| mask == present) {
        bitmap
    } else if all {
        [header(BITMAP_HEAD, 6)?.as_slice(), &[255]].concat()
    } else {
        let bits = self::bitmap(&present);
        [header(BITMAP_HEAD + bits.len(), 6)?.as_slice(), &[0], &bits].concat()
    };
    if defines(&bitmap) {
        state.defined = Some(present);
    }
    let numbers: Vec<T> = plane.into_iter().filter(|x| !x.to_f64().is_nan()).collect();
    let (representation, data) = repacked(&numbers, record.representation.bytes, &representation)?;
    Ok(Sections { representation, bitmap, data })
}

/// Which points the record has values of; `None` for all.
fn mask(record: &Record<'_>, bits: u8, present: &[bool], state: &State<'_>) -> Result<Option<Vec<bool>>> {
    let section = record.bitmap.bytes;
    let indicator = if record.edition == 1 {
        if section.is_empty() { 255 } else { 0 }
    } else {
        section.get(5).copied().ok_or_else(|| contradiction("has a bitmap section without an indicator"))?
    };
    match (indicator, bits) {
        (255, _) => Ok(None),
        (254, _) => {
            state.defined.clone().filter(|mask| mask.len() == present.len()).map(Some).ok_or_else(|| contradiction("refers to a bitmap that is not there"))
        }
        (0, BITS_FROM_VALUES) => Ok(Some(present.to_vec())),
        (0, _) => {
            let mask: Vec<bool> = bits::flags(section.get(BITMAP_HEAD..).unwrap_or_default()).take(present.len()).collect();
            if mask.len() == present.len() { Ok(Some(mask)) } else { Err(contradiction("has a bitmap of too few points")) }
        }
        _ => Err(contradiction("has a bitmap of an unknown kind")),
    }
}

/// The bitmap section whose head is kept.
fn derived(record: &Record<'_>, present: &[bool]) -> Result<Vec<u8>> {
    let head = record.bitmap;
    let mut section = [head.bytes, &bitmap(present)].concat();
    let length = head.size(1, if record.edition == 1 { 3 } else { 4 }).unwrap_or(0);
    let filling = length.checked_sub(section.len()).filter(|n| *n <= MAX_FILLING && head.bytes.len() == BITMAP_HEAD);
    section.extend(core::iter::repeat_n(0, filling.ok_or_else(|| contradiction("has a bitmap section of another length"))?));
    Ok(section)
}

/// Numbers packed as they were; `None` when values are not what they were.
fn unchanged<T: Precision>(
    plane: &[T],
    mask: Option<&[bool]>,
    record: &Record<'_>,
    representation: &Representation,
    layout: &Layout,
    entry: &RecordEntry,
) -> Result<Option<Vec<u8>>> {
    let coded: Vec<T> = match mask {
        None => plane.to_vec(),
        Some(mask) => {
            if plane.iter().zip(mask).any(|(x, set)| !set && !x.to_f64().is_nan()) {
                return Ok(None);
            }
            plane.iter().zip(mask).filter(|(_, set)| **set).map(|(x, _)| *x).collect()
        }
    };
    if let Some(raw) = entry.raw {
        let raw = layout.string(raw)?;
        return Ok(same(&coded, record, raw, representation).then(|| raw.to_vec()));
    }
    let bits = representation.bits;
    let mut data = match (representation.template, T::TYPE) {
        (Template::Simple, _) => match integers(&coded, representation) {
            Some(integers) if integers.iter().all(|n| n >> bits == 0) => pack(integers.into_iter(), bits),
            _ => return Ok(None),
        },
        (Template::Ieee32, DataType::F32) | (Template::Ieee64, DataType::F64) => ieee(&coded),
        _ => return Ok(None),
    };
    if let Some(tail) = entry.tail {
        let tail = layout.string(tail)?;
        let used = (coded.len() as u64).saturating_mul(bits.into());
        match (tail.split_first(), data.last_mut()) {
            (Some((first, rest)), Some(last)) if used % 8 > 0 => {
                *last |= first & (0xff >> (used % 8));
                data.extend_from_slice(rest);
            }
            _ => data.extend_from_slice(tail),
        }
    }
    Ok(Some(data))
}

/// Packed integers of values; `None` when one of them is of none, or of a negative one.
fn integers<T: Precision>(values: &[T], representation: &Representation) -> Option<Vec<u64>> {
    values.iter().map(|x| representation.scale.integer(*x).and_then(|n| u64::try_from(n).ok())).collect()
}

/// Whether values are those of the numbers that were kept.
fn same<T: Precision>(coded: &[T], record: &Record<'_>, raw: &[u8], representation: &Representation) -> bool {
    match representation.numbers(record, Octets::new(raw, 0), coded.len(), &Limits::default()) {
        Ok(Numbers::Integers(integers)) => representation.scale.rounded::<T>(&integers).iter().zip(coded).all(|(a, b)| a.to_bits64() == b.to_bits64()),
        _ => false,
    }
}

/// Section 5 and the numbers of all values that are not NaN: simple packing with the same scale if they are what it gives, else IEEE numbers.
fn repacked<T: Precision>(numbers: &[T], section: &[u8], representation: &Representation) -> Result<(Vec<u8>, Vec<u8>)> {
    let count = u32::try_from(numbers.len()).map_err(|_| contradiction("has more points than a message can"))?.to_be_bytes();
    let packed = !matches!(representation.template, Template::Ieee32 | Template::Ieee64);
    if let Some(integers) = packed.then(|| integers(numbers, representation)).flatten()
        && let Some(scale) = section.get(11..19)
        && let Some(original_type) = section.get(20)
    {
        let needed = u64::BITS - integers.iter().fold(0, |all, n| all | n).leading_zeros();
        let bits = if representation.template == Template::Simple { needed.max(representation.bits) } else { needed };
        if bits <= MAX_WIDTH {
            let head = [header(21, 5)?.as_slice(), &count, &[0, 0], scale, &[bits as u8, *original_type]].concat();
            return Ok((head, pack(integers.into_iter(), bits)));
        }
    }
    let double = T::TYPE == DataType::F64;
    let head = [header(12, 5)?.as_slice(), &count, &[0, 4], &[if double { 2 } else { 1 }]].concat();
    Ok((head, ieee(numbers)))
}

/// IEEE numbers of the type.
fn ieee<T: Precision>(numbers: &[T]) -> Vec<u8> {
    let unused = size_of::<u64>() - T::TYPE.size();
    numbers.iter().flat_map(|x| x.to_bits64().to_be_bytes().into_iter().skip(unused)).collect()
}

/// The bits of a bitmap.
fn bitmap(present: &[bool]) -> Vec<u8> {
    pack(present.iter().map(|p| u64::from(*p)), 1)
}
