//! What is damaged is put together again.

use super::check::Checked;
use super::code::{Decoder, columns};
use super::layout::FIELDS;
use super::write::{column_of, sums, write};
use crate::Target;
use crate::bytes::{each, zeros};
use deepcomp::{Error, Result, Source};
use std::collections::BTreeSet;

impl Checked {
    /// Writes the file as it was, records as well, into a target that is empty. The hash of all that is covered is proved.
    ///
    /// # Errors
    /// [`Error::BeyondRepair`] where what comes out is not what was covered; [`Error::Unreadable`], [`Error::Unwritable`].
    pub fn mend<S: Source + ?Sized, T: Target>(&self, source: &S, target: &mut T) -> Result<()> {
        let layout = &self.layout;
        let damaged: BTreeSet<u16> = self.damaged.iter().copied().collect();
        for number in (0..layout.data).filter(|number| !damaged.contains(number)) {
            let mut at = u64::from(number) * layout.shard;
            each(source, at..layout.covered.min(at + layout.shard), |bytes| {
                target.write(at, bytes)?;
                at += bytes.len() as u64;
                Ok(())
            })?;
        }
        if !damaged.is_empty() {
            self.decode(source, target, &damaged)?;
        }
        if sums(target, layout, layout.covered)?.0 != self.hash {
            return Err(Error::BeyondRepair { damaged: damaged.len() as u64, shards: layout.data.into(), mendable: 0 });
        }
        write(target, layout).map(drop)
    }

    /// Decodes the shards that are damaged, some columns at a time.
    fn decode<S: Source + ?Sized, T: Target>(&self, source: &S, target: &mut T, damaged: &BTreeSet<u16>) -> Result<()> {
        let layout = &self.layout;
        let parity = layout.head().len() as u64 + FIELDS as u64 + layout.piece();
        let mut decoder = None;
        for columns in columns(layout.data, layout.parity, layout.shard) {
            let mut column = zeros("a part of a shard", columns.end - columns.start)?;
            let decoder = match &mut decoder {
                None => decoder.insert(Decoder::new(layout.data, layout.parity, column.len())?),
                Some(decoder) => {
                    decoder.resize(layout.data, layout.parity, column.len())?;
                    decoder
                }
            };
            for number in (0..layout.data).filter(|number| !damaged.contains(number)) {
                column_of(source, layout, number.into(), columns.start, &mut column)?;
                decoder.add_data(number, &column)?;
            }
            for number in self.whole.iter().take(damaged.len()) {
                source.read(layout.record_at(*number) + parity + columns.start, &mut column)?;
                decoder.add_parity(*number, &column)?;
            }
            decoder.decode(|number, mended| {
                let at = u64::from(number) * layout.shard + columns.start;
                let inside = usize::try_from(layout.covered.saturating_sub(at)).unwrap_or(usize::MAX).min(mended.len());
                target.write(at, mended.get(..inside).unwrap_or_default())
            })?;
        }
        Ok(())
    }
}
