//! `deepcomp keygen`, `sign` and `verify`.

use super::recovery::renew;
use crate::disk;
use crate::failure::{Outcome, about};
use crate::inputs::Origin;
use crate::on_disk::{OnDisk, lock};
use crate::output::NewFile;
use crate::temporary::Existing;
use crate::terminal::say;
use clap::Args;
use deepcomp::Limits;
use deepcomp_protection::recovery::find;
use deepcomp_protection::signature::{self, PublicKey, SecretKey};
use deepcomp_protection::{Outer, Target};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, Args)]
pub(crate) struct KeygenArgs {
    /// The file for the secret key, which only its owner may read; the public key goes into a file of that name with .pub behind it. Neither may be there.
    key: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The archive, which gets its signature where it is; a recovery record is renewed.
    archive: PathBuf,
    /// The secret key: Ed25519 in PEM, as of keygen or of OpenSSL.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The archive, or its address.
    archive: PathBuf,
    /// The public key that has to be among those that signed it. Without it only that the archive is what somebody signed is known, and who that was is told.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

pub(crate) fn keygen(args: &KeygenArgs) -> Outcome<()> {
    let key = SecretKey::generate()?;
    let mut public = args.key.clone().into_os_string();
    public.push(".pub");
    let public = PathBuf::from(public);
    let mut secret = NewFile::create(&args.key, Existing::Keep)?;
    #[cfg(unix)]
    if let Some(file) = secret.file() {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(PermissionsExt::from_mode(0o600)).map_err(about(&args.key))?;
    }
    secret.write(key.to_pem()?.as_bytes())?;
    let mut open = NewFile::create(&public, Existing::Keep)?;
    open.write(key.public().to_pem()?.as_bytes())?;
    secret.finish()?;
    open.finish()?;
    say(format_args!(
        "{}: secret, keep it; {}: public, give it to whoever gets your archives: {}",
        args.key.display(),
        public.display(),
        key.public().to_hex()
    ));
    Ok(())
}

fn text(path: &Path) -> Outcome<Zeroizing<String>> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(about(path))
}

pub(crate) fn sign(args: &SignArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let key = SecretKey::from_pem(&text(&args.key)?).map_err(about(&args.key))?;
    let record = {
        let file = lock(path)?;
        let mut target = OnDisk(&file);
        let record = find(&target).map_err(about(path))?;
        let closed = Outer::read(&target).map_err(about(path))?.closed();
        target.write(0, &closed).map_err(about(path))?;
        disk::sync(&file).map_err(about(path))?;
        let end = signature::sign(&mut target, &key).map_err(about(path))?;
        disk::set_length(&file, end).and_then(|()| disk::sync(&file)).map_err(about(path))?;
        record
    };
    if let Some(layout) = record {
        renew(path, layout.share)?;
    }
    say(format_args!("{}: signed by {}", path.display(), key.public().to_hex()));
    Ok(())
}

pub(crate) fn verify(args: &VerifyArgs) -> Outcome<()> {
    let path = args.archive.as_path();
    let wanted = args.key.as_ref().map(|file| PublicKey::from_pem(&text(file)?).map_err(about(file))).transpose()?;
    let origin = Origin::open(path, &Limits::default())?;
    let keys = signature::verify(&origin, wanted.as_ref()).map_err(about(path))?;
    let names: Vec<String> = keys.iter().map(PublicKey::to_hex).collect();
    say(format_args!("{}: signed by {}, and unchanged since", path.display(), names.join(", ")));
    Ok(())
}
