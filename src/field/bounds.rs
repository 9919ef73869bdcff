//! Bounds by variable.

use super::missing::{MissingRule, Suspect};
use super::{DataType, ErrorBound, Field, Role, Roles, recommended};
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

/// What is asked of the variables of a dataset, some of them by name. What is no measurement ([`Role`]) stays lossless whatever is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// Of those without a wish of their own.
    pub others: Wish,
    /// By name.
    pub named: Vec<(String, Wish)>,
    /// Names of variables that are measurements, whatever they look like.
    pub as_data: Vec<String>,
    /// Values that mean "no data" though the file does not say so.
    pub missing: MissingRule,
}

impl Bounds {
    /// The bound of a field. Where bands have scales of their own, it is one of their counts that holds for all of them.
    #[must_use]
    pub fn of(&self, field: &Field) -> ErrorBound {
        let bound = self.wish(field).of(field);
        match (bound, field.largest_band_scale()) {
            (ErrorBound::Absolute(units), Some(scale)) => ErrorBound::absolute(units.get() / scale).unwrap_or(ErrorBound::Lossless),
            (ErrorBound::Pointwise(_), Some(_)) => ErrorBound::Lossless,
            _ => bound,
        }
    }

    /// What is asked of a field.
    #[must_use]
    pub fn wish(&self, field: &Field) -> Wish {
        self.own(field).unwrap_or(self.others)
    }

    /// What is asked of a field by its name.
    pub(crate) fn own(&self, field: &Field) -> Option<Wish> {
        self.named.iter().find(|(name, _)| *name == field.name).map(|(_, wish)| *wish)
    }

    /// Whether a field may move at all, in a dataset of these roles.
    #[must_use]
    pub fn may_move(&self, roles: &Roles, field: &Field) -> bool {
        match roles.judge(field).role {
            Role::Measurement => true,
            Role::Text | Role::File => false,
            _ => self.as_data.contains(&field.name),
        }
    }

    /// Takes values of a field as missing by the rule, where they could be mistaken for measurements: the field is one and has a bound. Returns what it found.
    pub(crate) fn settle_missing(&self, roles: &Roles, field: &mut Field) -> Vec<Suspect> {
        let bound = self.of(field);
        let plain = bound == ErrorBound::Lossless || field.values.data_type() == DataType::Char;
        if plain || self.missing == MissingRule::None || !self.may_move(roles, field) { Vec::new() } else { self.missing.apply(field, bound) }
    }

    /// Checks that every name is one of a variable.
    ///
    /// # Errors
    /// [`Error::NoSuchVariable`] for the first that is not.
    pub fn check<'a>(&self, variables: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
        let mut names = self.named.iter().map(|(name, _)| name).chain(&self.as_data);
        match names.find(|name| !variables.clone().any(|v| v == name.as_str())) {
            Some(name) => Err(Error::no_such_variable(name, variables)),
            None => Ok(()),
        }
    }
}

impl From<Wish> for Bounds {
    fn from(others: Wish) -> Self {
        Self { others, named: Vec::new(), as_data: Vec::new(), missing: MissingRule::default() }
    }
}

impl From<ErrorBound> for Bounds {
    fn from(bound: ErrorBound) -> Self {
        Wish::Bound(bound).into()
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
