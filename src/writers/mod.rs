//! [`Dataset`] -> bytes of a known file format, the mirror of [`crate::readers`].

mod netcdf;
mod npy;
mod png;

use crate::error::{Error, Result};
use crate::field::{Dataset, Field, SourceFormat};

/// Writes the format the dataset came from; arrays of a program as NPY when there is one, else as NetCDF.
///
/// # Errors
/// As [`fn@netcdf`] and [`fn@png`]; [`Error::InvalidArgument`] when an NPY or PNG dataset does not have exactly one field, or when that of PNG is no picture.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    match (dataset.format, dataset.fields.as_slice()) {
        (SourceFormat::NetCdf3 { .. }, _) => netcdf(dataset),
        (SourceFormat::Npy { .. } | SourceFormat::Array, [field]) => Ok(npy(field, dataset.format)),
        (SourceFormat::Array, _) => netcdf(dataset),
        (SourceFormat::Png, [field]) => png::picture(field),
        (SourceFormat::Npy { .. } | SourceFormat::Png, fields) => {
            Err(Error::InvalidArgument { what: format!("this format holds one array, the dataset has {}; write NetCDF instead", fields.len()) })
        }
    }
}

/// Writes NetCDF classic: in the version of the source, else with 64-bit offsets, and as version 5 where types or sizes need it.
///
/// # Errors
/// [`Error::InvalidArgument`] for names NetCDF does not allow, names taken twice, or fields that contradict their dimensions;
/// [`Error::Unsupported`] for a dimension of length 0 that cannot be the record dimension.
pub fn netcdf(dataset: &Dataset) -> Result<Vec<u8>> {
    netcdf::write(dataset)
}

/// Writes one field as a NumPy array file, as `numpy.save` does; axis and byte order of `format` are kept if it is NPY.
#[must_use]
pub fn npy(field: &Field, format: SourceFormat) -> Vec<u8> {
    npy::write(field, format)
}

/// Writes a picture field (8 or 16 unsigned bits, shape (1 to 4 channels, y, x)) exactly. Of any other field it draws one plane of the last two dimensions, first row
/// on top, as 16-bit gray from its smallest to its largest physical value; missing values are transparent; range, variable and units go into the text.
///
/// # Errors
/// [`Error::InvalidArgument`] for an empty picture or a plane that does not exist.
pub fn png(field: &Field, plane: usize) -> Result<Vec<u8>> {
    if png::is_picture(field) { png::picture(field) } else { png::plane(field, plane) }
}

/// Number of planes that [`png()`] can draw: 1 for a picture, else one per point of all but the last two dimensions.
#[must_use]
pub fn plane_count(field: &Field) -> usize {
    if png::is_picture(field) { 1 } else { png::outer(field).iter().product() }
}
