//! What the messages of an object header say: element types, shapes, storage, filters, fill values.

use super::cursor::{Cursor, malformed};
use crate::error::{Error, Result};
use crate::field::DataType;
use crate::formats::netcdf4::spec::{DOUBLE, FLOAT};

/// Where a shared message is.
pub(super) enum Shared {
    /// In the object at that address.
    Object(u64),
    /// In the heap of shared messages.
    Heap,
}

impl Shared {
    pub(super) fn parse(mut body: Cursor<'_>) -> Result<Self> {
        let at = body.at;
        let (version, kind) = (body.byte()?, body.byte()?);
        match version {
            1 => body.take(6).and_then(|_| body.defined()).map(Self::Object),
            2 => body.defined().map(Self::Object),
            3 if kind == 1 => Ok(Self::Heap),
            3 => body.defined().map(Self::Object),
            _ => Err(malformed(at, "a shared message of version 1 to 3")),
        }
    }
}

/// What kind of element a variable or attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Number(DataType),
    /// Text of a fixed number of bytes.
    Text,
    /// Text of any length, in a heap.
    String,
    /// Lists of references to objects, in a heap.
    References,
    /// What this build does not hold, in words.
    Other(&'static str),
}

/// An element type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub(super) class: Class,
    /// Bytes of one element.
    pub(super) size: u64,
    pub(super) big_endian: bool,
}

impl Type {
    pub(super) fn parse(mut body: Cursor<'_>) -> Result<Self> {
        let at = body.at;
        let class = body.byte()? & 15;
        let bits = body.number(3)?;
        let size = body.number(4)?;
        let class = match class {
            0 => integer(&mut body, size, bits)?,
            1 => float(&mut body, size, bits)?,
            3 => Class::Text,
            9 if bits & 15 == 1 => Class::String,
            9 if body.byte()? & 15 == 7 && body.number(3)? & 15 == 0 => Class::References,
            2 => Class::Other("times"),
            4 => Class::Other("bit fields"),
            5 => Class::Other("opaque values"),
            6 => Class::Other("compound values"),
            7 => Class::Other("references"),
            8 => Class::Other("enumerations"),
            9 => Class::Other("lists of variable length"),
            10 => Class::Other("arrays as elements"),
            _ => return Err(malformed(at, "a datatype")),
        };
        let in_heap = matches!(class, Class::String | Class::References);
        if size == 0 || in_heap && size != 8 + body.widths().address {
            return Err(malformed(at + 4, "the size of the datatype"));
        }
        Ok(Self { class, size, big_endian: bits & 1 != 0 })
    }
}

fn integer(body: &mut Cursor<'_>, size: u64, bits: u64) -> Result<Class> {
    let whole = (body.number(2)?, body.number(2)?) == (0, 8 * size);
    Ok(match (size, bits & 8 != 0) {
        _ if !whole => Class::Other("integers of parts of bytes"),
        (1, true) => Class::Number(DataType::I8),
        (1, false) => Class::Number(DataType::U8),
        (2, true) => Class::Number(DataType::I16),
        (2, false) => Class::Number(DataType::U16),
        (4, true) => Class::Number(DataType::I32),
        (4, false) => Class::Number(DataType::U32),
        (8, true) => Class::Number(DataType::I64),
        (8, false) => Class::Number(DataType::U64),
        _ => Class::Other("integers of other than 1, 2, 4 or 8 bytes"),
    })
}

fn float(body: &mut Cursor<'_>, size: u64, bits: u64) -> Result<Class> {
    let properties = body.take(12)?;
    Ok(match size {
        4 if properties == FLOAT && bits & 0x40 == 0 => Class::Number(DataType::F32),
        8 if properties == DOUBLE && bits & 0x40 == 0 => Class::Number(DataType::F64),
        _ => Class::Other("floating-point numbers other than IEEE 754 binary32 and binary64"),
    })
}

/// The shape of a variable or attribute.
#[derive(Debug, Clone)]
pub(super) struct Space {
    /// Length of each dimension; empty for a scalar.
    pub(super) extent: Vec<u64>,
    /// Largest length of each dimension; none where it is unlimited.
    pub(super) most: Vec<Option<u64>>,
    /// Whether there is no value at all.
    pub(super) null: bool,
}

