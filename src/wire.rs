//! Little pieces of binary layout shared by chunks and archive: LEB128 varints, little-endian floats, a checked reader.

use crate::error::{Error, Result};

/// Appends an unsigned LEB128 varint.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Bytes of a number as a varint.
pub(crate) const fn varint_bytes(value: u64) -> u64 {
    (value | 1).ilog2() as u64 / 7 + 1
}

/// Appends a signed number as a zigzag varint.
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i32) {
    put_varint(out, ((value << 1) ^ (value >> 31)) as u32 as u64);
}

/// Appends a signed number as a zigzag varint.
pub(crate) fn put_signed64(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends a binary64.
pub(crate) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend(value.to_le_bytes());
}

/// Appends the lowest `size` bytes of some bits, little-endian.
pub(crate) fn put_bits(out: &mut Vec<u8>, bits: u64, size: usize) {
    out.extend(bits.to_le_bytes().iter().take(size));
}

/// The bits of little-endian bytes.
pub(crate) fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |bits, b| bits << 8 | u64::from(*b))
}

/// Reads from a byte slice; every read is checked.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| Error::corrupt("a chunk ends inside a field"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N)?.first_chunk().copied().ok_or_else(|| Error::corrupt("a chunk ends inside a field"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Result<f64> {
        self.array().map(f64::from_le_bytes)
    }

    pub(crate) fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return if shift == 63 && byte > 1 { Err(Error::corrupt("a varint exceeds 64 bits")) } else { Ok(value) };
            }
        }
        Err(Error::corrupt("a varint exceeds 64 bits"))
    }

    /// A zigzag varint of 32 bits.
    pub(crate) fn signed(&mut self, what: &str) -> Result<i32> {
        let zigzag = self.count(what, u32::MAX as usize)?;
        Ok((zigzag >> 1) as i32 ^ -((zigzag & 1) as i32))
    }

    /// A zigzag varint.
    pub(crate) fn signed64(&mut self) -> Result<i64> {
        self.varint().map(|zigzag| (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64))
    }

    /// A varint that must not exceed `limit`.
    pub(crate) fn count(&mut self, what: &str, limit: usize) -> Result<usize> {
        let value = self.varint()?;
        usize::try_from(value).ok().filter(|v| *v <= limit).ok_or_else(|| Error::corrupt(format_args!("{what} is {value}, at most {limit} is possible")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back_and_overlong_ones_do_not() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            assert_eq!(Reader::new(&out).varint(), Ok(value));
            assert!(Reader::new(&out[..out.len() - 1]).varint().is_err());
        }
        assert!(Reader::new(&[0xFF; 11]).varint().is_err());
    }
}
