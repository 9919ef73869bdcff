//! Archives that are there already are added to, changed and salvaged.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{fails, folder_with, listed, npy, ok, warns};
use std::fs;
use std::path::Path;

/// Files of one name and different values, each in a folder of its own.
fn parts(at: &Path) {
    for (folder, start) in [("a", 0), ("b", 1000), ("c", 1500)] {
        fs::create_dir(at.join(folder)).unwrap();
        let values: Vec<f64> = (start..start + 500).map(|i| f64::from(i) / 7.0).collect();
        fs::write(at.join(folder).join("x.npy"), npy(&values)).unwrap();
    }
}

fn values(at: &Path, archive: &str, out: &str) -> Vec<f64> {
    ok(at, &["extract", archive, "-C", out]);
    let bytes = fs::read(at.join(out).join("x.npy")).unwrap();
    bytes[128..].chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
}

#[test]
fn more_is_appended_with_the_bound_that_was_there() {
    let folder = folder_with(&[]);
    let at = folder.path();
    parts(at);
    ok(at, &["compress", "a/x.npy", "-o", "x.dca", "--abs", "0.01", "--no-times"]);
    let before = fs::read(at.join("x.dca")).unwrap();
    ok(at, &["append", "x.dca", "b/x.npy", "c/x.npy"]);
    let after = fs::read(at.join("x.dca")).unwrap();
    assert_eq!(after[24..before.len()], before[24..], "nothing is written again");
    let appended = values(at, "x.dca", "out");
    let expected: Vec<f64> = (0..500).chain(1000..1500).chain(1500..2000).map(|i| f64::from(i) / 7.0).collect();
    assert_eq!(appended.len(), expected.len());
    let worst = appended.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst > 0.0 && worst <= 0.01, "{worst}");
    assert!(appended[500..] != expected[500..], "the bound holds for what was added, too");
    ok(at, &["test", "x.dca"]);
    // What does not fit leaves the archive alone, to the last byte.
    fs::write(at.join("y.npy"), npy(&[1.0])).unwrap();
    assert!(fails(at, &["append", "x.dca", "y.npy"]).contains("no variable \"x\""));
    assert!(fails(at, &["append", "x.dca", "b/x.npy", "--along", "z"]).contains("no dimension \"z\""));
    assert!(fails(at, &["append", "x.dca", "missing.npy"]).contains("no such file"));
    assert_eq!(fs::read(at.join("x.dca")).unwrap(), after);
}

