//! A section of a variable in the index: what was written of it at one go, where its chunks are, and what is guaranteed of it.

use super::certificate::Certificate;
use super::most::Most;
use crate::archive::container::{self, RecordKind};
use crate::archive::tiles::{Tiling, product};
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::limits;
use crate::network::model::ModelId;
use crate::source::{self, Source};
use crate::wire::{Reader, put_signed64, put_varint};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// A table of more bytes gets a record of its own; in unit tests any, since only arrays of gigabytes have so many chunks.
const LONG_TABLE: usize = if cfg!(test) { 0 } else { 1 << 12 };

/// Bytes that a chunk takes at most in a table: two varints.
const MOST_OF_CHUNK: u64 = 20;

/// Some of a variable along its first dimension: most have one, and those that were added to one more each time.
#[derive(Debug, Clone, Default, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct SectionEntry {
    /// Its length along the first dimension; none where it is what the others leave.
    #[n(0)]
    pub(crate) length: Option<u64>,
    /// As [`Tiling::numbers`]; none where it is what the shape has by rule.
    #[n(1)]
    tiling: Option<[u64; 7]>,
    /// Where the frames of its chunks are: [`ChunkEntry::table`].
    #[n(2)]
    table: Option<ByteVec>,
    /// Where the table is instead, of a section that has many chunks.
    #[n(3)]
    table_at: Option<TableAt>,
    /// The network that chunks take, by hash.
    #[n(4)]
    pub(crate) model: Option<u64>,
    #[cbor(n(5), default)]
    pub(crate) certificate: Certificate,
}

/// Where the record of a table is, and what is known without it.
#[derive(Debug, Clone, Copy, Encode, Decode)]
#[cbor(array)]
struct TableAt {
    #[n(0)]
    offset: u64,
    /// Bytes of the record.
    #[n(1)]
    length: u64,
    /// Bytes of all frames.
    #[n(2)]
    frames: u64,
}

/// Where the frame of a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ChunkEntry {
    /// Offset from the start of the archive.
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

impl ChunkEntry {
    /// Where what follows it begins.
    pub(crate) const fn end(self) -> u64 {
        self.offset.saturating_add(self.length)
    }

    /// Chunks as a table: for each how far it begins behind the end of the one before, and its length.
    fn table(chunks: &[Self]) -> Vec<u8> {
        let (mut out, mut end) = (Vec::new(), 0);
        for chunk in chunks {
            put_signed64(&mut out, chunk.offset.wrapping_sub(end) as i64);
            put_varint(&mut out, chunk.length);
            end = chunk.end();
        }
        out
    }

    /// Bytes of all frames of a table.
    fn frames(table: &[u8]) -> u64 {
        let mut reader = Reader::new(table);
        let lengths = core::iter::from_fn(|| reader.signed64().and_then(|_| reader.varint()).ok());
        lengths.fold(0, u64::saturating_add)
    }

    /// So many chunks of a table, which lie within the first `available` bytes of the archive.
    fn listed(table: &[u8], count: usize, available: u64) -> Result<Vec<Self>> {
        // Each takes two bytes at least, so that a number from outside makes no room that a table does not fill.
        let mut chunks = limits::room("the chunks of a variable", count.min(table.len() / 2))?;
        let (mut reader, mut end) = (Reader::new(table), 0u64);
        for _ in 0..count {
            let chunk = Self { offset: end.wrapping_add(reader.signed64()? as u64), length: reader.varint()? };
            end = chunk.offset.checked_add(chunk.length).filter(|end| *end <= available).ok_or_else(|| Error::corrupt("a chunk lies outside the file"))?;
            chunks.push(chunk);
        }
        if reader.rest().is_empty() { Ok(chunks) } else { Err(Error::corrupt("a variable has more chunks than its tiles need")) }
    }
}

impl SectionEntry {
    pub(crate) fn new((shape, tiling): (&[usize], Tiling), chunks: &[ChunkEntry], certificate: Certificate, model: Option<ModelId>) -> Self {
        Self {
            length: None,
            tiling: Some(tiling.numbers()).filter(|_| tiling != Tiling::of(shape)),
            table: Some(ChunkEntry::table(chunks)).filter(|table| !table.is_empty()).map(Into::into),
            table_at: None,
            model: model.map(|m| m.0),
            certificate,
        }
    }

    /// What is known before it is written, of a stream so many indices of the first dimension; none where that is nothing.
    pub(crate) fn begun((shape, tiling): (&[usize], Tiling), length: Option<u64>) -> Option<Self> {
        let tiling = Some(tiling.numbers()).filter(|_| tiling != Tiling::of(shape));
        (length.is_some() || tiling.is_some()).then(|| Self { length, tiling, ..Self::default() })
    }

