//! PNG pictures: picture fields exactly, planes of other fields as 16-bit gray and alpha.
//!
//! Deliberately absent: colour maps, palettes, interlacing, metadata other than what the source said and the text of a drawn plane.

use png::{BitDepth, ColorType, Encoder, EncodingError};

use super::spec::chunks::{Chunk, chunks};
use super::spec::is_picture;
use crate::error::{Error, Result};
use crate::field::{Dataset, Field, Values, put_numbers};
use crate::formats::single::only;
use crate::wire::Reader;

/// Writes the only field of a dataset, which has to be a picture, with what its source said besides the pixels.
pub(crate) fn save(dataset: &Dataset) -> Result<Vec<u8>> {
    only(dataset).and_then(picture).map(|file| with_layout(file, &dataset.layout))
}

/// Writes a picture field (8 or 16 unsigned bits, shape (1 to 4 channels, y, x)) exactly. Of any other field it draws one plane of the last two dimensions, first row
/// on top, as 16-bit gray from its smallest to its largest physical value; missing values are transparent; range, variable and units go into the text.
///
/// # Errors
/// [`Error::InvalidArgument`] for an empty picture or a plane that does not exist.
pub fn write(field: &Field, plane: usize) -> Result<Vec<u8>> {
    if is_picture(field) { picture(field) } else { self::plane(field, plane) }
}

/// Number of planes that [`write()`] can draw: 1 for a picture, else one per point of all but the last two dimensions.
#[must_use]
pub fn planes(field: &Field) -> usize {
    if is_picture(field) { 1 } else { outer(field).iter().product() }
}

/// All dimensions but the last two.
fn outer(field: &Field) -> &[usize] {
    field.shape.get(..field.shape.len().saturating_sub(2)).unwrap_or_default()
}

/// Writes a picture field.
fn picture(field: &Field) -> Result<Vec<u8>> {
    let &[channels @ 1..=4, height, width] = field.shape.as_slice() else {
        return Err(not_a_picture(field));
    };
    let colour = match channels {
        1 => ColorType::Grayscale,
        2 => ColorType::GrayscaleAlpha,
        3 => ColorType::Rgb,
        _ => ColorType::Rgba,
    };
    let (depth, samples) = match &field.values {
        Values::U8(v) => (BitDepth::Eight, interleave(v, channels)),
        Values::U16(v) => (BitDepth::Sixteen, interleave(v, channels).iter().flat_map(|x| x.to_be_bytes()).collect()),
        _ => return Err(not_a_picture(field)),
    };
    encode([height, width], (colour, depth), &samples, &[])
}

fn not_a_picture(field: &Field) -> Error {
    let what = format!(
        "{} of type {} and shape {:?} is no picture; that takes uint8 or uint16 and shape (1 to 4 channels, y, x); write NPY or NetCDF, or draw a plane of it",
        field.name,
        field.values.data_type().name(),
        field.shape
    );
    Error::InvalidArgument { what }
}

/// The file with what its source said besides the pixels.
fn with_layout(file: Vec<u8>, layout: &[u8]) -> Vec<u8> {
    /// Bytes of signature and header, and of the end.
    const AROUND: [usize; 2] = [8 + 25, 12];
    let parts = file.split_at_checked(AROUND[0]).and_then(|(head, rest)| Some((head, rest.split_at_checked(rest.len().checked_sub(AROUND[1])?)?)));
    match (parts, kept(layout)) {
        (Some((head, (pixels, end))), Some((before, after))) => [head, before, pixels, after, end].concat(),
        _ => file,
    }
}

/// Chunks to stand before and behind the pixels; none where the layout is not made of such.
fn kept(layout: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut reader = Reader::new(layout);
    let length = usize::try_from(reader.varint().ok()?).ok()?;
    let parts = reader.rest().split_at_checked(length)?;
    let complete = |part: &[u8]| chunks(part).take_while(Chunk::is_ancillary).map(|c| c.data.len() + 12).sum::<usize>() == part.len();
    (complete(parts.0) && complete(parts.1)).then_some(parts)
}

