//! NetCDF classic files as the NetCDF C library lays them out: header, fixed variables in order, then the records, everything aligned to four bytes and gaps
//! filled with the variable's fill value. A file written in one go by that library comes back byte for byte; one that lies otherwise does so in the frame that
//! its reader kept in [`Dataset::layout`].

use std::collections::BTreeSet;

use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, Field, SourceFormat, Values, with_values};
use crate::limits::Limits;
use crate::readers::frame::Frame;
use crate::readers::input::Input;
use crate::readers::netcdf::{Contents, TAG_ATTRIBUTE, TAG_DIMENSION, TAG_VARIABLE, TYPES, Variable, padded};

/// Largest number that a signed field of four bytes holds.
const MAX_COUNT: u64 = i32::MAX as u64;
/// Largest `vsize` before version 5; larger ones are written as all ones.
const MAX_SIZE: u64 = u32::MAX as u64 - 3;

/// Writes a whole file.
pub(super) fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    match framed(dataset) {
        Some(file) => Ok(file),
        None => Plan::new(dataset)?.file(dataset),
    }
}

/// The file in the frame that the reader kept; none when there is none, or it says other things than the dataset.
fn framed(dataset: &Dataset) -> Option<Vec<u8>> {
    if dataset.layout.is_empty() || !matches!(dataset.format, SourceFormat::NetCdf3 { .. }) {
        return None;
    }
    let total = dataset.fields.iter().map(|f| f.values.byte_len() as u64).sum();
    let mut file = Frame::decode(&dataset.layout, total)?.file()?;
    let Contents { dimensions, attributes, variables, records, .. } = Contents::parse(&Input::from(file.as_slice()), &Limits::default()).ok()?;
    let same =
        |v: &Variable, f: &Field| v.name == f.name && v.dimensions == f.dimensions && v.attributes == f.attributes && v.data_type == f.values.data_type();
    let fields = &dataset.fields;
    let same_fields = variables.len() == fields.len() && variables.iter().zip(fields).all(|(v, f)| same(v, f));
    if dimensions != dataset.dimensions || attributes != dataset.attributes || !same_fields {
        return None;
    }
    for (variable, field) in variables.iter().zip(fields) {
        let mut written = 0;
        for (at, length) in variable.stretches(&records).all() {
            let (at, length) = (usize::try_from(at).ok()?, usize::try_from(length).ok()?);
            let count = length / field.values.data_type().size();
            copy(file.get_mut(at..at.checked_add(length)?)?, &field.values, written);
            written += count;
        }
        if written != field.values.len() {
            return None;
        }
    }
    Some(file)
}

/// Whether [`write`] makes these bytes of the dataset whose header was read from them. Its values, which are the same, are not needed.
pub(crate) fn makes(header: &Dataset, input: &Input<'_>) -> Result<bool> {
    Plan::new(header).map_or(Ok(false), |plan| plan.matches(input))
}

fn invalid(what: String) -> Error {
    Error::InvalidArgument { what }
}

/// The unlimited dimension, or the one of length 0, which NetCDF cannot tell from it.
fn record_dimension(dimensions: &[Dimension]) -> Result<Option<usize>> {
    let mut open = dimensions.iter().enumerate().filter(|(_, d)| d.unlimited || d.length == 0);
    let first = open.next().map(|(i, _)| i);
    if open.next().is_some() {
        return Err(no_room("more than one dimension that is unlimited or of length 0"));
    }
    Ok(first)
}

fn no_room(what: &str) -> Error {
    Error::Unsupported { what: format!("{what} in NetCDF-3"), advice: "write the arrays as NPY".to_owned() }
}

/// Names must be legal and unique. Files that exist may bend the rule for the first character, so it binds only new ones.
fn check_names(dataset: &Dataset) -> Result<()> {
    let strict = !matches!(dataset.format, SourceFormat::NetCdf3 { .. });
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

/// A variable and how its bytes are cut.
struct Part<'a> {
    field: &'a Field,
    /// Whether the first dimension is the record dimension.
    record: bool,
    /// Values of one record, or of the whole when there are no records.
    count: usize,
    /// The same in bytes, without padding.
    chunk: u64,
}

