//! What reading and writing agree on: sections and what they say of grids and numbers, since values are packed again as they were packed; and the layout, which is all of a file
//! but its numbers.

#[cfg(feature = "formats")]
pub(super) mod bits;
#[cfg(feature = "formats")]
pub(super) mod grid;
#[cfg(feature = "formats")]
pub(super) mod layout;
mod message;
pub(super) mod octets;
#[cfg(feature = "formats")]
pub(super) mod packing;
pub(super) mod places;
#[cfg(feature = "formats")]
pub(super) mod record;

#[cfg(feature = "formats")]
pub(super) use message::find_message;
pub(crate) use message::is_bulletin;

use crate::field::{DataType, Derived, SourceFormat, Values};
use octets::Octets;
use places::Places;

/// GRIB, of either edition: messages that differ by time or level alone are planes of one field.
pub const FORMAT: SourceFormat = SourceFormat::new(5, 0);

/// What the definition of a grid yields; the rules are numbered as editions are.
pub(crate) fn derive(derived: &Derived, shape: &[usize]) -> Option<Values> {
    let Derived { rule, part, definition } = derived;
    let places = Places::of(*rule, Octets::new(definition, 0)).ok().filter(|_| matches!(rule, 1 | 2))?;
    places.part(*part, shape)
}

/// The type of that.
pub(crate) const fn derived_type(derived: &Derived) -> DataType {
    Places::part_type(derived.part)
}