/// Pixels, from one plane per channel.
fn interleave<T: Copy + Default>(planes: &[T], channels: usize) -> Vec<T> {
    if channels == 1 {
        return planes.to_vec();
    }
    let mut pixels = vec![T::default(); planes.len()];
    for (channel, plane) in planes.chunks((planes.len() / channels).max(1)).enumerate() {
        for (sample, value) in pixels.iter_mut().skip(channel).step_by(channels).zip(plane) {
            *sample = *value;
        }
    }
    pixels
}

/// Draws the plane of that number.
fn plane(field: &Field, plane: usize) -> Result<Vec<u8>> {
    let planes: usize = outer(field).iter().product();
    if plane >= planes {
        return Err(Error::InvalidArgument { what: format!("{} has {planes} planes, numbered from 0; there is no plane {plane}", field.name) });
    }
    let (height, width) = match field.shape.as_slice() {
        [] => (1, 1),
        [width] => (1, *width),
        [.., height, width] => (*height, *width),
    };
    let values = physical(field, plane * height * width, height * width);
    let range = values.iter().flatten().fold(None, |range, x| {
        let (low, high) = range.unwrap_or((*x, *x));
        Some((x.min(low), x.max(high)))
    });
    encode([height, width], (ColorType::GrayscaleAlpha, BitDepth::Sixteen), &shade(&values, range.unwrap_or_default()), &texts(field, range))
}

/// Unpacked values, none where missing.
fn physical(field: &Field, start: usize, count: usize) -> Vec<Option<f64>> {
    let (packing, end) = (field.packing(), field.values.len().min(start.saturating_add(count)));
    let mut stored = Vec::new();
    put_numbers(&mut stored, &field.values, &field.missing, start..end);
    stored.into_iter().map(|x| Some(packing.unpack(x)).filter(|x| x.is_finite())).collect()
}

/// Gray and alpha, 16 bits each.
fn shade(values: &[Option<f64>], (low, high): (f64, f64)) -> Vec<u8> {
    // Halves, because the difference of two finite numbers may not be finite.
    let span = high / 2.0 - low / 2.0;
    let gray = |x: f64| if span > 0.0 { ((x / 2.0 - low / 2.0) / span * 65535.0).round() as u16 } else { 0 };
    values.iter().flat_map(|x| x.map_or([0; 2], |x| [gray(x), u16::MAX])).flat_map(u16::to_be_bytes).collect()
}

fn texts(field: &Field, range: Option<(f64, f64)>) -> Vec<(&'static str, String)> {
    let mut texts = vec![("variable", field.name.clone())];
    if let Some((low, high)) = range {
        texts.extend([("minimum", low.to_string()), ("maximum", high.to_string())]);
    }
    texts.extend(field.attribute("units").and_then(Values::as_text).map(|units| ("units", units)));
    texts
}

fn encode(size: [usize; 2], (colour, depth): (ColorType, BitDepth), samples: &[u8], texts: &[(&'static str, String)]) -> Result<Vec<u8>> {
    let [Ok(height), Ok(width)] = size.map(i32::try_from) else {
        return Err(Error::InvalidArgument { what: format!("a PNG cannot have {size:?} points; write NPY or NetCDF") });
    };
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, width.unsigned_abs(), height.unsigned_abs());
    encoder.set_color(colour);
    encoder.set_depth(depth);
    let written = texts.iter().try_for_each(|(keyword, text)| add_text(&mut encoder, keyword, text)).and_then(|()| {
        let mut writer = encoder.write_header()?;
        writer.write_image_data(samples)?;
        writer.finish()
    });
    written.map_err(|error| Error::InvalidArgument { what: format!("this cannot be written as PNG: {error}; write NPY or NetCDF") })?;
    Ok(out)
}

/// tEXt where Latin-1 is enough, else iTXt.
fn add_text(encoder: &mut Encoder<'_, &mut Vec<u8>>, keyword: &str, text: &str) -> core::result::Result<(), EncodingError> {
    let text = text.replace('\0', "");
    if text.chars().all(|c| u8::try_from(c).is_ok()) {
        encoder.add_text_chunk(keyword.to_owned(), text)
    } else {
        encoder.add_itxt_chunk(keyword.to_owned(), text)
    }
}
