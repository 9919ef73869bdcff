//! Formats that hold one array.

use crate::error::{Error, Result};
use crate::field::{Dataset, Field};

/// The only field of a dataset.
pub(crate) fn only(dataset: &Dataset) -> Result<&Field> {
    match dataset.fields.as_slice() {
        [field] => Ok(field),
        fields => Err(not_one(fields.len())),
    }
}

/// The refusal of as many arrays as that.
pub(crate) fn not_one(count: usize) -> Error {
    Error::InvalidArgument { what: format!("this format holds one array, the dataset has {count}; write NetCDF instead") }
}
