//! What reading and writing agree on: tags, the structure of a file that is there, and that of a file that is to be made.

#[cfg(feature = "formats")]
pub(super) mod amend;
#[cfg(feature = "formats")]
pub(super) mod assemble;
#[cfg(feature = "formats")]
pub(super) mod errors;
#[cfg(feature = "formats")]
pub(super) mod form;
#[cfg(feature = "formats")]
pub(super) mod page;
#[cfg(feature = "formats")]
pub(super) mod projections;
#[cfg(feature = "formats")]
pub(super) mod structure;
#[cfg(feature = "formats")]
pub(super) mod tags;

use crate::field::SourceFormat;

/// TIFF or `GeoTIFF`: one field of shape (band, y, x), or one for each of its pictures.
pub const FORMAT: SourceFormat = SourceFormat::new(6, 0);
