//! What this build leaves to another, which has the feature `formats`.

use super::{Input, Opened};
use crate::error::{Error, Result};
use crate::field::Dataset;
use crate::limits::Limits;

pub(crate) const fn open<'a>(_: &'a Input<'_>, _: &str, _: &Limits) -> Result<Opened<'a>> {
    Err(Error::FormatsNeeded)
}

pub(crate) const fn write(_: &Dataset) -> Result<Vec<u8>> {
    Err(Error::FormatsNeeded)
}