impl Space {
    pub(super) fn parse(mut body: Cursor<'_>) -> Result<Self> {
        let at = body.at;
        let (version, rank, flags) = (body.byte()?, body.byte()?, body.byte()?);
        let null = match version {
            1 => body.take(5).map(|_| false)?,
            2 => body.byte()? == 2,
            _ => return Err(malformed(at, "a dataspace of version 1 or 2")),
        };
        let extent = (0..rank).map(|_| body.length()).collect::<Result<Vec<_>>>()?;
        let unlimited = u64::MAX >> (64 - 8 * body.widths().length);
        let most = if flags & 1 == 0 {
            extent.iter().copied().map(Some).collect()
        } else {
            (0..rank).map(|_| body.length().map(|n| Some(n).filter(|n| *n != unlimited))).collect::<Result<_>>()?
        };
        Ok(Self { extent, most, null })
    }

    /// Number of elements; none when it does not fit.
    pub(super) fn count(&self) -> Option<u64> {
        if self.null { Some(0) } else { self.extent.iter().try_fold(1u64, |n, d| n.checked_mul(*d)) }
    }
}

/// How to find the chunks of a variable.
#[derive(Debug, Clone)]
pub(super) enum ChunkIndex {
    TreeV1(u64),
    /// One chunk, its stored length if filtered, and the filters it skips.
    Single(u64, Option<(u64, u32)>),
    /// Chunks one after the other.
    Implicit(u64),
    FixedArray(u64),
    ExtensibleArray(u64),
    TreeV2(u64),
}

/// Where the values of a variable are.
#[derive(Debug, Clone)]
pub(super) enum Storage<'a> {
    Compact(&'a [u8]),
    /// Address; none where nothing was written.
    Contiguous(Option<u64>),
    Chunked {
        /// Length of a chunk in each dimension.
        chunk: Vec<u64>,
        /// None where nothing was written.
        index: Option<ChunkIndex>,
    },
    Virtual,
}

impl<'a> Storage<'a> {
    pub(super) fn parse(mut body: Cursor<'a>) -> Result<Self> {
        let at = body.at;
        match body.byte()? {
            1 | 2 => Self::parse_old(body),
            3 => match body.byte()? {
                2 => {
                    let rank = u64::from(body.byte()?);
                    let index = body.address()?.map(ChunkIndex::TreeV1);
                    Ok(Self::Chunked { chunk: chunk_lengths(&mut body, rank, 4)?, index })
                }
                class => Self::parse_whole(body, class),
            },
            4 | 5 => match body.byte()? {
                2 => Self::parse_indexed(body),
                class => Self::parse_whole(body, class),
            },
            _ => Err(malformed(at, "a storage layout of version 1 to 5")),
        }
    }

    fn parse_whole(mut body: Cursor<'a>, class: u8) -> Result<Self> {
        match class {
            0 => {
                let size = body.number(2)?;
                body.take(size).map(Self::Compact)
            }
            1 => body.address().map(Self::Contiguous),
            3 => Ok(Self::Virtual),
            _ => Err(malformed(body.at, "a class of storage")),
        }
    }

    /// Versions 1 and 2.
    fn parse_old(mut body: Cursor<'a>) -> Result<Self> {
        let (rank, class) = (u64::from(body.byte()?), body.byte()?);
        body.take(5)?;
        let address = if class == 0 { None } else { body.address()? };
        match class {
            0 => {
                body.take(4 * rank)?;
                let size = body.number(4)?;
                body.take(size).map(Self::Compact)
            }
            1 => Ok(Self::Contiguous(address)),
            2 => Ok(Self::Chunked { chunk: chunk_lengths(&mut body, rank, 4)?, index: address.map(ChunkIndex::TreeV1) }),
            _ => Err(malformed(body.at, "a class of storage")),
        }
    }

