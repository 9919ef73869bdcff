//! Faults for tests, in builds for development alone: `DEEPCOMP_FAULT=KIND:N` lets operation number N (from 0) meet a full disk, or a power cut in front of it.
//!
//! After a power cut nothing else happens, and what was not synced is there or not as the kind says: a disk promises nothing of it.

use super::folder_of;
use std::fs::File;
use std::io::{self, ErrorKind, Seek, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};

/// What the environment asks for.
static PLAN: LazyLock<Option<Plan>> = LazyLock::new(|| std::env::var("DEEPCOMP_FAULT").ok().and_then(|asked| Plan::parse(&asked)));
/// Exit status of a program that a power cut ended.
const CUT: i32 = 99;
/// Bytes that a disk writes at one go.
const SECTOR: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The disk is full: half of what was to be written is.
    Full,
    /// All that was not synced is there.
    Kept,
    /// Nothing of it is.
    Lost,
    /// Names are there, and what they name is not.
    Named,
    /// Of writes the first sectors are there.
    Torn,
    /// The last write is there, and those before it are not.
    Last,
}

struct Plan {
    kind: Kind,
    state: Mutex<State>,
}

struct State {
    /// Operations until the fault.
    left: usize,
    /// What was not synced, in order.
    pending: Vec<Pending>,
}

enum Pending {
    /// What a file had where something was written, and how long it was.
    Bytes { file: File, at: u64, before: Vec<u8>, count: usize, length: u64 },
    /// What had a name.
    Name { path: PathBuf, before: Option<Vec<u8>> },
}

impl Plan {
    fn parse(asked: &str) -> Option<Self> {
        let (kind, left) = asked.split_once(':')?;
        let kind = match kind {
            "full" => Kind::Full,
            "kept" => Kind::Kept,
            "lost" => Kind::Lost,
            "named" => Kind::Named,
            "torn" => Kind::Torn,
            "last" => Kind::Last,
            _ => return None,
        };
        Some(Self { kind, state: Mutex::new(State { left: left.parse().ok()?, pending: Vec::new() }) })
    }
}

/// One more operation; what it may undo.
fn step(pending: impl FnOnce() -> io::Result<Option<Pending>>, done: impl FnOnce(&mut Vec<Pending>)) -> io::Result<()> {
    let Some(plan) = &*PLAN else { return Ok(()) };
    let mut state = plan.state.lock().unwrap_or_else(PoisonError::into_inner);
    match (state.left, plan.kind) {
        (0, Kind::Full) => {
            state.left = usize::MAX;
            return Err(ErrorKind::StorageFull.into());
        }
        (0, kind) => {
            lose(&state.pending, kind);
            std::process::exit(CUT);
        }
        _ => state.left -= 1,
    }
    if plan.kind != Kind::Full {
        state.pending.extend(pending()?);
        done(&mut state.pending);
    }
    Ok(())
}

pub(super) fn write(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    let at = file.stream_position()?;
    step(|| overwritten(file, at, bytes.len()).map(Some), |_| {}).inspect_err(|_| {
        let _ = file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default());
    })
}

pub(super) fn sync(file: &File) -> io::Result<()> {
    let own = identity(file);
    step(|| Ok(None), |pending| pending.retain(|one| !matches!(one, Pending::Bytes { file, .. } if identity(file) == own)))
}

pub(super) fn set_length(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    step(|| overwritten(file, length, 0).map(Some), |_| {})
}

pub(super) fn name(path: &Path) -> io::Result<()> {
    step(|| Ok(Some(Pending::Name { path: path.to_owned(), before: std::fs::read(path).ok() })), |_| {})
}

pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let own = folder_of(path);
    step(|| Ok(None), |pending| pending.retain(|one| !matches!(one, Pending::Name { path, .. } if folder_of(path) == own)))
}

fn identity(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

/// What is about to be written over; files that cannot be read are only added to.
fn overwritten(file: &File, at: u64, count: usize) -> io::Result<Pending> {
    let length = file.metadata()?.len();
    let mut before = vec![0; usize::try_from(length.saturating_sub(at)).unwrap_or(usize::MAX).min(count)];
    file.read_exact_at(&mut before, at)?;
    Ok(Pending::Bytes { file: file.try_clone()?, at, before, count, length })
}

/// Undoes what was not synced, the last first.
fn lose(pending: &[Pending], kind: Kind) {
    let last = pending.iter().rposition(|one| matches!(one, Pending::Bytes { .. }));
    for (number, one) in pending.iter().enumerate().rev() {
        let undone = match one {
            Pending::Name { path, before } if matches!(kind, Kind::Lost | Kind::Torn) => match before {
                Some(bytes) => std::fs::remove_file(path).and_then(|()| std::fs::write(path, bytes)),
                None => std::fs::remove_file(path),
            },
            Pending::Bytes { .. } if kind == Kind::Last && Some(number) == last => Ok(()),
            Pending::Bytes { file, at, before, count, length } if !matches!(kind, Kind::Kept | Kind::Full) => {
                let kept = if kind == Kind::Torn { count / 2 / SECTOR * SECTOR } else { 0 };
                // Where nothing was, what comes later leaves zeros.
                let lost = before.iter().copied().chain(std::iter::repeat(0)).take(*count).skip(kept).collect::<Vec<u8>>();
                let end = (at + kept as u64).max(*length);
                file.write_all_at(&lost, at + kept as u64).and_then(|()| if kind == Kind::Last { Ok(()) } else { file.set_len(end) })
            }
            _ => Ok(()),
        };
        // What was given another name, or taken away, is gone already.
        let _ = undone;
    }
}
