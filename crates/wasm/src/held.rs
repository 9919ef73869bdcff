//! What a file says of itself, and values that are in memory or are loaded when they are asked for.

use crate::error::{DeepCompError, JsResult, invalid};
use crate::outside::OutsideFile;
use deepcomp::Error;
use deepcomp::archive::{MOST_ORIGINAL, header_from_bytes, values_from_bytes};
use deepcomp::field::{Dataset, Field, Values};
use deepcomp::formats::file;
#[cfg(feature = "compression")]
use js_sys::Uint8Array;
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

/// Bytes of values that are kept in memory although they could be loaded again: few enough that three such datasets, and work on one of them, fit into the 4 GiB that a
/// module can have.
const KEPT: u64 = 1 << 28;

#[wasm_bindgen]
extern "C" {
    /// A file that the module of formats reads.
    #[wasm_bindgen(typescript_type = "any")]
    pub type FormatsFile;

    #[wasm_bindgen(method, catch)]
    fn header(this: &FormatsFile) -> Result<Vec<u8>, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn values(this: &FormatsFile, variable: usize) -> Result<Vec<u8>, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn layout(this: &FormatsFile) -> Result<Vec<u8>, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn kept(this: &FormatsFile) -> Option<String>;

    #[wasm_bindgen(method, catch)]
    fn keep(this: &FormatsFile) -> Result<(), JsValue>;

    #[wasm_bindgen(method)]
    fn free(this: &FormatsFile);
}

/// Where values come from that are not in memory.
enum Origin {
    Memory,
    File(OutsideFile),
    Formats(FormatsFile),
}

impl Drop for Origin {
    fn drop(&mut self) {
        if let Self::Formats(file) = self {
            file.free();
        }
    }
}

impl Origin {
    fn header(&self) -> JsResult<Dataset> {
        match self {
            Self::Memory => Err(in_memory()),
            Self::File(file) => Ok(file.header().clone()),
            Self::Formats(file) => Ok(header_from_bytes(&file.header().map_err(thrown)?)?),
        }
    }

    fn kept(&self) -> Option<String> {
        match self {
            Self::Memory => None,
            Self::File(file) => file.kept(),
            Self::Formats(file) => file.kept(),
        }
    }

    fn keep(&mut self) -> JsResult<()> {
        match self {
            Self::Memory => Err(in_memory()),
            Self::File(file) => Ok(file.keep()?),
            Self::Formats(file) => file.keep().map_err(thrown),
        }
    }
}

/// A dataset, whole or as far as it was looked at.
pub struct Held {
    /// Fields have values where they are loaded.
    dataset: Dataset,
    origin: Origin,
    /// Whether each field's values are loaded.
    loaded: Vec<bool>,
    /// Why it is kept byte for byte and not as data.
    kept: Option<String>,
    /// Bytes of the file on disk; none of what came from none.
    length: Option<u64>,
    /// Bytes of the file and the function that gives them, where the file is as short as one that may be kept whole.
    original: Option<(f64, Function)>,
}

impl From<Dataset> for Held {
    fn from(dataset: Dataset) -> Self {
        Self { loaded: vec![true; dataset.fields.len()], dataset, origin: Origin::Memory, kept: None, length: None, original: None }
    }
}

impl Held {
    /// A file that this module reads; the arguments are those of [`OutsideFile::open`].
    pub fn file(length: f64, read: Function, name: &str, any: bool) -> JsResult<Self> {
        Self::open(Origin::File(OutsideFile::open(length, read.clone(), name, any)?), (length, read))
    }

    /// A file that the other module reads.
    pub fn formats(file: FormatsFile, original: (f64, Function)) -> JsResult<Self> {
        Self::open(Origin::Formats(file), original)
    }

    /// A file that is kept byte for byte.
    pub fn whole_file(bytes: Vec<u8>) -> Self {
        Self { length: Some(bytes.len() as u64), ..file::keep(bytes).into() }
    }

    fn open(origin: Origin, original: (f64, Function)) -> JsResult<Self> {
        let length = Some(original.0 as u64);
        let original = Some(original).filter(|(length, _)| *length <= MOST_ORIGINAL as f64);
        let mut held = Self { dataset: origin.header()?, kept: origin.kept(), origin, loaded: Vec::new(), length, original };
        held.loaded = vec![false; held.dataset.fields.len()];
        if held.load_small().is_err() {
            held.keep()?;
            held.load_small()?;
        }
        Ok(held)
    }

