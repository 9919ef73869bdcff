//! What a header says: dimensions, attributes, variables, and where their values stand.
//!
//! Every count is checked against the bytes that are left before anything is allocated for it, and the values of no two variables may overlap, so what is
//! read never exceeds the file. Deliberately absent: the header's `vsize` fields, which are redundant and wrong in old large files.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::fill::missing_rule;
use super::layout::{TAG_ATTRIBUTE, TAG_DIMENSION, TAG_VARIABLE, TYPES, padded};
use super::sign::given_type;
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dimension, Field, Values};
use crate::formats::input::Input;
use crate::limits::Limits;

/// What the header says.
pub(crate) struct Contents {
    pub(crate) version: u8,
    pub(crate) dimensions: Vec<Dimension>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) records: Records,
    pub(crate) header_bytes: u64,
}

impl Contents {
    pub(crate) fn parse(input: &Input<'_>, limits: &Limits) -> Result<Self> {
        let version = input.start(4)?.get(3).copied().unwrap_or_default();
        let mut header = Header { input, at: 4, wide: version == 5, version, items: 0, limits };
        let declared = header.record_count()?;
        let mut dimensions = header.dimensions()?;
        let attributes = header.attributes()?;
        let variables = header.variables(&dimensions)?;
        let records = Records::new(&variables, declared, input.length(), header.at)?;
        check_extents(&variables, &records, &header)?;
        for dimension in dimensions.iter_mut().filter(|d| d.unlimited) {
            dimension.length = Limits::check("the record dimension", records.count, isize::MAX as u64)?;
        }
        Ok(Self { version, dimensions, attributes, variables, records, header_bytes: header.at })
    }
}

/// Where the values of a variable stand: equally long stretches at equal distances.
pub(crate) struct Stretches {
    begin: u64,
    length: u64,
    distance: u64,
    count: u64,
}

impl Stretches {
    /// Offset and length of each.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.count).map(|i| (self.begin.saturating_add(i.saturating_mul(self.distance)), self.length))
    }
}

fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "NetCDF", offset, expected: expected.into() }
}

/// A cursor over the header.
struct Header<'a> {
    input: &'a Input<'a>,
    /// Offset of the next byte.
    at: u64,
    /// Whether counts have 8 bytes (version 5).
    wide: bool,
    version: u8,
    /// Attributes met so far.
    items: u64,
    limits: &'a Limits,
}

impl<'a> Header<'a> {
    fn remaining(&self) -> u64 {
        self.input.length().saturating_sub(self.at)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        let end = self.at.saturating_add(length);
        if length > self.remaining() {
            return Err(malformed(self.at, format!("{length} more bytes of header")));
        }
        Limits::check("the header", end, self.limits.metadata_bytes)?;
        let taken = self.peek(length)?;
        self.at = end;
        Ok(taken)
    }

