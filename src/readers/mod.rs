//! Bytes of a known file format -> [`Dataset`]. One file per format; each checks its input and never panics.
//!
//! Formats are told by content alone, never by file name. No format here reads files or the network.

pub(crate) mod csv;
pub(crate) mod frame;
#[cfg(feature = "formats")]
pub(crate) mod grib;
pub(crate) mod input;
pub(crate) mod netcdf;
#[cfg(feature = "formats")]
pub(crate) mod netcdf4;
mod npy;
pub(crate) mod npz;
mod opened;
#[cfg(feature = "formats")]
mod picture;
mod png;
#[cfg(feature = "formats")]
pub(crate) mod tiff;

pub use input::{Input, Source};
pub use opened::{OpenFile, Opened};

use crate::error::{Error, Result};
use crate::field::{Dataset, SourceFormat, Values};
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
    /// The HDF5 signature.
    NetCdf4,
    /// `GRIB`, possibly behind the heading of a bulletin.
    Grib,
    /// TIFF or `BigTIFF` of either byte order.
    Tiff,
    /// A ZIP container.
    Npz,
    /// GIF, JPEG or WebP.
    Picture,
    /// Lines of numbers.
    Csv,
    /// A DeepComp archive.
    Archive,
}

/// Signatures of what [`read`] and the archive take. WebP, whose size stands between, and CSV, which has none, are told otherwise.
const KNOWN: [(&[u8], FileFormat); 15] = [
    (b"CDF\x01", FileFormat::NetCdf3),
    (b"CDF\x02", FileFormat::NetCdf3),
    (b"CDF\x05", FileFormat::NetCdf3),
    (b"\x93NUMPY", FileFormat::Npy),
    (b"\x89PNG\r\n\x1a\n", FileFormat::Png),
    (b"\x89DCA\r\n\x1a\n", FileFormat::Archive),
    (b"\x89HDF\r\n\x1a\n", FileFormat::NetCdf4),
    (b"GRIB", FileFormat::Grib),
    (b"II*\0", FileFormat::Tiff),
    (b"MM\0*", FileFormat::Tiff),
    (b"II+\0", FileFormat::Tiff),
    (b"MM\0+", FileFormat::Tiff),
    (b"PK\x03\x04", FileFormat::Npz),
    (b"GIF8", FileFormat::Picture),
    (b"\xff\xd8\xff", FileFormat::Picture),
];

const TO_PNG: &str = "save the picture as PNG";
const TO_NETCDF: &str = "convert it to NetCDF, for example with `h4toh5`";
const UNPACK: &str = "decompress it and give the file inside";

/// Signatures of formats that people with climate data have and that are not read, and what to do with them.
const FOREIGN: [(&[u8], &str, &str); 6] = [
    (b"\x0e\x03\x13\x01", "HDF4", TO_NETCDF),
    (b"BM", "BMP", TO_PNG),
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
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok(FileFormat::Picture);
    }
    if is_bulletin(bytes) {
        return Ok(FileFormat::Grib);
    }
    if csv::is_table(bytes) {
        return Ok(FileFormat::Csv);
    }
    match FOREIGN.iter().find(|(signature, ..)| bytes.starts_with(signature)) {
        Some((_, name, advice)) => Err(Error::Unsupported { what: (*name).to_owned(), advice: (*advice).to_owned() }),
        None => Err(Error::UnknownFormat { seen: describe(bytes) }),
    }
}

/// Bytes in which a GRIB message is looked for: headings of bulletins are shorter.
const HEADING: usize = 200;

/// Whether a GRIB message follows the heading of a bulletin.
fn is_bulletin(bytes: &[u8]) -> bool {
    find_message(bytes.get(..HEADING).unwrap_or(bytes)).is_some()
}

/// Where the first GRIB message begins.
fn find_message(bytes: &[u8]) -> Option<usize> {
    bytes.windows(8).position(|w| matches!(w, [b'G', b'R', b'I', b'B', _, _, _, 1 | 2]))
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

/// Bytes that tell the format of a file: one more than are looked at for numbers in text.
const TELLING: u64 = (1 << 16) + 1;

/// Opens a file that is not an archive, which may be larger than memory where it is NetCDF, NPY, GRIB or TIFF. `name` is the file name; its stem names the variable of a
/// format that has no names.
///
/// # Errors
/// As [`sniff`]; [`Error::Malformed`] for bytes that break the rules of their format; [`Error::LimitExceeded`]; [`Error::Unsupported`] for a valid
/// file that this build cannot hold; [`Error::FormatsNeeded`] without the feature `formats`; [`Error::Unreadable`]; [`Error::InvalidArgument`] for an archive.
pub fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    let whole = || input.whole(limits);
    match sniff(&input.start(TELLING)?)? {
        FileFormat::NetCdf3 => netcdf::open(input, limits),
        FileFormat::Npy => npy::open(input, stem(name), limits),
        FileFormat::Png => png::read(&whole()?, stem(name), limits).map(Opened::whole),
        FileFormat::Npz => npz::read(&whole()?, limits).map(Opened::whole),
        FileFormat::Csv => csv::read(&whole()?, stem(name), limits).map(Opened::whole),
        #[cfg(feature = "formats")]
        FileFormat::NetCdf4 => netcdf4::open(input, limits),
        #[cfg(feature = "formats")]
        FileFormat::Grib => grib::open(input, limits),
        #[cfg(feature = "formats")]
        FileFormat::Tiff => tiff::open(input, stem(name), limits),
        #[cfg(feature = "formats")]
        FileFormat::Picture => picture::read(&whole()?, stem(name), limits).map(Opened::whole),
        #[cfg(not(feature = "formats"))]
        FileFormat::NetCdf4 | FileFormat::Grib | FileFormat::Tiff | FileFormat::Picture => Err(Error::FormatsNeeded),
        FileFormat::Archive => Err(Error::InvalidArgument { what: "this is already a DeepComp archive; open it instead of reading it as data".to_owned() }),
    }
}

/// Reads a whole file that is in memory.
///
/// # Errors
/// As [`open`] and [`Opened::read`].
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    open(&bytes.into(), name, limits)?.read()
}

/// So many bytes from `begin` on, if the file has them.
fn slice(bytes: &[u8], begin: u64, length: u64) -> Option<&[u8]> {
    let (start, end) = (usize::try_from(begin).ok()?, usize::try_from(begin.checked_add(length)?).ok()?);
    bytes.get(start..end)
}

/// A picture of the pixels of `channels` samples in `values`, as a dataset of one field of shape (channel, y, x).
fn picture_of(name: &str, [channels, height, width]: [usize; 3], values: Values, format: SourceFormat) -> Result<Dataset> {
    fn planar<T: Copy>(pixels: &[T], channels: usize) -> Vec<T> {
        (0..channels).flat_map(|channel| pixels.iter().skip(channel).step_by(channels).copied()).collect()
    }
    let values = match values {
        Values::U8(v) if channels > 1 => Values::U8(planar(&v, channels)),
        Values::U16(v) if channels > 1 => Values::U16(planar(&v, channels)),
        other => other,
    };
    let mut dataset = Dataset::from_array(name, &[channels, height, width], values, format)?;
    for (dimension, name) in dataset.dimensions.iter_mut().zip(["channel", "y", "x"]) {
        name.clone_into(&mut dimension.name);
    }
    Ok(dataset)
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
