//! What is whole of an archive that was cut off, or whose index is lost: records are walked from front to back, and what they say is put together to a new archive.

use super::checksum::values_sum;
use super::chunk::{frame_values, named};
use super::container::{END, RECORD, RecordKind, SUPERBLOCK, TRAILER, record_at};
use super::embedded::needed;
use super::frame::Frame;
use super::index::{Certificate, ChunkEntry, EmbeddedEntry, FileEntry, Index, SectionEntry, VariableEntry};
use super::reader::Archive;
use super::records::Records;
use super::tiles::Tiling;
use crate::codec::chunk::Filling;
use crate::error::{Error, Result};
use crate::field::{DataType, Field, Missing, Values};
use crate::limits::Limits;
use crate::network::model::{Model, ModelId, Models};
use crate::source::{self, Source, Window};
use crate::wire::Reader;
use core::ops::Range;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// Bytes that may be hashed in search of records for each byte that there is: what looks like the start of one may claim to be long.
const SEARCH: u64 = 8;
/// Chunks that any archive may have: there may be few bytes that all of them are.
const CHUNKS: u64 = 1 << 16;
/// Bytes of indexes, as CBOR, for each byte that there is, beside what one may have: each change to an archive writes another.
const INFLATED: u64 = 64;

/// A variable of a salvaged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// Name of the file.
    pub file: String,
    /// Name of the variable.
    pub variable: String,
    /// Chunks that are whole.
    pub whole: usize,
    /// Chunks that it had.
    pub chunks: usize,
    /// Whether it is in the new archive: it is not where nothing of it is whole, or where what is not can be nothing, since no value of it means "missing".
    pub is_in: bool,
}

/// What was found, and what became of it.
#[derive(Debug, Default)]
pub struct Salvage {
    /// The new archive.
    pub bytes: Vec<u8>,
    /// Variables, whole ones as well.
    pub variables: Vec<Salvaged>,
    /// Chunks that are whole, but of which nothing says what they are: of small files behind the last record that did.
    pub unknown: usize,
    /// Bytes that are in no record.
    pub damaged: u64,
}

/// What records said.
#[derive(Debug, Default)]
struct Found {
    /// Files that are complete, with sections; none where a later index says more of a file.
    complete: Vec<Option<FileEntry>>,
    /// Where those of each name are among them.
    named: HashMap<String, Vec<usize>>,
    /// Files as they were begun, by where their records are.
    begun: BTreeMap<u64, FileEntry>,
    /// Frames, by the header, the variable and the chunk they are of.
    frames: BTreeMap<(u64, usize, usize), ChunkEntry>,
    /// The same by where they begin.
    offsets: HashMap<u64, ChunkEntry>,
    /// Those that say nothing of what they are.
    unplaced: Vec<ChunkEntry>,
    damaged: u64,
    /// Of the last index.
    comment: Option<String>,
    /// Networks that lie in it, and their files.
    models: Vec<(Arc<Model>, Vec<u8>)>,
}

/// Puts together what is whole of a damaged archive. Chunks that are lost become missing values.
///
/// # Errors
/// [`Error::NotAnArchive`] and [`Error::UnsupportedVersion`], of its first bytes; [`Error::LimitExceeded`]; [`Error::ModelUnavailable`] where a variable of which something is lost takes a network that
/// is neither among `models` nor in the archive; [`Error::Unreadable`].
pub fn salvage<S: Source + ?Sized>(source: &S, limits: &Limits, models: &Models) -> Result<Salvage> {
    let found = match Archive::open(source, limits) {
        // The index is whole: what it names may be damaged, and nothing else is looked for.
        Ok(archive) => Found {
            complete: archive.index().files.iter().cloned().map(Some).collect(),
            comment: archive.comment().map(str::to_owned),
            // A damaged one is lost, as chunks are.
            models: archive.embedded().filter_map(|id| archive.embedded_model(source, id).ok().flatten()).collect(),
            ..Found::default()
        },
        Err(error @ (Error::NotAnArchive { .. } | Error::UnsupportedVersion { .. } | Error::Unreadable { .. })) => return Err(error),
        Err(_) => Found::search(source, limits)?,
    };
    let Found { complete, begun, frames, unplaced, damaged, comment, models: embedded, .. } = found;
    let (records, salvage) = (Records::new(), Salvage { damaged, ..Salvage::default() });
    let models = &models.iter().chain(embedded.iter().map(|(model, _)| model)).cloned().collect();
    let mut saver = Saver { source, limits, models, records, salvage, chunks: 0, hashed: 0, seen: HashMap::new() };
    let mut files = Vec::new();
    for entry in complete.into_iter().flatten() {
        files.extend(saver.complete(entry)?);
    }
    let known: HashSet<String> = files.iter().map(|file: &FileEntry| file.name.clone()).collect();
    for parts in together(begun.into_iter().filter(|(_, entry)| !known.contains(&entry.name))) {
        files.extend(saver.begun(parts, &frames)?);
    }
    let Saver { mut records, mut salvage, seen, .. } = saver;
    salvage.unknown = unplaced.iter().filter(|chunk| !seen.contains_key(chunk)).count();
    let needed = needed(&files);
    let embedded = embedded.iter().filter(|(model, _)| needed.contains(&model.id()));
    let models = embedded.map(|(model, file)| EmbeddedEntry::write(model.id(), file, &mut records)).collect();
    salvage.bytes = records.finish(&Index { comment, models, ..Index::of(files) }.to_payload()?);
    // Files that are each within the limits need not be so together.
    Archive::open(&salvage.bytes, limits)?;
    Ok(salvage)
}

