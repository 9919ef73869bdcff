//! `_Unsigned`: files whose types hold numbers of the other sign, as satellites' have them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Attribute, DataType, Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::formats::{self, netcdf3, netcdf4};
use deepcomp::network::model::Models;
use deepcomp::{Limits, metrics};
use hdf5_pure::{AttrValue, File, FileBuilder};

fn read(bytes: &[u8]) -> Dataset {
    formats::read(bytes, "file.nc", &Limits::default()).unwrap()
}

/// A file of one variable of 30 × 40 with the bits of `values`, in their type, whatever `_Unsigned` says.
fn file(format: SourceFormat, values: Values, unsigned: &str, more: Vec<Attribute>) -> Vec<u8> {
    let dimension = |name: &str, length| Dimension { name: name.to_owned(), length, unlimited: false };
    // A name of that length, which is replaced in the bytes, lets the file have any type.
    let mut attributes = vec![Attribute::text("_UnsigneX", unsigned), Attribute::text("units", "m")];
    attributes.extend(more);
    let field =
        Field { name: "height".to_owned(), dimensions: vec![0, 1], shape: vec![30, 40], values, attributes, missing: Missing::NonFinite, derived: None };
    let dimensions = vec![dimension("y", 30), dimension("x", 40)];
    let bytes = netcdf3::write(&Dataset { format, dimensions, attributes: Vec::new(), fields: vec![field], layout: Vec::new() }).unwrap();
    let at = bytes.windows(9).position(|w| w == b"_UnsigneX").unwrap();
    [&bytes[..at + 8], b"d", &bytes[at + 9..]].concat()
}

/// From 0 to beyond half of the range, with holes of all ones.
fn heights() -> Vec<u16> {
    (0..1200).map(|i| if i % 50 == 7 { u16::MAX } else { (i % 40) * 1600 + i / 40 }).collect()
}

fn packing() -> Vec<Attribute> {
    let number = |name: &str, value| Attribute { name: name.to_owned(), value: Values::F32(vec![value]) };
    vec![number("scale_factor", 0.305), number("add_offset", 0.0), Attribute { name: "_FillValue".to_owned(), value: Values::I16(vec![-1]) }]
}

fn signed(values: &[u16]) -> Values {
    Values::I16(values.iter().map(|v| v.cast_signed()).collect())
}

/// The dataset that comes back under a bound.
fn under(dataset: &Dataset, bound: ErrorBound) -> Dataset {
    let options = Options { base: Base::Never, coarse: true, ..Options::new(bound) };
    let (bytes, _) = Compressor::new(dataset.clone(), "file.nc", &options).unwrap().finish().unwrap();
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    Decompressor::new(archive, 0, &Models::default()).unwrap().finish(&bytes).unwrap()
}

#[test]
fn numbers_are_those_that_the_attribute_means_and_files_come_back() {
    for version in [1, 2, 5] {
        let source = file(netcdf3::format(version), signed(&heights()), "true", packing());
        let dataset = read(&source);
        assert_eq!(dataset.fields[0].values, Values::U16(heights()), "version {version}");
        assert_eq!(dataset.fields[0].missing, Missing::Patterns(vec![0xffff]));
        assert_eq!(netcdf3::write(&dataset).unwrap(), source, "version {version}");
        assert_eq!(netcdf3::write(&under(&dataset, ErrorBound::Lossless)).unwrap(), source);
    }
}

#[test]
fn bounds_hold_across_half_of_the_range() {
    let source = file(netcdf3::format(1), signed(&heights()), "true", packing());
    let dataset = read(&source);
    for bound in [ErrorBound::absolute(100.0).unwrap(), ErrorBound::relative(0.005).unwrap()] {
        let decoded = under(&dataset, bound);
        let found = metrics::compare(&dataset.fields[0], &decoded.fields[0]).unwrap();
        assert!(found.max_abs_error > 1.0 && found.max_abs_error <= 100.0, "{found:?}");
        assert!(found.missing_equal && found.missing == 24, "{found:?}");
        let Values::U16(values) = &decoded.fields[0].values else { panic!() };
        let largest = heights().into_iter().filter(|v| *v < u16::MAX).max();
        assert!(values.iter().filter(|v| **v < u16::MAX).max() <= largest.as_ref(), "nothing leaves the range");
        // What a program reads is in the type of the file.
        let written = netcdf3::write(&decoded).unwrap();
        assert_eq!((written.len(), &written[..4]), (source.len(), &source[..4]));
    }
}

