//! The neural predictor on the GPU, through burn and burn-wgpu, bit for bit as on the CPU.
//!
//! ```text
//! PassRequests ── batch ──> words ── predictor.wgsl ──> two words a sample ──> PassAnswers
//! ```
//! [`Gpu`] is an [`Accelerator`]. Every failure is an error that sends the work back to the CPU: no adapter, a lost device, too little memory, a driver that
//! computes something else.

mod adapter;
mod batch;
mod kernel;
mod self_test;

pub use adapter::Adapter;

use adapter::Device;
use batch::Batch;
use burn::cubecl::client::Client;
use burn::cubecl::server::{Handle, KernelArguments};
use deepcomp::codec::accelerator::{Accelerator, LocalFuture, PassAnswer, PassRequest};
use deepcomp::network::engine::Softmax;
use deepcomp::network::model::{Model, ModelId};
use deepcomp::{Error, Result};
use kernel::Predictor;
use std::cell::RefCell;
use std::sync::Arc;

/// A GPU that runs the network.
pub struct Gpu {
    device: Arc<Device>,
    client: Client,
    /// Of the weighted mean.
    tables: Handle,
    /// Those whose weights are uploaded.
    models: RefCell<Vec<Loaded>>,
}

impl core::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut core::fmt::Formatter) -> core::fmt::Result {
        f.debug_struct("Gpu").field("adapter", self.adapter()).finish_non_exhaustive()
    }
}

/// Models whose weights are kept.
const MAX_MODELS: usize = 8;

/// The weights of a model.
#[derive(Debug, Clone)]
struct Loaded {
    id: ModelId,
    weights: Handle,
    /// Where those of each pass begin, in vectors.
    passes: [usize; 3],
}

fn failed(what: impl core::fmt::Display) -> Error {
    Error::Accelerator { what: what.to_string() }
}

fn bytes(words: &[i32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Gpu {
    /// The fastest there is. The device is set up once and shared by all that are made on it.
    ///
    /// # Errors
    /// [`Error::Accelerator`] when there is no adapter, or it cannot be set up.
    pub async fn new_async() -> Result<Self> {
        let (device, client) = adapter::open().await?;
        let (weights, reciprocals) = Softmax::tables();
        let tables = client.create_from_slice(&bytes(&[weights, reciprocals].concat()));
        Ok(Self { device, client, tables, models: RefCell::default() })
    }

    /// As [`Self::new_async`], waiting here.
    ///
    /// # Errors
    /// The same.
    #[cfg(not(target_family = "wasm"))]
    pub fn new() -> Result<Self> {
        burn::cubecl::future::block_on(Self::new_async())
    }

    /// What it runs on.
    #[must_use]
    pub fn adapter(&self) -> &Adapter {
        self.device.adapter()
    }

    /// Proves on small passes of all kinds that it says what the CPU says.
    ///
    /// # Errors
    /// [`Error::Accelerator`] when a bit differs, or it fails otherwise.
    pub async fn self_test(&self, model: &Model) -> Result<()> {
        let requests = self_test::requests();
        let expected = self_test::expected(model, &requests).await?;
        if self.answer(model, &requests).await? == expected { Ok(()) } else { Err(failed("it does not compute as the CPU does")) }
    }

    /// Loses the device, as a driver that is reset does, so that tests can see what comes of it.
    #[doc(hidden)]
    pub fn lose(&self) {
        self.device.lose();
    }

    /// The weights of a model, uploaded when it is new.
    fn loaded(&self, model: &Model) -> Result<Loaded> {
        let known = self.models.borrow().iter().find(|l| l.id == model.id()).cloned();
        if let Some(loaded) = known {
            return Ok(loaded);
        }
        let (weights, passes) = kernel::weights(model)?;
        let bytes: Vec<u8> = weights.iter().flatten().flat_map(|w| w.to_le_bytes()).collect();
        let loaded = Loaded { id: model.id(), weights: self.client.create_from_slice(&bytes), passes };
        let mut models = self.models.borrow_mut();
        let oldest = models.len().saturating_sub(MAX_MODELS - 1);
        models.drain(..oldest);
        models.push(loaded.clone());
        Ok(loaded)
    }

    /// One upload, one launch, one read-back.
    async fn run(&self, loaded: &Loaded, batch: &Batch) -> Result<Vec<i32>> {
        self.device.check()?;
        let words = self.client.create_from_slice(&bytes(&batch.words));
        let answers = self.client.empty(batch.answer_words.max(1) * size_of::<i32>());
        let buffers = [&words, &loaded.weights, &self.tables, &answers].map(|handle| handle.clone().binding());
        self.client.launch(Box::new(Predictor), kernel::count(batch.groups), KernelArguments::new().with_buffers(buffers.into()));
        let read = self.device.unless_lost(self.client.read_async(vec![answers])).await?.map_err(|e| failed(format_args!("{e:?}")))?;
        self.device.check()?;
        let read = read.first().ok_or_else(|| failed("nothing came back"))?;
        Ok(read.as_chunks().0.iter().map(|word| i32::from_le_bytes(*word)).collect())
    }
}

impl Accelerator for Gpu {
    fn answer<'a>(&'a self, model: &'a Model, requests: &'a [PassRequest]) -> LocalFuture<'a, Result<Vec<PassAnswer>>> {
        Box::pin(async move {
            let loaded = self.loaded(model)?;
            let mut answers = Vec::with_capacity(requests.len());
            for part in batch::split(requests, self.device.largest_buffer())? {
                let batch = Batch::of(part, loaded.passes)?;
                let words = self.run(&loaded, &batch).await?;
                answers.extend(batch.answers(part, &words));
            }
            Ok(answers)
        })
    }
}
