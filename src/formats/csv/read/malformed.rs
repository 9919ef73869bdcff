//! The refusal of text that breaks the rules.

use crate::error::Error;

pub(super) fn malformed(offset: usize, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "CSV", offset: offset as u64, expected: expected.into() }
}
