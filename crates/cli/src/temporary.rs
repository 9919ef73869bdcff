//! Files that have no name yet, or a passing one, which neither signals nor faults leave behind (KILL may, between the two steps by which a file takes another one's place).

use crate::disk::{self, folder_of};
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What becomes of a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Replace,
    Keep,
}

/// Passing names that exist now.
static NAMES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn names<T>(change: impl FnOnce(&mut BTreeSet<PathBuf>) -> T) -> T {
    change(&mut NAMES.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Removes all files with passing names and ends the program, before anything can take another one.
fn sweep(end: impl FnOnce()) {
    names(|names| {
        for path in std::mem::take(names) {
            // It may have its final name by now.
            let _ = std::fs::remove_file(path);
        }
        end();
    });
}

/// From now on INT, TERM and HUP remove what is temporary before they end the program, and a file that grows too large is an error instead of the end. Signals that are
/// ignored, as under `nohup`, stay so.
#[cfg(unix)]
pub(crate) fn watch_signals() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    let watch = || {
        let wanted = [SIGINT, SIGTERM, SIGHUP, SIGXFSZ].into_iter().filter(|signal| !is_ignored(*signal));
        let Ok(mut signals) = signal_hook::iterator::Signals::new(wanted) else { return };
        for signal in signals.forever().filter(|signal| *signal != SIGXFSZ) {
            sweep(|| {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            });
        }
    };
    // Where no thread can be had signals end the program as they always do.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(watch);
}

#[cfg(not(unix))]
pub(crate) fn watch_signals() {}

/// Whether whoever started this program had a signal ignored, as far as the system tells.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// A file without a name: it is gone with the program, whatever ends that.
pub(crate) struct Unnamed(File);

impl Unnamed {
    /// None where the system or the file system cannot do that, or nothing can be written.
    #[cfg(target_os = "linux")]
    pub(crate) fn create(folder: &Path) -> Option<Self> {
        use rustix::fs::{Mode, OFlags, open};
        // Links to it are made through this folder.
        if !Path::new("/proc/self/fd").exists() {
            return None;
        }
        open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::from_raw_mode(0o666)).ok().map(|fd| Self(fd.into()))
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn create(_: &Path) -> Option<Self> {
        None
    }

    pub(crate) const fn file(&self) -> &File {
        &self.0
    }

    /// Gives it a name. Where one is replaced it takes a passing name first, since a link takes no one's place.
    pub(crate) fn name(self, path: &Path, existing: Existing) -> io::Result<()> {
        if existing == Existing::Keep {
            return self.link(path);
        }
        disk::sync(&self.0)?;
        match self.link(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // No signal ends the program between the two.
                names(|_| {
                    let passing = passing_near(path);
                    self.link(&passing)?;
                    disk::name(path, || std::fs::rename(&passing, path)).flatten().inspect_err(|_| {
                        let _ = std::fs::remove_file(&passing);
                    })
                })?;
            }
            linked => linked?,
        }
        disk::sync_folder(path)
    }

    #[cfg(target_os = "linux")]
    fn link(&self, path: &Path) -> io::Result<()> {
        use rustix::fs::{AtFlags, CWD, linkat};
        use std::os::fd::AsRawFd;
        let own = format!("/proc/self/fd/{}", self.0.as_raw_fd());
        disk::name(path, || linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW))?.map_err(io::Error::from)
    }

    #[cfg(not(target_os = "linux"))]
    fn link(&self, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A name that no file has, beside one that gets a file soon.
fn passing_near(path: &Path) -> PathBuf {
    let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |t| t.as_nanos());
    folder_of(path).join(format!(".deepcomp-{}-{unique:x}", std::process::id()))
}

/// A file with a passing name, for systems that have no others.
pub(crate) struct Temporary(tempfile::NamedTempFile);

impl Temporary {
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".deepcomp-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        // Not swept between its making and its listing.
        names(|names| {
            let file = builder.tempfile_in(folder)?;
            names.insert(file.path().to_owned());
            Ok(Self(file))
        })
    }

    pub(crate) fn file(&self) -> &File {
        self.0.as_file()
    }

    pub(crate) fn rename(self, path: &Path, existing: Existing) -> io::Result<()> {
        disk::sync(self.0.as_file())?;
        let passing = self.0.path().to_owned();
        let persist = || if existing == Existing::Keep { self.0.persist_noclobber(path) } else { self.0.persist(path) };
        let renamed = disk::name(path, persist);
        names(|names| names.remove(&passing));
        renamed?.map_err(|e| e.error)?;
        disk::sync_folder(path)
    }
}

/// Puts all that was written below a folder on the disk at once: for many new files that took no one's place.
#[cfg(target_os = "linux")]
pub(crate) fn sync_all_below(folder: &Path) -> io::Result<()> {
    rustix::fs::syncfs(File::open(folder)?).map_err(io::Error::from)
}

#[cfg(not(target_os = "linux"))]
pub(crate) const fn sync_all_below(_: &Path) -> io::Result<()> {
    // Each was synced when it got its name.
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn passing_names_are_swept_and_named_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, lost) = (folder.path().join("kept"), folder.path().join("lost"));
        let first = Temporary::create(folder.path()).unwrap();
        first.file().write_all(b"whole").unwrap();
        first.rename(&kept, Existing::Keep).unwrap();
        let second = Temporary::create(folder.path()).unwrap();
        second.file().write_all(b"half").unwrap();
        sweep(|| {});
        assert!(second.rename(&lost, Existing::Replace).is_err());
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!((left, std::fs::read(kept).unwrap()), (vec![folder.path().join("kept")], b"whole".to_vec()));
    }
}
