//! What a bound must not do, and what is said of it: zeros, signs, sums, coarse bounds, files that were compressed before, and archives that are damaged.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{fails, folder_with, ok, warns};
use deepcomp::field::{Attribute, Dataset, Dimension, Field, Missing, Values};
use deepcomp::formats::netcdf3;
use std::path::Path;

/// Rain and the temperature beside it, in a NetCDF file.
fn weather(path: &Path) {
    let (height, width) = (60, 90);
    let wave = |i: usize| {
        let (y, x) = ((i / width) as f64 / 9.0, (i % width) as f64 / 13.0);
        20.0 * y.sin() * x.cos() + 3.0 * (x * 1.7 + y).sin()
    };
    let field = |name: &str, unit: &str, values: Vec<f32>| Field {
        name: name.to_owned(),
        dimensions: vec![0, 1],
        shape: vec![height, width],
        values: Values::F32(values),
        attributes: vec![Attribute::text("units", unit)],
        missing: Missing::NonFinite,
        derived: None,
    };
    let rain = (0..height * width).map(|i| (wave(i) - 9.0).max(0.0) as f32).collect();
    let warmth = (0..height * width).map(|i| (280.0 + wave(i)) as f32).collect();
    let dimension = |name: &str, length| Dimension { name: name.to_owned(), length, unlimited: false };
    let dataset = Dataset {
        format: netcdf3::FORMAT,
        dimensions: vec![dimension("y", height), dimension("x", width)],
        attributes: vec![Attribute::text("history", "made by hand")],
        fields: vec![field("pr", "mm", rain), field("tas", "K", warmth)],
        layout: Vec::new(),
    };
    std::fs::write(path, netcdf3::write(&dataset).unwrap()).unwrap();
}

fn json(folder: &Path, archive: &str) -> serde_json::Value {
    serde_json::from_str(&ok(folder, &["list", archive, "--json"])).unwrap()
}

/// The variables of a NetCDF file, by name.
fn read(path: &Path) -> Dataset {
    deepcomp::formats::read(&std::fs::read(path).unwrap(), "w.nc", &deepcomp::Limits::default()).unwrap()
}

fn values(dataset: &Dataset, name: &str) -> Vec<f32> {
    let Values::F32(values) = &dataset.fields.iter().find(|f| f.name == name).unwrap().values else { panic!("{name} is of another type") };
    values.clone()
}

#[test]
fn dry_places_stay_dry_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    weather(&at.join("w.nc"));
    let told = ok(at, &["compress", "w.nc", "-o", "a.dca", "--rel", "0.001", "--model", "none"]);
    assert!(told.contains("kept exactly: 0 ("), "{told}");
    ok(at, &["extract", "a.dca", "-C", "out"]);
    let (before, after) = (values(&read(&at.join("w.nc")), "pr"), values(&read(&at.join("out/w.nc")), "pr"));
    assert!(before.iter().zip(&after).all(|(a, b)| (*a == 0.0) == (*b == 0.0) || *a != 0.0));
    assert!(before.iter().filter(|v| **v == 0.0).count() > before.len() / 2);
    let listed = json(at, "a.dca");
    assert_eq!(listed["variables"][0]["kept"][0]["value"], 0.0);
    assert!(listed["variables"][0]["mean_magnitude"].as_f64().unwrap() > 0.0);
    ok(at, &["compress", "w.nc", "-o", "b.dca", "--rel", "0.001", "--model", "none", "--keep", "pr=none, auto"]);
    assert!(json(at, "b.dca")["variables"][0]["kept"].is_null());
    assert!(fails(at, &["compress", "w.nc", "-o", "c.dca", "--rel", "0.001", "--keep", "rain=0"]).contains("pr, tas"));
    assert!(fails(at, &["compress", "w.nc", "-o", "c.dca", "--rel", "0.001", "--keep", "everything"]).contains("nothing to keep"));
}

#[test]
fn bounds_that_destroy_are_refused_with_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    weather(&at.join("w.nc"));
    let refused = fails(at, &["compress", "w.nc", "-o", "a.dca", "--abs", "5"]);
    assert!(refused.contains("\"pr\" (5 is ") && refused.contains("\"tas\" (5 is ") && refused.contains("--coarse"), "{refused}");
    let refused = fails(at, &["compress", "w.nc", "-o", "a.dca", "--abs", "0.01"]);
    assert!(refused.contains("mm of \"pr\", K of \"tas\""), "{refused}");
    assert!(!at.join("a.dca").exists());
    ok(at, &["compress", "w.nc", "-o", "a.dca", "--bound", "pr=0.01, tas=0.02", "--model", "none"]);
    let told = warns(at, &["compress", "w.nc", "-o", "a.dca", "--abs", "5", "--coarse", "--model", "none"]);
    assert!(told.contains("large part of the range") && told.contains("pr (") && told.contains("tas ("), "{told}");
    let told = warns(at, &["compress", "w.nc", "-o", "a.dca", "--rel", "0.2", "--model", "none"]);
    assert!(told.contains("large part of the range"), "a relative one is the user's word: {told}");
}

