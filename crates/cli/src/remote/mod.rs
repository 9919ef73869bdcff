//! A file at the other end of a network: bytes are fetched where they are needed, many in one request and several requests at once.
//!
//! Deliberately absent: a cache beyond this run, and protocols other than HTTP.

mod client;
mod plan;
#[cfg(test)]
mod tests;
mod trouble;

pub(crate) use trouble::Trouble;

use crate::terminal::warn;
use client::{Client, Opening, Patience};
use deepcomp::Source;
use deepcomp::{Error, Limits};
use plan::{Kept, Plan};
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Requests at once, each over a connection of its own that is kept for the next: what browsers allow a server is six.
const CONNECTIONS: usize = 4;

/// Bytes that are asked for at first, from the end of the file: the index of most archives, for hardly more than the round trip.
const LAST: u64 = 1 << 15;

/// Whether a name of a file is an address on a network.
pub(crate) fn is_address(path: &Path) -> bool {
    let scheme = |text: &str| text.split_once("://").is_some_and(|(scheme, _)| ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)));
    path.to_str().is_some_and(scheme)
}

/// A file that a server gives in parts, or has given whole.
pub(crate) struct Remote {
    client: Client,
    bytes: Bytes,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("url", &self.client.url()).finish_non_exhaustive()
    }
}

enum Bytes {
    Parts { length: u64, state: Mutex<State> },
    Whole(Vec<u8>),
}

/// What is wanted, and what is here.
#[derive(Debug, Default)]
struct State {
    plan: Plan,
    kept: Kept,
}

impl Remote {
    /// Opens the file of that address, and has its last bytes. One that the server does not give in parts is downloaded, which is told, if it is within the limit of what may be decoded.
    pub(crate) fn open(url: &str, limits: &Limits) -> Result<Self, Trouble> {
        Self::open_with(url, limits, Patience::default())
    }

    fn open_with(url: &str, limits: &Limits, patience: Patience) -> Result<Self, Trouble> {
        let mut client = Client::new(url, CONNECTIONS, patience);
        let bytes = match client.open(LAST, limits.decoded_bytes)? {
            Opening::Parts { length, at, bytes } => {
                let mut state = State::default();
                state.kept.add(at, bytes);
                Bytes::Parts { length, state: Mutex::new(state) }
            }
            Opening::Whole(bytes) => {
                warn(format_args!("{}: the server gives no parts of files; all {} bytes were downloaded", client.url(), bytes.len()));
                Bytes::Whole(bytes)
            }
        };
        Ok(Self { client, bytes })
    }

    /// Fetches pieces over all connections. The first trouble ends it; what came is kept.
    fn fetch(&self, pieces: &[Range<u64>], length: u64, kept: &mut Kept) -> Result<(), Trouble> {
        let next = AtomicUsize::new(0);
        let (came, trouble) = (Mutex::new(Vec::new()), Mutex::new(None));
        let work = || {
            while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                match self.client.part(piece, length) {
                    Ok(bytes) => came.lock().unwrap_or_else(PoisonError::into_inner).push((piece.start, bytes)),
                    Err(error) => {
                        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        next.store(pieces.len(), Ordering::Relaxed);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            (1..pieces.len().min(CONNECTIONS)).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        let mut came = came.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The first ones are read first, and are what a full store would lose.
        came.sort_by_key(|(at, _)| *at);
        came.into_iter().for_each(|(at, bytes)| kept.add(at, bytes));
        trouble.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
    }

    /// Copies what is here, and fetches what is not, until all is there.
    fn fill(&self, at: u64, into: &mut [u8], length: u64, State { plan, kept }: &mut State) -> Result<(), Error> {
        let end = at.checked_add(into.len() as u64).filter(|end| *end <= length).ok_or_else(|| Error::Unreadable { what: "it ended early".to_owned() })?;
        let (mut at, mut into) = (at, into);
        while !into.is_empty() {
            if let Some(here) = kept.from(at) {
                let (now, later) = into.split_at_mut(here.len().min(into.len()));
                here.iter().zip(now.iter_mut()).for_each(|(from, to)| *to = *from);
                at += now.len() as u64;
                into = later;
                continue;
            }
            plan.want(at..end, length);
            self.fetch(&plan.take(at), length, kept)?;
        }
        Ok(())
    }
}

impl Source for Remote {
    fn bytes(&self) -> Option<&[u8]> {
        if let Bytes::Whole(bytes) = &self.bytes { Some(bytes) } else { None }
    }

    fn length(&self) -> u64 {
        match &self.bytes {
            Bytes::Parts { length, .. } => *length,
            Bytes::Whole(bytes) => bytes.len() as u64,
        }
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        match &self.bytes {
            Bytes::Parts { length, state } => self.fill(at, into, *length, &mut state.lock().unwrap_or_else(PoisonError::into_inner)),
            Bytes::Whole(bytes) => bytes.read(at, into),
        }
    }

    /// Plans them. They are fetched with the first of them that is read, up to a window: so nothing is fetched that is not read after all, and no more than fits.
    fn prepare(&self, ranges: &[Range<u64>]) {
        if let Bytes::Parts { length, state } = &self.bytes {
            let State { plan, kept } = &mut *state.lock().unwrap_or_else(PoisonError::into_inner);
            plan.add(ranges.iter().filter(|range| !kept.has(range)).cloned(), *length);
        }
    }
}
