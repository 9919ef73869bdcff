//! What decoders of GIF, JPEG and WebP have in common.

use crate::error::{Error, Result};
use crate::limits::Limits;

/// The most that GIF and JPEG can expand: strings of the longest table in one code, and flat blocks of one bit for each colour.
pub(super) const MAX_EXPANSION: u64 = 1 << 12;

/// Pixels row by row, their channels side by side.
pub(super) struct Picture {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    pub(super) samples: Vec<u8>,
}

pub(super) fn malformed(format: &'static str, offset: u64, why: impl core::fmt::Display) -> Error {
    Error::Malformed { format, offset, expected: format!("a valid picture ({why})") }
}

pub(super) fn animated(format: &str) -> Error {
    Error::Unsupported { what: format!("an animated {format}"), advice: "save its frames as single pictures".to_owned() }
}

/// Bytes of the samples, if the limits allow them and a file of that many bytes can hold them.
pub(super) fn size(format: &'static str, [height, width, channels]: [usize; 3], file: usize, expansion: u64, limits: &Limits) -> Result<usize> {
    let needed = [height, width, channels].iter().fold(1u64, |n, d| n.saturating_mul(*d as u64));
    if height == 0 || width == 0 || needed > (file as u64).saturating_mul(expansion) {
        return Err(malformed(format, 0, format_args!("{height} rows of {width} pixels do not go into {file} bytes")));
    }
    Limits::check("this picture", needed, limits.decoded_bytes)
}
