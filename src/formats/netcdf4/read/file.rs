//! The container: superblock and object headers, after the HDF5 File Format Specification, version 3.
//!
//! Everything is borrowed from the file. What is read of it as metadata is charged to one budget, so that neither cycles nor structures that point
//! at each other many times take long, and every list is bounded by the bytes it is read from.

use std::borrow::Cow;
use std::cell::Cell;

use super::cursor::{Cursor, Widths, malformed};
use super::messages::Shared;
use crate::error::{Error, Result};
use crate::formats::input::Input;
use crate::formats::netcdf4::spec::checksum::lookup3;
use crate::formats::netcdf4::spec::message::{CONTINUATION, EXTERNAL_FILES, LAYOUT, LINK, LINK_INFO, SYMBOL_TABLE};
use crate::limits::Limits;

/// The most that deflate can expand: a 258 byte match in two bits.
const MAX_EXPANSION: u64 = 1032;

fn outside(at: u64, length: u64) -> Error {
    malformed(at, format!("{length} bytes inside the file"))
}

/// One message of an object header.
#[derive(Debug, Clone)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// Whether the body only tells where the message is.
    pub(super) shared: bool,
    /// Creation order; none where it is not tracked.
    pub(super) order: Option<u64>,
    pub(super) body: Cursor<'a>,
}

/// An object header: the list of what is said about a group, a variable or a type.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) address: u64,
    pub(super) messages: Vec<Message<'a>>,
}

impl<'a> Object<'a> {
    pub(super) fn find(&self, kind: u16) -> Option<&Message<'a>> {
        self.messages.iter().find(|m| m.kind == kind)
    }

    pub(super) fn require(&self, kind: u16, what: &str) -> Result<&Message<'a>> {
        self.find(kind).ok_or_else(|| malformed(self.address, what))
    }

    pub(super) fn is_variable(&self) -> bool {
        self.find(LAYOUT).is_some()
    }

    pub(super) fn is_group(&self) -> bool {
        self.find(SYMBOL_TABLE).is_some() || self.find(LINK_INFO).is_some() || self.find(LINK).is_some()
    }

    pub(super) fn has_external_files(&self) -> bool {
        self.find(EXTERNAL_FILES).is_some()
    }
}

/// An open file.
pub(super) struct File<'a> {
    input: &'a Input<'a>,
    pub(super) widths: Widths,
    /// Address of the root group.
    pub(super) root: u64,
    pub(super) limits: Limits,
    metadata: Cell<u64>,
    unpacked: Cell<u64>,
}

impl<'a> File<'a> {
    pub(super) fn open(input: &'a Input<'a>, limits: &Limits) -> Result<Self> {
        let mut cursor = Cursor { rest: &[], at: 0, widths: Widths { address: 8, length: 8 }, more: Some(input) };
        cursor.take(8)?;
        let version = cursor.byte()?;
        let skip = match version {
            0 | 1 => 4,
            2 | 3 => 0,
            _ => return Err(malformed(8, "a superblock of version 0 to 3")),
        };
        cursor.take(skip)?;
        let widths = Widths { address: cursor.number(1)?, length: cursor.number(1)? };
        if ![widths.address, widths.length].iter().all(|w| [2, 4, 8].contains(w)) {
            return Err(malformed(9 + skip, "addresses and lengths of 2, 4 or 8 bytes"));
        }
        cursor.widths = widths;
        match version {
            0 => cursor.take(9)?,
            1 => cursor.take(13)?,
            _ => cursor.take(1)?,
        };
        let at = cursor.at;
        if cursor.defined()? != 0 {
            return Err(malformed(at, "a base address of 0"));
        }
        // Free space or extension, end of file, driver information or root group, name of the root group.
        let before_root = if version < 2 { 4 } else { 2 };
        cursor.take(before_root * widths.address)?;
        let root = cursor.defined()?;
        Ok(Self { input, widths, root, limits: *limits, metadata: Cell::new(0), unpacked: Cell::new(0) })
    }

    pub(super) fn size(&self) -> u64 {
        self.input.length()
    }

    /// Charges that many bytes of metadata.
    pub(super) fn charge(&self, bytes: u64) -> Result<()> {
        let all = self.metadata.get().saturating_add(bytes);
        self.metadata.set(all);
        Limits::check("the metadata in this file", all, self.limits.metadata_bytes).map(|_| ())
    }

    /// Charges a chunk of that many bytes, stored or not: chunks may be one and the same in the file, and may lie outside of the array for the most part.
    pub(super) fn unpack(&self, at: u64, bytes: u64) -> Result<()> {
        let all = self.unpacked.get().saturating_add(bytes);
        self.unpacked.set(all);
        let most = self.size().saturating_mul(MAX_EXPANSION).saturating_add(self.limits.decoded_bytes);
        if all > most { Err(malformed(at, format!("chunks of at most {most} bytes together"))) } else { Ok(()) }
    }

