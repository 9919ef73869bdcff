//! What there is to say of a format.

use super::input::Input;
use super::opened::Opened;
use crate::error::Result;
use crate::field::{Dataset, Field, SourceFormat};
use crate::limits::Limits;

/// A file format.
#[derive(Debug)]
pub struct Format {
    /// Name for programs.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// What the name of a file that is written ends on.
    pub extension: &'static str,
    /// How others are saved in it, if they are.
    pub export: Option<Export>,
    /// What archives call it.
    pub(super) source: SourceFormat,
    pub(super) told: Told,
    pub(super) open: Open,
    pub(super) save: fn(&Dataset) -> Result<Vec<u8>>,
    pub(super) back: Back,
    pub(super) holds: Holds,
    /// What its files say in [`Dataset::layout`] that is neither a matter of storage nor said in another format.
    pub(super) own: Option<&'static str>,
    pub(super) feature: Feature,
}

pub(super) type Open = for<'a, 'b> fn(&'a Input<'b>, &str, &Limits) -> Result<Opened<'a>>;

/// How a dataset is saved in a format, whatever it came from.
#[derive(Debug, Clone, Copy)]
pub enum Export {
    /// All of it.
    Dataset(fn(&Dataset) -> Result<Vec<u8>>),
    /// One variable, of a dataset that came from that format.
    Variable {
        /// Whether it holds text.
        text: bool,
        /// Writes it.
        write: fn(&Field, SourceFormat) -> Result<Vec<u8>>,
    },
    /// A picture of one plane of a variable.
    Plane {
        /// How many there are.
        count: fn(&Field) -> usize,
        /// Draws it.
        write: fn(&Field, usize) -> Result<Vec<u8>>,
    },
}

/// How files of a format are told.
#[derive(Debug)]
pub(super) enum Told {
    /// By one of these at the beginning.
    Start(&'static [&'static [u8]]),
    /// So, or by a closer look.
    Look(&'static [&'static [u8]], fn(&[u8]) -> bool),
    /// Not at all.
    Never,
}

/// What a file becomes on its way back.
#[derive(Debug)]
pub(super) enum Back {
    /// What it was.
    Same,
    /// The format of that name.
    As(&'static str),
    /// What it was, or the format of that name where that cannot hold the values.
    Else(&'static str),
}

/// What a format has a place for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Variables and attributes of every kind.
    All,
    /// Values alone, text as well.
    Arrays,
    /// Planes of numbers, and where they are.
    Pages,
    /// Planes of numbers, drawn.
    Pictures,
}

/// What a build needs to have a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    Always,
    Formats,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Format {
    /// Whether this build reads and writes it, or leaves that to another.
    #[must_use]
    pub const fn is_here(&self) -> bool {
        match self.feature {
            Feature::Always => true,
            Feature::Formats => cfg!(feature = "formats"),
        }
    }

    pub(super) fn signatures(&self) -> &'static [&'static [u8]] {
        match self.told {
            Told::Start(signatures) | Told::Look(signatures, _) => signatures,
            Told::Never => &[],
        }
    }

    pub(super) fn starts(&self, bytes: &[u8]) -> bool {
        self.signatures().iter().any(|signature| bytes.starts_with(signature))
    }

    pub(super) fn looks_like(&self, bytes: &[u8]) -> bool {
        matches!(self.told, Told::Look(_, look) if look(bytes))
    }
}
