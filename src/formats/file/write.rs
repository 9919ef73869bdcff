//! Bytes as they are.

use crate::error::Result;
use crate::field::{Dataset, Field, Values};
use crate::formats::single::not_one;

/// Gives the file back.
pub(crate) fn save(dataset: &Dataset) -> Result<Vec<u8>> {
    match dataset.fields.as_slice() {
        [Field { values: Values::U8(bytes), .. }] => Ok(bytes.clone()),
        fields => Err(not_one(fields.len())),
    }
}
