//! A stretch of the file, and the numbers in it.

use crate::error::{Error, Result};
use crate::formats::input::Input;

pub(super) fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "NetCDF-4", offset, expected: expected.into() }
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
    pub(super) rest: &'a [u8],
    /// Offset of the next byte in the file.
    pub(super) at: u64,
    pub(super) widths: Widths,
    /// Where to read on when `rest` is used up.
    pub(super) more: Option<&'a Input<'a>>,
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
