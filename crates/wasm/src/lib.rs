//! DeepComp for JavaScript.
//!
//! Every function here converts its arguments, calls the core and maps the error. Deliberately absent: anything that computes on
//! values beyond unpacking them for display, and anything asynchronous: long work is cut into steps, and the caller decides what
//! happens between them (progress, cancelling, giving the thread back).

#[cfg(feature = "webgpu")]
mod accelerator;
mod arrays;
mod dataset;
mod error;
mod formats;
mod held;
mod info;
mod jobs;
mod models;
mod outside;

#[cfg(feature = "webgpu")]
pub use accelerator::WasmAccelerator;
pub use dataset::{WasmDataset, acceptance, compare, difference, preview};
pub use error::{DeepCompError, JsResult};
pub use formats::formats;
pub use held::FormatsFile;
pub use jobs::{WasmCompressor, WasmDecompressor, inspect, run_job};
pub use models::WasmModels;

use wasm_bindgen::prelude::*;

/// Panics are bugs; this makes them readable in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
