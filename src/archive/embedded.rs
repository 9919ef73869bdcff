//! Networks that lie in an archive as their files are: whoever has it needs nothing besides but a decoder.

use super::container::{self, RecordKind};
use super::index::{EmbeddedEntry, FileEntry, VariableEntry};
use super::reader::Archive;
use super::records::Records;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::network::model::{Model, ModelId, Models};
use crate::source::{self, Source};
use std::sync::Arc;

/// Networks that chunks of files take, in the order in which variables name them.
pub(super) fn needed<'a>(files: impl IntoIterator<Item = &'a FileEntry>) -> Vec<ModelId> {
    let mut needed = Vec::new();
    for model in files.into_iter().flat_map(|file| &file.variables).flat_map(VariableEntry::models).map(ModelId) {
        if !needed.contains(&model) {
            needed.push(model);
        }
    }
    needed
}

impl EmbeddedEntry {
    /// Writes the file of a network.
    pub(super) fn write(model: ModelId, file: &[u8], records: &mut Records) -> Self {
        let (offset, length) = records.put_apart(RecordKind::Model, file);
        Self { model: model.0, offset, length }
    }

    /// Checks that all that an archive is said to have lie within its bytes and the limits.
    pub(super) fn check(all: &[Self], limits: &Limits, available: u64) -> Result<()> {
        let mut taken = 0u64;
        for Self { offset, length, .. } in all {
            Limits::check("a model in the archive", *length, limits.metadata_bytes)?;
            taken = taken.saturating_add(*length);
            if offset.checked_add(*length).is_none_or(|end| end > available) || taken > available {
                return Err(Error::corrupt("a model lies outside the file"));
            }
        }
        Ok(())
    }
}

impl Archive {
    /// Networks that decoding takes, in the order in which variables name them.
    #[must_use]
    pub fn models(&self) -> Vec<ModelId> {
        needed(&self.index().files)
    }

    /// Those that lie in the archive.
    pub fn embedded(&self) -> impl Iterator<Item = ModelId> {
        self.index().models.iter().map(|entry| ModelId(entry.model))
    }

    /// A network that lies in the archive, with its file; `None` where it does not.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`], [`Error::Corrupt`] and [`Error::Weights`] when it is not what the index says; [`Error::Unreadable`].
    pub fn embedded_model<S: Source + ?Sized>(&self, source: &S, id: ModelId) -> Result<Option<(Arc<Model>, Vec<u8>)>> {
        let Some(EmbeddedEntry { offset, length, .. }) = self.index().models.iter().find(|entry| entry.model == id.0) else { return Ok(None) };
        let (needed, available) = (offset.saturating_add(*length), source.length());
        let record = source::read(source, *offset, *length)?.ok_or(Error::Truncated { what: "a model in the archive", needed, available })?;
        let file = container::payload(&record, RecordKind::Model, "a model in the archive")?;
        let model = Model::parse(file)?;
        if model.id() == id { Ok(Some((model, file.to_vec()))) } else { Err(Error::corrupt("a model in the archive is another than its index says")) }
    }

    /// Adds the networks that decoding takes, as far as they lie in the archive and are not among `models`.
    ///
    /// # Errors
    /// As [`Self::embedded_model`].
    pub fn complete<S: Source + ?Sized>(&self, source: &S, models: &mut Models) -> Result<()> {
        for id in self.models() {
            if !models.iter().any(|model| model.id() == id)
                && let Some((model, _)) = self.embedded_model(source, id)?
            {
                models.add(model);
            }
        }
        Ok(())
    }
}