#[test]
fn redundant_and_contrary_attributes_leave_the_type_of_the_file() {
    let bytes = || (0..1200u16).map(|i| (i % 251) as u8).collect::<Vec<_>>();
    let native = file(netcdf3::format(5), Values::U8(bytes()), "true", vec![]);
    let with_fill = file(netcdf3::format(5), Values::U8(bytes()), "true", vec![Attribute { name: "_FillValue".to_owned(), value: Values::U8(vec![255]) }]);
    let stored = file(netcdf3::format(5), Values::I8(bytes().iter().map(|b| b.cast_signed()).collect()), "true", vec![]);
    for source in [&native, &with_fill, &stored] {
        let dataset = read(source);
        assert_eq!(dataset.fields[0].values, Values::U8(bytes()));
        assert_eq!(&netcdf3::write(&dataset).unwrap(), source);
    }
    assert_ne!(native, stored);
    let contrary = file(netcdf3::format(5), Values::U8(bytes()), "false", vec![]);
    let dataset = read(&contrary);
    assert_eq!(dataset.fields[0].values, Values::I8(bytes().iter().map(|b| b.cast_signed()).collect()));
    assert_eq!(netcdf3::write(&dataset).unwrap(), contrary);
    for other in ["TRUE", "yes"] {
        let expected = if other == "TRUE" { DataType::U16 } else { DataType::I16 };
        assert_eq!(read(&file(netcdf3::format(1), signed(&heights()), other, vec![])).fields[0].values.data_type(), expected, "{other}");
    }
    // A missing value that says what the numbers are.
    let said = vec![Attribute { name: "missing_value".to_owned(), value: Values::I32(vec![65_535]) }];
    assert_eq!(read(&file(netcdf3::format(1), signed(&heights()), "true", said)).fields[0].missing, Missing::Patterns(vec![0xffff]));
}

/// The type of `height` in an HDF5 file.
fn stored_type(bytes: Vec<u8>) -> String {
    format!("{:?}", File::from_bytes(bytes).unwrap().dataset("height").unwrap().dtype().unwrap())
}

#[test]
fn netcdf4_keeps_the_type_of_the_file_as_well() {
    let mut builder = FileBuilder::new();
    builder
        .create_dataset("height")
        .with_i16_data(&heights().iter().map(|v| v.cast_signed()).collect::<Vec<_>>())
        .set_attr("_Unsigned", AttrValue::AsciiString("true".into()));
    let source = builder.finish().unwrap();
    let dataset = read(&source);
    assert_eq!(dataset.fields[0].values, Values::U16(heights()));
    let written = netcdf4::write(&dataset).unwrap();
    assert_eq!(stored_type(written.clone()), stored_type(source));
    assert_eq!(read(&written), dataset);
    let mut builder = FileBuilder::new();
    builder.create_dataset("height").with_u16_data(&heights()).set_attr("_Unsigned", AttrValue::AsciiString("true".into()));
    let native = builder.finish().unwrap();
    let dataset = read(&native);
    let again = netcdf4::write(&dataset).unwrap();
    assert_eq!(stored_type(again.clone()), stored_type(native));
    assert_ne!(stored_type(again.clone()), stored_type(written));
    assert_eq!(read(&again), dataset);
    // Saved as the classic kind it is what all programs know.
    let classic = read(&netcdf3::write(&dataset).unwrap());
    assert_eq!((classic.fields[0].values.clone(), classic.format), (Values::U16(heights()), netcdf3::format(2)));
}
