//! The one error type. Each variant says what the caller can do about it.

use crate::version::FormatVersion;
use core::fmt;

/// `Result` with this crate's [`Error`].
pub type Result<T> = core::result::Result<T, Error>;

/// Why an operation failed, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes start like none of the formats this build reads. Convert the file, or check that it is the right one.
    #[error("not a file this build can read ({seen}); give it NetCDF, GRIB, GeoTIFF, NPY, NPZ, CSV, a picture or a .dca archive")]
    UnknownFormat {
        /// What the first bytes look like.
        seen: String,
    },
    /// The file breaks the rules of its own format. Get the file again.
    #[error("malformed {format} at byte {offset}: expected {expected}; the file is damaged or incomplete, get it again")]
    Malformed {
        /// The format being read.
        format: &'static str,
        /// Byte offset from the start of the file.
        offset: u64,
        /// What should have stood there.
        expected: String,
    },
    /// Valid, but outside what this build handles. Convert as advised.
    #[error("{what} is not supported; {advice}")]
    Unsupported {
        /// What was met.
        what: String,
        /// What to do instead.
        advice: String,
    },
    /// The file cannot be read, as it was moved, changed or withdrawn since it was opened. Give it again.
    #[error("the file cannot be read: {what}; open it again")]
    Unreadable {
        /// What the system says.
        what: String,
    },
    /// A file of NetCDF-4, GRIB, GeoTIFF, GIF, JPEG or WebP, which this build leaves to another. Use one with the feature `formats`.
    #[error("NetCDF-4, GRIB, GeoTIFF, GIF, JPEG and WebP need the feature `formats`, which this build does not have; use one that has it")]
    FormatsNeeded,
    /// The error bound is not a positive finite number. Fix the argument.
    #[error("an error bound must be a positive finite number, got {given}; for no error at all ask for lossless")]
    InvalidBound {
        /// The number given.
        given: f64,
    },
    /// The bound is finer than the values can express. Loosen it or go lossless.
    #[error("the bound {bound:e} on {variable:?} is finer than its own precision ({precision:e}); use lossless, or a bound of at least {precision:e}")]
    BoundBelowPrecision {
        /// Name of the variable.
        variable: String,
        /// The absolute bound asked for, in the variable's units.
        bound: f64,
        /// Half the spacing of the stored numbers at the largest magnitude, in the variable's units.
        precision: f64,
    },
    /// Absolute bounds so coarse that little would be left of variables. Give each a bound of its own, take the recommended ones, or say that it is meant.
    #[error(
        "the bound would leave little of {}; give each variable a bound of its own, take the recommended ones, or say that coarse bounds are meant",
        list(variables)
    )]
    BoundTooCoarse {
        /// Those variables.
        variables: Vec<CoarseBound>,
    },
    /// One absolute bound without a name for variables of several units. Give each a bound of its own, take the recommended ones, or say that it is meant.
    #[error("one bound cannot be meant for variables of several units ({}); give each variable a bound of its own, take the recommended ones, or say that it is meant", units.join(", "))]
    MixedUnits {
        /// Each unit with the first variable that has it.
        units: Vec<String>,
    },
    /// Arguments that contradict each other or the data. Fix the argument.
    #[error("{what}")]
    InvalidArgument {
        /// What is wrong and what would be right.
        what: String,
    },
    /// The bytes are not a DeepComp archive. Check the file.
    #[error("not a DeepComp archive: {why}")]
    NotAnArchive {
        /// What is missing.
        why: &'static str,
    },
    /// Written in a version of the format this build does not read. Use the matching release.
    #[error("archive format {found} is not readable by this build, which reads {supported}; {}", advice(*found, *supported))]
    UnsupportedVersion {
        /// Version of the archive.
        found: FormatVersion,
        /// Version this build reads and writes.
        supported: FormatVersion,
    },
    /// A model file cannot be used. Get it again, or the release that fits it.
    #[error("the model file cannot be used: {what}; get it again from the release that made it")]
    Weights {
        /// What is wrong with it.
        what: String,
    },
    /// The archive ends too early. Ask for the file again.
    #[error("the archive is cut short: {what} needs byte {needed}, the file has {available}; get the file again")]
    Truncated {
        /// The part that is missing.
        what: &'static str,
        /// End of that part, in bytes from the start.
        needed: u64,
        /// Length of the file in bytes.
        available: u64,
    },
    /// The archive contradicts itself. Ask for the file again.
    #[error("the archive is damaged: {what}; get the file again")]
    Corrupt {
        /// The rule that is broken.
        what: String,
    },
    /// A checksum differs. Ask for the file again.
    #[error("checksum mismatch in {what}; the archive was altered or damaged, get the file again")]
    ChecksumMismatch {
        /// The part whose checksum differs.
        what: String,
    },
    /// The archive is encrypted and no passphrase was given. Give the one it was encrypted with.
    #[error("the archive is encrypted; give the passphrase it was encrypted with")]
    PassphraseNeeded,
    /// The passphrase is not the one that the archive was encrypted with, or its first block was altered. Give the right one.
    #[error("the passphrase does not open the archive; check it, or the first bytes of the archive were altered")]
    WrongPassphrase,
    /// The archive has no recovery record that is whole. Get the file again, or save what is whole of it.
    #[error("no recovery record was found; get the file again, or salvage what is whole of it")]
    NoRecovery,
    /// More is damaged than the recovery record can mend. Get the file again, or save what is whole of it.
    #[error(
        "{damaged} of {shards} pieces of the archive are damaged, and what is whole of the recovery record mends {mendable}; get the file again, or salvage what is whole of it"
    )]
    BeyondRepair {
        /// Pieces that are damaged.
        damaged: u64,
        /// Pieces that the archive has.
        shards: u64,
        /// Pieces that can be mended.
        mendable: u64,
    },
    /// The signature is not that of these bytes by that key, or there is none. Do not trust the file.
    #[error("{what}; do not trust the file, get it again from whoever signed it")]
    Signature {
        /// What is wrong with it.
        what: String,
    },
    /// A volume of an archive that was split is not there, or is not of the length it should have. Put all volumes into one folder.
    #[error("volume {name} {what}; put all volumes of the archive into one folder")]
    Volume {
        /// Name of its file.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// What should be written cannot be. Make room, or write elsewhere.
    #[error("it cannot be written: {what}")]
    Unwritable {
        /// What the system says.
        what: String,
    },
    /// More memory or more items than the limits allow. Shorten the request or raise [`crate::Limits`].
    /// Where what is needed lies within the limit, the system had no memory for it.
    #[error("{}", excess(what, *needed, *limit))]
    LimitExceeded {
        /// What is too large.
        what: &'static str,
        /// How much it asks for.
        needed: u64,
        /// How much is allowed.
        limit: u64,
    },
    /// No variable of that name or number. Pick one that is listed.
    #[error("no variable {name:?}; there are: {available}")]
    NoSuchVariable {
        /// What was asked for.
        name: String,
        /// Names that exist.
        available: String,
    },
    /// Nothing lies where something was asked for. Ask for what is there.
    #[error("nothing lies {asked}: {available}")]
    NothingChosen {
        /// What was asked for, as in "in the time 2020-01".
        asked: String,
        /// What there is.
        available: String,
    },
    /// The archive needs a model this build does not have, or a model was asked for and none can be used.
    #[error("model {model} is not available ({looked}); install it, or use the classical path (model \"none\")")]
    ModelUnavailable {
        /// Name, path or hash of the model.
        model: String,
        /// Where it was looked for.
        looked: String,
    },
    /// The accelerator cannot be used, or gave a wrong answer. Do the same on the CPU.
    #[error("the accelerator cannot be used: {what}; use the CPU")]
    Accelerator {
        /// What happened.
        what: String,
    },
}