impl Found {
    /// What all records say.
    fn search<S: Source + ?Sized>(source: &S, limits: &Limits) -> Result<Self> {
        let mut found = Self::default();
        let mut left = source.length().saturating_mul(INFLATED).saturating_add(limits.metadata_bytes);
        found.damaged = walk(source, source.length(), &mut |kind, at, payload| {
            let bytes = source::read(source, payload.start, payload.end - payload.start)?.unwrap_or_default();
            found.take(kind, at, payload.start, &bytes, (limits, &mut left));
            within("what indexes inflate to", left, INFLATED)
        })?;
        Ok(found)
    }

    /// Takes what a record says. What makes no sense is left.
    fn take(&mut self, kind: u8, start: u64, payload: u64, bytes: &[u8], (limits, left): (&Limits, &mut u64)) {
        match kind {
            kind if kind == RecordKind::Header as u8 || kind == RecordKind::Index as u8 => {
                let index = match Index::within(bytes, limits, left) {
                    Ok(index) => index,
                    Err(Error::LimitExceeded { .. }) if *left < limits.metadata_bytes => return *left = 0,
                    Err(_) => return,
                };
                if kind == RecordKind::Index as u8 {
                    self.comment = index.comment().map(str::to_owned);
                }
                // A later index says more of files of these names.
                let is_begun = |entry: &FileEntry| kind == RecordKind::Header as u8 && entry.is_begun();
                let names = index.files.iter().filter(|entry| !is_begun(entry)).map(|entry| &entry.name);
                for earlier in names.filter_map(|name| self.named.remove(name)).flatten() {
                    self.complete.get_mut(earlier).map(Option::take);
                }
                for entry in index.files {
                    if is_begun(&entry) {
                        self.begun.insert(start, entry);
                    } else {
                        self.named.entry(entry.name.clone()).or_default().push(self.complete.len());
                        self.complete.push(Some(entry));
                    }
                }
            }
            kind if kind == RecordKind::Chunk as u8 => {
                let mut reader = Reader::new(bytes);
                let Ok(place) = place(&mut reader, start) else { return };
                let frame = reader.rest();
                if Frame::read(frame, "a chunk").is_err() {
                    return;
                }
                let entry = ChunkEntry { offset: payload + (bytes.len() - frame.len()) as u64, length: frame.len() as u64 };
                self.offsets.insert(entry.offset, entry);
                match place {
                    Some(place) => drop(self.frames.insert(place, entry)),
                    None => self.unplaced.push(entry),
                }
            }
            kind if kind == RecordKind::Repeat as u8 => {
                let mut reader = Reader::new(bytes);
                let Ok(Some(place)) = place(&mut reader, start) else { return };
                let earlier = reader.varint().ok().and_then(|back| self.offsets.get(&start.checked_sub(back)?));
                if let Some(entry) = earlier {
                    self.frames.insert(place, *entry);
                }
            }
            kind if kind == RecordKind::Model as u8 => {
                if let Ok(model) = Model::parse(bytes)
                    && self.models.iter().all(|(other, _)| other.id() != model.id())
                {
                    self.models.push((model, bytes.to_vec()));
                }
            }
            _ => {}
        }
    }
}

