//! Which bound a variable gets: coordinates, text and classes stay lossless, a relative bound becomes an absolute one.

use crate::codec::{Tolerance, half_spacing};
use crate::error::{Error, Result};
use crate::field::{Bounds, DataType, Dataset, Element, ErrorBound, Field, SourceFormat, Values, with_values};

/// How one variable is compressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plan {
    pub(crate) bound: ErrorBound,
    /// The largest error of any value, in the variable's units; 0 is lossless.
    pub(crate) absolute: f64,
    pub(crate) tolerance: Tolerance,
}

pub(crate) const LOSSLESS: Plan = Plan { bound: ErrorBound::Lossless, absolute: 0.0, tolerance: Tolerance::Absolute(0.0) };

/// Works out how a field is held to its bound.
///
/// # Errors
/// [`Error::BoundBelowPrecision`] when an absolute bound is finer than the values' own precision, or a relative one than their type's.
pub(crate) fn plan(dataset: &Dataset, field: &Field, bounds: &Bounds) -> Result<Plan> {
    let bound = bounds.of(field);
    if bound == ErrorBound::Lossless || stays_lossless(dataset, field) {
        return Ok(LOSSLESS);
    }
    let Some(range) = range(field) else { return Ok(LOSSLESS) };
    match bound {
        ErrorBound::Lossless => Ok(LOSSLESS),
        ErrorBound::Absolute(asked) => even(field, range, bound, asked.get()),
        ErrorBound::Relative(asked) => {
            let (smallest, largest) = range;
            let absolute = asked.get() * (largest - smallest) * field.packing().scale.abs();
            // A narrow range on a large offset is nobody's mistake.
            even(field, range, bound, absolute).or_else(|_| check_precision(field, asked.get()).map(|()| LOSSLESS))
        }
        ErrorBound::Pointwise(asked) => pointwise(field, range, asked.get()),
    }
}

/// The same tolerance for all values.
fn even(field: &Field, (smallest, largest): (f64, f64), bound: ErrorBound, absolute: f64) -> Result<Plan> {
    let scale = field.packing().scale.abs();
    let precision = half_spacing(smallest.abs().max(largest.abs()), field.values.data_type());
    let tolerance = absolute / scale;
    if field.values.data_type().is_float() && tolerance < precision {
        return Err(too_fine(field, absolute, precision * scale));
    }
    Ok(Plan { bound, absolute, tolerance: Tolerance::Absolute(tolerance) })
}

/// A tolerance that grows with the values. Packed numbers do not lie on steps that grow: all of them get what the smallest may take.
fn pointwise(field: &Field, range: (f64, f64), asked: f64) -> Result<Plan> {
    let (packing, bound) = (field.packing(), ErrorBound::pointwise(asked)?);
    let largest = [range.0, range.1].map(|end| packing.unpack(end).abs()).into_iter().fold(0.0, f64::max);
    if field.values.data_type().is_float() && (packing.scale, packing.offset) == (1.0, 0.0) {
        check_precision(field, asked)?;
        return Ok(Plan { bound, absolute: asked * largest, tolerance: Tolerance::Pointwise(asked) });
    }
    let missing = &field.missing;
    let smallest = with_values!(&field.values, values => values.iter().filter(|v| !missing.is_missing(**v)).map(|v| packing.unpack(Element::to_f64(*v)).abs()).fold(f64::INFINITY, f64::min));
    // Room for the rounding of physical values.
    let absolute = asked * smallest - 4.0 * f64::EPSILON * largest;
    even(field, range, bound, absolute).map(|plan| if absolute > 0.0 { plan } else { LOSSLESS }).or(Ok(LOSSLESS))
}

/// A relative bound that no number of the type can meet is a mistake.
fn check_precision(field: &Field, relative: f64) -> Result<()> {
    let precision = half_spacing(1.0, field.values.data_type());
    if field.values.data_type().is_float() && relative < precision { Err(too_fine(field, relative, precision)) } else { Ok(()) }
}

fn too_fine(field: &Field, bound: f64, precision: f64) -> Error {
    Error::BoundBelowPrecision { variable: field.name.clone(), bound, precision }
}

/// Coordinates, their cell bounds, times, text and classes are not measurements: an error there is never wanted.
fn stays_lossless(dataset: &Dataset, field: &Field) -> bool {
    let text = |f: &Field, name| f.attribute(name).and_then(Values::as_text);
    let units = text(field, "units").unwrap_or_default();
    // Bounds are named by one name, coordinates by a list of names.
    let names = |list: &str| list == field.name || list.split_whitespace().any(|name| name == field.name);
    let is_named_by = |f: &Field| ["bounds", "climatology", "coordinates", "grid_mapping"].iter().any(|a| text(f, a).is_some_and(|list| names(&list)));
    field.values.data_type() == DataType::Char
        || dataset.format == SourceFormat::File
        || dataset.is_coordinate(field)
        || ["degrees_north", "degrees_east", "degree_north", "degree_east"].contains(&units.as_str())
        || units.contains(" since ")
        || field.attribute("flag_values").is_some()
        || field.attribute("flag_masks").is_some()
        || dataset.fields.iter().any(is_named_by)
}

/// Smallest and largest value that is not missing, in stored units.
pub(crate) fn range(field: &Field) -> Option<(f64, f64)> {
    let missing = &field.missing;
    let (smallest, largest) = with_values!(&field.values, values => values.iter().filter(|v| !missing.is_missing(**v)).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
        let v = Element::to_f64(*v);
        (a.min(v), b.max(v))
    }));
    (smallest <= largest).then_some((smallest, largest))
}
