//! Files whose bytes JavaScript gives as they are asked for. The module of formats has this file too.

use deepcomp::formats::{OpenFile, Source};
use deepcomp::{Error, Limits};
use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// A file whose bytes a function gives: `(offset, length) => Uint8Array`.
struct Outside {
    read: Function,
    length: u64,
}

/// Opens a file of `length` bytes, which `read` gives: `(offset, length) => Uint8Array`; if `any`, be it of what kind it may, and then with the reason why it is kept byte for
/// byte.
pub fn open(length: f64, read: Function, name: &str, any: bool) -> deepcomp::Result<(OpenFile, Option<String>)> {
    let (source, limits) = (Outside { read, length: length as u64 }, Limits::default());
    let (file, kept) = if any { OpenFile::open_any(source, name, &limits)? } else { (OpenFile::open(source, name, &limits)?, None) };
    Ok((file, kept.map(|why| why.to_string())))
}

impl Source for Outside {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        let unreadable = |what: String| Error::Unreadable { what };
        let bytes = self.read.call2(&JsValue::NULL, &(at as f64).into(), &(into.len() as f64).into());
        let bytes = bytes.map_err(|e| unreadable(Object::from(e).to_string().into()))?;
        match bytes.dyn_into::<Uint8Array>() {
            Ok(bytes) if bytes.length() as usize == into.len() => {
                bytes.copy_to(into);
                Ok(())
            }
            _ => Err(unreadable(format!("{} bytes from {at} on are not there", into.len()))),
        }
    }
}
