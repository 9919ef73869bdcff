//! What is not unpacked, and what stands for no value.

use crate::error::Error;

/// No value, among packed integers.
pub(crate) const MISSING: i64 = i64::MIN;

pub(super) fn unsupported(what: impl Into<String>) -> Error {
    let advice = "convert it with `grib_set -r -s packingType=grid_simple` or `cdo -f nc copy`";
    Error::Unsupported { what: what.into(), advice: advice.to_owned() }
}

/// The refusal of spectra, which have no points.
pub(crate) fn spherical_harmonics() -> Error {
    Error::Unsupported { what: "GRIB of spherical harmonics".to_owned(), advice: "transform it to a grid with `cdo sp2gp`".to_owned() }
}