impl<'a> Part<'a> {
    fn new(dataset: &Dataset, field: &'a Field, record: Option<usize>) -> Result<Self> {
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
    fn size(&self) -> Result<u64> {
        padded(self.chunk).ok_or_else(too_large)
    }

    /// The variable's own fill value, else that of its type, big-endian, repeated over the longest gap.
    fn padding(&self) -> [u8; 4] {
        let own = self.field.attribute("_FillValue").filter(|v| v.data_type() == self.field.values.data_type() && v.len() == 1);
        match own.unwrap_or(&default_fill(self.field.values.data_type())) {
            Values::I8(v) => [v.first().copied().unwrap_or_default().cast_unsigned(); 4],
            Values::U8(v) | Values::Char(v) => [v.first().copied().unwrap_or_default(); 4],
            Values::I16(v) => twice(v.first().copied().unwrap_or_default().to_be_bytes()),
            Values::U16(v) => twice(v.first().copied().unwrap_or_default().to_be_bytes()),
            _ => [0; 4],
        }
    }
}

fn unlike(field: &Field) -> Error {
    invalid(format!("the variable {:?} of shape {:?} does not match its dimensions or its values", field.name, field.shape))
}

const fn twice([a, b]: [u8; 2]) -> [u8; 4] {
    [a, b, a, b]
}

fn too_large() -> Error {
    no_room("more bytes than offsets can count")
}

/// Fill values of the types that can leave gaps.
fn default_fill(data_type: DataType) -> Values {
    match data_type {
        DataType::I8 => Values::I8(vec![-127]),
        DataType::U8 => Values::U8(vec![u8::MAX]),
        DataType::I16 => Values::I16(vec![-32767]),
        DataType::U16 => Values::U16(vec![u16::MAX]),
        other => Values::from_be_bytes(other, &[0; 8]),
    }
}

/// A whole file but for the values.
struct Plan<'a> {
    parts: Vec<Part<'a>>,
    records: usize,
    layout: Layout,
}

impl<'a> Plan<'a> {
    /// In the version of the source if that can say everything.
    fn new(dataset: &'a Dataset) -> Result<Self> {
        let record = record_dimension(&dataset.dimensions)?;
        check_names(dataset)?;
        let parts = dataset.fields.iter().map(|field| Part::new(dataset, field, record)).collect::<Result<Vec<_>>>()?;
        let records = record.and_then(|r| dataset.dimensions.get(r)).map_or(0, |d| d.length);
        let preferred = match dataset.format {
            SourceFormat::NetCdf3 { version: version @ (1 | 2 | 5) } => version,
            _ => 2,
        };
        for version in [preferred, 2] {
            let layout = Layout::new(dataset, &parts, record, records, version)?;
            if layout.fits(dataset, &parts) {
                return Ok(Self { parts, records, layout });
            }
        }
        let layout = Layout::new(dataset, &parts, record, records, 5)?;
        Ok(Self { parts, records, layout })
    }

    fn file(self, dataset: &Dataset) -> Result<Vec<u8>> {
        if let Some(field) = dataset.fields.iter().find(|f| f.declared_bytes() != f.values.byte_len() as u64) {
            return Err(unlike(field));
        }
        let mut out = self.layout.header;
        let more = usize::try_from(self.layout.end).ok().and_then(|end| end.checked_sub(out.len())).ok_or_else(too_large)?;
        out.reserve_exact(more);
        for part in self.parts.iter().filter(|p| !p.record) {
            append(&mut out, &part.field.values, 0, part.count);
            pad(&mut out, part.padding());
        }
        let lone = self.parts.iter().filter(|p| p.record).count() == 1;
        // Records without a byte may be any number.
        let of_records: Vec<&Part<'_>> = self.parts.iter().filter(|p| p.record && p.chunk > 0).collect();
        for record in 0..if of_records.is_empty() { 0 } else { self.records } {
            for part in &of_records {
                append(&mut out, &part.field.values, record * part.count, part.count);
                if !lone {
                    pad(&mut out, part.padding());
                }
            }
        }
        Ok(out)
    }

