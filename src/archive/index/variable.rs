//! A variable in the index: where its chunks are, and what is guaranteed of it.

use super::most::{Most, short_list};
use super::{AttributeEntry, FileEntry, is_default};
use crate::archive::report::VariableReport;
use crate::archive::tiles::Tiling;
use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{DataType, Derived, ErrorBound, Field, Missing};
use crate::network::model::ModelId;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

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
    /// planes, height, width of the array, then of the tile; none where they are those that the shape has by rule.
    #[n(5)]
    tiling: Option<[u64; 6]>,
    #[cbor(n(6), default, skip_if = "Vec::is_empty")]
    pub(crate) chunks: Vec<ChunkEntry>,
    #[n(7)]
    pub(crate) certificate: Certificate,
    /// The network that chunks of this variable take, by hash.
    #[n(8)]
    pub(crate) model: Option<u64>,
    /// What yields the values instead of chunks.
    #[n(9)]
    derived: Option<DerivedEntry>,
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
    /// Low half of XXH3-64 of the decoded values, little-endian; none where they are all that the variable has.
    #[n(3)]
    pub(crate) values_sum: Option<u32>,
}

/// What is guaranteed and what was measured when the variable was encoded.
#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Certificate {
    /// 0 lossless, 1 absolute, 2 relative to the range, 3 relative to each value.
    #[cbor(n(0), default, skip_if = "is_default")]
    pub(crate) bound_kind: u8,
    /// As asked; 0 when lossless.
    #[cbor(n(1), default, skip_if = "is_default")]
    pub(crate) bound: f64,
    /// The largest error it allows, in the variable's units; 0 when lossless.
    #[cbor(n(2), default, skip_if = "is_default")]
    pub(crate) absolute_bound: f64,
    /// Largest |decoded − source|, in the variable's units.
    #[cbor(n(3), default, skip_if = "is_default")]
    pub(crate) max_error: f64,
    #[cbor(n(4), default, skip_if = "is_default")]
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
    pub(crate) fn new(field: &Field, tiling: Tiling, mut chunks: Vec<ChunkEntry>, certificate: Certificate, model: Option<ModelId>) -> Self {
        if let [only] = chunks.as_mut_slice() {
            only.values_sum = None;
        }
        let [[a, b, c], [d, e, f]] = [tiling.view, tiling.tile].map(|s| [s.planes, s.height, s.width].map(|n| n as u64));
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type() as u8,
            dimensions: field.dimensions.iter().map(|d| *d as u32).collect(),
            attributes: field.attributes.iter().map(Into::into).collect(),
            missing_patterns: if let Missing::Patterns(p) = &field.missing { p.clone() } else { Vec::new() },
            tiling: Some([a, b, c, d, e, f]).filter(|_| tiling != Tiling::of(&field.shape)),
            chunks,
            certificate,
            model: model.map(|m| m.0),
            derived: field.derived.as_ref().map(Into::into),
        }
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

    /// Low half of the checksum of the values of one of its chunks.
    pub(crate) fn chunk_sum(&self, chunk: &ChunkEntry) -> u32 {
        chunk.values_sum.unwrap_or(self.certificate.values_sum as u32)
    }

    pub(crate) fn tiling(&self, shape: &[usize]) -> Result<Tiling> {
        let values = shape.iter().product();
        let Some([a, b, c, d, e, f]) = self.tiling else { return Tiling::of(shape).checked(values) };
        let size = |n: u64| usize::try_from(n).map_err(|_| Error::corrupt("a tile is larger than memory"));
        let side = |p, h, w| Ok(ChunkShape { planes: size(p)?, height: size(h)?, width: size(w)? });
        Tiling { view: side(a, b, c)?, tile: side(d, e, f)? }.checked(values)
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
            level: None,
            base: None,
            coarse: None,
            unmet: None,
            suspects: Vec::new(),
        })
    }
}
