//! Datasets -> one archive, a chunk a step.

use super::Progress;
use super::derived::DerivedRoom;
use super::frame::checksum;
use super::index::{Certificate, ChunkEntry, FileEntry, FileStatus, Index, KeptEntry, VariableEntry, VariableReport};
use super::job::{Done, Job, Task, Written};
use super::plan::{LOSSLESS, Plan, plan};
use super::records::Records;
use super::refusal::Refusal;
use super::tiles::Tiling;
use crate::codec::sums::Sums;
use crate::codec::{Base, BaseReport, Options};
use crate::error::{Error, Result};
use crate::field::{Dataset, ErrorBound, Field, Roles};
use crate::network::model::{Model, ModelId, Models};
use std::collections::{BTreeMap, HashSet, VecDeque};

/// Writes an archive: hands out jobs, which may be done anywhere and come back in any order, and writes what they came to in order.
#[derive(Debug)]
pub struct Compressor {
    options: Options,
    /// The model of the options, for jobs that are done here.
    models: Models,
    records: Records,
    index: Index,
    /// Those of the files in the index.
    names: HashSet<String>,
    /// The file that variables are being added to, its fields without values, what each of them is, and how many were added.
    header: Option<(Dataset, Roles, usize)>,
    /// What of it is derived.
    derived: DerivedRoom,
    /// Variables not written yet.
    pending: VecDeque<Work>,
    /// The variable, of those pending, that gives the next job.
    giving: usize,
    given: usize,
    /// Done, but not their turn yet.
    waiting: BTreeMap<usize, Done>,
    written: usize,
    done_bytes: u64,
    total_bytes: u64,
    done_variables: usize,
    /// What only the compressor knows of each variable done.
    notes: Vec<Note>,
    refusal: Refusal,
}

/// What is told of a variable and not in the archive.
#[derive(Debug, Clone, Copy)]
struct Note {
    base: Option<BaseReport>,
    coarse: Option<f64>,
}

/// A variable on its way into the archive.
#[derive(Debug)]
struct Work {
    file: usize,
    /// Its values are replaced by the decoded ones, chunk by chunk.
    field: Field,
    plan: Plan,
    tiling: Tiling,
    /// Chunks given out as jobs.
    given: usize,
    /// Chunks that belong to it: all of its tiling, but for a variable that was abandoned.
    wanted: usize,
    abandoned: bool,
    max_error: f64,
    missing: u64,
    sums: Sums,
    /// Of chunks that are written.
    chunks: Vec<ChunkEntry>,
    /// The network that some chunk takes.
    model: Option<ModelId>,
    base: Option<BaseReport>,
}

impl Compressor {
    /// Starts an empty archive.
    #[must_use]
    pub fn empty(options: &Options) -> Self {
        Self {
            options: options.clone(),
            models: options.model.iter().cloned().collect(),
            records: Records::new(),
            index: Index { files: Vec::new() },
            names: HashSet::new(),
            header: None,
            derived: DerivedRoom::default(),
            pending: VecDeque::new(),
            giving: 0,
            given: 0,
            waiting: BTreeMap::new(),
            written: 0,
            done_bytes: 0,
            total_bytes: 0,
            done_variables: 0,
            notes: Vec::new(),
            refusal: Refusal::default(),
        }
    }

    /// Starts an archive with one dataset that came from the file `name`.
    ///
    /// # Errors
    /// [`Error::BoundBelowPrecision`] when a variable cannot be held to the bound.
    pub fn new(dataset: Dataset, name: &str, options: &Options) -> Result<Self> {
        let mut compressor = Self::empty(options);
        compressor.add(dataset, name)?;
        Ok(compressor)
    }

    /// Adds another dataset, to be compressed after those before it.
    ///
    /// # Errors
    /// As for [`Self::begin`] and [`Self::add_variable`].
    pub fn add(&mut self, dataset: Dataset, name: &str) -> Result<()> {
        self.begin(dataset.without_values(), name)?;
        dataset.fields.into_iter().try_for_each(|field| self.add_variable(field))?;
        self.end(dataset.layout)?;
        self.refusal.check()
    }

    /// Begins another file, of which `header` says everything but the values and the layout; all its variables follow by [`Self::add_variable`], in order, when there is
    /// room for them, and then [`Self::end`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when a file of that name is in the archive already, or the one before was not ended.
    pub fn begin(&mut self, header: Dataset, name: &str) -> Result<()> {
        if self.names.contains(name) {
            return Err(Error::InvalidArgument { what: format!("two inputs are called {name:?}; rename one, so that both can be extracted") });
        }
        self.check_ended()?;
        self.names.insert(name.to_owned());
        self.index.files.push(FileEntry::of(&header, name));
        self.total_bytes += header.fields.iter().map(Field::declared_bytes).sum::<u64>();
        let roles = Roles::of(&header);
        (self.header, self.derived) = (Some((header, roles, 0)), DerivedRoom::default());
        Ok(())
    }

    /// Says what a file system knew of the file that was begun last. What is never said is not in the archive.
    pub fn set_status(&mut self, status: FileStatus) {
        if let Some(file) = self.index.files.last_mut() {
            file.set_status(status);
        }
    }

