//! Long work, a chunk at a time: `nextJob` gives one out as bytes, `runJob` does it, here or in any worker, and `accept` takes it back.

use crate::dataset::WasmDataset;
use crate::error::{DeepCompError, JsResult, invalid};
use crate::held::Held;
use crate::info::{self, ArchiveInfo, EstimateInfo, ProgressInfo, ReportInfo};
use crate::models::WasmModels;
use deepcomp::Limits;
use deepcomp::archive::{Archive, Compressor, Decompressor, Done, Estimator, FileStatus, Job, Progress, annotate};
use deepcomp::codec::{Options, Unmet};
use js_sys::{Object, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Work that was not finished yet.
fn running<T>(work: &mut Option<T>) -> JsResult<&mut T> {
    work.as_mut().ok_or_else(finished)
}

fn finished() -> DeepCompError {
    invalid("this job is finished; start a new one")
}

fn progress(progress: Progress) -> JsResult<JsValue> {
    info::to_js(&ProgressInfo::from(progress))
}

/// `{ bytes, samples }` of a job on its way to another worker; `undefined` when there is none.
fn outgoing(job: Option<Job>) -> JsResult<JsValue> {
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
/// As [`Job::run`].
#[wasm_bindgen(js_name = runJob)]
pub fn run_job(job: &[u8], models: &WasmModels) -> JsResult<Vec<u8>> {
    Ok(Job::from_bytes(job)?.run(models.list())?.to_bytes())
}

/// Dataset -> archive.
#[wasm_bindgen]
pub struct WasmCompressor {
    work: Option<Compressor>,
    held: Rc<RefCell<Held>>,
    name: String,
    /// Number of the variable that is loaded next.
    next: usize,
}

#[wasm_bindgen]
impl WasmCompressor {
    /// `bounds` is `{ others, named, asData, missing, keep, stable, coarse, strict, level }` of `{ kind, value }`, where `named` is a list of names and bounds, `asData` one of names,
    /// `missing` "auto", "none" or a number as text, `keep` `{ others, named }` of lists of words and numbers as text, `level` a name of one; `model` is "auto", "none" or the id of one of
    /// `models`; `base` is "auto", "always" or "never". The dataset stays usable.
    ///
    /// # Errors
    /// A bound that is not positive and finite; an unknown kind; the name of no variable; nothing that can be kept; a model that is not there.
    #[wasm_bindgen(constructor)]
    pub fn new(dataset: &WasmDataset, bounds: JsValue, models: &WasmModels, model: &str, base: &str) -> JsResult<Self> {
        let options = info::options(bounds)?;
        let held = dataset.held.borrow();
        let names = held.header().fields.iter().map(|f| f.name.as_str());
        options.bounds.check(names.clone())?;
        options.keep.check(names)?;
        let options = Options { model: models.choose(model)?, base: info::base(base)?, ..options };
        let mut work = Compressor::empty(&options);
        begin(&mut work, &held, &dataset.name)?;
        if let Some(bytes) = held.original().filter(|_| options.unmet == Unmet::Lossless) {
            work.set_original(bytes);
        }
        Ok(Self { work: Some(work), held: Rc::clone(&dataset.held), name: dataset.name.clone(), next: 0 })
    }

    /// The next chunk to encode elsewhere: `{ bytes, samples }`, or `undefined` when all are given out.
    ///
    /// # Errors
    /// A job that is finished; a bound that is finer than a variable's own precision, if that is refused; values that cannot be read.
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        loop {
            if let Some(job) = running(&mut self.work)?.next_job() {
                return outgoing(Some(job));
            }
            if !self.read()? {
                return Ok(JsValue::UNDEFINED);
            }
        }
    }

    /// Takes what became of a chunk, in whatever order: `{ doneBytes, totalBytes, variable }`.
    ///
    /// # Errors
    /// As [`Compressor::accept`].
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        progress(running(&mut self.work)?.accept(Done::from_bytes(done)?)?)
    }

    /// `{ bytes: Uint8Array, variables }`: the archive and what it certifies.
    ///
    /// # Errors
    /// As [`Compressor::finish`]; bounds that are refused, with what they are refused for.
    pub fn finish(&mut self) -> JsResult<JsValue> {
        while self.read()? {}
        let mut work = self.work.take().ok_or_else(finished)?;
        work.end(self.held.borrow_mut().layout()?)?;
        let (bytes, reports) = work.finish()?;
        let result = Object::new();
        set(&result, "bytes", &Uint8Array::from(bytes.as_slice()))?;
        set(&result, "variables", &info::to_js(&reports.iter().map(ReportInfo::from).collect::<Vec<_>>())?)?;
        Ok(result.into())
    }
}

/// Dataset -> what archives of it would come to.
#[wasm_bindgen]
pub struct WasmEstimator(Option<Estimator>);

