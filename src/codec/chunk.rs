//! What a chunk holds (docs/format.md, "Chunk payload"): shape, header, and the ways to fill it.

use super::lattice::Lattices;
use super::mapping::Mapping;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::wire::{Reader, put_varint};

/// Planes, rows and columns of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkShape {
    pub(crate) planes: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl ChunkShape {
    pub(crate) const fn samples(self) -> usize {
        self.planes * self.height * self.width
    }
}

/// First byte of a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filling {
    /// The values as they are, little-endian.
    Raw,
    /// One value that stands for all.
    Constant,
    /// Header, stream, patches.
    Coded(Method),
    /// Bytes that are no measurements, compressed as such.
    Bytes,
    /// A payload of the same values in binary32.
    Narrow,
    /// Smooth down to the last bits: each extrapolated from those around.
    Extrapolated,
}

/// How the planes of a stream are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// Coarse to fine, predicted from around.
    Pyramid,
    /// In raster order, predicted by a filter that learns.
    Raster,
    /// In raster order, mostly repeating a neighbour.
    Repeats,
    /// Coarse to fine, predicted by the network.
    Network,
    /// As that, with base planes as further references.
    Layered,
    /// Coarse to fine, with tables that do not learn.
    Bulk,
    /// Coarse to fine, predicted by experts that learn.
    Experts,
    /// As that, with the network among them.
    NetworkExperts,
}

impl Method {
    const ALL: [Self; 8] = [Self::Pyramid, Self::Raster, Self::Repeats, Self::Network, Self::Layered, Self::Bulk, Self::Experts, Self::NetworkExperts];

    /// Whether decoding takes a model.
    pub(crate) const fn takes_model(self) -> bool {
        matches!(self, Self::Network | Self::Layered | Self::NetworkExperts)
    }
}

impl Filling {
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Raw => 0,
            Self::Constant => 1,
            Self::Coded(Method::Pyramid) => 2,
            Self::Coded(Method::Raster) => 3,
            Self::Coded(Method::Repeats) => 4,
            Self::Coded(Method::Network) => 5,
            Self::Coded(Method::Layered) => 6,
            Self::Bytes => 7,
            Self::Narrow => 8,
            Self::Extrapolated => 9,
            Self::Coded(Method::Bulk) => 10,
            Self::Coded(Method::Experts) => 11,
            Self::Coded(Method::NetworkExperts) => 12,
        }
    }

    pub(crate) fn read(reader: &mut Reader) -> Result<Self> {
        let number = reader.u8()?;
        let methods = Method::ALL.map(Self::Coded);
        [Self::Raw, Self::Constant, Self::Bytes, Self::Narrow, Self::Extrapolated]
            .into_iter()
            .chain(methods)
            .find(|f| f.number() == number)
            .ok_or_else(|| Error::later(format_args!("filling {number} of a chunk")))
    }
}

/// Most patterns a chunk's mask may tell apart; beyond, each missing value is written out.
pub(crate) const MAX_PATTERNS: usize = 15;

/// Most reference distances a chunk lists.
const MAX_REFERENCES: usize = 2;
/// Added to the number of references where columns go around.
const WRAP: usize = 4;

/// How missing values are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MaskKind {
    /// No value is missing.
    None,
    /// Each missing value is one of these bit patterns.
    Patterns(Vec<u64>),
    /// The bits of each missing value follow the mask of its plane.
    Explicit,
}

impl MaskKind {
    /// The bit patterns of missing values that have a number.
    pub(crate) fn patterns(&self) -> &[u64] {
        if let Self::Patterns(patterns) = self { patterns } else { &[] }
    }
}

/// Everything before the coded stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub(crate) lattices: Lattices,
    /// Odd distance between reconstructions of a coordinate.
    pub(crate) quantum: i32,
    /// Largest coordinate; reconstructions beyond it or below 0 are cut, so that no value leaves the range of the source.
    pub(crate) top: i32,
    pub(crate) mask: MaskKind,
    /// What coded samples stand for.
    pub(crate) mapping: Mapping,
    /// How many planes back a reference plane may lie.
    pub(crate) references: Vec<usize>,
    /// Whether columns go around the globe.
    pub(crate) wrap: bool,
}

