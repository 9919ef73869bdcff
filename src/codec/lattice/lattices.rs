//! The lattices of a chunk's planes: one for all, or an offset and a step for each.

use super::rule::{Lattice, nearest_integer};
use crate::error::{Error, Result};
use crate::wire::{Reader, put_f64, put_signed, put_varint};

/// How coordinates become values, plane by plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Lattices {
    /// The same way in all planes.
    One(Lattice),
    /// phase · fine + (base + coordinate) · step, with a phase for each plane and one of the `steps`. A phase is less than a step, so that planes predict each other.
    Stacked { steps: Vec<Spacing>, planes: Vec<Place> },
}

/// A step that planes have, where their coordinates count from, and the unit of their offsets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spacing {
    pub(crate) step: f64,
    pub(super) fine: f64,
    pub(super) base: i32,
}

/// Which of the steps a plane has, and the units of its offset.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Place {
    pub(super) step: usize,
    pub(super) phase: u64,
}

/// What makes of coordinates of one plane those of another that has another step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conversion {
    from: Even,
    to: Even,
}

/// origin + (base + coordinate) · step.
#[derive(Debug, Clone, Copy)]
pub(super) struct Even {
    pub(super) origin: f64,
    base: i32,
    pub(super) step: f64,
}

/// Number of the kind of [`Lattices::Stacked`]; others are those of a lattice.
const STACKED: u8 = 4;

impl Lattices {
    /// The lattice of a plane.
    #[inline(never)]
    pub(crate) fn of(&self, plane: usize) -> Lattice {
        match self {
            Self::One(lattice) => *lattice,
            Self::Stacked { steps, planes } => {
                let Even { origin, base, step } = planes.get(plane).and_then(|place| place.on(steps)).unwrap_or(Even { origin: 0.0, base: 0, step: 1.0 });
                Lattice::Anchored { origin, base: base.into(), step }
            }
        }
    }

    /// What makes of coordinates of one plane those of another; `None` where they have the same step.
    pub(crate) fn conversion(&self, from: usize, to: usize) -> Option<Conversion> {
        let Self::Stacked { steps, planes } = self else { return None };
        let (from, to) = (planes.get(from)?, planes.get(to)?);
        if from.step == to.step { None } else { Some(Conversion { from: from.on(steps)?, to: to.on(steps)? }) }
    }

    /// The lattice of all planes, if samples have low bits.
    pub(crate) fn with_low_bits(&self) -> Option<&Lattice> {
        if let Self::One(lattice) = self { Some(lattice).filter(|l| l.has_low_bits()) } else { None }
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::One(lattice) => lattice.write(out),
            Self::Stacked { steps, planes } => {
                out.push(STACKED);
                put_varint(out, steps.len() as u64);
                for Spacing { step, fine, base } in steps {
                    put_f64(out, *step);
                    put_f64(out, *fine);
                    put_signed(out, *base);
                }
                for Place { step, phase } in planes {
                    if steps.len() > 1 {
                        put_varint(out, *step as u64);
                    }
                    put_varint(out, *phase);
                }
            }
        }
    }

    pub(crate) fn read(reader: &mut Reader, planes: usize) -> Result<Self> {
        let kind = reader.u8()?;
        if kind != STACKED {
            return Ok(Self::One(Lattice::read(kind, reader)?));
        }
        let last = reader.count("the number of steps", planes)?.checked_sub(1).ok_or_else(|| Error::corrupt("planes have no step"))?;
        let steps = (0..=last).map(|_| Spacing::read(reader)).collect::<Result<_>>()?;
        let place = |reader: &mut Reader| {
            let step = if last > 0 { reader.count("the step of a plane", last)? } else { 0 };
            Ok(Place { step, phase: reader.varint()? })
        };
        Ok(Self::Stacked { steps, planes: (0..planes).map(|_| place(reader)).collect::<Result<_>>()? })
    }
}

