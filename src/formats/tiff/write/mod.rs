//! TIFF and `GeoTIFF`, uncompressed. What came from TIFF goes into the frame that its reader kept, so that unchanged values of an uncompressed file make the
//! same file again; of anything else each field of two or more dimensions becomes a page in strips, its outer dimensions bands, with the georeference of
//! evenly spaced coordinates.

mod metadata;
mod reference;

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Field, Missing, Values, with_values};
use crate::formats::frame::Frame;
use crate::formats::input::Input;
use crate::formats::maps::no_page;
use crate::formats::tiff::spec::FORMAT;
use crate::formats::tiff::spec::amend::amend;
use crate::formats::tiff::spec::assemble::{Picture, Tag, assemble};
use crate::formats::tiff::spec::form::Form;
use crate::formats::tiff::spec::page::{self, Page};
use crate::formats::tiff::spec::structure::Structure;
use crate::formats::tiff::spec::tags::{TEXTS, tag};
use crate::limits::Limits;

/// How far a coordinate may be from where even spacing would have it, in steps.
const UNEVENNESS: f64 = 0.01;

/// Writes TIFF: what the source said, if it was TIFF; else each plane as a picture, with the georeference of regular coordinates. Variables that make no page are left out;
/// [`Format::leaves_out`](crate::formats::Format::leaves_out) names them.
///
/// # Errors
/// [`Error::InvalidArgument`] where nothing makes a page.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    let mut fields: Vec<&Field> = dataset.fields.iter().filter(|f| f.shape.len() >= 2 && !matches!(f.values, Values::Char(_))).collect();
    let total: u64 = fields.iter().map(|f| f.values.byte_len() as u64).sum();
    let kept = if dataset.format.is(FORMAT) { Frame::decode(&dataset.layout, total) } else { None };
    if let Some(file) = kept.and_then(|frame| fill(said(frame.file()?, dataset, &fields), &fields)) {
        return Ok(file);
    }
    let first = fields.first().copied();
    fields.retain(|f| no_page(f).is_none());
    if fields.is_empty() {
        let none = Error::InvalidArgument { what: "TIFF takes fields of numbers with two or more dimensions, and there is none; write NetCDF".to_owned() };
        return Err(first.and_then(|field| picture(dataset, field).err()).unwrap_or(none));
    }
    // Programs open the first page.
    let auxiliary = auxiliary(dataset);
    fields.sort_by_key(|f| auxiliary.contains(&f.name));
    let pictures = fields.iter().map(|field| picture(dataset, field)).collect::<Result<Vec<_>>>()?;
    let frame = assemble(Form { wide: false, big_endian: false }, pictures)?;
    frame.file().and_then(|file| fill(file, &fields)).ok_or_else(|| Error::InvalidArgument { what: "these arrays do not make a TIFF; write NetCDF".to_owned() })
}