/// Shows all whole records up to an end: their kinds, where they begin, and where their payloads lie. Returns how many bytes are in none.
fn walk<S: Source + ?Sized>(source: &S, end: u64, show: &mut dyn FnMut(u8, u64, Range<u64>) -> Result<()>) -> Result<u64> {
    let mut budget = source.length().saturating_mul(SEARCH).saturating_add(Window::<S>::BYTES);
    let mut window = Window::of(source);
    let (mut at, mut damaged) = (SUPERBLOCK as u64, 0);
    while at < end {
        if let Some((kind, payload)) = record_at(&mut window, at, &mut budget)? {
            let next = payload.end + 4;
            show(kind, at, payload)?;
            at = next;
        } else if is_trailer(&mut window, at)? {
            at += TRAILER as u64;
        } else {
            let next = next_mark(&mut window, at + 1)?.min(end);
            damaged += next - at;
            at = next;
        }
        within("the search for records", budget, SEARCH)?;
    }
    Ok(damaged)
}

/// An error where nothing is left of what was allowed for each byte that there is.
const fn within(what: &'static str, left: u64, limit: u64) -> Result<()> {
    if left == 0 { Err(Error::LimitExceeded { what, needed: limit + 1, limit }) } else { Ok(()) }
}

/// The place at the start of a payload, whose record begins there.
pub(super) fn place(reader: &mut Reader, start: u64) -> Result<Option<(u64, usize, usize)>> {
    let back = reader.varint()?;
    if back == 0 {
        return Ok(None);
    }
    let header = start.checked_sub(back).ok_or_else(|| Error::corrupt("a header lies before the archive"))?;
    Ok(Some((header, reader.count("a variable", usize::MAX)?, reader.count("a chunk", usize::MAX)?)))
}

/// Where the next byte lies that may begin a record: the end where there is none.
fn next_mark<S: Source + ?Sized>(window: &mut Window<'_, S>, mut at: u64) -> Result<u64> {
    while at < window.source.length() {
        let bytes = window.from(at, 1)?;
        if let Some(offset) = bytes.iter().position(|byte| *byte == RECORD) {
            return Ok(at + offset as u64);
        }
        at += bytes.len().max(1) as u64;
    }
    Ok(at)
}

/// Whether a trailer begins there: of an index that another follows.
fn is_trailer<S: Source + ?Sized>(window: &mut Window<'_, S>, at: u64) -> Result<bool> {
    Ok(window.from(at, TRAILER as u64)?.get(..TRAILER).is_some_and(|bytes| bytes.ends_with(&END)))
}

/// Bytes of an archive up to its end that are in no whole record: none where nobody would miss anything who lost the index.
///
/// # Errors
/// [`Error::LimitExceeded`]; [`Error::Unreadable`].
pub fn outside_records<S: Source + ?Sized>(archive: &Archive, source: &S) -> Result<u64> {
    walk(source, archive.end(), &mut |_, _, _| Ok(()))
}

/// A section that was begun, and what is known of its chunks.
struct Begun {
    entry: SectionEntry,
    chunks: Vec<Option<ChunkEntry>>,
}

/// Files that were begun, those together that are one stream: its later header goes on where the sections of the one before end, and that is not at 0.
fn together(begun: impl Iterator<Item = (u64, FileEntry)>) -> Vec<Vec<(u64, FileEntry)>> {
    let mut files: Vec<Vec<(u64, FileEntry)>> = Vec::new();
    for (header, entry) in begun {
        let stream = files.iter_mut().rev().find(|parts| parts.last().is_some_and(|(_, earlier)| earlier.is_followed_by(&entry)));
        match stream {
            Some(parts) => parts.push((header, entry)),
            None => files.push(vec![(header, entry)]),
        }
    }
    files
}

impl FileEntry {
    /// Whether another is the rest of a stream that it begins.
    fn is_followed_by(&self, later: &Self) -> bool {
        let grows =
            |entry: &Self| entry.variables.iter().map(|variable| variable.sections.first().is_some_and(|section| section.length.is_some())).collect::<Vec<_>>();
        let lengths = |entry: &Self| entry.dimensions.iter().map(|dimension| dimension.length).collect::<Vec<_>>();
        let goes_on = |(own, later): (u64, u64)| own == later || later > own;
        self.name == later.name
            && grows(self) == grows(later)
            && grows(self).contains(&true)
            && self.dimensions.len() == later.dimensions.len()
            && lengths(self).into_iter().zip(lengths(later)).all(goes_on)
            && lengths(self) != lengths(later)
    }
}