impl Spacing {
    fn read(reader: &mut Reader) -> Result<Self> {
        let (step, fine, base) = (reader.f64()?, reader.f64()?, reader.signed("where coordinates count from")?);
        let [is_step, is_unit] = [step, fine].map(|v| v > 0.0 && v.is_finite());
        if is_step && is_unit { Ok(Self { step, fine, base }) } else { Err(Error::corrupt("a step of planes is no positive number")) }
    }
}

impl Place {
    /// Its values, where those are all steps.
    pub(super) fn on(self, steps: &[Spacing]) -> Option<Even> {
        let Spacing { step, fine, base } = *steps.get(self.step)?;
        Some(Even { origin: self.phase as f64 * fine, base, step })
    }
}

impl Conversion {
    /// The coordinate of the other plane whose value is nearest, as far as it has 32 bits.
    #[inline]
    pub(crate) fn of(self, sample: i32) -> i32 {
        let Self { from, to } = self;
        let value = from.origin + (f64::from(from.base) + f64::from(sample)) * from.step;
        (nearest_integer((value - to.origin) / to.step) as i64).saturating_sub(to.base.into()).clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed() -> Lattices {
        let steps = vec![Spacing { step: 0.1, fine: 0.025, base: -7 }, Spacing { step: 0.02, fine: 0.02, base: 40 }];
        Lattices::Stacked { steps, planes: [(0, 3), (1, 0), (0, 0)].map(|(step, phase)| Place { step, phase }).to_vec() }
    }

    fn read(bytes: &[u8], planes: usize) -> Result<Lattices> {
        Lattices::read(&mut Reader::new(bytes), planes)
    }

    #[test]
    fn steps_of_planes_are_read_as_they_were_written_and_nonsense_is_refused() {
        let one = Lattices::Stacked { steps: vec![Spacing { step: 0.1, fine: 0.05, base: 3 }], planes: vec![Place { step: 0, phase: 1 }; 2] };
        for lattices in [mixed(), one] {
            let mut bytes = Vec::new();
            lattices.write(&mut bytes);
            let planes = if let Lattices::Stacked { planes, .. } = &lattices { planes.len() } else { 0 };
            assert_eq!(read(&bytes, planes).unwrap(), lattices);
            assert!((0..bytes.len()).all(|length| read(&bytes[..length], planes).is_err()));
        }
        let mut bytes = Vec::new();
        mixed().write(&mut bytes);
        let changed = |at: usize, with: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + with.len()].copy_from_slice(with);
            read(&bytes, 3)
        };
        assert!(changed(2, &0.5f64.to_le_bytes()).is_ok());
        let (first_step, first_fine, step_of_a_plane) = (2, 10, bytes.len() - 2);
        for number in [0.0, -0.1, f64::NAN, f64::INFINITY] {
            assert!(changed(first_step, &number.to_le_bytes()).is_err() && changed(first_fine, &number.to_le_bytes()).is_err(), "{number}");
        }
        assert!(changed(1, &[0]).is_err() && changed(1, &[4]).is_err() && changed(step_of_a_plane, &[2]).is_err());
    }

    #[test]
    fn coordinates_of_one_plane_become_the_nearest_of_another() {
        let lattices = mixed();
        assert!(lattices.conversion(0, 2).is_none() && lattices.conversion(0, 3).is_none());
        let [coarser, finer] = [(1, 0), (0, 1)].map(|(from, to)| lattices.conversion(from, to).unwrap());
        // 0.075 + 0.1 · (k − 7) and 0.02 · (k + 40).
        assert_eq!([0, 7, 20].map(|k| finer.of(k)), [-71, -36, 29]);
        assert_eq!([-71, 29, -40, i32::MAX].map(|k| coarser.of(k)), [0, 20, 6, 429_496_744]);
        assert_eq!([i32::MAX, i32::MIN].map(|k| finer.of(k)), [i32::MAX, i32::MIN]);
    }
}
