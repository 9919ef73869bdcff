//! PNG, of 8 or 16 bits.
//!
//! Palettes and 1, 2 and 4 bit grays are expanded to 8 bits, a transparent colour to an alpha channel. The layout of a dataset is what else the picture says: its
//! scale, text, gamma, profile. Deliberately absent: animation, and what is said of colours by their place in a palette.

use std::io::Cursor;

use png::{BitDepth, DecodeOptions, Decoder, DecodingError, Transformations};

use crate::error::{Error, Result};
use crate::field::{DataType, Values};
use crate::formats::picture::spec::chunks::chunks;
use crate::limits::{self, Limits};
use crate::wire::put_varint;

/// The most that deflate can expand: a 258 byte match in two bits.
const MAX_EXPANSION: u64 = 1032;

/// Bytes of the signature.
const SIGNATURE: usize = 8;

/// Chunks that hold for the same pixels in another file as well, though a program that does not know them could not be sure of it.
const KEPT: [&[u8; 4]; 12] = [b"cHRM", b"cICP", b"cLLI", b"gAMA", b"iCCP", b"mDCV", b"oFFs", b"pCAL", b"sCAL", b"sRGB", b"sTER", b"tIME"];

/// Chunks of samples, which hold where the samples are those of the source.
const OF_SAMPLES: [&[u8; 4]; 2] = [b"bKGD", b"sBIT"];

/// What the writer needs besides the samples: chunks as they are, the number of bytes in front of the samples before all.
pub(super) fn layout(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
    let all = || chunks(bytes.get(SIGNATURE..).unwrap_or_default());
    let depth_and_colour = all().find(|c| c.kind == *b"IHDR").and_then(|c| c.data.get(8..10)).unwrap_or_default();
    let as_stored = matches!(depth_and_colour, [8 | 16, 0 | 2 | 4 | 6]) && !all().any(|c| c.kind == *b"tRNS");
    let (mut before, mut after, mut samples) = (Vec::new(), Vec::new(), false);
    for chunk in all() {
        samples |= chunk.kind == *b"IDAT";
        let holds = KEPT.contains(&&chunk.kind) || chunk.is_safe_to_copy() || as_stored && OF_SAMPLES.contains(&&chunk.kind);
        if chunk.is_ancillary() && chunk.kind != *b"tRNS" && holds {
            if samples { &mut after } else { &mut before }.extend_from_slice(chunk.whole);
        }
    }
    let mut layout = Vec::new();
    if !(before.is_empty() && after.is_empty()) {
        put_varint(&mut layout, before.len() as u64);
        layout.extend([before, after].concat());
    }
    Limits::check("what a picture says besides its pixels", layout.len() as u64, limits.metadata_bytes / 4)?;
    Ok(layout)
}

/// Whether pixels are places in a table of colours.
pub(super) fn has_palette(bytes: &[u8]) -> bool {
    chunks(bytes.get(SIGNATURE..).unwrap_or_default()).find(|c| c.kind == *b"IHDR").and_then(|c| c.data.get(9)) == Some(&3)
}

/// Shape (channel, y, x), and the samples pixel by pixel.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<([usize; 3], Values)> {
    let mut source = Cursor::new(bytes);
    read(&mut source, limits).map_err(|failure| match failure {
        Failure::Ours(error) => error,
        Failure::Crate(DecodingError::LimitsExceeded) => Error::LimitExceeded { what: "this picture", needed: u64::MAX, limit: limits.decoded_bytes },
        Failure::Crate(error) => malformed(source.position(), format!("a valid picture ({error})")),
    })
}

fn malformed(offset: u64, expected: String) -> Error {
    Error::Malformed { format: "PNG", offset, expected }
}

/// An error of the crate `png`, which needs the position in the file to become one of ours.
enum Failure {
    Crate(DecodingError),
    Ours(Error),
}

impl From<DecodingError> for Failure {
    fn from(error: DecodingError) -> Self {
        Self::Crate(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

fn read(source: &mut Cursor<&[u8]>, limits: &Limits) -> core::result::Result<([usize; 3], Values), Failure> {
    let file = source.get_ref().len() as u64;
    let mut options = DecodeOptions::default();
    options.set_ignore_checksums(false);
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(source, options);
    decoder.set_limits(png::Limits { bytes: usize::try_from(limits.decoded_bytes).unwrap_or(usize::MAX) });
    decoder.set_transformations(Transformations::EXPAND);
    let header = decoder.read_header_info()?;
    let row = u64::from(header.width).saturating_mul(header.bits_per_pixel() as u64).div_ceil(8);
    let raw = row.saturating_mul(u64::from(header.height));
    if raw > file.saturating_mul(MAX_EXPANSION) {
        return Err(malformed(16, format!("a picture that {file} bytes can hold")).into());
    }
    let mut reader = decoder.read_info()?;
    if reader.info().animation_control().is_some() {
        return Err(Error::Unsupported { what: "an animated PNG".to_owned(), advice: "save its frames as single PNG files".to_owned() }.into());
    }
    let size = reader.output_buffer_size().map_or(u64::MAX, |n| n as u64);
    let mut samples = limits::zeros("this picture", Limits::check("this picture", size, limits.decoded_bytes)?)?;
    let frame = reader.next_frame(&mut samples)?;
    reader.finish()?;
    let channels = frame.color_type.samples();
    let values = match frame.bit_depth {
        BitDepth::Sixteen => Values::from_be_bytes(DataType::U16, &samples)?,
        _ => Values::U8(samples),
    };
    Ok(([channels, frame.height as usize, frame.width as usize], values))
}
