//! How numbers are written.

/// Bytes of one element of a tag.
pub(super) const fn size(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => return None,
    })
}

/// How numbers and offsets are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// Whether offsets have eight bytes.
    pub(crate) wide: bool,
    /// Whether numbers begin with their highest byte.
    pub(crate) big_endian: bool,
}

impl Form {
    pub(crate) fn number(self, bytes: &[u8]) -> u64 {
        let join = |n: u64, b: &u8| n << 8 | u64::from(*b);
        if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) }
    }

    /// Bytes of an offset.
    pub(crate) const fn offset(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    pub(crate) fn bytes(self, number: u64, width: usize) -> Vec<u8> {
        let mut bytes = number.to_le_bytes();
        bytes.reverse();
        let mut bytes = bytes.get(8 - width..).unwrap_or_default().to_vec();
        if !self.big_endian {
            bytes.reverse();
        }
        bytes
    }
}
