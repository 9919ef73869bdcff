//! What is not unpacked, and what stands for no value.

use crate::error::Error;

/// No value, among packed integers.
pub(crate) const MISSING: i64 = i64::MIN;

pub(super) fn unsupported(what: impl Into<String>) -> Error {
    let advice = "convert it with `grib_set -r -s packingType=grid_simple` or `cdo -f nc copy`";
    Error::Unsupported { what: what.into(), advice: advice.to_owned() }
}
