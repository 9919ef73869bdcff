//! In words, how the values of a chunk follow from what is coded: the rule that the encoder found.

use core::fmt;

use super::chunk::{ChunkShape, Filling, Header};
use super::lattice::{Lattice, Lattices};
use super::mapping::Mapping;
use crate::error::Result;
use crate::wire::Reader;

/// The rule of a chunk.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// All are one value.
    Constant,
    /// Text, or a file, as bytes.
    Bytes,
    /// The bits as they are.
    Raw,
    /// Nothing is coded: the definition of a grid yields them.
    Derived,
    /// Each extrapolated from those around it.
    Extrapolated,
    /// The rule of numbers of single precision that are stored in double.
    Narrow(Box<Self>),
    /// Whole numbers, on a lattice.
    Lattice {
        /// What it makes of a whole number k.
        lattice: String,
        /// Steps that a value may be off and come back as one.
        quantum: i32,
        /// How many different values there are, where these are listed.
        listed: Option<usize>,
    },
}

impl Rule {
    /// Whether values are there as they are, so that they follow from nothing.
    #[must_use]
    pub const fn is_plain(&self) -> bool {
        matches!(self, Self::Constant | Self::Bytes | Self::Raw)
    }

    /// Of a payload, which may end after its header.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when that breaks a rule of the format.
    pub(crate) fn read(payload: &[u8], shape: ChunkShape) -> Result<Self> {
        let mut reader = Reader::new(payload);
        Ok(match Filling::read(&mut reader)? {
            Filling::Raw => Self::Raw,
            Filling::Constant => Self::Constant,
            Filling::Bytes => Self::Bytes,
            Filling::Extrapolated => Self::Extrapolated,
            Filling::Narrow => Self::Narrow(Box::new(Self::read(reader.rest(), shape)?)),
            Filling::Coded(_) => {
                let Header { lattices, quantum, mapping, .. } = Header::read(&mut reader, shape.planes)?;
                let listed = if let Mapping::Ranks(codes) = &mapping { Some(codes.len()) } else { None };
                Self::Lattice { lattice: lattices.to_string(), quantum, listed }
            }
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("one value"),
            Self::Bytes => f.write_str("bytes"),
            Self::Raw => f.write_str("bits as they are"),
            Self::Derived => f.write_str("derived from the grid's definition"),
            Self::Extrapolated => f.write_str("extrapolated from the values around"),
            Self::Narrow(rule) => write!(f, "{rule}, of single precision"),
            Self::Lattice { lattice, quantum, listed } => {
                f.write_str(lattice)?;
                listed.map_or(Ok(()), |count| write!(f, ", {count} different values"))?;
                if *quantum > 1 { write!(f, ", to within {} of k", (quantum - 1) / 2) } else { Ok(()) }
            }
        }
    }
}

impl fmt::Display for Lattices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(lattice) => lattice.fmt(f),
            Self::Stacked { steps, .. } => {
                f.write_str("an offset for each plane + k · ")?;
                steps.iter().enumerate().try_for_each(|(i, s)| write!(f, "{}{}", if i > 0 { " or " } else { "" }, s.step))
            }
        }
    }
}

impl fmt::Display for Lattice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Scaled { offset, step } => write!(f, "{offset} + k · {step}"),
            Self::Ratio { base, multiple, divisor } => {
                let step = multiple as f64 / divisor;
                if multiple != 0 && base % multiple == 0 { write!(f, "k · {step}") } else { write!(f, "{} + k · {step}", base as f64 / divisor) }
            }
            Self::Ordered { shift: 0, .. } => f.write_str("any number of the type"),
            Self::Ordered { shift, .. } => write!(f, "numbers of the type without their last {shift} bits"),
            Self::Truncated { .. } => f.write_str("units of a power of two, and the bits below"),
            Self::Anchored { origin, step, .. } => write!(f, "{origin} + k · {step}"),
            Self::Near { origin, step, .. } => write!(f, "near {origin} + k · {step}"),
            Self::Stepped { step: 1, .. } => f.write_str("any number of the type"),
            Self::Stepped { step, .. } => write!(f, "numbers of the type, {step} apart"),
            Self::Single { step, offset, .. } => write!(f, "k · {step} + {offset} in single precision"),
        }
    }
}
