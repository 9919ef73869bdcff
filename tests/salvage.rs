//! Archives that were cut off, or whose index is damaged, give back what is whole.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor, Salvage, salvage};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits};
use std::sync::Arc;

fn shipped() -> Arc<Model> {
    Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()
}

fn models() -> Models {
    Models::from_iter([shipped()])
}

fn hills(count: usize, width: usize) -> Vec<f32> {
    (0..count).map(|i| 280.0 + ((i / width) as f32 / 50.0).sin() * 9.0 + ((i % width) as f32 / 70.0).cos() * 4.0 + (i * i % 17) as f32 * 0.01).collect()
}

/// A large file of several chunks, which the network codes, small ones that come to more than a mebibyte, and one more.
fn archive() -> Vec<u8> {
    let options = Options { level: Level::Fast, ..Options::new(ErrorBound::absolute(0.05).unwrap()) };
    let mut compressor = Compressor::empty(&options);
    let array = |values, shape: &[usize]| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    compressor.add(array(Values::F32(hills(3000 * 1000, 1000)), &[3000, 1000]), "large.npy").unwrap();
    for number in 0..5 {
        compressor.add(array(Values::F32(hills(300 * 200, 200 + number)), &[300, 200]), &format!("small-{number}.npy")).unwrap();
    }
    compressor.add(array(Values::I16((0..1024 * 1024).map(|i| (i % 1024) as i16).collect()), &[1024, 1024]), "counts.npy").unwrap();
    compressor.add(array(Values::F32(vec![1.0; 300]), &[300]), "last.npy").unwrap();
    compressor.finish().unwrap().0
}

fn decoded(bytes: &[u8]) -> Vec<(String, Dataset)> {
    let archive = Archive::open(bytes, &Limits::default()).unwrap();
    let names: Vec<String> = archive.files().map(str::to_owned).collect();
    let dataset = |file| Decompressor::new(archive.clone(), file, &models()).unwrap().finish(bytes).unwrap();
    names.into_iter().enumerate().map(|(file, name)| (name, dataset(file))).collect()
}

fn saved(bytes: &[u8]) -> Salvage {
    salvage(bytes, &Limits::default(), &models()).unwrap()
}

#[test]
fn a_whole_archive_comes_back_as_it_was() {
    let bytes = archive();
    let salvage = saved(&bytes);
    assert_eq!(decoded(&salvage.bytes), decoded(&bytes));
    assert!(salvage.variables.iter().all(|v| v.is_in && v.whole == v.chunks) && salvage.variables.len() == 8);
    // Headers are not needed there any more.
    assert!(salvage.bytes.len() <= bytes.len());
}

#[test]
fn an_archive_without_its_end_gives_back_every_whole_chunk() {
    let bytes = archive();
    let whole = decoded(&bytes);
    let (index, _) = forged::index(&bytes);
    let salvage = saved(&bytes[..index]);
    // Of the last file nothing says what it is.
    assert_eq!((salvage.unknown, salvage.damaged), (1, 0));
    let back = decoded(&salvage.bytes);
    assert_eq!(
        back.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["small-0.npy", "small-1.npy", "small-2.npy", "small-3.npy", "small-4.npy", "large.npy", "counts.npy"]
    );
    for (name, dataset) in back {
        let (_, before) = whole.iter().find(|(other, _)| *other == name).unwrap();
        assert_eq!(dataset.fields[0].values, before.fields[0].values, "{name}");
    }
    let archive = Archive::open(&salvage.bytes, &Limits::default()).unwrap();
    let report = &archive.variables(5).unwrap()[0];
    assert!(report.bound == ErrorBound::absolute(0.05).unwrap() || (report.absolute_bound - 0.05).abs() < 1e-8, "{report:?}");
    assert!(report.max_abs_error > 0.04 && report.max_abs_error <= report.absolute_bound, "{report:?}");
}

