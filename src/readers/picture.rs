//! GIF, JPEG and WebP pictures as one field of shape (channel, y, x), as PNG pictures are read: 1 channel gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
//!
//! A GIF has no gray pictures of its own, so that one whose pixels are all gray becomes one; alpha comes with a transparent pixel. Deliberately absent:
//! animations, CMYK, colour profiles, metadata.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};
use image_webp::WebPDecoder;
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use crate::error::{Error, Result};
use crate::field::{Dataset, SourceFormat, Values};
use crate::limits::Limits;

/// The most that GIF and JPEG can expand: strings of the longest table in one code, and flat blocks of one bit for each colour.
const MAX_EXPANSION: u64 = 1 << 12;

/// Largest height and width of a JPEG.
const MAX_JPEG: usize = u16::MAX as usize;

/// Reads a whole file; the field is called `name`.
pub(super) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    let picture = match bytes.first() {
        Some(b'G') => gif(bytes, limits),
        Some(0xff) => jpeg(bytes, limits),
        _ => webp(bytes, limits),
    }?;
    let shape = [picture.channels, picture.height, picture.width];
    super::picture_of(name, shape, Values::U8(picture.samples), SourceFormat::Picture)
}

/// Pixels row by row, their channels side by side.
struct Picture {
    height: usize,
    width: usize,
    channels: usize,
    samples: Vec<u8>,
}

fn malformed(format: &'static str, offset: u64, why: impl core::fmt::Display) -> Error {
    Error::Malformed { format, offset, expected: format!("a valid picture ({why})") }
}

fn animated(format: &str) -> Error {
    Error::Unsupported { what: format!("an animated {format}"), advice: "save its frames as single pictures".to_owned() }
}

/// Bytes of the samples, if the limits allow them and a file of that many bytes can hold them.
fn size(format: &'static str, [height, width, channels]: [usize; 3], file: usize, expansion: u64, limits: &Limits) -> Result<usize> {
    let needed = [height, width, channels].iter().fold(1u64, |n, d| n.saturating_mul(*d as u64));
    if height == 0 || width == 0 || needed > (file as u64).saturating_mul(expansion) {
        return Err(malformed(format, 0, format_args!("{height} rows of {width} pixels do not go into {file} bytes")));
    }
    Limits::check("this picture", needed, limits.decoded_bytes)
}

fn gif(bytes: &[u8], limits: &Limits) -> Result<Picture> {
    const RGBA: usize = 4;
    let mut source = Cursor::new(bytes);
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    options.check_frame_consistency(true);
    options.set_memory_limit(limits.decoded_bytes.try_into().map_or(MemoryLimit::Unlimited, MemoryLimit::Bytes));
    let failed = |error: gif::DecodingError| match error {
        gif::DecodingError::MemoryLimit | gif::DecodingError::OutOfMemory => {
            Error::LimitExceeded { what: "this picture", needed: u64::MAX, limit: limits.decoded_bytes }
        }
        error => malformed("GIF", 0, error),
    };
    let mut decoder = options.read_info(&mut source).map_err(failed)?;
    let (height, width) = (usize::from(decoder.height()), usize::from(decoder.width()));
    let mut samples = vec![0; size("GIF", [height, width, RGBA], bytes.len(), RGBA as u64 * MAX_EXPANSION, limits)?];
    let frame = decoder.read_next_frame().map_err(failed)?.ok_or_else(|| malformed("GIF", 13, "it has none"))?;
    // Where the frame does not cover the picture, nothing is: transparent.
    let (left, across) = (usize::from(frame.left) * RGBA, (usize::from(frame.width) * RGBA).max(1));
    let rows = samples.chunks_exact_mut(width * RGBA).skip(usize::from(frame.top));
    for (row, pixels) in rows.zip(frame.buffer.chunks_exact(across)) {
        row.iter_mut().skip(left).zip(pixels).for_each(|(sample, pixel)| *sample = *pixel);
    }
    if decoder.next_frame_info().map_err(failed)?.is_some() {
        return Err(animated("GIF"));
    }
    let (pixels, _) = samples.as_chunks::<RGBA>();
    let gray = pixels.iter().all(|[r, g, b, a]| *a == 0 || r == g && g == b);
    let opaque = pixels.iter().all(|[.., a]| *a == u8::MAX);
    let kept: &[usize] = match (gray, opaque) {
        (true, true) => &[0],
        (true, false) => &[0, 3],
        (false, true) => &[0, 1, 2],
        (false, false) => &[0, 1, 2, 3],
    };
    let samples = pixels.iter().flat_map(|pixel| kept.iter().filter_map(|channel| pixel.get(*channel).copied())).collect();
    Ok(Picture { height, width, channels: kept.len(), samples })
}

