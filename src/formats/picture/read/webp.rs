//! WebP, with and without loss.

use std::io::Cursor;

use image_webp::WebPDecoder;

use super::decoded::{Picture, animated, malformed, size};
use crate::error::Result;
use crate::limits::{self, Limits};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Picture> {
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
    let mut samples = limits::zeros("this picture", room / RGBA * channels)?;
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