/// The dimension along which variables grow, and how long what there is of them is.
fn grown(variables: &[VariableEntry], sections: &[Vec<Begun>]) -> Option<(usize, u64)> {
    let mut growing = variables.iter().zip(sections).filter(|(variable, _)| variable.sections.first().is_some_and(|section| section.length.is_some()));
    let (variable, sections) = growing.next()?;
    let length = sections.iter().filter_map(|section| section.entry.length).fold(0, u64::saturating_add);
    Some((*variable.dimensions.first()? as usize, length))
}

/// Writes what is saved.
struct Saver<'a, S: ?Sized> {
    source: &'a S,
    limits: &'a Limits,
    models: &'a Models,
    records: Records,
    salvage: Salvage,
    /// Chunks of all variables so far.
    chunks: u64,
    /// Bytes of frames that were checked, and which of those are whole.
    hashed: u64,
    seen: HashMap<ChunkEntry, bool>,
}

/// A chunk of a variable: its frame, if that is whole.
type Saved<'a> = Option<Cow<'a, [u8]>>;

impl<'a, S: Source + ?Sized> Saver<'a, S> {
    /// A file of which everything is known: what is lost are chunks.
    fn complete(&mut self, mut entry: FileEntry) -> Result<Option<FileEntry>> {
        let before = self.salvage.variables.len();
        let variables = core::mem::take(&mut entry.variables);
        for variable in variables {
            let shape = variable.shape(&entry)?;
            let mut saved: Vec<Vec<Saved<'a>>> = Vec::new();
            for section in variable.sections(&shape)? {
                let count = self.room(section.count(&variable))?;
                let chunks = section.entry.chunks_once(count, self.source).unwrap_or_default();
                saved.push((0..count).map(|number| self.frame(chunks.get(number).copied())).collect::<Result<_>>()?);
            }
            let told = self.told(&entry, &variable, saved.iter().flatten());
            let saved = if told { self.save(&variable, &shape, saved)? } else { None };
            entry.variables.extend(self.tell(saved));
        }
        Ok(self.closed(entry, before))
    }

    /// A file that was begun: chunks are known by their places. A stream has a part for each of its headers.
    fn begun(&mut self, parts: Vec<(u64, FileEntry)>, frames: &BTreeMap<(u64, usize, usize), ChunkEntry>) -> Result<Option<FileEntry>> {
        let before = self.salvage.variables.len();
        let Some((_, mut entry)) = parts.first().cloned() else { return Ok(None) };
        let variables = core::mem::take(&mut entry.variables);
        entry.forget_source();
        let mut sections: Vec<Vec<Begun>> = variables.iter().map(|_| Vec::new()).collect();
        for (header, part) in &parts {
            self.part(*header, part, frames, &mut sections)?;
        }
        if let Some((dimension, length)) = grown(&variables, &sections) {
            entry.set_length(dimension, length);
        }
        for (mut variable, begun) in variables.into_iter().zip(sections) {
            variable.sections = begun.iter().map(|begun| begun.entry.clone()).collect();
            if variable.sections.is_empty() {
                // Of a stream of which no section is there.
                variable.sections.push(SectionEntry::default());
            }
            let shape = variable.shape(&entry)?;
            let mut saved: Vec<Vec<Saved<'a>>> = if begun.is_empty() { vec![Vec::new()] } else { Vec::new() };
            for section in begun {
                saved.push(section.chunks.into_iter().map(|chunk| self.frame(chunk)).collect::<Result<_>>()?);
            }
            let told = self.told(&entry, &variable, saved.iter().flatten());
            let saved = if told { self.save(&variable, &shape, saved)? } else { None };
            entry.variables.extend(self.tell(saved));
        }
        Ok(self.closed(entry, before))
    }

