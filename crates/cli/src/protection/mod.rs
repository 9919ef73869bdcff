//! What is around archives: recovery records, envelopes, signatures and volumes. The bytes are those of `deepcomp-protection`.

pub(crate) mod encryption;
pub(crate) mod passphrase;
pub(crate) mod recovery;
pub(crate) mod signing;
pub(crate) mod volumes;

use crate::failure::{Cause, Failure, Outcome, about};
use crate::inputs::{Origin, Wrapped};
use deepcomp::archive::Archive;
use deepcomp::{Error, Limits};
use deepcomp_protection::encryption::Opened;
use deepcomp_protection::is_encrypted;
use passphrase::PassphraseArgs;
use std::path::Path;
use std::rc::Rc;

/// An archive, through its volumes and its envelope where it has them.
pub(crate) fn open(path: &Path, limits: &Limits, passphrase: &PassphraseArgs) -> Outcome<(Origin, Archive)> {
    let (origin, next) = volumes::open(path, limits)?;
    let missing = |error: Failure| match (error, &next) {
        // Of volumes that are cut off, one is not there.
        (Failure::About { cause: Cause::Core(Error::Truncated { .. } | Error::ChecksumMismatch { .. }), .. }, Some(next)) => {
            about(path)(Error::Volume { name: next.clone(), what: "is missing, or the volumes before it are damaged" })
        }
        (error, _) => error,
    };
    let origin = unsealed(path, origin, |origin| {
        let opened = Opened::open(origin, &passphrase.get()?).map_err(about(path))?;
        Ok(Origin::Through(Wrapped(Rc::new(opened))))
    });
    let origin = origin.map_err(missing)?;
    let archive = Archive::open(&origin, limits).map_err(about(path)).map_err(missing)?;
    Ok((origin, archive))
}

/// As [`open`], for what is damaged: blocks of an envelope that do not decrypt are zeros, and the archive is not opened.
pub(crate) fn open_damaged(path: &Path, limits: &Limits, passphrase: &PassphraseArgs) -> Outcome<Origin> {
    unsealed(path, volumes::open(path, limits)?.0, |origin| {
        let opened = Opened::forgiving(origin, &passphrase.get()?).map_err(about(path))?;
        Ok(Origin::Through(Wrapped(Rc::new(opened))))
    })
}

fn unsealed(path: &Path, origin: Origin, open: impl FnOnce(Origin) -> Outcome<Origin>) -> Outcome<Origin> {
    if is_encrypted(&origin).map_err(about(path))? { open(origin) } else { Ok(origin) }
}
