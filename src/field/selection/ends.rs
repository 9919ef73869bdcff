//! `one`, `from..to`, `from..`, `..to`, `..`: how all that can be chosen is written.

use crate::error::Result;
use core::fmt;

/// One of a kind, or all between two; an end that is not there is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends<T> {
    /// This one.
    One(T),
    /// From the first to the second.
    Between(Option<T>, Option<T>),
}

impl<T> Ends<T> {
    pub(super) fn parse(text: &str, one: impl Fn(&str) -> Result<T>) -> Result<Self> {
        let end = |text: &str| if text.is_empty() { Ok(None) } else { one(text).map(Some) };
        match text.split_once("..") {
            Some((from, to)) => Ok(Self::Between(end(from.trim())?, end(to.trim())?)),
            None => one(text.trim()).map(Self::One),
        }
    }

    /// First and last; one is both.
    pub(super) const fn both(&self) -> (Option<&T>, Option<&T>) {
        match self {
            Self::One(one) => (Some(one), Some(one)),
            Self::Between(from, to) => (from.as_ref(), to.as_ref()),
        }
    }

    pub(super) fn try_map<U>(&self, each: impl Fn(&T) -> Result<U>) -> Result<Ends<U>> {
        Ok(match self {
            Self::One(one) => Ends::One(each(one)?),
            Self::Between(from, to) => Ends::Between(from.as_ref().map(&each).transpose()?, to.as_ref().map(&each).transpose()?),
        })
    }
}

impl<T: fmt::Display> fmt::Display for Ends<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(one) => one.fmt(f),
            Self::Between(from, to) => {
                from.iter().try_for_each(|from| from.fmt(f))?;
                f.write_str("..")?;
                to.iter().try_for_each(|to| to.fmt(f))
            }
        }
    }
}
