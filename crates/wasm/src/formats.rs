//! The list of formats.

use crate::error::JsResult;
use crate::info::{self, FormatInfo};
use deepcomp::formats::FORMATS;
use wasm_bindgen::prelude::*;

/// All formats that are read, whichever module does so: `{ name, title, extension, returned, picture, saves?, text, here }`. `returned` is the title of what comes
/// back; `saves` says what a file of it holds where others are saved in it: "dataset", "variable" or "plane"; `here` whether
/// this module does so by itself.
///
/// # Errors
/// None in practice.
#[wasm_bindgen]
pub fn formats() -> JsResult<JsValue> {
    info::to_js(&FORMATS.iter().map(FormatInfo::from).collect::<Vec<_>>())
}
