//! NumPy array files.

mod read;
mod spec;
mod write;

pub use read::length;
pub(crate) use read::open;
pub(crate) use spec::BITS;
pub use spec::{FORMAT, format};
pub use write::write;
pub(crate) use write::{save, text};
