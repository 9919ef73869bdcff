//! One file of an archive -> its dataset, a chunk a step; every checksum is verified on the way.

use super::Progress;
use super::checksum::values_sum_of;
use super::frame::Frame;
use super::index::{ChunkEntry, SectionEntry, VariableEntry, source_format};
use super::job::{Done, Job, Task};
use super::part::{Part, Runs, count};
use super::reader::Archive;
use super::tiles::{Place, Tiling, product};
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Field, SourceFormat, Values};
use crate::formats::derive;
use crate::limits::Limits;
use crate::network::model::{ModelId, Models};
use crate::source::{self, Source};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Decodes a file of an archive: hands out jobs, which may be done anywhere and come back in any order.
#[derive(Debug)]
pub struct Decompressor {
    archive: Archive,
    file: usize,
    /// The variables to decode.
    wanted: Vec<Wanted>,
    /// What is wanted of each dimension of the file, where that is not all.
    chosen: Vec<Option<Runs>>,
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
    /// Takes notice of chunks by where they begin.
    fn see(&mut self, mut offsets: Vec<u64>) {
        offsets.sort_unstable();
        self.offsets.extend(offsets.windows(2).filter(|pair| matches!(pair, [a, b] if a == b)).filter_map(|pair| pair.first().copied()));
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
fn decoding(entry: &VariableEntry, wanted: &Wanted, chunk: &Chunk) -> Result<Decoding> {
    let model = wanted.sections.get(chunk.section).and_then(|section| section.model);
    Ok((chunk.entry, wanted.place(chunk.section, chunk.number).shape, entry.data_type()?, model))
}

/// A variable that is to be decoded, whole or in part.
#[derive(Debug)]
struct Wanted {
    variable: usize,
    part: Part,
    sections: Vec<WantedSection>,
    /// The chunks that have any of it: their sections, and their numbers there.
    chunks: Vec<(usize, usize)>,
}

/// A section of it.
#[derive(Debug)]
struct WantedSection {
    tiling: Tiling,
    /// Chunks that it has.
    count: usize,
    model: Option<u64>,
    /// The checksum of its values.
    values_sum: u64,
}

/// A variable that is being decoded.
#[derive(Debug)]
struct Begun {
    field: Field,
    /// Its chunks, as far as they are wanted.
    chunks: Vec<Chunk>,
    /// Chunks given out as jobs, or done with one of them.
    given: usize,
    /// Chunks that have not come back.
    left: usize,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    section: usize,
    number: usize,
    entry: ChunkEntry,
}

impl Begun {
    /// Takes the values of the chunk at a place among those wanted, and for those that follow and are the very same frame, which need not be decoded again. Returns how many
    /// chunks that were.
    fn take(&mut self, wanted: &Wanted, at: usize, values: Cow<'_, Values>) -> Result<u64> {
        let Self { field, chunks, given, left } = self;
        let Some(own) = chunks.get(at).copied() else { return Ok(0) };
        let shape = wanted.place(own.section, own.number).shape;
        let mut taken = 1;
        while let Some(next) = chunks.get(*given).filter(|next| next.entry == own.entry && wanted.place(next.section, next.number).shape == shape) {
            wanted.paste(&mut field.values, next, Cow::Borrowed(&values))?;
            *given += 1;
            taken += 1;
        }
        wanted.paste(&mut field.values, &own, values)?;
        *left -= taken;
        Ok(taken as u64)
    }
}

impl Wanted {
    /// A variable of a file, of which a part is wanted.
    fn of((number, entry): (usize, &VariableEntry), shape: &[usize], part: Part) -> Result<Self> {
        let (mut sections, mut chunks) = (Vec::new(), Vec::new());
        for section in entry.sections(shape)? {
            let count = section.count(entry);
            if count > 0 {
                chunks.extend(part.chunks(&section.tiling).into_iter().map(|number| (sections.len(), number)));
            }
            let SectionEntry { model, certificate, .. } = section.entry;
            sections.push(WantedSection { tiling: section.tiling, count, model: *model, values_sum: certificate.values_sum });
        }
        Ok(Self { variable: number, part, sections, chunks })
    }

    /// Where a chunk lies in its section.
    fn place(&self, section: usize, number: usize) -> Place {
        self.sections.get(section).map_or(Place::NOWHERE, |section| section.tiling.place(number))
    }

    /// The checksum of its values where one chunk is all of the variable, and wanted whole.
    fn only_chunk(&self) -> Option<u64> {
        match self.sections.as_slice() {
            [only] if only.count == 1 && self.part.is_whole() => Some(only.values_sum),
            _ => None,
        }
    }

    fn paste(&self, values: &mut Values, chunk: &Chunk, tile: Cow<'_, Values>) -> Result<()> {
        let Some(section) = self.sections.get(chunk.section) else { return Ok(()) };
        let (tiling, place) = (&section.tiling, section.tiling.place(chunk.number));
        if self.part.is_whole() { tiling.paste_values(values, place, tile) } else { self.part.paste(values, tiling, place, &tile) }
    }

    /// Checks decoded values against the certificates, where all of them are there; a part has the checksums of its chunks alone.
    fn certify(&self, entry: &VariableEntry, values: &Values) -> Result<()> {
        let wrong = |section: &WantedSection| values_sum_of(values, section.tiling.range()) != section.values_sum;
        if self.part.is_whole() && self.sections.iter().any(wrong) { Err(other_values(entry)) } else { Ok(()) }
    }
}

fn other_values(entry: &VariableEntry) -> Error {
    Error::ChecksumMismatch { what: format!("the decoded values of variable {:?}", entry.name) }
}

impl Decompressor {
    /// Prepares to decode file number `file`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file; [`Error::ModelUnavailable`] when it takes a network that is not among `models`; [`Error::LimitExceeded`] when all
    /// its variables together are over the limit.
    pub fn new(archive: Archive, file: usize, models: &Models) -> Result<Self> {
        let all: Vec<usize> = (0..archive.file(file)?.variables.len()).collect();
        Self::of_part(archive, file, (&all, &BTreeMap::new()), models)
    }

    /// Prepares to decode a single variable. The dataset will be of arrays, as it is no longer what its format describes.
    ///
    /// # Errors
    /// As for [`Self::new`]; [`Error::NoSuchVariable`].
    pub fn of_variable(archive: Archive, file: usize, variable: usize, models: &Models) -> Result<Self> {
        Self::of_part(archive, file, (&[variable], &BTreeMap::new()), models)
    }

    /// Prepares to decode some variables, and of some dimensions, by their names, some ranges of indices, which come one behind the other. Only chunks that have any of it are read
    /// and decoded, and only what is asked for takes memory. The dataset will be of arrays where it is not all.
    ///
    /// # Errors
    /// As for [`Self::new`]; [`Error::NoSuchVariable`]; [`Error::InvalidArgument`] when there is no such dimension, or no such indices.
    pub fn of_part(archive: Archive, file: usize, (variables, ranges): (&[usize], &BTreeMap<String, Vec<Range<usize>>>), models: &Models) -> Result<Self> {
        let entry = archive.file(file)?;
        let mut chosen: Vec<Option<Runs>> = entry.dimensions.iter().map(|_| None).collect();
        for (name, runs) in ranges {
            let found =
                entry.dimensions.iter().zip(&mut chosen).filter(|(dimension, _)| dimension.name == *name).map(|(_, chosen)| *chosen = Some(runs.clone()));
            if found.count() == 0 {
                return Err(Error::InvalidArgument { what: format!("there is no dimension {name:?}") });
            }
        }
        let (mut wanted, mut offsets, mut part_bytes, mut total_bytes) = (Vec::new(), Vec::new(), 0u64, 0u64);
        for number in variables {
            let names = || entry.variables.iter().map(|v| v.name.as_str());
            let variable = entry.variables.get(*number).ok_or_else(|| Error::no_such_variable(*number, names()))?;
            variable.models().try_for_each(|id| models.get(ModelId(id)).map(|_| ()))?;
            let (shape, size) = (variable.shape(entry)?, variable.data_type()?.size() as u64);
            let of: Vec<Option<&Runs>> = variable.dimensions.iter().map(|d| chosen.get(*d as usize)?.as_ref()).collect();
            let part = Part::of(&shape, &of)?;
            let values = part.shape().iter().fold(size, |n, length| n.saturating_mul(*length as u64));
            part_bytes = part_bytes.saturating_add(values);
            Limits::check("the decoded dataset", part_bytes, archive.limits().decoded_bytes)?;
            let one = Wanted::of((*number, variable), &shape, part)?;
            let samples = one.chunks.iter().fold(0u64, |sum, (section, chunk)| sum.saturating_add(one.place(*section, *chunk).shape.samples() as u64));
            total_bytes = total_bytes.saturating_add(if variable.derived().is_some() { values } else { samples.saturating_mul(size) });
            for (section, own) in one.sections.iter().zip(&variable.sections) {
                offsets.extend(own.listed_here(section.count, archive.end())?.iter().map(|chunk| chunk.offset));
            }
            wanted.push(one);
        }
        // Frames that several variables name, as far as the index itself says where they are; others are known when it is the turn of their variable.
        let mut repeated = Repeated::default();
        repeated.see(offsets);
        Ok(Self {
            archive,
            file,
            wanted,
            chosen,
            fields: Vec::new(),
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

    /// Bytes of values that its jobs come to.
    #[must_use]
    pub const fn total_bytes(&self) -> u64 {
        self.total_bytes
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
    fn progress(&self, variable: usize) -> Progress {
        let variable = self.wanted.get(variable).map_or(0, |wanted| wanted.variable);
        Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable }
    }

    /// The next job out of the archive; `None` when all are given out.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`] when a chunk differs from what the archive promises; [`Error::Truncated`] when the archive ends before it;
    /// [`Error::Unreadable`].
    pub fn next_job<S: Source + ?Sized>(&mut self, source: &S) -> Result<Option<Job>> {
        loop {
            match self.try_next(source) {
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
        self.fields.last().is_some_and(|begun| begun.given < begun.chunks.len() || begun.left > 0 && begun.chunks.is_empty())
    }

    fn try_next<S: Source + ?Sized>(&mut self, source: &S) -> Result<Option<Job>> {
        let archive = self.archive.clone();
        let file = archive.file(self.file)?;
        loop {
            let last = self.fields.len().saturating_sub(1);
            let Some(chunk) = self.fields.get(last).and_then(|begun| begun.chunks.get(begun.given).copied()) else {
                if !self.begin(source)? {
                    return Ok(None);
                }
                continue;
            };
            let entry = self.wanted.get(last).and_then(|wanted| Some((wanted, file.variables.get(wanted.variable)?)));
            let (Some(begun), Some((wanted, entry))) = (self.fields.get_mut(last), entry) else { return Ok(None) };
            let decoding = decoding(entry, wanted, &chunk)?;
            if let Some(values) = self.repeated.get(&decoding) {
                begun.given += 1;
                self.done_bytes += begun.take(wanted, begun.given - 1, Cow::Borrowed(values))? * values.byte_len() as u64;
                let whole = if begun.left == 0 { wanted.certify(entry, &begun.field.values) } else { Ok(()) };
                self.forgive(last, whole)?;
                continue;
            }
            let (_, shape, data_type, model) = decoding;
            let frame = frame_of(&chunk.entry, source)?;
            let (payload, sum) = payload(&frame, &entry.name)?;
            let task = Task::Decode { payload: payload.to_vec(), data_type, sum };
            let job = Job { number: self.given, variable: wanted.variable, shape, model: model.map(ModelId), task };
            self.under_way.insert(self.given, (last, begun.given));
            self.given += 1;
            begun.given += 1;
            return Ok(Some(job));
        }
    }

    /// Begins the variable that follows, or the last once more if its chunks could not be told before; false where there is none.
    fn begin<S: Source + ?Sized>(&mut self, source: &S) -> Result<bool> {
        self.fields.pop_if(|last| last.chunks.is_empty() && last.left > 0 && last.given == 0);
        let archive = self.archive.clone();
        let file = archive.file(self.file)?;
        let following = self.wanted.get(self.fields.len()).and_then(|wanted| Some((wanted, file.variables.get(wanted.variable)?)));
        let Some((wanted, entry)) = following else { return Ok(false) };
        let field = blank(entry, wanted.part.shape(), wanted.only_chunk().is_some())?;
        self.fields.push(Begun { field, chunks: Vec::new(), given: 0, left: wanted.chunks.len() });
        let mut chunks = Vec::with_capacity(wanted.chunks.len());
        for of_section in wanted.chunks.chunk_by(|a, b| a.0 == b.0) {
            let Some((number, _)) = of_section.first().copied() else { continue };
            let Some((section, written)) = wanted.sections.get(number).zip(entry.sections.get(number)) else { continue };
            let all = written.chunks(section.count, source)?;
            chunks.extend(of_section.iter().filter_map(|(section, number)| Some(Chunk { section: *section, number: *number, entry: *all.get(*number)? })));
        }
        let stretches: Vec<Range<u64>> = chunks.iter().map(|chunk| chunk.entry.offset..chunk.entry.end()).collect();
        self.repeated.see(chunks.iter().map(|chunk| chunk.entry.offset).collect());
        if let Some(begun) = self.fields.last_mut() {
            begun.chunks = chunks;
        }
        source.prepare(&stretches);
        let derived = self.fill();
        self.forgive(self.fields.len() - 1, derived)?;
        Ok(true)
    }

    /// Computes the values of the variable begun last, where no chunk has any.
    fn fill(&mut self) -> Result<()> {
        let archive = self.archive.clone();
        let file = archive.file(self.file)?;
        let Some(wanted) = self.fields.len().checked_sub(1).and_then(|last| self.wanted.get(last)) else { return Ok(()) };
        let Some(begun) = self.fields.last_mut().filter(|begun| begun.left == 0) else { return Ok(()) };
        let Some(entry) = file.variables.get(wanted.variable) else { return Ok(()) };
        if let Some(derived) = &begun.field.derived {
            let all = derive(derived, &entry.shape(file)?)?;
            wanted.certify(entry, &all)?;
            begun.field.values = wanted.part.cut(all)?;
            self.done_bytes += begun.field.values.byte_len() as u64;
            if !wanted.part.is_whole() {
                begun.field.derived = None;
            }
            return Ok(());
        }
        wanted.certify(entry, &begun.field.values)
    }

    /// Takes a job that is done; every job has to come back once, in whatever order.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is none of this decompressor's; [`Error::ChecksumMismatch`] when the values of a variable differ from what the
    /// archive promises.
    pub fn accept(&mut self, done: Done) -> Result<Progress> {
        let foreign = || Error::InvalidArgument { what: format!("job {} is not under way", done.number) };
        let (variable, chunk) = self.under_way.remove(&done.number).ok_or_else(foreign)?;
        let archive = self.archive.clone();
        let file = archive.file(self.file)?;
        let begun = self.fields.get_mut(variable).ok_or_else(foreign)?;
        let wanted = self.wanted.get(variable).ok_or_else(foreign)?;
        let entry = file.variables.get(wanted.variable).ok_or_else(foreign)?;
        let own = begun.chunks.get(chunk).copied().ok_or_else(foreign)?;
        let (bytes, sum) = (done.values.byte_len() as u64, done.sum);
        let repeated = self.repeated.offsets.contains(&own.entry.offset).then(|| done.values.clone());
        self.done_bytes += begun.take(wanted, chunk, Cow::Owned(done.values))? * bytes;
        if let Some(values) = repeated {
            self.repeated.keep(decoding(entry, wanted, &own)?, values);
        }
        let whole = match (begun.left, wanted.only_chunk()) {
            (0, Some(wanted)) if sum == wanted => Ok(()),
            (0, Some(_)) => Err(other_values(entry)),
            (0, None) => wanted.certify(entry, &begun.field.values),
            _ => Ok(()),
        };
        self.forgive(variable, whole)?;
        Ok(self.progress(variable))
    }

    /// Decodes the next chunk here; `None` when all are done.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`] when a chunk or its decoded values differ from what the archive promises; [`Error::Corrupt`] when a chunk breaks
    /// the rules of the format; [`Error::Truncated`] when the archive ends before it; [`Error::Unreadable`].
    pub fn step<S: Source + ?Sized>(&mut self, source: &S) -> Result<Option<Progress>> {
        let Some(job) = self.next_job(source)? else { return Ok(None) };
        match job.run(&self.models) {
            Ok(done) => self.accept(done).map(Some),
            Err(error) => self.reject(job.number, error).map(Some),
        }
    }

    /// The dataset, decoding what is left.
    ///
    /// # Errors
    /// As for [`Self::step`]; [`Error::InvalidArgument`] when a job was given out and has not come back.
    pub fn finish<S: Source + ?Sized>(mut self, source: &S) -> Result<Dataset> {
        while self.step(source)?.is_some() {}
        if !self.under_way.is_empty() {
            return Err(Error::InvalidArgument { what: format!("{} jobs have not come back", self.under_way.len()) });
        }
        let file = self.archive.file(self.file)?;
        let (mut dimensions, attributes) = file.described()?;
        for (dimension, runs) in dimensions.iter_mut().zip(&self.chosen) {
            dimension.length = runs.as_ref().map_or(dimension.length, count);
        }
        let fields = self.fields.into_iter().map(|begun| begun.field).collect();
        let is_all = self.wanted.iter().map(|wanted| wanted.variable).eq(0..file.variables.len()) && self.wanted.iter().all(|wanted| wanted.part.is_whole());
        if !is_all {
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
    /// What is whole of the dataset, decoding what is left, and what is not. Where variables are missing, what the format needed besides them is not there either.
    ///
    /// # Errors
    /// As for [`Self::finish`], but for damage to single variables of one that is [`Self::forgiving`].
    pub fn finish_whole<S: Source + ?Sized>(mut self, source: &S) -> Result<(Dataset, Vec<Damage>)> {
        while self.step(source)?.is_some() {}
        let damage = self.damage.take().unwrap_or_default();
        let mut dataset = self.finish(source)?;
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

/// The bytes of the frame of a chunk.
pub(super) fn frame_of<'a, S: Source + ?Sized>(chunk: &ChunkEntry, source: &'a S) -> Result<Cow<'a, [u8]>> {
    let (needed, available) = (chunk.end(), source.length());
    source::read(source, chunk.offset, chunk.length)?.ok_or(Error::Truncated { what: "a chunk", needed, available })
}

/// The checked payload of a frame, and the checksum of what it decodes to.
pub(super) fn payload<'a>(frame: &'a [u8], variable: &str) -> Result<(&'a [u8], u32)> {
    let Frame { payload, values_sum, .. } = Frame::read(frame, &format!("a chunk of variable {variable:?}"))?;
    Ok((payload, values_sum))
}

/// A field of zeros to be filled, or without values where these come all at once. Its size was checked against the limits when the archive was opened.
fn blank(entry: &VariableEntry, shape: Vec<usize>, alone: bool) -> Result<Field> {
    let values = Values::zeros(entry.data_type()?, if alone { 0 } else { product(&shape) })?;
    Ok(Field { values, ..entry.blank(&shape)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::Compressor;
    use crate::codec::Options;
    use crate::field::{Dimension, ErrorBound, Missing};
    use std::cell::RefCell;
    use std::collections::HashSet;

    /// Bytes of which each stretch is there only when it is asked for a second time, as at the other end of a network.
    struct Late<'a>(&'a [u8], RefCell<HashSet<(u64, usize)>>);

    impl Source for Late<'_> {
        fn length(&self) -> u64 {
            self.0.length()
        }

        fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
            if self.1.borrow_mut().insert((at, into.len())) {
                return Err(Error::Unreadable { what: "it is on its way".to_owned() });
            }
            self.0.read(at, into)
        }
    }

    #[test]
    fn what_fails_since_bytes_are_on_their_way_can_be_tried_again() {
        let field = |name: &str, scale: f32| Field {
            name: name.to_owned(),
            dimensions: vec![0, 1],
            shape: vec![40, 50],
            values: Values::F32((0..2000).map(|i| scale * (i as f32 / 70.0).sin()).collect()),
            attributes: Vec::new(),
            missing: Missing::NonFinite,
            derived: None,
        };
        let dimensions = [("y", 40), ("x", 50)].map(|(name, length)| Dimension { name: name.to_owned(), length, unlimited: false }).to_vec();
        let fields = vec![field("a", 1.0), field("b", 20.0), field("c", 3.0)];
        let dataset = Dataset { format: SourceFormat::ARRAY, dimensions, attributes: Vec::new(), fields, layout: Vec::new() };
        let mut compressor = Compressor::new(dataset.clone(), "x", &Options::new(ErrorBound::Lossless)).unwrap();
        while compressor.step().unwrap().is_some() {}
        let bytes = compressor.finish().unwrap().0;

        let late = Late(&bytes, RefCell::default());
        let archive = (0..9).find_map(|_| Archive::open(&late, &Limits::default()).ok()).unwrap();
        let before = late.1.borrow().len();
        let mut decompressor = Decompressor::new(archive, 0, &Models::default()).unwrap();
        loop {
            match decompressor.step(&late) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => assert!(matches!(error, Error::Unreadable { .. }), "{error}"),
            }
        }
        // A table and a chunk of each variable.
        assert_eq!(late.1.borrow().len() - before, 6);
        assert_eq!(decompressor.finish(&late).unwrap(), dataset);
    }
}
