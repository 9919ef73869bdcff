//! One file of an archive -> its dataset, a chunk a step; every checksum is verified on the way.

use super::Progress;
use super::frame::{checksum, values_sum};
use super::index::{ChunkEntry, VariableEntry, source_format};
use super::job::{Done, Job, Task};
use super::reader::Archive;
use super::tiles::Tiling;
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, Field, SourceFormat, Values};
use crate::formats::derive;
use crate::limits::Limits;
use crate::network::model::{ModelId, Models};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Decodes a file of an archive: hands out jobs, which may be done anywhere and come back in any order.
#[derive(Debug)]
pub struct Decompressor {
    archive: Archive,
    file: usize,
    /// Numbers of the variables to decode.
    wanted: Range<usize>,
    /// Those begun, from the first that is wanted on.
    fields: Vec<Begun>,
    given: usize,
    /// Variable and chunk of the jobs that have not come back.
    under_way: BTreeMap<usize, (usize, usize)>,
    repeated: Repeated,
    /// Files that are kept whole come as bytes and not as what these hold.
    as_kept: bool,
    /// Variables that are damaged, by their places among those wanted; `None` where the first damage ends it all.
    damage: Option<BTreeMap<usize, Error>>,
    done_bytes: u64,
    total_bytes: u64,
    models: Models,
}

/// Bytes of decoded values that are kept since their payload is named again.
const KEPT: usize = 1 << 26;

/// Payloads that several chunks name, and what those came to that were decoded, as far as there is room: a few bytes may be named thousands of times.
#[derive(Debug, Default)]
struct Repeated {
    /// Where they begin.
    offsets: BTreeSet<u64>,
    kept: BTreeMap<u64, (Decoding, Values)>,
    bytes: usize,
}

/// All that the values of a chunk depend on.
type Decoding = (ChunkEntry, ChunkShape, DataType, Option<u64>);

impl Repeated {
    fn of(variables: &[VariableEntry]) -> Self {
        let mut all: Vec<u64> = variables.iter().flat_map(|v| v.chunks.iter().map(|c| c.offset)).collect();
        all.sort_unstable();
        let mut offsets = BTreeSet::new();
        offsets.extend(all.windows(2).filter(|pair| matches!(pair, [a, b] if a == b)).filter_map(|pair| pair.first().copied()));
        Self { offsets, ..Self::default() }
    }

    fn get(&self, wanted: &Decoding) -> Option<&Values> {
        self.kept.get(&wanted.0.offset).filter(|(kept, _)| kept == wanted).map(|(_, values)| values)
    }

    fn keep(&mut self, decoding: Decoding, values: Values) {
        let (offset, bytes) = (decoding.0.offset, self.bytes.saturating_add(values.byte_len()));
        if self.offsets.contains(&offset) && bytes <= KEPT && !self.kept.contains_key(&offset) {
            self.kept.insert(offset, (decoding, values));
            self.bytes = bytes;
        }
    }
}

/// What the values of a chunk of a variable depend on.
fn decoding(entry: &VariableEntry, chunk: &ChunkEntry, shape: ChunkShape) -> Result<Decoding> {
    Ok((*chunk, shape, entry.data_type()?, entry.model))
}

/// A variable that is being decoded.
#[derive(Debug)]
struct Begun {
    field: Field,
    tiling: Tiling,
    /// Chunks given out as jobs, or done with one of them.
    given: usize,
    /// Chunks that have not come back.
    left: usize,
}

impl Begun {
    /// Takes the values of a chunk, and for those that follow and are the very same payload, which need not be decoded again. Returns how many chunks that were.
    fn take(&mut self, entry: &VariableEntry, chunk: usize, values: Cow<'_, Values>) -> Result<u64> {
        let Self { field, tiling, given, left } = self;
        let (own, shape) = (entry.chunks.get(chunk), tiling.place(chunk).shape);
        let mut taken = 1;
        while entry.chunks.get(*given).is_some_and(|next| Some(next) == own) && tiling.place(*given).shape == shape {
            tiling.paste_values(&mut field.values, tiling.place(*given), Cow::Borrowed(&values))?;
            *given += 1;
            taken += 1;
        }
        tiling.paste_values(&mut field.values, tiling.place(chunk), values)?;
        *left -= taken;
        Ok(taken as u64)
    }
}

