//! What reading and writing agree on.

#[cfg(feature = "formats")]
pub(super) mod checksum;
#[cfg(feature = "formats")]
pub(super) mod layout;
#[cfg(feature = "formats")]
pub(super) mod message;
#[cfg(feature = "formats")]
mod names;
#[cfg(feature = "formats")]
pub(super) mod rows;

#[cfg(feature = "formats")]
pub(super) use names::{DOUBLE, FLOAT, HIDDEN, LARGEST_ATTRIBUTE, NO_VARIABLE, NOT_COORDINATE, is_name, trimmed};

use crate::field::SourceFormat;

/// NetCDF-4, or another HDF5 file whose datasets are arrays of numbers or text. Names of what lies in groups are paths, such as `model/t2m`.
pub const FORMAT: SourceFormat = SourceFormat::new(4, 0);
