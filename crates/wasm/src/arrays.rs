//! JavaScript typed arrays <-> [`Values`]: one copy across the memory border, no conversion of numbers.

use crate::error::{JsResult, invalid};
use deepcomp::field::Values;
use js_sys::{
    BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint8ClampedArray, Uint16Array, Uint32Array,
};
use wasm_bindgen::{JsCast, JsValue};

/// Values of a typed array, in its own type.
pub fn from_js(array: &JsValue) -> JsResult<Values> {
    macro_rules! first_of {
        ($($class:ident $kind:ident),*) => {
            $(if let Some(a) = array.dyn_ref::<$class>() { return Ok(Values::$kind(a.to_vec())); })*
        };
    }
    first_of!(Float32Array F32, Float64Array F64, Uint8Array U8, Uint8ClampedArray U8, Int8Array I8, Int16Array I16, Uint16Array U16);
    first_of!(Int32Array I32, Uint32Array U32, BigInt64Array I64, BigUint64Array U64);
    Err(invalid("`values` must be a typed array, such as a Float32Array"))
}

/// A typed array of the same type; text becomes a `Uint8Array`.
pub fn to_js(values: &Values) -> JsValue {
    match values {
        Values::I8(v) => Int8Array::from(v.as_slice()).into(),
        Values::U8(v) | Values::Char(v) => Uint8Array::from(v.as_slice()).into(),
        Values::I16(v) => Int16Array::from(v.as_slice()).into(),
        Values::U16(v) => Uint16Array::from(v.as_slice()).into(),
        Values::I32(v) => Int32Array::from(v.as_slice()).into(),
        Values::U32(v) => Uint32Array::from(v.as_slice()).into(),
        Values::I64(v) => BigInt64Array::from(v.as_slice()).into(),
        Values::U64(v) => BigUint64Array::from(v.as_slice()).into(),
        Values::F32(v) => Float32Array::from(v.as_slice()).into(),
        Values::F64(v) => Float64Array::from(v.as_slice()).into(),
    }
}
