//! How a decoded dataset differs from its source.

use crate::dataset::{WasmDataset, physical, plane_to_js};
use crate::error::{JsResult, invalid};
use crate::info;
use deepcomp::metrics::{self, Acceptance, Comparison};
use serde::Serialize;
use wasm_bindgen::prelude::*;

/// How `decoded` differs from `original` in one variable, whose number in `decoded` is `counterpart`.
///
/// # Errors
/// No such variable; shapes or types that differ.
#[wasm_bindgen]
pub fn compare(original: &WasmDataset, decoded: &WasmDataset, variable: usize, counterpart: usize) -> JsResult<JsValue> {
    let comparison = metrics::compare(&*original.field(variable)?, &*decoded.field(counterpart)?)?;
    info::to_js(&ComparisonInfo::from(comparison))
}

/// How the acceptance tests of climate science turn out in one variable.
///
/// # Errors
/// No such variable; shapes that differ; not enough memory for a plane.
#[wasm_bindgen]
pub fn acceptance(original: &WasmDataset, decoded: &WasmDataset, variable: usize, counterpart: usize) -> JsResult<JsValue> {
    let acceptance = metrics::acceptance(&*original.field(variable)?, &*decoded.field(counterpart)?)?;
    info::to_js(&AcceptanceInfo::from(acceptance))
}

/// The signed error (decoded − original) of one plane, as [`WasmDataset::plane`] gives planes; subtracted before rounding to float32.
///
/// # Errors
/// No such variable or plane; shapes that differ.
#[wasm_bindgen]
pub fn difference(original: &WasmDataset, decoded: &WasmDataset, variable: usize, counterpart: usize, plane: usize) -> JsResult<JsValue> {
    let (before, after) = (original.field(variable)?, decoded.field(counterpart)?);
    if before.shape != after.shape {
        return Err(invalid(format_args!("{:?} has shape {:?} in one dataset and {:?} in the other", before.name, before.shape, after.shape)));
    }
    let (a, b) = (physical(&before, plane)?, physical(&after, plane)?);
    plane_to_js(&before, &a.iter().zip(&b).map(|(a, b)| b - a).collect::<Vec<_>>())
}

/// How a decoded variable differs from its source.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ComparisonInfo {
    max_abs_error: f64,
    max_pointwise_error: f64,
    rmse: f64,
    bias: f64,
    psnr: Option<f64>,
    range: f64,
    missing_equal: bool,
    bit_identical: bool,
    count: f64,
}

impl From<Comparison> for ComparisonInfo {
    fn from(c: Comparison) -> Self {
        Self {
            max_abs_error: c.max_abs_error,
            max_pointwise_error: c.max_pointwise_error,
            rmse: c.rmse,
            bias: c.bias,
            psnr: c.psnr(),
            range: c.range,
            missing_equal: c.missing_equal,
            bit_identical: c.bit_identical,
            count: c.count as f64,
        }
    }
}

/// How the acceptance tests turned out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AcceptanceInfo {
    pearson: Option<f64>,
    one_minus_pearson: Option<f64>,
    ks_p: Option<f64>,
    spatial_relative_error: Option<f64>,
    dssim: Option<f64>,
    passes: VerdictsInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VerdictsInfo {
    pearson: Option<bool>,
    ks_p: Option<bool>,
    spatial_relative_error: Option<bool>,
    dssim: Option<bool>,
}

impl From<Acceptance> for AcceptanceInfo {
    fn from(a: Acceptance) -> Self {
        let v = a.verdicts();
        Self {
            pearson: a.pearson(),
            one_minus_pearson: a.one_minus_pearson,
            ks_p: a.ks_p,
            spatial_relative_error: a.spatial_relative_error,
            dssim: a.dssim,
            passes: VerdictsInfo { pearson: v.pearson, ks_p: v.ks_p, spatial_relative_error: v.spatial_relative_error, dssim: v.dssim },
        }
    }
}
