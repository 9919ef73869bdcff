//! The index: everything about an archive but the values, as CBOR (RFC 8949) maps with integer keys (docs/format.md, "Index").
//!
//! Keys a reader does not know are skipped, so that later minor versions can add some.

use super::report::VariableReport;
use super::tiles::Tiling;
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use crate::formats::Format;
use crate::limits::Limits;
use crate::network::model::ModelId;
use minicbor::bytes::ByteVec;
use minicbor::data::Type;
use minicbor::{Decode, Decoder, Encode, decode};

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Index {
    #[cbor(n(0), decode_with = "file_list")]
    pub(crate) files: Vec<FileEntry>,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct FileEntry {
    #[n(0)]
    pub(crate) name: String,
    /// As [`SourceFormat`] has them.
    #[n(1)]
    pub(crate) format: u8,
    #[n(2)]
    pub(crate) format_detail: u8,
    #[cbor(n(3), decode_with = "short_list")]
    pub(crate) dimensions: Vec<DimensionEntry>,
    #[cbor(n(4), decode_with = "short_list")]
    pub(crate) attributes: Vec<AttributeEntry>,
    #[cbor(n(5), decode_with = "short_list")]
    pub(crate) variables: Vec<VariableEntry>,
    /// What only the source format's reader and writer understand.
    #[n(6)]
    pub(crate) layout: Option<ByteVec>,
    #[n(7)]
    modified: Option<Moment>,
    #[n(8)]
    executable: Option<bool>,
    #[n(9)]
    length: Option<u64>,
}

/// Seconds since 1970, as two's complement so that the index has no negative numbers, and nanoseconds; without leap seconds.
#[derive(Debug, Clone, Copy, Encode, Decode)]
#[cbor(array)]
struct Moment {
    #[n(0)]
    seconds: u64,
    #[n(1)]
    nanoseconds: u32,
}

/// What a file system knows of a file beside its contents. Decoding takes none of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileStatus {
    /// When it was changed last: seconds since 1970, and nanoseconds below 10^9.
    pub modified: Option<(i64, u32)>,
    /// Whether it may be run as a program.
    pub executable: bool,
    /// Bytes it has on disk.
    pub length: Option<u64>,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct DimensionEntry {
    #[n(0)]
    name: String,
    #[n(1)]
    length: u64,
    #[n(2)]
    unlimited: bool,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(array)]
pub(crate) struct AttributeEntry {
    #[n(0)]
    name: String,
    #[n(1)]
    data_type: u8,
    /// Little-endian values.
    #[n(2)]
    bytes: ByteVec,
}

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct VariableEntry {
    #[n(0)]
    pub(crate) name: String,
    #[n(1)]
    data_type: u8,
    /// Indices into the file's dimensions.
    #[cbor(n(2), decode_with = "short_list")]
    pub(crate) dimensions: Vec<u32>,
    #[cbor(n(3), decode_with = "short_list")]
    pub(crate) attributes: Vec<AttributeEntry>,
    /// Bit patterns that mean "missing", besides values that are not finite.
    #[cbor(n(4), decode_with = "short_list")]
    missing_patterns: Vec<u64>,
    /// planes, height, width of the array, then of the tile.
    #[n(5)]
    tiling: [u64; 6],
    #[n(6)]
    pub(crate) chunks: Vec<ChunkEntry>,
    #[n(7)]
    pub(crate) certificate: Certificate,
    /// The network that chunks of this variable take, by hash.
    #[n(8)]
    pub(crate) model: Option<u64>,
}

/// Where a chunk is and what it must decode to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct ChunkEntry {
    /// Offset of the payload from the start of the archive.
    #[n(0)]
    pub(crate) offset: u64,
    #[n(1)]
    pub(crate) length: u64,
    /// Low half of XXH3-64 of the payload.
    #[n(2)]
    pub(crate) payload_sum: u32,
    /// Low half of XXH3-64 of the decoded values, little-endian.
    #[n(3)]
    pub(crate) values_sum: u32,
}

