//! NumPy array files.

mod read;
mod spec;
mod write;

pub(crate) use read::open;
pub(crate) use spec::BITS;
pub use spec::{FORMAT, format};
pub(crate) use write::save;
pub use write::write;