#[test]
fn without_a_bound_advice_is_taken_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    weather(&at.join("w.nc"));
    let told = warns(at, &["compress", "w.nc", "-o", "a.dca", "--model", "none"]);
    assert!(told.contains("--bound recommended"), "{told}");
    assert_eq!(json(at, "a.dca")["variables"][1]["bound"], "0.01");
}

#[test]
fn sizes_are_those_of_files() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    std::fs::write(at.join("short.txt"), "short").unwrap();
    let on_disk = std::fs::metadata(at.join("coads_sst.nc")).unwrap().len();
    let told = ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--lossless", "--model", "none"]);
    let packed = std::fs::metadata(at.join("a.dca")).unwrap().len();
    assert!(told.contains(&format!("a.dca: {on_disk} -> {packed} bytes, ")) && told.contains("times smaller (values "), "{told}");
    assert!(ok(at, &["list", "a.dca"]).contains(&format!("{on_disk} -> {packed} bytes")));
    let told = common::deepcomp(at, &["compress", "short.txt", "-o", "b.dca", "--lossless"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("larger than the files"), "{told:?}");
    ok(at, &["compress", "coads_sst.nc", "-o", "c.dca", "--lossless", "--model", "none", "--no-times"]);
    assert_eq!(json(at, "c.dca")["file_bytes"], on_disk, "lengths follow from contents");
}

#[test]
fn what_was_lost_is_written_into_the_file_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    weather(&at.join("w.nc"));
    let text = |d: &Dataset| d.attributes.iter().find(|a| a.name == "history").and_then(|a| a.value.as_text()).unwrap();
    let mut source = "w.nc".to_owned();
    for round in 0..3 {
        let out = format!("out{round}");
        ok(at, &["compress", &source, "-o", "a.dca", "--bound", "pr=0.01, tas=0.02", "--model", "none", "--stable"]);
        ok(at, &["extract", "a.dca", "-C", &out, "--force"]);
        source = format!("{out}/w.nc");
        let back = read(&at.join(&source));
        let history = text(&back);
        assert_eq!(history.lines().count(), 2, "{history}");
        assert!(history.starts_with("DeepComp archive 1.") && history.contains("pr 0.01") && history.ends_with("made by hand"), "{history}");
        let names: Vec<&str> = back.fields[1].attributes.iter().map(|a| a.name.as_str()).filter(|n| n.starts_with("deepcomp_")).collect();
        assert_eq!(names, ["deepcomp_error_bound", "deepcomp_absolute_error_bound", "deepcomp_largest_error", "deepcomp_mean_error"]);
        assert!(back.fields[0].attributes.iter().any(|a| a.name == "deepcomp_kept" && a.value == Values::F64(vec![0.0])));
        assert_eq!(values(&back, "tas"), values(&read(&at.join("out0/w.nc")), "tas"), "compressing again moved something");
    }
    ok(at, &["compress", "w.nc", "-o", "exact.dca", "--lossless", "--model", "none"]);
    ok(at, &["extract", "exact.dca", "-C", "exact"]);
    assert!(std::fs::read(at.join("w.nc")).unwrap() == std::fs::read(at.join("exact/w.nc")).unwrap());
}

#[test]
fn all_that_is_whole_of_a_damaged_archive_comes_back() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    weather(&at.join("w.nc"));
    ok(at, &["compress", "w.nc", "gfs_t2m.npy", "-o", "a.dca", "--lossless", "--model", "none"]);
    let mut bytes = std::fs::read(at.join("a.dca")).unwrap();
    // The first chunk belongs to "pr".
    bytes[200] ^= 0x55;
    std::fs::write(at.join("bad.dca"), &bytes).unwrap();
    let told = fails(at, &["extract", "bad.dca", "-C", "out"]);
    assert!(told.contains("w.nc") && told.contains("\"pr\"") && told.contains("1 of 2"), "{told}");
    let back = read(&at.join("out/w.nc"));
    assert_eq!(back.fields.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["tas"]);
    assert_eq!(values(&back, "tas"), values(&read(&at.join("w.nc")), "tas"));
    assert!(std::fs::read(at.join("out/gfs_t2m.npy")).unwrap() == std::fs::read(at.join("gfs_t2m.npy")).unwrap());
    assert!(fails(at, &["test", "bad.dca"]).contains("\"pr\""));
    fails(at, &["extract", "bad.dca", "-C", "none", "--all-or-nothing"]);
    assert!(std::fs::read_dir(at.join("none")).map_or(true, |mut list| list.next().is_none()));
}
