//! Numbers in the octets of a section, counted from 1 as the WMO's templates count them.

use crate::error::{Error, Result};

/// Bytes of a section and where they stand in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Octets<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) offset: usize,
}

impl<'a> Octets<'a> {
    pub(crate) const fn new(bytes: &'a [u8], offset: usize) -> Self {
        Self { bytes, offset }
    }

    /// An error at that octet.
    pub(crate) fn malformed(self, octet: usize, expected: impl Into<String>) -> Error {
        malformed(self.offset.saturating_add(octet.saturating_sub(1)), expected)
    }

    /// `count` octets (at most 8) as an unsigned number.
    pub(crate) fn unsigned(self, octet: usize, count: usize) -> Result<u64> {
        let start = octet.saturating_sub(1);
        let bytes = self.bytes.get(start..start.saturating_add(count)).ok_or_else(|| self.malformed(octet, format!("{count} bytes of a section")))?;
        Ok(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b)))
    }

    /// `count` octets (at most 8) whose first bit is the sign.
    pub(crate) fn signed(self, octet: usize, count: usize) -> Result<i64> {
        let raw = self.unsigned(octet, count)?;
        let sign = 1u64 << (8 * count.clamp(1, 8) - 1);
        let magnitude = (raw & (sign - 1)) as i64;
        Ok(if raw & sign == 0 { magnitude } else { -magnitude })
    }

    pub(crate) fn byte(self, octet: usize) -> Result<u8> {
        Ok(self.unsigned(octet, 1)? as u8)
    }

    /// A number that becomes a size.
    pub(crate) fn size(self, octet: usize, count: usize) -> Result<usize> {
        usize::try_from(self.unsigned(octet, count)?).map_err(|_| self.malformed(octet, "a size that memory can hold"))
    }

    /// IEEE 754 binary32.
    pub(crate) fn ieee(self, octet: usize) -> Result<f32> {
        Ok(f32::from_bits(self.unsigned(octet, 4)? as u32))
    }

    /// The 32-bit floating-point number of edition 1: sign, exponent of 16 in excess of 64, 24 bits of fraction.
    pub(crate) fn ibm(self, octet: usize) -> Result<f64> {
        let raw = self.unsigned(octet, 4)?;
        let exponent = (raw >> 24 & 0x7f) as i32 - 64;
        let magnitude = (raw & 0xff_ffff) as f64 * 2f64.powi(4 * exponent - 24);
        Ok(if raw >> 31 == 0 { magnitude } else { -magnitude })
    }

    /// What begins at that octet.
    pub(crate) fn from(self, octet: usize) -> Self {
        let start = octet.saturating_sub(1).min(self.bytes.len());
        Self { bytes: self.bytes.get(start..).unwrap_or_default(), offset: self.offset.saturating_add(start) }
    }
}

/// An error at that byte of the file.
pub(crate) fn malformed(offset: usize, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "GRIB", offset: offset as u64, expected: expected.into() }
}
