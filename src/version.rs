//! Versions of the archive format. Below everything, since errors name them.

use core::fmt;

/// Version of the archive format. A reader takes its own major version and any minor one: what a later minor version adds it skips, or names where it cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FormatVersion {
    major: u16,
    minor: u16,
}

impl FormatVersion {
    pub(crate) const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// What this build writes.
    pub const CURRENT: Self = Self { major: 1, minor: 0 };

    /// Whether this build reads archives of that version.
    pub(crate) const fn is_readable(self) -> bool {
        self.major == Self::CURRENT.major
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
