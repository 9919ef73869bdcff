//! DeepComp for JavaScript.
//!
//! Every function here converts its arguments, calls the core and maps the error. Deliberately absent: anything that computes on
//! values beyond unpacking them for display, and anything asynchronous: long work is cut into steps, and the caller decides what
//! happens between them (progress, cancelling, giving the thread back). Nor is anything fetched: what reads bytes that are not at hand fails, and is called again when they are.

#[cfg(feature = "webgpu")]
mod accelerator;
mod archive;
mod arrays;
#[cfg(feature = "compression")]
mod asked;
#[cfg(feature = "compression")]
mod comparison;
#[cfg(feature = "compression")]
mod compression;
mod dataset;
#[cfg(feature = "compression")]
mod envelope;
mod error;
mod formats;
mod held;
mod info;
mod jobs;
mod models;
mod outside;
mod stored;
#[cfg(feature = "compression")]
mod stream;
#[cfg(feature = "compression")]
mod typed_arrays;

#[cfg(feature = "webgpu")]
pub use accelerator::WasmAccelerator;
pub use archive::WasmArchive;
#[cfg(feature = "compression")]
pub use comparison::{acceptance, compare, difference};
#[cfg(feature = "compression")]
pub use compression::{WasmCompressor, WasmEstimator};
pub use dataset::WasmDataset;
#[cfg(feature = "compression")]
pub use envelope::{WasmKey, decrypt, encrypt};
pub use error::{DeepCompError, JsResult};
pub use formats::formats;
pub use held::FormatsFile;
pub use jobs::{WasmDecompressor, run_job};
pub use models::WasmModels;
#[cfg(feature = "compression")]
pub use stream::{WasmIncoming, WasmStreamCompressor, done_values};

use wasm_bindgen::prelude::*;

/// Panics are bugs; this makes them readable in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}