#[wasm_bindgen]
impl WasmEstimator {
    /// As [`WasmCompressor::new`]; `times` are the bounds to look at, as multiples of those that are given.
    ///
    /// # Errors
    /// As there; values that cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn new(dataset: &WasmDataset, bounds: JsValue, models: &WasmModels, model: &str, times: &[f64]) -> JsResult<Self> {
        let options = info::options(bounds)?;
        let options = Options { model: models.choose(model)?, ..options };
        let mut work = Estimator::new(&options, times);
        let mut held = dataset.held.borrow_mut();
        work.begin(held.header().without_values());
        for variable in 0..held.header().fields.len() {
            if work.wants(variable) {
                held.load(variable)?;
                work.add_variable(variable, held.field(variable)?.clone())?;
            }
        }
        Ok(Self(Some(work)))
    }

    /// The next piece to compress: `{ bytes, samples }`, or `undefined` when all are given out.
    ///
    /// # Errors
    /// A job that is finished.
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        outgoing(running(&mut self.0)?.next_job())
    }

    /// Takes what became of a piece, and the seconds that it took.
    ///
    /// # Errors
    /// As [`Estimator::accept`].
    pub fn accept(&mut self, done: &[u8], seconds: f64) -> JsResult<()> {
        Ok(running(&mut self.0)?.accept(&Done::from_bytes(done)?, seconds)?)
    }

    /// A list of `{ level, times, bytes, seconds }`.
    ///
    /// # Errors
    /// As [`Estimator::finish`].
    pub fn finish(&mut self) -> JsResult<JsValue> {
        let estimates = self.0.take().ok_or_else(finished)?.finish()?;
        info::to_js(&estimates.iter().map(EstimateInfo::from).collect::<Vec<_>>())
    }
}

/// Begins a file, of which the archive says how long it is on disk.
fn begin(work: &mut Compressor, held: &Held, name: &str) -> JsResult<()> {
    work.begin(held.header().without_values(), name)?;
    work.set_status(FileStatus { length: held.length(), ..FileStatus::default() });
    Ok(())
}

impl WasmCompressor {
    /// Adds the next variable; false when there is none left. A file whose values cannot be read begins anew, byte for byte, where it may be kept so.
    fn read(&mut self) -> JsResult<bool> {
        let work = running(&mut self.work)?;
        let mut held = self.held.borrow_mut();
        if self.next >= held.header().fields.len() {
            return Ok(false);
        }
        if held.load(self.next).is_err() {
            held.keep()?;
            work.abandon();
            begin(work, &held, &self.name)?;
            self.next = 0;
            return Ok(true);
        }
        work.add_variable(held.field(self.next)?.clone())?;
        self.next += 1;
        Ok(true)
    }
}

/// One file of an archive -> dataset, every checksum checked.
#[wasm_bindgen]
pub struct WasmDecompressor {
    /// And the archive.
    work: Option<(Decompressor, Vec<u8>)>,
    archive: Archive,
    file: usize,
    whole: bool,
}

#[wasm_bindgen]
impl WasmDecompressor {
    /// Reads the index of an archive; `file` counts the files in it, and `variable`, if it is to be the only one, those in the file, from 0.
    ///
    /// # Errors
    /// As [`Archive::open`]; no such file or variable; a variable that needs a model which is not among `models`.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: Vec<u8>, file: usize, variable: Option<usize>, models: &WasmModels) -> JsResult<Self> {
        let archive = Archive::open(&bytes, &Limits::default())?;
        let work = match variable {
            None => Decompressor::new(archive.clone(), file, models.list()),
            Some(variable) => Decompressor::of_variable(archive.clone(), file, variable, models.list()),
        };
        let work = work.map_err(|e| models.explain(e))?.as_kept();
        let whole = variable.is_none() && archive.is_whole(file)?;
        Ok(Self { work: Some((work, bytes)), archive, file, whole })
    }

    /// Whether what comes out are the bytes of a file of data, which is kept whole.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn whole(&self) -> bool {
        self.whole
    }

    /// The next chunk to decode elsewhere: `{ bytes, samples }`, or `undefined` when all are given out.
    ///
    /// # Errors
    /// As [`Decompressor::next_job`].
    #[wasm_bindgen(js_name = nextJob)]
    pub fn next_job(&mut self) -> JsResult<JsValue> {
        let (work, bytes) = running(&mut self.work)?;
        outgoing(work.next_job(bytes)?)
    }

    /// Takes what became of a chunk, in whatever order: `{ doneBytes, totalBytes, variable }`.
    ///
    /// # Errors
    /// As [`Decompressor::accept`].
    pub fn accept(&mut self, done: &[u8]) -> JsResult<JsValue> {
        let (work, _) = running(&mut self.work)?;
        progress(work.accept(Done::from_bytes(done)?)?)
    }

    /// The dataset, once every variable matches its certificate. Of what was lost it says so in attributes and in its history, as files extracted from the archive do.
    ///
    /// # Errors
    /// As [`Decompressor::finish`].
    pub fn finish(&mut self) -> JsResult<WasmDataset> {
        let (work, bytes) = self.work.take().ok_or_else(finished)?;
        let mut dataset = work.finish(&bytes)?;
        annotate(&self.archive, self.file, &mut dataset)?;
        Ok(WasmDataset::new(dataset, self.archive.files().nth(self.file).unwrap_or_default()))
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
