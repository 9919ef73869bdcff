//! Telling the format of bytes.

use super::FORMATS;
use super::format::Format;
use crate::error::{Error, Result};

/// Signature of archives, which are no data.
const ARCHIVE: &[u8] = b"\x89DCA\r\n\x1a\n";

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
/// [`Error::Unsupported`] for a recognised format that is not read, with a way to convert it; [`Error::InvalidArgument`] for an archive; [`Error::UnknownFormat`] otherwise.
pub fn sniff(bytes: &[u8]) -> Result<&'static Format> {
    if bytes.starts_with(ARCHIVE) {
        return Err(Error::InvalidArgument { what: "this is already a DeepComp archive; open it instead of reading it as data".to_owned() });
    }
    if let Some(format) = FORMATS.iter().find(|f| f.starts(bytes)).or_else(|| FORMATS.iter().find(|f| f.looks_like(bytes))) {
        return Ok(format);
    }
    match FOREIGN.iter().find(|(signature, ..)| bytes.starts_with(signature)) {
        Some((_, name, advice)) => Err(Error::Unsupported { what: (*name).to_owned(), advice: (*advice).to_owned() }),
        None => Err(Error::UnknownFormat { seen: describe(bytes) }),
    }
}

/// What unknown bytes look like, for a person.
fn describe(bytes: &[u8]) -> String {
    let start = bytes.get(..bytes.len().min(8)).unwrap_or_default();
    let begun = || FORMATS.iter().find(|f| f.signatures().iter().any(|signature| signature.starts_with(start)));
    if start.is_empty() {
        "the file is empty".to_owned()
    } else if let Some(name) = begun().map(|f| f.title).or_else(|| ARCHIVE.starts_with(start).then_some("an archive")) {
        format!("the first {} bytes of {name} and nothing more", start.len())
    } else if bytes.starts_with(b"CDF") {
        "NetCDF of a version other than 1, 2 and 5".to_owned()
    } else if start.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
        format!("text that begins with {:?}", String::from_utf8_lossy(start))
    } else {
        let hex: Vec<String> = start.iter().map(|b| format!("{b:02x}")).collect();
        format!("it begins with the bytes {}", hex.join(" "))
    }
}
