//! The networks at hand: parsed once, shared by all jobs. JavaScript finds their files; this remembers where it looked, for errors.

use crate::error::JsResult;
use crate::info::{self, ModelInfo};
use deepcomp::Error;
use deepcomp::network::model::{Model, Models};
#[cfg(feature = "compression")]
use std::sync::Arc;
use wasm_bindgen::prelude::*;

/// Models in the order they were added; the first is what "auto" takes.
#[wasm_bindgen]
#[derive(Default)]
pub struct WasmModels {
    list: Models,
    looked: Vec<String>,
}

#[wasm_bindgen]
impl WasmModels {
    /// None at first.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the model of a file: `{ id, name }`.
    ///
    /// # Errors
    /// `weights` when it cannot be used.
    pub fn add(&mut self, bytes: &[u8]) -> JsResult<JsValue> {
        let model = Model::parse(bytes)?;
        self.list.add(model.clone());
        info::to_js(&ModelInfo::from(model.as_ref()))
    }

    /// Remembers a place where a model was looked for, and what came of it.
    pub fn looked(&mut self, place: String) {
        self.looked.push(place);
    }
}

impl WasmModels {
    /// The model that `name` ("auto", "none" or an id) asks for; none for "auto" without models.
    #[cfg(feature = "compression")]
    pub(crate) fn choose(&self, name: &str) -> JsResult<Option<Arc<Model>>> {
        match name {
            "none" => Ok(None),
            "auto" => Ok(self.list.iter().next().cloned()),
            id => match self.list.iter().find(|m| m.id().to_string() == id) {
                Some(model) => Ok(Some(model.clone())),
                None => Err(self
                    .explain(Error::ModelUnavailable { model: id.to_owned(), looked: "\"auto\", \"none\" and the models that were added".into() })
                    .into()),
            },
        }
    }

    pub(crate) const fn list(&self) -> &Models {
        &self.list
    }

    /// An error with the places where a missing model was looked for.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match error {
            Error::ModelUnavailable { model, looked } => {
                let places = core::iter::once(looked).chain(self.looked.iter().cloned()).collect::<Vec<_>>();
                Error::ModelUnavailable { model, looked: places.join("; ") }
            }
            other => other,
        }
    }
}
