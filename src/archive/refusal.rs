//! Bounds that nobody can have meant: what is added is looked through to the end, so that the refusal names all of it.

use super::plan::Plan;
use crate::codec::Options;
use crate::error::{CoarseBound, Error, Result};
use crate::field::{ErrorBound, Field, Values, Wish, plain_unit};

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    coarse: Vec<CoarseBound>,
    /// Units of variables under the absolute bound that has no name, with the first variable of each.
    units: Vec<(String, String)>,
}

impl Refusal {
    /// Whether the variable, or one before it, is refused.
    pub(super) fn takes(&mut self, field: &Field, plan: &Plan, options: &Options) -> bool {
        if let (ErrorBound::Absolute(bound), Some(part)) = (plan.bound, plan.coarse) {
            self.coarse.push(CoarseBound { variable: field.name.clone(), bound: bound.get(), part });
        }
        let unnamed = matches!(options.bounds.others, Wish::Bound(ErrorBound::Absolute(_))) && options.bounds.own(field).is_none();
        if unnamed && plan.bound != ErrorBound::Lossless {
            let unit = field.attribute("units").and_then(Values::as_text).unwrap_or_default();
            if !self.units.iter().any(|(known, _)| plain_unit(known) == plain_unit(&unit)) {
                self.units.push((unit.trim().to_owned(), field.name.clone()));
            }
        }
        self.is_due()
    }

    /// Whether anything is refused.
    pub(super) fn is_due(&self) -> bool {
        !self.coarse.is_empty() || self.units.len() > 1
    }

    /// # Errors
    /// [`Error::MixedUnits`], [`Error::BoundTooCoarse`].
    pub(super) fn check(&self) -> Result<()> {
        if !self.coarse.is_empty() {
            return Err(Error::BoundTooCoarse { variables: self.coarse.clone() });
        }
        if self.units.len() > 1 {
            let unit = |(unit, variable): &(String, String)| format!("{} of {variable:?}", if unit.is_empty() { "no unit" } else { unit });
            return Err(Error::MixedUnits { units: self.units.iter().map(unit).collect() });
        }
        Ok(())
    }
}
