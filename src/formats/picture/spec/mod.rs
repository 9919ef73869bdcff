//! What reading and writing agree on.

pub(super) mod chunks;

use crate::field::{Field, SourceFormat, Values};

/// PNG picture: one field of shape (channel, y, x).
pub const PNG: SourceFormat = SourceFormat::new(3, 0);

/// GIF, JPEG or WebP picture, as [`PNG`], which it comes back as.
pub const PICTURE: SourceFormat = SourceFormat::new(9, 0);

/// Whether the field has the type and shape that a PNG is read as.
pub(super) fn is_picture(field: &Field) -> bool {
    matches!(field.values, Values::U8(_) | Values::U16(_)) && matches!(field.shape.as_slice(), [1..=4, _, _])
}
