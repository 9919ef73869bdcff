//! What a file can get wrong.

use crate::error::{Error, Result};
use crate::formats::input::Input;

pub(crate) fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "TIFF", offset, expected: expected.into() }
}

pub(crate) fn unsupported(what: &str) -> Error {
    Error::Unsupported { what: what.to_owned(), advice: "convert it with `gdal_translate -co COMPRESS=DEFLATE`".to_owned() }
}

pub(crate) fn metadata<'a>(input: &'a Input<'_>, begin: u64, length: u64) -> Result<&'a [u8]> {
    input.metadata(begin, length)?.ok_or_else(|| malformed(begin, format!("{length} more bytes")))
}
