//! A variable in the index: where its chunks are, and what is guaranteed of it.

use super::most::{Most, short_list};
use super::{AttributeEntry, FileEntry, is_default};
use crate::archive::container::{self, RecordKind};
use crate::archive::report::VariableReport;
use crate::archive::tiles::Tiling;
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{DataType, Derived, ErrorBound, Field, Missing};
use crate::limits;
use crate::network::model::ModelId;
use crate::source::{self, Source};
use crate::wire::{Reader, put_signed64, put_varint};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// A table of more bytes gets a record of its own.
const LONG_TABLE: usize = 1 << 12;

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct VariableEntry {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    data_type: u8,
    /// Indices into the file's dimensions.
    #[cbor(n(2), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) dimensions: Vec<u32>,
    #[cbor(n(3), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<AttributeEntry>,
    /// Bit patterns that mean "missing", besides values that are not finite.
    #[cbor(n(4), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    missing_patterns: Vec<u64>,
    /// Blocks; planes, height and width of each, then of the tile; none where they are those that the shape has by rule.
    #[n(5)]
    tiling: Option<[u64; 7]>,
    /// Where the frames of its chunks are: [`ChunkEntry::table`].
    #[n(6)]
    table: Option<ByteVec>,
    #[cbor(n(7), default)]
    pub(crate) certificate: Certificate,
    /// The network that chunks of this variable take, by hash.
    #[n(8)]
    pub(crate) model: Option<u64>,
    /// What yields the values instead of chunks.
    #[n(9)]
    derived: Option<DerivedEntry>,
    /// Where the table is instead, of a variable that has many chunks.
    #[n(10)]
    table_at: Option<TableAt>,
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

/// What yields values: [`Derived`].
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct DerivedEntry {
    #[n(0)]
    rule: u8,
    #[n(1)]
    part: u8,
    #[n(2)]
    definition: ByteVec,
}

impl From<&Derived> for DerivedEntry {
    fn from(derived: &Derived) -> Self {
        Self { rule: derived.rule, part: derived.part, definition: derived.definition.clone().into() }
    }
}

impl From<&DerivedEntry> for Derived {
    fn from(entry: &DerivedEntry) -> Self {
        Self { rule: entry.rule, part: entry.part, definition: entry.definition.to_vec() }
    }
}

/// Where the frame of a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What is guaranteed and what was measured when the variable was encoded.
#[derive(Debug, Clone, Default, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Certificate {
    /// 0 lossless, 1 absolute, 2 relative to the range, 3 relative to each value.
    #[cbor(n(0), default, skip_if = "is_default")]
    pub(crate) bound_kind: u8,
    /// As asked; 0 when lossless.
    #[cbor(n(1), default, skip_if = "is_default")]
    pub(crate) bound: f64,
    /// The largest error it allows, in the variable's units; none where that is the bound, or 0 when lossless.
    #[n(2)]
    pub(crate) absolute_bound: Option<f64>,
    /// Largest |decoded − source|, in the variable's units.
    #[cbor(n(3), default, skip_if = "is_default")]
    pub(crate) max_error: f64,
    #[cbor(n(4), default, skip_if = "is_default")]
    pub(crate) missing: u64,
    /// XXH3-64 of the decoded values, little-endian in C order.
    #[cbor(n(5), default, skip_if = "is_default")]
    pub(crate) values_sum: u64,
    /// Mean of decoded less source, in the variable's units; not there when lossless.
    #[n(6)]
    pub(crate) mean_error: Option<f32>,
    /// Mean of the magnitudes of the source, in the variable's units; not there when lossless.
    #[n(7)]
    pub(crate) mean_magnitude: Option<f32>,
    /// Values that came back as they are, in the variable's units.
    #[cbor(n(8), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) kept: Vec<KeptEntry>,
    /// Whether every sign came back.
    #[n(9)]
    pub(crate) signs: Option<bool>,
    /// Whether the values come back as they are when they are compressed once more.
    #[n(10)]
    pub(crate) stable: Option<bool>,
}

/// A value that was kept, and how often it is there.
#[derive(Debug, Clone, Copy, Encode, Decode)]
#[cbor(array)]
pub(crate) struct KeptEntry {
    #[n(0)]
    pub(crate) value: f64,
    #[n(1)]
    pub(crate) count: u64,
}

impl Certificate {
    pub(crate) fn bound(&self) -> Result<ErrorBound> {
        match self.bound_kind {
            0 => Ok(ErrorBound::Lossless),
            1 => ErrorBound::absolute(self.bound),
            2 => ErrorBound::relative(self.bound),
            3 => ErrorBound::pointwise(self.bound),
            kind => Err(Error::corrupt(format_args!("bound kind {kind} does not exist in this format version"))),
        }
    }
}

impl VariableEntry {
    pub(crate) fn new(field: &Field, tiling: Tiling, chunks: &[ChunkEntry], certificate: Certificate, model: Option<ModelId>) -> Self {
        let table = ChunkEntry::table(chunks);
        Self { table: Some(table).filter(|table| !table.is_empty()).map(Into::into), certificate, model: model.map(|m| m.0), ..Self::header(field, tiling) }
    }