    /// Adds the next variable of the file that was begun.
    ///
    /// # Errors
    /// [`Error::BoundBelowPrecision`] when it cannot be held to its bound; [`Error::InvalidArgument`] when no file was begun, or its values are not those of its shape.
    pub fn add_variable(&mut self, field: Field) -> Result<()> {
        self.put(field, |_| false).map(|_| ())
    }

    /// The same, but a variable that cannot be held to its bound is kept without loss; why it could not is returned.
    ///
    /// # Errors
    /// As [`Self::add_variable`], but for [`Error::BoundBelowPrecision`].
    pub fn add_variable_or_lossless(&mut self, field: Field) -> Result<Option<Error>> {
        self.put(field, |error| matches!(error, Error::BoundBelowPrecision { .. }))
    }

    fn put(&mut self, mut field: Field, forgive: impl Fn(&Error) -> bool) -> Result<Option<Error>> {
        let invalid = |what: &str| Error::InvalidArgument { what: format!("the variable {:?} {what}", field.name) };
        let (header, roles, added) = self.header.as_mut().ok_or_else(|| invalid("belongs to no file that was begun"))?;
        if field.declared_bytes() != field.values.byte_len() as u64 {
            return Err(invalid("has other values than its shape asks for"));
        }
        if field.derived.as_ref().is_some_and(|derived| !self.derived.takes(derived, &field)) {
            field.derived = None;
        }
        let (plan, forgiven) = match plan((header, roles), &field, &self.options) {
            Err(error) if forgive(&error) => (LOSSLESS, Some(error)),
            _ if field.derived.is_some() => (LOSSLESS, None),
            planned => (planned?, None),
        };
        *added += 1;
        if !self.options.coarse && self.refusal.takes(&field, &plan, &self.options) {
            return Ok(forgiven);
        }
        let tiling = Tiling::of(&field.shape);
        let file = self.index.files.len() - 1;
        let wanted = if field.derived.is_some() { 0 } else { tiling.chunks() };
        let work = Work {
            file,
            field,
            plan,
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
        };
        self.pending.push_back(work);
        Ok(forgiven)
    }

    /// Ends the file that was begun, with its [`Dataset::layout`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when not all its variables were added.
    pub fn end(&mut self, layout: Vec<u8>) -> Result<()> {
        let complete = self.header.take_if(|(header, _, added)| *added == header.fields.len()).is_some();
        if let (true, Some(file)) = (complete, self.index.files.last_mut()) {
            file.layout = Some(layout).filter(|layout| !layout.is_empty()).map(Into::into);
        }
        self.check_ended()
    }

    /// Leaves out the file that was begun and not ended, whatever of it was added. Jobs given out for it still have to come back.
    pub fn abandon(&mut self) {
        if self.header.take().is_none() {
            return;
        }
        let Some(entry) = self.index.files.pop() else { return };
        self.names.remove(&entry.name);
        self.notes.truncate(self.notes.len().saturating_sub(entry.variables.len()));
        let number = self.index.files.len();
        for work in self.pending.iter_mut().filter(|work| work.file == number && !work.abandoned) {
            (work.abandoned, work.wanted) = (true, work.given);
        }
    }

    fn check_ended(&self) -> Result<()> {
        match &self.header {
            None => Ok(()),
            Some((header, _, added)) => Err(Error::InvalidArgument { what: format!("{added} of {} variables of a file were added", header.fields.len()) }),
        }
    }

    /// The bytes of the archive that are ready and were not taken yet, so that they need not stay in memory; what [`Self::finish`] gives comes after them.
    pub fn take_bytes(&mut self) -> Vec<u8> {
        self.records.take()
    }

