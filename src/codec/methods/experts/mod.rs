//! The pyramid with several predictors that learn on the way: what the network and the classical predictor say, two regressions over all that is known around,
//! one with a long memory and one with a short one, and the mean of these, by how right each was nearby. Each decision about a residual is foreseen by all of
//! them and by contexts. Many times slower than the network method, and smaller; it takes the network where there is one and does without.
//!
//! ```text
//! plane        a pass, sample by sample
//! neighbours   what is known around a sample
//! regression   least squares that forgets
//! scales       how far off each expert is likely to be
//! residual     decisions   mixer   the weight of each opinion on them
//! functions    logarithms and the logistic curve
//! ```
//! All in binary64 with + − × ÷ in a fixed order (docs/format.md, "Experts"), so that it is the same everywhere. What is absent: integers, and vector code by hand.

mod contexts;
mod functions;
mod mixer;
mod neighbours;
mod plane;
mod regression;
mod residual;
mod scales;

use super::PlaneCoder;
use super::done::{Coded, Done};
use crate::codec::accelerator::Processor;
use crate::codec::chunk::{Header, Method};
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};
use crate::network::model::Model;
use plane::{Learned, code_plane};

/// Those that foresee a sample: the network (or where there is none the classical predictor), the classical predictor, the regressions, their mean.
const EXPERTS: usize = 2 + REGRESSIONS + 1;
const REGRESSIONS: usize = 2;
/// The mean of the others comes last.
const MAIN: usize = EXPERTS - 1;

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Experts<'a> {
    header: &'a Header,
    learned: Learned<'a>,
    done: Done<'a>,
}

impl<'a> Experts<'a> {
    pub(crate) fn start(header: &'a Header, network: Option<(&'a Model, Processor<'a>)>) -> Self {
        Self { header, learned: Learned::new(network), done: Done::new(header) }
    }

    /// A checksum of all that the network said.
    pub(crate) const fn said(&self) -> u64 {
        self.learned.said()
    }
}

impl PlaneCoder for Experts<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { header, learned, done } = self;
        let choice = done.best_reference(plane);
        let named = learned.walk().reference(coder, done.len(), &header.references, choice);
        let seen = done.references(None, named);
        let references: Vec<&Coded> = seen.iter().map(AsRef::as_ref).collect();
        let how = (header.coded_quantum(Method::Experts), header.wrap);
        let coded = code_plane(coder, learned, plane, &references, how, stop).await?;
        done.push(coded);
        done.forget_errors();
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done.finish()
    }
}
