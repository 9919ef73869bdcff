//! The files of an archive that is changed, and what becomes of them.

use super::index::FileEntry;
use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// The files of an archive that is changed.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// None where one is taken away.
    pub(super) files: Vec<Option<FileEntry>>,
    /// Files that are being written and whose variables are more of those of an earlier file: its number and the dimension that grows.
    pub(super) growing: BTreeMap<usize, (usize, usize)>,
}

impl Earlier {
    /// All files: the earlier ones with what they have more now, and those that were written.
    pub(super) fn with(self, written: Vec<FileEntry>) -> Result<Vec<FileEntry>> {
        let Self { mut files, growing } = self;
        let mut new = Vec::new();
        for (number, more) in written.into_iter().enumerate() {
            match growing.get(&number).and_then(|(file, dimension)| Some((files.get_mut(*file)?.as_mut()?, *dimension))) {
                Some((file, dimension)) => file.grow(dimension, more)?,
                None => new.push(more),
            }
        }
        Ok(files.into_iter().flatten().chain(new).collect())
    }
}

impl FileEntry {
    /// Adds sections to its variables along a dimension, and what those come to, to that.
    fn grow(&mut self, dimension: usize, more: Self) -> Result<()> {
        let lost = || Error::corrupt("a dimension is not there that was to grow");
        let before = self.dimensions.get(dimension).ok_or_else(lost)?.length;
        let name = self.dimensions.get(dimension).map(|d| d.name.clone()).unwrap_or_default();
        let length = more.dimensions.iter().find(|d| d.name == name).ok_or_else(lost)?.length;
        for later in more.variables {
            if let Some(own) = self.variables.iter_mut().find(|own| own.name == later.name) {
                own.append(before, later, length);
            }
        }
        if let Some(own) = self.dimensions.get_mut(dimension) {
            own.length = before.saturating_add(length);
        }
        self.forget_source();
        Ok(())
    }
}
