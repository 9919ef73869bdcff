//! Bytes of a known file format -> [`Dataset`], and back. One folder a format, with what reading and writing agree on in its `spec`; and [`FORMATS`], one row a format.
//!
//! Formats are told by content alone, never by file name. No format here reads files or the network. Each checks its input and never panics.

pub mod csv;
#[cfg(not(feature = "formats"))]
mod elsewhere;
pub mod file;
mod format;
pub(crate) mod frame;
pub mod grib;
mod habit;
pub(crate) mod input;
mod left_out;
mod maps;
pub mod netcdf3;
pub mod netcdf4;
pub mod npy;
pub mod npz;
mod open_file;
pub(crate) mod opened;
pub mod picture;
pub(crate) mod single;
mod sniff;
pub mod tiff;

pub use format::{Export, Format};
pub use input::Input;
pub use left_out::LeftOut;
pub use open_file::OpenFile;
pub use opened::Opened;
pub use sniff::sniff;

use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Derived, SourceFormat, Values};
use crate::limits::Limits;
use format::{Back, Feature, Holds, Told};

/// All formats. Those that are told by a closer look stand in the order in which they are looked for.
pub static FORMATS: [Format; 11] = [
    Format {
        name: "netcdf",
        title: "NetCDF",
        extension: "nc",
        export: Some(Export::Dataset(netcdf3::write)),
        source: netcdf3::FORMAT,
        told: Told::Start(&[b"CDF\x01", b"CDF\x02", b"CDF\x05"]),
        open: netcdf3::open,
        save: netcdf3::write,
        back: Back::Same,
        holds: Holds::All,
        own: None,
        feature: Feature::Always,
    },
    Format {
        name: "netcdf4",
        title: "NetCDF-4",
        extension: "nc",
        export: Some(Export::Dataset(netcdf4::write)),
        source: netcdf4::FORMAT,
        told: Told::Start(&[b"\x89HDF\r\n\x1a\n"]),
        open: netcdf4::open,
        save: netcdf4::write,
        back: Back::Same,
        holds: Holds::All,
        own: None,
        feature: Feature::Formats,
    },
    Format {
        name: "tiff",
        title: "GeoTIFF",
        extension: "tif",
        export: Some(Export::Dataset(tiff::write)),
        source: tiff::FORMAT,
        told: Told::Start(&[b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"]),
        open: tiff::open,
        save: tiff::write,
        back: Back::Same,
        holds: Holds::Pages,
        own: Some("what its tags say besides text and place"),
        feature: Feature::Formats,
    },
    Format {
        name: "npz",
        title: "NPZ",
        extension: "npz",
        export: Some(Export::Dataset(npz::write)),
        source: npz::FORMAT,
        told: Told::Start(&[b"PK\x03\x04"]),
        open: npz::open,
        save: npz::write,
        back: Back::Same,
        holds: Holds::Arrays,
        own: None,
        feature: Feature::Always,
    },
    Format {
        name: "npy",
        title: "NPY",
        extension: "npy",
        export: Some(Export::Variable { text: true, write: |field, format| Ok(npy::write(field, format)) }),
        source: npy::FORMAT,
        told: Told::Start(&[b"\x93NUMPY"]),
        open: npy::open,
        save: npy::save,
        back: Back::Same,
        holds: Holds::Arrays,
        own: None,
        feature: Feature::Always,
    },
    Format {
        name: "picture",
        title: "GIF, JPEG or WebP",
        extension: "png",
        export: None,
        source: picture::PICTURE,
        told: Told::Look(&[b"GIF8", b"\xff\xd8\xff"], picture::is_webp),
        open: picture::open,
        save: picture::save,
        back: Back::As("png"),
        holds: Holds::Pictures,
        own: Some("what it says besides its pixels"),
        feature: Feature::Formats,
    },
    Format {
        name: "grib",
        title: "GRIB",
        extension: "grib",
        export: None,
        source: grib::FORMAT,
        told: Told::Look(&[b"GRIB"], grib::is_bulletin),
        open: grib::open,
        save: grib::write,
        back: Back::Else("netcdf"),
        holds: Holds::All,
        own: Some("the keys of its messages"),
        feature: Feature::Formats,
    },
    Format {
        name: "csv",
        title: "CSV",
        extension: "csv",
        export: Some(Export::Variable { text: true, write: |field, _| csv::write(field) }),
        source: csv::FORMAT,
        told: Told::Look(&[], csv::is_table),
        open: csv::open,
        save: csv::save,
        back: Back::Same,
        holds: Holds::Arrays,
        own: None,
        feature: Feature::Always,
    },
    Format {
        name: "png",
        title: "PNG",
        extension: "png",
        export: Some(Export::Plane { count: picture::planes, write: picture::write }),
        source: picture::PNG,
        told: Told::Start(&[b"\x89PNG\r\n\x1a\n"]),
        open: picture::open_png,
        save: picture::save,
        back: Back::Same,
        holds: Holds::Pictures,
        own: Some("what it says besides its pixels"),
        feature: Feature::Always,
    },
    Format {
        name: "file",
        title: "the file",
        extension: "",
        export: None,
        source: file::FORMAT,
        told: Told::Never,
        open: file::open,
        save: file::save,
        back: Back::Same,
        holds: Holds::Arrays,
        own: None,
        feature: Feature::Always,
    },
    Format {
        name: "array",
        title: "NPY",
        extension: "npy",
        export: None,
        source: SourceFormat::ARRAY,
        told: Told::Never,
        open: file::open,
        save: arrays,
        back: Back::Same,
        holds: Holds::All,
        own: None,
        feature: Feature::Always,
    },
];

/// Arrays of a program: as NPY when there is one, else as NetCDF.
fn arrays(dataset: &Dataset) -> Result<Vec<u8>> {
    if dataset.fields.len() == 1 { npy::save(dataset) } else { netcdf3::write(dataset) }
}

impl Format {
    /// The format that archives call so; arrays where there is none.
    #[must_use]
    pub fn of(source: SourceFormat) -> &'static Self {
        let [.., arrays] = &FORMATS;
        FORMATS.iter().find(|f| f.source.is(source)).unwrap_or(arrays)
    }

    /// The source format of these numbers in an archive; arrays where they are of no format.
    #[must_use]
    pub fn source(number: u8, detail: u8) -> SourceFormat {
        let source = SourceFormat::new(number, detail);
        if Self::of(source).source.is(SourceFormat::ARRAY) { SourceFormat::ARRAY } else { source }
    }

    /// The format of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|f| f.name == name)
    }

    /// How others are saved in the format of that name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such format or nothing else is saved in it; [`Error::FormatsNeeded`].
    pub fn export(name: &str) -> Result<Export> {
        let exports = || FORMATS.iter().filter(|f| f.export.is_some());
        let found = exports().find(|f| f.name == name).and_then(|f| Some((f, f.export?)));
        let unknown = || {
            let names: Vec<String> = exports().map(|f| format!("{:?}", f.name)).collect();
            Error::InvalidArgument { what: format!("unknown format {name:?}; use one of {}", names.join(", ")) }
        };
        let (format, export) = found.ok_or_else(unknown)?;
        if format.is_here() { Ok(export) } else { Err(Error::FormatsNeeded) }
    }

    /// The format that its files come back in.
    #[must_use]
    pub fn returned(&self) -> &Self {
        match self.back {
            Back::As(name) => Self::named(name).unwrap_or(self),
            Back::Same | Back::Else(_) => self,
        }
    }
}

