//! An archive while it comes: from front to back, each chunk as soon as it is whole, long before there is an index.

use super::chunk::named;
use super::container::{END, HEAD, Head, OVERHEAD, RecordKind, SUPERBLOCK, TRAILER, payload_of, read_superblock};
use super::frame::Frame;
use super::index::{FileEntry, Index, source_format};
use super::job::{Job, Task};
use super::records::REMEMBERED;
use super::salvage::place;
use super::tiles::{MAX_CHUNK_SAMPLES, Tiling};
use crate::codec::accelerator::{Processor, at_once};
use crate::codec::chunk::ChunkShape;
use crate::codec::decode::begin;
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Values};
use crate::limits::Limits;
use crate::network::model::Models;
use crate::wire::Reader;
use std::collections::BTreeMap;

/// Reads an archive whose bytes come one after the other. What files are is said before their chunks where they are streams or large; chunks of small files are told of by
/// the index alone, which comes last: those are passed over, and counted.
#[derive(Debug, Default)]
pub struct Incoming {
    limits: Limits,
    /// What came, how much of it was read, and where in the archive that begins which was not.
    bytes: Vec<u8>,
    read: usize,
    at: u64,
    /// Files that were begun, by where their headers are.
    headers: BTreeMap<u64, Coming>,
    /// Frames by where they are, as many as whoever writes an archive remembers.
    frames: BTreeMap<u64, Vec<u8>>,
    remembered: usize,
    passed: usize,
    /// Where the index is that came last: a trailer follows.
    index: Option<u64>,
}

/// A file that is coming.
#[derive(Debug)]
struct Coming {
    name: String,
    dataset: Dataset,
    variables: Vec<ComingVariable>,
}

/// A variable of it.
#[derive(Debug, Clone, Copy)]
struct ComingVariable {
    data_type: DataType,
    /// Of all of it, or of each of its sections.
    tiling: Tiling,
    chunks: usize,
    /// Rows and columns of a plane, and how many planes, rows and columns come before the first section, and with each.
    plane: [usize; 2],
    before: [usize; 3],
    each: [usize; 3],
}

/// What has come.
#[derive(Debug)]
pub enum Arrival {
    /// A file begins.
    File {
        /// Its name.
        name: String,
        /// Its dimensions, attributes and variables, without values. The dimension along which a stream grows has the length of what came before, which is 0 where it begins.
        dataset: Dataset,
    },
    /// Some values.
    Chunk(Box<ArrivedChunk>),
    /// The archive is complete: it can be opened.
    End,
}

/// A chunk that is whole. Its variable is seen as so many planes of rows and columns, to which its first dimensions are put together; what grows has more of them with every chunk.
#[derive(Debug)]
pub struct ArrivedChunk {
    /// Name of the file.
    pub file: String,
    /// Number of the variable in it.
    pub variable: usize,
    /// Rows and columns of a plane.
    pub plane: [usize; 2],
    /// The first plane, row and column that it has.
    pub first: [usize; 3],
    /// How many it has of each.
    pub shape: [usize; 3],
    /// Bytes that it took.
    pub bytes: usize,
    /// What gives the values, in C order.
    pub job: Job,
}

/// What can be seen of a chunk of which some has come.
#[derive(Debug)]
pub struct ComingChunk {
    /// As [`ArrivedChunk`] has them; of the planes there are as many as have come.
    pub file: String,
    /// Number of the variable in it.
    pub variable: usize,
    /// Rows and columns of a plane.
    pub plane: [usize; 2],
    /// The first plane, row and column that it has.
    pub first: [usize; 3],
    /// How many there are of each.
    pub shape: [usize; 3],
    /// Every so many rows and columns of the last plane one value is what it will be, but for the few that are patched; it stands for those around it.
    pub stride: usize,
    /// Bytes of it that have come.
    pub bytes: usize,
    /// In C order.
    pub values: Values,
}

impl ArrivedChunk {
    /// Its values in C order, decoded on this thread.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub fn values(&self, models: &Models) -> Result<Values> {
        self.job.run(models).map(|done| done.values().clone())
    }
}