/// Names of the variables that say where the points of others are.
fn auxiliary(dataset: &Dataset) -> BTreeSet<String> {
    let lists = dataset.fields.iter().flat_map(|f| ["coordinates", "bounds"].map(|name| f.attribute(name).and_then(Values::as_text)));
    lists.flatten().flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The byte order and the pages of a file.
fn pages(file: &[u8]) -> Option<(bool, Vec<Page>)> {
    let input = Input::from(file);
    let structure = Structure::parse(&input, &Limits::default()).ok()?;
    Some((structure.form.big_endian, page::pages(&structure).ok()?.into_iter().map(|(_, page)| page).collect()))
}

/// A file that says what bounds did, if they did anything.
fn said(file: Vec<u8>, dataset: &Dataset, fields: &[&Field]) -> Vec<u8> {
    let Some(line) = dataset.loss() else { return file };
    let text = |field: &&Field| (!field.loss().is_empty()).then(|| metadata::with_loss(metadata::before(field), field, &line));
    let texts: Vec<Option<String>> = fields.iter().map(text).collect();
    amend(file.clone(), tag::GDAL_METADATA, &texts).unwrap_or(file)
}

/// A file with the values in it; none when they do not fit.
fn fill(mut file: Vec<u8>, fields: &[&Field]) -> Option<Vec<u8>> {
    let (big_endian, pages) = pages(&file)?;
    if pages.len() != fields.len() {
        return None;
    }
    for (page, field) in pages.iter().zip(fields) {
        let fits = page.data_type == field.values.data_type() && planes(field) == Some([page.samples, page.height, page.width]);
        if !fits || page.count() != Some(field.values.len() as u64) {
            return None;
        }
        let mut rows = page.rows()?;
        for chunk in page.chunks() {
            for row in 0..chunk.rows {
                let (at, length) = rows.next()?;
                let at = usize::try_from(at).ok()?;
                let bytes = file.get_mut(at..at.checked_add(usize::try_from(length).ok()?)?)?;
                page.write_row(&field.values, &chunk, row, bytes, big_endian);
            }
        }
    }
    Some(file)
}

/// Bands, rows and columns.
fn planes(field: &Field) -> Option<[usize; 3]> {
    let [outer @ .., height, width] = field.shape.as_slice() else { return None };
    Some([outer.iter().product(), *height, *width])
}

/// A field as a page.
fn picture(dataset: &Dataset, field: &Field) -> Result<Picture> {
    let data_type = field.values.data_type();
    let refused =
        |what: &str| Error::Unsupported { what: format!("{} of shape {:?} in TIFF: {what}", field.name, field.shape), advice: "write NetCDF".to_owned() };
    let [bands, height, width] = planes(field).ok_or_else(|| refused("it has no rows and columns"))?;
    let (Ok(samples), Ok(rows), Ok(columns)) = (u16::try_from(bands), u32::try_from(height), u32::try_from(width)) else {
        return Err(refused("a picture has at most 65535 bands"));
    };
    if field.values.is_empty() || bands.checked_mul(height).and_then(|n| n.checked_mul(width)) != Some(field.values.len()) {
        return Err(refused("a picture has at least one pixel"));
    }
    let every = |number, n: u16| Tag::shorts(number, &vec![n; bands]);
    let format = match data_type {
        DataType::F32 | DataType::F64 => 3,
        DataType::I8 | DataType::I16 | DataType::I32 | DataType::I64 => 2,
        _ => 1,
    };
    let little = Form { wide: false, big_endian: false };
    let mut tags = vec![
        Tag::offsets(tag::WIDTH, little, core::iter::once(columns.into())),
        Tag::offsets(tag::HEIGHT, little, core::iter::once(rows.into())),
        every(tag::BITS, data_type.bits() as u16),
        Tag::shorts(tag::PHOTOMETRIC, &[1]),
        Tag::shorts(tag::SAMPLES, &[samples]),
        Tag::shorts(tag::PLANAR, &[if bands > 1 { 2 } else { 1 }]),
        every(tag::SAMPLE_FORMAT, format),
    ];
    if bands > 1 {
        tags.push(Tag::shorts(tag::EXTRA_SAMPLES, &vec![0; bands - 1]));
    }
    tags.extend(georeference(dataset, field));
    tags.extend(no_data(field).map(|text| Tag::text(tag::GDAL_NODATA, &text)));
    // Text of a TIFF goes back into its tags; only the text of the georeference is made anew with it.
    let texts = TEXTS.iter().filter(|(number, _)| ![tag::GEO_TEXT, tag::GDAL_METADATA].contains(number));
    tags.extend(texts.filter_map(|(number, name)| Some(Tag::text(*number, &field.attribute(name)?.as_text()?))));
    let described = metadata::of(field, bands);
    let line = dataset.loss().filter(|_| !field.loss().is_empty());
    let text = if let Some(line) = line { metadata::with_loss(Some(described), field, &line) } else { described };
    tags.push(Tag::text(tag::GDAL_METADATA, &text));
    Ok(Picture { tags, height, row_bytes: width * data_type.size(), planes: bands })
}

/// The first value that means no data, as text.
fn no_data(field: &Field) -> Option<String> {
    let Missing::Patterns(patterns) = &field.missing else {
        let fill = field.attribute("_FillValue").filter(|v| v.data_type().is_float() && v.data_type() == field.values.data_type());
        return fill.and_then(|v| v.get_f64(0)).filter(|x| x.is_nan()).map(|_| "nan".to_owned());
    };
    let bits = *patterns.first()?;
    Some(match Values::from_le_bytes(field.values.data_type(), bits.to_le_bytes().get(..field.values.data_type().size())?).ok()? {
        Values::F32(v) => f64::from(*v.first()?).to_string().to_lowercase(),
        Values::F64(v) => v.first()?.to_string().to_lowercase(),
        other => with_values!(&other, v => v.first()?.to_string()),
    })
}

/// Tags that tell where the pixels are; none where the coordinates of the last two dimensions are not evenly spaced.
fn georeference(dataset: &Dataset, field: &Field) -> Vec<Tag> {
    let [.., y, x] = field.dimensions.as_slice() else { return Vec::new() };
    let (Some((y, x)), Some((top, down)), Some((left, across))) =
        (coordinate(dataset, *y).zip(coordinate(dataset, *x)), coordinate(dataset, *y).and_then(even), coordinate(dataset, *x).and_then(even))
    else {
        return reference::without_axes(dataset, field);
    };
    let units = |field: &Field| field.attribute("units").and_then(Values::as_text).unwrap_or_default();
    // Of both, if they are the same kind.
    let unit = if units(y).starts_with("degree") { units(x) } else { units(y) };
    let (corner_x, corner_y) = (left - across / 2.0, top - down / 2.0);
    let mut tags = if down < 0.0 && across > 0.0 {
        vec![Tag::reals(tag::PIXEL_SCALE, &[across, -down, 0.0]), Tag::reals(tag::TIEPOINT, &[0.0, 0.0, 0.0, corner_x, corner_y, 0.0])]
    } else {
        let matrix = [across, 0.0, 0.0, corner_x, 0.0, down, 0.0, corner_y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        vec![Tag::reals(tag::TRANSFORMATION, &matrix)]
    };
    tags.extend(reference::tags(dataset, field, &unit));
    tags
}

/// The coordinate variable of a dimension.
fn coordinate(dataset: &Dataset, dimension: usize) -> Option<&Field> {
    dataset.fields.iter().find(|f| f.dimensions == [dimension] && dataset.is_coordinate(f))
}

/// First coordinate and step; none when steps differ.
fn even(field: &Field) -> Option<(f64, f64)> {
    let packing = field.packing();
    let value = |i| field.values.get_f64(i).map(|x| packing.unpack(x));
    let last = field.values.len().checked_sub(1).filter(|n| *n > 0)?;
    let (first, step) = (value(0)?, (value(last)? - value(0)?) / last as f64);
    let expected = |i: usize| first + i as f64 * step;
    let uneven = |i: usize| value(i).is_none_or(|x| (x - expected(i)).abs() > UNEVENNESS * step.abs());
    (step.is_finite() && step != 0.0 && first.is_finite() && !(0..=last).any(uneven)).then_some((first, step))
}
