//! What reading and writing agree on: how numbers are written, and the text around them.

use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::field::SourceFormat;
use crate::wire::{Reader, put_varint};

/// Table of numbers as text: one field of shape (row, column), or fields on a grid.
pub const FORMAT: SourceFormat = SourceFormat::new(8, 0);

const COMPRESSION_LEVEL: u8 = 6;

/// What stands in the layout for a value.
pub(super) const PLACE: char = '\0';

/// Number of decimals of a column whose numbers have as many digits as they need.
pub(super) const SHORTEST: u8 = u8::MAX;

/// The same for a column that is written as Python writes floats: `1.0` for whole numbers, `1e-05` for small ones.
pub(super) const PYTHON: u8 = SHORTEST - 1;

/// Magnitudes that Python writes without an exponent.
pub(super) const PLAIN_IN_PYTHON: core::ops::Range<f64> = 1e-4..1e16;

/// A table without its values.
pub(super) struct Layout<'a> {
    /// Whether the decimal point is a comma.
    pub(super) comma: bool,
    /// What stands for a missing value.
    pub(super) missing: &'a str,
    /// Decimals of each column of values: a number of them, [`SHORTEST`] or [`PYTHON`].
    pub(super) decimals: Vec<u8>,
    /// The text, with [`PLACE`] for each value.
    pub(super) text: String,
}

impl Layout<'_> {
    /// As bytes for [`crate::field::Dataset::layout`]; none where they are more than `limit` before compression.
    pub(super) fn to_bytes(&self, limit: u64) -> Option<Vec<u8>> {
        let mut out = vec![u8::from(self.comma)];
        put_varint(&mut out, self.missing.len() as u64);
        out.extend_from_slice(self.missing.as_bytes());
        put_varint(&mut out, self.decimals.len() as u64);
        out.extend_from_slice(&self.decimals);
        out.extend_from_slice(self.text.as_bytes());
        (out.len() as u64 <= limit).then(|| compress_to_vec_zlib(&out, COMPRESSION_LEVEL))
    }
}

/// The bytes of a layout before compression; none for other bytes, and for more than `limit`.
pub(super) fn inflated(layout: &[u8], limit: u64) -> Option<Vec<u8>> {
    decompress_to_vec_zlib_with_limit(layout, usize::try_from(limit).ok()?).ok()
}

impl<'a> Layout<'a> {
    /// From [`inflated`] bytes; none if they are no layout.
    pub(super) fn from_bytes(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let comma = reader.u8().ok()? != 0;
        let length = reader.count("a text", bytes.len()).ok()?;
        let missing = core::str::from_utf8(reader.take(length).ok()?).ok()?;
        let columns = reader.count("a number of columns", bytes.len()).ok().filter(|n| *n > 0)?;
        let decimals = reader.take(columns).ok()?.to_vec();
        let text = core::str::from_utf8(reader.rest()).ok()?.to_owned();
        Some(Self { comma, missing, decimals, text })
    }
}
