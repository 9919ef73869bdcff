//! From packed numbers to values: template 5 of edition 2 and the binary data section of edition 1.

mod ccsds;
mod complex;
mod jpeg2000;
mod png;
mod refusals;
mod scale;

pub(crate) use self::scale::{Precision, Scale};

use self::refusals::unsupported;
use super::bits::{BitReader, MAX_WIDTH};
use super::octets::Octets;
use super::places::spherical_harmonics;
use super::record::Record;
use crate::error::Result;
use crate::limits::{self, Limits};

/// How numbers are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Template {
    /// Of either edition.
    Simple,
    Complex,
    ComplexDifferences,
    Ieee32,
    Ieee64,
    Jpeg2000,
    Png,
    Ccsds,
}

/// What the head of the data says of its numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Representation {
    pub(crate) template: Template,
    pub(crate) scale: Scale,
    /// Width of a packed number; 0 when all are the reference value.
    pub(crate) bits: u32,
}

/// A value of a record that no bitmap leaves out.
#[derive(Debug)]
pub(crate) enum Numbers {
    /// Packed integers, [`refusals::MISSING`] where the packing itself says so.
    Integers(Vec<i64>),
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Representation {
    pub(crate) fn of(record: &Record<'_>) -> Result<Self> {
        if record.edition == 1 { Self::first_edition(record) } else { Self::second_edition(record.representation) }
    }

    fn first_edition(record: &Record<'_>) -> Result<Self> {
        let head = record.representation;
        match head.byte(4)? >> 4 {
            // Perhaps of numbers that were integers.
            0 | 2 => {}
            n if n & 8 != 0 => return Err(spherical_harmonics()),
            n if n & 4 != 0 => return Err(unsupported("GRIB of edition 1 with second-order packing")),
            _ => return Err(unsupported("GRIB of edition 1 with a matrix at each point")),
        }
        let scale = Scale::new(head.ibm(7)?, head.signed(5, 2)?, record.product.signed(27, 2)?);
        Self { template: Template::Simple, scale, bits: head.byte(11)?.into() }.checked()
    }

    fn second_edition(section: Octets<'_>) -> Result<Self> {
        let template = match section.unsigned(10, 2)? {
            0 => Template::Simple,
            2 => Template::Complex,
            3 => Template::ComplexDifferences,
            4 => match section.byte(12)? {
                1 => Template::Ieee32,
                2 => Template::Ieee64,
                _ => return Err(unsupported("GRIB with IEEE numbers of 128 bits")),
            },
            40 | 40_000 => Template::Jpeg2000,
            41 | 40_010 => Template::Png,
            42 => Template::Ccsds,
            50 | 51 | 53 => return Err(spherical_harmonics()),
            n => return Err(unsupported(format!("GRIB data representation template 5.{n}"))),
        };
        if matches!(template, Template::Ieee32 | Template::Ieee64) {
            return Ok(Self { template, scale: Scale::new(0.0, 0, 0), bits: if template == Template::Ieee32 { 32 } else { 64 } });
        }
        let scale = Scale::new(section.ieee(12)?.into(), section.signed(16, 2)?, section.signed(18, 2)?);
        Self { template, scale, bits: section.byte(20)?.into() }.checked()
    }

    fn checked(self) -> Result<Self> {
        if self.bits > MAX_WIDTH { Err(unsupported(format!("GRIB packed in {} bits", self.bits))) } else { Ok(self) }
    }

    /// The `count` numbers of a record, which `data` packs.
    pub(crate) fn numbers(&self, record: &Record<'_>, data: Octets<'_>, count: usize, limits: &Limits) -> Result<Numbers> {
        if record.edition == 2 && record.representation.size(6, 4)? != count {
            return Err(record.representation.malformed(6, format!("{count} values, as the grid and the bitmap say")));
        }
        let too_short = || data.malformed(1, format!("{count} numbers of {} bits", self.bits));
        match self.template {
            Template::Ieee32 => {
                data.bytes.as_chunks().0.get(..count).map(|v| Numbers::Single(v.iter().map(|b| f32::from_be_bytes(*b)).collect())).ok_or_else(too_short)
            }
            Template::Ieee64 => {
                data.bytes.as_chunks().0.get(..count).map(|v| Numbers::Double(v.iter().map(|b| f64::from_be_bytes(*b)).collect())).ok_or_else(too_short)
            }
            Template::Complex => complex::unpack(record.representation, data, count, 0).map(Numbers::Integers),
            Template::ComplexDifferences => {
                let order = record.representation.byte(48)?;
                complex::unpack(record.representation, data, count, order.into()).map(Numbers::Integers)
            }
            _ if self.bits == 0 || count == 0 => limits::zeros("the values of a message", count).map(Numbers::Integers),
            Template::Simple => simple(data.bytes, self.bits, count).map(Numbers::Integers).ok_or_else(too_short),
            Template::Jpeg2000 => jpeg2000::unpack(data, self.bits, count).map(Numbers::Integers),
            Template::Png => png::unpack(data, count, limits).map(Numbers::Integers),
            Template::Ccsds => ccsds::unpack(record.representation, data, self.bits, count).map(Numbers::Integers),
        }
    }
}

/// `count` numbers of `bits` bits one after the other; `None` when there are fewer.
fn simple(bytes: &[u8], bits: u32, count: usize) -> Option<Vec<i64>> {
    let mut reader = BitReader::new(bytes);
    reader.holds(count, bits).then(|| (0..count).map(|_| reader.take(bits) as i64).collect())
}

/// Bytes from the last one that `count` numbers do not fill on, unless they are what a writer of this template adds: nothing. Only where the numbers are written again as they
/// were.
pub(crate) fn unused<'a>(representation: &Representation, data: &'a [u8], count: usize) -> &'a [u8] {
    if !matches!(representation.template, Template::Simple | Template::Ieee32 | Template::Ieee64) {
        return &[];
    }
    let used = (count as u64).saturating_mul(representation.bits.into());
    let tail = usize::try_from(used / 8).ok().and_then(|n| data.get(n..)).unwrap_or_default();
    let padding = 0xffu8 >> (used % 8);
    match tail {
        [byte] if used % 8 > 0 && byte & padding == 0 => &[],
        _ => tail,
    }
}