    fn parse_indexed(mut body: Cursor<'a>) -> Result<Self> {
        let (flags, rank, width) = (body.byte()?, u64::from(body.byte()?), u64::from(body.byte()?));
        if !(1..=8).contains(&width) {
            return Err(malformed(body.at, "chunk lengths of 1 to 8 bytes"));
        }
        let chunk = chunk_lengths(&mut body, rank, width)?;
        let at = body.at;
        let kind = body.byte()?;
        let filtered = if kind == 1 && flags & 2 != 0 { Some((body.length()?, body.number(4)? as u32)) } else { None };
        body.take(match kind {
            3 => 1,
            4 => 5,
            5 => 6,
            _ => 0,
        })?;
        let address = body.address()?;
        let make: &dyn Fn(u64) -> ChunkIndex = match kind {
            1 => &|a| ChunkIndex::Single(a, filtered),
            2 => &ChunkIndex::Implicit,
            3 => &ChunkIndex::FixedArray,
            4 => &ChunkIndex::ExtensibleArray,
            5 => &ChunkIndex::TreeV2,
            _ => return Err(malformed(at, "an index of chunks")),
        };
        Ok(Self::Chunked { chunk, index: address.map(make) })
    }
}

/// Lengths of a chunk; the last number, the size of an element, is dropped.
fn chunk_lengths(body: &mut Cursor<'_>, rank: u64, width: u64) -> Result<Vec<u64>> {
    let at = body.at;
    let mut lengths = (0..rank).map(|_| body.number(width)).collect::<Result<Vec<_>>>()?;
    lengths.pop();
    if lengths.contains(&0) { Err(malformed(at, "chunks that are not empty")) } else { Ok(lengths) }
}

/// A filter that chunks have gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// zlib, with its level.
    Deflate(u8),
    /// Bytes of like significance together.
    Shuffle,
    /// A checksum behind.
    Fletcher32,
    Unknown(u16),
}

pub(super) fn filters(mut body: Cursor<'_>) -> Result<Vec<Filter>> {
    let at = body.at;
    let (version, count) = (body.byte()?, body.byte()?);
    if !(1..=2).contains(&version) {
        return Err(malformed(at, "a filter pipeline of version 1 or 2"));
    }
    body.take(if version == 1 { 6 } else { 0 })?;
    (0..count)
        .map(|_| {
            let id = body.number(2)? as u16;
            let name = if version == 1 || id >= 256 { body.number(2)? } else { 0 };
            body.take(2)?;
            let values = body.number(2)?;
            body.take(if version == 1 { name.next_multiple_of(8) } else { name })?;
            let values = (0..values).map(|_| body.number(4)).collect::<Result<Vec<_>>>()?;
            body.take(if version == 1 && values.len() % 2 == 1 { 4 } else { 0 })?;
            Ok(match id {
                1 => Filter::Deflate(values.first().map_or(6, |level| (*level).min(9) as u8)),
                2 => Filter::Shuffle,
                3 => Filter::Fletcher32,
                _ => Filter::Unknown(id),
            })
        })
        .collect()
}

/// The name of a filter, for a person.
pub(super) fn filter_name(id: u16) -> String {
    match id {
        4 => "szip".to_owned(),
        5 => "n-bit".to_owned(),
        6 => "scale-offset".to_owned(),
        307 => "bzip2".to_owned(),
        32000 => "LZF".to_owned(),
        32001 => "Blosc".to_owned(),
        32004 => "LZ4".to_owned(),
        32013 => "ZFP".to_owned(),
        32015 => "Zstandard".to_owned(),
        _ => format!("number {id}"),
    }
}

/// What stands where nothing was written; empty if that is not said.
pub(super) fn fill_value(mut body: Cursor<'_>) -> Result<&[u8]> {
    let at = body.at;
    let defined = match body.byte()? {
        version @ (1 | 2) => {
            body.take(2)?;
            body.byte()? != 0 || version == 1
        }
        3 => body.byte()? & 0x20 != 0,
        _ => return Err(malformed(at, "a fill value of version 1 to 3")),
    };
    if defined { sized(body) } else { Ok(&[]) }
}

/// A length of 4 bytes and that many bytes; a negative length stands for none.
pub(super) fn sized(mut body: Cursor<'_>) -> Result<&[u8]> {
    let size = body.number(4)? as u32;
    if size as i32 <= 0 { Ok(&[]) } else { body.take(u64::from(size)) }
}

/// A file that is valid but holds what this build does not.
pub(super) fn unsupported(name: &str, what: &str) -> Error {
    Error::Unsupported { what: format!("variable {name:?} with {what}"), advice: format!("remove it with `ncks -x -v {name}`") }
}
