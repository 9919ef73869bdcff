//! TIFF, `BigTIFF` and `GeoTIFF`: each full picture is a field of shape (y, x) or (band, y, x), in strips or tiles, interleaved or planar, of 8 to 64-bit
//! integers and 32 and 64-bit floats; uncompressed, LZW, deflate and `PackBits`, with predictors 1 to 3.
//!
//! [`Dataset::layout`] is the file without its pixels, smaller copies and masks included; of a compressed file it is the frame of an uncompressed one
//! with the same tags. Coordinates, the value that means no data and text become what they are in other formats. The structure is read here and not by a
//! crate, because giving a file back byte for byte takes the place of every strip and every tag, and writing takes the same knowledge.
//!
//! Deliberately absent: samples that are not whole bytes, half floats, complex numbers, JPEG, fax, Zstandard, LERC, and coordinates of every
//! pixel of a rotated grid, which would take more room than the pixels: its matrix is an attribute, as GDAL has it in NetCDF.

mod chunk;
mod fields;
mod geo;
mod keys;
mod packing;

use std::collections::{BTreeMap, BTreeSet};

use self::fields::Axes;
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Field, Missing, Values};
use crate::formats::frame::Frame;
use crate::formats::input::Input;
use crate::formats::opened::{Opened, Variables};
use crate::formats::tiff::spec::FORMAT;
use crate::formats::tiff::spec::assemble::{Picture, Tag, assemble};
use crate::formats::tiff::spec::errors::malformed;
use crate::formats::tiff::spec::form::Form;
use crate::formats::tiff::spec::page::{Page, pages};
use crate::formats::tiff::spec::structure::{Directory, Structure};
use crate::formats::tiff::spec::tags::{kind, tag};
use crate::limits::Limits;

/// More than any compression here expands.
const MAX_EXPANSION: u64 = 1 << 11;

/// Bytes that a picture may have for each of a file that leaves some of it out.
const MAX_SPARSENESS: u64 = 1 << 14;

/// Tags about the storage of the source, which do not hold for an uncompressed file in strips, and offsets into the source.
const STORAGE: [u16; 16] = [
    tag::COMPRESSION,
    tag::STRIP_OFFSETS,
    tag::ROWS_PER_STRIP,
    tag::STRIP_LENGTHS,
    288,
    289,
    tag::PREDICTOR,
    tag::TILE_WIDTH,
    tag::TILE_HEIGHT,
    tag::TILE_OFFSETS,
    tag::TILE_LENGTHS,
    330,
    347,
    NESTED[0],
    NESTED[1],
    NESTED[2],
];

/// Tags that point to directories of tags: of the camera (EXIF), of its place, of how the EXIF is meant.
const NESTED: [u16; 3] = [34665, 34853, 40965];

/// How deep directories lie in each other: the last of [`NESTED`] is in the first.
const DEPTH: usize = 2;

/// Reads all but the pixels. The only picture of a file is called `name`; several are called `name_1`, `name_2` and so on.
pub(crate) fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    let structure = Structure::parse(input, limits)?;
    let pages = pages(&structure)?;
    check_size(&pages, input.length(), limits)?;
    pages.iter().try_for_each(|(_, page)| chunk::check(page))?;
    let mut header = Dataset { format: FORMAT, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    header.layout = layout(input, &structure, &pages, limits)?;
    let names: Vec<String> = if pages.len() == 1 { vec![name.to_owned()] } else { (1..=pages.len()).map(|number| format!("{name}_{number}")).collect() };
    let mut stored = Stored { input, form: structure.form, pages: BTreeMap::new() };
    let mut axes = Axes::default();
    for (name, (directory, page)) in names.iter().zip(pages) {
        fields::add(&mut header, &mut axes, name, &names, (directory, &page));
        stored.pages.insert(header.fields.len() - 1, page);
    }
    Ok(Opened::new(header, stored, limits))
}

/// Where the pixels are.
struct Stored<'a> {
    input: &'a Input<'a>,
    form: Form,
    /// By number of the field.
    pages: BTreeMap<usize, Page>,
}

impl Variables for Stored<'_> {
    fn values(&mut self, number: usize, field: &Field) -> Result<Values> {
        let page = self.pages.get(&number).ok_or_else(|| malformed(0, "a picture"))?;
        values(self.input, page, &field.missing, self.form)
    }
}

