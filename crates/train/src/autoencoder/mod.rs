//! The autoencoder of the base layer: patches of planes in, latents and a base plane out. Trained in floats that mimic the integers of
//! the autoencoder of `deepcomp::network`, and exported as integers.

mod export;
mod net;
mod objective;
mod patches;
mod trainer;

pub use export::export;
pub use net::Sizes;
pub use patches::Patches;
pub use trainer::{Plan, load, train};
