//! An archive is read through its envelope.

use super::envelope::{BLOCK, Cipher, HEADER, TAG};
use crate::bytes::zeros;
use crate::outer::Outer;
use core::ops::Range;
use deepcomp::{Error, Result, Source};
use std::cell::RefCell;
use std::rc::Rc;

/// Bytes that a block takes in the envelope.
const SEALED: u64 = (BLOCK + TAG) as u64;

/// What opens one envelope. To make it takes the time that trying a passphrase costs.
#[derive(Clone)]
pub struct EnvelopeKey(Rc<Cipher>);

impl EnvelopeKey {
    /// That of an envelope, by its passphrase.
    ///
    /// # Errors
    /// [`Error::WrongPassphrase`]; [`Error::LimitExceeded`] where trying it would cost too much; [`Error::Truncated`] and [`Error::ChecksumMismatch`] where the header is damaged.
    pub fn of<S: Source + ?Sized>(source: &S, passphrase: &[u8]) -> Result<Self> {
        let mut header = [0; HEADER];
        if source.length() < HEADER as u64 {
            return Err(Error::Truncated { what: "the header of the envelope", needed: HEADER as u64, available: source.length() });
        }
        source.read(0, &mut header)?;
        Cipher::open(&header, passphrase).map(|cipher| Self(Rc::new(cipher)))
    }
}

/// An encrypted archive that is read as if it were not.
pub struct Opened<S> {
    source: S,
    key: EnvelopeKey,
    /// Where the envelope ends.
    end: u64,
    /// The block that was decrypted last: who reads a little often reads more of it.
    last: RefCell<Option<(u64, Vec<u8>)>>,
    /// Blocks that do not decrypt are zeros, not errors.
    is_forgiving: bool,
}

impl<S: Source> Opened<S> {
    /// Opens an envelope with a passphrase.
    ///
    /// # Errors
    /// As [`EnvelopeKey::of`] and [`Self::with`].
    pub fn open(source: S, passphrase: &[u8]) -> Result<Self> {
        Outer::read(&source)?;
        let key = EnvelopeKey::of(&source, passphrase)?;
        Self::with(source, key)
    }

    /// Opens an envelope with its key.
    ///
    /// # Errors
    /// Those of [`Outer::read`]; [`Error::Truncated`] and [`Error::ChecksumMismatch`] where the last block is not what it was.
    pub fn with(source: S, key: EnvelopeKey) -> Result<Self> {
        let end = Outer::read(&source)?.end;
        let opened = Self::up_to(source, key, end);
        let rest = end.saturating_sub(HEADER as u64) % SEALED;
        if opened.count() == 0 || (1..TAG as u64).contains(&rest) {
            return Err(opened.cut());
        }
        // It tells whether anything was cut off.
        let last = opened.count() - 1;
        let block = opened.block(last)?;
        opened.last.replace(Some((last, block)));
        Ok(opened)
    }

    /// Opens what is left of an envelope that was damaged: its end may be wrong, and what does not decrypt is zeros.
    ///
    /// # Errors
    /// As [`EnvelopeKey::of`].
    pub fn forgiving(source: S, passphrase: &[u8]) -> Result<Self> {
        let key = EnvelopeKey::of(&source, passphrase)?;
        let end = Outer::read(&source).map_or(source.length(), |outer| outer.end);
        Ok(Self { is_forgiving: true, ..Self::up_to(source, key, end) })
    }

    /// The same archive, read from elsewhere.
    #[must_use]
    pub fn again<T: Source>(&self, source: T) -> Opened<T> {
        Opened::up_to(source, self.key.clone(), self.end)
    }

    fn up_to(source: S, key: EnvelopeKey, end: u64) -> Self {
        Self { source, key, end, last: RefCell::new(None), is_forgiving: false }
    }

    /// What the envelope is read from.
    pub const fn source(&self) -> &S {
        &self.source
    }

    /// Blocks that there are. What is too short for one with a tag is none.
    fn count(&self) -> u64 {
        let bytes = self.end.saturating_sub(HEADER as u64);
        bytes / SEALED + u64::from(bytes % SEALED >= TAG as u64)
    }

    fn cut(&self) -> Error {
        Error::Truncated { what: "the envelope", needed: self.end.saturating_add(1), available: self.end }
    }

    /// Where a block lies.
    fn sealed(&self, number: u64) -> Range<u64> {
        let start = HEADER as u64 + number * SEALED;
        start..self.end.min(start + SEALED)
    }

    /// Decrypts a block.
    fn block(&self, number: u64) -> Result<Vec<u8>> {
        let range = self.sealed(number);
        let mut bytes = zeros("a block", range.end.saturating_sub(range.start))?;
        self.source.read(range.start, &mut bytes)?;
        let tag = bytes.split_last_chunk::<TAG>().map(|(_, tag)| *tag).ok_or_else(|| self.cut())?;
        bytes.truncate(bytes.len() - TAG);
        let is_last = number + 1 == self.count();
        if self.key.0.decrypt(number, is_last, &mut bytes, tag) {
            return Ok(bytes);
        }
        if self.is_forgiving {
            // It may be whole and not the last, with all that came behind it lost.
            self.source.read(range.start, &mut bytes)?;
            if !is_last || !self.key.0.decrypt(number, false, &mut bytes, tag) {
                bytes.fill(0);
            }
            return Ok(bytes);
        }
        let what = if is_last {
            format!("encrypted block {number}, the last: it was altered, or what came behind it was cut off")
        } else {
            format!("encrypted block {number}")
        };
        Err(Error::ChecksumMismatch { what })
    }
}

impl<S: Source> Source for Opened<S> {
    fn length(&self) -> u64 {
        self.end.saturating_sub(HEADER as u64).saturating_sub(self.count() * TAG as u64).min(self.count() * BLOCK as u64)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let end = at.checked_add(into.len() as u64).filter(|end| *end <= self.length());
        end.ok_or_else(|| Error::Unreadable { what: "it ended early".to_owned() })?;
        let (mut at, mut into) = (at, into);
        while !into.is_empty() {
            let (number, offset) = (at / BLOCK as u64, (at % BLOCK as u64) as usize);
            let mut last = self.last.borrow_mut();
            if last.as_ref().is_none_or(|(own, _)| *own != number) {
                *last = Some((number, self.block(number)?));
            }
            let here = last.as_ref().and_then(|(_, block)| block.get(offset..)).filter(|here| !here.is_empty()).ok_or_else(|| self.cut())?;
            let (now, later) = into.split_at_mut(here.len().min(into.len()));
            now.iter_mut().zip(here).for_each(|(to, from)| *to = *from);
            at += now.len() as u64;
            into = later;
        }
        Ok(())
    }

    fn prepare(&self, ranges: &[Range<u64>]) {
        let block = |at: u64| (at / BLOCK as u64).min(self.count().saturating_sub(1));
        let outer = |range: &Range<u64>| self.sealed(block(range.start)).start..self.sealed(block(range.end.saturating_sub(1))).end;
        self.source.prepare(&ranges.iter().filter(|range| !range.is_empty()).map(outer).collect::<Vec<_>>());
    }
}
