//! `deepcomp encrypt` and `decrypt`.

use super::passphrase::PassphraseArgs;
use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::inputs::Origin;
use crate::output::{NewFile, is_standard_output};
use crate::temporary::Existing;
use crate::terminal::{say, warn};
use clap::Args;
use deepcomp::{Limits, Source};
use deepcomp_protection::encryption::Opened;
use deepcomp_protection::{Outer, is_encrypted, recovery};
use std::path::{Path, PathBuf};

/// Bytes that are read and written at a time.
const BLOCK: u64 = 1 << 20;

#[derive(Debug, Args)]
pub(crate) struct EncryptArgs {
    /// The archive.
    archive: PathBuf,
    /// The encrypted archive to write, in place of what has that name; - is standard output. A recovery record goes around it if the archive has one.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DecryptArgs {
    /// The encrypted archive, or its address.
    archive: PathBuf,
    /// The archive to write, in place of what has that name; - is standard output.
    #[arg(short, long)]
    output: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
}

pub(crate) fn encrypt(args: &EncryptArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let origin = Origin::open(path, &Limits::default())?;
    if is_encrypted(&origin).map_err(about(path))? {
        return Err(about(path)(Cause::EncryptedAlready));
    }
    // What is no archive, or cut off, is not hidden.
    Outer::read(&origin).map_err(about(path))?;
    let record = recovery::find(&origin).map_err(about(path))?;
    let mut out = beside(path, &args.output)?;
    if let Some(layout) = record {
        out.protect(layout.share)?;
    }
    out.seal(&args.passphrase.choose()?)?;
    copy((path, &origin), record.map_or(origin.length(), |layout| layout.covered), &mut out)?;
    end(&args.output, "encrypted", out)
}

pub(crate) fn decrypt(args: &DecryptArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let origin = Origin::open(path, &Limits::default())?;
    if !is_encrypted(&origin).map_err(about(path))? {
        return Err(about(path)(Cause::NotEncrypted));
    }
    let record = recovery::find(&origin).map_err(about(path))?;
    let opened = Opened::open(origin, &args.passphrase.get()?).map_err(about(path))?;
    let mut out = beside(path, &args.output)?;
    if let Some(layout) = record {
        out.protect(layout.share)?;
    }
    copy((path, &opened), opened.length(), &mut out)?;
    end(&args.output, "decrypted", out)
}

/// The file that comes of another one, and is not that.
fn beside(path: &Path, output: &Path) -> Outcome<NewFile> {
    if Identity::of(path).is_some_and(|own| Some(own) == Identity::of(output)) {
        return Err(about(output)(Cause::IsInput));
    }
    NewFile::create(output, Existing::Replace)
}

fn copy<S: Source>((path, source): (&Path, &S), length: u64, out: &mut NewFile) -> Outcome<()> {
    let mut at = 0;
    while at < length {
        let mut block = vec![0; BLOCK.min(length - at) as usize];
        source.read(at, &mut block).map_err(about(path))?;
        out.write(&block)?;
        at += block.len() as u64;
    }
    Ok(())
}

fn end(output: &Path, what: &str, out: NewFile) -> Outcome<()> {
    let length = out.finish()?;
    let line = format!("{}: {what}, {length} bytes", output.display());
    if is_standard_output(output) {
        warn(line)
    } else {
        say(line)
    }
    Ok(())
}