impl Incoming {
    /// Nothing has come.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { limits: *limits, ..Self::default() }
    }

    /// Takes more bytes. [`Self::next`] says what is whole.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.read > self.bytes.len() / 2 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend(bytes);
    }

    /// Chunks that were passed over, since only the index says what they are.
    #[must_use]
    pub const fn passed(&self) -> usize {
        self.passed
    }

    /// What is whole next; none where more has to come.
    ///
    /// # Errors
    /// What is wrong with the archive: nothing comes after that. [`Error::LimitExceeded`] where a record is longer than the limits allow; [`Error::ModelUnavailable`].
    pub fn next(&mut self, models: &Models) -> Result<Option<Arrival>> {
        loop {
            let left = self.bytes.get(self.read..).unwrap_or_default();
            let taken = if self.at == 0 {
                let Some(block) = left.first_chunk::<SUPERBLOCK>() else { return Ok(None) };
                read_superblock(block)?;
                self.skip(SUPERBLOCK);
                None
            } else if let Some(offset) = self.index {
                let Some(trailer) = left.first_chunk::<TRAILER>() else { return Ok(None) };
                if trailer.first_chunk() != Some(&offset.to_le_bytes()) || !trailer.ends_with(&END) {
                    return Err(Error::corrupt("no trailer follows the index"));
                }
                self.skip(TRAILER);
                self.index = None;
                Some(Arrival::End)
            } else {
                let Some(head) = Head::read(left) else {
                    return if left.len() < HEAD as usize { Ok(None) } else { Err(Error::corrupt("what should be a record is none")) };
                };
                let most = (MAX_CHUNK_SAMPLES as u64 * 9).max(self.limits.metadata_bytes.saturating_add(OVERHEAD));
                let length = Limits::check("a record", head.length, most)?.saturating_add(head.bytes + 4);
                let Some(record) = left.get(..length) else { return Ok(None) };
                let payload = payload_of(record, head.kind, "a record")?.to_vec();
                let start = self.at;
                self.skip(length);
                self.take(head.kind, (start, start + head.bytes as u64), &payload, models)?
            };
            if taken.is_some() {
                return Ok(taken);
            }
        }
    }

    /// What the chunk shows that is coming and not whole: planes of it, the last of which may be coarse. It is for eyes, since no checksum covers it yet. None where nothing can be seen yet.
    #[must_use]
    pub fn coming(&self, models: &Models) -> Option<ComingChunk> {
        let left = self.bytes.get(self.read..)?;
        let head = Head::read(left).filter(|head| self.at > 0 && head.kind == RecordKind::Chunk as u8)?;
        let mut reader = Reader::new(left.get(head.bytes..)?);
        let (header, variable, chunk) = place(&mut reader, self.at).ok()??;
        let coming = self.headers.get(&header)?;
        let (own, first, shape) = coming.place(variable, chunk).ok()?;
        let frame = Frame::begun(reader.rest()).ok()?;
        let model = named(&frame, models).ok()?;
        let network = model.map(|id| models.get(id)).transpose().ok()?.map(|model| (model, Processor::cpu()));
        let [planes, height, width] = shape;
        let begun = at_once(begin(frame.payload, planes, ChunkShape { planes, height, width }, own.data_type, network)).ok()??;
        Some(ComingChunk {
            file: coming.name.clone(),
            variable,
            plane: own.plane,
            first,
            shape: [begun.planes, height, width],
            stride: begun.stride,
            bytes: left.len(),
            values: begun.values,
        })
    }

    fn skip(&mut self, bytes: usize) {
        self.read += bytes;
        self.at += bytes as u64;
    }

    /// What a record says, which begins at `start`, and its payload at `offset`.
    fn take(&mut self, kind: u8, (start, offset): (u64, u64), payload: &[u8], models: &Models) -> Result<Option<Arrival>> {
        if kind == RecordKind::Header as u8 {
            let files = Index::from_payload(payload, &self.limits)?.files;
            let Some(entry) = files.into_iter().next().filter(FileEntry::is_begun) else { return Ok(None) };
            let coming = Coming::of(entry)?;
            let arrival = Arrival::File { name: coming.name.clone(), dataset: coming.dataset.clone() };
            self.headers.insert(start, coming);
            return Ok(Some(arrival));
        }
        if kind == RecordKind::Index as u8 {
            self.index = Some(start);
            // Who adds to an archive remembers other frames.
            (self.frames, self.remembered) = (BTreeMap::new(), 0);
            return Ok(None);
        }
        let is_repeat = kind == RecordKind::Repeat as u8;
        if !is_repeat && kind != RecordKind::Chunk as u8 {
            return Ok(None);
        }
        let mut reader = Reader::new(payload);
        let place = place(&mut reader, start)?;
        let frame = if is_repeat {
            let named = start.checked_sub(reader.varint()?);
            named.and_then(|at| self.frames.get(&at)).cloned()
        } else {
            Some(reader.rest().to_vec())
        };
        let known = place.and_then(|(header, variable, chunk)| Some((self.headers.get(&header)?, variable, chunk)));
        let (Some((coming, variable, chunk)), Some(frame)) = (known, frame) else {
            self.passed += 1;
            return Ok(None);
        };
        let arrived = coming.arrived((variable, chunk), &frame, models)?;
        if !is_repeat && self.remembered + frame.len() <= REMEMBERED {
            self.remembered += frame.len();
            self.frames.insert(offset + (payload.len() - frame.len()) as u64, frame);
        }
        Ok(Some(Arrival::Chunk(Box::new(arrived))))
    }
}

