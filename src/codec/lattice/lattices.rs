//! The lattices of a chunk's planes: one for all, or one step and an offset for each.

use super::rule::Lattice;
use crate::error::Result;
use crate::wire::{Reader, put_f64, put_varint};

/// How coordinates become values, plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lattices {
    /// The same way in all planes.
    One(Lattice),
    /// offset + phase · fine + coordinate · step, with a phase for each plane. A phase is less than a step, so that planes predict each other.
    Stacked { offset: f64, step: f64, fine: f64, phases: Vec<u64> },
}

/// Number of the kind of [`Lattices::Stacked`]; lower ones are those of a lattice.
const STACKED: u8 = 4;

impl Lattices {
    /// The lattice of a plane.
    pub(crate) fn of(&self, plane: usize) -> Lattice {
        match self {
            Self::One(lattice) => *lattice,
            Self::Stacked { offset, step, fine, phases } => {
                let phase = phases.get(plane).copied().unwrap_or(0);
                Lattice::Scaled { offset: offset + phase as f64 * fine, step: *step }
            }
        }
    }

    /// The lattice of all planes, if samples have low bits.
    pub(crate) fn with_low_bits(&self) -> Option<&Lattice> {
        if let Self::One(lattice) = self { Some(lattice).filter(|l| l.has_low_bits()) } else { None }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::One(lattice) => lattice.write(out),
            Self::Stacked { offset, step, fine, phases } => {
                out.push(STACKED);
                [offset, step, fine].into_iter().for_each(|v| put_f64(out, *v));
                phases.iter().for_each(|p| put_varint(out, *p));
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader, planes: usize) -> Result<Self> {
        match reader.u8()? {
            STACKED => {
                let (offset, step, fine) = (reader.f64()?, reader.f64()?, reader.f64()?);
                Ok(Self::Stacked { offset, step, fine, phases: (0..planes).map(|_| reader.varint()).collect::<Result<_>>()? })
            }
            kind => Ok(Self::One(Lattice::read(kind, reader)?)),
        }
    }
}
