//! The container: superblock, object headers, links, heaps and trees, after the HDF5 File Format Specification, version 3.
//!
//! Everything is borrowed from the file. What is read of it as metadata is charged to one budget, so that neither cycles nor structures that point
//! at each other many times take long, and every list is bounded by the bytes it is read from.

use std::borrow::Cow;
use std::cell::Cell;

use super::super::input::Input;
use super::messages::{Shared, Space, Type};
use crate::error::{Error, Result};
use crate::limits::Limits;

/// Messages of an object header.
pub(super) const DATASPACE: u16 = 1;
pub(super) const DATATYPE: u16 = 3;
pub(super) const OLD_FILL: u16 = 4;
pub(super) const FILL: u16 = 5;
pub(super) const LAYOUT: u16 = 8;
pub(super) const FILTERS: u16 = 11;
pub(super) const ATTRIBUTE: u16 = 12;
const LINK_INFO: u16 = 2;
const LINK: u16 = 6;
const EXTERNAL_FILES: u16 = 7;
const CONTINUATION: u16 = 16;
const SYMBOL_TABLE: u16 = 17;
const ATTRIBUTE_INFO: u16 = 21;

/// The most that deflate can expand: a 258 byte match in two bits.
const MAX_EXPANSION: u64 = 1032;

pub(super) fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "NetCDF-4", offset, expected: expected.into() }
}

fn outside(at: u64, length: u64) -> Error {
    malformed(at, format!("{length} bytes inside the file"))
}

/// Jenkins' lookup3 hash, with which HDF5 checks its metadata.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let mut rest = bytes;
    let mut words = |block: &[u8], last: bool| {
        let mut padded = [0; 12];
        padded.iter_mut().zip(block).for_each(|(to, from)| *to = *from);
        let [x, y, z] = [0, 4, 8].map(|at| padded.iter().skip(at).take(4).rev().fold(0u32, |n, b| n << 8 | u32::from(*b)));
        a = a.wrapping_add(x);
        b = b.wrapping_add(y);
        c = c.wrapping_add(z);
        if last { finish(a, b, c) } else { mix(&mut a, &mut b, &mut c) }
    };
    while let Some((block, more)) = rest.split_at_checked(12).filter(|(_, more)| !more.is_empty()) {
        words(block, false);
        rest = more;
    }
    if rest.is_empty() { start } else { words(rest, true) }
}

fn mix(a: &mut u32, b: &mut u32, c: &mut u32) -> u32 {
    let step = |x: &mut u32, y: &mut u32, z: &mut u32, turn: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(turn);
        *z = z.wrapping_add(*y);
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
    *c
}

const fn finish(mut a: u32, mut b: u32, mut c: u32) -> u32 {
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}

/// Bytes of an address and of a length in this file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    pub(super) address: u64,
    pub(super) length: u64,
}

/// A stretch of the file that is read from front to back.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// Offset of the next byte in the file.
    pub(super) at: u64,
    widths: Widths,
    /// Where to read on when `rest` is used up.
    more: Option<&'a Input<'a>>,
}

impl<'a> Cursor<'a> {
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        if let Some(input) = self.more.filter(|_| length > self.rest.len() as u64) {
            self.rest = input.metadata(self.at, length.max(input.rest_of_page(self.at)))?.unwrap_or_default();
        }
        let parts = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = parts.ok_or_else(|| malformed(self.at, format!("{length} more bytes")))?;
        self.rest = rest;
        self.at += length;
        Ok(taken)
    }

    /// The next `length` bytes as a stretch of their own.
    pub(super) fn part(&mut self, length: u64) -> Result<Self> {
        let (at, widths) = (self.at, self.widths);
        Ok(Self { rest: self.take(length)?, at, widths, more: None })
    }

    /// A little-endian number of up to 8 bytes.
    pub(super) fn number(&mut self, length: u64) -> Result<u64> {
        Ok(self.take(length)?.iter().rev().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.number(1)? as u8)
    }

    /// An address; none where it is undefined.
    pub(super) fn address(&mut self) -> Result<Option<u64>> {
        let width = self.widths.address;
        let all = u64::MAX >> (64 - 8 * width);
        Ok(Some(self.number(width)?).filter(|a| *a != all))
    }

    pub(super) fn defined(&mut self) -> Result<u64> {
        let at = self.at;
        self.address()?.ok_or_else(|| malformed(at, "an address"))
    }

    pub(super) fn length(&mut self) -> Result<u64> {
        self.number(self.widths.length)
    }

    pub(super) fn widths(&self) -> Widths {
        self.widths
    }

    pub(super) fn expect(&mut self, signature: &str) -> Result<()> {
        let at = self.at;
        if self.take(signature.len() as u64)? == signature.as_bytes() { Ok(()) } else { Err(malformed(at, signature)) }
    }

    pub(super) fn text(&mut self, length: u64) -> Result<String> {
        let at = self.at;
        let bytes = self.take(length)?;
        let bytes = bytes.split(|b| *b == 0).next().unwrap_or_default();
        core::str::from_utf8(bytes).map(str::to_owned).map_err(|_| malformed(at, "a name in UTF-8"))
    }
}

