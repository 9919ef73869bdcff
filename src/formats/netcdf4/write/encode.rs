//! Pieces of an HDF5 file: messages, headers, heaps and trees, after the HDF5 File Format Specification, version 3.

use crate::error::{Error, Result};
use crate::field::{DataType, Values};
use crate::formats::netcdf4::spec::checksum::lookup3;
use crate::formats::netcdf4::spec::message::{ATTRIBUTE, ATTRIBUTE_INFO, DATASPACE, DATATYPE, FILL, FILTERS, GROUP_INFO, LAYOUT, LINK, LINK_INFO};
use crate::formats::netcdf4::spec::{DOUBLE, FLOAT};

/// An address that is not known or not there.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Largest body of a message.
const MESSAGE: usize = u16::MAX as usize;

/// Entries of a node in a tree of chunks: twice the library's default.
const NODE: usize = 64;

/// Smallest collection of a global heap.
const COLLECTION: usize = 4096;

/// A file as it grows.
#[derive(Default)]
pub(super) struct Out {
    pub(super) bytes: Vec<u8>,
}

impl Out {
    /// Appends at a multiple of 8 and tells where.
    pub(super) fn place(&mut self, bytes: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        at
    }

    pub(super) fn replace(&mut self, at: u64, bytes: &[u8]) {
        if let Some(room) = usize::try_from(at).ok().and_then(|at| self.bytes.get_mut(at..at + bytes.len())) {
            room.copy_from_slice(bytes);
        }
    }

    /// Appends objects to a global heap; address of the collection and number of each.
    pub(super) fn heap<'o>(&mut self, objects: impl Iterator<Item = &'o [u8]>) -> Vec<HeapId> {
        let objects: Vec<&[u8]> = objects.collect();
        let mut ids = Vec::with_capacity(objects.len());
        for group in objects.chunks(MESSAGE - 1) {
            let collection = collection(group);
            let at = self.place(&collection);
            ids.extend((1..=group.len() as u32).map(|number| HeapId { collection: at, number }));
        }
        ids
    }

    /// Appends a tree of chunks and tells where its root is. Entries are in C order of their chunks.
    pub(super) fn chunk_tree(&mut self, chunks: &[PlacedChunk], lengths: &[u64], element: usize) -> u64 {
        if chunks.is_empty() {
            return UNDEFINED;
        }
        let end = chunks.last().map(|last| last.after(lengths, element)).unwrap_or_default();
        let mut entries: Vec<(Vec<u8>, u64)> = chunks.iter().map(|c| (c.key(), c.at)).collect();
        for level in 0.. {
            let key = end.len();
            let size = (24 + NODE * 8 + (NODE + 1) * key).next_multiple_of(8);
            let first = self.bytes.len().next_multiple_of(8) as u64;
            let address = |node: usize| first + (node * size) as u64;
            let count = entries.len().div_ceil(NODE);
            let mut above = Vec::new();
            let mut starts = entries.chunks(NODE).skip(1).map(|node| node.first().map_or(&end, |(key, _)| key));
            let mut nodes = Vec::new();
            for (i, node) in entries.chunks(NODE).enumerate() {
                let mut bytes = b"TREE\x01".to_vec();
                bytes.push(level);
                bytes.extend((node.len() as u16).to_le_bytes());
                bytes.extend(if i == 0 { UNDEFINED } else { address(i - 1) }.to_le_bytes());
                bytes.extend(if i + 1 == count { UNDEFINED } else { address(i + 1) }.to_le_bytes());
                for (key, child) in node {
                    bytes.extend_from_slice(key);
                    bytes.extend(child.to_le_bytes());
                }
                bytes.extend_from_slice(starts.next().unwrap_or(&end));
                bytes.resize(size, 0);
                above.push((node.first().map(|(key, _)| key.clone()).unwrap_or_default(), address(i)));
                nodes.extend(bytes);
            }
            self.place(&nodes);
            if count == 1 {
                return first;
            }
            entries = above;
        }
        UNDEFINED
    }
}

/// A reference into the global heap.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeapId {
    collection: u64,
    number: u32,
}

