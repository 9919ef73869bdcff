//! Integer layers over blocks of samples: `(weights · activations + bias) >> shift`, clamped, the same bits on every processor.
//!
//! ```text
//! Block (channels x LANES, i16) ── Layer (weights i8, bias i32, shift) ──> rows (outputs x LANES, i32) or the next Block
//! ```
//! `kernels/scalar.rs` is the definition; the other kernels compute the same numbers faster. [`Engine`] says which one runs.

mod block;
mod kernels;
mod layer;
mod softmax;

pub use block::Block;
pub use kernels::Engine;
pub use layer::Layer;
pub use softmax::Softmax;

/// Samples a block holds.
pub const LANES: usize = 64;

/// One number per sample of a block.
pub type Row = [i32; LANES];
