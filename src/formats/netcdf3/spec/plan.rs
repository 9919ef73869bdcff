//! Where everything lies in a file as the NetCDF C library lays it out: header, fixed variables in order, then the records, everything aligned to four bytes and gaps
//! filled with the variable's fill value.

use std::collections::BTreeSet;

use super::header::header;
use super::layout::{FORMAT, MAX_COUNT, MAX_SIZE, code, padded, version};
use super::part::{Part, invalid, no_room, too_large};
use super::sign::stored_type;
use crate::error::Result;
use crate::field::{Attribute, Dataset, Dimension, Values};
use crate::formats::input::Input;

/// The unlimited dimension, or the one of length 0, which NetCDF cannot tell from it.
fn record_dimension(dimensions: &[Dimension]) -> Result<Option<usize>> {
    let mut open = dimensions.iter().enumerate().filter(|(_, d)| d.unlimited || d.length == 0);
    let first = open.next().map(|(i, _)| i);
    if open.next().is_some() {
        return Err(no_room("more than one dimension that is unlimited or of length 0"));
    }
    Ok(first)
}

/// Names must be legal and unique. Files that exist may bend the rule for the first character, so it binds only new ones.
fn check_names(dataset: &Dataset) -> Result<()> {
    let strict = !dataset.format.is(FORMAT);
    let attributes = |list: &[Attribute]| check_list(list.iter().map(|a| a.name.as_str()), "attribute", strict);
    check_list(dataset.dimensions.iter().map(|d| d.name.as_str()), "dimension", strict)?;
    check_list(dataset.fields.iter().map(|f| f.name.as_str()), "variable", strict)?;
    attributes(&dataset.attributes)?;
    dataset.fields.iter().try_for_each(|f| attributes(&f.attributes))
}

fn check_list<'a>(names: impl Iterator<Item = &'a str>, what: &str, strict: bool) -> Result<()> {
    let mut taken = BTreeSet::new();
    for name in names {
        let first = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii());
        if name.is_empty() || name.contains(|c: char| c == '/' || c.is_ascii_control()) || strict && (!first || name.ends_with(' ')) {
            return Err(invalid(format!(
                "NetCDF does not allow the {what} name {name:?}: begin it with a letter, digit or _, without / and control characters"
            )));
        }
        if !taken.insert(name) {
            return Err(invalid(format!("the {what} name {name:?} is taken twice; rename one")));
        }
    }
    Ok(())
}

/// A whole file but for the values.
pub(crate) struct Plan<'a> {
    pub(crate) parts: Vec<Part<'a>>,
    pub(crate) records: usize,
    pub(crate) layout: Layout,
}

impl<'a> Plan<'a> {
    /// In the version of the source if that can say everything.
    pub(crate) fn new(dataset: &'a Dataset) -> Result<Self> {
        let record = record_dimension(&dataset.dimensions)?;
        check_names(dataset)?;
        let parts = dataset.fields.iter().map(|field| Part::new(dataset, field, record)).collect::<Result<Vec<_>>>()?;
        let records = record.and_then(|r| dataset.dimensions.get(r)).map_or(0, |d| d.length);
        let preferred = version(dataset.format).filter(|version| matches!(version, 1 | 2 | 5)).unwrap_or(2);
        for version in [preferred, 2] {
            let layout = Layout::new(dataset, &parts, record, records, version)?;
            if layout.fits(dataset, &parts) {
                return Ok(Self { parts, records, layout });
            }
        }
        let layout = Layout::new(dataset, &parts, record, records, 5)?;
        Ok(Self { parts, records, layout })
    }

    /// Whether header, length and gaps are these; the header tells where the values stand.
    pub(crate) fn matches(&self, input: &Input<'_>) -> Result<bool> {
        let header = &self.layout.header;
        if input.length() != self.layout.end || input.start(header.len() as u64)? != *header {
            return Ok(false);
        }
        for (part, begin) in self.parts.iter().zip(&self.layout.begins) {
            if !self.gaps_match(part, *begin, input)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn gaps_match(&self, part: &Part<'_>, begin: u64, input: &Input<'_>) -> Result<bool> {
        let padding = part.padding();
        let length = padded(part.chunk).map_or(0, |padded| padded - part.chunk);
        let expected = padding.get(..length as usize).unwrap_or_default();
        let (count, distance) = if part.record { (self.records as u64, self.layout.stride) } else { (1, 0) };
        // The format's exception: a lone record variable is not padded, so that its records follow each other without a gap.
        if length == 0 || part.record && distance == part.chunk {
            return Ok(true);
        }
        for record in 0..count {
            if input.values(begin + part.chunk + record * distance, length)?.is_none_or(|gap| gap != expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Where everything lies in a file of one version.
pub(crate) struct Layout {
    version: u8,
    pub(crate) header: Vec<u8>,
    /// Offset of each variable, in the order of the dataset.
    begins: Vec<u64>,
    /// Bytes from one record to the next.
    stride: u64,
    /// Length of the file.
    pub(crate) end: u64,
}

impl Layout {
    fn new(dataset: &Dataset, parts: &[Part<'_>], record: Option<usize>, records: usize, version: u8) -> Result<Self> {
        // The header is as long whatever the offsets in it say.
        let begins = vec![0; parts.len()];
        let length = header(version, dataset, parts, (record, records), &begins)?.len() as u64;
        let (begins, stride, end) = place(parts, length, records as u64).ok_or_else(too_large)?;
        let header = header(version, dataset, parts, (record, records), &begins)?;
        Ok(Self { version, header, begins, stride, end })
    }

    /// Whether this version can say all that.
    fn fits(&self, dataset: &Dataset, parts: &[Part<'_>]) -> bool {
        let attributes = dataset.attributes.iter().chain(parts.iter().flat_map(|p| &p.field.attributes));
        let attributes: Vec<&Values> = attributes.map(|a| &a.value).collect();
        let types = attributes.iter().map(|v| v.data_type()).chain(parts.iter().map(|p| stored_type(p.field))).all(|t| code(t) <= 6);
        let lengths = dataset.dimensions.iter().map(|d| d.length).chain(attributes.iter().map(|v| v.len())).all(|n| n as u64 <= MAX_COUNT);
        // Only the last variable of the file may exceed vsize.
        let mut sizes = parts.iter().filter(|p| p.record).rev().chain(parts.iter().filter(|p| !p.record).rev()).map(|p| p.chunk);
        sizes.next();
        let offsets = self.version != 1 || self.begins.iter().all(|b| *b <= MAX_COUNT);
        self.version == 5 || types && lengths && offsets && sizes.all(|s| s <= MAX_SIZE)
    }
}

/// Offsets of the variables, bytes from one record to the next, and the length of the file.
fn place(parts: &[Part<'_>], header: u64, records: u64) -> Option<(Vec<u64>, u64, u64)> {
    let mut begins = vec![0; parts.len()];
    let mut at = header;
    for (begin, part) in begins.iter_mut().zip(parts).filter(|(_, p)| !p.record) {
        *begin = at;
        at = at.checked_add(padded(part.chunk)?)?;
    }
    let first = at;
    for (begin, part) in begins.iter_mut().zip(parts).filter(|(_, p)| p.record) {
        *begin = at;
        at = at.checked_add(padded(part.chunk)?)?;
    }
    let mut of_records = parts.iter().filter(|p| p.record);
    let stride = match (of_records.next(), of_records.next()) {
        (Some(lone), None) => lone.chunk,
        _ => at - first,
    };
    let end = stride.checked_mul(records)?.checked_add(first).filter(|n| i64::try_from(*n).is_ok())?;
    Some((begins, stride, end))
}