/// One message of an object header.
#[derive(Debug, Clone)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    /// Whether the body only tells where the message is.
    pub(super) shared: bool,
    /// Creation order; none where it is not tracked.
    order: Option<u64>,
    pub(super) body: Cursor<'a>,
}

/// A member of a group.
#[derive(Debug)]
pub(super) struct Link {
    order: Option<u64>,
    pub(super) name: String,
    /// Address of the object; none for links by name, which lead elsewhere.
    pub(super) target: Option<u64>,
}

/// An attribute as stored.
#[derive(Debug)]
pub(super) struct StoredAttribute<'a> {
    order: Option<u64>,
    pub(super) name: String,
    pub(super) data_type: Type,
    pub(super) space: Space,
    pub(super) data: Cursor<'a>,
}

/// An object header: the list of what is said about a group, a variable or a type.
#[derive(Debug)]
pub(super) struct Object<'a> {
    pub(super) address: u64,
    messages: Vec<Message<'a>>,
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
    widths: Widths,
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
        if whole.number(4)? == u64::from(checksum(inner.rest)) { Ok(inner) } else { Err(malformed(stored_at, "the checksum of what stands before")) }
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

    // ------------------------------------------------------------------------------------------------------------------------------------ Links

    /// Members of a group in creation order, or by name where that is not tracked.
    pub(super) fn links(&self, group: &Object<'a>) -> Result<Vec<Link>> {
        let mut links = Vec::new();
        if let Some(table) = group.find(SYMBOL_TABLE) {
            let mut body = table.body.clone();
            let (tree, heap) = (body.defined()?, body.defined()?);
            self.symbols(tree, heap, &mut links)?;
        }
        for message in group.messages.iter().filter(|m| m.kind == LINK) {
            links.push(link(message.body.clone())?);
        }
        if let Some(info) = group.find(LINK_INFO) {
            let mut body = info.body.clone();
            body.take(1)?;
            let tracked = body.byte()? & 1 != 0;
            body.take(if tracked { 8 } else { 0 })?;
            if let (Some(heap), Some(names)) = (body.address()?, body.address()?) {
                let heap = self.heap(heap)?;
                self.tree_v2(names, &mut |mut record| {
                    record.take(4)?;
                    links.push(link(self.heap_object(&heap, record)?)?);
                    Limits::check("the members of a group", links.len() as u64, self.limits.items).map(|_| ())
                })?;
            }
        }
        if links.iter().all(|l| l.order.is_some()) {
            links.sort_by_key(|l| l.order)
        } else {
            links.sort_by(|a, b| a.name.cmp(&b.name))
        }
        Ok(links)
    }

    fn symbols(&self, tree: u64, heap: u64, links: &mut Vec<Link>) -> Result<()> {
        let mut header = self.region(heap, 8 + 2 * self.widths.length + self.widths.address)?;
        header.expect("HEAP")?;
        header.take(4)?;
        let size = header.length()?;
        header.length()?;
        let names = self.region(header.defined()?, size)?;
        self.tree_v1(tree, 0, self.widths.length, None, &mut |_, node| {
            let mut prefix = self.region(node, 8)?;
            prefix.expect("SNOD")?;
            prefix.take(2)?;
            let count = prefix.number(2)?;
            let mut entries = self.region(node.saturating_add(8), count * (2 * self.widths.address + 24))?;
            for _ in 0..count {
                let mut name = names.clone();
                name.take(entries.number(self.widths.address)?)?;
                let name = name.text(name.rest.len() as u64)?;
                let address = entries.address()?;
                let by_name = entries.number(4)? == 2;
                entries.take(20)?;
                self.charge(name.len() as u64)?;
                links.push(Link { order: None, name, target: address.filter(|_| !by_name) });
                Limits::check("the members of a group", links.len() as u64, self.limits.items)?;
            }
            Ok(())
        })
    }

    // ------------------------------------------------------------------------------------------------------------------------------- Attributes

    /// Attributes in creation order, or as they stand where that is not tracked.
    pub(super) fn attributes(&self, object: &Object<'a>) -> Result<Vec<StoredAttribute<'a>>> {
        let mut attributes = Vec::new();
        for message in object.messages.iter().filter(|m| m.kind == ATTRIBUTE) {
            attributes.push(self.attribute(self.body(message)?, message.order)?);
        }
        if let Some(info) = object.find(ATTRIBUTE_INFO) {
            let mut body = info.body.clone();
            body.take(1)?;
            let tracked = body.byte()? & 1 != 0;
            body.take(if tracked { 2 } else { 0 })?;
            if let (Some(heap), Some(names)) = (body.address()?, body.address()?) {
                let heap = self.heap(heap)?;
                self.tree_v2(names, &mut |mut record| {
                    let id = record.part(8)?;
                    let shared = record.byte()? & 2 != 0;
                    let order = Some(record.number(4)?).filter(|_| tracked);
                    let body = self.heap_object(&heap, id)?;
                    let body = if shared { self.shared(body, ATTRIBUTE)? } else { body };
                    attributes.push(self.attribute(body, order)?);
                    Limits::check("the attributes of one object", attributes.len() as u64, self.limits.items).map(|_| ())
                })?;
            }
        }
        if attributes.iter().all(|a| a.order.is_some()) {
            attributes.sort_by_key(|a| a.order);
        }
        Ok(attributes)
    }

    fn attribute(&self, mut body: Cursor<'a>, order: Option<u64>) -> Result<StoredAttribute<'a>> {
        let at = body.at;
        let version = body.byte()?;
        if !(1..=3).contains(&version) {
            return Err(malformed(at, "an attribute of version 1 to 3"));
        }
        let flags = Some(body.byte()?).filter(|_| version > 1).unwrap_or_default();
        let sizes = [body.number(2)?, body.number(2)?, body.number(2)?];
        body.take(if version == 3 { 1 } else { 0 })?;
        let [name, data_type, space] = sizes.map(|size| {
            let padded = if version == 1 { size.next_multiple_of(8) } else { size };
            let mut part = body.part(padded)?;
            part.part(size)
        });
        let (mut name, data_type, space) = (name?, data_type?, space?);
        let resolve = |part: Cursor<'a>, flag: u8, kind| if flags & flag == 0 { Ok(part) } else { self.shared(part, kind) };
        let data_type = Type::parse(resolve(data_type, 1, DATATYPE)?)?;
        let space = Space::parse(resolve(space, 2, DATASPACE)?)?;
        let name = name.text(name.rest.len() as u64)?;
        let length = space.count().and_then(|n| n.checked_mul(data_type.size)).ok_or_else(|| malformed(at, "an attribute that fits its message"))?;
        Ok(StoredAttribute { order, name, data_type, space, data: body.part(length)? })
    }

    // ------------------------------------------------------------------------------------------------------------------------------------ Trees

    /// Visits key and child of every entry in the leaves of a tree of version 1.
    pub(super) fn tree_v1(&self, at: u64, kind: u8, key: u64, level: Option<u8>, visit: &mut dyn FnMut(Cursor<'a>, u64) -> Result<()>) -> Result<()> {
        let mut node = self.region(at, 8 + 2 * self.widths.address)?;
        node.expect("TREE")?;
        let (found, own, count) = (node.byte()?, node.byte()?, node.number(2)?);
        if found != kind || level.is_some_and(|l| own != l) {
            return Err(malformed(at, "a node of the same tree, one level lower"));
        }
        let mut entries = self.region(at + 8 + 2 * self.widths.address, count * (key + self.widths.address))?;
        for _ in 0..count {
            let (key_of, child) = (entries.part(key)?, entries.defined()?);
            match own.checked_sub(1) {
                None => visit(key_of, child)?,
                below => self.tree_v1(child, kind, key, below, visit)?,
            }
        }
        Ok(())
    }

    /// Visits every record of a tree of version 2.
    pub(super) fn tree_v2(&self, at: u64, visit: &mut dyn FnMut(Cursor<'a>) -> Result<()>) -> Result<()> {
        let mut header = self.region(at, 18 + self.widths.address + self.widths.length)?;
        header.expect("BTHD")?;
        header.take(2)?;
        let (node, record, depth) = (header.number(4)?, header.number(2)?, header.number(2)?);
        header.take(2)?;
        let root = header.address()?;
        let count = header.number(2)?;
        let Some(root) = root else { return Ok(()) };
        let shape = TreeShape::new(node, record, depth, self.widths).ok_or_else(|| malformed(at, "nodes that hold their records"))?;
        self.node_v2(root, count, &shape, shape.totals.len(), visit)
    }

    fn node_v2(&self, at: u64, count: u64, shape: &TreeShape, depth: usize, visit: &mut dyn FnMut(Cursor<'a>) -> Result<()>) -> Result<()> {
        let total = depth.checked_sub(1).map(|below| shape.totals.get(below).copied().unwrap_or_default());
        let pointer = total.map_or(0, |total| self.widths.address + shape.count + total);
        let children = if depth == 0 { 0 } else { count + 1 };
        let mut node = self.region(at, 6 + count * shape.record + children * pointer)?;
        node.expect(if depth == 0 { "BTLF" } else { "BTIN" })?;
        node.take(2)?;
        for _ in 0..count {
            visit(node.part(shape.record)?)?;
        }
        for _ in 0..children {
            let (child, count) = (node.defined()?, node.number(shape.count)?);
            node.take(total.unwrap_or_default())?;
            self.node_v2(child, count, shape, depth.saturating_sub(1), visit)?;
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------------------------------------ Heaps

    fn heap(&self, at: u64) -> Result<Heap> {
        let Widths { address, length } = self.widths;
        let mut header = self.region(at, 22 + 12 * length + 3 * address)?;
        header.expect("FRHP")?;
        header.take(3)?;
        let filtered = header.number(2)? != 0;
        header.take(1)?;
        let largest = header.number(4)?;
        header.length()?;
        let huge = header.address()?;
        header.take(address + 9 * length)?;
        let (width, start, direct) = (header.number(2)?, header.length()?, header.length()?);
        let bits = header.number(2)?;
        header.take(2)?;
        let (root, rows) = (header.address()?, header.number(2)?);
        let powers = start.is_power_of_two() && direct.is_power_of_two() && width.is_power_of_two() && direct >= start;
        if filtered || !powers || bits > 64 || largest == 0 {
            return Err(malformed(at, "a heap without filters, whose blocks double in size"));
        }
        let size_width = limit_bytes(direct).min(limit_bytes(largest));
        Ok(Heap { huge, width, start, direct, offset_width: bits.div_ceil(8), size_width, root, rows })
    }

    /// The object that an identifier in a heap stands for.
    fn heap_object(&self, heap: &Heap, mut id: Cursor<'a>) -> Result<Cursor<'a>> {
        let at = id.at;
        let first = id.byte()?;
        match first >> 4 {
            0 => {
                let (offset, length) = (id.number(heap.offset_width)?, id.number(heap.size_width)?);
                let root = heap.root.ok_or_else(|| malformed(at, "a heap that is not empty"))?;
                let address = if heap.rows == 0 { root.checked_add(offset) } else { Some(self.heap_address(heap, root, heap.rows, offset, 0)?) };
                self.region(address.unwrap_or(u64::MAX), length)
            }
            1 => {
                let wanted = id.number(id.rest.len().min(self.widths.length as usize) as u64)?;
                let tree = heap.huge.ok_or_else(|| malformed(at, "a heap with huge objects"))?;
                let mut found = None;
                self.tree_v2(tree, &mut |mut record| {
                    let (address, length) = (record.defined()?, record.length()?);
                    if record.length()? == wanted {
                        found = Some((address, length));
                    }
                    Ok(())
                })?;
                let (address, length) = found.ok_or_else(|| malformed(at, "the number of a huge object"))?;
                self.region(address, length)
            }
            2 => id.part(u64::from(first & 15) + 1),
            _ => Err(malformed(at, "an object in a heap")),
        }
    }

    /// Where the byte at `offset` in the heap lies, below an indirect block that has it.
    fn heap_address(&self, heap: &Heap, block: u64, rows: u64, offset: u64, depth: u32) -> Result<u64> {
        let outside = || malformed(block, "a block of the heap that holds the object");
        // Rows 0 and 1 have blocks of the smallest size; each further row doubles it.
        let row_bytes = heap.width.checked_mul(heap.start).ok_or_else(outside)?;
        let row = u64::from((offset / row_bytes).checked_ilog2().map_or(0, |log| log + 1));
        let size = heap.start.checked_shl(row.saturating_sub(1) as u32).filter(|s| *s != 0).ok_or_else(outside)?;
        let before = if row == 0 { 0 } else { size.checked_mul(heap.width).ok_or_else(outside)? };
        let column = (offset - before) / size;
        let direct_rows = u64::from(heap.direct.ilog2() - heap.start.ilog2()) + 2;
        if row >= rows || depth > 16 {
            return Err(outside());
        }
        let entry = (row * heap.width + column) * self.widths.address;
        let mut pointers = self.region(block, 5 + self.widths.address + heap.offset_width)?;
        pointers.expect("FHIB")?;
        let child = self.region((block + 5 + self.widths.address + heap.offset_width).saturating_add(entry), self.widths.address)?.defined()?;
        let inside = (offset - before) % size;
        if row < direct_rows {
            return child.checked_add(inside).ok_or_else(outside);
        }
        let child_rows = u64::from(size.ilog2()).checked_sub(u64::from(row_bytes.ilog2())).ok_or_else(outside)? + 1;
        self.heap_address(heap, child, child_rows, inside, depth + 1)
    }
}

/// Sizes of the fields in a tree of version 2.
struct TreeShape {
    record: u64,
    /// Bytes of the number of records in a node.
    count: u64,
    /// Bytes of the number of records below a node, for each level above the leaves less one.
    totals: Vec<u64>,
}

impl TreeShape {
    fn new(node: u64, record: u64, depth: u64, widths: Widths) -> Option<Self> {
        let leaf = node.checked_sub(10)?.checked_div(record).filter(|n| *n > 0)?;
        let count = counter_bytes(leaf);
        let mut totals = Vec::new();
        let mut most = leaf;
        for level in 0..depth.min(64) {
            let total = if level == 0 { 0 } else { counter_bytes(most) };
            totals.push(total);
            let pointer = widths.address + count + total;
            let records = node.checked_sub(10 + pointer)? / (record + pointer);
            most = (records + 1).checked_mul(most)?.checked_add(records)?;
        }
        Some(Self { record, count, totals })
    }
}

/// Bytes that a counter up to `most` takes.
fn counter_bytes(most: u64) -> u64 {
    u64::from(most.checked_ilog2().unwrap_or(0) / 8 + 1)
}

/// Bytes of a length up to `most` in a heap.
fn limit_bytes(most: u64) -> u64 {
    u64::from(most.checked_ilog2().unwrap_or(0).div_ceil(8))
}

/// A fractal heap, where large groups keep their links and objects many attributes.
struct Heap {
    /// Tree of the objects that are too large for blocks.
    huge: Option<u64>,
    /// Blocks in a row.
    width: u64,
    /// Bytes of the smallest block.
    start: u64,
    /// Bytes of the largest block that holds objects.
    direct: u64,
    offset_width: u64,
    size_width: u64,
    root: Option<u64>,
    /// Rows of the root block; 0 when it holds objects itself.
    rows: u64,
}

fn link(mut body: Cursor<'_>) -> Result<Link> {
    let at = body.at;
    let (version, flags) = (body.byte()?, body.byte()?);
    if version != 1 {
        return Err(malformed(at, "a link of version 1"));
    }
    let kind = if flags & 8 == 0 { 0 } else { body.byte()? };
    let order = if flags & 4 == 0 { None } else { Some(body.number(8)?) };
    body.take(if flags & 16 == 0 { 0 } else { 1 })?;
    let length = body.number(1 << (flags & 3))?;
    let name = body.text(length)?;
    Ok(Link { order, name, target: if kind == 0 { Some(body.defined()?) } else { None } })
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
