//! The index: everything about an archive but the values, as CBOR (RFC 8949) maps with integer keys (docs/format.md, "Index").
//!
//! Keys a reader does not know are skipped, so that later minor versions can add some.

mod certificate;
mod most;
mod payload;
mod section;
mod variable;
mod words;

pub(crate) use certificate::{Certificate, KeptEntry};
pub(crate) use most::{Limited, Most};
pub(crate) use section::{ChunkEntry, SectionEntry};
pub(crate) use variable::{DerivedEntry, VariableEntry};

use crate::archive::tiles::Tiling;
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, Field, SourceFormat, Tiles, Values};
use crate::formats::{Format, file};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use most::{file_list, short_list};

#[derive(Debug, Clone, Default, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Index {
    #[cbor(n(0), decode_with = "file_list")]
    pub(crate) files: Vec<FileEntry>,
    /// What a reader has to know beyond this version of the format, or it understands something wrong.
    #[cbor(n(2), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) needs: Vec<String>,
    /// What whoever made the archive says of it.
    #[n(3)]
    pub(crate) comment: Option<String>,
    /// Networks that lie in the archive.
    #[cbor(n(4), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) models: Vec<EmbeddedEntry>,
}

/// A network that lies in the archive.
#[derive(Debug, Clone, Copy, Encode, Decode)]
#[cbor(array)]
pub(crate) struct EmbeddedEntry {
    /// Its hash.
    #[n(0)]
    pub(crate) model: u64,
    /// Where its record is.
    #[n(1)]
    pub(crate) offset: u64,
    /// Bytes of the record.
    #[n(2)]
    pub(crate) length: u64,
}

impl Index {
    /// Of files, and nothing else.
    pub(crate) fn of(files: Vec<FileEntry>) -> Self {
        Self { files, ..Self::default() }
    }

    /// The comment, if it says anything.
    pub(crate) fn comment(&self) -> Option<&str> {
        self.comment.as_deref().filter(|comment| !comment.is_empty())
    }
}

/// Of a variable, by its number: the shape of what will be a section of it, and its length where there will be several.
type SectionShape<'a> = dyn Fn(usize, &Field) -> (Vec<usize>, Option<u64>) + 'a;

#[derive(Debug, Clone, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct FileEntry {
    #[n(0)]
    pub(crate) name: String,
    /// As [`SourceFormat`] has them.
    #[cbor(n(1), default, skip_if = "is_default")]
    pub(crate) format: u8,
    #[cbor(n(2), default, skip_if = "is_default")]
    pub(crate) format_detail: u8,
    #[cbor(n(3), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) dimensions: Vec<DimensionEntry>,
    #[cbor(n(4), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) attributes: Vec<AttributeEntry>,
    #[cbor(n(5), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
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
    /// Whether a file that is kept byte for byte is read as data.
    #[n(10)]
    data: Option<bool>,
}

/// Whether it is left out, since it is what it is where it is not there.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
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
    pub(crate) name: String,
    #[n(1)]
    pub(crate) length: u64,
    #[n(2)]
    unlimited: Option<bool>,
}

impl DimensionEntry {
    pub(crate) fn is_unlimited(&self) -> bool {
        self.unlimited == Some(true)
    }
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

impl AttributeEntry {
    pub(crate) fn name(&self) -> &str {
        &self.name
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
        Self { name: d.name.clone(), length: d.length as u64, unlimited: d.unlimited.then_some(true) }
    }
}

impl TryFrom<&DimensionEntry> for Dimension {
    type Error = Error;

    fn try_from(entry: &DimensionEntry) -> Result<Self> {
        let length = usize::try_from(entry.length).map_err(|_| Error::corrupt("a dimension is longer than memory"))?;
        Ok(Self { name: entry.name.clone(), length, unlimited: entry.is_unlimited() })
    }
}

impl FileEntry {
    /// What is known of a dataset before its values are: for whoever loses the index.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when tiles of the sizes that are asked for cannot be.
    pub(crate) fn header(dataset: &Dataset, name: &str, tiles: &Tiles, section: &SectionShape<'_>) -> Result<Self> {
        let mut variables = Vec::with_capacity(dataset.fields.len());
        for (number, field) in dataset.fields.iter().enumerate() {
            let (shape, length) = section(number, field);
            let tiling = Tiling::fitted(&shape, &dataset.names(field), tiles)?;
            let section = SectionEntry::begun((&shape, tiling), length).filter(|_| field.derived.is_none());
            variables.push(VariableEntry::header(field).with(section));
        }
        Ok(Self { variables, layout: None, ..Self::of(dataset, name) })
    }

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
            data: None,
        }
    }

    /// Of a file of data that is kept byte for byte, instead of this entry.
    pub(crate) fn kept(&self, bytes: &Dataset) -> Self {
        Self { data: Some(true), modified: self.modified, executable: self.executable, length: self.length, ..Self::of(bytes, &self.name) }
    }

    /// Sections of all its variables.
    pub(crate) fn sections(&self) -> impl Iterator<Item = &SectionEntry> {
        self.variables.iter().flat_map(|variable| &variable.sections)
    }

    /// Bytes that it takes in an index of its own.
    pub(crate) fn cost(&self) -> Result<usize> {
        Index::of(vec![self.clone()]).to_payload().map(|payload| payload.len())
    }

    /// Its dimensions and attributes.
    pub(crate) fn described(&self) -> Result<(Vec<Dimension>, Vec<Attribute>)> {
        let dimensions = self.dimensions.iter().map(Dimension::try_from).collect::<Result<_>>()?;
        Ok((dimensions, self.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?))
    }

    /// Whether it was begun and not ended: it is known in front of its chunks.
    pub(crate) fn is_begun(&self) -> bool {
        self.variables.iter().any(|variable| variable.sections.iter().all(SectionEntry::is_begun))
    }

    /// Says how long a dimension is.
    pub(crate) fn set_length(&mut self, dimension: usize, length: u64) {
        self.dimensions.get_mut(dimension).into_iter().for_each(|dimension| dimension.length = length);
    }

    /// Forgets what was known of the file it came from, which it no longer is.
    pub(crate) fn forget_source(&mut self) {
        (self.layout, self.length, self.modified) = (None, None, None);
    }

    pub(crate) fn is_data(&self) -> bool {
        self.data == Some(true) && source_format(self).is(file::FORMAT)
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