/// What is guaranteed and what was measured when the variable was encoded.
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Certificate {
    /// 0 lossless, 1 absolute, 2 relative to the range, 3 relative to each value.
    #[n(0)]
    pub(crate) bound_kind: u8,
    /// As asked; 0 when lossless.
    #[n(1)]
    pub(crate) bound: f64,
    /// The largest error it allows, in the variable's units; 0 when lossless.
    #[n(2)]
    pub(crate) absolute_bound: f64,
    /// Largest |decoded − source|, in the variable's units.
    #[n(3)]
    pub(crate) max_error: f64,
    #[n(4)]
    pub(crate) missing: u64,
    /// XXH3-64 of the decoded values, little-endian in C order.
    #[n(5)]
    pub(crate) values_sum: u64,
    /// Mean of decoded less source, in the variable's units; not there when lossless.
    #[n(6)]
    pub(crate) mean_error: Option<f64>,
    /// Mean of the magnitudes of the source, in the variable's units; not there when lossless.
    #[n(7)]
    pub(crate) mean_magnitude: Option<f64>,
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
    pub(crate) fn new(field: &Field, tiling: Tiling, chunks: Vec<ChunkEntry>, certificate: Certificate, model: Option<ModelId>) -> Self {
        let [[a, b, c], [d, e, f]] = [tiling.view, tiling.tile].map(|s| [s.planes, s.height, s.width].map(|n| n as u64));
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type() as u8,
            dimensions: field.dimensions.iter().map(|d| *d as u32).collect(),
            attributes: field.attributes.iter().map(Into::into).collect(),
            missing_patterns: if let Missing::Patterns(p) = &field.missing { p.clone() } else { Vec::new() },
            tiling: [a, b, c, d, e, f],
            chunks,
            certificate,
            model: model.map(|m| m.0),
        }
    }

    pub(crate) fn data_type(&self) -> Result<DataType> {
        DataType::from_number(self.data_type).ok_or_else(|| Error::corrupt(format_args!("data type {} does not exist in this format version", self.data_type)))
    }

    pub(crate) fn missing(&self) -> Missing {
        if self.missing_patterns.is_empty() { Missing::NonFinite } else { Missing::Patterns(self.missing_patterns.clone()) }
    }

    /// Length of each dimension of a variable of `file`.
    pub(crate) fn shape(&self, file: &FileEntry) -> Result<Vec<usize>> {
        let length = |d: &u32| file.dimensions.get(*d as usize).and_then(|d| usize::try_from(d.length).ok());
        self.dimensions.iter().map(|d| length(d).ok_or_else(|| Error::corrupt("a variable uses a dimension that is not there"))).collect()
    }

    pub(crate) fn tiling(&self, values: usize) -> Result<Tiling> {
        let size = |n: u64| usize::try_from(n).map_err(|_| Error::corrupt("a tile is larger than memory"));
        let [a, b, c, d, e, f] = self.tiling;
        let shape = |p, h, w| Ok(ChunkShape { planes: size(p)?, height: size(h)?, width: size(w)? });
        Tiling { view: shape(a, b, c)?, tile: shape(d, e, f)? }.checked(values)
    }

    pub(crate) fn report(&self, file: &FileEntry) -> Result<VariableReport> {
        let (shape, data_type) = (self.shape(file)?, self.data_type()?);
        let certificate = &self.certificate;
        Ok(VariableReport {
            name: self.name.clone(),
            data_type,
            raw_bytes: shape.iter().fold(data_type.size() as u64, |n, d| n.saturating_mul(*d as u64)),
            shape,
            archive_bytes: self.chunks.iter().map(|c| c.length).sum(),
            bound: certificate.bound()?,
            absolute_bound: certificate.absolute_bound,
            max_abs_error: certificate.max_error,
            mean_error: certificate.mean_error.unwrap_or_default(),
            mean_magnitude: certificate.mean_magnitude,
            kept: certificate.kept.iter().map(|k| (k.value, k.count)).collect(),
            signs: certificate.signs.unwrap_or_default(),
            stable: certificate.stable.unwrap_or_default(),
            missing: certificate.missing,
            checksum: certificate.values_sum,
            model: self.model.map(ModelId),
            base: None,
            coarse: None,
            unmet: None,
            suspects: Vec::new(),
        })
    }
}

impl From<&Attribute> for AttributeEntry {
    fn from(attribute: &Attribute) -> Self {
        Self { name: attribute.name.clone(), data_type: attribute.value.data_type() as u8, bytes: attribute.value.to_le_bytes().into() }
    }
}

impl TryFrom<&AttributeEntry> for Attribute {
    type Error = Error;

    fn try_from(entry: &AttributeEntry) -> Result<Self> {
        let data_type = DataType::from_number(entry.data_type).ok_or_else(|| Error::corrupt("an attribute has an unknown type"))?;
        Ok(Self { name: entry.name.clone(), value: Values::from_le_bytes(data_type, &entry.bytes)? })
    }
}

impl From<&Dimension> for DimensionEntry {
    fn from(d: &Dimension) -> Self {
        Self { name: d.name.clone(), length: d.length as u64, unlimited: d.unlimited }
    }
}

impl TryFrom<&DimensionEntry> for Dimension {
    type Error = Error;

    fn try_from(entry: &DimensionEntry) -> Result<Self> {
        let length = usize::try_from(entry.length).map_err(|_| Error::corrupt("a dimension is longer than memory"))?;
        Ok(Self { name: entry.name.clone(), length, unlimited: entry.unlimited })
    }
}

impl FileEntry {
    /// Of a dataset, without its variables.
    pub(crate) fn of(dataset: &Dataset, name: &str) -> Self {
        let SourceFormat { number: format, detail: format_detail } = dataset.format;
        Self {
            name: name.to_owned(),
            format,
            format_detail,
            dimensions: dataset.dimensions.iter().map(Into::into).collect(),
            attributes: dataset.attributes.iter().map(Into::into).collect(),
            variables: Vec::new(),
            layout: Some(&dataset.layout).filter(|layout| !layout.is_empty()).map(|layout| layout.clone().into()),
            modified: None,
            executable: None,
            length: None,
        }
    }

