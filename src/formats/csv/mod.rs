//! Tables of numbers as text.

mod read;
mod spec;
mod write;

pub(crate) use read::{is_table, open};
pub use spec::FORMAT;
pub(crate) use write::save;
pub use write::write;
