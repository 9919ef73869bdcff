//! Datasets -> one archive, a chunk a step.

use super::Progress;
use super::container::RecordKind;
use super::derived::DerivedRoom;
use super::earlier::Earlier;
use super::embedded::needed;
use super::growing::{Stream, Together};
use super::index::{EmbeddedEntry, FileEntry, FileStatus, Index};
use super::job::{Done, Job};
use super::plan::{LOSSLESS, plan};
use super::records::Records;
use super::refusal::Refusal;
use super::report::VariableReport;
use super::tiles::Tiling;
use super::whole::{MOST_ORIGINAL, Whole};
use super::work::Work;
use crate::codec::{BaseReport, Level, Options};
use crate::error::{Error, Result};
use crate::field::{Dataset, Field, Roles, Suspect};
use crate::formats::file;
use crate::network::model::{Model, ModelId, Models};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

/// Files of so many bytes of values and more have a header in front of their chunks: of fewer, little is lost with the index, and a header would be a part of them that counts.
pub(super) const WITH_HEADER: u64 = 1 << 20;

/// Bytes of the longest comment that is written: whoever opens the archive reads it.
pub const MOST_COMMENT: usize = 1 << 20;

/// Writes an archive: hands out jobs, which may be done anywhere and come back in any order, and writes what they came to in order.
#[derive(Debug)]
pub struct Compressor {
    pub(super) options: Options,
    /// The model of the options, for jobs that are done here.
    models: Models,
    pub(super) records: Records,
    pub(super) index: Index,
    /// What the archive had before.
    pub(super) earlier: Earlier,
    /// Those of the files in the index.
    pub(super) names: HashSet<String>,
    /// The file that variables are being added to, its fields without values, what each of them is, and how many were added.
    pub(super) header: Option<(Dataset, Roles, usize)>,
    /// What is known of it where its length is not.
    pub(super) stream: Option<Stream>,
    /// What the sections of variables of streams come to, by their files and their numbers there.
    together: BTreeMap<(usize, usize), Together>,
    /// What is written before the chunks of files that are large, and where that is once it is written. Streams have two: one for sections of one length, and one for what is left.
    pub(super) headers: BTreeMap<(usize, usize), Header>,
    /// Complete files without one that no record says anything of yet, and bytes of values in them.
    unsaid: (Vec<usize>, u64),
    /// Bytes of files that may turn out to be kept best as they are.
    originals: BTreeMap<usize, Arc<Vec<u8>>>,
    /// Those that were kept so.
    whole: BTreeSet<usize>,
    /// Files of networks that are put into the archive if chunks take them.
    embedded: Vec<(ModelId, Vec<u8>)>,
    /// What of it is derived.
    derived: DerivedRoom,
    /// Variables not written yet.
    pub(super) pending: VecDeque<Work>,
    /// The variable, of those pending, that gives the next job.
    giving: usize,
    given: usize,
    /// Done, but not their turn yet.
    waiting: BTreeMap<usize, Done>,
    written: usize,
    /// Complete files that records were thought of.
    said: usize,
    done_bytes: u64,
    pub(super) total_bytes: u64,
    /// Of files that are data.
    pub(super) data_bytes: u64,
    done_variables: usize,
    /// What only the compressor knows of variables that are done, by their files and their numbers there.
    notes: BTreeMap<(usize, usize), Note>,
    pub(super) refusal: Refusal,
}

/// What a file is, in front of its chunks.
#[derive(Debug)]
pub(super) enum Header {
    Waiting(Vec<u8>),
    Written(u64),
}

impl Header {
    /// Where it is from now on.
    fn written(&mut self, records: &mut Records) -> u64 {
        let offset = match self {
            Self::Waiting(payload) => records.put_header(payload),
            Self::Written(offset) => *offset,
        };
        *self = Self::Written(offset);
        offset
    }
}

/// What is told of a variable and not in the archive.
#[derive(Debug, Default)]
struct Note {
    level: Option<Level>,
    base: Option<BaseReport>,
    coarse: Option<f64>,
    unmet: Option<String>,
    suspects: Vec<Suspect>,
}

