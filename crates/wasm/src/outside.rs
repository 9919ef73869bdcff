//! Files whose bytes JavaScript gives as they are asked for. The module of formats has this file too.

use deepcomp::Error;
use deepcomp::readers::Source;
use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// A file whose bytes a function gives: `(offset, length) => Uint8Array`.
pub struct Outside {
    read: Function,
    length: u64,
}

impl Outside {
    pub const fn new(length: f64, read: Function) -> Self {
        Self { read, length: length as u64 }
    }
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
