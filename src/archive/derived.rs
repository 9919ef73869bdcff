//! Variables that are not stored, since something yields their values (docs/format.md, section 3).

use super::checksum::values_sum;
use crate::error::Result;
use crate::field::{Derived, Field};
use crate::formats::{MOST_DERIVED, derive};
use crate::limits::Limits;

/// How much of a file is derived already.
#[derive(Debug, Default)]
pub(super) struct DerivedRoom {
    values: u64,
    variables: u64,
}

impl DerivedRoom {
    /// Makes room for so many values of another variable.
    ///
    /// # Errors
    /// [`crate::Error::LimitExceeded`] where there is none.
    pub(super) fn take(&mut self, values: u64) -> Result<()> {
        let [most_values, most_variables] = MOST_DERIVED;
        let wanted = Self { values: self.values.saturating_add(values), variables: self.variables + 1 };
        Limits::check("what is derived for a file", wanted.values, most_values)?;
        Limits::check("the number of variables that are derived for a file", wanted.variables, most_variables)?;
        *self = wanted;
        Ok(())
    }

    /// Whether the values of a field are left to what is said to yield them: there is room, and they are those to the last bit.
    pub(super) fn takes(&mut self, derived: &Derived, field: &Field) -> bool {
        let yielded = || {
            derive(derived, &field.shape).is_ok_and(|values| values.data_type() == field.values.data_type() && values_sum(&values) == values_sum(&field.values))
        };
        yielded() && self.take(field.values.len() as u64).is_ok()
    }
}