    /// Adds the sections that a header is about to those of each variable: of a stream as many as chunks say, of all variables that grow alike.
    fn part(&mut self, header: u64, part: &FileEntry, frames: &BTreeMap<(u64, usize, usize), ChunkEntry>, sections: &mut [Vec<Begun>]) -> Result<()> {
        let chunk = |variable: usize, number: usize| frames.get(&(header, variable, number)).copied();
        let mut growing = Vec::new();
        for (number, (variable, sections)) in part.variables.iter().zip(sections.iter_mut()).enumerate() {
            let entry = variable.sections.first().cloned().unwrap_or_default();
            let (_, count, _) = variable.begun(part)?;
            if entry.length.is_some() {
                let last = frames.range((header, number, 0)..=(header, number, usize::MAX)).next_back().map(|((.., last), _)| *last);
                let most = if count == 0 { 0 } else { last.map_or(0, |last| last / count + 1) };
                let whole = (0..most).take_while(|section| (0..count).all(|each| chunk(number, section * count + each).is_some())).count();
                growing.push((number, entry, count, if lost(variable, 1).is_some() { most } else { whole }));
            } else if sections.is_empty() {
                let count = self.room(count)?;
                sections.push(Begun { entry, chunks: (0..count).map(|each| chunk(number, each)).collect() });
            }
        }
        // Where values can be missing, what has come of one variable is a reason to have the others that long; where they cannot, only what is whole of it.
        let can = |(number, ..): &&(usize, SectionEntry, usize, usize)| part.variables.get(*number).is_some_and(|variable| lost(variable, 1).is_some());
        let shortest = growing.iter().filter(|one| !can(one)).map(|(.., length)| *length).min();
        let length = shortest.or_else(|| growing.iter().map(|(.., length)| *length).max()).unwrap_or(0);
        for (number, entry, count, _) in growing {
            self.room(count.saturating_mul(length))?;
            let Some(sections) = sections.get_mut(number) else { continue };
            for section in 0..length {
                let chunks = (0..count).map(|each| chunk(number, section * count + each)).collect();
                sections.push(Begun { entry: entry.clone(), chunks });
            }
        }
        Ok(())
    }

    /// So many chunks, if there are not far more than bytes: what says how many there are may say anything.
    fn room(&mut self, count: usize) -> Result<usize> {
        self.chunks = self.chunks.saturating_add(count as u64);
        Limits::check("chunks", self.chunks, self.source.length().saturating_mul(SEARCH).saturating_add(CHUNKS))?;
        Ok(count)
    }

    /// A file with what was saved of it, of whose variables the first has that number; none where nothing was.
    fn closed(&mut self, entry: FileEntry, first: usize) -> Option<FileEntry> {
        let lost = self.salvage.variables.iter().skip(first).any(|v| !v.is_in || v.whole < v.chunks);
        let mut entry = entry;
        if lost {
            entry.forget_source();
        }
        // What makes no sense for another reason would keep the other files from being opened.
        if entry.check(self.limits, self.records.end()).is_err() {
            self.salvage.variables.iter_mut().skip(first).for_each(|variable| variable.is_in = false);
            return None;
        }
        (!entry.variables.is_empty() || !lost).then_some(entry)
    }

