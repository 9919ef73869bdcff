//! Coarse to fine: every pass predicted classically, its residuals coded under tables that learn.

mod residuals;
mod tables;
mod walk;

pub(crate) use tables::Tables;
pub(crate) use walk::{Holed, Job, Learned, PassCoder, PassJob, code_plane};

use super::PlaneCoder;
use super::reference::best_reference;
use crate::codec::chunk::{Header, Method};
use crate::codec::entropy::Coder;
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Pyramid<'a> {
    header: &'a Header,
    learned: Learned,
    done: Vec<Grid<i32>>,
}

impl<'a> Pyramid<'a> {
    pub(crate) fn start(header: &'a Header) -> Self {
        Self { header, learned: Learned::default(), done: Vec::new() }
    }
}

impl PlaneCoder for Pyramid<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { header, learned, done } = self;
        let choice = best_reference(plane, &done.iter().collect::<Vec<_>>(), &header.references);
        let reference = learned.reference(coder, done.len(), &header.references, choice).and_then(|i| done.get(i));
        let job = Job { plane, reference, quantum: header.coded_quantum(Method::Pyramid) };
        let samples = code_plane(coder, &mut Tables, learned, job, stop).await?;
        done.push(samples);
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done
    }
}
