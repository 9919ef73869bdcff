//! Where the points of a grid are follows from what defines the grid: archives do not have it, and give it back to the last bit.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::Options;
use deepcomp::field::{Attribute, Dataset, Derived, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::formats::derive;
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};

/// Section 3 of a Lambert grid of edition 2.
fn lambert(rows: u32, columns: u32) -> Vec<u8> {
    let mut section = vec![0, 0, 0, 81, 3, 0];
    section.extend((rows * columns).to_be_bytes());
    section.extend([0, 0, 0, 30, 6]);
    section.extend([0xff; 15]);
    [columns, rows, 21_138_123, 237_280_472].iter().for_each(|n| section.extend(n.to_be_bytes()));
    section.push(8);
    [38_500_000u32, 262_500_000, 3_000_000, 3_000_000].iter().for_each(|n| section.extend(n.to_be_bytes()));
    section.extend([0, 64]);
    [38_500_000u32, 38_500_000, 0x80_00_00_00 | 90_000_000, 0].iter().for_each(|n| section.extend(n.to_be_bytes()));
    section
}

fn of(definition: Vec<u8>, part: u8) -> Derived {
    Derived { rule: 2, part, definition }
}

/// A variable of places on that grid.
fn places(part: u8, rows: usize, columns: usize, values: Values) -> Dataset {
    let dimensions = [("y", rows), ("x", columns)].map(|(name, length)| Dimension { name: name.into(), length, unlimited: false });
    let field = Field {
        name: "latitude".into(),
        dimensions: vec![0, 1],
        shape: vec![rows, columns],
        values,
        attributes: vec![Attribute::text("units", "degrees_north")],
        missing: Missing::NonFinite,
        derived: Some(of(lambert(rows as u32, columns as u32), part)),
    };
    Dataset { format: SourceFormat::ARRAY, dimensions: dimensions.into(), attributes: Vec::new(), fields: vec![field], layout: Vec::new() }
}

fn compressed(dataset: Dataset) -> (Vec<u8>, u64) {
    let (bytes, reports) = Compressor::new(dataset, "grid", &Options::new(ErrorBound::Lossless)).unwrap().finish().unwrap();
    (bytes, reports[0].archive_bytes)
}

fn decoded(bytes: &[u8], limits: &Limits) -> Result<Dataset, Error> {
    Decompressor::new(Archive::open(bytes, limits)?, 0, &Models::default())?.finish(bytes)
}

#[test]
fn what_a_definition_yields_is_not_stored_and_comes_back() {
    let values = derive(&of(lambert(300, 400), 0), &[300, 400]).unwrap();
    let dataset = places(0, 300, 400, values.clone());
    let (bytes, stored) = compressed(dataset.clone());
    assert_eq!(stored, 0);
    assert!(bytes.len() < 400, "{}", bytes.len());
    assert_eq!(decoded(&bytes, &Limits::default()).unwrap(), dataset);
    // What is decoded is compressed once more as it was.
    assert_eq!(compressed(decoded(&bytes, &Limits::default()).unwrap()).0, bytes);
}

#[test]
fn values_that_are_others_are_stored() {
    let Values::F32(mut values) = derive(&of(lambert(30, 40), 0), &[30, 40]).unwrap() else { panic!("another type") };
    values[7] = values[7].next_up();
    let dataset = places(0, 30, 40, Values::F32(values));
    let (bytes, stored) = compressed(dataset.clone());
    assert!(stored > 0);
    let back = decoded(&bytes, &Limits::default()).unwrap();
    assert_eq!(back.fields[0].values, dataset.fields[0].values);
    assert_eq!(back.fields[0].derived, None);
}

/// The last bit of what these functions give on this machine; docs/format.md holds others to it.
#[test]
fn places_are_the_same_on_every_machine() {
    let sum = |part, shape: &[usize]| xxhash_rust::xxh3::xxh3_64(&derive(&of(lambert(300, 400), part), shape).unwrap().to_le_bytes());
    let sums = [sum(0, &[300, 400]), sum(1, &[300, 400]), sum(2, &[300]), sum(3, &[400])];
    assert_eq!(sums.map(|sum| format!("{sum:016x}")), SUMS);
}

