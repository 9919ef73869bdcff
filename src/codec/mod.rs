//! Values <-> chunks: `encode` and `decode` read as the table of contents.
//!
//! `lattice` turns values into integers, `pyramid` orders them coarse to fine, `predictor` foresees them, `entropy` writes what was not foreseen.
//! Nothing here knows files, names or attributes.

mod candidates;
pub(crate) mod chunk;
pub(crate) mod decode;
pub(crate) mod encode;
mod entropy;
mod lattice;
mod mapping;
mod planes;
mod predictor;
mod pyramid;
mod raster;
mod reference;
mod repeats;
mod walk;

pub(crate) use lattice::{Sample, half_spacing};

use crate::field::ErrorBound;

/// Which predictor may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ModelChoice {
    /// Whatever makes the file smallest. Until weights ship, that is the classical predictor.
    #[default]
    Auto,
    /// The classical predictor only.
    None,
}

/// How to compress.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Bound for every variable but coordinates and text, which stay lossless.
    pub bound: ErrorBound,
    /// Predictor.
    pub model: ModelChoice,
}
