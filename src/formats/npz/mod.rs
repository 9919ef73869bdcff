//! NumPy archives.

mod read;
mod spec;
mod write;

pub(crate) use read::open;
pub use spec::FORMAT;
pub use write::write;
