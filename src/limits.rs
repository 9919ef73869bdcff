//! What bytes from outside may make this code allocate.

use crate::error::{Error, Result};

/// Upper limits, checked before every allocation whose size comes from the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of decoded values of one dataset.
    pub decoded_bytes: u64,
    /// Dimensions, variables or attributes of one dataset; each alone.
    pub items: u64,
    /// Files of one archive.
    pub files: u64,
    /// Bytes of metadata (archive index, file header).
    pub metadata_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        // 4 GiB of addresses, as in WebAssembly, have to hold a dataset, its copy in the encoder and the decoded one.
        Self { decoded_bytes: if cfg!(target_pointer_width = "32") { 1 << 30 } else { 1 << 36 }, items: 1 << 16, files: 1 << 20, metadata_bytes: 1 << 26 }
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

/// Room for so many items, which the system may not have: a number from outside must never end the process.
///
/// # Errors
/// [`Error::LimitExceeded`], with what is needed within its limit, when there is not that much memory.
pub(crate) fn room<T>(what: &'static str, count: usize) -> Result<Vec<T>> {
    let mut items = Vec::new();
    reserve(what, &mut items, count)?;
    Ok(items)
}

/// Makes `items` hold at least so many.
///
/// # Errors
/// As [`room`].
pub(crate) fn reserve<T>(what: &'static str, items: &mut Vec<T>, count: usize) -> Result<()> {
    let needed = (count as u64).saturating_mul(size_of::<T>() as u64);
    items.try_reserve_exact(count.saturating_sub(items.len())).map_err(|_| Error::LimitExceeded { what, needed, limit: u64::MAX })
}

/// So many zeros (or whatever else the default is).
///
/// # Errors
/// As [`room`].
pub(crate) fn zeros<T: Clone + Default>(what: &'static str, count: usize) -> Result<Vec<T>> {
    let mut items = room(what, count)?;
    items.resize(count, T::default());
    Ok(items)
}
