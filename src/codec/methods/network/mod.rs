//! The pyramid with the network as its predictor, and with decisions that many contexts foresee as its entropy coder. Slower than the tables of the
//! pyramid method, and smaller.

mod ahead;
mod contexts;
mod levels;
mod neighbourhood;
mod on_cpu;
mod plane;
mod refine;

#[cfg(feature = "training")]
pub(crate) use levels::known_level;
pub(crate) use levels::{ReferenceLevels, wraps_at};
#[cfg(feature = "training")]
pub(crate) use neighbourhood::{Neighbourhood, Surroundings};
pub use on_cpu::OnCpu;
pub(crate) use plane::{Learned, code_plane};
pub(super) use refine::{Around, TRUSTS, refine};

use super::PlaneCoder;
use super::done::{Coded, Done};
use crate::codec::accelerator::Processor;
use crate::codec::chunk::{Header, Method};
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};
use crate::network::model::Model;

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Network<'a> {
    header: &'a Header,
    learned: Learned<'a>,
    done: Done<'a>,
}

impl<'a> Network<'a> {
    pub(crate) fn start(header: &'a Header, model: &'a Model, processor: Processor<'a>) -> Self {
        Self { header, learned: Learned::new(model, processor), done: Done::new(header) }
    }

    /// Codes the next plane, with what was drawn of it, if anything was, as its first reference.
    pub(crate) async fn next_after<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, drawn: Option<Grid<i32>>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { header, learned, done } = self;
        let choice = done.best_reference(plane);
        let named = learned.walk().reference(coder, done.len(), &header.references, choice);
        let seen = done.references(drawn, named);
        let references: Vec<&Coded> = seen.iter().map(AsRef::as_ref).collect();
        let how = (header.coded_quantum(Method::Network), header.wrap);
        let coded = code_plane(coder, learned, plane, &references, how, stop).await?;
        done.push(coded);
        done.forget_errors();
        Ok(())
    }

    /// A checksum of all that the network said.
    pub(crate) const fn said(&self) -> u64 {
        self.learned.said()
    }
}

impl PlaneCoder for Network<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        self.next_after(coder, plane, None, stop).await
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done.finish()
    }
}
