//! What the planes of a chunk hold (docs/format.md, "Mapping"): coordinates as they are, or numbers that stand for them.
//!
//! A number is a coordinate in quanta. Few distinct values are told by their rank; the channels of a picture by their differences from green,
//! or by their colour's place in a palette.

use super::entropy::{Coder, Residuals, SYMBOLS, Table};
use super::lattice::MAX_RANKS;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::wire::{Reader, put_varint};
use std::collections::HashMap;

/// Most colours of a palette.
pub(crate) const MAX_COLOURS: usize = 1 << 12;
/// Channels of a picture that are mapped together.
pub(crate) const CHANNELS: core::ops::RangeInclusive<usize> = 3..=4;

/// What the samples of the coded planes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// Coordinates under the pyramid method, numbers under the raster method.
    Direct,
    /// Places in this ascending list of codes, each a number that may need 64 bits.
    Ranks(Vec<i64>),
    /// Numbers: green, red less green, blue less green, and what else there is.
    Green,
    /// Places in this list of colours, each a number per plane of the chunk.
    Palette(Vec<Vec<i32>>),
}

impl Mapping {
    /// Kind and length of the list, for the header.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let (kind, length) = match self {
            Self::Direct => (0, None),
            Self::Ranks(codes) => (1, Some(codes.len())),
            Self::Green => (2, None),
            Self::Palette(colours) => (3, Some(colours.len())),
        };
        put_varint(out, kind);
        length.into_iter().for_each(|l| put_varint(out, l as u64));
    }

    /// Reads what [`Self::write`] wrote; lists are as long as they will be, and empty of content.
    pub(crate) fn read(reader: &mut Reader, planes: usize) -> Result<Self> {
        let mapping = match reader.count("the mapping", 3)? {
            0 => Self::Direct,
            1 => Self::Ranks(vec![0; reader.count("the number of ranks", MAX_RANKS)?]),
            2 => Self::Green,
            _ => {
                let colours = reader.count("the number of colours", MAX_COLOURS)?;
                if colours == 0 || !CHANNELS.contains(&planes) {
                    return Err(Error::corrupt("a palette needs colours and three or four planes"));
                }
                Self::Palette(vec![vec![0; planes]; colours])
            }
        };
        if mapping == Self::Green && !CHANNELS.contains(&planes) {
            return Err(Error::corrupt("differences from green need three or four planes"));
        }
        Ok(mapping)
    }

    /// Codes the list.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C) {
        match self {
            Self::Direct | Self::Green => {}
            Self::Ranks(codes) => code_ranks(coder, codes),
            Self::Palette(colours) => {
                let mut differences = Residuals::new(1);
                let mut last = vec![0i32; colours.first().map_or(0, Vec::len)];
                for colour in colours {
                    for (channel, last) in colour.iter_mut().zip(&mut last) {
                        *channel = last.wrapping_add(differences.code(coder, 0, 0, channel.wrapping_sub(*last)));
                        *last = *channel;
                    }
                }
            }
        }
    }

    /// Planes that are coded for a chunk of `planes`.
    pub(crate) const fn coded_planes(&self, planes: usize) -> usize {
        if matches!(self, Self::Palette(_)) { 1 } else { planes }
    }

    /// The planes to code for planes of numbers, by the encoder.
    pub(crate) fn apply(&self, mut numbers: Vec<Grid<i32>>) -> Vec<Grid<i32>> {
        match self {
            Self::Direct => {}
            Self::Ranks(codes) => {
                let rank = |number: i64| codes.partition_point(|c| *c < number) as i32;
                numbers.iter_mut().flat_map(|p| &mut p.samples).for_each(|s| *s = rank((*s).into()));
            }
            Self::Green => {
                if let [red, green, blue, ..] = numbers.as_mut_slice() {
                    for channel in [&mut *red, blue] {
                        channel.samples.iter_mut().zip(&green.samples).for_each(|(c, g)| *c = c.wrapping_sub(*g));
                    }
                    core::mem::swap(red, green);
                }
            }
            Self::Palette(colours) => {
                let places: HashMap<&[i32], i32> = colours.iter().zip(0..).map(|(c, i)| (c.as_slice(), i)).collect();
                let samples = pixels(&numbers).map(|p| places.get(p.as_slice()).copied().unwrap_or(0)).collect();
                let (height, width) = numbers.first().map_or((0, 0), |p| (p.height, p.width));
                return vec![Grid { height, width, samples }];
            }
        }
        numbers
    }

    /// The inverse of [`Self::apply`]: the planes of numbers that coded planes stand for; ranks stay ranks.
    pub(crate) fn invert(&self, mut planes: Vec<Grid<i32>>) -> Vec<Grid<i32>> {
        match self {
            Self::Direct | Self::Ranks(_) => planes,
            Self::Green => {
                if let [green, red, blue, ..] = planes.as_mut_slice() {
                    for difference in [&mut *red, blue] {
                        difference.samples.iter_mut().zip(&green.samples).for_each(|(d, g)| *d = d.wrapping_add(*g));
                    }
                    core::mem::swap(green, red);
                }
                planes
            }
            Self::Palette(colours) => {
                let Some(indices) = planes.first() else { return planes };
                let channels = colours.first().map_or(0, Vec::len);
                let channel = |c: usize| {
                    let number = |i: &i32| usize::try_from(*i).ok().and_then(|i| colours.get(i)?.get(c)).copied().unwrap_or(0);
                    Grid { height: indices.height, width: indices.width, samples: indices.samples.iter().map(number).collect() }
                };
                (0..channels).map(channel).collect()
            }
        }
    }
}

