//! Bytes as they are.

use super::spec::FORMAT;
use crate::error::Result;
use crate::field::{Dataset, Dimension, Field, Missing, Values};
use crate::formats::input::Input;
use crate::formats::opened::Opened;
use crate::limits::Limits;

/// Reads all bytes.
pub(crate) fn open<'a>(input: &'a Input<'_>, _: &str, limits: &Limits) -> Result<Opened<'a>> {
    Ok(Opened::whole(keep(input.whole(limits)?.into_owned())))
}

/// A file of any kind, to be kept byte for byte.
#[must_use]
pub fn keep(bytes: Vec<u8>) -> Dataset {
    let length = bytes.len();
    let missing = Missing::NonFinite;
    let field =
        Field { name: "bytes".to_owned(), dimensions: vec![0], shape: vec![length], values: Values::U8(bytes), attributes: Vec::new(), missing, derived: None };
    let dimensions = vec![Dimension { name: "byte".to_owned(), length, unlimited: false }];
    Dataset { format: FORMAT, dimensions, attributes: Vec::new(), fields: vec![field], layout: Vec::new() }
}
