//! How much may still be decoded.

use crate::error::Result;
use crate::limits::Limits;

/// Bytes of values that the limits still allow.
pub(super) struct Room {
    pub(super) left: u64,
    pub(super) limit: u64,
}

impl Room {
    /// Takes room for `count` values of `size` bytes.
    pub(super) fn take(&mut self, count: u64, size: u64) -> Result<()> {
        let taken = self.limit - self.left;
        let needed = count.saturating_mul(size).saturating_add(taken);
        Limits::check("the values of this file", needed, self.limit)?;
        self.left = self.limit - needed;
        Ok(())
    }
}
