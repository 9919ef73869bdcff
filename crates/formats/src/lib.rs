//! NetCDF-4, GRIB, GeoTIFF and pictures for the module that compresses, which hands their files on to this one and gets headers and values back.
//!
//! The two share no memory: what passes between them is bytes ([`deepcomp::archive::header_to_bytes`], [`deepcomp::archive::values_to_bytes`]).

use deepcomp::Error;
use deepcomp::archive::{header_from_bytes, header_to_bytes, values_from_bytes, values_to_bytes};
use deepcomp::field::Dataset;
use deepcomp::formats::{self, Export, Format};
use js_sys::{Function, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[path = "../../wasm/src/outside.rs"]
mod outside;

use outside::OutsideFile;

/// Panics are bugs; this makes them readable in the console.
#[wasm_bindgen(start)]
pub fn start() {
    console_error_panic_hook::set_once();
}

/// An `Error` whose `code` is [`Error::code`].
fn to_js(error: Error) -> js_sys::Error {
    let thrown = js_sys::Error::new(&error.to_string());
    Reflect::set(&thrown, &"code".into(), &error.code().into()).ok();
    thrown
}

type JsResult<T> = Result<T, js_sys::Error>;

/// A file that is being read.
#[wasm_bindgen]
pub struct FormatsFile(OutsideFile);

#[wasm_bindgen]
impl FormatsFile {
    /// Opens a file of `length` bytes, which `read` gives: `(offset, length) => Uint8Array`. If `any`, a file that cannot be read as data is kept byte for byte.
    ///
    /// # Errors
    /// As [`deepcomp::formats::open`].
    pub fn open(length: f64, read: Function, name: &str, any: bool) -> JsResult<Self> {
        OutsideFile::open(length, read, name, any).map(Self).map_err(to_js)
    }

    /// Why it is kept byte for byte and not as data.
    #[wasm_bindgen(getter)]
    pub fn kept(&self) -> Option<String> {
        self.0.kept()
    }

    /// From now on byte for byte, since values could not be read.
    ///
    /// # Errors
    /// Why they could not, where the file was not to be kept, or cannot be.
    pub fn keep(&mut self) -> JsResult<()> {
        self.0.keep().map_err(to_js)
    }

    /// Everything but values.
    ///
    /// # Errors
    /// None is expected.
    pub fn header(&self) -> JsResult<Vec<u8>> {
        header_to_bytes(self.0.header()).map_err(to_js)
    }

    /// Values of a variable.
    ///
    /// # Errors
    /// As [`deepcomp::formats::OpenFile::variable`].
    pub fn values(&mut self, variable: usize) -> JsResult<Vec<u8>> {
        self.0.variable(variable).map(|field| values_to_bytes(&field.values)).map_err(to_js)
    }

    /// What only the writer of its format needs.
    ///
    /// # Errors
    /// As [`deepcomp::formats::OpenFile::layout`].
    pub fn layout(&mut self) -> JsResult<Vec<u8>> {
        self.0.layout().map_err(to_js)
    }
}

/// A dataset that is going to be written.
#[wasm_bindgen]
pub struct FormatsWriter {
    dataset: Dataset,
    filled: usize,
}

#[wasm_bindgen]
impl FormatsWriter {
    /// A dataset by its header; the values of all its variables follow by [`Self::add`].
    ///
    /// # Errors
    /// Bytes that are no header.
    #[wasm_bindgen(constructor)]
    pub fn new(header: &[u8]) -> JsResult<Self> {
        Ok(Self { dataset: header_from_bytes(header).map_err(to_js)?, filled: 0 })
    }

    /// Adds the values of the next variable.
    ///
    /// # Errors
    /// Bytes that are no values.
    pub fn add(&mut self, values: &[u8]) -> JsResult<()> {
        let values = values_from_bytes(values).map_err(to_js)?;
        if let Some(field) = self.dataset.fields.get_mut(self.filled) {
            field.values = values;
        }
        self.filled += 1;
        Ok(())
    }

    /// The bytes of a file of everything, for formats that the other module leaves to this one.
    ///
    /// # Errors
    /// As the functions of [`formats`].
    pub fn save(&self, format: &str) -> JsResult<Vec<u8>> {
        let written = match Format::export(format) {
            Ok(Export::Dataset(write)) => write(&self.dataset),
            Ok(_) => Err(Error::InvalidArgument { what: format!("{format} takes single variables, which are written where they are") }),
            Err(error) => Err(error),
        };
        written.map_err(to_js)
    }

    /// The bytes of a file in the format it came from, and the extension that its name has to have if that is another one: `{ bytes, extension? }`.
    ///
    /// # Errors
    /// As [`formats::original`].
    pub fn original(&self) -> JsResult<JsValue> {
        let (bytes, extension) = formats::original(&self.dataset).map_err(to_js)?;
        let object = js_sys::Object::new();
        Reflect::set(&object, &"bytes".into(), &Uint8Array::from(bytes.as_slice())).ok();
        if let Some(extension) = extension {
            Reflect::set(&object, &"extension".into(), &extension.into()).ok();
        }
        Ok(object.into())
    }
}
