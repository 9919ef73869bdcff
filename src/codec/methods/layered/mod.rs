//! The network method with a base layer: an autoencoder draws the first plane from a few latents, and every pass of it sees what was drawn as one more
//! reference.
//!
//! ```text
//! plane ── base (encode) ──> latents ── latents ──> bits
//! latents ── base (draw) ──> base plane ──> the first reference of the first plane
//! ```
//! What is absent: the choice whether a base layer pays, which is the encoder's.

mod base;
mod fill;
mod latents;

pub(crate) use base::{BaseLayer, draw};
#[cfg(feature = "training")]
pub(crate) use fill::filled;
#[cfg(feature = "training")]
pub(crate) use latents::Learned as LearnedLatents;

use super::PlaneCoder;
use super::network::Network;
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Layered<'a> {
    network: Network<'a>,
    /// What is drawn of the first plane, until that is coded.
    drawn: Option<Grid<i32>>,
}

impl<'a> Layered<'a> {
    pub(crate) const fn start(network: Network<'a>, drawn: Option<Grid<i32>>) -> Self {
        Self { network, drawn }
    }

    /// A checksum of all that the network said.
    pub(crate) const fn said(&self) -> u64 {
        self.network.said()
    }
}

impl PlaneCoder for Layered<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let drawn = self.drawn.take();
        self.network.next_after(coder, plane, drawn, stop).await
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.network.finish()
    }
}
