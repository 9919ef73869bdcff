//! Bytes -> what an archive says about itself, without decoding values.

use super::derived::DerivedRoom;
use super::frame::{index_payload, superblock};
use super::index::{FileEntry, FileStatus, Index};
use super::report::VariableReport;
use super::whole::parsed;
use crate::codec::Rule;
use crate::error::{Error, Result};
use crate::field::Dataset;
use crate::formats::derived_type;
use crate::limits::Limits;
use crate::version::FormatVersion;
use std::sync::Arc;

/// The checked index of an archive. It does not keep the archive's bytes.
#[derive(Debug, Clone)]
pub struct Archive {
    version: FormatVersion,
    index: Arc<Index>,
    limits: Limits,
}

impl Archive {
    /// Reads superblock, trailer and index, and checks that what they promise fits the file and the limits.
    ///
    /// # Errors
    /// [`Error::NotAnArchive`], [`Error::UnsupportedVersion`], [`Error::Truncated`], [`Error::ChecksumMismatch`], [`Error::Corrupt`],
    /// [`Error::LimitExceeded`].
    pub fn open(bytes: &[u8], limits: &Limits) -> Result<Self> {
        let version = superblock(bytes)?;
        let index = Index::from_payload(index_payload(bytes)?, limits)?;
        let archive = Self { version, index: Arc::new(index), limits: *limits };
        archive.check(bytes.len() as u64)?;
        Ok(archive)
    }

    /// Version of the format it is written in.
    #[must_use]
    pub const fn version(&self) -> FormatVersion {
        self.version
    }

    /// Names of the files in it.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.index.files.iter().map(|f| f.name.as_str())
    }

    /// Whether a file is data that is kept byte for byte, since it takes less that way: its only variable is its bytes, and [`Self::parsed`] is what they hold.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file.
    pub fn is_whole(&self, file: usize) -> Result<bool> {
        self.file(file).map(FileEntry::is_data)
    }

    /// What a file holds that is kept so, given what was decoded; of any other file that very dataset.
    ///
    /// # Errors
    /// As [`crate::formats::read`]; [`Error::InvalidArgument`] when there is no such file.
    pub fn parsed(&self, file: usize, decoded: Dataset) -> Result<Dataset> {
        parsed(self.file(file)?, decoded, &self.limits)
    }

    /// What a file system knew of a file, as far as the archive says.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file.
    pub fn status(&self, file: usize) -> Result<FileStatus> {
        self.file(file).map(FileEntry::status)
    }

    /// Report of each variable of a file, from its certificates.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file.
    pub fn variables(&self, file: usize) -> Result<Vec<VariableReport>> {
        let entry = self.file(file)?;
        entry.variables.iter().map(|v| v.report(entry)).collect()
    }

    /// The rule that the values of a variable follow in its first chunk, whose head alone is read out of the archive's `bytes`; `None` where it has no chunk, or a damaged one.
    #[must_use]
    pub fn rule(&self, bytes: &[u8], (file, variable): (usize, usize)) -> Option<Rule> {
        let file = self.file(file).ok()?;
        let entry = file.variables.get(variable)?;
        if entry.derived().is_some() {
            return Some(Rule::Derived);
        }
        let tiling = entry.tiling(&entry.shape(file).ok()?).ok()?;
        let start = usize::try_from(entry.chunks.first()?.offset).ok()?;
        Rule::read(bytes.get(start..)?, tiling.place(0).shape).ok()
    }

    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn file(&self, number: usize) -> Result<&FileEntry> {
        let count = self.index.files.len();
        self.index.files.get(number).ok_or_else(|| Error::InvalidArgument { what: format!("file {number} was asked for, the archive has {count} (from 0)") })
    }

    /// Everything the index promises is checked here once, so that decoding can rely on it.
    fn check(&self, available: u64) -> Result<()> {
        for file in &self.index.files {
            for count in [file.dimensions.len(), file.attributes.len(), file.variables.len()] {
                Limits::check("a list in the index", count as u64, self.limits.items)?;
            }
            let mut room = DerivedRoom::default();
            for variable in &file.variables {
                let report = variable.report(file)?;
                Limits::check("a decoded variable", report.raw_bytes, self.limits.decoded_bytes)?;
                let tiling = variable.tiling(&report.shape)?;
                let wanted = match variable.derived() {
                    None => tiling.chunks(),
                    Some(derived) => {
                        room.take(report.shape.iter().product::<usize>() as u64)?;
                        if derived_type(&derived) != report.data_type {
                            return Err(Error::corrupt(format_args!("variable {:?} is of another type than what yields it", variable.name)));
                        }
                        0
                    }
                };
                if wanted != variable.chunks.len() {
                    return Err(Error::corrupt(format_args!("variable {:?} has {} chunks, its tiles need {}", variable.name, variable.chunks.len(), wanted)));
                }
                let beyond = variable.chunks.iter().any(|c| c.offset.checked_add(c.length).is_none_or(|end| end > available));
                if beyond {
                    return Err(Error::corrupt(format_args!("a chunk of variable {:?} lies outside the file", variable.name)));
                }
            }
        }
        Ok(())
    }
}
