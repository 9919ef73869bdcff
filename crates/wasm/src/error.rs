//! [`deepcomp::Error`] -> the JavaScript class `DeepCompError`, an `Error` with a stable `code`.

use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = "export class DeepCompError extends Error {
    constructor(code, message, options) {
        super(message, options);
        this.name = 'DeepCompError';
        this.code = code;
    }
}")]
extern "C" {
    /// An `Error` whose `code` is [`deepcomp::Error::code`].
    #[wasm_bindgen(extends = js_sys::Error, reexport)]
    #[derive(Debug, Clone)]
    pub type DeepCompError;

    /// An error of that code.
    #[wasm_bindgen(constructor)]
    pub fn new(code: &str, message: &str) -> DeepCompError;

    /// The stable identifier of the error.
    #[wasm_bindgen(method, getter)]
    pub fn code(this: &DeepCompError) -> String;
}

/// What every fallible function of the binding returns.
pub type JsResult<T> = Result<T, DeepCompError>;

impl From<deepcomp::Error> for DeepCompError {
    fn from(error: deepcomp::Error) -> Self {
        Self::new(error.code(), &error.to_string())
    }
}

impl From<serde_wasm_bindgen::Error> for DeepCompError {
    fn from(error: serde_wasm_bindgen::Error) -> Self {
        invalid(error)
    }
}

/// An argument that is not what the function takes.
pub(crate) fn invalid(what: impl core::fmt::Display) -> DeepCompError {
    deepcomp::Error::InvalidArgument { what: what.to_string() }.into()
}
