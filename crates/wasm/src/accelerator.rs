//! Chunks on the GPU, many at a time. Only in the module that is built with `webgpu`; everything else in it is as in the other one.

use crate::error::JsResult;
use deepcomp::Error;
use deepcomp::archive::{Job, run_on_accelerator};
use deepcomp::network::model::{Model, Models};
use deepcomp_gpu::Gpu;
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

/// The GPU and the networks it knows.
#[wasm_bindgen]
pub struct WasmAccelerator {
    gpu: Gpu,
    models: Models,
}

#[wasm_bindgen]
impl WasmAccelerator {
    /// Asks the browser for its fastest GPU.
    ///
    /// # Errors
    /// Why there is none that will do.
    pub async fn open() -> Result<Self, js_sys::Error> {
        Ok(Self { gpu: Gpu::new_async().await.map_err(plain)?, models: Models::default() })
    }

    /// Adds the weights of a `.dcm` file, and proves on them that the adapter computes as the CPU does.
    ///
    /// # Errors
    /// Why they cannot be used; that a bit differs.
    pub async fn add(&mut self, weights: Vec<u8>) -> Result<(), js_sys::Error> {
        let model = Model::parse(&weights).map_err(plain)?;
        self.gpu.self_test(&model).await.map_err(plain)?;
        self.models.add(model);
        Ok(())
    }

    /// `{ done, reason? }`: what became of jobs, and why the CPU had to step in for the GPU.
    ///
    /// # Errors
    /// As [`Job::run`].
    pub async fn run(&self, jobs: Vec<Uint8Array>) -> JsResult<JsValue> {
        let jobs = jobs.iter().map(|job| Job::from_bytes(&job.to_vec())).collect::<deepcomp::Result<Vec<_>>>()?;
        let (results, reason) = run_on_accelerator(&jobs, &self.models, &self.gpu).await;
        let done = Array::new();
        for result in results {
            done.push(&Uint8Array::from(result?.to_bytes().as_slice()));
        }
        let object = Object::new();
        Reflect::set(&object, &"done".into(), &done).ok();
        if let Some(reason) = reason {
            Reflect::set(&object, &"reason".into(), &why(reason).into()).ok();
        }
        Ok(object.into())
    }
}

/// What happened, without the advice to take the CPU, which is taken.
fn why(error: Error) -> String {
    if let Error::Accelerator { what } = error { what } else { error.to_string() }
}

fn plain(error: Error) -> js_sys::Error {
    js_sys::Error::new(&why(error))
}
