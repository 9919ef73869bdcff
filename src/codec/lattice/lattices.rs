//! The lattices of a chunk's planes: one for all, or an offset for each, with one step or several.

use super::rule::{Lattice, nearest_integer};
use crate::error::{Error, Result};
use crate::wire::{Reader, put_f64, put_varint};

/// How coordinates become values, plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lattices {
    /// The same way in all planes.
    One(Lattice),
    /// offset + phase · fine + coordinate · step, with a phase for each plane and one of the `steps`. A phase is less than a step, so that planes predict each other.
    Stacked { offset: f64, steps: Vec<Spacing>, planes: Vec<Place> },
}

/// A step that planes have, and the unit of their offsets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spacing {
    pub(crate) step: f64,
    pub(super) fine: f64,
}

/// Which of the steps a plane has, and how many units its offset lies above that of all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    pub(super) step: usize,
    pub(super) phase: u64,
}

/// What makes of coordinates of one plane those of another that has other steps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversion {
    ratio: f64,
    shift: f64,
}

/// Numbers of the kinds of [`Lattices::Stacked`], with one step and with several; others are those of a lattice.
const STACKED: u8 = 4;
const MIXED: u8 = 8;

impl Lattices {
    /// The lattice of a plane.
    pub(crate) fn of(&self, plane: usize) -> Lattice {
        match self {
            Self::One(lattice) => *lattice,
            Self::Stacked { offset, steps, planes } => {
                let place = planes.get(plane).copied().unwrap_or(Place { step: 0, phase: 0 });
                let Spacing { step, fine } = steps.get(place.step).copied().unwrap_or(Spacing { step: 1.0, fine: 1.0 });
                Lattice::Scaled { offset: offset + place.phase as f64 * fine, step }
            }
        }
    }

    /// What makes of coordinates of one plane those of another; `None` where they have the same step.
    pub(crate) fn conversion(&self, from: usize, to: usize) -> Option<Conversion> {
        let Self::Stacked { planes, .. } = self else { return None };
        if planes.get(from)?.step == planes.get(to)?.step {
            return None;
        }
        let (Lattice::Scaled { offset: a, step: s }, Lattice::Scaled { offset: b, step: t }) = (self.of(from), self.of(to)) else { return None };
        Some(Conversion { ratio: s / t, shift: (a - b) / t })
    }

    /// The lattice of all planes, if samples have low bits.
    pub(crate) fn with_low_bits(&self) -> Option<&Lattice> {
        if let Self::One(lattice) = self { Some(lattice).filter(|l| l.has_low_bits()) } else { None }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::One(lattice) => lattice.write(out),
            Self::Stacked { offset, steps, planes } => {
                let several = steps.len() != 1;
                out.push(if several { MIXED } else { STACKED });
                put_f64(out, *offset);
                if several {
                    put_varint(out, steps.len() as u64);
                }
                steps.iter().flat_map(|s| [s.step, s.fine]).for_each(|v| put_f64(out, v));
                for place in planes {
                    if several {
                        put_varint(out, place.step as u64);
                    }
                    put_varint(out, place.phase);
                }
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader, planes: usize) -> Result<Self> {
        let kind = reader.u8()?;
        if !matches!(kind, STACKED | MIXED) {
            return Ok(Self::One(Lattice::read(kind, reader)?));
        }
        let several = kind == MIXED;
        let offset = reader.f64()?;
        let count = if several { reader.count("the number of steps", planes)? } else { 1 };
        let steps = (0..count).map(|_| Spacing::read(reader)).collect::<Result<_>>()?;
        let place = |reader: &mut Reader| {
            let step = if several { reader.count("the step of a plane", count.saturating_sub(1))? } else { 0 };
            Ok(Place { step, phase: reader.varint()? })
        };
        let planes = (0..planes).map(|_| place(reader)).collect::<Result<_>>()?;
        if count > 0 && offset.is_finite() { Ok(Self::Stacked { offset, steps, planes }) } else { Err(Error::corrupt("planes have no steps or no offset")) }
    }
}

impl Spacing {
    fn read(reader: &mut Reader) -> Result<Self> {
        let (step, fine) = (reader.f64()?, reader.f64()?);
        let told = step > 0.0 && step.is_finite() && fine >= 0.0 && fine.is_finite();
        if told { Ok(Self { step, fine }) } else { Err(Error::corrupt("the step of a plane is no positive number")) }
    }
}

impl Conversion {
    /// The nearest coordinate of the other plane.
    #[inline]
    pub(crate) fn of(self, coordinate: i32) -> i32 {
        nearest_integer(f64::from(coordinate) * self.ratio + self.shift) as i32
    }

    /// The same for a distance between coordinates.
    pub(crate) const fn of_distances(self) -> Self {
        Self { shift: 0.0, ..self }
    }
}
