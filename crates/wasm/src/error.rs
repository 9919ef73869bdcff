//! [`deepcomp::Error`] -> the JavaScript class `DeepCompError`, an `Error` with a stable `code`.

use deepcomp::Error;
use deepcomp::error::CoarseBound;
use serde::Serialize;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = "export class DeepCompError extends Error {
    constructor(code, message, options) {
        super(message, options);
        this.name = 'DeepCompError';
        this.code = code;
    }
}")]
extern "C" {
    /// An `Error` whose `code` is [`Error::code`]; where a bound is refused, `coarse` lists variables as `{ name, bound, part }`, or `units` the units.
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

impl From<Error> for DeepCompError {
    fn from(error: Error) -> Self {
        let thrown = Self::new(error.code(), &error.to_string());
        if let Some((key, refused)) = refused(&error) {
            // The message says the same, should this fail.
            _ = refused.map(|refused| js_sys::Reflect::set(&thrown, &key.into(), &refused));
        }
        thrown
    }
}

/// A variable whose bound is refused.
#[derive(Serialize)]
struct CoarseInfo<'a> {
    name: &'a str,
    bound: f64,
    part: f64,
}

impl<'a> From<&'a CoarseBound> for CoarseInfo<'a> {
    fn from(CoarseBound { variable: name, bound, part }: &'a CoarseBound) -> Self {
        Self { name, bound: *bound, part: *part }
    }
}

/// What a bound is refused for, as a property of that name.
fn refused(error: &Error) -> Option<(&'static str, Result<JsValue, serde_wasm_bindgen::Error>)> {
    match error {
        Error::BoundTooCoarse { variables } => Some(("coarse", serde_wasm_bindgen::to_value(&variables.iter().map(CoarseInfo::from).collect::<Vec<_>>()))),
        Error::MixedUnits { units } => Some(("units", serde_wasm_bindgen::to_value(units))),
        _ => None,
    }
}

impl From<serde_wasm_bindgen::Error> for DeepCompError {
    fn from(error: serde_wasm_bindgen::Error) -> Self {
        invalid(error)
    }
}

/// An argument that is not what the function takes.
pub(crate) fn invalid(what: impl core::fmt::Display) -> DeepCompError {
    Error::InvalidArgument { what: what.to_string() }.into()
}