impl Decompressor {
    /// Prepares to decode file number `file`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file; [`Error::ModelUnavailable`] when it takes a network that is not among `models`; [`Error::LimitExceeded`] when all
    /// its variables together are over the limit.
    pub fn new(archive: Archive, file: usize, models: &Models) -> Result<Self> {
        let all = 0..archive.file(file)?.variables.len();
        Self::of(archive, file, all, models)
    }

    /// Prepares to decode a single variable. The dataset will be of arrays, as it is no longer what its format describes.
    ///
    /// # Errors
    /// As for [`Self::new`]; [`Error::NoSuchVariable`].
    pub fn of_variable(archive: Archive, file: usize, variable: usize, models: &Models) -> Result<Self> {
        let variables = &archive.file(file)?.variables;
        if variable >= variables.len() {
            return Err(Error::no_such_variable(variable, variables.iter().map(|v| v.name.as_str())));
        }
        Self::of(archive, file, variable..variable + 1, models)
    }

    fn of(archive: Archive, file: usize, wanted: Range<usize>, models: &Models) -> Result<Self> {
        for variable in archive.file(file)?.variables.get(wanted.clone()).unwrap_or_default() {
            variable.model.map(|id| models.get(ModelId(id))).transpose()?;
        }
        let total_bytes = archive.variables(file)?.get(wanted.clone()).unwrap_or_default().iter().fold(0u64, |sum, v| sum.saturating_add(v.raw_bytes));
        Limits::check("the decoded dataset", total_bytes, archive.limits().decoded_bytes)?;
        let fields = Vec::new();
        let repeated = Repeated::of(archive.file(file)?.variables.get(wanted.clone()).unwrap_or_default());
        Ok(Self {
            archive,
            file,
            wanted,
            fields,
            given: 0,
            under_way: BTreeMap::new(),
            repeated,
            as_kept: false,
            damage: None,
            done_bytes: 0,
            total_bytes,
            models: models.clone(),
        })
    }

    /// The same, but damage to one variable does not keep the others from being decoded: [`Self::finish_whole`] tells both.
    #[must_use]
    pub fn forgiving(self) -> Self {
        Self { damage: Some(BTreeMap::new()), ..self }
    }

    /// The same, but a file that is kept whole ([`Archive::is_whole`]) is given out as the bytes that it is, not as what these hold.
    #[must_use]
    pub fn as_kept(self) -> Self {
        Self { as_kept: true, ..self }
    }

    /// Notes what failed of a variable, where that is forgiven.
    fn forgive(&mut self, variable: usize, result: Result<()>) -> Result<()> {
        match (result, &mut self.damage) {
            (Err(error), Some(damage)) => {
                damage.entry(variable).or_insert(error);
                Ok(())
            }
            (result, _) => result,
        }
    }

    /// Takes back a job that failed.
    ///
    /// # Errors
    /// That very error where damage is not forgiven; [`Error::InvalidArgument`] when the job is none of this decompressor's.
    pub fn reject(&mut self, job: usize, error: Error) -> Result<Progress> {
        let foreign = || Error::InvalidArgument { what: format!("job {job} is not under way") };
        let (variable, _) = self.under_way.remove(&job).ok_or_else(foreign)?;
        self.forgive(variable, Err(error))?;
        Ok(self.progress(variable))
    }

