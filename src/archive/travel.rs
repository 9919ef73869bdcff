//! A dataset without its values, as bytes: how it goes to a module that shares no memory with this one, as those of a page do not. Its values follow, variable
//! by variable.

use super::index::{AttributeEntry, DerivedEntry, FileEntry, Limited, Most, source_format};
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Field, Missing, Values};
use crate::wire::Reader;
use minicbor::{Decode, Encode};

#[derive(Debug, Encode, Decode)]
#[cbor(array, context_bound = "Most")]
struct Header {
    #[n(0)]
    file: FileEntry,
    #[n(1)]
    fields: Vec<FieldEntry>,
}

#[derive(Debug, Encode, Decode)]
#[cbor(array)]
struct FieldEntry {
    #[n(0)]
    name: String,
    #[n(1)]
    data_type: u8,
    #[n(2)]
    dimensions: Vec<u32>,
    #[n(3)]
    shape: Vec<u64>,
    #[n(4)]
    attributes: Vec<AttributeEntry>,
    /// None where only values that are not finite are missing.
    #[n(5)]
    missing: Option<Vec<u64>>,
    #[n(6)]
    derived: Option<DerivedEntry>,
}

/// All but the values.
///
/// # Errors
/// None is expected; [`Error::Corrupt`] would be a bug.
pub fn header_to_bytes(dataset: &Dataset) -> Result<Vec<u8>> {
    let header = Header { file: FileEntry::of(dataset, ""), fields: dataset.fields.iter().map(FieldEntry::from).collect() };
    minicbor::to_vec(header).map_err(|e| Error::corrupt(format_args!("a header could not be written: {e}")))
}

/// The dataset of [`header_to_bytes`], whose fields have no values yet.
///
/// # Errors
/// [`Error::Corrupt`] when the bytes are none of ours.
pub fn header_from_bytes(bytes: &[u8]) -> Result<Dataset> {
    let mut unlimited = Limited::NONE;
    let Header { file, fields } = minicbor::decode_with(bytes, &mut unlimited).map_err(|e| Error::corrupt(format_args!("a header is not valid: {e}")))?;
    Ok(Dataset {
        format: source_format(&file),
        dimensions: file.dimensions.iter().map(TryInto::try_into).collect::<Result<_>>()?,
        attributes: file.attributes.iter().map(TryInto::try_into).collect::<Result<_>>()?,
        fields: fields.into_iter().map(TryInto::try_into).collect::<Result<_>>()?,
        layout: file.layout.map(Into::into).unwrap_or_default(),
    })
}

/// A type and little-endian values.
#[must_use]
pub fn values_to_bytes(values: &Values) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + values.byte_len());
    put_values(&mut bytes, values);
    bytes
}

/// The values of [`values_to_bytes`].
///
/// # Errors
/// [`Error::Corrupt`] when there is no such type.
pub fn values_from_bytes(bytes: &[u8]) -> Result<Values> {
    values(&mut Reader::new(bytes))
}

/// Appends values, which take up the rest.
pub(super) fn put_values(out: &mut Vec<u8>, values: &Values) {
    out.push(values.data_type() as u8);
    values.put_le_bytes(out);
}

pub(super) fn values(reader: &mut Reader<'_>) -> Result<Values> {
    Values::from_le_bytes(data_type(reader)?, reader.rest())
}

pub(super) fn data_type(reader: &mut Reader<'_>) -> Result<DataType> {
    let number = reader.u8()?;
    DataType::from_number(number).ok_or_else(|| Error::corrupt(format_args!("there is no type {number}")))
}

impl From<&Field> for FieldEntry {
    fn from(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type() as u8,
            dimensions: field.dimensions.iter().map(|d| *d as u32).collect(),
            shape: field.shape.iter().map(|n| *n as u64).collect(),
            attributes: field.attributes.iter().map(Into::into).collect(),
            missing: if let Missing::Patterns(patterns) = &field.missing { Some(patterns.clone()) } else { None },
            derived: field.derived.as_ref().map(Into::into),
        }
    }
}

impl TryFrom<FieldEntry> for Field {
    type Error = Error;

    fn try_from(entry: FieldEntry) -> Result<Self> {
        let data_type = DataType::from_number(entry.data_type).ok_or_else(|| Error::corrupt(format_args!("there is no type {}", entry.data_type)))?;
        let length = |n: u64| usize::try_from(n).map_err(|_| Error::corrupt("a dimension is longer than memory"));
        Ok(Self {
            name: entry.name,
            dimensions: entry.dimensions.iter().map(|d| *d as usize).collect(),
            shape: entry.shape.into_iter().map(length).collect::<Result<_>>()?,
            values: Values::empty(data_type),
            attributes: entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?,
            missing: entry.missing.map_or(Missing::NonFinite, Missing::Patterns),
            derived: entry.derived.as_ref().map(Into::into),
        })
    }
}
