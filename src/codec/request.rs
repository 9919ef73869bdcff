//! What is asked of the encoder for one chunk.

use super::accelerator::Processor;
use super::chunk::ChunkShape;
use super::demand::Demand;
use super::{Base, Level};
use crate::field::Missing;
use crate::network::model::Model;

/// What the values of a chunk mean and how far they may move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) shape: ChunkShape,
    pub(crate) missing: &'a Missing,
    pub(crate) demand: &'a Demand,
    /// Distance in planes of a second candidate reference (the slower axis of a 4-dimensional array); 0 when there is none.
    pub(crate) cycle: usize,
    pub(crate) level: Level,
    /// The network, if it may be used, and where it runs.
    pub(crate) network: Option<(&'a Model, Processor<'a>)>,
    /// When planes get a base layer.
    pub(crate) base: Base,
}
