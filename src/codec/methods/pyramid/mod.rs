//! Coarse to fine: every pass predicted classically, its residuals coded under tables that learn.

mod residuals;
mod tables;
mod walk;

pub(crate) use tables::Tables;
pub(crate) use walk::{Holed, Job, Learned, PassCoder, PassJob, code_plane};

use super::PlaneCoder;
use super::done::{Coded, Done};
use crate::codec::chunk::{Header, Method};
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Pyramid<'a> {
    header: &'a Header,
    learned: Learned,
    done: Done<'a>,
}

impl<'a> Pyramid<'a> {
    pub(crate) fn start(header: &'a Header) -> Self {
        Self { header, learned: Learned::default(), done: Done::new(header) }
    }
}

impl PlaneCoder for Pyramid<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { header, learned, done } = self;
        let choice = done.best_reference(plane);
        let reference = learned.reference(coder, done.len(), &header.references, choice).and_then(|i| done.seen(i));
        let job = Job { plane, reference: reference.as_deref().map(|r| &r.samples), quantum: header.coded_quantum(Method::Pyramid) };
        let samples = code_plane(coder, &mut Tables, learned, job, stop).await?;
        done.push(Coded::bare(samples));
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done.finish()
    }
}