/// Bytes that tell the format of a file: one more than are looked at for numbers in text.
const TELLING: u64 = (1 << 16) + 1;

/// Opens a file that is not an archive, which may be larger than memory where it is NetCDF, NPY, GRIB or TIFF. `name` is the file name; its stem names the variable of a
/// format that has no names.
///
/// # Errors
/// As [`sniff`]; [`Error::Malformed`] for bytes that break the rules of their format; [`Error::LimitExceeded`]; [`Error::Unsupported`] for a valid
/// file that this build cannot hold; [`Error::FormatsNeeded`] without the feature `formats`; [`Error::Unreadable`].
pub fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    (sniff(&input.start(TELLING)?)?.open)(input, stem(name), limits)
}

/// Reads a whole file that is in memory.
///
/// # Errors
/// As [`open`] and [`Opened::read`].
pub fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    open(&bytes.into(), name, limits)?.read()
}

/// Writes the format the dataset came from; arrays of a program as NPY when there is one, else as NetCDF, and GIF, JPEG and WebP as PNG.
///
/// # Errors
/// As the functions for the single formats, which is [`Error::FormatsNeeded`] for those of the feature `formats` in a build without it; [`Error::InvalidArgument`] when a dataset in NPY, PNG or CSV does not have exactly one field.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    (Format::of(dataset.format).save)(dataset)
}

/// A file for a person: as [`write`] writes it, and the extension its name has to take where that is another format than it had. GIF, JPEG and WebP become PNG;
/// GRIB of edition 1 whose values changed becomes NetCDF.
///
/// # Errors
/// As [`write`].
pub fn original(dataset: &Dataset) -> Result<(Vec<u8>, Option<&'static str>)> {
    let format = Format::of(dataset.format);
    match (&format.back, write(dataset)) {
        (Back::As(_), Ok(bytes)) => Ok((bytes, Some(format.returned().extension))),
        (Back::Else(name), Err(error @ Error::Unsupported { .. })) => {
            let other = Format::named(name).ok_or(error)?;
            (other.save)(dataset).map(|bytes| (bytes, Some(other.extension)))
        }
        (_, written) => written.map(|bytes| (bytes, None)),
    }
}

/// The most values that are derived for one file, and the most variables of them: a few bytes may ask for any number, and each takes its time.
pub(crate) const MOST_DERIVED: [u64; 2] = [1 << 27, 256];

/// Values that a definition yields, of that shape and the same on every machine.
///
/// # Errors
/// [`Error::Corrupt`] when it yields none of that shape.
pub fn derive(derived: &Derived, shape: &[usize]) -> Result<Values> {
    grib::derive(derived, shape).ok_or_else(|| Error::corrupt("what yields the values of a variable yields none of its shape"))
}

/// The type of what is derived.
pub(crate) const fn derived_type(derived: &Derived) -> DataType {
    grib::derived_type(derived)
}

/// File name without folders and extension; `data` when nothing is left.
fn stem(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { "data" } else { stem }
}

#[cfg(test)]
mod tests {
    use super::{FORMATS, Format, stem};

    #[test]
    fn stem_drops_folders_and_the_last_extension() {
        for (name, expected) in [("a/b\\t2m.v1.npy", "t2m.v1"), ("t2m", "t2m"), (".npy", "data"), ("", "data"), ("dir/", "data")] {
            assert_eq!(stem(name), expected, "{name}");
        }
    }

    #[test]
    fn the_table_has_each_name_and_number_once() {
        for (i, format) in FORMATS.iter().enumerate() {
            assert_eq!(FORMATS.iter().position(|f| f.name == format.name), Some(i), "{}", format.name);
            assert_eq!(Format::of(format.source).name, format.name);
        }
    }

    #[test]
    fn an_unknown_number_is_arrays() {
        assert_eq!(Format::of(crate::field::SourceFormat::new(255, 1)).name, "array");
    }
}