    /// What is known before its chunks are.
    pub(crate) fn header(field: &Field, tiling: Tiling) -> Self {
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type() as u8,
            dimensions: field.dimensions.iter().map(|d| *d as u32).collect(),
            attributes: field.attributes.iter().map(Into::into).collect(),
            missing_patterns: if let Missing::Patterns(p) = &field.missing { p.clone() } else { Vec::new() },
            tiling: Some(tiling.numbers()).filter(|_| tiling != Tiling::of(&field.shape)),
            table: None,
            certificate: Certificate::default(),
            model: None,
            derived: field.derived.as_ref().map(Into::into),
            table_at: None,
        }
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
        let read;
        let table = match (&self.table, self.table_at) {
            (Some(table), _) => table.as_slice(),
            (None, None) => &[],
            (None, Some(TableAt { offset, length, .. })) => {
                let needed = offset.saturating_add(length);
                let available = source.length();
                read = source::read(source, offset, length)?.ok_or(Error::Truncated { what: "the table of a variable", needed, available })?;
                container::payload(&read, RecordKind::Table, "the table of a variable")?
            }
        };
        ChunkEntry::listed(table, count, source.length())
    }

    /// Checks that its table has so many chunks, or bytes enough for them where it is elsewhere.
    pub(crate) fn check_table(&self, count: usize, available: u64) -> Result<()> {
        let missing = || Error::corrupt(format_args!("variable {:?} has other chunks than the {count} that its tiles need", self.name));
        match (&self.table, self.table_at) {
            (_, Some(at)) if self.table.is_none() => {
                let fits = at.offset.checked_add(at.length).is_some_and(|end| end <= available) && count as u64 <= at.length / 2;
                if fits { Ok(()) } else { Err(missing()) }
            }
            (table, _) => ChunkEntry::listed(table.as_ref().map_or(&[], |table| table.as_slice()), count, available).map(|_| ()),
        }
    }

    /// Bytes of all frames; what a broken table says of them is as good as any.
    fn frame_bytes(&self) -> u64 {
        self.table_at.map_or_else(|| self.table.as_ref().map_or(0, |table| ChunkEntry::frames(table)), |at| at.frames)
    }

    pub(crate) fn data_type(&self) -> Result<DataType> {
        DataType::from_number(self.data_type).ok_or_else(|| Error::corrupt(format_args!("data type {} does not exist in this format version", self.data_type)))
    }

    pub(crate) fn missing(&self) -> Missing {
        if self.missing_patterns.is_empty() { Missing::NonFinite } else { Missing::Patterns(self.missing_patterns.clone()) }
    }

    pub(crate) fn derived(&self) -> Option<Derived> {
        self.derived.as_ref().map(Into::into)
    }

    /// Length of each dimension of a variable of `file`.
    pub(crate) fn shape(&self, file: &FileEntry) -> Result<Vec<usize>> {
        let length = |d: &u32| file.dimensions.get(*d as usize).and_then(|d| usize::try_from(d.length).ok());
        self.dimensions.iter().map(|d| length(d).ok_or_else(|| Error::corrupt("a variable uses a dimension that is not there"))).collect()
    }

    pub(crate) fn tiling(&self, shape: &[usize]) -> Result<Tiling> {
        let values = shape.iter().product();
        let Some([blocks, a, b, c, d, e, f]) = self.tiling else { return Tiling::of(shape).checked(values) };
        let size = |n: u64| usize::try_from(n).map_err(|_| Error::corrupt("a tile is larger than memory"));
        let side = |p, h, w| Ok(ChunkShape { planes: size(p)?, height: size(h)?, width: size(w)? });
        Tiling { blocks: size(blocks)?, view: side(a, b, c)?, tile: side(d, e, f)? }.checked(values)
    }

    pub(crate) fn report(&self, file: &FileEntry) -> Result<VariableReport> {
        let (shape, data_type) = (self.shape(file)?, self.data_type()?);
        let certificate = &self.certificate;
        Ok(VariableReport {
            name: self.name.clone(),
            data_type,
            raw_bytes: shape.iter().fold(data_type.size() as u64, |n, d| n.saturating_mul(*d as u64)),
            shape,
            archive_bytes: self.frame_bytes(),
            bound: certificate.bound()?,
            absolute_bound: certificate.absolute_bound.unwrap_or(certificate.bound),
            max_abs_error: certificate.max_error,
            mean_error: certificate.mean_error.unwrap_or_default().into(),
            mean_magnitude: certificate.mean_magnitude.map(f64::from),
            kept: certificate.kept.iter().map(|k| (k.value, k.count)).collect(),
            signs: certificate.signs.unwrap_or_default(),
            stable: certificate.stable.unwrap_or_default(),
            missing: certificate.missing,
            checksum: certificate.values_sum,
            model: self.model.map(ModelId),
            level: None,
            base: None,
            coarse: None,
            unmet: None,
            suspects: Vec::new(),
        })
    }
}
