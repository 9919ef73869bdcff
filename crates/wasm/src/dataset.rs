//! A dataset: opened from a file or decoded, looked at by plane, saved as a file.

use crate::arrays;
use crate::error::{JsResult, invalid};
use crate::held::{FormatsFile, Held};
use crate::info::{self, LeftOutInfo};
use deepcomp::Error;
use deepcomp::archive::{header_to_bytes, values_to_bytes};
use deepcomp::codec::Level;
use deepcomp::field::{Field, Values, suspected_missing};
use deepcomp::formats::{self, Export, Format};
use js_sys::{Float32Array, Function, Reflect, Uint8Array};
use serde::Serialize;
use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A file, whole or as far as it was looked at. JavaScript frees it with `free()`.
#[wasm_bindgen]
pub struct WasmDataset {
    /// Shared with what compresses it.
    pub(crate) held: Rc<RefCell<Held>>,
    pub(crate) name: String,
}

#[wasm_bindgen]
impl WasmDataset {
    /// Opens a data file of `length` bytes, which `read` gives: `(offset, length) => Uint8Array`, now and later if the file is large; `name` is the file name, its stem names
    /// the variable of formats without names. If `any`, a file that cannot be read as data is kept byte for byte.
    ///
    /// # Errors
    /// As [`deepcomp::formats::open`]; `formats-needed` for a file that [`Self::from_formats`] takes.
    pub fn open(length: f64, read: Function, name: &str, any: bool) -> JsResult<Self> {
        Ok(Self::new(Held::file(length, read, name, any)?, name))
    }

    /// A file that the module of formats opened, and is this one's from now on; its bytes as for [`Self::open`].
    ///
    /// # Errors
    /// As [`deepcomp::formats::open`].
    #[wasm_bindgen(js_name = fromFormats)]
    pub fn from_formats(file: FormatsFile, length: f64, read: Function, name: &str) -> JsResult<Self> {
        Ok(Self::new(Held::formats(file, (length, read))?, name))
    }

    /// Any file, to be kept byte for byte.
    #[must_use]
    #[wasm_bindgen(js_name = fromFile)]
    pub fn from_file(bytes: Vec<u8>, name: &str) -> Self {
        Self::new(Held::whole_file(bytes), name)
    }

    /// Takes values of a variable that equal `value` as missing from now on, though the file does not say so.
    ///
    /// # Errors
    /// No such variable; a value that its type does not have.
    #[wasm_bindgen(js_name = setMissing)]
    pub fn set_missing(&self, variable: usize, value: f64) -> JsResult<()> {
        self.held.borrow_mut().set_missing(variable, value)
    }

    /// Why it is kept byte for byte and not as data.
    #[wasm_bindgen(getter)]
    pub fn kept(&self) -> Option<String> {
        self.held.borrow().kept()
    }

    /// Bytes of the file on disk; `undefined` of arrays and of what was decoded.
    #[wasm_bindgen(getter, js_name = fileBytes)]
    pub fn file_bytes(&self) -> Option<f64> {
        self.held.borrow().length().map(|length| length as f64)
    }

    /// The level that it is compressed at where none is named.
    #[wasm_bindgen(getter)]
    pub fn level(&self) -> String {
        Level::Auto.for_bytes(self.held.borrow().header().declared_bytes()).name().to_owned()
    }

    /// File name.
    #[wasm_bindgen(getter, js_name = fileName)]
    pub fn file_name(&self) -> String {
        self.name.clone()
    }

    /// Where it came from, as [`formats`](crate::formats::formats) has it.
    #[wasm_bindgen(getter)]
    pub fn format(&self) -> String {
        Format::of(self.held.borrow().header().format).name.to_owned()
    }

    /// Metadata of every variable.
    ///
    /// # Errors
    /// None in practice.
    pub fn variables(&self) -> JsResult<JsValue> {
        info::variables(self.held.borrow().header())
    }

    /// A stored value of a variable that looks like a code for "missing" though the file does not say so.
    ///
    /// # Errors
    /// No such variable.
    pub fn suspect(&self, variable: usize) -> JsResult<Option<f64>> {
        Ok(suspected_missing(&*self.field(variable)?))
    }

    /// One plane of the last two dimensions in physical units: `{ values: Float32Array, width, height, min, max, missing }`. Missing
    /// values are NaN; `min` and `max` are absent when all are.
    ///
    /// # Errors
    /// No such variable or plane; a text variable.
    pub fn plane(&self, variable: usize, plane: usize) -> JsResult<JsValue> {
        let field = self.field(variable)?;
        plane_to_js(&field, &physical(&field, plane)?)
    }

    /// `{ min, max, missing }` of a whole variable in physical units; `min` and `max` are absent when all values are missing.
    ///
    /// # Errors
    /// No such variable; a text variable.
    pub fn range(&self, variable: usize) -> JsResult<JsValue> {
        let field = self.field(variable)?;
        let mut range = RangeInfo::default();
        for plane in 0..field.plane_count() {
            range.include(&physical(&field, plane)?);
        }
        info::to_js(&range)
    }

    /// All values as stored, as a typed array of the stored type (text: `Uint8Array`).
    ///
    /// # Errors
    /// No such variable.
    pub fn values(&self, variable: usize) -> JsResult<JsValue> {
        Ok(arrays::to_js(&self.field(variable)?.values))
    }