    /// Loads what is small, so that a damaged file is known as such at once.
    fn load_small(&mut self) -> JsResult<()> {
        let total = self.dataset.declared_bytes();
        if total <= KEPT {
            (0..self.loaded.len()).try_for_each(|number| self.read(number))?;
            self.dataset.layout = self.layout()?;
            self.origin = Origin::Memory;
        }
        Ok(())
    }

    /// Takes the file byte for byte, since its values could not be read; why they could not, where this is not wanted or does not help.
    pub fn keep(&mut self) -> JsResult<()> {
        self.origin.keep()?;
        (self.dataset, self.kept) = (self.origin.header()?, self.origin.kept());
        self.loaded = vec![false; self.dataset.fields.len()];
        Ok(())
    }

    /// Why it is kept byte for byte and not as data.
    pub fn kept(&self) -> Option<String> {
        self.kept.clone()
    }

    /// Bytes of the file on disk; none of what came from none.
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Everything but values; some fields have theirs.
    pub const fn header(&self) -> &Dataset {
        &self.dataset
    }

    /// All bytes of the file, where it is short and nothing was said of it that is not in them.
    #[cfg(feature = "compression")]
    pub fn original(&self) -> Option<Vec<u8>> {
        let (length, read) = self.original.as_ref()?;
        let bytes = read.call2(&JsValue::NULL, &0.into(), &(*length).into()).ok()?;
        bytes.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()).filter(|bytes| bytes.len() as f64 == *length)
    }

    /// Takes values of a variable that equal `value` as missing.
    pub fn set_missing(&mut self, variable: usize, value: f64) -> JsResult<()> {
        self.original = None;
        match self.dataset.fields.get_mut(variable) {
            Some(field) => Ok(field.add_missing(value)?),
            None => Err(self.no_such(variable)),
        }
    }

    /// Loads the values of a variable, if they are not.
    pub fn load(&mut self, variable: usize) -> JsResult<()> {
        if self.loaded.get(variable) == Some(&false) {
            self.make_room(variable);
            self.read(variable)?;
        }
        Ok(())
    }

    /// A variable, with its values if they are loaded.
    pub fn field(&self, variable: usize) -> JsResult<&Field> {
        self.dataset.fields.get(variable).ok_or_else(|| self.no_such(variable))
    }

    /// The whole, all of it loaded.
    pub fn whole(&mut self) -> JsResult<&Dataset> {
        for number in 0..self.loaded.len() {
            if self.loaded.get(number) == Some(&false) {
                self.read(number)?;
            }
        }
        self.dataset.layout = self.layout()?;
        Ok(&self.dataset)
    }

    /// [`Dataset::layout`], once all variables were loaded.
    pub fn layout(&mut self) -> JsResult<Vec<u8>> {
        match &mut self.origin {
            Origin::Memory => Ok(self.dataset.layout.clone()),
            Origin::File(file) => Ok(file.layout()?),
            Origin::Formats(file) => file.layout().map_err(thrown),
        }
    }

    fn read(&mut self, number: usize) -> JsResult<()> {
        let values = match &mut self.origin {
            Origin::Memory => return Ok(()),
            Origin::File(file) => file.variable(number)?.values,
            Origin::Formats(file) => values_from_bytes(&file.values(number).map_err(thrown)?)?,
        };
        if let (Some(field), Some(loaded)) = (self.dataset.fields.get_mut(number), self.loaded.get_mut(number)) {
            (field.values, *loaded) = (values, true);
        }
        Ok(())
    }

    /// Forgets what can be loaded again, unless the variable fits beside it.
    fn make_room(&mut self, variable: usize) {
        let held: u64 = self.dataset.fields.iter().map(|f| f.values.byte_len() as u64).sum();
        let wanted = self.dataset.fields.get(variable).map_or(0, Field::declared_bytes);
        if held.saturating_add(wanted) > KEPT {
            for (field, loaded) in self.dataset.fields.iter_mut().zip(&mut self.loaded) {
                (field.values, *loaded) = (Values::empty(field.values.data_type()), false);
            }
        }
    }

    fn no_such(&self, variable: usize) -> DeepCompError {
        Error::no_such_variable(variable, self.dataset.fields.iter().map(|f| f.name.as_str())).into()
    }
}

fn in_memory() -> DeepCompError {
    invalid("what is in memory has no file behind it")
}

/// What the other module threw, as an error of this one.
fn thrown(error: JsValue) -> DeepCompError {
    let text = |key: &str| js_sys::Reflect::get(&error, &key.into()).ok().and_then(|v| v.as_string());
    match (text("code"), text("message")) {
        (Some(code), Some(message)) => DeepCompError::new(&code, &message),
        _ => invalid(format_args!("the module of formats failed: {}", String::from(Object::from(error).to_string()))),
    }
}
