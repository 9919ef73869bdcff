//! Values as they stand in a file.

use crate::field::{Values, with_values};

/// Appends `count` values from index `start`, big-endian.
pub(crate) fn append(out: &mut Vec<u8>, values: &Values, start: usize, count: usize) {
    let at = out.len();
    out.resize(at + count * values.data_type().size(), 0);
    copy(out.get_mut(at..).unwrap_or_default(), values, start);
}

/// Fills the room with values from index `start`, big-endian.
pub(crate) fn copy(room: &mut [u8], values: &Values, start: usize) {
    with_values!(values, v => {
        for (bytes, x) in room.as_chunks_mut().0.iter_mut().zip(v.get(start..).unwrap_or_default()) {
            *bytes = x.to_be_bytes();
        }
    });
}

/// Everything before was aligned, so the length of the file tells the gap.
pub(crate) fn pad(out: &mut Vec<u8>, padding: [u8; 4]) {
    let end = out.len().next_multiple_of(4);
    // A gap of two-byte values holds one of them; of one-byte values all are the same.
    out.extend(padding.into_iter().take(end - out.len()));
}
