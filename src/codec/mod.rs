//! Values <-> chunks: `encode` and `decode` read as the table of contents.
//!
//! `lattice` turns values into integers, `methods` are the ways through a plane of them: `passes` order it coarse to fine, `predictor` and the network foresee
//! it, `entropy` writes what was not foreseen.
//! Nothing here knows files, names or attributes.

pub mod accelerator;
mod bytes;
mod candidates;
pub(crate) mod chunk;
pub(crate) mod decode;
pub(crate) mod demand;
pub(crate) mod encode;
pub(crate) mod entropy;
mod extrapolation;
mod fewer;
mod kept;
pub(crate) mod lattice;
mod mapping;
mod masks;
pub(crate) mod methods;
mod narrow;
mod passes;
mod patches;
mod plain;
mod planes;
mod predictor;
pub(crate) mod quantiser;
pub(crate) mod request;
mod rule;
mod source;
pub(crate) mod sums;
mod tolerance;
mod vector;

pub(crate) use lattice::half_spacing;
pub use methods::network::OnCpu;
pub use rule::Rule;
pub(crate) use tolerance::Tolerance;

use crate::error::{Error, Result};
use crate::field::{Bounds, Keeps, Tiles};
use crate::network::model::Model;
use core::str::FromStr;
use std::sync::Arc;

/// How to compress.
#[derive(Debug, Clone)]
pub struct Options {
    /// The bound of each variable; coordinates and text stay lossless.
    pub bounds: Bounds,
    /// How much time may go into it.
    pub level: Level,
    /// The network that the best level may use wherever it makes a chunk smaller; `None` for the classical predictor only, which is several times faster.
    pub model: Option<Arc<Model>>,
    /// When planes get a base layer; it takes a model with an autoencoder.
    pub base: Base,
    /// Which values come back as they are under a bound.
    pub keep: Keeps,
    /// Whether compressing once more what was decompressed, at the same bound, moves nothing, however it is cut into chunks. It costs a few percent at loose bounds.
    pub stable: bool,
    /// Whether absolute bounds may be so coarse that little is left of a variable, or meant for variables of several units.
    pub coarse: bool,
    /// What becomes of a variable that cannot be held to its bound.
    pub unmet: Unmet,
    /// What of an array lies together in a chunk.
    pub tiles: Tiles,
}

impl Options {
    /// Those bounds, and for the rest what is usual, without a model.
    #[must_use]
    pub fn new(bounds: impl Into<Bounds>) -> Self {
        Self {
            bounds: bounds.into(),
            level: Level::default(),
            model: None,
            base: Base::Auto,
            keep: Keeps::default(),
            stable: false,
            coarse: false,
            unmet: Unmet::default(),
            tiles: Tiles::default(),
        }
    }
}

/// How much time may go into a smaller archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// The best for files until the values of an archive come to [`Self::BEST_BYTES`], the balanced one from the file on that crosses that.
    #[default]
    Auto,
    /// One way alone is taken, the quickest to code and to decode.
    Fast,
    /// The smallest of what takes no network.
    Balanced,
    /// The smallest of all, with the network where there is one.
    Best,
    /// As that, and with what takes many times longer, both ways: for what is written once and read for years.
    Max,
}

impl Level {
    /// Bytes of values that take about ten seconds at the best level; a number, so that one input is one archive on every machine.
    pub const BEST_BYTES: u64 = 64 << 20;

    /// All of them, the quickest first.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Fast, Self::Balanced, Self::Best, Self::Max];

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Fast => "fast",
            Self::Balanced => "balanced",
            Self::Best => "best",
            Self::Max => "max",
        }
    }

    /// Whether a network is of use.
    #[must_use]
    pub const fn takes_model(self) -> bool {
        matches!(self, Self::Auto | Self::Best | Self::Max)
    }

    /// What stands for it in an archive that has come to so many bytes of values.
    #[must_use]
    pub const fn for_bytes(self, bytes: u64) -> Self {
        match self {
            Self::Auto if bytes > Self::BEST_BYTES => Self::Balanced,
            Self::Auto => Self::Best,
            level => level,
        }
    }
}

impl FromStr for Level {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            let names: Vec<&str> = Self::ALL.iter().map(|level| level.name()).collect();
            Error::InvalidArgument { what: format!("there is no level {text:?}; use one of {}", names.join(", ")) }
        };
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(unknown)
    }
}

/// What becomes of a variable whose bound is finer than its own precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmet {
    /// All of it is refused.
    #[default]
    Refuse,
    /// It is kept without loss, and the report says why.
    Lossless,
}

/// When planes get a base layer, which the autoencoder of the model draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base {
    /// Where the chunk becomes smaller.
    #[default]
    Auto,
    /// Wherever one can be had: a preview of the first plane of each chunk comes with it.
    Always,
    /// Nowhere.
    Never,
}

/// What base layers came to in the chunks of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseReport {
    /// Chunks that one was tried for.
    pub tried: usize,
    /// Chunks that have one.
    pub chunks: usize,
    /// Bytes of the layers of those.
    pub bytes: usize,
    /// Bytes that those chunks are smaller than without: negative where [`Base::Always`] costs more than it gains.
    pub saved: i64,
}

impl BaseReport {
    /// Of a chunk of `with` bytes with a layer of `bytes` and `without` bytes without, where it was taken or not.
    fn of_chunk(taken: bool, bytes: usize, without: usize, with: usize) -> Self {
        if taken { Self { tried: 1, chunks: 1, bytes, saved: without as i64 - with as i64 } } else { Self { tried: 1, ..Self::default() } }
    }

    /// With what came of another chunk.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { tried: self.tried + other.tried, chunks: self.chunks + other.chunks, bytes: self.bytes + other.bytes, saved: self.saved + other.saved }
    }
}
