//! A record: the sections of a message that say of one field what it is and where its numbers are.

use super::octets::Octets;

/// What ends every message.
pub(crate) const END: &[u8; 4] = b"7777";

/// Where packed numbers stand in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) at: usize,
    pub(crate) length: usize,
}

/// One field of a message. Names of the sections are those of edition 2; edition 1 has the same under other numbers.
#[derive(Debug, Clone)]
pub(crate) struct Record<'a> {
    pub(crate) edition: u8,
    /// Of section 0; 0 in edition 1.
    pub(crate) discipline: u8,
    /// Sections that stand before the representation and after the record before, in file order.
    pub(crate) leading: Vec<Octets<'a>>,
    /// Centre and reference time.
    pub(crate) identification: Octets<'a>,
    pub(crate) grid: Octets<'a>,
    pub(crate) product: Octets<'a>,
    /// How numbers are packed: section 5, or the head of the binary data section.
    pub(crate) representation: Octets<'a>,
    /// The bitmap section as it stands; empty when edition 1 has none.
    pub(crate) bitmap: Octets<'a>,
    /// Bits of the bitmap that holds for this record, which may be that of a record before.
    pub(crate) mask: Option<Octets<'a>>,
    /// Packed numbers.
    pub(crate) data: Span,
}

/// Octets of the head of the binary data section of edition 1, before its numbers.
pub(crate) const BINARY_DATA_HEAD: usize = 11;

/// Octets of a bitmap section before its bits, in both editions.
pub(crate) const BITMAP_HEAD: usize = 6;
