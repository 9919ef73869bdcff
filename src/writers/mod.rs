//! [`Dataset`] -> bytes of a known file format, the mirror of [`crate::readers`].

mod csv;
#[cfg(feature = "formats")]
mod grib;
pub(crate) mod netcdf;
#[cfg(feature = "formats")]
mod netcdf4;
mod npy;
mod npz;
mod png;
#[cfg(feature = "formats")]
pub(crate) mod tiff;

/// What this build leaves to another.
#[cfg(not(feature = "formats"))]
mod elsewhere {
    use crate::error::{Error, Result};
    use crate::field::Dataset;

    pub(super) const fn write(_: &Dataset) -> Result<Vec<u8>> {
        Err(Error::FormatsNeeded)
    }
}
#[cfg(not(feature = "formats"))]
use elsewhere::{self as grib, self as netcdf4, self as tiff};

use crate::error::{Error, Result};
use crate::field::{Dataset, Field, SourceFormat, Values};

/// Writes the format the dataset came from; arrays of a program as NPY when there is one, else as NetCDF, and GIF, JPEG and WebP as PNG.
///
/// # Errors
/// As the functions for the single formats, which is [`Error::FormatsNeeded`] for those of the feature `formats` in a build without it; [`Error::InvalidArgument`] when a dataset in NPY, PNG or CSV does not have exactly one field.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    match (dataset.format, dataset.fields.as_slice()) {
        (SourceFormat::NetCdf3 { .. }, _) => netcdf(dataset),
        (SourceFormat::NetCdf4, _) => netcdf4(dataset),
        (SourceFormat::Grib, _) => grib(dataset),
        (SourceFormat::Tiff, _) => tiff(dataset),
        (SourceFormat::Npz, _) => npz(dataset),
        (SourceFormat::Npy { .. } | SourceFormat::Array, [field]) => Ok(npy(field, dataset.format)),
        (SourceFormat::Array, _) => netcdf(dataset),
        (SourceFormat::File, [Field { values: Values::U8(bytes), .. }]) => Ok(bytes.clone()),
        (SourceFormat::Png | SourceFormat::Picture, [field]) => png::picture(field),
        (SourceFormat::Csv, _) => csv::whole(dataset),
        (SourceFormat::Npy { .. } | SourceFormat::Png | SourceFormat::Picture | SourceFormat::File, fields) => {
            Err(Error::InvalidArgument { what: format!("this format holds one array, the dataset has {}; write NetCDF instead", fields.len()) })
        }
    }
}

/// A file for a person: as [`write`] writes it, and the extension its name has to take where that is another format than it had. GIF, JPEG and WebP become PNG;
/// GRIB of edition 1 whose values changed becomes NetCDF.
///
/// # Errors
/// As [`write`].
pub fn file(dataset: &Dataset) -> Result<(Vec<u8>, Option<&'static str>)> {
    match (dataset.format, write(dataset)) {
        (SourceFormat::Picture, written) => written.map(|bytes| (bytes, Some("png"))),
        (SourceFormat::Grib, Err(Error::Unsupported { .. })) => netcdf(dataset).map(|bytes| (bytes, Some("nc"))),
        (_, written) => written.map(|bytes| (bytes, None)),
    }
}

/// Writes NetCDF-4: in the storage of the source if it was NetCDF-4, else in chunks with shuffle and deflate.
///
/// # Errors
/// [`Error::InvalidArgument`] for names NetCDF does not allow, or fields that contradict their dimensions.
pub fn netcdf4(dataset: &Dataset) -> Result<Vec<u8>> {
    netcdf4::write(dataset)
}

/// Writes the GRIB messages that the dataset came from. Values that still are what a message packed are packed as there, byte for byte where that was simple packing; others
/// become IEEE numbers, which edition 2 has.
///
/// # Errors
/// [`Error::Unsupported`] for a dataset that did not come from GRIB, and for values that edition 1 cannot hold.
pub fn grib(dataset: &Dataset) -> Result<Vec<u8>> {
    grib::write(dataset)
}

/// Writes TIFF: what the source said, if it was TIFF; else each plane as a picture, with the georeference of regular coordinates.
///
/// # Errors
/// [`Error::Unsupported`] for types that TIFF does not have.
pub fn tiff(dataset: &Dataset) -> Result<Vec<u8>> {
    tiff::write(dataset)
}

/// Writes a NumPy archive, one member for each field, as `numpy.savez` does.
///
/// # Errors
/// [`Error::LimitExceeded`] when a member is too large for ZIP.
pub fn npz(dataset: &Dataset) -> Result<Vec<u8>> {
    npz::write(dataset)
}

/// Writes a field as text: a row of the last dimension on each line, physical values in as many digits as tell them apart, missing ones empty.
///
/// # Errors
/// [`Error::Unsupported`] for text.
pub fn csv(field: &Field) -> Result<Vec<u8>> {
    csv::write(field)
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
