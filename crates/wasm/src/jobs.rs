//! Long work, a chunk at a time: `nextJob` gives one out as bytes, `runJob` does it, here or in any worker, and `accept` takes it back.

use crate::dataset::WasmDataset;
use crate::error::{DeepCompError, JsResult, invalid};
use crate::info::{self, ProgressInfo};
use crate::models::WasmModels;
use crate::stored::Stored;
use deepcomp::archive::{Archive, Decompressor, Done, Job, Progress, annotate};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

/// Work that was not finished yet.
pub(crate) fn running<T>(work: &mut Option<T>) -> JsResult<&mut T> {
    work.as_mut().ok_or_else(finished)
}

pub(crate) fn finished() -> DeepCompError {
    invalid("this job is finished; start a new one")
}

pub(crate) fn progress(progress: Progress) -> JsResult<JsValue> {
    info::to_js(&ProgressInfo::from(progress))
}

/// `{ bytes, samples }` of a job on its way to another worker; `undefined` when there is none.
pub(crate) fn outgoing(job: Option<Job>) -> JsResult<JsValue> {
    let Some(job) = job else { return Ok(JsValue::UNDEFINED) };
    let object = Object::new();
    set(&object, "bytes", &Uint8Array::from(job.to_bytes().as_slice()))?;
    set(&object, "samples", &JsValue::from(job.samples() as f64))?;
    Ok(object.into())
}

pub(crate) fn set(object: &Object, key: &str, value: &JsValue) -> JsResult<()> {
    Reflect::set(object, &key.into(), value).map(|_| ()).map_err(|_| invalid("cannot set a property"))
}

/// Does a job that came from `nextJob`; what it returns goes to `accept`.
///
/// # Errors
/// As [`Job::run`].
#[wasm_bindgen(js_name = runJob)]
pub fn run_job(job: &[u8], models: &WasmModels) -> JsResult<Vec<u8>> {
    Ok(Job::from_bytes(job)?.run(models.list())?.to_bytes())
}

/// One file of an archive, or a part of it, -> dataset, every checksum checked.
#[wasm_bindgen]
pub struct WasmDecompressor {
    work: Option<Decompressor>,
    source: Stored,
    archive: Archive,
    file: usize,
    whole: bool,
}

impl WasmDecompressor {
    /// Of file number `file`; `whole` says whether what comes out are the bytes of a file of data.
    pub(crate) const fn new(work: Decompressor, source: Stored, archive: Archive, (file, whole): (usize, bool)) -> Self {
        Self { work: Some(work), source, archive, file, whole }
    }
}

#[wasm_bindgen]
impl WasmDecompressor {
    /// Whether what comes out are the bytes of a file of data, which is kept whole.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn whole(&self) -> bool {
        self.whole
    }

    /// The next chunk to decode elsewhere: `{ bytes, samples }`, or `undefined` when all are given out. What fails since bytes are not at hand can be tried again.
    ///
    /// # Errors
    /// As [`Decompressor::next_job`].
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        outgoing(running(&mut self.work)?.next_job(&self.source)?)
    }

    /// Takes what became of a chunk, in whatever order: `{ doneBytes, totalBytes, variable }`.
    ///
    /// # Errors
    /// As [`Decompressor::accept`].
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        progress(running(&mut self.work)?.accept(Done::from_bytes(done)?)?)
    }

    /// The dataset, once every variable matches its certificate. Of what was lost it says so in attributes and in its history, as files extracted from the archive do.
    ///
    /// # Errors
    /// As [`Decompressor::finish`].
    pub fn finish(&mut self) -> JsResult<WasmDataset> {
        let work = self.work.take().ok_or_else(finished)?;
        let mut dataset = work.finish(&self.source)?;
        annotate(&self.archive, self.file, &mut dataset)?;
        Ok(WasmDataset::new(dataset, self.archive.files().nth(self.file).unwrap_or_default()))
    }
}
