//! A variable on its way into the archive: chunks out as jobs, back as payloads, and in the end its entry in the index.

use super::checksum::values_sum;
use super::frame::{Frame, Held};
use super::index::{Certificate, ChunkEntry, KeptEntry, SectionEntry, VariableEntry};
use super::job::{Done, Job, Task, Written};
use super::plan::Plan;
use super::records::{Place, Records};
use super::tiles::Tiling;
use crate::codec::sums::Sums;
use crate::codec::{BaseReport, Level, Options};
use crate::error::{Error, Result};
use crate::field::{ErrorBound, Field, Suspect, Values};
use crate::network::model::{Model, ModelId};
use std::borrow::Cow;

/// A variable on its way into the archive.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) file: usize,
    pub(super) level: Level,
    /// What of its variable it is, where that is a stream.
    pub(super) piece: Option<Piece>,
    /// Its values are replaced by the decoded ones, chunk by chunk; there are none while a job has them.
    pub(super) field: Field,
    pub(super) plan: Plan,
    pub(super) suspects: Vec<Suspect>,
    tiling: Tiling,
    /// Chunks given out as jobs.
    pub(super) given: usize,
    /// Chunks that belong to it: all of its tiling, but for a variable that was abandoned.
    pub(super) wanted: usize,
    pub(super) abandoned: bool,
    max_error: f64,
    missing: u64,
    pub(super) sums: Sums,
    /// Of chunks that are written.
    pub(super) chunks: Vec<ChunkEntry>,
    /// The network that some chunk takes.
    model: Option<ModelId>,
    pub(super) base: Option<BaseReport>,
    /// The checksum of all values, where it is known.
    values_sum: Option<u64>,
}

/// A piece of a variable whose length is not known: a section of it, or all of it where it does not grow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) variable: usize,
    /// Number of the header of the file that its chunks name, and of its first chunk there.
    pub(super) header: usize,
    pub(super) first: usize,
    /// Its length along the dimension that grows.
    pub(super) length: Option<usize>,
}

impl Work {
    pub(super) fn new((file, level): (usize, Level), field: Field, (plan, tiling): (Plan, Tiling), suspects: Vec<Suspect>) -> Self {
        let wanted = if field.derived.is_some() { 0 } else { tiling.chunks() };
        Self {
            file,
            level,
            piece: None,
            field,
            plan,
            suspects,
            tiling,
            given: 0,
            wanted,
            abandoned: false,
            max_error: 0.0,
            missing: 0,
            sums: Sums::default(),
            chunks: Vec::new(),
            model: None,
            base: None,
            values_sum: None,
        }
    }

    /// Its next chunk as a job.
    pub(super) fn job(&mut self, (number, variable): (usize, usize), options: &Options) -> Job {
        let Self { level, field, plan, tiling, given, .. } = self;
        let cycle = field.cycle();
        let place = tiling.place(*given);
        *given += 1;
        // The only chunk there is takes all of them along, and brings them back.
        let data_type = field.values.data_type();
        let values = if tiling.is_whole() { core::mem::replace(&mut field.values, Values::empty(data_type)) } else { tiling.cut_values(&field.values, place) };
        let task = Task::Encode { values, missing: field.missing.clone(), demand: plan.demand.clone(), cycle, base: options.base, level: *level };
        let model = options.model.as_deref().filter(|_| level.takes_model());
        Job { number, variable, shape: place.shape, model: model.map(Model::id), task }
    }

    /// Writes what became of its next chunk, at its place in a file whose header is written, and returns how many bytes of values it covers.
    pub(super) fn write(&mut self, records: &mut Records, header: Option<(u64, usize)>, done: Done) -> Result<u64> {
        let Done { values, sum, written, .. } = done;
        let foreign = || Error::InvalidArgument { what: "a job to encode came back without an encoded chunk".to_owned() };
        let Written { payload, max_error, missing, sums, model, base } = written.ok_or_else(foreign)?;
        let bytes = values.byte_len() as u64;
        self.tiling.paste_values(&mut self.field.values, self.tiling.place(self.chunks.len()), Cow::Owned(values))?;
        self.values_sum = Some(sum).filter(|_| self.tiling.is_whole());
        // Of a chunk without a place certificate and index say the rest.
        let held = header.map(|_| Held::of(self.plan.stored_bound(&self.field), max_error));
        let named = header.and(model).map(|ModelId(id)| id as u32);
        let frame = Frame { values_sum: sum as u32, held, model: named, payload: &payload }.to_bytes();
        let first = self.piece.map_or(0, |piece| piece.first);
        let place = header.map(|(header, variable)| Place { header, variable, chunk: first + self.chunks.len() });
        let offset = if self.abandoned { 0 } else { records.put(&frame, place) };
        self.chunks.push(ChunkEntry { offset, length: frame.len() as u64 });
        self.max_error = self.max_error.max(max_error);
        self.missing += missing;
        self.sums = self.sums.and(sums);
        self.model = self.model.or(model);
        self.base = self.base.into_iter().chain(base).reduce(BaseReport::and);
        Ok(bytes)
    }

    /// The finished variable.
    pub(super) fn into_entry(self) -> VariableEntry {
        VariableEntry::header(&self.field).with([self.into_section()])
    }

    /// The finished section; its certificate holds because `field.values` are now what a decoder gives out.
    pub(super) fn into_section(self) -> SectionEntry {
        let Self { field, plan, .. } = self;
        let (bound_kind, bound) = match plan.bound {
            ErrorBound::Lossless => (0, 0.0),
            ErrorBound::Absolute(b) => (1, b.get()),
            ErrorBound::Relative(b) => (2, b.get()),
            ErrorBound::Pointwise(b) => (3, b.get()),
        };
        let max_error = self.max_error * field.packing().scale.abs();
        let values_sum = self.values_sum.unwrap_or_else(|| values_sum(&field.values));
        let kept = plan.kept.iter().map(|(value, count)| KeptEntry { value: field.packing().unpack(*value), count: *count }).collect();
        let mut certificate = Certificate {
            bound_kind,
            bound,
            absolute_bound: Some(plan.absolute).filter(|allowed| *allowed != bound),
            max_error,
            missing: self.missing,
            values_sum,
            kept,
            signs: Some(true).filter(|_| plan.demand.signs),
            stable: Some(true).filter(|_| plan.demand.stable),
            ..Certificate::default()
        };
        certificate.set_means(self.sums.means());
        let mut section = SectionEntry::new((&field.shape, self.tiling), &self.chunks, certificate, self.model);
        section.length = self.piece.and_then(|piece| piece.length).map(|length| length as u64);
        section
    }
}