    /// The next job; `None` when all are given out.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.refusal.is_due() {
            return None;
        }
        while let Some(work) = self.pending.get_mut(self.giving) {
            if work.given < work.wanted {
                let numbers = (self.given, self.done_variables + self.giving);
                let job = work.job(numbers, self.options.model.as_deref(), self.options.base);
                self.given += 1;
                return Some(job);
            }
            self.giving += 1;
        }
        None
    }

    /// Takes a job that is done; every job has to come back once, in whatever order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is none of this compressor's.
    pub fn accept(&mut self, done: Done) -> Result<Progress> {
        if done.number < self.written || done.number >= self.given || self.waiting.contains_key(&done.number) {
            return Err(Error::InvalidArgument { what: format!("job {} is not under way", done.number) });
        }
        self.waiting.insert(done.number, done);
        while let Some(done) = self.waiting.remove(&self.written) {
            self.end_variables();
            if let Some(work) = self.pending.front_mut() {
                self.done_bytes += work.write(&mut self.records, done)?;
            }
            self.written += 1;
        }
        Ok(Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable: self.done_variables })
    }

    /// Moves the variables that are written whole into the index.
    fn end_variables(&mut self) {
        while self.pending.front().is_some_and(|work| work.chunks.len() == work.wanted) {
            let Some(work) = self.pending.pop_front() else { return };
            self.giving = self.giving.saturating_sub(1);
            self.done_variables += 1;
            if work.abandoned {
                continue;
            }
            if work.field.derived.is_some() {
                self.done_bytes += work.field.values.byte_len() as u64;
            }
            self.notes.push(Note { base: work.base, coarse: work.plan.coarse });
            if let Some(file) = self.index.files.get_mut(work.file) {
                file.variables.push(work.into_entry());
            }
        }
    }

    /// Encodes the next chunk here; `None` when there is none left.
    ///
    /// # Errors
    /// None is expected; [`Error::Corrupt`] would be a bug in the encoder, caught by its own check.
    pub fn step(&mut self) -> Result<Option<Progress>> {
        self.next_job().map(|job| job.run(&self.models).and_then(|done| self.accept(done))).transpose()
    }

    /// Encodes what is left and returns the archive, or the rest of it, with a report per variable, in file order.
    ///
    /// # Errors
    /// As for [`Self::step`]; [`Error::InvalidArgument`] when a job was given out and has not come back, or a file was not ended; [`Error::BoundTooCoarse`] and [`Error::MixedUnits`] with
    /// all variables that were added and have such a bound, unless the options say that it is meant. No job is given out once there is one.
    pub fn finish(mut self) -> Result<(Vec<u8>, Vec<VariableReport>)> {
        self.check_ended()?;
        self.refusal.check()?;
        while self.step()?.is_some() {}
        if self.written < self.given {
            return Err(Error::InvalidArgument { what: format!("{} jobs have not come back", self.given - self.written) });
        }
        self.end_variables();
        let reports = self.index.files.iter().flat_map(|f| f.variables.iter().map(|v| v.report(f))).zip(self.notes);
        let reports = reports.map(|(report, Note { base, coarse })| Ok(VariableReport { base, coarse, ..report? })).collect::<Result<_>>()?;
        Ok((self.records.end(&self.index.to_payload()?), reports))
    }
}

impl Work {
    /// Its next chunk as a job.
    fn job(&mut self, (number, variable): (usize, usize), model: Option<&Model>, base: Base) -> Job {
        let Self { field, plan, tiling, given, .. } = self;
        let cycle = match field.shape.as_slice() {
            [.., levels, _, _] if field.shape.len() > 3 => *levels,
            _ => 0,
        };
        let place = tiling.place(*given);
        *given += 1;
        let values = tiling.cut_values(&field.values, place);
        let task = Task::Encode { values, missing: field.missing.clone(), demand: plan.demand.clone(), cycle, base };
        Job { number, variable, shape: place.shape, model: model.map(Model::id), task }
    }

    /// Writes what became of its next chunk, and returns how many bytes of values it covers.
    fn write(&mut self, records: &mut Records, done: Done) -> Result<u64> {
        let Done { values, written, .. } = done;
        let foreign = || Error::InvalidArgument { what: "a job to encode came back without an encoded chunk".to_owned() };
        let Written { payload, max_error, missing, sums, model, base } = written.ok_or_else(foreign)?;
        self.tiling.paste_values(&mut self.field.values, self.tiling.place(self.chunks.len()), &values)?;
        let offset = if self.abandoned { 0 } else { records.put(&payload) };
        let values_sum = super::frame::values_sum(&values) as u32;
        self.chunks.push(ChunkEntry { offset, length: payload.len() as u64, payload_sum: checksum(&payload), values_sum });
        self.max_error = self.max_error.max(max_error);
        self.missing += missing;
        self.sums = self.sums.and(sums);
        self.model = self.model.or(model);
        self.base = self.base.into_iter().chain(base).reduce(BaseReport::and);
        Ok(values.byte_len() as u64)
    }

    /// The finished variable; its certificate holds because `field.values` are now what a decoder gives out.
    fn into_entry(self) -> VariableEntry {
        let Self { field, plan, .. } = self;
        let (bound_kind, bound) = match plan.bound {
            ErrorBound::Lossless => (0, 0.0),
            ErrorBound::Absolute(b) => (1, b.get()),
            ErrorBound::Relative(b) => (2, b.get()),
            ErrorBound::Pointwise(b) => (3, b.get()),
        };
        let max_error = self.max_error * field.packing().scale.abs();
        let values_sum = super::frame::values_sum(&field.values);
        let [mean_error, mean_magnitude] = self.sums.means();
        let kept = plan.kept.iter().map(|(value, count)| KeptEntry { value: field.packing().unpack(*value), count: *count }).collect();
        let certificate = Certificate {
            bound_kind,
            bound,
            absolute_bound: plan.absolute,
            max_error,
            missing: self.missing,
            values_sum,
            mean_error: Some(mean_error).filter(|_| bound_kind != 0),
            mean_magnitude: Some(mean_magnitude).filter(|_| bound_kind != 0),
            kept,
            signs: Some(true).filter(|_| plan.demand.signs),
            stable: Some(true).filter(|_| plan.demand.stable),
        };
        VariableEntry::new(&field, self.tiling, self.chunks, certificate, self.model)
    }
}