impl Header {
    /// A reconstructed coordinate, cut to the range of the source; exact ones never leave it.
    #[inline]
    pub(crate) fn cut(&self, coordinate: i32) -> i32 {
        if self.quantum == 1 { coordinate } else { coordinate.clamp(0, self.top) }
    }

    /// The quantum that samples are coded with: only coordinates that go through the pyramid are rounded while they are coded.
    pub(crate) fn coded_quantum(&self, method: Method) -> i32 {
        if !matches!(method, Method::Raster | Method::Repeats) && self.mapping == Mapping::Direct { self.quantum } else { 1 }
    }

    /// The coordinate that a decoded sample stands for; those of ranks may need 64 bits.
    #[inline]
    pub(crate) fn coordinate(&self, sample: i32) -> i64 {
        let Mapping::Ranks(codes) = &self.mapping else { return self.cut(sample).into() };
        let code = usize::try_from(sample).ok().and_then(|rank| codes.get(rank)).copied().unwrap_or(0);
        if self.quantum == 1 { code } else { code.wrapping_mul(self.quantum.into()).clamp(0, self.top.into()) }
    }

    /// The samples of plane `from` in coordinates of plane `to`; `None` where they are already, or are no coordinates.
    pub(crate) fn converted(&self, samples: &Grid<i32>, from: usize, to: usize) -> Option<Grid<i32>> {
        let conversion = self.lattices.conversion(from, to).filter(|_| self.mapping == Mapping::Direct)?;
        Some(Grid { samples: samples.samples.iter().map(|s| conversion.of(*s)).collect(), ..*samples })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.lattices.write(out);
        put_varint(out, self.quantum.unsigned_abs().into());
        if self.quantum > 1 {
            put_varint(out, self.top.unsigned_abs().into());
        }
        match &self.mask {
            MaskKind::None => put_varint(out, 0),
            MaskKind::Explicit => put_varint(out, MAX_PATTERNS as u64 + 1),
            MaskKind::Patterns(patterns) => {
                put_varint(out, patterns.len() as u64);
                patterns.iter().for_each(|p| put_varint(out, *p));
            }
        }
        self.mapping.write(out);
        put_varint(out, self.references.len() as u64 + if self.wrap { WRAP as u64 } else { 0 });
        self.references.iter().for_each(|r| put_varint(out, *r as u64));
    }

    pub(crate) fn read(reader: &mut Reader, planes: usize) -> Result<Self> {
        let lattices = Lattices::read(reader, planes)?;
        let quantum = reader.count("the quantum", i32::MAX as usize)? as i32;
        if quantum % 2 == 0 {
            return Err(Error::corrupt("the quantum is even"));
        }
        let top = if quantum > 1 { reader.count("the largest coordinate", i32::MAX as usize)? as i32 } else { i32::MAX };
        let mask = match reader.count("the number of missing patterns", MAX_PATTERNS + 1)? {
            0 => MaskKind::None,
            n if n > MAX_PATTERNS => MaskKind::Explicit,
            n => MaskKind::Patterns((0..n).map(|_| reader.varint()).collect::<Result<_>>()?),
        };
        let mapping = Mapping::read(reader, planes)?;
        let count = reader.count("the number of references", WRAP + MAX_REFERENCES)?;
        let (count, wrap) = if count < WRAP { (count, false) } else { (count - WRAP, true) };
        if count > MAX_REFERENCES {
            return Err(Error::corrupt("a chunk lists three references"));
        }
        let references = (0..count).map(|_| reader.count("a reference distance", u32::MAX as usize)).collect::<Result<Vec<_>>>()?;
        if references.contains(&0) {
            return Err(Error::corrupt("a plane refers to itself"));
        }
        Ok(Self { lattices, quantum, top, mask, mapping, references, wrap })
    }
}