impl Error {
    /// A short stable identifier, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat { .. } => "unknown-format",
            Self::Malformed { .. } => "malformed",
            Self::Unsupported { .. } => "unsupported",
            Self::Unreadable { .. } => "unreadable",
            Self::FormatsNeeded => "formats-needed",
            Self::InvalidBound { .. } => "invalid-bound",
            Self::BoundBelowPrecision { .. } => "bound-below-precision",
            Self::BoundTooCoarse { .. } => "bound-too-coarse",
            Self::MixedUnits { .. } => "mixed-units",
            Self::InvalidArgument { .. } => "invalid-argument",
            Self::NotAnArchive { .. } => "not-an-archive",
            Self::UnsupportedVersion { .. } => "unsupported-version",
            Self::Truncated { .. } => "truncated",
            Self::Corrupt { .. } => "corrupt",
            Self::ChecksumMismatch { .. } => "checksum-mismatch",
            Self::PassphraseNeeded => "passphrase-needed",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::NoRecovery => "no-recovery",
            Self::BeyondRepair { .. } => "beyond-repair",
            Self::Signature { .. } => "signature",
            Self::Volume { .. } => "volume",
            Self::Unwritable { .. } => "unwritable",
            Self::LimitExceeded { .. } => "limit-exceeded",
            Self::NoSuchVariable { .. } => "no-such-variable",
            Self::NothingChosen { .. } => "nothing-chosen",
            Self::Weights { .. } => "weights",
            Self::ModelUnavailable { .. } => "model-unavailable",
            Self::Accelerator { .. } => "accelerator",
        }
    }

    /// Whether a file of which this was said can be kept byte for byte: what is wrong is what is in it. Not so where the file is out of reach, or another build reads it.
    #[must_use]
    pub const fn is_of_contents(&self) -> bool {
        matches!(self, Self::UnknownFormat { .. } | Self::Unsupported { .. } | Self::InvalidArgument { .. }) || self.is_of_damage()
    }

    /// Whether a file of which this was said claims to be of a format that is read, and is not what that asks for, or is larger than the limits.
    #[must_use]
    pub const fn is_of_damage(&self) -> bool {
        matches!(self, Self::Malformed { .. } | Self::Unreadable { .. } | Self::LimitExceeded { .. })
    }

    /// A variable that is none of those with `names`.
    pub fn no_such_variable<'n>(name: impl fmt::Display, names: impl Iterator<Item = &'n str>) -> Self {
        Self::NoSuchVariable { name: name.to_string(), available: names.collect::<Vec<_>>().join(", ") }
    }

    /// A broken rule inside an archive.
    pub(crate) fn corrupt(what: impl fmt::Display) -> Self {
        Self::Corrupt { what: what.to_string() }
    }
}

