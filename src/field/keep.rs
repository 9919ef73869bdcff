//! Which values come back as they are under a bound.

use super::Field;
use crate::error::{Error, Result};
use core::str::FromStr;

/// What is kept of a variable.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Keep {
    /// Values that mean something: 0 at an end of the range, 1 and 100 at the upper one, and values far more frequent than those around them.
    #[default]
    Auto,
    /// No value in particular.
    None,
    /// The sign of each value, and with it every 0; and what [`Keep::Auto`] finds.
    Sign,
    /// These, in the variable's units.
    Values(Vec<f64>),
}

/// What is kept of the variables of a dataset, of some of them by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Keeps {
    /// Of those without an entry of their own.
    pub others: Keep,
    /// By name.
    pub named: Vec<(String, Keep)>,
}

impl Keeps {
    /// What is kept of a field.
    #[must_use]
    pub fn of(&self, field: &Field) -> &Keep {
        self.named.iter().find(|(name, _)| *name == field.name).map_or(&self.others, |(_, keep)| keep)
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

impl Keep {
    /// With what `word` adds: another value, or all of a kind.
    fn with(self, word: &str) -> Result<Self> {
        match (self, word) {
            (_, "auto") => Ok(Self::Auto),
            (_, "none") => Ok(Self::None),
            (_, "sign") => Ok(Self::Sign),
            (keep, number) => {
                let advice = || Error::InvalidArgument {
                    what: format!("{number:?} is nothing to keep; write \"auto\", \"none\", \"sign\" or a number in the variable's units"),
                };
                let number = number.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or_else(advice)?;
                let mut values = if let Self::Values(values) = keep { values } else { Vec::new() };
                values.push(number);
                Ok(Self::Values(values))
            }
        }
    }
}

/// A list such as `tp=0, r=0, r=100, auto`: what stands without a name is for the variables that are not named. Several numbers of one variable are all kept.
impl FromStr for Keeps {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut keeps = Self::default();
        for part in text.split(',').map(str::trim) {
            let Some((name, word)) = part.rsplit_once('=') else {
                keeps.others = keeps.others.with(part)?;
                continue;
            };
            let place = keeps.named.iter().position(|(taken, _)| taken == name.trim()).unwrap_or(keeps.named.len());
            if place == keeps.named.len() {
                keeps.named.push((name.trim().to_owned(), Keep::Auto));
            }
            if let Some((_, keep)) = keeps.named.get_mut(place) {
                *keep = core::mem::take(keep).with(word.trim())?;
            }
        }
        Ok(keeps)
    }
}
