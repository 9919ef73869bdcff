//! A variable in the index.

use super::certificate::Certificate;
use super::most::{Most, short_list};
use super::section::SectionEntry;
use super::{AttributeEntry, FileEntry};
use crate::archive::report::VariableReport;
use crate::archive::tiles::{Tiling, product};
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Derived, Field, Missing, Values};
use crate::network::model::ModelId;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// Most dimensions of a variable that are longer than 1: of two more values than 64 bits count.
const MOST_LONG: usize = 64;

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
    /// What yields the values instead of chunks.
    #[n(5)]
    derived: Option<DerivedEntry>,
    /// In order, along the first dimension.
    #[cbor(n(6), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) sections: Vec<SectionEntry>,
}

/// A section, and how its values lie in the array.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Section<'a> {
    pub(crate) entry: &'a SectionEntry,
    pub(crate) tiling: Tiling,
}

impl Section<'_> {
    /// Chunks that it has: none where values are derived.
    pub(crate) fn count(&self, variable: &VariableEntry) -> usize {
        if variable.derived.is_some() { 0 } else { self.tiling.chunks() }
    }
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

impl VariableEntry {
    /// What is known before its chunks are.
    pub(crate) fn header(field: &Field) -> Self {
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type() as u8,
            dimensions: field.dimensions.iter().map(|d| *d as u32).collect(),
            attributes: field.attributes.iter().map(Into::into).collect(),
            missing_patterns: if let Missing::Patterns(p) = &field.missing { p.clone() } else { Vec::new() },
            derived: field.derived.as_ref().map(Into::into),
            sections: Vec::new(),
        }
    }

    /// The same with these sections.
    pub(crate) fn with(self, sections: impl IntoIterator<Item = SectionEntry>) -> Self {
        Self { sections: sections.into_iter().collect(), ..self }
    }

    /// Its sections, each with its place in an array of that shape.
    pub(crate) fn sections(&self, shape: &[usize]) -> Result<Vec<Section<'_>>> {
        let wrong = || Error::corrupt(format_args!("the sections of variable {:?} do not make it up", self.name));
        let named = self.sections.iter().try_fold(0u64, |sum, section| sum.checked_add(section.length.unwrap_or(0))).ok_or_else(wrong)?;
        let (first, rest) = shape.split_first().map_or((1, [].as_slice()), |(first, rest)| (*first, rest));
        let left = (first as u64).checked_sub(named).ok_or_else(wrong)?;
        // A tiling is the same without dimensions of length 1, and of others there are few unless an array has more values than can be counted, or none.
        let rest: Vec<usize> = rest.iter().copied().filter(|length| *length != 1).collect();
        if product(shape) == usize::MAX || rest.len() > MOST_LONG {
            return Err(Error::corrupt(format_args!("variable {:?} has too many dimensions", self.name)));
        }
        let (mut start, mut unnamed, mut sections) = (0, 0, Vec::new());
        for entry in &self.sections {
            let length = entry.length.map_or(left, |length| length) as usize;
            unnamed += usize::from(entry.length.is_none());
            // A single value has no dimension to be cut along.
            let tiling = if shape.is_empty() { entry.tiling(start, shape) } else { entry.tiling(start, &[&[length], rest.as_slice()].concat()) };
            let section = Section { entry, tiling: tiling? };
            start = start.saturating_add(section.tiling.values());
            sections.push(section);
        }
        if unnamed == 1 || unnamed == 0 && left == 0 && !sections.is_empty() { Ok(sections) } else { Err(wrong()) }
    }

    /// Of one that was begun in a file: how a section of it is cut, how many chunks that has, and how long it is along the first dimension, if the variable grows.
    pub(crate) fn begun(&self, file: &FileEntry) -> Result<(Tiling, usize, Option<usize>)> {
        let mut section = self.sections.first().cloned().unwrap_or_default();
        let length = section.length.take().map(|length| usize::try_from(length).map_err(|_| Error::corrupt("a section is longer than memory"))).transpose()?;
        let mut shape = self.shape(file)?;
        if let (Some(length), Some(first)) = (length, shape.first_mut()) {
            *first = length;
        }
        let only = self.clone().with([section]);
        let sections = only.sections(&shape)?;
        let section = sections.first().ok_or_else(|| Error::corrupt("a variable is begun without a section"))?;
        Ok((section.tiling, section.count(&only), length))
    }

    /// Of that shape, without values.
    pub(crate) fn blank(&self, shape: &[usize]) -> Result<Field> {
        Ok(Field {
            name: self.name.clone(),
            dimensions: self.dimensions.iter().map(|d| *d as usize).collect(),
            shape: shape.to_vec(),
            values: Values::empty(self.data_type()?),
            attributes: self.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?,
            missing: self.missing(),
            derived: self.derived(),
        })
    }

    /// The network that chunks of it take, by hash.
    pub(crate) fn models(&self) -> impl Iterator<Item = u64> {
        self.sections.iter().filter_map(|section| section.model)
    }

    /// Adds what was written of it later, which has so many along the first dimension of which there were `before`.
    pub(crate) fn append(&mut self, before: u64, later: Self, length: u64) {
        let named: u64 = self.sections.iter().filter_map(|section| section.length).sum();
        for section in self.sections.iter_mut().filter(|section| section.length.is_none()) {
            section.length = Some(before - named);
        }
        self.sections.extend(later.sections);
        if let Some(last) = self.sections.last_mut() {
            last.length = Some(length);
        }
    }

    pub(crate) fn data_type(&self) -> Result<DataType> {
        DataType::from_number(self.data_type).ok_or_else(|| Error::later(format_args!("data type {}", self.data_type)))
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

    pub(crate) fn report(&self, file: &FileEntry) -> Result<VariableReport> {
        let (shape, data_type) = (self.shape(file)?, self.data_type()?);
        let certificate = Certificate::of(self.sections.iter().map(|section| &section.certificate))
            .ok_or_else(|| Error::corrupt(format_args!("variable {:?} has no section", self.name)))?;
        Ok(VariableReport {
            name: self.name.clone(),
            data_type,
            raw_bytes: shape.iter().fold(data_type.size() as u64, |n, d| n.saturating_mul(*d as u64)),
            shape,
            archive_bytes: self.sections.iter().map(SectionEntry::frame_bytes).fold(0, u64::saturating_add),
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
            model: self.models().next().map(ModelId),
            level: None,
            base: None,
            coarse: None,
            unmet: None,
            suspects: Vec::new(),
        })
    }
}
