//! A variable and how its bytes are cut.

use super::fill::default_fill;
use super::layout::padded;
use super::sign::stored_type;
use crate::error::{Error, Result};
use crate::field::{Dataset, Field, Values};

pub(super) fn invalid(what: String) -> Error {
    Error::InvalidArgument { what }
}

pub(super) fn no_room(what: &str) -> Error {
    Error::Unsupported { what: format!("{what} in NetCDF-3"), advice: "write the arrays as NPY".to_owned() }
}

/// A variable and how its bytes are cut.
pub(crate) struct Part<'a> {
    pub(crate) field: &'a Field,
    /// Whether the first dimension is the record dimension.
    pub(crate) record: bool,
    /// Values of one record, or of the whole when there are no records.
    pub(crate) count: usize,
    /// The same in bytes, without padding.
    pub(crate) chunk: u64,
}

impl<'a> Part<'a> {
    pub(super) fn new(dataset: &Dataset, field: &'a Field, record: Option<usize>) -> Result<Self> {
        let lengths: Option<Vec<usize>> = field.dimensions.iter().map(|id| dataset.dimensions.get(*id).map(|d| d.length)).collect();
        let is_record = record.is_some() && field.dimensions.first().copied() == record;
        let inner = field.shape.get(usize::from(is_record)..).unwrap_or_default();
        let count = inner.iter().try_fold(1usize, |n, d| n.checked_mul(*d));
        let chunk = count.and_then(|n| (n as u64).checked_mul(field.values.data_type().size() as u64)).filter(|n| i64::try_from(*n).is_ok());
        let whole = if is_record { field.shape.first().zip(count).and_then(|(n, count)| n.checked_mul(count)) } else { count };
        let (Some(count), Some(chunk), true) = (count, chunk, whole.is_some() && lengths.as_ref() == Some(&field.shape)) else {
            return Err(unlike(field));
        };
        if field.dimensions.iter().skip(1).any(|id| Some(*id) == record) {
            return Err(no_room("an unlimited dimension, or one of length 0, that is not the first of its variable"));
        }
        Ok(Self { field, record: is_record, count, chunk })
    }

    /// Bytes with padding.
    pub(crate) fn size(&self) -> Result<u64> {
        padded(self.chunk).ok_or_else(too_large)
    }

    /// The variable's own fill value, else that of its type, big-endian, repeated over the longest gap.
    pub(crate) fn padding(&self) -> [u8; 4] {
        let stored = stored_type(self.field);
        let own = self.field.attribute("_FillValue").filter(|v| v.data_type() == stored && v.len() == 1);
        match own.unwrap_or(&default_fill(stored)) {
            Values::I8(v) => [v.first().copied().unwrap_or_default().cast_unsigned(); 4],
            Values::U8(v) | Values::Char(v) => [v.first().copied().unwrap_or_default(); 4],
            Values::I16(v) => twice(v.first().copied().unwrap_or_default().to_be_bytes()),
            Values::U16(v) => twice(v.first().copied().unwrap_or_default().to_be_bytes()),
            _ => [0; 4],
        }
    }
}

pub(crate) fn unlike(field: &Field) -> Error {
    invalid(format!("the variable {:?} of shape {:?} does not match its dimensions or its values", field.name, field.shape))
}

const fn twice([a, b]: [u8; 2]) -> [u8; 4] {
    [a, b, a, b]
}

pub(crate) fn too_large() -> Error {
    no_room("more bytes than offsets can count")
}
