//! JPEG, gray or in colours.

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::decoded::{MAX_EXPANSION, Picture, malformed, size};
use crate::error::{Error, Result};
use crate::limits::{self, Limits};

/// Largest height and width.
const MAX_JPEG: usize = u16::MAX as usize;

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture> {
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
    let mut samples = limits::zeros("this picture", size)?;
    decoder.decode_into(&mut samples).map_err(failed)?;
    Ok(Picture { height, width, channels, samples })
}
