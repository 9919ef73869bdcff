//! What reading and writing agree on.

use crate::field::SourceFormat;

/// One field of unsigned bytes.
pub const FORMAT: SourceFormat = SourceFormat::new(10, 0);