    /// The bytes of a frame that is whole.
    fn frame(&mut self, chunk: Option<ChunkEntry>) -> Result<Saved<'a>> {
        let is_there = |chunk: &ChunkEntry| chunk.end() <= self.source.length() && self.seen.get(chunk) != Some(&false);
        let Some(chunk) = chunk.filter(is_there) else { return Ok(None) };
        let bytes = source::read(self.source, chunk.offset, chunk.length)?;
        if self.seen.contains_key(&chunk) {
            return Ok(bytes);
        }
        // Frames do not overlap, but what names them may say so.
        self.hashed = self.hashed.saturating_add(chunk.length);
        Limits::check("all frames together", self.hashed, self.source.length().saturating_mul(SEARCH))?;
        let bytes = bytes.filter(|bytes| Frame::read(bytes, "a chunk").is_ok());
        self.seen.insert(chunk, bytes.is_some());
        Ok(bytes)
    }

    /// Notes how much of a variable is whole; whether that is worth keeping.
    fn told<'b>(&mut self, file: &FileEntry, variable: &VariableEntry, saved: impl Iterator<Item = &'b Saved<'a>>) -> bool
    where
        'a: 'b,
    {
        let (mut whole, mut chunks) = (0, 0);
        for frame in saved {
            chunks += 1;
            whole += usize::from(frame.is_some());
        }
        self.salvage.variables.push(Salvaged { file: file.name.clone(), variable: variable.name.clone(), whole, chunks, is_in: false });
        whole > 0 || chunks == 0
    }

    /// Notes that a variable is in the new archive.
    fn tell(&mut self, variable: Option<VariableEntry>) -> Option<VariableEntry> {
        if let Some(last) = self.salvage.variables.last_mut() {
            last.is_in = variable.is_some();
        }
        variable
    }

    /// Writes a variable; none where a lost chunk can be nothing.
    fn save(&mut self, variable: &VariableEntry, shape: &[usize], saved: Vec<Vec<Saved<'a>>>) -> Result<Option<VariableEntry>> {
        let mut out = variable.clone();
        for ((section, frames), own) in variable.sections(shape)?.into_iter().zip(saved).zip(&mut out.sections) {
            let is_whole = frames.iter().all(Option::is_some);
            let certified = is_whole && (section.entry.certificate.values_sum != 0 || variable.derived().is_some());
            if !certified {
                let bytes = (section.tiling.values() as u64).saturating_mul(variable.data_type()?.size() as u64);
                Limits::check("a variable of which something is lost", bytes, self.limits.decoded_bytes)?;
            }
            let mut blanks = BTreeMap::new();
            let mut blank = |samples: usize| blanks.entry(samples).or_insert_with(|| lost(variable, samples).map(Cow::Owned)).clone();
            let frames = frames.into_iter().enumerate().map(|(number, frame)| frame.or_else(|| blank(section.tiling.place(number).shape.samples())));
            let Some(frames) = frames.collect::<Option<Vec<_>>>() else { return Ok(None) };
            let (certificate, model) = if certified {
                (section.entry.certificate.clone(), section.entry.model.map(ModelId))
            } else {
                self.certified(variable, section.tiling, &frames, section.entry.model)?
            };
            let chunks: Vec<ChunkEntry> = frames.iter().map(|frame| ChunkEntry { offset: self.records.put(frame, None), length: frame.len() as u64 }).collect();
            *own = own.rewritten(&chunks, certificate, model);
            own.move_table(|table| self.records.put_apart(RecordKind::Table, table));
        }
        Ok(Some(out))
    }

    /// The certificate of a section out of its frames, all of which are decoded, and the network they take.
    fn certified(&self, variable: &VariableEntry, tiling: Tiling, frames: &[Cow<'_, [u8]>], model: Option<u64>) -> Result<(Certificate, Option<ModelId>)> {
        let (data_type, count) = (variable.data_type()?, tiling.values());
        let tiling = Tiling { start: 0, ..tiling };
        let mut values = Values::zeros(data_type, count)?;
        let (mut bound, mut max_error, mut network) = (0f64, 0f64, model.map(ModelId));
        for (number, bytes) in frames.iter().enumerate() {
            let frame = Frame::read(bytes, "a chunk")?;
            if let Some(held) = frame.held {
                (bound, max_error) = (bound.max(held.bound.into()), max_error.max(held.max_error.into()));
            }
            network = named(&frame, self.models)?.or(network);
            let place = tiling.place(number);
            let decoded = frame_values(&frame, (data_type, place.shape), network, self.models)?;
            tiling.paste_values(&mut values, place, Cow::Owned(decoded))?;
        }
        let field = Field { values, ..variable.blank(&[count])? };
        let scale = field.packing().scale.abs();
        let certificate = Certificate {
            bound_kind: u8::from(bound > 0.0),
            bound: bound * scale,
            max_error: max_error * scale,
            missing: (count - field.present().count()) as u64,
            values_sum: values_sum(&field.values),
            ..Certificate::default()
        };
        Ok((certificate, network))
    }
}

/// The frame of a chunk of so many values that is lost: missing ones; none where no value of the type means that.
fn lost(variable: &VariableEntry, samples: usize) -> Option<Vec<u8>> {
    let data_type = variable.data_type().ok()?;
    let bits = match (variable.missing(), data_type) {
        (Missing::Patterns(patterns), _) if !patterns.is_empty() => patterns.first().copied()?,
        (_, DataType::F32) => f32::NAN.to_bits().into(),
        (_, DataType::F64) => f64::NAN.to_bits(),
        _ => return None,
    };
    let value = bits.to_le_bytes().get(..data_type.size())?.to_vec();
    let values = Values::from_le_bytes(data_type, &value.repeat(samples)).ok()?;
    let payload: Vec<u8> = core::iter::once(Filling::Constant.number()).chain(value).collect();
    Some(Frame { values_sum: values_sum(&values) as u32, held: None, model: None, payload: &payload }.to_bytes())
}
