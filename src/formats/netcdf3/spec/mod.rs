//! What reading and writing agree on: the numbers of the format, and the header both ways, since a frame that was read is parsed again to be filled, and a file that the
//! writer would lay out in the same way needs no frame.

pub(crate) mod contents;
pub(crate) mod fill;
mod header;
mod layout;
mod part;
pub(crate) mod plan;
pub(crate) mod sign;
pub(crate) mod values;

pub use layout::{FORMAT, format};
pub(crate) use part::{Part, too_large, unlike};
