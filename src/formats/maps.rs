//! Which variables formats of pictures have a place for.

use crate::field::{DataType, Field};

/// Most planes that a page of TIFF has.
const MOST_BANDS: usize = u16::MAX as usize;

/// Why a variable cannot be a page of a TIFF; none where it can.
pub(crate) fn no_page(field: &Field) -> Option<&'static str> {
    let [bands @ .., height, width] = field.shape.as_slice() else { return no_text(field).or(Some("no rows and columns")) };
    let bands = bands.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).unwrap_or(usize::MAX);
    let too_large = [*height, *width].iter().any(|side| u32::try_from(*side).is_err());
    let why = || match () {
        () if bands == 0 || *height == 0 || *width == 0 => Some("no values"),
        () if bands > MOST_BANDS || too_large => Some("more planes, rows or columns than it can have"),
        () => None,
    };
    no_text(field).or_else(why)
}

/// Why no picture of a variable is drawn; none where there is something to draw.
pub(crate) fn no_picture(field: &Field) -> Option<&'static str> {
    let why = || match field.shape.iter().filter(|d| **d > 1).count() {
        _ if field.shape.contains(&0) => Some("no values"),
        0 | 1 => Some("no rows and columns"),
        _ => None,
    };
    no_text(field).or_else(why)
}

fn no_text(field: &Field) -> Option<&'static str> {
    (field.values.data_type() == DataType::Char).then_some("text")
}
