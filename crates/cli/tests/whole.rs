//! A folder with all that is odd goes in and comes back whole, and every oddity is said once.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{folder_with, gif, listed, ok, sample, warns};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Names that some system or shell has trouble with.
const NAMES: [&[u8]; 10] = [
    b"wrfout_d01_2020-01-01_00:00:00",
    b"back\\slash.nc",
    b".hidden.nc",
    b"-rf",
    b"CON",
    b"a b\tc",
    b"new\nline",
    b"latin1_\xe9.txt",
    "\u{202E}cod.exe \u{1F30D}".as_bytes(),
    b"UPPER",
];

fn make(at: &Path, many: usize) {
    let sst = std::fs::read(sample("coads_sst.nc")).unwrap();
    let put = |name: &[u8], content: &[u8]| {
        let path = at.join(OsStr::from_bytes(name));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    };
    for (n, name) in NAMES.iter().enumerate() {
        put(name, &if n < 3 { sst.clone() } else { common::npy(&[n as f64]) });
    }
    put(b"upper", &common::npy(&[0.5]));
    put(b".folder/below", &common::npy(&[1.5]));
    put(b"empty_file", b"");
    for (name, gray) in [(b"a.gif".as_slice(), 1), (b"b.gif", 2)] {
        put(name, &gif(gray));
    }
    std::fs::copy(sample("blue_marble.png"), at.join("a.png")).unwrap();
    let forecast = std::fs::read(sample("gfs_upper_air.grib2")).unwrap();
    put(b"forecast.grib2", &forecast);
    put(b"zz_damaged.grib2", &forecast[..forecast.len() - 40]);
    std::fs::create_dir(at.join("empty")).unwrap();
    symlink("upper", at.join("link")).unwrap();
    symlink(".", at.join("round")).unwrap();
    symlink("nowhere", at.join("lost")).unwrap();
    let script = put(b"run.sh", b"#!/bin/sh\necho run\n");
    std::fs::set_permissions(script, PermissionsExt::from_mode(0o755)).unwrap();
    for n in 0..many {
        put(format!("many/{:03}/{n:06}.txt", n / 1000).as_bytes(), format!("note {n}").as_bytes());
    }
    for (name, time) in [
        ("CON", UNIX_EPOCH + Duration::from_nanos(1)),
        ("-rf", UNIX_EPOCH - Duration::from_secs(86_400)),
        ("upper", UNIX_EPOCH + Duration::new(4_000_000_000, 5)),
    ] {
        File::options().write(true).open(at.join(name)).unwrap().set_times(FileTimes::new().set_modified(time)).unwrap();
    }
}

/// Files below a folder, links to files as what they lead to: content, whether it may be run, time.
type Files = BTreeMap<PathBuf, (Vec<u8>, bool, SystemTime)>;

fn files(root: &Path, below: &Path, all: &mut Files) {
    for entry in std::fs::read_dir(root.join(below)).unwrap().map(Result::unwrap) {
        let name = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            files(root, &name, all);
        } else if let Ok(metadata) = std::fs::metadata(entry.path())
            && metadata.is_file()
        {
            all.insert(name, (std::fs::read(entry.path()).unwrap(), metadata.permissions().mode() & 0o100 != 0, metadata.modified().unwrap()));
        }
    }
}

fn found(root: &Path) -> Files {
    let mut all = Files::new();
    files(root, Path::new(""), &mut all);
    all
}

fn pixels(png: &[u8]) -> deepcomp::field::Values {
    deepcomp::formats::read(png, "x", &deepcomp::Limits::default()).unwrap().fields[0].values.clone()
}

fn goes_in_and_comes_back(many: usize) {
    let folder = folder_with(&[]);
    let at = folder.path();
    make(&at.join("d"), many);
    let message = warns(at, &["compress", "d", "-o", "a.dca", "--lossless", "--model", "none"]);
    let mut expected = vec![
        "deepcomp: left out: d/empty, an empty folder".to_owned(),
        "deepcomp: left out: d/lost, a link that leads nowhere".to_owned(),
        "deepcomp: left out: d/round, a link to a folder".to_owned(),
        "deepcomp: d/link: a link, taken as the file it leads to".to_owned(),
        // Of those that are no data some are told one by one.
        format!("deepcomp: {} more: kept byte for byte, not as data", many + 2 - 8),
    ];
    let told: Vec<&str> = message.lines().filter(|l| !l.contains(": kept byte for byte, not as data: ") || l.contains("damaged")).collect();
    let damaged: Vec<&&str> = told.iter().filter(|l| l.starts_with("deepcomp: d/zz_damaged.grib2: kept byte for byte, not as data: malformed GRIB")).collect();
    assert_eq!(damaged.len(), 1, "{message}");
    expected.push((*damaged[0]).to_owned());
    let (mut told, mut wanted): (Vec<String>, Vec<String>) = (told.into_iter().map(str::to_owned).collect(), expected);
    told.sort();
    wanted.sort();
    assert_eq!(told, wanted);
    ok(at, &["test", "a.dca"]);
    let message = warns(at, &["extract", "a.dca", "-C", "out"]);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("a.png: written as") && message.contains("a.gif.png"), "{message}");

    let (before, mut after) = (found(&at.join("d")), found(&at.join("out/d")));
    assert_eq!(before.len(), NAMES.len() + 2 + 1 + 3 + 2 + 1 + 1 + many);
    for (name, (content, executable, time)) in &before {
        // GIF comes back as PNG, beside one that had its name.
        let back = match name.to_str() {
            Some("a.gif") => PathBuf::from("a.gif.png"),
            Some("b.gif") => PathBuf::from("b.png"),
            _ => name.clone(),
        };
        let (found, runs, then) = after.remove(&back).unwrap_or_else(|| panic!("{} is lost", back.display()));
        if back == *name && name.extension().is_none_or(|e| e != "png" && e != "grib2") || name.starts_with("zz_damaged.grib2") {
            assert!(found == *content, "{}", name.display());
        } else if name.extension().is_some_and(|e| e != "grib2") {
            assert_eq!(pixels(&found), pixels(content), "{}", name.display());
        } else {
            let read = |bytes: &[u8]| deepcomp::formats::read(bytes, "x", &deepcomp::Limits::default()).unwrap().fields;
            assert!(read(&found) == read(content), "{}", name.display());
        }
        assert_eq!((runs, then), (*executable, *time), "{}", name.display());
    }
    assert!(after.is_empty(), "{:?}", after.keys());
    assert_eq!(listed(at).iter().filter(|name| name.contains(".deepcomp-")).count(), 0);
}

#[test]
fn a_folder_of_oddities_goes_in_and_comes_back_whole() {
    goes_in_and_comes_back(2_000);
}

/// Takes minutes without optimisation: `cargo test --release -p deepcomp-cli --test whole -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn so_do_a_hundred_thousand_files() {
    goes_in_and_comes_back(100_000);
}
