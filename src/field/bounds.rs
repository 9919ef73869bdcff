//! Bounds by variable.

use super::{ErrorBound, Field, recommended};
use crate::error::{Error, Result};
use core::str::FromStr;

/// What is asked of a variable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wish {
    /// This bound.
    Bound(ErrorBound),
    /// What [`recommended()`] says of it, and no loss where that says nothing.
    Recommended,
}

impl Wish {
    fn of(self, field: &Field) -> ErrorBound {
        match self {
            Self::Bound(bound) => bound,
            Self::Recommended => recommended(field).unwrap_or(ErrorBound::Lossless),
        }
    }
}

impl FromStr for Wish {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.trim() == "recommended" { Ok(Self::Recommended) } else { text.parse().map(Self::Bound) }
    }
}

/// What is asked of the variables of a dataset, some of them by name. Coordinates, text and classes stay lossless whatever is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Of those without a wish of their own.
    pub others: Wish,
    /// By name.
    pub named: Vec<(String, Wish)>,
}

impl Bounds {
    /// The bound of a field.
    #[must_use]
    pub fn of(&self, field: &Field) -> ErrorBound {
        self.wish(field).of(field)
    }

    /// What is asked of a field.
    #[must_use]
    pub fn wish(&self, field: &Field) -> Wish {
        let own = self.named.iter().find(|(name, _)| *name == field.name);
        own.map_or(self.others, |(_, wish)| *wish)
    }

    /// Checks that every name is one of a variable.
    ///
    /// # Errors
    /// [`Error::NoSuchVariable`] for the first that is not.
    pub fn check<'a>(&self, variables: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
        match self.named.iter().find(|(name, _)| !variables.clone().any(|v| v == name)) {
            Some((name, _)) => Err(Error::no_such_variable(name, variables)),
            None => Ok(()),
        }
    }
}

impl From<ErrorBound> for Bounds {
    fn from(bound: ErrorBound) -> Self {
        Self { others: Wish::Bound(bound), named: Vec::new() }
    }
}

/// A list such as `t=0.01, q=1%, recommended`: what stands without a name is for the variables that are not named; those are lossless where nothing does.
impl FromStr for Bounds {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut bounds = Self::from(ErrorBound::Lossless);
        let mut others = None;
        for part in text.split(',').map(str::trim) {
            match part.rsplit_once('=') {
                None if others.is_some() => return Err(Error::InvalidArgument { what: format!("{text:?} has two bounds without a name; name one of them") }),
                None => others = Some(part.parse()?),
                Some((name, _)) if bounds.named.iter().any(|(taken, _)| taken == name.trim()) => {
                    return Err(Error::InvalidArgument { what: format!("{text:?} has two bounds for {:?}", name.trim()) });
                }
                Some((name, wish)) => bounds.named.push((name.trim().to_owned(), wish.parse()?)),
            }
        }
        bounds.others = others.unwrap_or(bounds.others);
        Ok(bounds)
    }
}
