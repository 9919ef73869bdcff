//! Values that come one after the other into an archive, an archive that comes byte after byte back into values, and planes before all of them is there.

use crate::archive::WasmArchive;
use crate::arrays;
use crate::asked;
use crate::dataset::{WasmDataset, physical, plane_to_js};
use crate::error::JsResult;
use crate::info;
use crate::info::ReportInfo;
use crate::jobs::set;
use crate::jobs::{finished, outgoing, progress, running};
use crate::models::WasmModels;
use crate::typed_arrays::values_from_js;
use deepcomp::Limits;
use deepcomp::archive::{Arrival, Coarse, Compressor, Done, Incoming, coarse};
use deepcomp::codec::Options;
use deepcomp::field::Values;
use js_sys::{Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// Values as they come -> archive.
#[wasm_bindgen]
pub struct WasmStreamCompressor(Option<Compressor>);

#[wasm_bindgen]
impl WasmStreamCompressor {
    /// `header` is of arrays, and those that grow have length 0 along their first dimension, which is dimension number `dimension`; the rest as for `WasmCompressor`.
    ///
    /// # Errors
    /// As there, and as [`Compressor::begin_stream`].
    #[wasm_bindgen(constructor)]
    pub fn new(header: &WasmDataset, dimension: usize, bounds: JsValue, models: &WasmModels, model: &str, base: &str) -> JsResult<Self> {
        let options = asked::options(bounds)?;
        let options = Options { model: models.choose(model)?, base: asked::base(base)?, ..options };
        let mut work = Compressor::empty(&options);
        work.begin_stream(header.held.borrow().header().clone(), &header.name, dimension)?;
        Ok(Self(Some(work)))
    }

    /// Adds values of a variable, of a typed array: whole indices along the dimension that grows.
    ///
    /// # Errors
    /// As [`Compressor::add_values`].
    pub fn add(&mut self, variable: usize, values: &JsValue) -> JsResult<()> {
        Ok(running(&mut self.0)?.add_values(variable, values_from_js(values)?)?)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// As [`Compressor::end_stream`].
    pub fn end(&mut self) -> JsResult<()> {
        Ok(running(&mut self.0)?.end_stream()?)
    }

    /// The next chunk to encode, of what has come: `{ bytes, samples }`.
    ///
    /// # Errors
    /// A stream that is finished.
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        outgoing(running(&mut self.0)?.next_job())
    }

    /// Takes what became of a chunk.
    ///
    /// # Errors
    /// As [`Compressor::accept`].
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        progress(running(&mut self.0)?.accept(Done::from_bytes(done)?)?)
    }

    /// The bytes of the archive that are ready and were not taken yet.
    ///
    /// # Errors
    /// A stream that is finished.
    #[wasm_bindgen(js_name = takeBytes)]
    pub fn take_bytes(&mut self) -> JsResult<Uint8Array> {
        Ok(Uint8Array::from(running(&mut self.0)?.take_bytes().as_slice()))
    }

    /// The rest of the archive, and what it certifies: `{ bytes, variables }`.
    ///
    /// # Errors
    /// As [`Compressor::finish`].
    pub fn finish(&mut self) -> JsResult<JsValue> {
        let (bytes, reports) = self.0.take().ok_or_else(finished)?.finish()?;
        let result = Object::new();
        set(&result, "bytes", &Uint8Array::from(bytes.as_slice()))?;
        set(&result, "variables", &info::to_js(&reports.iter().map(ReportInfo::from).collect::<Vec<_>>())?)?;
        Ok(result.into())
    }
}

/// Archive as it comes -> values.
#[wasm_bindgen]
#[derive(Default)]
pub struct WasmIncoming(Incoming);

