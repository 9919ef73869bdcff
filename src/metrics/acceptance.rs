//! The tests by which climate scientists judge compressed data, as ldcpy (<https://ldcpy.readthedocs.io>) runs them.

use super::dssim::dssim;
use super::kolmogorov_smirnov::p_value;
use super::pearson::Moments;
use crate::error::{Error, Result};
use crate::field::{Field, Values};

/// The least r that passes.
pub const LEAST_PEARSON: f64 = 0.99999;
/// The least p that passes.
pub const LEAST_KS_P: f64 = 0.05;
/// The largest share of values that passes.
pub const MOST_SPATIAL_RELATIVE_ERROR: f64 = 0.05;
/// The least DSSIM that passes; ldcpy itself is content with 0.995.
pub const LEAST_DSSIM: f64 = 0.9995;
/// Relative errors above this count in the spatial relative error.
const RELATIVE_TOLERANCE: f64 = 1e-4;

/// How alike two arrays are, over the values present in both, in physical units. `None`: not applicable. Which error a test forgives depends
/// on the data, not on the bound they were compressed with: missing one says that the bound was loose, not that it was broken.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Acceptance {
    /// 1 − r, r being the Pearson correlation of all values; apart from r, which has no digits left where the two are all but equal.
    /// Baker et al., A methodology for evaluating the impact of data compression on climate simulation data, HPDC 2014.
    pub one_minus_pearson: Option<f64>,
    /// p-value of the two-sample Kolmogorov–Smirnov test, of the plane (last two dimensions; whole list) where it is smallest.
    /// Baker et al., Toward a multi-method approach, ISC 2017, doi 10.1007/978-3-319-67630-2_3.
    pub ks_p: Option<f64>,
    /// Share, 0 to 1, of all values whose error relative to the original is above 1e-4, the error itself where the original is 0. Baker et al. 2017.
    pub spatial_relative_error: Option<f64>,
    /// Data SSIM of the plane where it is smallest; needs planes of 11×11 or more. Baker et al., arXiv:2202.02616, 2022.
    pub dssim: Option<f64>,
}

/// Which tests are passed; `None` where a test does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdicts {
    /// r ≥ [`LEAST_PEARSON`].
    pub pearson: Option<bool>,
    /// p ≥ [`LEAST_KS_P`].
    pub ks_p: Option<bool>,
    /// Share ≤ [`MOST_SPATIAL_RELATIVE_ERROR`].
    pub spatial_relative_error: Option<bool>,
    /// DSSIM ≥ [`LEAST_DSSIM`].
    pub dssim: Option<bool>,
}

impl Acceptance {
    /// Pearson correlation r, −1 to 1.
    #[must_use]
    pub fn pearson(&self) -> Option<f64> {
        self.one_minus_pearson.map(|difference| 1.0 - difference)
    }

    /// What each test says.
    #[must_use]
    pub fn verdicts(&self) -> Verdicts {
        Verdicts {
            pearson: self.pearson().map(|r| r >= LEAST_PEARSON),
            ks_p: self.ks_p.map(|p| p >= LEAST_KS_P),
            spatial_relative_error: self.spatial_relative_error.map(|share| share <= MOST_SPATIAL_RELATIVE_ERROR),
            dssim: self.dssim.map(|similarity| similarity >= LEAST_DSSIM),
        }
    }

    /// Whether every test that applies is passed.
    #[must_use]
    pub fn passes(&self) -> bool {
        let Verdicts { pearson, ks_p, spatial_relative_error, dssim } = self.verdicts();
        ![pearson, ks_p, spatial_relative_error, dssim].contains(&Some(false))
    }
}

/// Runs the acceptance tests on decoded values and their source; on text none applies. Holds one plane of each in memory as float64.
///
/// # Errors
/// [`Error::InvalidArgument`] when the shapes differ; [`Error::LimitExceeded`] when a plane does not fit into memory.
pub fn acceptance(original: &Field, decoded: &Field) -> Result<Acceptance> {
    if original.shape != decoded.shape {
        return Err(Error::InvalidArgument { what: format!("{:?} and {:?} differ in shape", original.name, decoded.name) });
    }
    let mut result = Acceptance::default();
    if matches!(original.values, Values::Char(_)) {
        return Ok(result);
    }
    let (mut moments, mut astray, mut count) = (Moments::default(), 0, 0);
    for index in 0..original.plane_count() {
        let (mut x, mut y) = (original.plane(index)?, decoded.plane(index)?);
        for (x, y) in x.iter_mut().zip(&mut y).filter(|(x, y)| !(x.is_finite() && y.is_finite())) {
            (*x, *y) = (f64::NAN, f64::NAN);
        }
        result.dssim = smaller(result.dssim, dssim(&x, &y, original.plane_shape().1));
        x.retain(|v| !v.is_nan());
        y.retain(|v| !v.is_nan());
        moments = moments.and(Moments::of(&x, &y));
        astray += x.iter().zip(&y).filter(|(x, y)| relative_error(**x, **y) > RELATIVE_TOLERANCE).count();
        count += x.len();
        result.ks_p = smaller(result.ks_p, p_value(&mut x, &mut y));
    }
    result.one_minus_pearson = moments.one_minus_r();
    result.spatial_relative_error = (count > 0).then(|| astray as f64 / count as f64);
    Ok(result)
}

/// |y − x| / |x|; |y − x| where x is 0.
fn relative_error(x: f64, y: f64) -> f64 {
    (y - x).abs() / if x == 0.0 { 1.0 } else { x.abs() }
}

fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    a.into_iter().chain(b).reduce(f64::min)
}