fn check_size(pages: &[(&Directory<'_>, Page)], file: u64, limits: &Limits) -> Result<()> {
    if pages.is_empty() {
        return Err(Error::Unsupported {
            what: "a TIFF without a full picture".to_owned(),
            advice: "give the file that it is a smaller copy or a mask of".to_owned(),
        });
    }
    let coordinates = |page: &Page| 8 * (page.width as u64 + page.height as u64);
    let size = |page: &Page| page.count()?.checked_mul(page.data_type.size() as u64)?.checked_add(coordinates(page));
    let total = pages.iter().try_fold(0u64, |sum, (_, page)| sum.checked_add(size(page)?)).unwrap_or(u64::MAX);
    let chunk = pages.iter().flat_map(|(_, page)| page.chunks().next().map(|c| page.decoded_bytes(&c) as u64)).max().unwrap_or(0);
    Limits::check("a strip or tile", chunk, limits.decoded_bytes)?;
    // Coordinates are there as soon as the file is open; pixels are read later and may be cut out.
    Limits::check("the coordinates in this file", pages.iter().fold(0, |sum, (_, page)| coordinates(page).saturating_add(sum)), limits.decoded_bytes)?;
    let stored = |page: &Page| {
        page.chunks().filter(|c| page.stored.get(c.index).is_some_and(|s| s.1 > 0)).fold(0u64, |sum, c| sum.saturating_add(page.decoded_bytes(&c) as u64))
    };
    let decoded = pages.iter().fold(0u64, |sum, (_, page)| sum.saturating_add(stored(page)));
    if total > file.saturating_mul(MAX_SPARSENESS) || decoded > file.saturating_mul(MAX_EXPANSION) {
        return Err(malformed(0, format!("pictures that {file} bytes can hold")));
    }
    Ok(())
}

fn values(input: &Input<'_>, page: &Page, missing: &Missing, form: Form) -> Result<Values> {
    let count = page.count().and_then(|n| usize::try_from(n).ok()).unwrap_or(usize::MAX);
    let mut values = Values::zeros(page.data_type, count)?;
    let row_bytes = page.row_bytes().unwrap_or(usize::MAX);
    for chunk in page.chunks() {
        let used = page.used_bytes(&chunk);
        let decoded = chunk::decode(input, page, &chunk, form)?;
        let blank = decoded.is_none().then(|| blank_row(missing, page.data_type, used, form.big_endian));
        for row in 0..chunk.rows {
            let stored = decoded.as_ref().and_then(|d| d.get(row * row_bytes..row * row_bytes + used));
            page.read_row(&mut values, &chunk, row, stored.or(blank.as_deref()).unwrap_or_default(), form.big_endian);
        }
    }
    Ok(values)
}

/// A row that the file leaves out: without data, or zeros.
fn blank_row(missing: &Missing, data_type: DataType, length: usize, big_endian: bool) -> Vec<u8> {
    let bits = if let Missing::Patterns(patterns) = missing { patterns.first().copied().unwrap_or(0) } else { 0 };
    let size = data_type.size();
    let mut value = bits.to_le_bytes().get(..size).unwrap_or_default().to_vec();
    if big_endian {
        value.reverse();
    }
    value.repeat(length / size)
}

/// The frame of this file, or of an uncompressed one with the same tags where this one cannot come back as it is.
fn layout(input: &Input<'_>, structure: &Structure<'_>, pages: &[(&Directory<'_>, Page)], limits: &Limits) -> Result<Vec<u8>> {
    // An archive has to hold it with all else that is not values.
    let limit = limits.metadata_bytes / 4;
    let rows: Option<Vec<_>> = pages.iter().map(|(_, page)| page.rows()).collect();
    let own = rows.map(|rows| Frame::cut(input, rows.into_iter().flatten(), &structure.extents, limit));
    if let Some(frame) = own.transpose()?.flatten() {
        return Ok(frame.encode());
    }
    let mut room = limit;
    let pictures: Vec<Picture> = pages.iter().map(|(directory, page)| picture(input, directory, page, &mut room)).collect();
    let tags: u64 = pictures.iter().flat_map(|p| &p.tags).map(Tag::byte_len).sum();
    Limits::check("the tags", tags, limit)?;
    Ok(assemble(structure.form, pictures)?.encode())
}

/// The page as it is written; directories in its directory take what `room` there is.
fn picture(input: &Input<'_>, directory: &Directory<'_>, page: &Page, room: &mut u64) -> Picture {
    let tags = tags(input, directory, DEPTH, room);
    Picture { tags, height: page.height, row_bytes: page.width * page.together() * page.data_type.size(), planes: page.samples / page.together() }
}

/// Tags but those about storage, with the directories that some of them point to.
fn tags(input: &Input<'_>, directory: &Directory<'_>, depth: usize, room: &mut u64) -> Vec<Tag> {
    // Of several entries of one tag the first is the one that counts, even if it is of no known type.
    let mut seen = BTreeSet::new();
    let first = directory.entries.iter().filter(|e| seen.insert(e.tag));
    let mut tags = Vec::new();
    for entry in first.filter(|e| !e.value.is_empty() || e.count == 0) {
        if NESTED.contains(&entry.tag) {
            tags.extend(nested(input, directory, entry.tag, depth, room));
        } else if !STORAGE.contains(&entry.tag) {
            tags.push(Tag { number: entry.tag, kind: entry.kind, count: entry.count, value: entry.value.to_vec(), directory: Vec::new() });
        }
    }
    tags
}

/// A tag with the directory that it points to; none where that cannot be read, which does not spoil the picture.
fn nested(input: &Input<'_>, directory: &Directory<'_>, number: u16, depth: usize, room: &mut u64) -> Option<Tag> {
    let depth = depth.checked_sub(1)?;
    let mut inner = Structure { form: directory.form, directories: Vec::new(), extents: Vec::new() };
    inner.directory(input, directory.numbers(number).next()?).ok()?;
    // Directories that overlap would let a small file hold any number of entries.
    *room = room.checked_sub(inner.extents.iter().fold(0, |sum: u64, extent| sum.saturating_add(extent.1)))?;
    let tags = tags(input, inner.directories.first()?, depth, room);
    (!tags.is_empty()).then(|| Tag { number, kind: kind::LONG, count: 1, value: Vec::new(), directory: tags })
}
