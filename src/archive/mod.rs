//! One file that holds datasets and explains itself (docs/format.md): superblock, records (frames among them), index, trailer.
//!
//! [`Compressor`] writes, [`Archive`] reads the index, [`Decompressor`] gives datasets back. Each works chunk by chunk, so that callers can show
//! progress, yield and cancel; chunks are [`Job`]s that can be done on other threads, workers and devices. No file system here: bytes out, and in from a [`Source`](crate::Source).

mod checksum;
mod chunk;
mod compressor;
mod container;
mod decompressor;
mod derived;
mod earlier;
mod edit;
mod embedded;
mod estimate;
mod fitted;
mod frame;
mod growing;
mod history;
mod incoming;
mod index;
mod job;
mod kept;
mod merge;
mod part;
mod plan;
mod preview;
mod reader;
mod records;
mod refusal;
mod report;
mod salvage;
mod stream;
mod tiles;
mod travel;
mod whole;
mod work;

pub use crate::version::FormatVersion;
pub use chunk::{ChunkReport, decode_chunk, encode_chunk, inspect_chunk};
pub use compressor::{Compressor, MOST_COMMENT};
pub use decompressor::{Damage, Decompressor};
pub use edit::ending_at;
pub use estimate::{Estimate, Estimator};
pub use history::annotate;
pub use incoming::{Arrival, ArrivedChunk, ComingChunk, Incoming};
pub use index::FileStatus;
pub use job::{Done, Job, run_on_accelerator};
pub use merge::merge;
pub use part::cut;
pub use preview::{Coarse, coarse, preview};
pub use reader::Archive;
pub use report::{MOST_BIAS, VariableReport};
pub use salvage::{Salvage, Salvaged, outside_records, salvage};
pub use travel::{header_from_bytes, header_to_bytes, values_from_bytes, values_to_bytes};
pub use whole::MOST_ORIGINAL;

/// How far a compressor or decompressor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of values done.
    pub done_bytes: u64,
    /// Bytes of values in all.
    pub total_bytes: u64,
    /// Number of the variable being worked on.
    pub variable: usize,
}