/// An absolute bound that is a large part of a variable's range.
#[derive(Debug, Clone, PartialEq)]
pub struct CoarseBound {
    /// Name of the variable.
    pub variable: String,
    /// The bound, in its units.
    pub bound: f64,
    /// The part of its range that the bound is.
    pub part: f64,
}

/// Most variables that an error names.
const NAMED: usize = 12;

fn list(variables: &[CoarseBound]) -> String {
    let name = |CoarseBound { variable, bound, part }: &CoarseBound| format!("{variable:?} ({bound} is {:.0} % of its range)", 100.0 * part);
    let mut names: Vec<String> = variables.iter().take(NAMED).map(name).collect();
    names.extend((variables.len() > NAMED).then(|| format!("{} more", variables.len() - NAMED)));
    names.join(", ")
}

fn excess(what: &str, needed: u64, limit: u64) -> String {
    if needed <= limit {
        return format!("not enough memory for {what}, which needs {needed} bytes; ask for less, or use a machine that has more");
    }
    format!("{what} needs {needed}, the limit is {limit}; ask for less, or raise the limit if the file is trusted")
}

fn advice(found: FormatVersion, supported: FormatVersion) -> &'static str {
    if found > supported { "upgrade DeepComp" } else { "extract it with the release that wrote it" }
}
