//! What the targets share: limits on memory, and what every file that is read has to keep.

mod hdf5;
mod memory;

use std::collections::BTreeSet;

use deepcomp::field::{Dataset, Field};
use deepcomp::formats::{self, Input, csv, netcdf3, netcdf4, npz, picture, tiff};
use deepcomp::{Error, Limits, Source};

/// What a file may ask for.
pub const LIMITS: Limits = Limits { decoded_bytes: 1 << 20, items: 4096, files: 64, metadata_bytes: 1 << 20 };

/// What a file that was written may ask for: more than the file it came from, since it may be stored in another way.
const GENEROUS: Limits = Limits { decoded_bytes: 1 << 24, items: 1 << 16, files: 64, metadata_bytes: 1 << 24 };

/// Name of every file.
const NAME: &str = "v";

pub use hdf5::sealed as sealed_hdf5;

/// Whether a file comes back byte for byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Always.
    Bytes,
    /// Not always, but what was written once is written again.
    Stable,
    /// The same contents alone.
    Contents,
}

/// Reads a file of one of the formats and writes it again; whether the bytes are of that format at all.
pub fn round_trip(bytes: &[u8], names: &[&str], promise: Promise) -> bool {
    if !formats::sniff(bytes).is_ok_and(|format| names.contains(&format.name)) {
        return false;
    }
    let read = formats::read(bytes, NAME, &LIMITS);
    match &read {
        Ok(dataset) => keeps(bytes, dataset, promise),
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty()),
    }
    if bytes.len() % 3 == 0 {
        from_a_source(bytes, read.ok());
    }
    true
}

/// A file that is not in memory.
struct Elsewhere<'a>(&'a [u8]);

impl Source for Elsewhere<'_> {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        let at = usize::try_from(at).expect("an offset in the file");
        into.copy_from_slice(&self.0[at..at + into.len()]);
        Ok(())
    }
}

/// Reads the same file piece by piece: as a whole, and variable by variable from the last to the first.
fn from_a_source(bytes: &[u8], expected: Option<Dataset>) {
    let input = Input::of(Elsewhere(bytes));
    let open = || formats::open(&input, NAME, &LIMITS);
    let found = open().and_then(|mut opened| opened.read());
    assert!(found.as_ref().ok() == expected.as_ref(), "from a source it reads as something else: {found:?}");
    let (Some(expected), Ok(mut opened)) = (expected, open()) else { return };
    for (number, field) in expected.fields.iter().enumerate().rev() {
        assert!(opened.variable(number).expect("a variable of a file that is sound") == *field, "{} alone reads as something else", field.name);
    }
    assert!(opened.layout().expect("a layout") == expected.layout, "another layout");
}

/// Checks a dataset that was read, and what it is written as.
fn keeps(bytes: &[u8], dataset: &Dataset, promise: Promise) {
    is_sound(dataset);
    let written = match formats::write(dataset) {
        Ok(written) => written,
        Err(error) => panic!("it is read and cannot be written: {error}"),
    };
    if written == bytes {
        return in_another_format(dataset, bytes.len());
    }
    assert!(promise != Promise::Bytes, "it does not come back byte for byte");
    let again = formats::read(&written, NAME, &GENEROUS).expect("what was written can be read");
    is_same(dataset, &again);
    if promise == Promise::Stable {
        assert!(formats::write(&again).expect("what was written can be written again") == written, "it is not written twice in the same way");
    }
    in_another_format(dataset, bytes.len());
}

/// What the fields of a dataset promise to each other.
fn is_sound(dataset: &Dataset) {
    let unique = |names: Vec<&str>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let size: u64 = dataset.fields.iter().map(|f| f.values.byte_len() as u64).sum();
    assert!(size <= LIMITS.decoded_bytes, "{size} bytes of values");
    assert!(dataset.fields.len() as u64 <= LIMITS.items && dataset.dimensions.len() as u64 <= LIMITS.items, "too many items");
    assert!(unique(dataset.fields.iter().map(|f| f.name.as_str()).collect()), "two fields of one name");
    assert!(unique(dataset.dimensions.iter().map(|d| d.name.as_str()).collect()), "two dimensions of one name");
    for Field { name, dimensions, shape, values, attributes, .. } in &dataset.fields {
        assert_eq!(shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)), Some(values.len()), "the shape of {name}");
        let lengths: Option<Vec<usize>> = dimensions.iter().map(|d| dataset.dimensions.get(*d).map(|d| d.length)).collect();
        assert_eq!(lengths.as_ref(), Some(shape), "the dimensions of {name}");
        assert!(unique(attributes.iter().map(|a| a.name.as_str()).collect()), "two attributes of {name} of one name");
    }
}

/// Whether a dataset that was written and read again is the same; pictures come back as PNG.
fn is_same(before: &Dataset, after: &Dataset) {
    let expected = if before.format == picture::PICTURE { picture::PNG } else { before.format };
    assert_eq!(after.format, expected, "another format");
    assert_eq!(before.dimensions, after.dimensions, "other dimensions");
    assert_eq!(before.attributes, after.attributes, "other attributes");
    assert_eq!(before.fields.len(), after.fields.len(), "another number of fields");
    for (a, b) in before.fields.iter().zip(&after.fields) {
        assert_eq!((&a.name, &a.dimensions, &a.shape), (&b.name, &b.dimensions, &b.shape), "another field");
        assert_eq!(a.attributes, b.attributes, "other attributes of {}", a.name);
        assert_eq!(a.missing, b.missing, "other missing values of {}", a.name);
        let retyped = before.format == csv::FORMAT && a.values.data_type() != b.values.data_type();
        assert!(retyped || a.values == b.values, "other values of {}", a.name);
        // Text tells no types: in other digits the same decimal numbers may need another one.
        for i in 0..if retyped { a.values.len() } else { 0 } {
            let [x, y] = [a, b].map(|f| f.values.get_f64(i).expect("a value for each point") as f32);
            assert!(x == y || x.is_nan() && y.is_nan(), "other values of {}: {x:e} and {y:e}", a.name);
        }
    }
}

/// Writes it in one of the formats that anything can be extracted to: that may be refused, but may not break.
fn in_another_format(dataset: &Dataset, number: usize) {
    let _: Result<Vec<u8>, Error> = match number % 8 {
        0 => netcdf3::write(dataset),
        1 => netcdf4::write(dataset),
        2 => tiff::write(dataset),
        3 => npz::write(dataset),
        4 => dataset.fields.first().map_or(Ok(Vec::new()), csv::write),
        5 => dataset.fields.last().map_or(Ok(Vec::new()), |field| picture::write(field, 0)),
        _ => return,
    };
}