    /// Whether header, length and gaps are these; the header tells where the values stand.
    fn matches(&self, input: &Input<'_>) -> Result<bool> {
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
struct Layout {
    version: u8,
    header: Vec<u8>,
    /// Offset of each variable, in the order of the dataset.
    begins: Vec<u64>,
    /// Bytes from one record to the next.
    stride: u64,
    /// Length of the file.
    end: u64,
}

impl Layout {
    fn new(dataset: &Dataset, parts: &[Part<'_>], record: Option<usize>, records: usize, version: u8) -> Result<Self> {
        // The header is as long whatever the offsets in it say.
        let begins = vec![0; parts.len()];
        let length = Header::new(version).whole(dataset, parts, record, records, &begins)?.len() as u64;
        let (begins, stride, end) = place(parts, length, records as u64).ok_or_else(too_large)?;
        let header = Header::new(version).whole(dataset, parts, record, records, &begins)?;
        Ok(Self { version, header, begins, stride, end })
    }

    /// Whether this version can say all that.
    fn fits(&self, dataset: &Dataset, parts: &[Part<'_>]) -> bool {
        let attributes = dataset.attributes.iter().chain(parts.iter().flat_map(|p| &p.field.attributes));
        let attributes: Vec<&Values> = attributes.map(|a| &a.value).collect();
        let types = attributes.iter().copied().chain(parts.iter().map(|p| &p.field.values)).all(|v| code(v.data_type()) <= 6);
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

/// Appends `count` values from index `start`, big-endian.
fn append(out: &mut Vec<u8>, values: &Values, start: usize, count: usize) {
    let at = out.len();
    out.resize(at + count * values.data_type().size(), 0);
    copy(out.get_mut(at..).unwrap_or_default(), values, start);
}

/// Fills the room with values from index `start`, big-endian.
fn copy(room: &mut [u8], values: &Values, start: usize) {
    with_values!(values, v => {
        for (bytes, x) in room.as_chunks_mut().0.iter_mut().zip(v.get(start..).unwrap_or_default()) {
            *bytes = x.to_be_bytes();
        }
    });
}

/// Everything before was aligned, so the length of the file tells the gap.
fn pad(out: &mut Vec<u8>, padding: [u8; 4]) {
    let end = out.len().next_multiple_of(4);
    // A gap of two-byte values holds one of them; of one-byte values all are the same.
    out.extend(padding.into_iter().take(end - out.len()));
}

const fn code(data_type: DataType) -> u32 {
    let mut code = 1;
    let mut rest: &[DataType] = &TYPES;
    while let [first, others @ ..] = rest {
        if *first as u8 == data_type as u8 {
            return code;
        }
        rest = others;
        code += 1;
    }
    code
}

/// The header as it grows.
struct Header {
    out: Vec<u8>,
    version: u8,
}

impl Header {
    fn new(version: u8) -> Self {
        Self { out: vec![b'C', b'D', b'F', version], version }
    }

    fn whole(mut self, dataset: &Dataset, parts: &[Part<'_>], record: Option<usize>, records: usize, begins: &[u64]) -> Result<Vec<u8>> {
        self.count(records);
        self.list(TAG_DIMENSION, dataset.dimensions.len());
        for (i, dimension) in dataset.dimensions.iter().enumerate() {
            self.name(&dimension.name);
            self.count(if record == Some(i) { 0 } else { dimension.length });
        }
        self.attributes(&dataset.attributes);
        self.list(TAG_VARIABLE, parts.len());
        for (part, begin) in parts.iter().zip(begins) {
            self.variable(part, *begin)?;
        }
        Ok(self.out)
    }

    fn variable(&mut self, part: &Part<'_>, begin: u64) -> Result<()> {
        let field = part.field;
        self.name(&field.name);
        self.count(field.dimensions.len());
        field.dimensions.iter().for_each(|id| self.count(*id));
        self.attributes(&field.attributes);
        self.word(code(field.values.data_type()));
        let size = part.size()?;
        match self.version {
            5 => self.out.extend(size.to_be_bytes()),
            _ => self.word(u32::try_from(size).ok().filter(|_| size <= MAX_SIZE).unwrap_or(u32::MAX)),
        }
        match self.version {
            1 => self.word(u32::try_from(begin).unwrap_or(u32::MAX)),
            _ => self.out.extend(begin.to_be_bytes()),
        }
        Ok(())
    }

    fn attributes(&mut self, attributes: &[Attribute]) {
        self.list(TAG_ATTRIBUTE, attributes.len());
        for Attribute { name, value } in attributes {
            self.name(name);
            self.word(code(value.data_type()));
            self.count(value.len());
            append(&mut self.out, value, 0, value.len());
            pad(&mut self.out, [0; 4]);
        }
    }

    /// An empty list has no tag.
    fn list(&mut self, tag: u32, length: usize) {
        self.word(if length == 0 { 0 } else { tag });
        self.count(length);
    }

    fn name(&mut self, name: &str) {
        self.count(name.len());
        self.out.extend_from_slice(name.as_bytes());
        pad(&mut self.out, [0; 4]);
    }

    fn word(&mut self, n: u32) {
        self.out.extend(n.to_be_bytes());
    }

    /// A count or length. Where it does not fit, [`Layout::fits`] has ruled the version out.
    fn count(&mut self, n: usize) {
        if self.version == 5 {
            self.out.extend((n as u64).to_be_bytes());
        } else {
            self.word(u32::try_from(n).unwrap_or(u32::MAX));
        }
    }
}
