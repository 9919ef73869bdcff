//! A file that is kept byte for byte since coding its variables takes more; whoever decodes it parses the bytes (docs/format.md, section 2).

use super::index::FileEntry;
use super::job::Done;
use super::plan::LOSSLESS;
use super::records::Records;
use super::tiles::Tiling;
use super::work::Work;
use crate::codec::{Base, Level, Options};
use crate::error::{Error, Result};
use crate::field::{Dataset, ErrorBound, Values};
use crate::formats::{self, file};
use crate::limits::Limits;
use crate::network::model::Models;
use std::sync::Arc;

/// The longest file that is looked at, since its bytes are held until its variables are coded.
pub const MOST_ORIGINAL: usize = 1 << 26;

/// About what the index says of the one variable that bytes are.
const VARIABLE: usize = 64;

/// Bytes that are compressed, and their entry, which has no variable yet.
pub(super) struct Whole {
    entry: FileEntry,
    work: Work,
    done: Vec<Done>,
}

impl Whole {
    /// The file of an entry whose variables took so many bytes, if these and the entry are more than the file has, and more than it takes byte for byte.
    pub(super) fn smaller(entry: &FileEntry, variables: usize, original: Arc<Vec<u8>>) -> Result<Option<Self>> {
        let coded = variables + entry.cost()?;
        if coded <= original.len() {
            return Ok(None);
        }
        let mut dataset = file::keep(Arc::unwrap_or_clone(original));
        let Some(field) = dataset.fields.pop() else { return Ok(None) };
        let tiling = Tiling::of(&field.shape);
        let (entry, mut work) = (entry.kept(&dataset), Work::new((0, Level::Balanced), field, (LOSSLESS, tiling), Vec::new()));
        let options = Options { base: Base::Never, ..Options::new(ErrorBound::Lossless) };
        let done = (0..work.wanted).map(|number| work.job((number, 0), &options).run(&Models::default())).collect::<Result<Vec<_>>>()?;
        let taken = done.iter().map(Done::payload_bytes).sum::<usize>() + entry.cost()? + VARIABLE;
        Ok((taken < coded).then_some(Self { entry, work, done }))
    }

    /// Writes it and returns the entry.
    pub(super) fn write(self, records: &mut Records) -> Result<FileEntry> {
        let Self { mut entry, mut work, done } = self;
        for done in done {
            work.write(records, None, done)?;
        }
        entry.variables.push(work.into_entry());
        Ok(entry)
    }
}

/// The data that the bytes of such a file are; any other dataset as it is.
///
/// # Errors
/// As [`formats::read`], which is [`Error::FormatsNeeded`] where this build leaves the format to another.
pub(super) fn parsed(entry: &FileEntry, dataset: Dataset, limits: &Limits) -> Result<Dataset> {
    match dataset.fields.as_slice() {
        [bytes] if entry.is_data() => match &bytes.values {
            Values::U8(bytes) => formats::read(bytes, &entry.name, limits),
            _ => Err(Error::corrupt("a file that is kept byte for byte is not bytes")),
        },
        _ => Ok(dataset),
    }
}
