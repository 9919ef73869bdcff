//! For bulk: the passes and predictions of the pyramid, residuals under static tables that are sent, nothing that learns from sample to sample.
//!
//! ```text
//! spec      classes, the family of tables          rows      whole rows at a time
//! tables    which of the family, what is looked up  bits      what symbols do not say
//! writing   residuals -> bytes                      reading   bytes -> residuals
//! ```
//! What is expected of a residual follows from the bucket of its prediction and the residuals of the row above, so that all of a row is known before its symbols are.

mod bits;
mod reading;
mod rows;
mod spec;
mod tables;
mod writing;

use super::PlaneCoder;
use super::done::{Coded, Done};
use super::pyramid::{Job, Learned, PassCoder, PassJob, code_plane};
use crate::codec::chunk::{Header, Method};
use crate::codec::entropy::Coder;
use crate::codec::predictor::{Choice, Context, Kernel, Looks, choose};
use crate::error::Result;
use crate::grid::{Grid, Plane};
use reading::Reading;
use writing::{Noted, Writing};

/// The planes of a chunk, by this method.
#[derive(Debug)]
pub(crate) struct Bulk<'a> {
    header: &'a Header,
    learned: Learned,
    residuals: Residuals<'a>,
    done: Done<'a>,
}

/// Residuals on their way into bytes, or out of them.
#[derive(Debug)]
enum Residuals<'a> {
    Writing(Writing),
    Reading(Box<Reading<'a>>),
}

impl<'a> Bulk<'a> {
    /// Starts a chunk of so many samples; `bytes` are those of its residuals, which only the decoder has.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when they end before the symbols begin.
    pub(crate) fn start(header: &'a Header, samples: usize, bytes: Option<&'a [u8]>) -> Result<Self> {
        let residuals = match bytes {
            None => Residuals::Writing(Writing::new(samples)),
            Some(bytes) => Residuals::Reading(Box::new(Reading::new(bytes, samples)?)),
        };
        Ok(Self { header, learned: Learned::default(), residuals, done: Done::new(header) })
    }

    /// The bytes of all residuals, of an encoder.
    pub(crate) fn written(self) -> Vec<u8> {
        if let Residuals::Writing(writing) = self.residuals { writing.finish() } else { Vec::new() }
    }

    /// # Errors
    /// [`crate::Error::Corrupt`] unless the bytes ended where the residuals did.
    pub(crate) fn check(&self) -> Result<()> {
        if let Residuals::Reading(reading) = &self.residuals { reading.finish() } else { Ok(()) }
    }
}

impl PlaneCoder for Bulk<'_> {
    async fn next<C: Coder>(&mut self, coder: &mut C, plane: Plane<'_>, stop: impl Fn(&C) -> bool) -> Result<()> {
        let Self { header, learned, residuals, done } = self;
        let choice = done.best_reference(plane);
        let reference = learned.reference(coder, done.len(), &header.references, choice).and_then(|i| done.seen(i));
        let job = Job { plane, reference: reference.as_deref().map(|r| &r.samples), quantum: header.coded_quantum(Method::Bulk) };
        if matches!(residuals, Residuals::Reading(reading) if reading.overrun()) {
            return Err(crate::Error::corrupt("the symbols of a chunk end before its samples do"));
        }
        let samples = code_plane(coder, residuals, learned, job, stop).await?;
        done.push(Coded::bare(samples));
        Ok(())
    }

    fn finish(self) -> Vec<Grid<i32>> {
        self.done.finish()
    }
}

/// What the choice for a pass is made by.
const LOOKS: Looks = Looks { samples: 384, apart: 4 };

impl PassCoder for Residuals<'_> {
    fn choose(&mut self, context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>, before: Kernel) -> Choice {
        match self {
            Self::Writing(writing) => writing.chosen(context, || choose(context, target, holes, before, LOOKS)),
            Self::Reading(_) => Choice::default(),
        }
    }

    async fn code<C: Coder>(&mut self, _: &mut C, _: &mut Learned, job: PassJob<'_>) -> Result<Grid<i32>> {
        Ok(match self {
            Self::Writing(writing) => quantise(writing, job),
            Self::Reading(reading) => reconstruct(reading, job),
        })
    }
}

/// The reconstruction of a pass whose residuals are noted.
fn quantise(writing: &mut Writing, job: PassJob<'_>) -> Grid<i32> {
    let quantum = job.context.quantum;
    let (mut values, buckets) = (job.prediction.values, job.prediction.buckets);
    let mut residuals = Grid::new(values.height, values.width);
    for (y, (values, residuals)) in values.rows_mut().zip(residuals.rows_mut()).enumerate() {
        let source = job.source.map(|s| s.row(y)).unwrap_or_default();
        match job.missing {
            None if quantum == 1 => rows::subtract(source, values, residuals),
            missing => {
                rows::quantise(quantum, source, values, residuals);
                if let Some(missing) = missing.map(|m| m.row(y)).filter(|row| rows::any(row)) {
                    rows::leave_out(quantum, missing, values, residuals);
                }
            }
        }
    }
    writing.note(Noted { residuals, buckets, missing: job.missing.cloned() });
    values
}

/// The reconstruction of a pass whose residuals are read.
fn reconstruct(reading: &mut Reading, job: PassJob<'_>) -> Grid<i32> {
    let (mut values, mut buckets) = (job.prediction.values, job.prediction.buckets);
    let width = values.width;
    let (mut above, mut residuals, mut scratch, mut read) = (vec![0; width + 2], vec![0; width], Vec::new(), Vec::new());
    let means = reading.means;
    for (y, (values, classes)) in values.rows_mut().zip(buckets.rows_mut()).enumerate() {
        rows::classes(&means, (y > 0).then_some(&above), classes, &mut scratch);
        match job.missing.map(|missing| missing.row(y)).filter(|row| rows::any(row)) {
            None => reading.row(classes, &mut residuals),
            Some(missing) => spread(reading, missing, (classes, &mut read), &mut residuals),
        }
        rows::magnitudes(&residuals, &mut above);
        rows::reconstruct(job.context.quantum, &residuals, values);
    }
    values
}

/// Reads the residuals of the samples of a row that are there, and puts them in their places; others have 0.
fn spread(reading: &mut Reading, missing: &[u8], (classes, read): (&mut [u8], &mut Vec<i32>), residuals: &mut [i32]) {
    // Classes of what is there move to the front.
    let there = rows::gather(classes, missing);
    read.clear();
    read.resize(there + 1, 0);
    reading.row(classes.get(..there).unwrap_or_default(), read.get_mut(..there).unwrap_or_default());
    rows::scatter(read, missing, residuals);
}