    /// Sections of one length and tiling that lie one behind the other, as one: of which each was is so many blocks.
    pub(crate) fn joined(sections: &[Self], inner: &[usize], certificate: Certificate) -> Result<Self> {
        let first = sections.first().ok_or_else(|| Error::corrupt("there are no sections to be joined"))?;
        let length = first.length.unwrap_or_default();
        let tiling = first.tiling(0, &[&[length as usize], inner].concat())?;
        let mut chunks = Vec::new();
        for section in sections {
            chunks.extend(section.listed_here(tiling.chunks(), u64::MAX)?);
        }
        let all = length.saturating_mul(sections.len() as u64);
        let tiling = Tiling { blocks: tiling.blocks.saturating_mul(sections.len()), ..tiling };
        let model = sections.iter().find_map(|section| section.model).map(ModelId);
        let joined = Self::new((&[&[all as usize], inner].concat(), tiling), &chunks, certificate, model);
        Ok(Self { length: Some(all), ..joined })
    }

    /// Whether another is as long and cut alike.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.length, self.tiling) == (other.length, other.tiling)
    }

    /// Whether it was begun and nobody says what became of it.
    pub(crate) const fn is_begun(&self) -> bool {
        self.certificate.values_sum == 0
    }

    /// Puts a table that is long into a record of its own, so that whoever opens the archive need not read it.
    pub(crate) fn move_table(&mut self, put: impl FnOnce(&[u8]) -> (u64, u64)) {
        if let Some(table) = self.table.take_if(|table| table.len() > LONG_TABLE) {
            let frames = ChunkEntry::frames(&table);
            let (offset, length) = put(&table);
            self.table_at = Some(TableAt { offset, length, frames });
        }
    }

    /// Its chunks, of which there are `count`.
    pub(crate) fn chunks<S: Source + ?Sized>(&self, count: usize, source: &S) -> Result<Vec<ChunkEntry>> {
        self.chunks_within(source.length(), count, source)
    }

    /// Its chunks, as they were before the source was cut off: they may lie where nothing is any more.
    pub(crate) fn chunks_once<S: Source + ?Sized>(&self, count: usize, source: &S) -> Result<Vec<ChunkEntry>> {
        self.chunks_within(u64::MAX, count, source)
    }

    fn chunks_within<S: Source + ?Sized>(&self, end: u64, count: usize, source: &S) -> Result<Vec<ChunkEntry>> {
        let (None, Some(TableAt { offset, length, .. })) = (&self.table, self.table_at) else { return self.listed_here(count, end) };
        let (needed, available) = (offset.saturating_add(length), source.length());
        let read = source::read(source, offset, length)?.ok_or(Error::Truncated { what: "the table of a variable", needed, available })?;
        ChunkEntry::listed(container::payload(&read, RecordKind::Table, "the table of a variable")?, count, end)
    }

    /// Those that the index itself lists: all, or none where the table is elsewhere.
    pub(crate) fn listed_here(&self, count: usize, available: u64) -> Result<Vec<ChunkEntry>> {
        match (&self.table, self.table_at) {
            (None, Some(_)) => Ok(Vec::new()),
            (table, _) => ChunkEntry::listed(table.as_ref().map_or(&[], |table| table.as_slice()), count, available),
        }
    }

    /// Checks that its table has so many chunks, or bytes enough for them where it is elsewhere.
    pub(crate) fn check_table(&self, count: usize, available: u64) -> Result<()> {
        match (&self.table, self.table_at) {
            (None, Some(at)) => {
                let chunks = count as u64;
                let fits = at.offset.checked_add(at.length).is_some_and(|end| end <= available)
                    && chunks <= at.length / 2
                    && at.length <= chunks.saturating_mul(MOST_OF_CHUNK).saturating_add(container::OVERHEAD);
                if fits { Ok(()) } else { Err(Error::corrupt("a variable has other chunks than its tiles need")) }
            }
            _ => self.listed_here(count, available).map(|_| ()),
        }
    }

    /// The same stretch of a variable in another archive.
    pub(crate) fn rewritten(&self, chunks: &[ChunkEntry], certificate: Certificate, model: Option<ModelId>) -> Self {
        let (table, model) = (Some(ChunkEntry::table(chunks)).filter(|table| !table.is_empty()).map(Into::into), model.map(|m| m.0));
        Self { length: self.length, tiling: self.tiling, table, table_at: None, model, certificate }
    }

    /// Bytes of the record that its table has to itself.
    pub(crate) fn table_record(&self) -> u64 {
        self.table_at.map_or(0, |at| at.length)
    }

    /// Bytes of all frames; what a broken table says of them is as good as any.
    pub(crate) fn frame_bytes(&self) -> u64 {
        self.table_at.map_or_else(|| self.table.as_ref().map_or(0, |table| ChunkEntry::frames(table)), |at| at.frames)
    }

    /// Of a section of that shape, with so many values before it.
    pub(crate) fn tiling(&self, start: usize, shape: &[usize]) -> Result<Tiling> {
        let values = product(shape);
        let Some([blocks, a, b, c, d, e, f]) = self.tiling else { return Tiling { start, ..Tiling::of(shape) }.checked(values) };
        let size = |n: u64| usize::try_from(n).map_err(|_| Error::corrupt("a tile is larger than memory"));
        let side = |p, h, w| Ok(ChunkShape { planes: size(p)?, height: size(h)?, width: size(w)? });
        Tiling { start, blocks: size(blocks)?, view: side(a, b, c)?, tile: side(d, e, f)? }.checked(values)
    }
}
