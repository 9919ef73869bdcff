//! The classical predictor: context grids in, two integer grids out ([`Prediction`]). A network plugs in behind it and corrects what it says.

mod careful;
mod choice;
mod choose;
mod classical;
mod columns;
mod context;
mod rows;
mod sides;
mod taps;

pub(crate) use choice::{Choice, ChoiceTables, Kernel};
pub(crate) use choose::{Looks, choose};
pub(crate) use classical::predict;
pub(crate) use context::{BUCKETS, COARSEST_BUCKET, Context, Holes, Prediction, Reference, reciprocal, rough_bits};
pub(crate) use taps::taps;
