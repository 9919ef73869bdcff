//! An archive whose bytes are asked for as they are needed: what it says about itself, and what decodes files and parts of files.

use crate::dataset::{physical, plane_to_js};
#[cfg(feature = "compression")]
use crate::envelope::WasmKey;
use crate::error::JsResult;
use crate::info::{self, ArchiveInfo};
use crate::jobs::WasmDecompressor;
use crate::models::WasmModels;
use crate::outside::Outside;
use crate::stored::Stored;
use core::ops::Range;
use deepcomp::Limits;
use deepcomp::archive::{Archive, Decompressor, preview};
#[cfg(feature = "compression")]
use deepcomp_protection::encryption::Opened;
use js_sys::Function;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

/// The checked index of an archive; bytes come from a function, `(offset, length) => Uint8Array`, which may throw, get them and be asked again. JavaScript frees it with `free()`.
#[wasm_bindgen]
pub struct WasmArchive {
    pub(crate) archive: Archive,
    /// What it was opened with.
    pub(crate) source: Stored,
}

impl WasmArchive {
    fn of(source: Stored) -> JsResult<Self> {
        Ok(Self { archive: Archive::open(&source, &Limits::default())?, source })
    }
}

#[wasm_bindgen]
impl WasmArchive {
    /// Reads the index of an archive of `length` bytes.
    ///
    /// # Errors
    /// As [`Archive::open`].
    #[wasm_bindgen(constructor)]
    pub fn new(length: f64, read: Function) -> JsResult<Self> {
        Self::of(Stored::Plain(Outside::new(length, read, None)))
    }

    /// The same of an archive in an envelope.
    ///
    /// # Errors
    /// As [`Opened::with`] and [`Archive::open`].
    #[cfg(feature = "compression")]
    pub fn sealed(length: f64, read: Function, key: &WasmKey) -> JsResult<Self> {
        let opened = Opened::with(Outside::new(length, read, None), key.0.clone())?;
        Self::of(Stored::Sealed(Box::new(opened)))
    }

    /// What it holds, without decoding: `{ version, comment?, models, embedded, files: [{ name, bytes?, dimensions, variables }] }`.
    ///
    /// # Errors
    /// None in practice.
    pub fn info(&self) -> JsResult<JsValue> {
        info::to_js(&ArchiveInfo::new(&self.archive, &self.source)?)
    }

    /// The file of a network that lies in it, by its number among `embedded`; proven. `undefined` where there is none.
    ///
    /// # Errors
    /// As [`Archive::embedded_model`].
    pub fn embedded(&self, read: Function, number: usize) -> JsResult<Option<Vec<u8>>> {
        let source = self.source.again(read, None);
        let Some(id) = self.archive.embedded().nth(number) else { return Ok(None) };
        Ok(self.archive.embedded_model(&source, id)?.map(|(_, file)| file))
    }

    /// What base layers alone show of one plane, as [`plane`](crate::WasmDataset::plane) has it; `undefined` where it has none.
    ///
    /// # Errors
    /// As [`preview`].
    pub fn preview(&self, read: Function, file: usize, variable: usize, plane: usize, models: &WasmModels) -> JsResult<JsValue> {
        let source = self.source.again(read, None);
        let drawn = preview(&self.archive, &source, (file, variable, plane), models.list()).map_err(|e| models.explain(e))?;
        drawn.map_or(Ok(JsValue::UNDEFINED), |field| plane_to_js(&field, &physical(&field, 0)?))
    }

    /// What decodes a file, or the variables of these numbers, and of these what lies in ranges of indices: of the dimension that `names` has from each second of `bounds` on up to the one behind,
    /// a range behind the other. `prepare` is told where the stretches begin and end that are read soon, `(bounds: Float64Array) => void`.
    ///
    /// # Errors
    /// As [`Decompressor::of_part`]; a variable that needs a model which is not among `models`.
    #[allow(clippy::too_many_arguments, reason = "objects would bring what takes them apart, one per cent of the module")]
    pub fn decompressor(
        &self,
        read: Function,
        prepare: Function,
        file: usize,
        variables: Option<Vec<usize>>,
        names: Vec<String>,
        bounds: &[usize],
        models: &WasmModels,
    ) -> JsResult<WasmDecompressor> {
        let archive = self.archive.clone();
        let whole = variables.is_none() && names.is_empty() && archive.is_whole(file)?;
        let variables = variables.map_or_else(|| Ok((0..archive.variables(file)?.len()).collect()), JsResult::Ok)?;
        let mut ranges: BTreeMap<String, Vec<Range<usize>>> = BTreeMap::new();
        for (name, [first, end]) in names.into_iter().zip(bounds.as_chunks().0) {
            ranges.entry(name).or_default().push(*first..*end);
        }
        let work = Decompressor::of_part(archive.clone(), file, (&variables, &ranges), models.list()).map_err(|e| models.explain(e))?;
        let source = self.source.again(read, Some(prepare));
        Ok(WasmDecompressor::new(work.as_kept(), source, archive, (file, whole)))
    }
}