impl Coming {
    fn of(entry: FileEntry) -> Result<Self> {
        let fields = entry.variables.iter().map(|variable| variable.blank(&variable.shape(&entry)?)).collect::<Result<_>>()?;
        let (dimensions, attributes) = entry.described()?;
        let variables = entry.variables.iter().map(|variable| {
            let (tiling, chunks, length) = variable.begun(&entry)?;
            let start = variable.shape(&entry)?.first().copied().unwrap_or_default();
            Ok(ComingVariable::of(variable.data_type()?, tiling, (chunks, length.map_or(0, |_| start), length.unwrap_or(1))))
        });
        let variables = variables.collect::<Result<_>>()?;
        Ok(Self { name: entry.name.clone(), dataset: Dataset { format: source_format(&entry), dimensions, attributes, fields, layout: Vec::new() }, variables })
    }

    /// The variable that a chunk is of, and where it lies: the first plane, row and column, and how many of each.
    fn place(&self, variable: usize, chunk: usize) -> Result<(&ComingVariable, [usize; 3], [usize; 3])> {
        let own =
            self.variables.get(variable).filter(|own| own.chunks > 0).ok_or_else(|| Error::corrupt("a chunk is of a variable that its file does not have"))?;
        let (section, place) = (chunk / own.chunks, own.tiling.place(chunk % own.chunks));
        let from = [place.plane, place.row, place.column];
        let at = |axis: usize| {
            let [before, each, from] = [own.before, own.each, from].map(|numbers| numbers.get(axis).copied().unwrap_or_default());
            section.saturating_mul(each).saturating_add(before).saturating_add(from)
        };
        let ChunkShape { planes, height, width } = place.shape;
        Ok((own, [at(0), at(1), at(2)], [planes, height, width]))
    }

    fn arrived(&self, (variable, chunk): (usize, usize), bytes: &[u8], models: &Models) -> Result<ArrivedChunk> {
        let (own, first, shape) = self.place(variable, chunk)?;
        let frame = Frame::read(bytes, "a chunk")?;
        let [planes, height, width] = shape;
        let task = Task::Decode { payload: frame.payload.to_vec(), data_type: own.data_type, sum: frame.values_sum };
        Ok(ArrivedChunk {
            file: self.name.clone(),
            variable,
            plane: own.plane,
            first,
            shape,
            bytes: bytes.len(),
            job: Job { number: chunk, variable, shape: ChunkShape { planes, height, width }, model: named(&frame, models)?, task },
        })
    }
}

impl ComingVariable {
    /// With so many chunks a section, which has so many indices along the dimension that grows, and so many of these before the first.
    fn of(data_type: DataType, tiling: Tiling, (chunks, before, length): (usize, usize, usize)) -> Self {
        let (plane, values) = (tiling.view.height.saturating_mul(tiling.view.width), tiling.values());
        let index = values / length.max(1);
        // What there is more of with every index: planes, or rows of the only plane, or columns of the only row.
        let each = if plane <= index || tiling.planes() > 1 {
            [tiling.planes(), 0, 0]
        } else if tiling.view.width <= index || tiling.view.height > 1 {
            [0, tiling.view.height, 0]
        } else {
            [0, 0, tiling.view.width]
        };
        let before = each.map(|each| (each / length.max(1)).saturating_mul(before));
        Self { data_type, tiling, chunks, plane: [tiling.view.height, tiling.view.width], before, each }
    }
}
