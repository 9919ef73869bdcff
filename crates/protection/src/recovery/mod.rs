//! Recovery records (docs/format.md, "Recovery"): the bytes before them are shards, and each record holds a shard of parity, a piece of the coded checksums of all shards,
//! and everything else that mending takes. What is worked on at a time is a range of columns of all shards, so that memory does not grow with the file.

mod check;
mod code;
mod layout;
mod mend;
mod write;

pub use check::{Checked, check, find};
pub use layout::{Layout, MOST_SHARE};
pub use write::write;
