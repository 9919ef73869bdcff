//! Recovery records (docs/format.md, "Recovery"): the bytes before them are shards, and each record holds a shard of parity, a piece of the coded checksums of all shards,
//! and everything else that mending takes. What is worked on at a time is a range of columns of all shards, so that memory does not grow with the file.

mod check;
mod code;
mod layout;
mod mend;
mod write;

use crate::outer::Outer;
use crate::{Target, signature};
use deepcomp::Result;

pub use check::{Checked, check, find};
pub use layout::{Layout, MOST_SHARE};
pub use write::write;

/// Puts a recovery record of such a share (in hundredths of a percent) behind an archive and its signatures, in place of all that is there, and lets its superblock say where it ends.
///
/// # Errors
/// Those of [`Outer::read`], [`Layout::new`] and [`write`].
pub fn add<T: Target>(target: &mut T, share: u16) -> Result<Layout> {
    let closed = Outer::read(target)?.closed();
    target.write(0, &closed)?;
    let layout = Layout::new(signature::find(target)?.1, share)?;
    write(target, &layout)?;
    Ok(layout)
}
