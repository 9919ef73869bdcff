//! Chunks on the GPU, many at a time. Only in the module that is built with `webgpu`; everything else in it is as in the other one.

use crate::error::JsResult;
use deepcomp::archive::{Job, run_on_accelerator};
use deepcomp::weights::{Model, Models};
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
    /// `accelerator` when there is none that will do.
    pub async fn open() -> JsResult<Self> {
        Ok(Self { gpu: Gpu::new_async().await?, models: Models::default() })
    }

    /// Adds the weights of a `.dcm` file, and proves on them that the adapter computes as the CPU does.
    ///
    /// # Errors
    /// `weights` when they cannot be used; `accelerator` when a bit differs.
    pub async fn add(&mut self, weights: Vec<u8>) -> JsResult<()> {
        let model = Model::parse(&weights)?;
        self.gpu.self_test(&model).await?;
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
        reason.iter().for_each(|reason| _ = Reflect::set(&object, &"reason".into(), &reason.to_string().into()));
        Ok(object.into())
    }
}
