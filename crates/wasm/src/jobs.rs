//! Long work, a chunk at a time. A job that was cancelled holds no memory and answers every further call with `cancelled`.
//!
//! Chunks can be worked on here, by `step`, or anywhere: `nextJob` gives one out as bytes, `runJob` does it, in whichever worker, and `accept` takes it
//! back.

use crate::dataset::WasmDataset;
use crate::error::{JsResult, invalid};
use crate::info::{self, ArchiveInfo, ProgressInfo, ReportInfo};
use crate::models::WasmModels;
use deepcomp::archive::{Archive, Compressor, Decompressor, Done, Progress};
use deepcomp::codec::Options;
use deepcomp::{Error, Limits};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

enum Job<T> {
    Running(T),
    Finished,
    Cancelled,
}

impl<T> Job<T> {
    fn running(&mut self) -> JsResult<&mut T> {
        match self {
            Self::Running(work) => Ok(work),
            Self::Finished => Err(invalid("this job is finished; start a new one")),
            Self::Cancelled => Err(Error::Cancelled.into()),
        }
    }

    fn take(&mut self) -> JsResult<T> {
        self.running()?;
        match core::mem::replace(self, Self::Finished) {
            Self::Running(work) => Ok(work),
            Self::Finished | Self::Cancelled => Err(Error::Cancelled.into()),
        }
    }
}

fn progress(step: Option<Progress>) -> JsResult<JsValue> {
    step.map_or(Ok(JsValue::UNDEFINED), |p| info::to_js(&ProgressInfo::from(p)))
}

/// `{ bytes, samples }` of a job on its way to another worker; `undefined` when there is none.
fn outgoing(job: Option<deepcomp::archive::Job>) -> JsResult<JsValue> {
    let Some(job) = job else { return Ok(JsValue::UNDEFINED) };
    let object = Object::new();
    set(&object, "bytes", &Uint8Array::from(job.to_bytes().as_slice()))?;
    set(&object, "samples", &JsValue::from(job.samples() as f64))?;
    Ok(object.into())
}

fn set(object: &Object, key: &str, value: &JsValue) -> JsResult<()> {
    Reflect::set(object, &key.into(), value).map(|_| ()).map_err(|_| invalid("cannot set a property"))
}

/// Does a job that came from `nextJob`; what it returns goes to `accept`.
///
/// # Errors
/// As [`deepcomp::archive::Job::run`].
#[wasm_bindgen(js_name = runJob)]
pub fn run_job(job: &[u8], models: &WasmModels) -> JsResult<Vec<u8>> {
    Ok(deepcomp::archive::Job::from_bytes(job)?.run(models.list())?.to_bytes())
}

/// Dataset -> archive.
#[wasm_bindgen]
pub struct WasmCompressor(Job<Compressor>);

#[wasm_bindgen]
impl WasmCompressor {
    /// `kind` is "abs", "rel" or "lossless" (which ignores `value`); `model` is "auto", "none" or the id of one of `models`; `base` is "auto", "always"
    /// or "never". The dataset stays usable.
    ///
    /// # Errors
    /// A bound that is not positive and finite; an unknown kind; a model that is not there.
    #[wasm_bindgen(constructor)]
    pub fn new(dataset: &WasmDataset, kind: &str, value: f64, models: &WasmModels, model: &str, base: &str) -> JsResult<Self> {
        let options = Options { bound: info::bound(kind, value)?, model: models.choose(model)?, base: info::base(base)? };
        Ok(Self(Job::Running(Compressor::new(dataset.inner.clone(), &dataset.name, &options)?)))
    }

    /// Encodes the next chunk: `{ doneBytes, totalBytes, variable }`, or `undefined` when all are done.
    ///
    /// # Errors
    /// As [`Compressor::step`]; `cancelled`.
    pub fn step(&mut self) -> JsResult<JsValue> {
        progress(self.0.running()?.step()?)
    }

    /// The next chunk to encode elsewhere: `{ bytes, samples }`, or `undefined` when all are given out.
    ///
    /// # Errors
    /// `cancelled`.
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        outgoing(self.0.running()?.next_job())
    }

    /// Takes what became of a chunk, in whatever order: progress as [`Self::step`] has it.
    ///
    /// # Errors
    /// As [`Compressor::accept`]; `cancelled`.
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        progress(Some(self.0.running()?.accept(Done::from_bytes(done)?)?))
    }

    /// Drops the work done so far.
    pub fn cancel(&mut self) {
        self.0 = Job::Cancelled;
    }

    /// `{ bytes: Uint8Array, variables }`: the archive and what it certifies.
    ///
    /// # Errors
    /// As [`Compressor::finish`]; `cancelled`.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        let (bytes, reports) = self.0.take()?.finish()?;
        let result = Object::new();
        set(&result, "bytes", &Uint8Array::from(bytes.as_slice()))?;
        set(&result, "variables", &info::to_js(&reports.iter().map(ReportInfo::from).collect::<Vec<_>>())?)?;
        Ok(result.into())
    }
}

/// One file of an archive -> dataset, every checksum checked.
#[wasm_bindgen]
pub struct WasmDecompressor {
    job: Job<(Decompressor, Vec<u8>)>,
    name: String,
}

#[wasm_bindgen]
impl WasmDecompressor {
    /// Reads the index of an archive; `file` counts the files in it from 0.
    ///
    /// # Errors
    /// As [`Archive::open`]; no such file; a variable that needs a model which is not among `models`.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>, file: usize, models: &WasmModels) -> JsResult<Self> {
        let archive = Archive::open(&bytes, &Limits::default())?;
        let name = archive.files().nth(file).unwrap_or_default().to_owned();
        let work = Decompressor::new(archive, file, models.list()).map_err(|e| models.explain(e))?;
        Ok(Self { job: Job::Running((work, bytes)), name })
    }

    /// Decodes the next chunk: `{ doneBytes, totalBytes, variable }`, or `undefined` when all are done.
    ///
    /// # Errors
    /// As [`Decompressor::step`]; `cancelled`.
    pub fn step(&mut self) -> JsResult<JsValue> {
        let (work, bytes) = self.job.running()?;
        progress(work.step(bytes)?)
    }

    /// The next chunk to decode elsewhere: `{ bytes, samples }`, or `undefined` when all are given out.
    ///
    /// # Errors
    /// As [`Decompressor::next_job`]; `cancelled`.
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        let (work, bytes) = self.job.running()?;
        outgoing(work.next_job(bytes)?)
    }

    /// Takes what became of a chunk, in whatever order: progress as [`Self::step`] has it.
    ///
    /// # Errors
    /// As [`Decompressor::accept`]; `cancelled`.
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        let (work, _) = self.job.running()?;
        progress(Some(work.accept(Done::from_bytes(done)?)?))
    }

    /// Drops the work done so far.
    pub fn cancel(&mut self) {
        self.job = Job::Cancelled;
    }

    /// The dataset, once every variable matches its certificate.
    ///
    /// # Errors
    /// As [`Decompressor::finish`]; `cancelled`.
    pub fn finish(&mut self) -> JsResult<WasmDataset> {
        let (work, bytes) = self.job.take()?;
        Ok(WasmDataset { inner: work.finish(&bytes)?, name: self.name.clone() })
    }
}

/// What an archive holds, without decoding: `{ version, files: [{ name, variables }] }`.
///
/// # Errors
/// As [`Archive::open`].
#[wasm_bindgen]
pub fn inspect(bytes: &[u8]) -> JsResult<JsValue> {
    info::to_js(&ArchiveInfo::try_from(&Archive::open(bytes, &Limits::default())?)?)
}
