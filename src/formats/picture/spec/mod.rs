//! What reading and writing agree on.

pub(super) mod chunks;

use crate::field::{Field, SourceFormat, Values};

/// PNG picture: one field of shape (channel, y, x).
pub const PNG: SourceFormat = SourceFormat::new(3, 0);

/// GIF, JPEG or WebP picture, as [`PNG`], which it comes back as.
pub const PICTURE: SourceFormat = SourceFormat::new(9, 0);

/// The detail of pictures whose colours come from a table, so that those between them mean nothing.
const PALETTE: u8 = 1;

/// A format of pictures whose colours come from a table or not.
pub(super) const fn coloured(format: SourceFormat, palette: bool) -> SourceFormat {
    SourceFormat::new(format.number, if palette { PALETTE } else { format.detail })
}

/// Whether colours of the picture that a dataset came from come from a table.
pub(crate) fn has_palette(format: SourceFormat) -> bool {
    (format.is(PNG) || format.is(PICTURE)) && format.detail == PALETTE
}

/// Whether the field has the type and shape that a PNG is read as.
pub(super) fn is_picture(field: &Field) -> bool {
    matches!(field.values, Values::U8(_) | Values::U16(_)) && matches!(field.shape.as_slice(), [1..=4, _, _])
}
