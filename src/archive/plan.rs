//! Which bound a variable gets: coordinates, text and classes stay lossless, a relative bound becomes an absolute one.

use crate::codec::half_spacing;
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, ErrorBound, Field, Values, with_values};

/// How one variable is compressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) bound: ErrorBound,
    /// In the variable's units; 0 is lossless.
    pub(crate) absolute: f64,
    /// In stored units; 0 is lossless.
    pub(crate) tolerance: f64,
}

const LOSSLESS: Plan = Plan { bound: ErrorBound::Lossless, absolute: 0.0, tolerance: 0.0 };

/// Works out the bound of a field.
///
/// # Errors
/// [`Error::BoundBelowPrecision`] when an absolute bound is finer than the values' own precision, or a relative one than their type's.
pub(crate) fn plan(dataset: &Dataset, field: &Field, bound: ErrorBound) -> Result<Plan> {
    let asked = match bound {
        ErrorBound::Lossless => return Ok(LOSSLESS),
        ErrorBound::Absolute(bound) | ErrorBound::Relative(bound) => bound.get(),
    };
    if stays_lossless(dataset, field) {
        return Ok(LOSSLESS);
    }
    let Some((smallest, largest)) = range(field) else { return Ok(LOSSLESS) };
    let scale = field.packing().scale.abs();
    let precision = half_spacing(smallest.abs().max(largest.abs()), field.values.data_type());
    let is_float = field.values.data_type().is_float();
    let too_fine = |bound: f64, precision: f64| Error::BoundBelowPrecision { variable: field.name.clone(), bound, precision };
    let (absolute, is_relative) = match bound {
        ErrorBound::Relative(_) => (asked * (largest - smallest) * scale, true),
        _ => (asked, false),
    };
    let tolerance = absolute / scale;
    if is_float && tolerance < precision {
        // A narrow range on a large offset is nobody's mistake; a bound no number of the type can meet is.
        let relative_precision = half_spacing(1.0, field.values.data_type());
        return match is_relative {
            true if asked < relative_precision => Err(too_fine(asked, relative_precision)),
            true => Ok(LOSSLESS),
            false => Err(too_fine(absolute, precision * scale)),
        };
    }
    Ok(Plan { bound, absolute, tolerance })
}

/// Coordinates, their cell bounds, times, text and classes are not measurements: an error there is never wanted.
fn stays_lossless(dataset: &Dataset, field: &Field) -> bool {
    let text = |f: &Field, name| f.attribute(name).and_then(Values::as_text);
    let units = text(field, "units").unwrap_or_default();
    let is_bounds = || ["bounds", "climatology"].iter().any(|a| dataset.fields.iter().any(|f| text(f, a).is_some_and(|name| name == field.name)));
    field.values.data_type() == DataType::Char
        || dataset.is_coordinate(field)
        || ["degrees_north", "degrees_east", "degree_north", "degree_east"].contains(&units.as_str())
        || units.contains(" since ")
        || field.attribute("flag_values").is_some()
        || field.attribute("flag_masks").is_some()
        || is_bounds()
}

/// Smallest and largest value that is not missing, in stored units.
pub(crate) fn range(field: &Field) -> Option<(f64, f64)> {
    let missing = &field.missing;
    let (smallest, largest) = with_values!(&field.values, values => values.iter().filter(|v| !missing.is_missing(**v)).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        let v = crate::field::Element::to_f64(*v);
        (a.min(v), b.max(v))
    }));
    (smallest <= largest).then_some((smallest, largest))
}
