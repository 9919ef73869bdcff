//! Pictures as one field of shape (channel, y, x): 1 channel gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha.
//!
//! Deliberately absent: animations and CMYK. What a picture says besides its pixels is in the layout, as chunks of PNG.

#[cfg(feature = "formats")]
mod decoded;
#[cfg(feature = "formats")]
mod gif;
#[cfg(feature = "formats")]
mod jpeg;
mod planar;
mod png;
#[cfg(feature = "formats")]
mod said;
#[cfg(feature = "formats")]
mod webp;

#[cfg(feature = "formats")]
use super::spec::PICTURE;
use super::spec::{PNG, coloured};
use crate::error::Result;
use crate::field::Dataset;
#[cfg(feature = "formats")]
use crate::field::Values;
use crate::formats::input::Input;
use crate::formats::opened::Opened;
use crate::limits::Limits;

/// Reads a whole PNG; the field is called `name`.
pub(crate) fn open_png<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    let bytes = input.whole(limits)?;
    let (shape, values) = png::decode(&bytes, limits)?;
    let layout = png::layout(&bytes, limits)?;
    let format = coloured(PNG, png::has_palette(&bytes));
    planar::dataset(name, shape, values, format).map(|dataset| Opened::whole(Dataset { layout, ..dataset }))
}

/// Reads a whole GIF, JPEG or WebP; the field is called `name`.
#[cfg(feature = "formats")]
pub(crate) fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    let bytes = input.whole(limits)?;
    let (picture, said) = match bytes.first() {
        Some(b'G') => gif::decode(&bytes, limits)?,
        Some(0xff) => (jpeg::decode(&bytes, limits)?, said::in_jpeg(&bytes)),
        _ => (webp::decode(&bytes, limits)?, said::in_webp(&bytes)),
    };
    let layout = said.layout(limits)?;
    let shape = [picture.channels, picture.height, picture.width];
    // Between grays of a table there are grays.
    let format = coloured(PICTURE, bytes.first() == Some(&b'G') && picture.channels > 2);
    planar::dataset(name, shape, Values::U8(picture.samples), format).map(|dataset| Opened::whole(Dataset { layout, ..dataset }))
}
