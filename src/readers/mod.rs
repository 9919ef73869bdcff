//! Bytes of a known file format -> [`Dataset`]. One file per format; each checks its input and never panics.
//!
//! Formats are told by content alone, never by file name. No format here reads files or the network.

pub(crate) mod netcdf;
mod npy;
mod png;

use crate::error::{Error, Result};
use crate::field::Dataset;
use crate::limits::Limits;

/// A format told by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// `CDF` and 1, 2 or 5.
    NetCdf3,
    /// `\x93NUMPY`.
    Npy,
    /// The PNG signature.
    Png,
    /// A DeepComp archive.
    Archive,
}

/// Signatures of what [`read`] and the archive take.
const KNOWN: [(&[u8], FileFormat); 6] = [
    (b"CDF\x01", FileFormat::NetCdf3),
    (b"CDF\x02", FileFormat::NetCdf3),
    (b"CDF\x05", FileFormat::NetCdf3),
    (b"\x93NUMPY", FileFormat::Npy),
    (b"\x89PNG\r\n\x1a\n", FileFormat::Png),
    (b"\x89DCA\r\n\x1a\n", FileFormat::Archive),
];

const TO_NETCDF: &str = "a later version will read it; until then convert it to NetCDF-3, for example with `cdo -f nc copy`";
const TO_CLASSIC: &str = "a later version will read it; until then convert it to NetCDF-3, for example with `nccopy -k classic`";
const TO_PNG: &str = "a later version may read it; until then save the picture as PNG";
const TO_NPY: &str = "take it apart and give the files inside; arrays as single .npy files";
const UNPACK: &str = "decompress it and give the file inside";

/// Signatures of formats that people with climate data have, and what to do with them.
const FOREIGN: [(&[u8], &str, &str); 15] = [
    (b"\x89HDF\r\n\x1a\n", "NetCDF-4 / HDF5", TO_CLASSIC),
    (b"\x0e\x03\x13\x01", "HDF4", TO_CLASSIC),
    (b"GRIB", "GRIB", TO_NETCDF),
    (b"GIF8", "GIF", TO_PNG),
    (b"\xff\xd8\xff", "JPEG", TO_PNG),
    (b"II*\0", "TIFF", TO_PNG),
    (b"MM\0*", "TIFF", TO_PNG),
    (b"II+\0", "BigTIFF", TO_PNG),
    (b"MM\0+", "BigTIFF", TO_PNG),
    (b"BM", "BMP", TO_PNG),
    (b"PK\x03\x04", "a ZIP or NPZ container", TO_NPY),
    (b"\x1f\x8b", "gzip", UNPACK),
    (b"BZh", "bzip2", UNPACK),
    (b"\xfd7zXZ\0", "xz", UNPACK),
    (b"\x28\xb5\x2f\xfd", "Zstandard", UNPACK),
];

/// Tells the format from the first bytes.
///
/// # Errors
/// [`Error::Unsupported`] for a recognised format that this build does not read, with a way to convert it; [`Error::UnknownFormat`] otherwise.
pub fn sniff(bytes: &[u8]) -> Result<FileFormat> {
    if let Some((_, format)) = KNOWN.iter().find(|(signature, _)| bytes.starts_with(signature)) {
        return Ok(*format);
    }
    match FOREIGN.iter().find(|(signature, ..)| bytes.starts_with(signature)) {
        Some((_, name, advice)) => Err(Error::Unsupported { what: (*name).to_owned(), advice: (*advice).to_owned() }),
        None => Err(Error::UnknownFormat { seen: describe(bytes) }),
    }
}

/// What unknown bytes look like, for a person.
fn describe(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    if start.is_empty() {
        "the file is empty".to_owned()
    } else if let Some((_, format)) = KNOWN.iter().find(|(signature, _)| signature.starts_with(start)) {
        format!("the first {} bytes of {format:?} and nothing more", start.len())
    } else if bytes.starts_with(b"CDF") {
        "NetCDF of a version other than 1, 2 and 5".to_owned()
    } else if start.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        format!("text that begins with {:?}", String::from_utf8_lossy(start))
    } else {
        let hex: Vec<String> = start.iter().map(|b| format!("{b:02x}")).collect();
        format!("it begins with the bytes {}", hex.join(" "))
    }
}

/// Reads a file that is not an archive. `name` is the file name; its stem names the variable of a format that has no names.
///
/// # Errors
/// As [`sniff`]; [`Error::Malformed`] for bytes that break the rules of their format; [`Error::LimitExceeded`]; [`Error::Unsupported`] for a valid
/// file that this build cannot hold; [`Error::InvalidArgument`] for an archive.
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    match sniff(bytes)? {
        FileFormat::NetCdf3 => netcdf::read(bytes, limits),
        FileFormat::Npy => npy::read(bytes, stem(name), limits),
        FileFormat::Png => png::read(bytes, stem(name), limits),
        FileFormat::Archive => Err(Error::InvalidArgument { what: "this is already a DeepComp archive; open it instead of reading it as data".to_owned() }),
    }
}

/// File name without folders and extension; `data` when nothing is left.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { "data" } else { stem }
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn stem_drops_folders_and_the_last_extension() {
        for (name, expected) in [("a/b\\t2m.v1.npy", "t2m.v1"), ("t2m", "t2m"), (".npy", "data"), ("", "data"), ("dir/", "data")] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }
}
