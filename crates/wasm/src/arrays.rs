//! [`Values`] -> JavaScript typed arrays: one copy across the memory border, no conversion of numbers.

use deepcomp::field::Values;
use js_sys::{BigInt64Array, BigUint64Array, Float32Array, Float64Array, Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array};
use wasm_bindgen::JsValue;

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
