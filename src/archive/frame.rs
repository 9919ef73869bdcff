//! A frame: one coded chunk with what it takes to check it (docs/format.md, "Frame"). It decodes with type and shape alone, and is the same wherever the chunk was coded and whatever it
//! is a part of. An archive is frames and an index; a chunk of a store is a bare frame.

use super::checksum::checksum;
use crate::error::{Error, Result};
use crate::wire::Reader;

/// First byte: a frame, and its version.
const VERSION: u8 = 0xd1;
/// Flag: the bound and the largest error follow.
const HELD: u8 = 1;
/// Flag: the network that decoding takes follows.
const MODEL: u8 = 2;
/// The checksum at the end.
const SUM: usize = 4;

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frame<'a> {
    /// Low half of XXH3-64 of the decoded values, little-endian.
    pub(crate) values_sum: u32,
    /// What is guaranteed, where no certificate elsewhere says it.
    pub(crate) held: Option<Held>,
    /// The network that decoding takes, where nothing elsewhere says it: the low half of its hash.
    pub(crate) model: Option<u32>,
    pub(crate) payload: &'a [u8],
}

/// The bound that a chunk was held to and its largest error, in stored units, both rounded up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Held {
    pub(crate) bound: f32,
    pub(crate) max_error: f32,
}

impl Held {
    pub(crate) fn of(bound: f64, max_error: f64) -> Self {
        let up = |exact: f64| {
            let near = exact as f32;
            if f64::from(near) < exact { near.next_up() } else { near }
        };
        Self { bound: up(bound), max_error: up(max_error) }
    }
}

impl<'a> Frame<'a> {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.payload.len() + 24);
        out.extend([VERSION, self.held.map_or(0, |_| HELD) | self.model.map_or(0, |_| MODEL)]);
        out.extend(self.values_sum.to_le_bytes());
        if let Some(Held { bound, max_error }) = self.held {
            [bound, max_error].iter().for_each(|number| out.extend(number.to_le_bytes()));
        }
        self.model.iter().for_each(|model| out.extend(model.to_le_bytes()));
        out.extend(self.payload);
        let sum = checksum(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    /// The frame that `bytes` begin, with as much of the payload as there is: nothing covers it.
    pub(crate) fn begun(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            VERSION => {}
            other if other & 0xf0 == VERSION & 0xf0 => return Err(Error::later(format_args!("version {} of frames", other & 0x0f))),
            _ => return Err(Error::corrupt("what should be a frame is none")),
        }
        let flags = reader.u8()?;
        if flags & !(HELD | MODEL) != 0 {
            return Err(Error::later(format_args!("flag {flags:#x} of a frame")));
        }
        let values_sum = reader.u32()?;
        let held = if flags & HELD == 0 { None } else { Some(Held { bound: f32::from_bits(reader.u32()?), max_error: f32::from_bits(reader.u32()?) }) };
        let model = if flags & MODEL == 0 { None } else { Some(reader.u32()?) };
        Ok(Self { values_sum, held, model, payload: reader.rest() })
    }

    /// The frame that `bytes` are; `what` names it in errors.
    pub(crate) fn read(bytes: &'a [u8], what: &str) -> Result<Self> {
        let truncated = || Error::Truncated { what: "a frame", needed: 10, available: bytes.len() as u64 };
        let (covered, sum) = bytes.split_last_chunk::<SUM>().ok_or_else(truncated)?;
        if checksum(covered).to_le_bytes() != *sum {
            return Err(Error::ChecksumMismatch { what: what.to_owned() });
        }
        Self::begun(covered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_damage_to_any_byte_is_seen() {
        let held = Some(Held { bound: 0.01, max_error: 0.009 });
        for (held, model, overhead) in [(None, None, 10), (held, None, 18), (None, Some(7), 14), (held, Some(7), 22)] {
            let frame = Frame { values_sum: 0xdead_beef, held, model, payload: b"what was coded" };
            let bytes = frame.to_bytes();
            assert_eq!(bytes.len(), frame.payload.len() + overhead);
            assert_eq!(Frame::read(&bytes, "a chunk").unwrap(), frame);
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert!(matches!(Frame::read(&damaged, "a chunk"), Err(Error::ChecksumMismatch { .. })), "{at}");
            }
            for length in 0..bytes.len() {
                assert!(Frame::read(&bytes[..length], "a chunk").is_err(), "{length}");
            }
        }
    }

    #[test]
    fn what_a_later_version_may_add_is_named() {
        for (at, byte, named) in [(0, 0xd2, "version 2"), (1, 4, "flag 0x4"), (0, 0, "none")] {
            let mut bytes = Frame { values_sum: 0, held: None, model: None, payload: b"" }.to_bytes();
            bytes[at] = byte;
            let sum = checksum(&bytes[..6]);
            bytes[6..].copy_from_slice(&sum.to_le_bytes());
            assert!(Frame::read(&bytes, "a chunk").unwrap_err().to_string().contains(named), "{named}");
        }
    }
}