    /// Bytes of a file of everything, one variable or one plane, as [`formats`](crate::formats::formats) says of the format.
    ///
    /// # Errors
    /// As the functions of [`formats`]; an unknown format; `formats-needed` for one that the module of formats writes.
    pub fn save(&self, format: &str, variable: usize, plane: usize) -> JsResult<Vec<u8>> {
        match Format::export(format)? {
            Export::Dataset(write) => Ok(write(self.held.borrow_mut().whole()?)?),
            Export::Variable { write, .. } => Ok(write(&*self.field(variable)?, self.held.borrow().header().format)?),
            Export::Plane { write, .. } => Ok(write(&*self.field(variable)?, plane)?),
        }
    }

    /// What [`Self::save`] in a format, or of a single variable or plane, has no place for: a list of `{ kind: "variables" | "coordinates" | "attributes" | "own" | "loss", names?, what? }`.
    ///
    /// # Errors
    /// An unknown format.
    #[wasm_bindgen(js_name = leftOut)]
    pub fn left_out(&self, format: &str) -> JsResult<JsValue> {
        let held = self.held.borrow();
        let format = Format::named(format).ok_or_else(|| invalid(format_args!("unknown format {format:?}")))?;
        let lost = format.leaves_out(held.header(), Format::of(held.header().format));
        info::to_js(&lost.iter().map(LeftOutInfo::from).collect::<Vec<_>>())
    }

    /// `{ bytes, extension? }` of a file in the format it came from; its name has to end on that extension, if it has to be another format.
    ///
    /// # Errors
    /// As [`formats::original`]; `formats-needed` for a format that the module of formats writes.
    pub fn original(&self) -> JsResult<JsValue> {
        let (bytes, extension) = formats::original(self.held.borrow_mut().whole()?)?;
        let mut fields = BTreeMap::new();
        fields.extend(extension.map(|extension| ("extension", extension)));
        let object = info::to_js(&fields)?;
        Reflect::set(&object, &"bytes".into(), &Uint8Array::from(bytes.as_slice())).map_err(|_| invalid("cannot set `bytes`"))?;
        Ok(object)
    }

    /// Everything but values, for the module of formats.
    ///
    /// # Errors
    /// As [`Self::values`].
    pub fn header(&self) -> JsResult<Vec<u8>> {
        let mut held = self.held.borrow_mut();
        Ok(header_to_bytes(held.whole()?)?)
    }

    /// Values of a variable, for the module of formats.
    ///
    /// # Errors
    /// No such variable.
    #[wasm_bindgen(js_name = valueBytes)]
    pub fn value_bytes(&self, variable: usize) -> JsResult<Vec<u8>> {
        Ok(values_to_bytes(&self.field(variable)?.values))
    }
}

impl WasmDataset {
    pub(crate) fn new(held: impl Into<Held>, name: &str) -> Self {
        Self { held: Rc::new(RefCell::new(held.into())), name: name.to_owned() }
    }

    /// A variable, loaded.
    pub(crate) fn field(&self, variable: usize) -> JsResult<Ref<'_, Field>> {
        self.held.borrow_mut().load(variable)?;
        self.held.borrow().field(variable)?;
        Ref::filter_map(self.held.borrow(), |held| held.field(variable).ok()).map_err(|_| invalid("no such variable"))
    }
}

/// Values of a plane in physical units, NaN where missing.
pub(crate) fn physical(field: &Field, plane: usize) -> JsResult<Vec<f64>> {
    if matches!(field.values, Values::Char(_)) {
        return Err(Error::Unsupported { what: format!("showing {:?}, which is text,", field.name), advice: "read it with values()".into() }.into());
    }
    if plane >= field.plane_count() {
        return Err(invalid(format_args!("{:?} has {} planes, plane {plane} does not exist", field.name, field.plane_count())));
    }
    Ok(field.plane(plane)?)
}

#[derive(Default, Serialize)]
struct RangeInfo {
    min: Option<f64>,
    max: Option<f64>,
    missing: f64,
}

impl RangeInfo {
    /// Widens the range by values; NaN counts as missing.
    fn include(&mut self, values: &[f64]) {
        let extremes = (self.min.unwrap_or(f64::INFINITY), self.max.unwrap_or(f64::NEG_INFINITY));
        let (min, max) = values.iter().fold(extremes, |(min, max), v| (min.min(*v), max.max(*v)));
        if min <= max {
            (self.min, self.max) = (Some(min), Some(max));
        }
        self.missing += values.iter().filter(|v| v.is_nan()).count() as f64;
    }
}

#[derive(Serialize)]
struct PlaneInfo {
    width: usize,
    height: usize,
    #[serde(flatten)]
    range: RangeInfo,
}

pub(crate) fn plane_to_js(field: &Field, values: &[f64]) -> JsResult<JsValue> {
    let (height, width) = field.plane_shape();
    let mut range = RangeInfo::default();
    range.include(values);
    let object = info::to_js(&PlaneInfo { width, height, range })?;
    let rounded: Vec<f32> = values.iter().map(|&v| v as f32).collect();
    Reflect::set(&object, &"values".into(), &Float32Array::from(rounded.as_slice())).map_err(|_| invalid("cannot set `values`"))?;
    Ok(object)
}
