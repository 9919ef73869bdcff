//! A variable as described in the file, and its values.

use std::borrow::Cow;

use super::chunks::Chunks;
use super::cursor::malformed;
use super::file::File;
use super::members::StoredAttribute;
use super::messages::{Class, Filter, Space, Storage, Type, unsupported};
use crate::error::Result;
use crate::field::{DataType, Values};
use crate::formats::netcdf4::spec::NO_VARIABLE;
use crate::formats::netcdf4::spec::layout::VariableLayout;
use crate::limits::{self, Limits};

/// Bytes of an array of elements of `size` bytes.
pub(super) fn volume(shape: impl IntoIterator<Item = u64>, size: u64) -> u64 {
    shape.into_iter().try_fold(size, |n, d| n.checked_mul(d)).unwrap_or(u64::MAX)
}

/// A dataset as described in the file.
pub(super) struct Variable<'a> {
    /// Path of its group with `/` behind; empty for the root.
    pub(super) group: String,
    /// Path without the mark of a variable that is not a coordinate.
    pub(super) path: String,
    pub(super) address: u64,
    pub(super) data_type: Type,
    pub(super) space: Space,
    pub(super) storage: Storage<'a>,
    pub(super) filters: Vec<Filter>,
    /// Bytes of the fill value; empty if none is set.
    pub(super) fill: &'a [u8],
    pub(super) attributes: Vec<StoredAttribute<'a>>,
}

impl<'a> Variable<'a> {
    pub(super) fn attribute(&self, name: &str) -> Option<&StoredAttribute<'a>> {
        self.attributes.iter().find(|a| a.name == name)
    }

    fn text(&self, name: &str) -> Option<&'a [u8]> {
        self.attribute(name).filter(|a| a.data_type.class == Class::Text).map(|a| a.data.rest())
    }

    pub(super) fn is_scale(&self) -> bool {
        !self.space.extent.is_empty() && self.text("CLASS").is_some_and(|class| class.starts_with(b"DIMENSION_SCALE"))
    }

    pub(super) fn is_dimension_only(&self) -> bool {
        self.is_scale() && self.text("NAME").is_some_and(|name| name.starts_with(NO_VARIABLE.as_bytes()))
    }

    /// The numbers of a hidden integer attribute.
    pub(super) fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let attribute = self.attribute(name)?;
        let Class::Number(data_type) = attribute.data_type.class else { return None };
        let values = decode(data_type, attribute.data_type.big_endian, attribute.data.rest()).ok()?;
        Some((0..values.len()).filter_map(|i| values.get_f64(i)).map(|n| n as i64).collect())
    }

    pub(super) fn layout(&self) -> VariableLayout {
        let deflate = self.filters.iter().find_map(|f| if let Filter::Deflate(level) = f { Some(*level) } else { None });
        VariableLayout {
            name: self.path.clone(),
            chunks: if let Storage::Chunked { chunk, .. } = &self.storage { Some(chunk.clone()) } else { None },
            deflate,
            shuffle: self.filters.contains(&Filter::Shuffle),
            fletcher32: self.filters.contains(&Filter::Fletcher32),
            big_endian: matches!(self.data_type.class, Class::Number(t) if t.size() > 1) && self.data_type.big_endian,
            string: self.is_string(),
            no_fill: self.fill.is_empty(),
            compact: matches!(self.storage, Storage::Compact(_)),
            signed: None,
        }
    }

    fn is_string(&self) -> bool {
        self.data_type.class == Class::String || self.data_type.class == Class::Text && self.data_type.size > 1
    }

    /// The values as stored, in an array of `shape`; what was not written is the fill value.
    pub(super) fn stored(&self, file: &File<'a>, shape: &[usize]) -> Result<Cow<'a, [u8]>> {
        let size = self.data_type.size;
        let length = volume(shape.iter().map(|n| *n as u64), size);
        let whole = self.space.extent.iter().zip(shape).all(|(a, b)| *a == *b as u64);
        match &self.storage {
            Storage::Compact(bytes) if whole => {
                let bytes = usize::try_from(length).ok().and_then(|n| bytes.get(..n));
                bytes.map(Cow::Borrowed).ok_or_else(|| malformed(self.address, format!("{length} bytes of values")))
            }
            Storage::Contiguous(Some(at)) if whole => file.data(if length == 0 { 0 } else { *at }, length),
            Storage::Contiguous(None) | Storage::Chunked { index: None, .. } => self.filled(file, length).map(Cow::Owned),
            Storage::Chunked { chunk, index: Some(index) } => {
                let mut out = self.filled(file, length)?;
                let (extent, most) = (&self.space.extent, &self.space.most);
                let chunks = Chunks { file, chunk, extent, most, shape, size, filters: &self.filters, at: self.address };
                chunks.read(index, &mut out)?;
                Ok(Cow::Owned(out))
            }
            Storage::Virtual => Err(unsupported(&self.path, "values in other datasets (a virtual dataset)")),
            _ => Err(malformed(self.address, "as many values as the dimensions have points")),
        }
    }

    fn filled(&self, file: &File<'a>, length: u64) -> Result<Vec<u8>> {
        let length = Limits::check("a variable", length, file.limits.decoded_bytes)?;
        let mut out = limits::zeros("a variable", length)?;
        let fill = self.fill;
        if fill.len() as u64 == self.data_type.size && fill.iter().any(|b| *b != 0) {
            out.chunks_exact_mut(fill.len()).for_each(|value| value.copy_from_slice(fill));
        }
        Ok(out)
    }
}

pub(super) fn decode(data_type: DataType, big_endian: bool, bytes: &[u8]) -> Result<Values> {
    if big_endian { Values::from_be_bytes(data_type, bytes) } else { Values::from_le_bytes(data_type, bytes) }
}
