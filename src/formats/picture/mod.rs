//! Pictures: PNG is read and written; GIF, JPEG and WebP are read, and come back as PNG.

mod read;
mod spec;
mod write;

#[cfg(not(feature = "formats"))]
pub(crate) use super::elsewhere::open;
#[cfg(feature = "formats")]
pub(crate) use read::open;
pub(crate) use read::open_png;
pub(super) use spec::has_palette;
pub use spec::{PICTURE, PNG};
pub(crate) use write::save;
pub use write::{planes, write};

/// Whether it is WebP, whose size stands in the middle of its signature.
pub(crate) fn is_webp(bytes: &[u8]) -> bool {
    bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP")
}
