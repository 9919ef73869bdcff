//! Networks in integers: the predictor, the autoencoder of base layers, and the model files that hold their weights.
//!
//! ```text
//! model file ── model ──> Predictor, Autoencoder (proved) ── engine ──> integers, the same bits on every processor
//! ```
//! A network knows blocks of numbers and grids, and nothing of the codec: what it is shown, and what becomes of what it says, is
//! [`crate::codec`]'s. `spec` holds the numbers that both have to agree on.

pub(crate) mod autoencoder;
#[doc(hidden)]
pub mod engine;
pub mod model;
pub(crate) mod predictor;
#[cfg(test)]
pub(crate) mod random;
pub(crate) mod spec;
