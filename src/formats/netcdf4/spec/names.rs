//! Names, numbers and texts that have a meaning.

/// Attributes with which HDF5 and the NetCDF library keep dimensions and versions.
pub(crate) const HIDDEN: [&str; 9] =
    ["CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties"];

/// Start of the `NAME` of a dimension that has no variable.
pub(crate) const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// Start of the name, in HDF5, of a variable that is called like a dimension and is not its coordinate variable.
pub(crate) const NOT_COORDINATE: &str = "_nc4_non_coord_";

/// Most bytes of an attribute, which has to fit a message of an object header.
pub(crate) const LARGEST_ATTRIBUTE: usize = 65_000;

/// Whether NetCDF allows that name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = !name.contains(|c: char| c == '/' || c.is_ascii_control());
    plain && !matches!(name, "" | "." | "..") && name.len() <= 256
}

/// Places and sizes of exponent and mantissa, and the bias of the exponent, as IEEE 754 has them.
pub(crate) const FLOAT: [u8; 12] = [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
pub(crate) const DOUBLE: [u8; 12] = [0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0];

/// Without the NUL bytes at the end.
pub(crate) fn trimmed(bytes: &[u8]) -> &[u8] {
    let kept = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    bytes.get(..kept).unwrap_or_default()
}