    /// A stretch of values.
    pub(super) fn data(&self, at: u64, length: u64) -> Result<Cow<'a, [u8]>> {
        self.input.values(at, length)?.ok_or_else(|| outside(at, length))
    }

    /// A stretch of metadata.
    pub(super) fn region(&self, at: u64, length: u64) -> Result<Cursor<'a>> {
        if at.checked_add(length).is_none_or(|end| end > self.size()) {
            return Err(outside(at, length));
        }
        self.charge(length)?;
        let rest = self.input.metadata(at, length)?.unwrap_or_default();
        Ok(Cursor { rest, at, widths: self.widths, more: None })
    }

    /// From an address to the end of the file, for what tells its own length; the caller charges what it takes.
    pub(super) fn from(&self, at: u64) -> Result<Cursor<'a>> {
        if at > self.size() {
            return Err(malformed(at, "an address inside the file"));
        }
        Ok(Cursor { rest: &[], at, widths: self.widths, more: Some(self.input) })
    }

    /// A stretch of metadata that ends with its checksum.
    fn checked(&self, at: u64, length: u64) -> Result<Cursor<'a>> {
        let mut whole = self.region(at, length)?;
        let inner = whole.part(length.saturating_sub(4))?;
        let stored_at = whole.at;
        if whole.number(4)? == u64::from(lookup3(inner.rest)) { Ok(inner) } else { Err(malformed(stored_at, "the checksum of what stands before")) }
    }

    pub(super) fn object(&self, address: u64) -> Result<Object<'a>> {
        let mut messages = Vec::new();
        if self.from(address)?.take(4)? == b"OHDR" {
            self.header_v2(address, &mut messages)?
        } else {
            self.header_v1(address, &mut messages)?
        }
        Ok(Object { address, messages })
    }

    fn push(&self, messages: &mut Vec<Message<'a>>, message: Message<'a>) -> Result<()> {
        messages.push(message);
        Limits::check("the messages of one object", messages.len() as u64, self.limits.items).map(|_| ())
    }

    fn header_v1(&self, address: u64, messages: &mut Vec<Message<'a>>) -> Result<()> {
        let mut prefix = self.region(address, 16)?;
        if prefix.byte()? != 1 {
            return Err(malformed(address, "an object header"));
        }
        prefix.take(7)?;
        let size = prefix.number(4)?;
        let mut blocks = vec![self.region(address.saturating_add(16), size)?];
        while let Some(mut block) = blocks.pop() {
            while block.rest.len() >= 8 {
                let (kind, size, flags) = (block.number(2)? as u16, block.number(2)?, block.byte()?);
                block.take(3)?;
                let mut body = block.part(size)?;
                if kind == CONTINUATION {
                    let (at, length) = (body.defined()?, body.length()?);
                    blocks.push(self.region(at, length)?);
                } else {
                    self.push(messages, Message { kind, shared: flags & 2 != 0, order: None, body })?;
                }
            }
        }
        Ok(())
    }

    fn header_v2(&self, address: u64, messages: &mut Vec<Message<'a>>) -> Result<()> {
        let mut prefix = self.from(address)?;
        prefix.take(4)?;
        let version_at = prefix.at;
        if prefix.byte()? != 2 {
            return Err(malformed(version_at, "an object header of version 2"));
        }
        let flags = prefix.byte()?;
        prefix.take(if flags & 0x20 == 0 { 0 } else { 16 })?;
        prefix.take(if flags & 0x10 == 0 { 0 } else { 4 })?;
        let size = prefix.number(1 << (flags & 3))?;
        let before = prefix.at - address;
        let mut first = self.checked(address, before.saturating_add(size).saturating_add(4))?;
        first.take(before)?;
        let mut blocks = vec![first];
        let tracked = flags & 4 != 0;
        while let Some(mut block) = blocks.pop() {
            let smallest = if tracked { 6 } else { 4 };
            while block.rest.len() >= smallest {
                let (kind, size, flags) = (u16::from(block.byte()?), block.number(2)?, block.byte()?);
                let order = if tracked { Some(block.number(2)?) } else { None };
                let mut body = block.part(size)?;
                if kind == CONTINUATION {
                    let (at, length) = (body.defined()?, body.length()?);
                    let mut more = self.checked(at, length)?;
                    more.expect("OCHK")?;
                    blocks.push(more);
                } else {
                    self.push(messages, Message { kind, shared: flags & 2 != 0, order, body })?;
                }
            }
        }
        Ok(())
    }

    /// The body of a message: where it is shared, that of the object it points to.
    pub(super) fn body(&self, message: &Message<'a>) -> Result<Cursor<'a>> {
        if message.shared { self.shared(message.body.clone(), message.kind) } else { Ok(message.body.clone()) }
    }

    pub(super) fn shared(&self, pointer: Cursor<'a>, kind: u16) -> Result<Cursor<'a>> {
        let at = pointer.at;
        match Shared::parse(pointer)? {
            Shared::Object(address) => {
                let object = self.object(address)?;
                let message = object.require(kind, "the shared message")?;
                if message.shared { Err(malformed(address, "a message that is not shared itself")) } else { Ok(message.body.clone()) }
            }
            Shared::Heap => Err(Error::Unsupported {
                what: format!("a NetCDF-4 file with a heap of shared messages (byte {at})"),
                advice: "rewrite it with `nccopy` or `h5repack`".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::File;
    use crate::limits::Limits;

    #[test]
    fn one_chunk_does_not_stand_for_any_number() {
        let bytes = [b"\x89HDF\r\n\x1a\n\x02\x08\x08\0".as_slice(), &[0; 40]].concat();
        let limits = Limits { decoded_bytes: 1000, ..Limits::default() };
        let input = bytes.as_slice().into();
        let file = File::open(&input, &limits).unwrap();
        assert!((0..50).all(|_| file.unpack(0, 1000).is_ok()));
        assert!((0..50).any(|_| file.unpack(0, 1000).is_err()), "{} bytes hold no 100 chunks", bytes.len());
    }
}
