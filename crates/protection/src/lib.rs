//! What protects an archive from outside: recovery records against damage, encryption, signatures, and volumes (docs/format.md, "Behind the end" and "Encryption").
//!
//! All of it works on the bytes of a file and knows nothing of what is in the archive. Bytes come from a [`Source`](deepcomp::Source) and go to a [`Target`]; no file system here.

mod bytes;
pub mod encryption;
mod outer;
#[cfg(feature = "full")]
mod records;
#[cfg(feature = "full")]
pub mod recovery;
#[cfg(feature = "full")]
pub mod signature;
mod target;
#[cfg(feature = "full")]
pub mod volumes;

pub use outer::{Outer, is_encrypted};
pub use target::Target;
