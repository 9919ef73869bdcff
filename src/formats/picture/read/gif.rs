//! GIF. It has no gray pictures of its own, so that one whose pixels are all gray becomes one; alpha comes with a transparent pixel.

use std::io::Cursor;

use gif::{ColorOutput, DecodeOptions, MemoryLimit};

use super::decoded::{MAX_EXPANSION, Picture, animated, malformed, size};
use super::said::{self, Said};
use crate::error::{Error, Result};
use crate::limits::{self, Limits};

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<(Picture, Said)> {
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
    let room = size("GIF", [height, width, RGBA], bytes.len(), RGBA as u64 * MAX_EXPANSION, limits)?;
    let mut samples = limits::zeros("this picture", room)?;
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
    let said = said::in_gif(bytes, decoder.icc_profile(), decoder.xmp_metadata());
    Ok((Picture { height, width, channels: kept.len(), samples }, said))
}
