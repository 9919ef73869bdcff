//! Signatures of whole archives (docs/format.md, "Signatures"): Ed25519ph over all bytes up to the end, in records behind it.

use crate::Target;
use crate::bytes::{each, take};
use crate::outer::Outer;
use crate::records::{Kind, SUM, head, short_at};
use deepcomp::{Error, Result, Source};
use ed25519_dalek::ed25519::pkcs8::KeypairBytes;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Sha512, Signature, SigningKey, VerifyingKey};
use sha2::Digest;
use zeroize::Zeroizing;

/// What tells these signatures from those of anything else under the same key.
const CONTEXT: &[u8] = b"DeepComp archive";
/// Bytes of a record: key and signature.
const PAYLOAD: u64 = 32 + 64;
/// Signatures that an archive may have.
const MOST: usize = 64;

/// A key that signs.
pub struct SecretKey(SigningKey);

/// A key that tells whether a signature is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl SecretKey {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where the system gives no random numbers.
    pub fn generate() -> Result<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|error| Error::Unreadable { what: format!("there are no random numbers: {error}") })?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// Reads it from PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    pub fn from_pem(text: &str) -> Result<Self> {
        SigningKey::from_pkcs8_pem(text)
            .map(Self)
            .map_err(|error| Error::InvalidArgument { what: format!("not a secret key of Ed25519 in PEM (PKCS#8): {error}") })
    }

    /// As PKCS#8 in PEM, which other programs read as well.
    ///
    /// # Errors
    /// None that can be met.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        // Without the public key, as RFC 8410 has it and as older programs expect.
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        bytes.to_pkcs8_pem(LineEnding::LF).map_err(|error| Error::InvalidArgument { what: error.to_string() })
    }

    /// The key that goes with it.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

impl PublicKey {
    /// Reads it from a SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`].
    pub fn from_pem(text: &str) -> Result<Self> {
        VerifyingKey::from_public_key_pem(text)
            .map(Self)
            .map_err(|error| Error::InvalidArgument { what: format!("not a public key of Ed25519 in PEM: {error}") })
    }

    /// As a SubjectPublicKeyInfo in PEM.
    ///
    /// # Errors
    /// None that can be met.
    pub fn to_pem(&self) -> Result<String> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| Error::InvalidArgument { what: error.to_string() })
    }

    /// Its 32 bytes in hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A public key and a signature, as a record has them; neither is checked.
pub type Claim = ([u8; 32], [u8; 64]);

/// Keys and signatures behind the end of an archive, and where the last of them ends.
///
/// # Errors
/// Those of [`Outer::read`].
pub fn find<S: Source + ?Sized>(source: &S) -> Result<(Vec<Claim>, u64)> {
    let (mut found, mut at) = (Vec::new(), Outer::read(source)?.end);
    while let Some(payload) = short_at(source, at, Kind::Signature, PAYLOAD)?.filter(|payload| payload.len() as u64 == PAYLOAD && found.len() < MOST) {
        let mut rest = payload.as_slice();
        found.extend(take(&mut rest).zip(take(&mut rest)));
        at += head(Kind::Signature, PAYLOAD).len() as u64 + PAYLOAD + SUM;
    }
    Ok((found, at))
}

/// Signs an archive whose superblock says where it ends: the signature is written behind those that are there, in place of all else. One of the same key is not written twice. Returns where it ends.
///
/// # Errors
/// [`Error::Unreadable`] and [`Error::Unwritable`].
pub fn sign<T: Target>(target: &mut T, key: &SecretKey) -> Result<u64> {
    let (found, at) = find(target)?;
    let public = key.0.verifying_key().to_bytes();
    let signature = key.0.sign_prehashed(digest(target)?, Some(CONTEXT)).map_err(|error| Error::Signature { what: format!("it cannot be signed: {error}") })?;
    if found.contains(&(public, signature.to_bytes())) {
        return Ok(at);
    }
    let mut record = head(Kind::Signature, PAYLOAD);
    record.extend(public.iter().chain(&signature.to_bytes()));
    record.extend(crate::bytes::checksum(&record).to_le_bytes());
    target.write(at, &record)?;
    Ok(at + record.len() as u64)
}

/// Checks all signatures of an archive and returns their keys; with a key, that it is among them.
///
/// # Errors
/// [`Error::Signature`] where there is none, one is not right, or none is of the key.
pub fn verify<S: Source + ?Sized>(source: &S, wanted: Option<&PublicKey>) -> Result<Vec<PublicKey>> {
    let (found, _) = find(source)?;
    if found.is_empty() {
        return Err(Error::Signature { what: "it has no signature".to_owned() });
    }
    let digest = digest(source)?;
    let mut keys = Vec::new();
    for (key, signature) in found {
        let wrong = |_| Error::Signature { what: "the signature is not that of these bytes: they were altered since it was signed".to_owned() };
        let key = VerifyingKey::from_bytes(&key).map_err(wrong)?;
        // Strict: no key or signature of small order, and none that is written in another way.
        key.verify_prehashed_strict(digest.clone(), Some(CONTEXT), &Signature::from_bytes(&signature)).map_err(wrong)?;
        keys.push(PublicKey(key));
    }
    match wanted {
        Some(wanted) if !keys.contains(wanted) => Err(Error::Signature { what: "it is signed by another key".to_owned() }),
        _ => Ok(keys),
    }
}

/// SHA-512 of an archive up to its end.
fn digest<S: Source + ?Sized>(source: &S) -> Result<Sha512> {
    let mut digest = Sha512::new();
    each(source, 0..Outer::read(source)?.end, |bytes| {
        digest.update(bytes);
        Ok(())
    })?;
    Ok(digest)
}