#[test]
fn of_an_archive_that_is_cut_anywhere_whole_chunks_come_back_and_the_others_are_missing() {
    let bytes = archive();
    let (_, whole) = &decoded(&bytes)[0];
    let Values::F32(whole) = &whole.fields[0].values else { panic!("another type") };
    let mut before = 0;
    for cut in (24..bytes.len()).step_by(bytes.len() / 40) {
        let salvage = saved(&bytes[..cut]);
        let large = salvage.variables.iter().find(|v| v.file == "large.npy");
        let chunks = large.map_or(0, |v| v.whole);
        assert!(chunks >= before);
        before = chunks;
        let Some((_, dataset)) = decoded(&salvage.bytes).into_iter().find(|(name, _)| name == "large.npy") else {
            assert_eq!(chunks, 0);
            continue;
        };
        let Values::F32(back) = &dataset.fields[0].values else { panic!("another type") };
        let lost = back.iter().filter(|v| v.is_nan()).count();
        assert!(back.iter().zip(whole).all(|(a, b)| a == b || a.is_nan()));
        assert_eq!(lost == 0, chunks == large.unwrap().chunks, "{cut}");
    }
    assert_eq!(before, 2);
}

#[test]
fn behind_damage_the_search_goes_on() {
    let bytes = archive();
    let (index, _) = forged::index(&bytes);
    let mut damaged = bytes[..index].to_vec();
    // In the first chunk, and where a record begins.
    for at in [20_000, 20_500] {
        damaged[at] ^= 0x40;
    }
    let salvage = saved(&damaged);
    let large = salvage.variables.iter().find(|v| v.file == "large.npy").unwrap();
    assert_eq!((large.whole, large.chunks, large.is_in), (1, 2, true));
    assert!(salvage.damaged > 1000);
    // Where no value means "missing", a variable with a lost chunk is not there, and it is told.
    let counts = bytes.windows(2).rposition(|w| w == [0xdc, 2]).unwrap();
    let mut damaged = bytes[..index].to_vec();
    damaged[counts + 100] ^= 1;
    let salvage = saved(&damaged);
    assert!(salvage.variables.iter().all(|v| v.file != "counts.npy" || !v.is_in));
}

#[test]
fn what_was_coded_by_a_network_names_it() {
    let options = Options { level: Level::Best, model: Some(shipped()), ..Options::new(ErrorBound::absolute(0.01).unwrap()) };
    let dataset = Dataset::from_array("v", &[600, 500], Values::F32(hills(300_000, 500)), SourceFormat::ARRAY).unwrap();
    let (bytes, reports) = Compressor::new(dataset, "v.npy", &options).unwrap().finish().unwrap();
    assert_eq!(reports[0].model, Some(shipped().id()));
    let (index, _) = forged::index(&bytes);
    let salvage = saved(&bytes[..index]);
    let [(_, before)] = &decoded(&bytes)[..] else { panic!("one file") };
    let [(_, after)] = &decoded(&salvage.bytes)[..] else { panic!("one file") };
    assert_eq!(before.fields[0].values, after.fields[0].values);
    let without = deepcomp::archive::salvage(&bytes[..index], &Limits::default(), &Models::default());
    assert!(matches!(without, Err(Error::ModelUnavailable { .. })));
}

#[test]
fn other_files_are_no_archives_and_long_searches_end() {
    assert!(matches!(salvage(b"CDF\x01....".as_slice(), &Limits::default(), &Models::default()), Err(Error::NotAnArchive { .. })));
    // Many starts of records that are as long as they could be, with heads that are right.
    let mut bytes = archive()[..24].to_vec();
    let mut head = Vec::new();
    forged::put_record(&mut head, 1, &[0; 48_000]);
    for _ in 0..20_000 {
        bytes.extend(&head[..7]);
    }
    assert!(matches!(salvage(&bytes, &Limits::default(), &Models::default()), Err(Error::LimitExceeded { .. })));
}