    /// After something about one of those wanted.
    const fn progress(&self, variable: usize) -> Progress {
        Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable: self.wanted.start + variable }
    }

    /// The next job out of `bytes`, the whole archive; `None` when all are given out.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`] when a chunk differs from what the archive promises; [`Error::Truncated`] when `bytes` end before it.
    pub fn next_job(&mut self, bytes: &[u8]) -> Result<Option<Job>> {
        loop {
            match self.try_next(bytes) {
                // What failed is the variable that was begun last, unless all of that was given out and the next could not be begun.
                Err(error) if self.damage.is_some() && self.is_open() => {
                    self.forgive(self.fields.len() - 1, Err(error))?;
                    if let Some(last) = self.fields.last_mut() {
                        last.given = usize::MAX;
                    }
                }
                result => return result,
            }
        }
    }

    /// Whether chunks of the variable that was begun last were not given out.
    fn is_open(&self) -> bool {
        let entry = self.fields.len().checked_sub(1).and_then(|last| self.archive.file(self.file).ok()?.variables.get(self.wanted.start + last));
        self.fields.last().zip(entry).is_some_and(|(begun, entry)| begun.given < entry.chunks.len())
    }

    fn try_next(&mut self, bytes: &[u8]) -> Result<Option<Job>> {
        let archive = self.archive.clone();
        let file = archive.file(self.file)?;
        let variables = file.variables.get(self.wanted.clone()).unwrap_or_default();
        loop {
            let last = self.fields.len().checked_sub(1);
            if let Some((variable, begun, entry)) = last.and_then(|i| Some((i, self.fields.get_mut(i)?, variables.get(i)?)))
                && let Some(chunk) = entry.chunks.get(begun.given)
            {
                let shape = begun.tiling.place(begun.given).shape;
                if let Some(values) = self.repeated.get(&decoding(entry, chunk, shape)?) {
                    begun.given += 1;
                    self.done_bytes += begun.take(entry, begun.given - 1, Cow::Borrowed(values))? * values.byte_len() as u64;
                    let whole = if begun.left == 0 { certify(entry, &begun.field) } else { Ok(()) };
                    self.forgive(variable, whole)?;
                    continue;
                }
                let payload = payload(chunk, bytes, &entry.name)?.to_vec();
                let task = Task::Decode { payload, data_type: entry.data_type()?, sum: entry.chunk_sum(chunk) };
                let job = Job { number: self.given, variable: self.wanted.start + variable, shape, model: entry.model.map(ModelId), task };
                self.under_way.insert(self.given, (variable, begun.given));
                self.given += 1;
                begun.given += 1;
                return Ok(Some(job));
            }
            let Some(following) = variables.get(self.fields.len()) else { return Ok(None) };
            let shape = following.shape(file)?;
            let (tiling, left) = (following.tiling(&shape)?, following.chunks.len());
            let alone = tiling.is_whole() && left == 1;
            let begun = Begun { tiling, field: blank(following, shape, alone)?, given: 0, left };
            self.fields.push(begun);
            let derived = self.fill(following);
            self.forgive(self.fields.len() - 1, derived)?;
        }
    }

    /// Computes the values of the variable begun last, where no chunk has any.
    fn fill(&mut self, entry: &VariableEntry) -> Result<()> {
        let Some(begun) = self.fields.last_mut().filter(|begun| begun.left == 0) else { return Ok(()) };
        if let Some(derived) = &begun.field.derived {
            begun.field.values = derive(derived, &begun.field.shape)?;
            self.done_bytes += begun.field.values.byte_len() as u64;
        }
        certify(entry, &begun.field)
    }

    /// Takes a job that is done; every job has to come back once, in whatever order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is none of this decompressor's; [`Error::ChecksumMismatch`] when the values of a variable differ from what the
    /// archive promises.
    pub fn accept(&mut self, done: Done) -> Result<Progress> {
        let foreign = || Error::InvalidArgument { what: format!("job {} is not under way", done.number) };
        let (variable, chunk) = self.under_way.remove(&done.number).ok_or_else(foreign)?;
        let begun = self.fields.get_mut(variable).ok_or_else(foreign)?;
        let entry = self.archive.file(self.file)?.variables.get(self.wanted.start + variable).ok_or_else(foreign)?;
        let (shape, is_whole) = (begun.tiling.place(chunk).shape, begun.tiling.is_whole());
        let (bytes, sum) = (done.values.byte_len() as u64, done.sum);
        let repeated = entry.chunks.get(chunk).filter(|own| self.repeated.offsets.contains(&own.offset)).map(|own| (own, done.values.clone()));
        self.done_bytes += begun.take(entry, chunk, Cow::Owned(done.values))? * bytes;
        if let Some((own, values)) = repeated {
            self.repeated.keep(decoding(entry, own, shape)?, values);
        }
        let whole = match begun.left {
            0 if is_whole => certified(entry, sum),
            0 => certify(entry, &begun.field),
            _ => Ok(()),
        };
        self.forgive(variable, whole)?;
        Ok(self.progress(variable))
    }

    /// Decodes the next chunk here, out of `bytes`, the whole archive; `None` when all are done.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`] when a chunk or its decoded values differ from what the archive promises; [`Error::Corrupt`] when a chunk breaks
    /// the rules of the format; [`Error::Truncated`] when `bytes` end before it.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Option<Progress>> {
        let Some(job) = self.next_job(bytes)? else { return Ok(None) };
        match job.run(&self.models) {
            Ok(done) => self.accept(done).map(Some),
            Err(error) => self.reject(job.number, error).map(Some),
        }
    }

    /// The dataset, decoding what is left from `bytes`.
    ///
    /// # Errors
    /// As for [`Self::step`]; [`Error::InvalidArgument`] when a job was given out and has not come back.
    pub fn finish(mut self, bytes: &[u8]) -> Result<Dataset> {
        while self.step(bytes)?.is_some() {}
        if !self.under_way.is_empty() {
            return Err(Error::InvalidArgument { what: format!("{} jobs have not come back", self.under_way.len()) });
        }
        let file = self.archive.file(self.file)?;
        let dimensions = file.dimensions.iter().map(Dimension::try_from).collect::<Result<_>>()?;
        let attributes = file.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
        let fields = self.fields.into_iter().map(|begun| begun.field).collect();
        if self.wanted != (0..file.variables.len()) {
            return Ok(Dataset { format: SourceFormat::ARRAY, dimensions, attributes, fields, layout: Vec::new() });
        }
        let layout = file.layout.as_ref().map_or_else(Vec::new, |layout| layout.to_vec());
        let dataset = Dataset { format: source_format(file), dimensions, attributes, fields, layout };
        if self.as_kept { Ok(dataset) } else { self.archive.parsed(self.file, dataset) }
    }
}

