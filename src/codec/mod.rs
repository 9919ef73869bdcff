//! Values <-> chunks: `encode` and `decode` read as the table of contents.
//!
//! `lattice` turns values into integers, `pyramid` orders them coarse to fine, `predictor` foresees them, `entropy` writes what was not foreseen.
//! Nothing here knows files, names or attributes.

mod candidates;
pub(crate) mod chunk;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod entropy;
mod lattice;
mod mapping;
pub(crate) mod neural;
pub(crate) mod planes;
pub(crate) mod predictor;
pub(crate) mod pyramid;
mod raster;
mod reference;
mod repeats;
pub(crate) mod walk;

pub(crate) use lattice::{Sample, half_spacing};

use crate::field::ErrorBound;
use crate::weights::Model;
use std::sync::Arc;

/// How to compress.
#[derive(Debug, Clone)]
pub struct Options {
    /// Bound for every variable but coordinates and text, which stay lossless.
    pub bound: ErrorBound,
    /// The network that may be used wherever it makes a chunk smaller; `None` for the classical predictor only, which is several times faster.
    pub model: Option<Arc<Model>>,
}
