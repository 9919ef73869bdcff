//! Typed arrays -> dataset.

use crate::dataset::WasmDataset;
use crate::error::{JsResult, invalid};
use crate::info::AttributeInfo;
use deepcomp::field::{Attribute, Dataset, Dimension, Element, Field, Missing, SourceFormat, Values, with_values};
use js_sys::{
    Array, BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Reflect, Uint8Array, Uint8ClampedArray, Uint16Array,
    Uint32Array,
};
use serde::Deserialize;
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
impl WasmDataset {
    /// A dataset of typed arrays: a list of `{ name, values, shape, dimensions?, attributes?, fill? }`; `fill` is a typed array of
    /// one value that means "missing".
    ///
    /// # Errors
    /// `invalid-argument` when shapes, dimensions and values do not agree.
    #[wasm_bindgen(js_name = fromArrays)]
    pub fn from_arrays(arrays: &Array, name: &str) -> JsResult<Self> {
        let mut inner = Dataset { format: SourceFormat::ARRAY, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
        for array in arrays.iter() {
            let field = field_from_js(&mut inner.dimensions, &array)?;
            if inner.fields.iter().any(|f| f.name == field.name) {
                return Err(invalid(format_args!("two arrays are named {:?}", field.name)));
            }
            inner.fields.push(field);
        }
        Ok(Self::new(inner, name))
    }
}

#[derive(Deserialize)]
struct ArrayHeader {
    name: String,
    shape: Vec<usize>,
    dimensions: Option<Vec<String>>,
    attributes: Option<BTreeMap<String, AttributeInfo>>,
}

fn field_from_js(dimensions: &mut Vec<Dimension>, array: &JsValue) -> JsResult<Field> {
    let header: ArrayHeader = serde_wasm_bindgen::from_value(array.clone())?;
    let get = |key: &str| Reflect::get(array, &key.into()).map_err(|_| invalid("each array must be an object"));
    let values = values_from_js(&get("values")?)?;
    let fill = match get("fill")? {
        f if f.is_undefined() => None,
        f => Some(values_from_js(&f)?),
    };
    let count = header.shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
    if count != Some(values.len()) {
        return Err(invalid(format_args!("{:?} has shape {:?}, which does not hold {} values", header.name, header.shape, values.len())));
    }
    let names = header.dimensions.unwrap_or_else(|| (0..header.shape.len()).map(|i| format!("dim_{i}")).collect());
    if names.len() != header.shape.len() {
        return Err(invalid(format_args!("{:?} has {} dimensions but {} names for them", header.name, header.shape.len(), names.len())));
    }
    let indices = names.iter().zip(&header.shape).map(|(name, &length)| dimension(dimensions, name, length)).collect::<JsResult<_>>()?;
    let mut attributes: Vec<Attribute> = header.attributes.into_iter().flatten().map(|(name, value)| Attribute { name, value: value.into() }).collect();
    let missing = match fill {
        None => Missing::NonFinite,
        Some(fill) if fill.data_type() == values.data_type() => {
            let patterns = with_values!(&fill, v => v.iter().map(|x| x.to_bits64()).collect());
            attributes.push(Attribute { name: "_FillValue".into(), value: fill });
            Missing::Patterns(patterns)
        }
        Some(_) => return Err(invalid(format_args!("the fill value of {:?} is not of the type of its values", header.name))),
    };
    Ok(Field { name: header.name, dimensions: indices, shape: header.shape, values, attributes, missing, derived: None })
}

/// The index of a dimension, added when it is new.
fn dimension(dimensions: &mut Vec<Dimension>, name: &str, length: usize) -> JsResult<usize> {
    match dimensions.iter().position(|d| d.name == name) {
        Some(index) if dimensions.get(index).is_some_and(|d| d.length == length) => Ok(index),
        Some(_) => Err(invalid(format_args!("dimension {name:?} has two different lengths; give the arrays names for their dimensions"))),
        None => {
            dimensions.push(Dimension { name: name.to_owned(), length, unlimited: false });
            Ok(dimensions.len() - 1)
        }
    }
}

/// Values of a typed array, in its own type.
pub fn values_from_js(array: &JsValue) -> JsResult<Values> {
    macro_rules! first_of {
        ($($class:ident $kind:ident),*) => {
            $(if let Some(a) = array.dyn_ref::<$class>() { return Ok(Values::$kind(a.to_vec())); })*
        };
    }
    first_of!(Float32Array F32, Float64Array F64, Uint8Array U8, Uint8ClampedArray U8, Int8Array I8, Int16Array I16, Uint16Array U16);
    first_of!(Int32Array I32, Uint32Array U32, BigInt64Array I64, BigUint64Array U64);
    Err(invalid("`values` must be a typed array, such as a Float32Array"))
}