#[test]
fn files_are_added_updated_deleted_and_renamed() {
    let folder = folder_with(&[]);
    let at = folder.path();
    parts(at);
    fs::write(at.join("notes.txt"), "first").unwrap();
    ok(at, &["compress", "a/x.npy", "-o", "x.dca", "--lossless"]);
    warns(at, &["add", "x.dca", "notes.txt", "--lossless"]);
    assert!(fails(at, &["add", "x.dca", "notes.txt", "--lossless"]).contains("notes.txt"));
    fs::write(at.join("notes.txt"), "second").unwrap();
    warns(at, &["update", "x.dca", "notes.txt", "--lossless"]);
    ok(at, &["extract", "x.dca", "-C", "one"]);
    assert_eq!(fs::read_to_string(at.join("one/notes.txt")).unwrap(), "second");
    assert_eq!(fs::read(at.join("one/x.npy")).unwrap(), fs::read(at.join("a/x.npy")).unwrap());
    ok(at, &["rename", "x.dca", "notes.txt", "docs/read me.txt"]);
    assert!(fails(at, &["delete", "x.dca", "notes.txt"]).contains("docs/read me.txt"));
    ok(at, &["delete", "x.dca", "x.npy"]);
    ok(at, &["extract", "x.dca", "-C", "two"]);
    assert_eq!(listed(&at.join("two")), ["docs/read me.txt"]);
    ok(at, &["test", "x.dca"]);
    assert_eq!(listed(at).iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn an_archive_that_another_program_changes_is_left_alone() {
    let folder = folder_with(&[]);
    let at = folder.path();
    parts(at);
    ok(at, &["compress", "a/x.npy", "-o", "x.dca", "--lossless"]);
    let file = fs::File::open(at.join("x.dca")).unwrap();
    file.lock().unwrap();
    assert!(fails(at, &["append", "x.dca", "b/x.npy"]).contains("another program"));
    drop(file);
    ok(at, &["append", "x.dca", "b/x.npy"]);
}

#[test]
fn what_is_whole_of_a_cut_archive_is_saved() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let values: Vec<f64> = (0..1 << 22).map(|i| (f64::from(i) / 1000.0).sin()).collect();
    fs::write(at.join("x.npy"), npy(&values)).unwrap();
    ok(at, &["compress", "x.npy", "-o", "x.dca", "--abs", "0.001", "--level", "fast"]);
    let bytes = fs::read(at.join("x.dca")).unwrap();
    fs::write(at.join("cut.dca"), &bytes[..bytes.len() * 3 / 4]).unwrap();
    fails(at, &["extract", "cut.dca", "-C", "no"]);
    let told = warns(at, &["salvage", "cut.dca", "-o", "saved.dca"]);
    assert!(told.contains("1 of 2 chunks are lost"), "{told}");
    ok(at, &["test", "saved.dca"]);
    let report = ok(at, &["list", "saved.dca"]);
    assert!(report.contains("x.npy"), "{report}");
    fs::write(at.join("short.dca"), &bytes[..100]).unwrap();
    assert!(fails(at, &["salvage", "short.dca", "-o", "none.dca"]).contains("nothing of it is whole"));
    assert!(!at.join("none.dca").exists());
}

#[test]
fn archives_are_merged_and_written_anew() {
    let folder = folder_with(&["gfs_t2m.npy", "coads_sst.nc"]);
    let at = folder.path();
    parts(at);
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0.01"]);
    ok(at, &["compress", "coads_sst.nc", "a/x.npy", "-o", "b.dca", "--rel", "1e-3"]);
    let told = ok(at, &["merge", "a.dca", "b.dca", "-o", "c.dca"]);
    assert!(told.contains("3 files of 2 archives"), "{told}");
    ok(at, &["test", "c.dca"]);
    for archive in ["a.dca", "b.dca"] {
        ok(at, &["extract", archive, "-C", "apart"]);
    }
    ok(at, &["extract", "c.dca", "-C", "together"]);
    let names = listed(&at.join("together"));
    assert_eq!(names, ["coads_sst.nc", "gfs_t2m.npy", "x.npy"]);
    for name in &names {
        let [apart, together] = ["apart", "together"].map(|folder| fs::read(at.join(folder).join(name)).unwrap());
        assert!(apart == together, "{name}");
    }
    // What is known of files, certificates and models is the same line by line.
    let lines = |archive: &str| ok(at, &["list", archive]).lines().filter(|line| !line.contains(".dca")).map(str::to_owned).collect::<Vec<_>>();
    let apart: Vec<String> = lines("a.dca").into_iter().chain(lines("b.dca")).collect();
    for line in lines("c.dca") {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(apart.iter().any(|other| words(other) == words(&line)), "{line}");
    }
    assert!(fails(at, &["merge", "c.dca", "a.dca", "-o", "d.dca"]).contains("a.dca: has a file \"gfs_t2m.npy\", and so has c.dca"));
    assert!(fails(at, &["merge", "a.dca", "b.dca", "-o", "a.dca"]).contains("one of the inputs"));
    assert!(!at.join("d.dca").exists());
    // Without what was deleted it is what it would have been.
    ok(at, &["merge", "b.dca", "-o", "alone.dca"]);
    ok(at, &["delete", "c.dca", "gfs_t2m.npy"]);
    let long = fs::metadata(at.join("c.dca")).unwrap().len();
    let told = ok(at, &["compact", "c.dca"]);
    let short = fs::read(at.join("c.dca")).unwrap();
    assert!((short.len() as u64) < long && told.contains(&format!("{long} -> {} bytes", short.len())), "{told}");
    assert!(short == fs::read(at.join("alone.dca")).unwrap());
    // No other program loses what it adds meanwhile.
    let held = fs::File::open(at.join("c.dca")).unwrap();
    held.lock().unwrap();
    assert!(fails(at, &["compact", "c.dca"]).contains("another program"));
    drop(held);
    // Damage is not copied.
    let mut bytes = short;
    bytes[200] ^= 1;
    fs::write(at.join("c.dca"), &bytes).unwrap();
    assert!(fails(at, &["compact", "c.dca"]).contains("c.dca: checksum mismatch"));
    assert!(fs::read(at.join("c.dca")).unwrap() == bytes);
    assert_eq!(listed(at).iter().filter(|name| name.starts_with('.')).count(), 0);
}

#[test]
fn a_comment_is_set_shown_kept_and_removed() {
    let folder = folder_with(&[]);
    let at = folder.path();
    parts(at);
    ok(at, &["compress", "a/x.npy", "-o", "x.dca", "--lossless", "--comment", "made on Monday"]);
    assert_eq!(ok(at, &["comment", "x.dca"]), "made on Monday\n");
    ok(at, &["append", "x.dca", "b/x.npy"]);
    ok(at, &["merge", "x.dca", "-o", "y.dca"]);
    assert!(ok(at, &["list", "y.dca"]).ends_with("\nmade on Monday\n"));
    assert!(ok(at, &["list", "y.dca", "--json"]).contains("\"comment\": \"made on Monday\""));
    fs::write(at.join("note.txt"), "two\nlines \u{1b}[31m").unwrap();
    ok(at, &["comment", "x.dca", "--file", "note.txt"]);
    assert_eq!(ok(at, &["comment", "x.dca"]), "two\nlines \u{1b}[31m\n");
    assert_eq!(values(at, "x.dca", "out").len(), 1000);
    fs::write(at.join("note.txt"), b"\xff").unwrap();
    assert!(fails(at, &["comment", "x.dca", "--file", "note.txt"]).contains("note.txt: not text"));
    assert!(!common::deepcomp(at, &["comment", "x.dca", "--set", "a", "--remove"]).status.success());
    ok(at, &["comment", "x.dca", "--set", "short"]);
    assert_eq!(ok(at, &["comment", "x.dca"]), "short\n");
    ok(at, &["comment", "x.dca", "--remove"]);
    assert_eq!(ok(at, &["comment", "x.dca"]), "");
    assert!(ok(at, &["list", "x.dca", "--json"]).contains("\"comment\": null"));
    ok(at, &["test", "x.dca"]);
}
