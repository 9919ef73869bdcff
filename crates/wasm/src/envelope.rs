//! Archives in envelopes, which take a passphrase.

use crate::error::JsResult;
use crate::outside::Outside;
use deepcomp::Source;
use deepcomp_protection::encryption::{EnvelopeKey, Opened, Sealer};
use js_sys::Function;
use wasm_bindgen::prelude::*;

/// What opens the envelope of one archive. JavaScript frees it with `free()`.
#[wasm_bindgen]
pub struct WasmKey(pub(crate) EnvelopeKey);

#[wasm_bindgen]
impl WasmKey {
    /// That of an archive of `length` bytes, which takes about a second; `read` is as of [`WasmArchive`](crate::WasmArchive).
    ///
    /// # Errors
    /// As [`EnvelopeKey::of`].
    #[wasm_bindgen(constructor)]
    pub fn new(length: f64, read: Function, passphrase: &str) -> JsResult<Self> {
        Ok(Self(EnvelopeKey::of(&Outside::new(length, read, None), passphrase.as_bytes())?))
    }
}

/// An archive in an envelope.
///
/// # Errors
/// As [`Sealer::new`].
#[wasm_bindgen]
pub fn encrypt(archive: &[u8], passphrase: &str) -> JsResult<Vec<u8>> {
    let (mut sealer, mut out) = Sealer::new(passphrase.as_bytes())?;
    out.extend(sealer.seal(archive)?);
    out.extend(sealer.finish()?);
    Ok(out)
}

/// What an envelope holds, all of it checked.
///
/// # Errors
/// As [`Opened::open`], and where a block was altered.
#[wasm_bindgen]
pub fn decrypt(envelope: Vec<u8>, passphrase: &str) -> JsResult<Vec<u8>> {
    let opened = Opened::open(envelope, passphrase.as_bytes())?;
    let mut out = vec![0; opened.length() as usize];
    opened.read(0, &mut out)?;
    Ok(out)
}
