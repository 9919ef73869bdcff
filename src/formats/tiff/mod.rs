//! TIFF and `GeoTIFF`.

#[cfg(feature = "formats")]
mod read;
mod spec;
#[cfg(feature = "formats")]
mod write;

#[cfg(not(feature = "formats"))]
pub(crate) use super::elsewhere::{open, write};
#[cfg(feature = "formats")]
pub(crate) use read::open;
pub use spec::FORMAT;
#[cfg(feature = "formats")]
pub use write::write;
