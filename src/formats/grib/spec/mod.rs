//! What reading and writing agree on: sections and what they say of grids and numbers, since values are packed again as they were packed; and the layout, which is all of a file
//! but its numbers.

#[cfg(feature = "formats")]
pub(super) mod bits;
#[cfg(feature = "formats")]
pub(super) mod grid;
#[cfg(feature = "formats")]
pub(super) mod layout;
mod message;
#[cfg(feature = "formats")]
pub(super) mod octets;
#[cfg(feature = "formats")]
pub(super) mod packing;
#[cfg(feature = "formats")]
pub(super) mod record;

#[cfg(feature = "formats")]
pub(super) use message::find_message;
pub(crate) use message::is_bulletin;

use crate::field::SourceFormat;

/// GRIB, of either edition: messages that differ by time or level alone are planes of one field.
pub const FORMAT: SourceFormat = SourceFormat::new(5, 0);