    fn peek(&self, length: u64) -> Result<&'a [u8]> {
        self.input.metadata(self.at, length)?.ok_or_else(|| malformed(self.at, format!("{length} more bytes")))
    }

    fn take_padded(&mut self, length: u64) -> Result<&'a [u8]> {
        let all = self.take(padded(length).unwrap_or(u64::MAX))?;
        Ok(all.get(..length as usize).unwrap_or_default())
    }

    /// A big-endian number of `N` bytes.
    fn number<const N: usize>(&mut self) -> Result<u64> {
        Ok(self.take(N as u64)?.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// A count or length: 31 bits, in version 5 63 bits.
    fn count(&mut self) -> Result<u64> {
        let at = self.at;
        let (n, sign) = if self.wide { (self.number::<8>()?, 63) } else { (self.number::<4>()?, 31) };
        if n >> sign == 0 { Ok(n) } else { Err(malformed(at, "a length that is not negative")) }
    }

    /// Number of records; none when the file was written as a stream and does not say.
    fn record_count(&mut self) -> Result<Option<u64>> {
        let streaming = if self.wide { [0xff; 8].as_slice() } else { &[0xff; 4] };
        if self.peek(streaming.len() as u64)? == streaming {
            self.take(streaming.len() as u64)?;
            return Ok(None);
        }
        self.count().map(Some)
    }

    /// Length of a list; `smallest` is the least number of bytes one entry takes.
    fn list(&mut self, tag: u32, smallest: u64, what: &'static str) -> Result<u64> {
        let at = self.at;
        let found = self.number::<4>()?;
        let count = self.count()?;
        if found != u64::from(tag) && (found, count) != (0, 0) {
            return Err(malformed(at, format!("list tag {tag} or an empty list")));
        }
        if count > self.remaining() / smallest {
            return Err(malformed(at, format!("room in the file for {count} {what}")));
        }
        Limits::check(what, count, self.limits.items)?;
        Ok(count)
    }

    /// A name that is new in `taken`.
    fn name(&mut self, taken: &mut BTreeSet<&'a str>) -> Result<String> {
        let at = self.at;
        let length = self.count()?;
        // Old libraries counted the zeros that end a name; the C library stops at the first.
        let name = core::str::from_utf8(self.take_padded(length)?).map_err(|_| malformed(at, "a name in UTF-8"))?.trim_end_matches('\0');
        if name.is_empty() || name.contains(|c: char| c == '/' || c.is_ascii_control()) {
            return Err(malformed(at, "a name of at least one character, without / and control characters"));
        }
        if taken.insert(name) { Ok(name.to_owned()) } else { Err(malformed(at, format!("a name other than {name:?}, which is taken"))) }
    }

    fn data_type(&mut self) -> Result<DataType> {
        let at = self.at;
        let code = self.number::<4>()?;
        let known = if self.wide { 11 } else { 6 };
        let index = code.checked_sub(1).filter(|i| *i < known).and_then(|i| usize::try_from(i).ok());
        index.and_then(|i| TYPES.get(i).copied()).ok_or_else(|| malformed(at, format!("a type code from 1 to {known}")))
    }

    fn dimensions(&mut self) -> Result<Vec<Dimension>> {
        let mut taken = BTreeSet::new();
        let mut dimensions: Vec<Dimension> = Vec::new();
        for _ in 0..self.list(TAG_DIMENSION, 12, "dimensions")? {
            let name = self.name(&mut taken)?;
            let at = self.at;
            let length = Limits::check("a dimension", self.count()?, isize::MAX as u64)?;
            if length == 0 && dimensions.iter().any(|d| d.unlimited) {
                return Err(malformed(at, "at most one dimension of length 0, the record dimension"));
            }
            dimensions.push(Dimension { name, length, unlimited: length == 0 });
        }
        Ok(dimensions)
    }

    fn attributes(&mut self) -> Result<Vec<Attribute>> {
        let mut taken = BTreeSet::new();
        let count = self.list(TAG_ATTRIBUTE, 16, "attributes")?;
        self.items = self.items.saturating_add(count);
        Limits::check("attributes", self.items, self.limits.items)?;
        let mut attributes = Vec::new();
        for _ in 0..count {
            let name = self.name(&mut taken)?;
            let data_type = self.data_type()?;
            let length = self.count()?.checked_mul(data_type.size() as u64);
            attributes.push(Attribute { name, value: Values::from_be_bytes(data_type, self.take_padded(length.unwrap_or(u64::MAX))?)? });
        }
        Ok(attributes)
    }

    fn variables(&mut self, dimensions: &[Dimension]) -> Result<Vec<Variable>> {
        let mut taken = BTreeSet::new();
        let mut variables = Vec::new();
        for _ in 0..self.list(TAG_VARIABLE, 36, "variables")? {
            variables.push(self.variable(dimensions, &mut taken)?);
        }
        Ok(variables)
    }

    fn variable(&mut self, all: &[Dimension], taken: &mut BTreeSet<&'a str>) -> Result<Variable> {
        let name = self.name(taken)?;
        let at = self.at;
        let dimensions = self.dimension_ids()?;
        let (record, points) = extent(all, &dimensions).map_err(|expected| malformed(at, expected))?;
        let attributes = self.attributes()?;
        let data_type = self.data_type()?;
        let chunk = points.checked_mul(data_type.size() as u64).filter(|n| i64::try_from(*n).is_ok());
        let chunk = chunk.ok_or_else(|| malformed(at, "a variable that fits a file"))?;
        // vsize, an unsigned number even where counts are signed.
        self.take(if self.wide { 8 } else { 4 })?;
        let at = self.at;
        let begin = if self.version == 1 { self.number::<4>()? } else { self.number::<8>()? };
        Ok(Variable { name, dimensions, attributes, data_type, record, chunk, begin, at })
    }

    fn dimension_ids(&mut self) -> Result<Vec<usize>> {
        let width = if self.wide { 8 } else { 4 };
        let at = self.at;
        let rank = self.count()?;
        if rank > self.remaining() / width {
            return Err(malformed(at, format!("room in the file for {rank} dimension numbers")));
        }
        Limits::check("dimensions of one variable", rank, self.limits.items)?;
        (0..rank).map(|_| self.count().and_then(|id| Limits::check("a dimension number", id, isize::MAX as u64))).collect()
    }
}

/// Whether the dimensions start with the record dimension, and the number of points in the others; what should have stood there otherwise.
fn extent(all: &[Dimension], ids: &[usize]) -> core::result::Result<(bool, u64), &'static str> {
    let used = ids.iter().map(|id| all.get(*id).ok_or("the number of an existing dimension")).collect::<core::result::Result<Vec<_>, _>>()?;
    let record = used.first().is_some_and(|d| d.unlimited);
    let inner = used.get(usize::from(record)..).unwrap_or_default();
    if inner.iter().any(|d| d.unlimited) {
        return Err("the record dimension in first place only");
    }
    let points = inner.iter().try_fold(1u64, |n, d| n.checked_mul(d.length as u64));
    Ok((record, points.ok_or("a variable that fits a file")?))
}

/// One entry of the variable list.
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) dimensions: Vec<usize>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) data_type: DataType,
    /// Whether the first dimension is the record dimension.
    record: bool,
    /// Bytes without padding: of one record, or of the whole when there are no records.
    chunk: u64,
    /// Offset of the first value.
    begin: u64,
    /// Where `begin` stands in the header.
    at: u64,
}

