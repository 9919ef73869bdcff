//! What goes wrong between here and a server, and whether to ask again helps.

use std::time::Duration;

/// Why bytes did not come, and what to do.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum Trouble {
    /// No connection, or one that ended or fell silent.
    #[error("{url}: no answer ({why}); check the address and the network, and try again")]
    NoAnswer { url: String, why: String },
    /// An answer that is not the file.
    #[error("{url}: the server answered {status}; {}", advice(*status))]
    Status { url: String, status: u16, after: Option<Duration> },
    /// Fewer bytes than were announced.
    #[error("{url}: the answer was cut short, after {got} of {wanted} bytes; try again")]
    Cut { url: String, got: u64, wanted: u64 },
    /// The file is another than the one that was opened.
    #[error("{url}: the file changed while it was read; read it again from the start")]
    Changed { url: String },
    /// Other bytes than were asked for.
    #[error("{url}: the server answered with other bytes than were asked for ({what}); download the file by other means and open that")]
    Wrong { url: String, what: String },
    /// A file that has to be read whole and is larger than the limit.
    #[error(
        "{url}: the server gives no parts of files, and the whole of it is more than the {limit} bytes that may be read into memory; raise --max-memory, or download it first"
    )]
    TooMuch { url: String, limit: u64 },
    /// No address of a file.
    #[error("{url}: no address that can be read from ({why}); give one that begins with http:// or https://")]
    Address { url: String, why: String },
}

const fn advice(status: u16) -> &'static str {
    match status {
        401 | 403 | 407 => "it is not open to everyone: download the file by other means and open that",
        404 | 410 => "there is no such file: check the address",
        429 | 500..=599 => "it is busy or broken: try again later",
        _ => "check the address",
    }
}

impl Trouble {
    /// Whether the same request may be answered later.
    pub(super) const fn passes(&self) -> bool {
        match self {
            Self::NoAnswer { .. } | Self::Cut { .. } => true,
            Self::Status { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            Self::Changed { .. } | Self::Wrong { .. } | Self::TooMuch { .. } | Self::Address { .. } => false,
        }
    }

    /// How long the server wants to be left alone.
    pub(super) const fn asks_for(&self) -> Option<Duration> {
        if let Self::Status { after, .. } = self { *after } else { None }
    }
}

impl From<Trouble> for deepcomp::Error {
    fn from(trouble: Trouble) -> Self {
        Self::Unreadable { what: trouble.to_string() }
    }
}
