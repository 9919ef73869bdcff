//! Which file a path leads to, whatever it is called.

use std::fs::File;
use std::path::Path;

/// Equal for two paths if they lead to the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] std::path::PathBuf);

impl Identity {
    /// None where there is nothing.
    #[cfg(unix)]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::told(&metadata))
    }

    /// Of a file that is open; none where the system does not tell.
    #[cfg(unix)]
    pub(crate) fn of_file(file: &File) -> Option<Self> {
        file.metadata().ok().map(|metadata| Self::told(&metadata))
    }

    #[cfg(unix)]
    fn told(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    pub(crate) fn of_file(_: &File) -> Option<Self> {
        None
    }

    #[cfg(not(unix))]
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.canonicalize().ok().map(Self)
    }
}
