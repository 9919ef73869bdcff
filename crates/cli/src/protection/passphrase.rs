//! Passphrases: of a file, of the environment, or of a person at a terminal.

use crate::failure::{Cause, Outcome, about};
use clap::Args;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Names a passphrase.
const VARIABLE: &str = "DEEPCOMP_PASSPHRASE";

pub(crate) type Passphrase = Zeroizing<Vec<u8>>;

/// Where the passphrase of an encrypted archive is.
#[derive(Debug, Default, Args)]
pub(crate) struct PassphraseArgs {
    /// A file that holds the passphrase of an encrypted archive, but for the end of its line. Without it the variable DEEPCOMP_PASSPHRASE is taken, and without that you are asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseArgs {
    /// That of an archive that is there.
    pub(crate) fn get(&self) -> Outcome<Passphrase> {
        match self.given()? {
            Some(given) => Ok(given),
            None => ask("Passphrase: "),
        }
    }

    /// That of a new archive: who types it types it twice.
    pub(crate) fn choose(&self) -> Outcome<Passphrase> {
        if let Some(given) = self.given()? {
            return Ok(given);
        }
        let first = ask("New passphrase: ")?;
        if ask("Again: ")? == first { Ok(first) } else { Err(Cause::TwoPassphrases.into()) }
    }

    pub(crate) const fn is_given(&self) -> bool {
        self.passphrase_file.is_some()
    }

    fn given(&self) -> Outcome<Option<Passphrase>> {
        match &self.passphrase_file {
            Some(path) => of_file(path).map(Some),
            None => Ok(std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(|value| Zeroizing::new(value.into_encoded_bytes()))),
        }
    }
}

fn of_file(path: &Path) -> Outcome<Passphrase> {
    let mut bytes = Zeroizing::new(std::fs::read(path).map_err(about(path))?);
    for end in *b"\n\r" {
        if bytes.last() == Some(&end) {
            bytes.pop();
        }
    }
    Ok(bytes)
}

/// Asks for it without showing what is typed.
fn ask(prompt: &str) -> Outcome<Passphrase> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Cause::NoPassphrase.into());
    }
    Ok(Zeroizing::new(rpassword::prompt_password(prompt).map_err(Cause::from)?.into_bytes()))
}
