//! A file of any kind that is kept byte for byte.

mod read;
mod spec;
mod write;

pub use read::keep;
pub(crate) use read::open;
pub use spec::FORMAT;
pub(crate) use write::save;