fn jpeg(bytes: &[u8], limits: &Limits) -> Result<Picture> {
    let options = DecoderOptions::new_safe().set_strict_mode(true).set_max_width(MAX_JPEG).set_max_height(MAX_JPEG);
    let failed = |error| match error {
        DecodeErrors::Unsupported(what) => {
            Error::Unsupported { what: format!("a JPEG that is {what:?}"), advice: "save it as a usual JPEG, or as PNG".to_owned() }
        }
        error => malformed("JPEG", 0, error),
    };
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(failed)?;
    let (info, colours) = decoder.info().zip(decoder.input_colorspace()).ok_or_else(|| malformed("JPEG", 0, "it has no frame"))?;
    let (channels, output) = match colours {
        ColorSpace::Luma => (1, ColorSpace::Luma),
        ColorSpace::RGB | ColorSpace::YCbCr => (3, ColorSpace::RGB),
        other => return Err(Error::Unsupported { what: format!("a JPEG of {other:?} colours"), advice: "save it in RGB, or as PNG".to_owned() }),
    };
    let (height, width) = (usize::from(info.height), usize::from(info.width));
    let size = size("JPEG", [height, width, channels], bytes.len(), MAX_EXPANSION, limits)?;
    decoder.set_options(options.jpeg_set_out_colorspace(output));
    if decoder.output_buffer_size() != Some(size) {
        return Err(malformed("JPEG", 0, "its size contradicts its header"));
    }
    let mut samples = vec![0; size];
    decoder.decode_into(&mut samples).map_err(failed)?;
    Ok(Picture { height, width, channels, samples })
}

fn webp(bytes: &[u8], limits: &Limits) -> Result<Picture> {
    const RGBA: usize = 4;
    let mut source = Cursor::new(bytes);
    let failed = |error| malformed("WebP", 0, error);
    let mut decoder = WebPDecoder::new(&mut source).map_err(failed)?;
    if decoder.is_animated() {
        return Err(animated("WebP"));
    }
    let (width, height) = decoder.dimensions();
    let [Ok(height), Ok(width)] = [height, width].map(usize::try_from) else { return Err(malformed("WebP", 12, "it is too large")) };
    let channels = if decoder.has_alpha() { RGBA } else { RGBA - 1 };
    // A flat picture takes no bytes for each pixel, so that only the limit holds; the decoder takes four samples for each.
    let room = size("WebP", [height, width, RGBA], bytes.len(), u64::MAX, limits)?;
    decoder.set_memory_limit(room);
    // Before the decoder makes room for what the frame says.
    if lossy_size(bytes).is_some_and(|lossy| lossy != [width, height]) {
        return Err(malformed("WebP", 12, "its frame is of another size than the picture"));
    }
    let mut samples = vec![0; room / RGBA * channels];
    decoder.read_image(&mut samples).map_err(failed)?;
    Ok(Picture { height, width, channels, samples })
}

/// Width and height of the frame of a lossy WebP, which has fourteen bits for each.
fn lossy_size(bytes: &[u8]) -> Option<[usize; 2]> {
    let mut rest = bytes.get(12..)?;
    while let Some((head, body)) = rest.split_first_chunk::<8>() {
        let [name @ .., a, b, c, d] = *head;
        if name == *b"VP8 " {
            let [a, b, c, d] = *body.get(6..)?.first_chunk()?;
            return Some([[a, b], [c, d]].map(|side| usize::from(u16::from_le_bytes(side) & 0x3fff)));
        }
        rest = body.get(usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?.checked_next_multiple_of(2)?..)?;
    }
    None
}
