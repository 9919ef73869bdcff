//! What bytes from outside may make this code allocate.

use crate::error::{Error, Result};

/// Upper limits, checked before every allocation whose size comes from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of decoded values of one dataset.
    pub decoded_bytes: u64,
    /// Dimensions, variables or attributes of one dataset; each alone.
    pub items: u64,
    /// Bytes of metadata (archive index, file header).
    pub metadata_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // 4 GiB of addresses, as in WebAssembly, have to hold a dataset, its copy in the encoder and the decoded one.
        Self { decoded_bytes: if cfg!(target_pointer_width = "32") { 1 << 30 } else { 1 << 36 }, items: 1 << 16, metadata_bytes: 1 << 26 }
    }
}

impl Limits {
    /// `needed` if it is within `limit` and fits this machine's address space.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`] otherwise.
    pub fn check(what: &'static str, needed: u64, limit: u64) -> Result<usize> {
        match usize::try_from(needed) {
            Ok(n) if needed <= limit && n <= isize::MAX as usize => Ok(n),
            _ => Err(Error::LimitExceeded { what, needed, limit }),
        }
    }
}
