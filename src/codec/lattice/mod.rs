//! Integers that stand for values (docs/format.md, "Lattice"): the rule that turns lattice coordinates back into values.
//!
//! Every value the decoder gives out is a fixed function of integers and of the few numbers in [`Lattice`]. `rule`, `truncated`, `lattices` and `low` are that
//! function; `fit` is the encoder's search for it, with the searches it tries one after the other, which all speak of what is in `fitted`.

mod fit;
mod fitted;
mod floats;
mod lattices;
mod lines;
mod listed;
mod low;
mod plain;
mod pointwise;
mod rule;
mod sample;
mod scaled;
mod stacked;
mod steps;
mod truncated;
mod unpacked;

pub(crate) use fit::fit;
pub(crate) use fitted::{Fit, half_spacing};
pub(crate) use lattices::Lattices;
pub(crate) use listed::{MAX_RANKS, nearest};
pub(crate) use low::LowBits;
pub(crate) use rule::{Lattice, ROUND, nearest_integer};
pub(crate) use sample::Sample;
pub(crate) use steps::Steps;
