//! How a message begins.

/// Bytes in which a GRIB message is looked for: headings of bulletins are shorter.
const HEADING: usize = 200;

/// Whether a GRIB message follows the heading of a bulletin.
pub(crate) fn is_bulletin(bytes: &[u8]) -> bool {
    find_message(bytes.get(..HEADING).unwrap_or(bytes)).is_some()
}

/// Where the first GRIB message begins.
pub(crate) fn find_message(bytes: &[u8]) -> Option<usize> {
    bytes.windows(8).position(|w| matches!(w, [b'G', b'R', b'I', b'B', _, _, _, 1 | 2]))
}