const SUMS: [&str; 4] = ["82fb597623ee4d6f", "6cdb9b821d63e055", "a826166fe078ec61", "82f75cfc743feda7"];

#[test]
fn a_definition_that_yields_something_else_is_refused() {
    for (rule, part, shape) in
        [(0, 0, [30, 40].as_slice()), (3, 0, &[30, 40]), (2, 4, &[30, 40]), (2, 0, &[40, 30]), (2, 0, &[1200]), (2, 2, &[40]), (1, 0, &[30, 40])]
    {
        let derived = Derived { rule, part, definition: lambert(30, 40) };
        assert!(matches!(derive(&derived, shape), Err(Error::Corrupt { .. })), "{rule} {part} {shape:?}");
    }
    for length in 0..73 {
        assert!(derive(&of(lambert(30, 40)[..length].to_vec(), 0), &[30, 40]).is_err(), "{length}");
    }
    for at in 0..81 {
        for byte in [0, 1, 0x80, 0xff] {
            let mut damaged = lambert(30, 40);
            damaged[at] = byte;
            let yielded = derive(&of(damaged, 0), &[30, 40]);
            assert!(yielded.as_ref().map_or_else(|error| error.code() == "corrupt", |values| values.len() == 1200), "{at} {byte}");
        }
    }
}

/// An archive, of which the index says that so many values follow from a few bytes.
fn claiming(rows: u32, columns: u32, variables: usize) -> Vec<u8> {
    let empty = derive(&of(lambert(2, 2), 0), &[2, 2]).unwrap();
    let (bytes, _) = compressed(places(0, 2, 2, empty));
    let mut encoder = minicbor::Encoder::new(vec![0u8]);
    let e = &mut encoder;
    e.map(1).unwrap().u8(0).unwrap().array(1).unwrap().map(6).unwrap();
    e.u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(0).unwrap().u8(2).unwrap().u8(0).unwrap().u8(3).unwrap().array(2).unwrap();
    for length in [rows, columns] {
        e.array(3).unwrap().str("d").unwrap().u32(length).unwrap().bool(false).unwrap();
    }
    e.u8(4).unwrap().array(0).unwrap().u8(5).unwrap().array(variables as u64).unwrap();
    for _ in 0..variables {
        e.map(7).unwrap().u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(8).unwrap().u8(2).unwrap().array(2).unwrap().u8(0).unwrap().u8(1).unwrap();
        e.u8(3).unwrap().array(0).unwrap().u8(4).unwrap().array(0).unwrap();
        e.u8(5).unwrap().array(3).unwrap().u8(2).unwrap().u8(0).unwrap().bytes(&lambert(rows, columns)).unwrap();
        e.u8(6).unwrap().array(1).unwrap().map(3).unwrap().u8(1).unwrap().array(7).unwrap();
        for side in [1, 1, rows, columns, 1, 1, 1] {
            e.u32(side).unwrap();
        }
        e.u8(2).unwrap().bytes(&[]).unwrap().u8(5).unwrap().map(6).unwrap();
        e.u8(0).unwrap().u8(0).unwrap().u8(1).unwrap().f64(0.0).unwrap().u8(2).unwrap().f64(0.0).unwrap();
        e.u8(3).unwrap().f64(0.0).unwrap().u8(4).unwrap().u8(0).unwrap().u8(5).unwrap().u64(0).unwrap();
    }
    forged::ended(bytes[..forged::SUPERBLOCK].to_vec(), &encoder.into_writer())
}

#[test]
fn a_few_bytes_do_not_claim_much_work() {
    assert!(matches!(decoded(&claiming(40, 50, 1), &Limits::default()), Err(Error::ChecksumMismatch { .. })));
    assert!(matches!(decoded(&claiming(1 << 14, 1 << 14, 1), &Limits::default()), Err(Error::LimitExceeded { limit, .. }) if limit == 1 << 27));
    assert!(matches!(decoded(&claiming(2, 2, 257), &Limits::default()), Err(Error::LimitExceeded { limit: 256, .. })));
    assert!(matches!(decoded(&claiming(1000, 1000, 1), &Limits { decoded_bytes: 1 << 20, ..Limits::default() }), Err(Error::LimitExceeded { .. })));
}
