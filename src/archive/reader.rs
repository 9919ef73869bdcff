//! Bytes -> what an archive says about itself, without decoding values.

use super::container::{index_payload, superblock};
use super::derived::DerivedRoom;
use super::frame::Frame;
use super::index::{ChunkEntry, EmbeddedEntry, FileEntry, FileStatus, Index, SectionEntry, source_format};
use super::report::VariableReport;
use super::tiles::product;
use super::whole::parsed;
use crate::codec::Rule;
use crate::error::{Error, Result};
use crate::field::Dataset;
use crate::formats::derived_type;
use crate::limits::Limits;
use crate::source::{self, Source};
use crate::version::FormatVersion;
use std::sync::Arc;

/// Bytes of a frame in which what its values follow is told.
const HEAD: u64 = 1 << 12;

/// The checked index of an archive. It does not keep the archive's bytes.
#[derive(Debug, Clone)]
pub struct Archive {
    version: FormatVersion,
    index: Arc<Index>,
    limits: Limits,
    end: u64,
}

impl Archive {
    /// Reads superblock, trailer and index, and checks that they agree with each other. Of an archive that is not in memory little else is read.
    ///
    /// # Errors
    /// [`Error::NotAnArchive`], [`Error::UnsupportedVersion`], [`Error::Truncated`], [`Error::ChecksumMismatch`], [`Error::Corrupt`],
    /// [`Error::LimitExceeded`], [`Error::Unreadable`].
    pub fn open<S: Source + ?Sized>(source: &S, limits: &Limits) -> Result<Self> {
        let (version, end) = superblock(source)?;
        let index = Index::from_payload(&index_payload(source, end, limits)?, limits)?;
        let archive = Self { version, index: Arc::new(index), limits: *limits, end };
        archive.check(end)?;
        Ok(archive)
    }

    /// Version of the format it is written in.
    #[must_use]
    pub const fn version(&self) -> FormatVersion {
        self.version
    }

    /// Where it ends: what its file has behind that was written and never finished.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Names of the files in it.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.index.files.iter().map(|f| f.name.as_str())
    }

    /// What whoever made it says of it, if anything.
    #[must_use]
    pub fn comment(&self) -> Option<&str> {
        self.index.comment()
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

    /// A file without its values: dimensions, attributes, and variables with theirs.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file; [`Error::Corrupt`].
    pub fn header(&self, file: usize) -> Result<Dataset> {
        let entry = self.file(file)?;
        let fields = entry.variables.iter().map(|variable| variable.blank(&variable.shape(entry)?)).collect::<Result<_>>()?;
        let (dimensions, attributes) = entry.described()?;
        Ok(Dataset { format: source_format(entry), dimensions, attributes, fields, layout: Vec::new() })
    }

    /// Report of each variable of a file, from its certificates.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file.
    pub fn variables(&self, file: usize) -> Result<Vec<VariableReport>> {
        let entry = self.file(file)?;
        entry.variables.iter().map(|v| v.report(entry)).collect()
    }

    /// The rule that the values of a variable follow in its first chunk, whose head alone is read, unchecked; `None` where it has no chunk, or a damaged one.
    #[must_use]
    pub fn rule<S: Source + ?Sized>(&self, source: &S, (file, variable): (usize, usize)) -> Option<Rule> {
        let file = self.file(file).ok()?;
        let entry = file.variables.get(variable)?;
        if entry.derived().is_some() {
            return Some(Rule::Derived);
        }
        let sections = entry.sections(&entry.shape(file).ok()?).ok()?;
        let first = sections.first()?;
        let ChunkEntry { offset, length } = first.entry.chunks(first.tiling.chunks(), source).ok()?.first().copied()?;
        let head = source::read(source, offset, length.min(HEAD)).ok()??;
        Rule::read(Frame::begun(&head).ok()?.payload, first.tiling.place(0).shape).ok()
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
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
        EmbeddedEntry::check(&self.index.models, &self.limits, available)?;
        let mut tables = 0u64;
        for file in &self.index.files {
            // Each is written once, so that no few bytes stand for more chunks than memory holds.
            tables = file.sections().map(SectionEntry::table_record).fold(tables, u64::saturating_add);
            Limits::check("the tables of an archive", tables, available)?;
            file.check(&self.limits, available)?;
        }
        Ok(())
    }
}

impl FileEntry {
    /// Checks what the index promises of a file, of which so many bytes are there.
    pub(super) fn check(&self, limits: &Limits, available: u64) -> Result<()> {
        for count in [self.dimensions.len(), self.attributes.len(), self.variables.len()] {
            Limits::check("a list in the index", count as u64, limits.items)?;
        }
        let mut room = DerivedRoom::default();
        for variable in &self.variables {
            let report = variable.report(self)?;
            for section in variable.sections(&report.shape)? {
                section.entry.check_table(section.count(variable), available)?;
            }
            if let Some(derived) = variable.derived() {
                room.take(product(&report.shape) as u64)?;
                if derived_type(&derived) != report.data_type {
                    return Err(Error::corrupt(format_args!("variable {:?} is of another type than what yields it", variable.name)));
                }
            }
        }
        Ok(())
    }
}
