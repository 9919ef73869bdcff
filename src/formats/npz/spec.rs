//! What reading and writing agree on.

use crate::field::SourceFormat;
use crate::formats::npy;

/// NumPy archive of arrays.
pub const FORMAT: SourceFormat = SourceFormat::new(7, 0);

/// Flag of a member that is compressed, beside the detail of its array.
const DEFLATED: u8 = 4;

/// The member, and the attribute, that says what bounds did.
pub(super) const HISTORY: &str = "deepcomp_history";

/// The text of such a member; none of what was not written here.
pub(super) fn history(data: &[u8]) -> Option<String> {
    let start = data.iter().position(|b| *b == b'\n')? + 1;
    let codes = data.get(start..)?.as_chunks::<4>().0;
    let text: String = codes.iter().map(|code| char::from_u32(u32::from_le_bytes(*code))).collect::<Option<_>>()?;
    (npy::text(&text) == data).then_some(text)
}

/// How a member is stored, as a byte of the layout.
pub(super) const fn flags(array: SourceFormat, deflated: bool) -> u8 {
    array.detail | if deflated { DEFLATED } else { 0 }
}

/// The format of the array, and whether it is compressed.
pub(super) const fn member(flags: u8) -> (SourceFormat, bool) {
    (SourceFormat::new(npy::FORMAT.number, flags & npy::BITS), flags & DEFLATED != 0)
}