impl HeapId {
    /// The element of a list of `count` items that the object holds.
    pub(super) fn element(self, count: usize) -> Vec<u8> {
        let mut bytes = (count as u32).to_le_bytes().to_vec();
        bytes.extend(self.collection.to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes
    }
}

fn collection(objects: &[&[u8]]) -> Vec<u8> {
    let used = 16 + objects.iter().map(|o| 16 + o.len().next_multiple_of(8)).sum::<usize>();
    // What is left is either nothing or an object of its own.
    let size = if used + 16 <= COLLECTION {
        COLLECTION
    } else if used < COLLECTION {
        used + 16
    } else {
        used
    };
    let mut bytes = b"GCOL\x01\0\0\0".to_vec();
    bytes.extend((size as u64).to_le_bytes());
    for (number, object) in (1u16..).zip(objects) {
        bytes.extend(number.to_le_bytes());
        bytes.extend([1, 0, 0, 0, 0, 0]);
        bytes.extend((object.len() as u64).to_le_bytes());
        bytes.extend_from_slice(object);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    if size > used {
        bytes.extend([0; 8]);
        bytes.extend(((size - used) as u64).to_le_bytes());
    }
    bytes.resize(size, 0);
    bytes
}

/// A chunk that has its place in the file.
pub(super) struct PlacedChunk {
    /// Index of its first element in each dimension.
    pub(super) offsets: Vec<u64>,
    /// Stored bytes.
    pub(super) length: u32,
    pub(super) at: u64,
}

impl PlacedChunk {
    fn key(&self) -> Vec<u8> {
        key(self.length, self.offsets.iter().copied().chain([0]))
    }

    /// The key that stands behind this chunk when it is the last one.
    fn after(&self, lengths: &[u64], element: usize) -> Vec<u8> {
        key(0, self.offsets.iter().zip(lengths).map(|(o, n)| o + n).chain([element as u64]))
    }
}

fn key(length: u32, offsets: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    offsets.for_each(|o| bytes.extend(o.to_le_bytes()));
    bytes
}

// ------------------------------------------------------------------------------------------------------------------------------------ Datatypes

pub(super) fn number_type(data_type: DataType, big_endian: bool) -> Vec<u8> {
    let size = data_type.size() as u8;
    let order = u8::from(big_endian && size > 1);
    let signed = matches!(data_type, DataType::I8 | DataType::I16 | DataType::I32 | DataType::I64);
    match data_type {
        DataType::F32 => [&[0x11, 0x20 | order, 31, 0, 4, 0, 0, 0], FLOAT.as_slice()].concat(),
        DataType::F64 => [&[0x11, 0x20 | order, 63, 0, 8, 0, 0, 0], DOUBLE.as_slice()].concat(),
        DataType::Char => text_type(1, false),
        _ => vec![0x10, order | u8::from(signed) << 3, 0, 0, size, 0, 0, 0, 0, 0, 8 * size, 0],
    }
}

/// Text of `size` bytes.
pub(super) fn text_type(size: u32, utf8: bool) -> Vec<u8> {
    [[0x13, u8::from(utf8) << 4, 0, 0], size.to_le_bytes()].concat()
}

/// Text of any length.
pub(super) fn string_type() -> Vec<u8> {
    [&[0x19, 1, 1, 0, 16, 0, 0, 0], number_type(DataType::U8, false).as_slice()].concat()
}

/// Lists of references to objects.
pub(super) fn references_type() -> Vec<u8> {
    [[0x19, 0, 0, 0, 16, 0, 0, 0], REFERENCE].concat()
}

const REFERENCE: [u8; 8] = [0x17, 0, 0, 0, 8, 0, 0, 0];

/// A reference to a variable and the number of one of its dimensions.
pub(super) fn reference_list_type() -> Vec<u8> {
    let number = number_type(DataType::I32, false);
    [&[0x36, 2, 0, 0, 16, 0, 0, 0], b"dataset\0\0".as_slice(), &REFERENCE, b"dimension\0\x08", &number].concat()
}

// ----------------------------------------------------------------------------------------------------------------------------------- Dataspaces

pub(super) const SCALAR: [u8; 4] = [2, 0, 0, 0];
pub(super) const NULL: [u8; 4] = [2, 0, 0, 2];

/// An array; `most` has the largest lengths where some dimension is unlimited.
pub(super) fn space(extent: &[u64], most: Option<&[u64]>) -> Vec<u8> {
    if extent.is_empty() {
        return SCALAR.to_vec();
    }
    let mut bytes = vec![2, extent.len() as u8, u8::from(most.is_some()), 1];
    extent.iter().chain(most.unwrap_or_default()).for_each(|n| bytes.extend(n.to_le_bytes()));
    bytes
}

// ----------------------------------------------------------------------------------------------------------------------------------- Attributes

/// An attribute ready to be put into a header.
pub(super) struct Encoded {
    pub(super) name: String,
    pub(super) data_type: Vec<u8>,
    pub(super) space: Vec<u8>,
    pub(super) data: Vec<u8>,
}

impl Encoded {
    pub(super) fn list(name: &str, values: &Values) -> Self {
        let space = if values.is_empty() { NULL.to_vec() } else { space(&[values.len() as u64], None) };
        Self { name: name.to_owned(), data_type: number_type(values.data_type(), false), space, data: values.to_le_bytes() }
    }

    pub(super) fn number(name: &str, value: i32) -> Self {
        Self { space: SCALAR.to_vec(), ..Self::list(name, &Values::I32(vec![value])) }
    }

    pub(super) fn text(name: &str, text: &[u8]) -> Self {
        let space = if text.is_empty() { NULL } else { SCALAR }.to_vec();
        let data_type = text_type(text.len().max(1) as u32, !text.is_ascii());
        Self { name: name.to_owned(), data_type, space, data: text.to_vec() }
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = vec![3, 0];
        for length in [self.name.len() + 1, self.data_type.len(), self.space.len()] {
            bytes.extend((length as u16).to_le_bytes());
        }
        bytes.push(u8::from(!self.name.is_ascii()));
        bytes.extend_from_slice(self.name.as_bytes());
        bytes.push(0);
        [&bytes, &self.data_type, &self.space, &self.data].into_iter().flatten().copied().collect()
    }
}

// -------------------------------------------------------------------------------------------------------------------------------------- Headers

/// An object header as it grows. It tracks the order in which attributes were made.
pub(super) struct Header {
    messages: Vec<u8>,
    attributes: u16,
}

impl Header {
    /// Of a group with that many members.
    pub(super) fn group(members: usize) -> Self {
        let mut header = Self { messages: Vec::new(), attributes: 0 };
        let info = [[0, 3].as_slice(), &(members as u64).to_le_bytes(), &[0xff; 24]].concat();
        header.push(LINK_INFO, 0, 0, &info);
        header.push(GROUP_INFO, 1, 0, &[0, 0]);
        header
    }

    /// Of a dataset.
    pub(super) fn dataset(space: &[u8], data_type: &[u8], fill: &[u8], layout: &[u8], filters: Option<&[u8]>) -> Self {
        let mut header = Self { messages: Vec::new(), attributes: 0 };
        header.push(DATASPACE, 0, 0, space);
        header.push(DATATYPE, 1, 0, data_type);
        header.push(FILL, 1, 0, fill);
        header.push(LAYOUT, 0, 0, layout);
        if let Some(filters) = filters {
            header.push(FILTERS, 1, 0, filters);
        }
        header
    }

    fn push(&mut self, kind: u16, flags: u8, order: u16, body: &[u8]) {
        self.messages.push(kind as u8);
        self.messages.extend((body.len() as u16).to_le_bytes());
        self.messages.push(flags);
        self.messages.extend(order.to_le_bytes());
        self.messages.extend_from_slice(body);
    }

    pub(super) fn link(&mut self, order: usize, name: &str, address: u64) {
        // Creation order, character set, and two bytes of length.
        let mut body = vec![1, 4 | 16 | 1];
        body.extend((order as u64).to_le_bytes());
        body.push(1);
        body.extend((name.len() as u16).to_le_bytes());
        body.extend_from_slice(name.as_bytes());
        body.extend(address.to_le_bytes());
        self.push(LINK, 0, 0, &body);
    }

    pub(super) fn attribute(&mut self, attribute: &Encoded) -> Result<()> {
        let body = attribute.body();
        if body.len() > MESSAGE || self.attributes == u16::MAX {
            return Err(Error::Unsupported {
                what: format!("attribute {:?} in NetCDF-4, beyond 64 KiB or 65535 attributes,", attribute.name),
                advice: "shorten it, or write NetCDF classic".to_owned(),
            });
        }
        self.push(ATTRIBUTE, 0, self.attributes, &body);
        self.attributes += 1;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Vec<u8> {
        let info = [[0, 3].as_slice(), &self.attributes.to_le_bytes(), &[0xff; 24]].concat();
        self.push(ATTRIBUTE_INFO, 0, 0, &info);
        // Attributes in order and indexed by it, four bytes of length.
        let mut bytes = b"OHDR\x02\x0e".to_vec();
        bytes.extend((self.messages.len() as u32).to_le_bytes());
        bytes.extend(self.messages);
        sealed(bytes)
    }
}

/// With the checksum behind.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = lookup3(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

/// Bytes of the superblock.
pub(super) const SUPERBLOCK: usize = 48;

pub(super) fn superblock(end: u64, root: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n\x02\x08\x08\0".to_vec();
    [0, UNDEFINED, end, root].iter().for_each(|n| bytes.extend(n.to_le_bytes()));
    sealed(bytes)
}
