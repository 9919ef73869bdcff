//! NetCDF classic files.

mod read;
pub(crate) mod spec;
mod write;

pub(crate) use read::open;
pub use spec::{FORMAT, format};
pub use write::write;
