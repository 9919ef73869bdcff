//! Why a command failed, with the file it is about and what to do.

use crate::remote::Trouble;
use std::io;
use std::path::{Path, PathBuf};

/// `Result` with this program's [`Failure`].
pub(crate) type Outcome<T> = Result<T, Failure>;

/// A failure, as it is told to the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}: {cause}", path.display())]
    About { path: PathBuf, cause: Cause },
    #[error(transparent)]
    Plain(#[from] Cause),
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("{}", with_option(.0))]
    Core(#[from] deepcomp::Error),
    #[error(transparent)]
    System(#[from] io::Error),
    #[error(transparent)]
    Remote(#[from] Trouble),
    #[error("there is no such file or folder")]
    Missing,
    #[error("there is no file in those folders")]
    NothingFound,
    #[error("a device, which has no end and is not read; name a file, or send what it holds through a pipe")]
    Device,
    #[error("a socket, which cannot be opened; name a file")]
    Socket,
    #[error("more than {limit} bytes came; what has to be read into memory may be no longer: raise --max-memory, or save it to a file first")]
    TooMuch { limit: u64 },
    #[error("the input ends within an array, of which {found} of {length} bytes came")]
    CutArray { found: u64, length: u64 },
    #[error("nothing came through standard input")]
    NothingCame,
    #[error("changed while it was read; compress it again when nothing writes it")]
    Changed,
    #[error("another program is changing it; try again when that has ended")]
    Busy,
    #[error("has no file {name:?}, but {}", .files.join(", "))]
    NoSuchFile { name: String, files: Vec<String> },
    #[error("has a file {name:?}, and so has {}; give one of the two another name first: deepcomp rename ARCHIVE {name:?} NEW", first.display())]
    SameName { name: String, first: PathBuf },
    #[error("holds {} files; say with --to which of them to add to: {}", .0.len(), .0.join(", "))]
    WhichFile(Vec<String>),
    #[error("not text in UTF-8, which a comment is")]
    NotText,
    #[error("is kept byte for byte, not as data, so that it cannot be added to what is in the archive")]
    NotAsData,
    #[error("{bytes} bytes are in no whole record: all values are there, and who loses the index may lose some; compact writes it anew")]
    OutsideRecords { bytes: u64 },
    #[error("nothing of it is whole")]
    NothingWhole,
    #[error("one of the inputs, which would be lost; give the output another name")]
    IsInput,
    #[error("the archive itself, which would be lost; extract into another folder")]
    IsArchive,
    #[error("not a file, so that nothing can be written there; choose another name")]
    NotAFile,
    #[error("there is a file of that name already; --force overwrites it, -C names another folder")]
    Exists,
    #[error("leads out of the folder through a link, and is not written; remove the link, or extract elsewhere")]
    Outside,
    #[error("{0:?} in the archive is no name below a folder; the file is not extracted")]
    BadName(String),
    #[error("names two files {0:?}; whoever made it made a mistake, or means harm")]
    TwiceNamed(String),
    #[error("decodes, but cannot be written: {0}")]
    Unwritable(deepcomp::Error),
    #[error("variable {name:?} is not there: {error}")]
    Damaged { name: String, error: deepcomp::Error },
    #[error("{failed} of {all} files are not as they should be, see above")]
    Incomplete { failed: usize, all: usize },
    #[error(
        "the page that archives are put into is not in this program, which was built without it; name it with --viewer: it is viewer/viewer.html of the npm package deepcomp, and what `npm run build` makes in pkg/viewer"
    )]
    NoViewer,
    #[error("not the page that archives are put into; --viewer takes viewer/viewer.html of the npm package deepcomp")]
    NotAViewer,
    #[error("not the name of a file in the archive, which has {0}")]
    NoSuchSource(String),
    #[error("variable {name:?} certifies an error of {error} above its bound {bound}")]
    FalseCertificate { name: String, error: f64, bound: f64 },
    #[error("{name:?} of {file} is not within its bound {bound}: largest error {error}, or missing values changed")]
    BoundBroken { file: String, name: String, bound: f64, error: f64 },
    #[error("standard output: {0}")]
    Output(io::Error),
    #[error("{0} (named by DEEPCOMP_MODELS)")]
    OfVariable(Box<Failure>),
    #[error("encrypted; give its passphrase with --passphrase-file or DEEPCOMP_PASSPHRASE, or call this on a terminal, where you are asked")]
    NoPassphrase,
    #[error("{damaged} of {all} recovery records are damaged, and what they cover is whole; `deepcomp repair` writes them anew")]
    DamagedRecords { damaged: usize, all: u16 },
    #[error("the two passphrases are not the same")]
    TwoPassphrases,
    #[error("encrypted, and cannot be changed as it is: decrypt it, change it, and encrypt it again")]
    Encrypted,
    #[error("encrypted already")]
    EncryptedAlready,
    #[error("not encrypted")]
    NotEncrypted,
    #[error("a recovery record and a signature change the start of an archive, which a pipe cannot; name a file")]
    NoPlaceToProtect,
    #[error("{0:?} is no share; give a percentage between 0.01 and 100, as in 5%")]
    NoShare(String),
    #[error("not the first volume of an archive, whose name ends in .001")]
    NotFirstVolume,
    #[error("{0:?} is no amount of memory; give bytes, or a number with K, M, G or T, as in 8G")]
    NoAmount(String),
    #[error("the work came apart: {0}; this is a mistake in the program")]
    Internal(&'static str),
}

/// Names the option that raises the limit that an error is about.
fn with_option(error: &deepcomp::Error) -> String {
    match error {
        deepcomp::Error::LimitExceeded { needed, limit, .. } if needed > limit => format!("{error} (--max-memory)"),
        deepcomp::Error::BoundTooCoarse { .. } | deepcomp::Error::MixedUnits { .. } => {
            format!("{error} (--bound \"NAME=BOUND, …\", --bound recommended, --coarse)")
        }
        _ => error.to_string(),
    }
}

impl From<deepcomp::Error> for Failure {
    fn from(error: deepcomp::Error) -> Self {
        Cause::Core(error).into()
    }
}

/// Names the file an error is about.
pub(crate) fn about<E: Into<Cause>>(path: &Path) -> impl Fn(E) -> Failure + '_ {
    move |error| Failure::About { path: path.to_owned(), cause: error.into() }
}
