//! Files whose bytes JavaScript gives as they are asked for. The module of formats has this file too.

use core::ops::Range;
use deepcomp::Source;
use deepcomp::field::{Dataset, Field};
use deepcomp::formats::OpenFile;
use deepcomp::{Error, Limits};
use js_sys::{Float64Array, Function, Object, Uint8Array};
use wasm_bindgen::prelude::*;

/// A file whose bytes a function gives: `(offset, length) => Uint8Array`. Where they are not at hand yet it may throw, get them and be asked again.
#[derive(Clone)]
pub struct Outside {
    length: u64,
    read: Function,
    /// What is told which stretches are read soon: `(bounds: Float64Array) => void`, where each begins and ends.
    prepare: Option<Function>,
}

impl Outside {
    pub const fn new(length: f64, read: Function, prepare: Option<Function>) -> Self {
        Self { length: length as u64, read, prepare }
    }
}

/// A file that is read as data, or, if `any`, byte for byte where that does not work out.
pub struct OutsideFile {
    source: Outside,
    any: bool,
    file: OpenFile,
    kept: Option<Error>,
    /// Why values could not be read.
    failed: Option<Error>,
}

impl OutsideFile {
    /// Opens a file of `length` bytes, which `read` gives: `(offset, length) => Uint8Array`.
    pub fn open(length: f64, read: Function, name: &str, any: bool) -> deepcomp::Result<Self> {
        let (source, limits) = (Outside::new(length, read, None), Limits::default());
        let outside = source.clone();
        let (file, kept) = if any { OpenFile::open_any(outside, name, &limits)? } else { (OpenFile::open(outside, name, &limits)?, None) };
        Ok(Self { source, any, file, kept, failed: None })
    }

    /// Why it is kept byte for byte and not as data.
    pub fn kept(&self) -> Option<String> {
        self.kept.as_ref().map(Error::to_string)
    }

    pub fn header(&self) -> &Dataset {
        self.file.header()
    }

    pub fn variable(&mut self, number: usize) -> deepcomp::Result<Field> {
        self.file.variable(number).inspect_err(|why| self.failed = Some(why.clone()))
    }

    pub fn layout(&mut self) -> deepcomp::Result<Vec<u8>> {
        self.file.layout().inspect_err(|why| self.failed = Some(why.clone()))
    }

    /// From now on byte for byte, since values could not be read; why they could not, where that is no way out.
    pub fn keep(&mut self) -> deepcomp::Result<()> {
        let none = || Error::InvalidArgument { what: "nothing is wrong with this file".to_owned() };
        let why = self.failed.take().ok_or_else(none)?;
        if !self.any {
            return Err(why);
        }
        self.file = OpenFile::keep(self.source.clone(), &why, &Limits::default())?;
        self.kept = Some(why);
        Ok(())
    }
}

impl Source for Outside {
    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        let unreadable = |what: String| Error::Unreadable { what };
        let bytes = self.read.call2(&JsValue::NULL, &(at as f64).into(), &(into.len() as f64).into());
        let bytes = bytes.map_err(|e| unreadable(Object::from(e).to_string().into()))?;
        match bytes.dyn_into::<Uint8Array>() {
            Ok(bytes) if bytes.length() as usize == into.len() => {
                bytes.copy_to(into);
                Ok(())
            }
            _ => Err(unreadable(format!("{} bytes from {at} on are not there", into.len()))),
        }
    }

    fn prepare(&self, stretches: &[Range<u64>]) {
        if let Some(prepare) = &self.prepare {
            let bounds: Vec<f64> = stretches.iter().flat_map(|stretch| [stretch.start as f64, stretch.end as f64]).collect();
            // Whoever is not told is asked when it is read.
            let _ = prepare.call1(&JsValue::NULL, &Float64Array::from(bounds.as_slice()));
        }
    }
}
