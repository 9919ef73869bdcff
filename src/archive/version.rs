//! Versions of the archive format.

use crate::error::{Error, Result};
use core::fmt;

/// Version of the archive format: a reader takes its own major version and any minor one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    major: u16,
    minor: u16,
}

impl FormatVersion {
    /// What this build writes.
    pub const CURRENT: Self = Self { major: 1, minor: 0 };

    /// The version in a superblock.
    ///
    /// # Errors
    /// [`Error::UnsupportedVersion`] when this build cannot read it.
    pub(crate) const fn supported(major: u16, minor: u16) -> Result<Self> {
        if major == Self::CURRENT.major { Ok(Self { major, minor }) } else { Err(Error::UnsupportedVersion { found: major, supported: Self::CURRENT.major }) }
    }

    pub(crate) const fn parts(self) -> [u16; 2] {
        [self.major, self.minor]
    }
}

impl fmt::Display for FormatVersion {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
