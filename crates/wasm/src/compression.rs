//! Datasets into archives, and what those would come to, a chunk at a time.

use crate::asked;
use crate::dataset::WasmDataset;
use crate::error::JsResult;
use crate::held::Held;
use crate::info::{self, ReportInfo};
use crate::jobs::{finished, outgoing, progress, running, set};
use crate::models::WasmModels;
use deepcomp::archive::{Compressor, Done, Estimate, Estimator, FileStatus};
use deepcomp::codec::{Options, Unmet};
use js_sys::{Object, Uint8Array};
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

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
    /// `bounds` is `{ others, named, asData, missing, keep, stable, coarse, strict, level, tiles }` of `{ kind, value }`, where `named` is a list of names and bounds, `asData` one of names,
    /// `missing` "auto", "none" or a number as text, `keep` `{ others, named }` of lists of words and numbers as text, `level` a name of one, `tiles` "map", "series", "both" or sizes; `model` is "auto", "none" or the id of one of
    /// `models`; `base` is "auto", "always" or "never". The dataset stays usable.
    ///
    /// # Errors
    /// A bound that is not positive and finite; an unknown kind; the name of no variable; nothing that can be kept; a model that is not there.
    #[wasm_bindgen(constructor)]
    pub fn new(dataset: &WasmDataset, bounds: JsValue, models: &WasmModels, model: &str, base: &str) -> JsResult<Self> {
        let options = asked::options(bounds)?;
        let held = dataset.held.borrow();
        let names = held.header().fields.iter().map(|f| f.name.as_str());
        options.bounds.check(names.clone())?;
        options.keep.check(names)?;
        let options = Options { model: models.choose(model)?, base: asked::base(base)?, ..options };
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

/// What compressing would come to.
#[derive(Serialize)]
struct EstimateInfo {
    level: &'static str,
    times: f64,
    bytes: f64,
    seconds: f64,
}

impl From<&Estimate> for EstimateInfo {
    fn from(Estimate { level, times, bytes, seconds }: &Estimate) -> Self {
        Self { level: level.name(), times: *times, bytes: *bytes as f64, seconds: *seconds }
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
        let options = asked::options(bounds)?;
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
