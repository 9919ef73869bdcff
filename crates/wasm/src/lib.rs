//! DeepComp for JavaScript.
//!
//! Every function here converts its arguments, calls the core and maps the error. Deliberately absent: anything that computes on
//! values beyond unpacking them for display, and anything asynchronous: long work is cut into steps, and the caller decides what
//! happens between them (progress, cancelling, giving the thread back).

mod arrays;
mod dataset;
mod error;
mod info;
mod jobs;

pub use dataset::{WasmDataset, compare, difference};
pub use error::{DeepCompError, JsResult};
pub use jobs::{WasmCompressor, WasmDecompressor, inspect};

use deepcomp::Limits;
use wasm_bindgen::prelude::*;

/// Limits for an address space of 4 GiB that has to hold a dataset, its copy in the encoder and the decoded one.
const LIMITS: Limits = Limits { decoded_bytes: 1 << 30, items: 1 << 16, metadata_bytes: 1 << 26 };

/// Panics are bugs; this makes them readable in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
