//! `deepcomp protect` and `repair`.

use super::passphrase::PassphraseArgs;
use super::volumes;
use crate::disk;
use crate::failure::{Cause, Failure, Outcome, about};
use crate::inputs::Origin;
use crate::on_disk::{OnDisk, lock};
use crate::output::NewFile;
use crate::temporary::Existing;
use crate::terminal::{say, warn};
use clap::Args;
use deepcomp::{Error, Limits, Source};
use deepcomp_protection::recovery::{self, Layout, MOST_SHARE, check, find};
use deepcomp_protection::{Outer, is_encrypted, signature};
use std::path::{Path, PathBuf};

/// The share of damage that is promised to be mended, of that which a record takes.
const PROMISED: u16 = 5;

/// What goes around a new archive.
#[derive(Debug, Args)]
pub(crate) struct AroundArgs {
    /// Put a recovery record behind the archive that takes such a share of it, as in 5%: what is damaged later, up to four fifths of that, comes back with repair.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    recovery: Option<u16>,
    /// Encrypt the archive, names and all, under a passphrase: that of --passphrase-file or of DEEPCOMP_PASSPHRASE, or else you are asked for it. Nobody can open it who loses that.
    #[arg(long)]
    passphrase: bool,
    #[command(flatten)]
    passphrase_of: PassphraseArgs,
}

impl AroundArgs {
    /// Puts it around a file that an archive is written into.
    pub(crate) fn put_around(&self, out: &mut NewFile) -> Outcome<()> {
        if let Some(share) = self.recovery {
            out.protect(share)?;
        }
        if self.passphrase || self.passphrase_of.is_given() {
            out.seal(&self.passphrase_of.choose()?)?;
        }
        Ok(())
    }
}

#[derive(Debug, Args)]
pub(crate) struct ProtectArgs {
    /// The archive, which gets a recovery record where it is, in place of one that it has.
    archive: PathBuf,
    /// How much the record takes of the archive; what is damaged later, up to four fifths of that, comes back with repair.
    #[arg(long, value_name = "SHARE", default_value = "5%", value_parser = share)]
    recovery: u16,
}

#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// The archive that was damaged; where nothing is said of an output it is mended in place, at once and as a whole.
    archive: PathBuf,
    /// The mended archive to write instead.
    #[arg(short, long)]
    output: Option<PathBuf>,
}

/// Hundredths of a percent.
pub(crate) fn share(text: &str) -> Result<u16, Cause> {
    let hundredths = text.trim().trim_end_matches('%').trim_end().parse::<f64>().map(|percent| (percent * 100.0).round());
    let share = hundredths.ok().filter(|share| (1.0..=f64::from(MOST_SHARE)).contains(share));
    share.map(|share| share as u16).ok_or_else(|| Cause::NoShare(text.to_owned()))
}

pub(crate) fn protect(args: &ProtectArgs) -> Outcome<()> {
    let layout = renew(&args.archive, args.recovery)?;
    let (part, of_it) = (f64::from(args.recovery / PROMISED * (PROMISED - 1)) / 100.0, layout.end() - layout.covered);
    let places = layout.bursts(args.recovery / PROMISED * (PROMISED - 1));
    say(format_args!(
        "{}: {} recovery records, {of_it} bytes, {:.2} % of the archive; {part} % of it may be damaged in up to {places} places",
        args.archive.display(),
        layout.parity,
        100.0 * of_it as f64 / layout.covered as f64
    ));
    Ok(())
}

/// Puts a recovery record behind an archive and its signatures, where they are. Until it is whole, and where that fails, there is none.
pub(crate) fn renew(path: &Path, share: u16) -> Outcome<Layout> {
    let file = lock(path)?;
    let mut target = OnDisk(&file);
    let covered = signature::find(&target).map_err(about(path))?.1;
    let closed = Outer::read(&target).map_err(about(path))?.closed();
    deepcomp_protection::Target::write(&mut target, 0, &closed).map_err(about(path))?;
    // It says where it ends before anything comes behind that.
    disk::sync(&file).and_then(|()| disk::set_length(&file, covered)).map_err(about(path))?;
    let added = recovery::add(&mut target, share);
    if added.is_err() {
        disk::set_length(&file, covered).map_err(about(path))?;
    }
    let layout = added.map_err(about(path))?;
    disk::sync(&file).map_err(about(path))?;
    Ok(layout)
}

/// Changes an archive where it is. A recovery record that it has is renewed; a signature is gone, which is told.
pub(crate) fn changed(path: &Path, change: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    // What cannot be opened is told by the change itself.
    let Ok(origin) = Origin::open(path, &Limits::default()) else { return change() };
    if is_encrypted(&origin).map_err(about(path))? {
        return Err(about(path)(Cause::Encrypted));
    }
    let signed = signature::find(&origin).is_ok_and(|(found, _)| !found.is_empty());
    let layout = find(&origin).ok().flatten();
    drop(origin);
    let done = change();
    if let Some(layout) = layout {
        let left = OnDisk(&std::fs::File::open(path).map_err(about(path))?).length();
        // A change that was refused may have left it as it was.
        if done.is_ok() || left < layout.end() {
            renew(path, layout.share)?;
        }
    }
    if signed && done.is_ok() {
        warn(format_args!("{}: its signature is gone, since it was of the archive as it was; sign it again", path.display()));
    }
    done
}

/// What is wrong with the recovery record of an archive that is whole otherwise, if it has one. On a network that is not looked at.
pub(crate) fn doubt(path: &Path, limits: &Limits) -> Outcome<Option<Failure>> {
    let (origin, _) = volumes::open(path, limits)?;
    if matches!(origin, Origin::Network(_)) || !find(&origin).is_ok_and(|layout| layout.is_some()) {
        return Ok(None);
    }
    Ok(match check(&origin).map_err(about(path)) {
        Ok(found) if found.is_whole() => None,
        Ok(found) => Some(about(path)(Cause::DamagedRecords { damaged: found.damaged_records(), all: found.layout().parity })),
        Err(failure) => Some(failure),
    })
}

pub(crate) fn repair(args: &RepairArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let origin = Origin::open(path, &Limits::default())?;
    let found = check(&origin).map_err(about(path))?;
    let layout = found.layout();
    if found.is_whole() && args.output.is_none() {
        say(format_args!("{}: nothing is damaged, {} pieces and {} recovery records are whole", path.display(), layout.data, layout.parity));
        return Ok(());
    }
    let output = args.output.as_deref().unwrap_or(path);
    let out = NewFile::create(output, Existing::Replace)?;
    let file = out.file().ok_or_else(|| about(output)(Cause::NotAFile))?;
    let mended = found.mend(&origin, &mut OnDisk(file));
    mended.map_err(|error| about(if matches!(error, Error::Unwritable { .. }) { output } else { path })(error))?;
    out.finish()?;
    say(format_args!(
        "{}: {} of {} pieces and {} of {} recovery records were damaged; all are mended",
        output.display(),
        found.damaged_shards(),
        layout.data,
        found.damaged_records(),
        layout.parity
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_percentages() {
        for (text, hundredths) in [("5%", 500), ("5", 500), ("0.5 %", 50), ("100%", 10_000), ("0.01%", 1)] {
            assert_eq!(share(text).unwrap(), hundredths);
        }
        for text in ["", "%", "0", "0.001%", "101%", "-5%", "five", "NaN", "inf"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
