//! GRIB.

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
pub(crate) use spec::{derive, derived_type, is_bulletin};
#[cfg(feature = "formats")]
pub use write::write;