/// The samples of all planes, place by place.
pub(crate) fn pixels(planes: &[Grid<i32>]) -> impl Iterator<Item = Vec<i32>> {
    let count = planes.first().map_or(0, |p| p.samples.len());
    (0..count).map(|i| planes.iter().map(|p| p.samples.get(i).copied().unwrap_or(0)).collect())
}

/// Codes an ascending list of distinct codes: the first as it is, then the gaps.
fn code_ranks<C: Coder>(coder: &mut C, codes: &mut [i64]) {
    let mut gaps = Gaps::default();
    let mut last = 0i64;
    for (i, code) in codes.iter_mut().enumerate() {
        let least = i64::from(i > 0);
        let gap = gaps.code(coder, code.wrapping_sub(last).wrapping_sub(least) as u64);
        last = last.wrapping_add(gap as i64).wrapping_add(least);
        *code = last;
    }
}

/// Numbers of up to 64 bits: small ones are symbols under a table picked by the one before; others follow by bit length and plain bits.
#[derive(Debug)]
struct Gaps {
    small: Vec<Table>,
    upper: Table,
    lower: Vec<Table>,
    before: usize,
}

/// Symbol of gaps that are no symbol themselves; they have at least this many bits.
const LARGE: usize = SYMBOLS - 1;
const LARGE_BITS: usize = LARGE.ilog2() as usize + 1;

impl Default for Gaps {
    fn default() -> Self {
        let tables = |count| vec![Table::uniform(SYMBOLS, 6); count];
        Self { small: tables(SYMBOLS), upper: Table::uniform(4, 5), lower: tables(4), before: 0 }
    }
}

impl Gaps {
    fn code<C: Coder>(&mut self, coder: &mut C, gap: u64) -> u64 {
        let Some(table) = self.small.get_mut(self.before) else { return 0 };
        let small = coder.adaptive(table, gap.min(LARGE as u64) as usize);
        self.before = small;
        if small < LARGE {
            return small as u64;
        }
        let length = ((64 - gap.leading_zeros()) as usize).saturating_sub(LARGE_BITS);
        let upper = coder.adaptive(&mut self.upper, length >> 4);
        let Some(table) = self.lower.get_mut(upper) else { return 0 };
        let length = (upper << 4) + coder.adaptive(table, length & 15) + LARGE_BITS;
        let below = (length as u32).min(64) - 1;
        1 << below | coder.bits(below, gap & ((1 << below) - 1))
    }
}
