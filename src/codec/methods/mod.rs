//! The ways through the planes of a chunk, each written once for both directions behind [`PlaneCoder`].
//!
//! ```text
//! pyramid   coarse to fine, predicted from around, residuals under tables that learn
//! network   the same passes, corrected by the network, residuals by decisions
//! layered   network, with a base plane below the first one
//! raster    in raster order, predicted by a filter that learns
//! repeats   in raster order, where most samples repeat a neighbour
//! bulk      as pyramid, residuals under tables that do not learn, for speed
//! ```
//! [`super::planes`] alone knows them all. What is absent: the choice between them, which is the encoder's ([`super::candidates`]).

pub(crate) mod bulk;
mod done;
pub(crate) mod experts;
pub(crate) mod layered;
pub(crate) mod network;
pub(crate) mod pyramid;
pub(crate) mod raster;
mod reference;
pub(crate) mod repeats;

pub(crate) use done::Coded;

use super::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// Codes plane after plane of a chunk and keeps them, since later ones refer to them.
pub(crate) trait PlaneCoder {
    /// Codes the next plane. `stop` is asked now and then, and true ends the plane early.
    ///
    /// # Errors
    /// [`crate::Error::Accelerator`] when the network runs elsewhere and that fails.
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()>;

    /// The samples of all planes.
    fn finish(self) -> Vec<Grid<i32>>;
}
