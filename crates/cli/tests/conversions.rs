//! Files in another format: what that cannot hold is named, and stops nothing else.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{fails, folder_with, listed, ok, sample, warns};
use deepcomp::field::{Attribute, Dataset, Dimension, Field, Missing, SourceFormat, Values};
use deepcomp::formats::netcdf3;

/// A map in three times, a series, a text and a map of no size, as NetCDF.
fn mixed() -> Vec<u8> {
    let dimension = |name: &str, length| Dimension { name: name.to_owned(), length, unlimited: name == "none" };
    let field = |name: &str, dimensions: &[usize], shape: &[usize], values| Field {
        name: name.to_owned(),
        dimensions: dimensions.to_vec(),
        shape: shape.to_vec(),
        values,
        attributes: vec![Attribute::text("long_name", name)],
        missing: Missing::NonFinite,
        derived: None,
    };
    let numbers = |count: usize| Values::F32((0..count).map(|n| n as f32).collect());
    let dataset = Dataset {
        format: SourceFormat::ARRAY,
        dimensions: vec![dimension("time", 3), dimension("lat", 4), dimension("lon", 5), dimension("none", 0)],
        attributes: vec![Attribute::text("title", "mixed")],
        fields: vec![
            field("time", &[0], &[3], numbers(3)),
            field("lat", &[1], &[4], numbers(4)),
            field("lon", &[2], &[5], numbers(5)),
            field("map", &[0, 1, 2], &[3, 4, 5], numbers(60)),
            field("series", &[0], &[3], numbers(3)),
            field("name", &[1, 2], &[4, 5], Values::Char(vec![b'x'; 20])),
            field("nothing", &[3, 1, 2], &[0, 4, 5], numbers(0)),
        ],
        layout: Vec::new(),
    };
    netcdf3::write(&dataset).unwrap()
}

#[test]
fn what_a_format_cannot_hold_is_named_and_stops_nothing_else() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    std::fs::write(at.join("d/a_series.npy"), common::npy(&[1.0, 2.0])).unwrap();
    std::fs::write(at.join("d/mixed.nc"), mixed()).unwrap();
    std::fs::copy(sample("gfs_t2m.npy"), at.join("d/z.npy")).unwrap();
    ok(at, &["compress", "d", "-o", "a.dca", "--lossless"]);
    let message = fails(at, &["extract", "a.dca", "-C", "tiff", "--as", "tiff"]);
    assert_eq!(listed(&at.join("tiff/d")), ["mixed.tif", "z.tif"]);
    for line in [
        "d/a_series.tif: TIFF takes fields of numbers with two or more dimensions",
        "d/mixed.nc: left out: \"series\" (no rows and columns)\n",
        "d/mixed.nc: left out: \"name\" (text)\n",
        "d/mixed.nc: left out: \"nothing\" (no values)\n",
        "d/mixed.nc: left out: the coordinates \"time\"\n",
        "d/mixed.nc: left out: attributes that it has no place for\n",
        "1 of 3 files are not as they should be",
    ] {
        assert_eq!(message.matches(line).count(), 1, "{line}: {message}");
    }
    let message = warns(at, &["extract", "a.dca", "-C", "png", "--as", "png"]);
    assert_eq!(listed(&at.join("png/d")), ["mixed.map.0000.png", "mixed.map.0001.png", "mixed.map.0002.png", "z.png"]);
    assert!(message.contains("mixed.nc: left out: \"name\" (text)") && message.contains("d/a_series.npy: left out: \"a_series\""), "{message}");
    ok(at, &["extract", "a.dca", "-C", "nc", "--as", "netcdf"]);
    ok(at, &["extract", "a.dca", "-C", "csv", "--as", "csv"]);
    assert_eq!(std::fs::read_to_string(at.join("csv/d/mixed.name.csv")).unwrap(), "xxxxx\n".repeat(4));
}

#[test]
fn what_only_the_format_of_the_source_has_is_named() {
    let folder = folder_with(&["gfs_upper_air.grib2", "blue_marble.png"]);
    let at = folder.path();
    ok(at, &["compress", "gfs_upper_air.grib2", "blue_marble.png", "-o", "a.dca", "--lossless", "--model", "none", "--strict"]);
    let message = warns(at, &["extract", "a.dca", "-C", "out", "--as", "netcdf4"]);
    assert!(message.contains("gfs_upper_air.grib2: left out: the keys of its messages"), "{message}");
    ok(at, &["extract", "a.dca", "-C", "own"]);
}

#[test]
fn variables_whose_names_come_to_the_same_are_told_apart() {
    use deepcomp::formats::npz;
    let folder = folder_with(&[]);
    let at = folder.path();
    let names = ["a b", "a_b", "a/b"];
    let field = |(n, name): (usize, &&str)| Field {
        name: (*name).to_owned(),
        dimensions: vec![0],
        shape: vec![2],
        values: Values::F64(vec![n as f64; 2]),
        attributes: Vec::new(),
        missing: Missing::NonFinite,
        derived: None,
    };
    let dimensions = vec![Dimension { name: "x".to_owned(), length: 2, unlimited: false }];
    let fields = names.iter().enumerate().map(field).collect();
    let dataset = Dataset { format: SourceFormat::ARRAY, dimensions, attributes: Vec::new(), fields, layout: Vec::new() };
    std::fs::write(at.join("m.npz"), npz::write(&dataset).unwrap()).unwrap();
    ok(at, &["compress", "m.npz", "-o", "a.dca", "--lossless"]);
    for form in ["npy", "csv"] {
        warns(at, &["extract", "a.dca", "-C", form, "--as", form]);
        let all = listed(&at.join(form));
        let mut contents: Vec<Vec<u8>> = all.iter().map(|name| std::fs::read(at.join(form).join(name)).unwrap()).collect();
        contents.sort();
        contents.dedup();
        assert_eq!((all.len(), contents.len()), (3, 3), "{all:?}");
    }
}
