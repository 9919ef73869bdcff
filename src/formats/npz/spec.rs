//! What reading and writing agree on.

use crate::field::SourceFormat;
use crate::formats::npy;

/// NumPy archive of arrays.
pub const FORMAT: SourceFormat = SourceFormat::new(7, 0);

/// Flag of a member that is compressed, beside the detail of its array.
const DEFLATED: u8 = 4;

/// How a member is stored, as a byte of the layout.
pub(super) const fn flags(array: SourceFormat, deflated: bool) -> u8 {
    array.detail | if deflated { DEFLATED } else { 0 }
}

/// The format of the array, and whether it is compressed.
pub(super) const fn member(flags: u8) -> (SourceFormat, bool) {
    (SourceFormat::new(npy::FORMAT.number, flags & npy::BITS), flags & DEFLATED != 0)
}