#[wasm_bindgen]
impl WasmIncoming {
    /// Of which nothing has come.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self(Incoming::new(&Limits::default()))
    }

    /// Takes more bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// What is whole next: `{ type: "file", name, dimensions, variables }`, `{ type: "chunk", file, variable, plane, first, shape, bytes, job }` or `{ type: "end" }`; `undefined` where more has to come.
    /// `job` goes to `runJob`.
    ///
    /// # Errors
    /// As [`Incoming::next`].
    pub fn next(&mut self, models: &WasmModels) -> JsResult<JsValue> {
        let object = Object::new();
        match self.0.next(models.list()).map_err(|error| models.explain(error))? {
            None => return Ok(JsValue::UNDEFINED),
            Some(Arrival::End) => set(&object, "type", &"end".into())?,
            Some(Arrival::File { name, dataset }) => {
                set(&object, "type", &"file".into())?;
                set(&object, "name", &name.into())?;
                set(&object, "dimensions", &info::lengths(&dataset.dimensions)?)?;
                set(&object, "variables", &info::variables(&dataset)?)?;
            }
            Some(Arrival::Chunk(chunk)) => {
                set(&object, "type", &"chunk".into())?;
                place(&object, (&chunk.file, chunk.variable), (&chunk.plane, &chunk.first, &chunk.shape), chunk.bytes)?;
                set(&object, "job", &Uint8Array::from(chunk.job.to_bytes().as_slice()))?;
            }
        }
        Ok(object.into())
    }

    /// What can be seen of the chunk that is coming: `{ file, variable, plane, first, shape, bytes, stride, values }`; `undefined` where there is nothing to see yet.
    ///
    /// # Errors
    /// None in practice.
    pub fn coming(&self, models: &WasmModels) -> JsResult<JsValue> {
        let Some(chunk) = self.0.coming(models.list()) else { return Ok(JsValue::UNDEFINED) };
        let object = Object::new();
        place(&object, (&chunk.file, chunk.variable), (&chunk.plane, &chunk.first, &chunk.shape), chunk.bytes)?;
        set(&object, "stride", &JsValue::from(chunk.stride as f64))?;
        set(&object, "values", &arrays::to_js(&chunk.values))?;
        Ok(object.into())
    }

    /// Chunks that were passed over, since only the index says what they are.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.0.passed()
    }
}

#[wasm_bindgen]
impl WasmArchive {
    /// One plane so coarse as is wanted, or finer, as [`plane`](crate::WasmDataset::plane) has it, with `stride` and `bytes`.
    ///
    /// # Errors
    /// As [`coarse`].
    #[allow(clippy::too_many_arguments, reason = "objects would bring what takes them apart, one per cent of the module")]
    pub fn coarse(&self, read: Function, file: usize, variable: usize, plane: usize, stride: usize, models: &WasmModels) -> JsResult<JsValue> {
        let source = self.source.again(read, None);
        let seen = coarse(&self.archive, &source, (file, variable, plane), stride, models.list()).map_err(|e| models.explain(e))?;
        let Coarse { field, stride, bytes } = seen;
        let object = plane_to_js(&field, &physical(&field, 0)?)?;
        set(object.unchecked_ref(), "stride", &JsValue::from(stride as f64))?;
        set(object.unchecked_ref(), "bytes", &JsValue::from(bytes as f64))?;
        Ok(object)
    }
}

fn place(object: &Object, (file, variable): (&str, usize), (plane, first, shape): (&[usize], &[usize], &[usize]), bytes: usize) -> JsResult<()> {
    set(object, "file", &file.into())?;
    set(object, "variable", &JsValue::from(variable as f64))?;
    set(object, "plane", &info::to_js(&plane)?)?;
    set(object, "first", &info::to_js(&first)?)?;
    set(object, "shape", &info::to_js(&shape)?)?;
    set(object, "bytes", &JsValue::from(bytes as f64))
}

/// The values that a job of [`WasmIncoming`] came to, as a typed array.
///
/// # Errors
/// Bytes that are no such result.
#[wasm_bindgen(js_name = doneValues)]
pub fn done_values(done: &[u8]) -> JsResult<JsValue> {
    let done = Done::from_bytes(done)?;
    let values: &Values = done.values();
    Ok(arrays::to_js(values))
}