    pub(crate) fn set_status(&mut self, FileStatus { modified, executable, length }: FileStatus) {
        self.modified = modified.map(|(seconds, nanoseconds)| Moment { seconds: seconds as u64, nanoseconds });
        self.executable = executable.then_some(true);
        self.length = length;
    }

    pub(crate) fn status(&self) -> FileStatus {
        FileStatus { modified: self.modified.map(|m| (m.seconds as i64, m.nanoseconds)), executable: self.executable.unwrap_or_default(), length: self.length }
    }
}

/// The source format of a file; one this build does not know is treated as arrays.
pub(crate) fn source_format(entry: &FileEntry) -> SourceFormat {
    Format::source(entry.format, entry.format_detail)
}

/// How long the lists of an index may be, told while they are read: a few bytes of a compressed index may stand for millions of entries.
pub(crate) trait Most {
    /// Whether a list, of files or of anything else, may have so many.
    fn allows(&mut self, files: bool, entries: u64) -> bool;
}

/// What comes from this very build has no limits, and what is written needs none.
impl Most for () {
    fn allows(&mut self, _: bool, _: u64) -> bool {
        true
    }
}

/// Limits of an index from outside.
struct Limited {
    list: u64,
    files: u64,
    /// The one that was exceeded.
    exceeded: Option<u64>,
}

impl Most for Limited {
    fn allows(&mut self, files: bool, entries: u64) -> bool {
        let limit = if files { self.files } else { self.list };
        self.exceeded = self.exceeded.or(Some(limit).filter(|limit| entries > *limit));
        self.exceeded.is_none()
    }
}

fn short_list<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C) -> core::result::Result<Vec<T>, decode::Error> {
    limited(decoder, context, false)
}

fn file_list<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C) -> core::result::Result<Vec<T>, decode::Error> {
    limited(decoder, context, true)
}

/// A list that is refused at the first entry too many; room is made as entries come.
fn limited<'b, C: Most, T: Decode<'b, C>>(decoder: &mut Decoder<'b>, context: &mut C, files: bool) -> core::result::Result<Vec<T>, decode::Error> {
    let length = decoder.array()?;
    let mut list = Vec::new();
    while match length {
        Some(length) => (list.len() as u64) < length,
        None => decoder.datatype()? != Type::Break,
    } {
        if !context.allows(files, list.len() as u64 + 1) {
            return Err(decode::Error::message("a list is too long"));
        }
        list.push(decoder.decode_with(context)?);
    }
    if length.is_none() {
        decoder.skip()?;
    }
    Ok(list)
}

/// First byte of an index payload: how the CBOR follows.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

impl Index {
    /// The payload of the index record: CBOR, deflated (RFC 1951) where that is shorter.
    pub(crate) fn to_payload(&self) -> Result<Vec<u8>> {
        let cbor = minicbor::to_vec(self).map_err(|e| Error::corrupt(format_args!("the index could not be written: {e}")))?;
        let deflated = miniz_oxide::deflate::compress_to_vec(&cbor, 9);
        let (kind, body) = if deflated.len() < cbor.len() { (DEFLATED, deflated) } else { (PLAIN, cbor) };
        Ok(core::iter::once(kind).chain(body).collect())
    }

    pub(crate) fn from_payload(payload: &[u8], limits: &Limits) -> Result<Self> {
        let limit = Limits::check("the index", limits.metadata_bytes, u64::MAX)?;
        let (kind, body) = payload.split_first().ok_or_else(|| Error::corrupt("the index is empty"))?;
        let too_large = |needed: usize| Error::LimitExceeded { what: "the index", needed: needed as u64, limit: limits.metadata_bytes };
        let inflated;
        let cbor = match *kind {
            PLAIN if body.len() > limit => return Err(too_large(body.len())),
            PLAIN => body,
            DEFLATED => {
                inflated = miniz_oxide::inflate::decompress_to_vec_with_limit(body, limit).map_err(|e| match e.status {
                    miniz_oxide::inflate::TINFLStatus::HasMoreOutput => too_large(limit.saturating_add(1)),
                    _ => Error::corrupt("the index does not inflate"),
                })?;
                inflated.as_slice()
            }
            kind => return Err(Error::corrupt(format_args!("index encoding {kind} does not exist in this format version"))),
        };
        let mut decoder = minicbor::Decoder::new(cbor);
        let mut limited = Limited { list: limits.items, files: limits.files, exceeded: None };
        let index = decoder.decode_with(&mut limited).map_err(|e| match limited.exceeded {
            Some(limit) => Error::LimitExceeded { what: "a list in the index", needed: limit.saturating_add(1), limit },
            None => Error::corrupt(format_args!("the index is not valid: {e}")),
        })?;
        if decoder.position() == cbor.len() { Ok(index) } else { Err(Error::corrupt("the index is followed by more bytes")) }
    }
}