impl Variable {
    fn byte_len(&self, records: &Records) -> Option<u64> {
        if self.record { self.chunk.checked_mul(records.count) } else { Some(self.chunk) }
    }

    /// Where its values stand: nowhere when there are none, however many records that takes.
    pub(crate) const fn stretches(&self, records: &Records) -> Stretches {
        let count = match (self.chunk, self.record) {
            (0, _) => 0,
            (_, true) => records.count,
            (_, false) => 1,
        };
        Stretches { begin: self.begin, length: self.chunk, distance: records.stride, count }
    }

    /// What it occupies in the file, in the first record only.
    fn extent(&self) -> Extent<'_> {
        Extent { begin: self.begin, length: Some(self.chunk), name: &self.name, at: self.at }
    }

    /// The bytes of all values, one after the other: a copy only where records of several variables take turns.
    pub(crate) fn stored<'a>(&self, input: &'a Input<'_>, records: &Records) -> Result<Cow<'a, [u8]>> {
        let read = |at: u64, length: u64| input.values(at, length)?.ok_or_else(|| malformed(at, format!("{length} more bytes")));
        let length = self.byte_len(records).unwrap_or(u64::MAX);
        if length == 0 || !self.record || records.count == 1 || records.stride == self.chunk {
            return read(if length == 0 { 0 } else { self.begin }, length);
        }
        let mut gathered = Vec::with_capacity(Limits::check("a variable", length, input.length())?);
        for record in 0..records.count {
            gathered.extend_from_slice(&read(self.begin.saturating_add(record.saturating_mul(records.stride)), self.chunk)?);
        }
        Ok(Cow::Owned(gathered))
    }

    /// The type of its numbers.
    pub(crate) fn given_type(&self) -> DataType {
        given_type(self.data_type, &self.attributes)
    }

    /// Without values.
    pub(crate) fn field(&self, all: &[Dimension]) -> Field {
        Field {
            name: self.name.clone(),
            dimensions: self.dimensions.clone(),
            shape: self.dimensions.iter().filter_map(|id| all.get(*id)).map(|d| d.length).collect(),
            values: Values::empty(self.given_type()),
            attributes: self.attributes.clone(),
            missing: missing_rule(self.data_type, &self.attributes),
            derived: None,
        }
    }
}

/// How records lie in the file.
pub(crate) struct Records {
    count: u64,
    /// Bytes from one record to the next.
    stride: u64,
    /// Offset of the first one.
    begin: u64,
}

impl Records {
    /// `declared` is none for a file written as a stream: then as many records as the file holds.
    fn new(variables: &[Variable], declared: Option<u64>, file: u64, at: u64) -> Result<Self> {
        let sizes: Vec<u64> = variables.iter().filter(|v| v.record).map(|v| v.chunk).collect();
        let stride = match sizes.as_slice() {
            // The format's exception: a lone record variable is not padded.
            [chunk] => Some(*chunk),
            all => all.iter().try_fold(0u64, |sum, chunk| sum.checked_add(padded(*chunk)?)),
        };
        let stride = stride.ok_or_else(|| malformed(at, "records that fit a file"))?;
        let begin = variables.iter().filter(|v| v.record).map(|v| v.begin).min().unwrap_or(file);
        let held = file.saturating_sub(begin).checked_div(stride).unwrap_or(0);
        Ok(Self { count: declared.unwrap_or(held), stride, begin })
    }
}

/// A stretch of the file that one variable, or all records together, occupy.
struct Extent<'a> {
    begin: u64,
    length: Option<u64>,
    name: &'a str,
    at: u64,
}

impl Extent<'_> {
    fn end(&self) -> u64 {
        self.length.and_then(|n| self.begin.checked_add(n)).unwrap_or(u64::MAX)
    }
}

/// Checks that all values lie behind the header, in the file, and apart from each other.
fn check_extents(variables: &[Variable], records: &Records, header: &Header<'_>) -> Result<()> {
    let file = header.input.length();
    let mut apart: Vec<Extent<'_>> = variables.iter().filter(|v| !v.record).map(Variable::extent).collect();
    if records.count > 0 {
        let mut first: Vec<Extent<'_>> = variables.iter().filter(|v| v.record).map(Variable::extent).collect();
        check_apart(&mut first, records.begin, records.begin.saturating_add(records.stride))?;
        if let Some(last) = first.last() {
            let length = (records.count - 1).checked_mul(records.stride).and_then(|n| n.checked_add(last.end().saturating_sub(records.begin)));
            apart.push(Extent { begin: records.begin, length, name: "the records", at: last.at });
        }
    }
    check_apart(&mut apart, header.at, file)
}

fn check_apart(extents: &mut [Extent<'_>], from: u64, to: u64) -> Result<()> {
    extents.sort_by_key(|e| e.begin);
    let mut free = from;
    for extent in extents.iter() {
        if extent.begin < free || extent.end() > to {
            let name = extent.name;
            return Err(malformed(extent.at, format!("the data of {name} between bytes {free} and {to}, found {} to {}", extent.begin, extent.end())));
        }
        free = extent.end();
    }
    Ok(())
}
