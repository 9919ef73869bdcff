//! DeepComp: error-bounded and lossless compression of climate data.
//!
//! ```text
//! bytes ── formats ──> Dataset (dimensions, fields, attributes, missing values)
//! field ── lattice ──> integers + the rule that turns them back
//! integers ── pyramid ──> passes, coarse to fine
//! pass ── predictor ──> per sample: a prediction and a bucket (which distribution)
//! (sample, prediction, bucket) ── entropy ──> chunk bytes
//! chunks ── archive ──> one file
//! ```
//! Decoding is the same list read backwards. The crate takes bytes and gives bytes: no file system, no network, no JavaScript.

pub mod archive;
pub mod codec;
pub mod error;
pub mod field;
pub mod formats;
mod grid;
mod limits;
pub mod metrics;
pub mod network;
mod source;
#[cfg(feature = "training")]
pub mod training;
mod version;
mod wire;

pub use error::{CoarseBound, Error, Result};
pub use limits::Limits;
pub use source::Source;