impl Note {
    /// What is told of another section of the same variable.
    fn add(&mut self, other: Self) {
        self.base = self.base.into_iter().chain(other.base).reduce(BaseReport::and);
        // A stretch in which little happens does not make a bound coarse.
        self.coarse = self.coarse.zip(other.coarse).map(|(own, other)| own.min(other));
        self.unmet = self.unmet.take().or(other.unmet);
        let suspects = other.suspects.into_iter().filter(|suspect| !self.suspects.iter().any(|known| known.value == suspect.value)).collect::<Vec<_>>();
        self.suspects.extend(suspects);
    }
}

impl Compressor {
    /// Starts an empty archive.
    #[must_use]
    pub fn empty(options: &Options) -> Self {
        Self {
            options: options.clone(),
            models: options.model.iter().cloned().collect(),
            records: Records::new(),
            index: Index::default(),
            earlier: Earlier::default(),
            names: HashSet::new(),
            header: None,
            stream: None,
            together: BTreeMap::new(),
            headers: BTreeMap::new(),
            unsaid: Default::default(),
            originals: BTreeMap::new(),
            whole: BTreeSet::new(),
            embedded: Vec::new(),
            derived: DerivedRoom::default(),
            pending: VecDeque::new(),
            giving: 0,
            given: 0,
            waiting: BTreeMap::new(),
            written: 0,
            said: 0,
            done_bytes: 0,
            total_bytes: 0,
            data_bytes: 0,
            done_variables: 0,
            notes: BTreeMap::new(),
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
        let bytes = header.declared_bytes();
        if bytes >= WITH_HEADER {
            let entry = FileEntry::header(&header, name, &self.options.tiles, &|_, field| (field.shape.clone(), None))?;
            self.headers.insert((self.index.files.len(), 0), Header::Waiting(Index::of(vec![entry]).to_payload()?));
        }
        self.index.files.push(FileEntry::of(&header, name));
        self.total_bytes = self.total_bytes.saturating_add(bytes);
        if !header.format.is(file::FORMAT) {
            self.data_bytes = self.data_bytes.saturating_add(bytes);
        }
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

    /// Says something of the archive as a whole, in place of what was said before; nothing takes it away.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is longer than [`MOST_COMMENT`].
    pub fn set_comment(&mut self, comment: &str) -> Result<()> {
        if comment.len() > MOST_COMMENT {
            return Err(Error::InvalidArgument {
                what: format!("a comment of {} bytes; it may have {MOST_COMMENT} (put longer text into a file of the archive)", comment.len()),
            });
        }
        self.index.comment = Some(comment.to_owned()).filter(|comment| !comment.is_empty());
        Ok(())
    }

    /// Puts the file of a network into the archive, if chunks of it take that network and it is not there yet.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is none.
    pub fn embed(&mut self, file: Vec<u8>) -> Result<()> {
        self.embedded.push((Model::parse(&file)?.id(), file));
        Ok(())
    }

    /// Gives the bytes of the file that was begun, before its variables, which are to come out of them: where coding the variables would take more, the file is kept byte for byte.
    /// Files of more than [`MOST_ORIGINAL`] bytes are not.
    pub fn set_original(&mut self, bytes: impl Into<Arc<Vec<u8>>>) {
        let bytes = bytes.into();
        let is_data = self.header.as_ref().is_some_and(|(header, _, added)| *added == 0 && !header.format.is(file::FORMAT));
        if let Some(number) = self.index.files.len().checked_sub(1).filter(|_| is_data && bytes.len() <= MOST_ORIGINAL) {
            self.originals.insert(number, bytes);
        }
    }

    /// Numbers of the files that are kept byte for byte, since coding them took more: of those that are complete.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn kept_whole(&mut self) -> Result<&BTreeSet<usize>> {
        self.end_variables()?;
        Ok(&self.whole)
    }

    /// Adds the next variable of the file that was begun. Codes for missing that the file does not declare become missing as the rule of the bounds has it.
    ///
    /// # Errors
    /// [`Error::BoundBelowPrecision`] when it cannot be held to its bound and the options refuse that; [`Error::InvalidArgument`] when no file was begun, or its values are not those of its shape.
    pub fn add_variable(&mut self, mut field: Field) -> Result<()> {
        let invalid = |what: &str| Error::InvalidArgument { what: format!("the variable {:?} {what}", field.name) };
        let (header, roles, added) = self.header.as_mut().ok_or_else(|| invalid("belongs to no file that was begun"))?;
        if field.declared_bytes() != field.values.byte_len() as u64 {
            return Err(invalid("has other values than its shape asks for"));
        }
        if field.derived.as_ref().is_some_and(|derived| !self.derived.takes(derived, &field)) {
            field.derived = None;
        }
        let suspects = self.options.bounds.settle_missing(roles, &mut field);
        let plan = if field.derived.is_some() { LOSSLESS } else { plan((header, roles), &field, &self.options)? };
        let tiling = Tiling::fitted(&field.shape, &header.names(&field), &self.options.tiles)?;
        *added += 1;
        if !self.options.coarse && self.refusal.takes(&field, &plan, &self.options) {
            return Ok(());
        }
        let level = self.options.level.for_bytes(self.data_bytes);
        self.pending.push_back(Work::new((self.index.files.len() - 1, level), field, (plan, tiling), suspects));
        Ok(())
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
        self.stream = None;
        let Some(entry) = self.index.files.pop() else { return };
        self.names.remove(&entry.name);
        let number = self.index.files.len();
        self.notes.retain(|(file, _), _| *file != number);
        self.together.retain(|(file, _), _| *file != number);
        self.headers.retain(|(file, _), _| *file != number);
        if self.originals.remove(&number).is_some() {
            self.records.release();
        }
        for work in self.pending.iter_mut().filter(|work| work.file == number && !work.abandoned) {
            (work.abandoned, work.wanted) = (true, work.given);
        }
    }

    pub(super) fn check_ended(&self) -> Result<()> {
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
                let job = work.job(numbers, &self.options);
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
            self.end_variables()?;
            if let Some(work) = self.pending.front_mut() {
                if !work.abandoned && self.originals.contains_key(&work.file) {
                    self.records.hold();
                }
                let number = work.piece.map_or(0, |piece| piece.header);
                let header = self.headers.get_mut(&(work.file, number)).filter(|_| !work.abandoned).map(|header| header.written(&mut self.records));
                let next = || self.index.files.get(work.file).map_or(0, |file| file.variables.len());
                let variable = work.piece.map_or_else(next, |piece| piece.variable);
                self.done_bytes += work.write(&mut self.records, header.map(|header| (header, variable)), done)?;
            }
            self.written += 1;
        }
        Ok(Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable: self.done_variables })
    }

    /// Moves the variables that are written whole into the index, and settles what becomes of files that are.
    fn end_variables(&mut self) -> Result<()> {
        while self.pending.front().is_some_and(|work| work.chunks.len() == work.wanted) {
            let Some(mut work) = self.pending.pop_front() else { break };
            self.giving = self.giving.saturating_sub(1);
            self.done_variables += 1;
            if work.abandoned {
                continue;
            }
            if work.field.derived.is_some() {
                self.done_bytes += work.field.values.byte_len() as u64;
            }
            let suspects = core::mem::take(&mut work.suspects);
            let note = Note { level: Some(work.level), base: work.base, coarse: work.plan.coarse, unmet: work.plan.unmet.take(), suspects };
            let Some(file) = self.index.files.get_mut(work.file) else { continue };
            let place = (work.file, work.piece.map_or(file.variables.len(), |piece| piece.variable));
            match self.notes.entry(place) {
                Entry::Occupied(mut known) => known.get_mut().add(note),
                Entry::Vacant(new) => drop(new.insert(note)),
            }
            match work.piece {
                None => file.variables.push(work.into_entry()),
                Some(piece) => {
                    if piece.header == 0 && piece.length.is_some() {
                        let together = self.together.entry(place).or_default();
                        together.values.add(&work.field.values);
                        together.sums = together.sums.and(work.sums);
                    }
                    if let Some(variable) = file.variables.get_mut(piece.variable) {
                        variable.sections.push(work.into_section());
                    }
                }
            }
        }
        while let Some(file) = self.originals.keys().next().copied().filter(|file| self.is_complete(*file)) {
            self.settle(file)?;
        }
        while self.said < self.index.files.len() && self.is_complete(self.said) && !self.originals.contains_key(&self.said) {
            self.say(self.said)?;
            self.said += 1;
        }
        Ok(())
    }

    /// Says in a record what the index will say of complete files, once those without a header have come to as much as one that has one.
    fn say(&mut self, number: usize) -> Result<()> {
        let has_header = self.headers.contains_key(&(number, 0)) && !self.whole.contains(&number);
        let Some(entry) = self.index.files.get(number).filter(|_| !has_header) else { return Ok(()) };
        let bytes = entry.variables.iter().map(|v| v.report(entry).map(|report| report.raw_bytes)).sum::<Result<u64>>()?;
        let (files, total) = &mut self.unsaid;
        files.push(number);
        *total = total.saturating_add(bytes);
        if *total >= WITH_HEADER {
            let files = files.drain(..).filter_map(|number| self.index.files.get(number).cloned()).collect();
            *total = 0;
            self.records.put_header(&Index::of(files).to_payload()?);
        }
        Ok(())
    }

    /// Whether all of a file is in the index.
    fn is_complete(&self, file: usize) -> bool {
        let is_open = self.header.is_some() && file + 1 == self.index.files.len();
        !is_open && !self.pending.iter().any(|work| !work.abandoned && work.file == file)
    }

    /// Keeps a complete file byte for byte if it was coded into more than it has.
    fn settle(&mut self, number: usize) -> Result<()> {
        let original = self.originals.remove(&number).unwrap_or_default();
        if let Some(entry) = self.index.files.get_mut(number)
            && let Some(whole) = Whole::smaller(entry, self.records.held_bytes(), original)?
        {
            self.records.take_back();
            self.notes.retain(|(file, _), _| *file != number);
            *entry = whole.write(&mut self.records)?;
            self.whole.insert(number);
        }
        self.records.release();
        Ok(())
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
        self.end_variables()?;
        for ((file, variable), together) in &self.together {
            let Some(file) = self.index.files.get_mut(*file) else { continue };
            let shape = file.variables.get(*variable).map_or_else(|| Ok(Vec::new()), |variable| variable.shape(file))?;
            if let Some(variable) = file.variables.get_mut(*variable) {
                variable.join(shape.get(1..).unwrap_or_default(), together)?;
            }
        }
        let mut reports = Vec::new();
        for (number, file) in self.index.files.iter().enumerate() {
            for (place, variable) in file.variables.iter().enumerate() {
                let Note { level, base, coarse, unmet, suspects } = self.notes.remove(&(number, place)).unwrap_or_default();
                reports.push(VariableReport { level, base, coarse, unmet, suspects, ..variable.report(file)? });
            }
        }
        for section in self.index.files.iter_mut().flat_map(|file| &mut file.variables).flat_map(|variable| &mut variable.sections) {
            section.move_table(|table| self.records.put_apart(RecordKind::Table, table));
        }
        let files = self.earlier.with(core::mem::take(&mut self.index.files))?;
        let needed = needed(&files);
        self.index.models.retain(|entry| needed.contains(&ModelId(entry.model)));
        for (model, file) in self.embedded.iter().filter(|(model, _)| needed.contains(model)) {
            if self.index.models.iter().all(|entry| entry.model != model.0) {
                self.index.models.push(EmbeddedEntry::write(*model, file, &mut self.records));
            }
        }
        Ok((self.records.finish(&Index { files, ..self.index }.to_payload()?), reports))
    }
}