/// A variable that could not be decoded, and why.
pub type Damage = (String, Error);

impl Decompressor {
    /// What is whole of the dataset, decoding what is left from `bytes`, and what is not. Where variables are missing, what the format needed besides them is not there either.
    ///
    /// # Errors
    /// As for [`Self::finish`], but for damage to single variables of one that is [`Self::forgiving`].
    pub fn finish_whole(mut self, bytes: &[u8]) -> Result<(Dataset, Vec<Damage>)> {
        while self.step(bytes)?.is_some() {}
        let damage = self.damage.take().unwrap_or_default();
        let mut dataset = self.finish(bytes)?;
        if damage.is_empty() {
            return Ok((dataset, Vec::new()));
        }
        let fields = core::mem::take(&mut dataset.fields).into_iter().enumerate();
        let (whole, broken): (Vec<_>, Vec<_>) = fields.partition(|(number, _)| !damage.contains_key(number));
        dataset.fields = whole.into_iter().map(|(_, field)| field).collect();
        dataset.layout.clear();
        Ok((dataset, broken.into_iter().map(|(_, field)| field.name).zip(damage.into_values()).collect()))
    }
}

/// The checked payload of a chunk.
pub(super) fn payload<'a>(chunk: &ChunkEntry, bytes: &'a [u8], variable: &str) -> Result<&'a [u8]> {
    let end = chunk.offset.saturating_add(chunk.length);
    let range = usize::try_from(chunk.offset).ok().zip(usize::try_from(end).ok());
    let payload =
        range.and_then(|(start, end)| bytes.get(start..end)).ok_or(Error::Truncated { what: "a chunk", needed: end, available: bytes.len() as u64 })?;
    if checksum(payload) == chunk.payload_sum { Ok(payload) } else { Err(Error::ChecksumMismatch { what: format!("a chunk of variable {variable:?}") }) }
}

/// A field of zeros to be filled, or without values where these come all at once. Its size was checked against the limits when the archive was opened.
fn blank(entry: &VariableEntry, shape: Vec<usize>, alone: bool) -> Result<Field> {
    let data_type = entry.data_type()?;
    let attributes = entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
    let dimensions = entry.dimensions.iter().map(|d| *d as usize).collect();
    let values = Values::zeros(data_type, if alone { 0 } else { shape.iter().product() })?;
    Ok(Field { name: entry.name.clone(), dimensions, shape, values, attributes, missing: entry.missing(), derived: entry.derived() })
}

/// Checks the decoded values of a whole variable against its certificate.
fn certify(entry: &VariableEntry, field: &Field) -> Result<()> {
    certified(entry, values_sum(&field.values))
}

fn certified(entry: &VariableEntry, sum: u64) -> Result<()> {
    if sum == entry.certificate.values_sum { Ok(()) } else { Err(Error::ChecksumMismatch { what: format!("the decoded values of variable {:?}", entry.name) }) }
}
