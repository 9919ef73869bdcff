//! Names of files: what goes in comes out under the same name, nothing overwrites anything, and nothing leads elsewhere.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "../../../tests/forged/mod.rs"]
mod records;

use common::{deepcomp, fails, folder_with, forged, gif, listed, ok, said, sample, warns};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

#[cfg(unix)]
#[test]
fn whatever_a_file_is_called_it_comes_back() {
    use std::os::unix::ffi::OsStrExt;
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    let names: [&[u8]; 8] =
        [b"wrfout_d01_2020-01-01_00:00:00", b"back\\slash.nc", b"b\xff.bin", b"b\xfe.bin", b"\xee\xbe\x80.bin", b".hidden.nc", b"-rf", b"line\nfeed \x1b[31m"];
    for name in names {
        std::fs::write(at.join("d").join(std::ffi::OsStr::from_bytes(name)), name).unwrap();
    }
    let kept = warns(at, &["compress", "d", "-o", "a.dca", "--lossless"]);
    assert!(kept.contains("feed \\x1b[31m: kept byte for byte") && !kept.contains('\x1b'), "{kept}");
    ok(at, &["test", "a.dca"]);
    ok(at, &["extract", "a.dca", "-C", "out"]);
    for name in names {
        assert_eq!(std::fs::read(at.join("out/d").join(std::ffi::OsStr::from_bytes(name))).unwrap(), name);
    }
    assert_eq!(std::fs::read_dir(at.join("out/d")).unwrap().count(), names.len());
    let table = ok(at, &["list", "a.dca"]);
    assert!(table.contains("b\\xff.bin") && !table.contains('\x1b'), "{table}");
    let wrf = at.join("d/wrfout_d01_2020-01-01_00:00:00");
    assert!(ok(at, &["test", "a.dca", "--source", wrf.to_str().unwrap()]).contains("lossless kept"));
}

#[test]
fn pictures_that_become_png_do_not_overwrite_each_other() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    std::fs::copy(sample("blue_marble.png"), at.join("d/a.png")).unwrap();
    for (name, gray) in [("a.gif", 1), ("b.gif", 2), ("c.gif", 3), ("c.gif.png.gif", 4)] {
        std::fs::write(at.join("d").join(name), gif(gray)).unwrap();
    }
    ok(at, &["compress", "d", "-o", "a.dca", "--lossless"]);
    let message = warns(at, &["extract", "a.dca", "-C", "out"]);
    assert!(message.contains("a.png: written as") && message.contains("a.gif.png"), "{message}");
    assert_eq!(listed(&at.join("out/d")), ["a.gif.png", "a.png", "b.png", "c.gif.png.png", "c.png"]);
    assert!(std::fs::metadata(at.join("out/d/a.png")).unwrap().len() > 100_000, "the large one has its own name");
}

#[test]
fn variables_and_files_that_take_one_name_are_told_apart() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    std::fs::rename(at.join("coads_sst.nc"), at.join("d/x.nc")).unwrap();
    std::fs::write(at.join("d/x.npy"), common::npy(&[1.0, 2.0])).unwrap();
    ok(at, &["compress", "d", "-o", "a.dca", "--lossless"]);
    warns(at, &["extract", "a.dca", "-C", "out", "--as", "netcdf"]);
    assert_eq!(listed(&at.join("out/d")), ["x.nc", "x.npy.nc"]);
}

#[test]
fn one_bad_name_leaves_the_others_alone() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let bad = ["../up", "/abs", "a/../../b", "..", ".", "", "./a", "a//b", "nul\0"];
    let names = [&bad[..], &["good", "fine/too", "C:\\x"]].concat();
    std::fs::write(at.join("a.dca"), forged(&names)).unwrap();
    let message = fails(at, &["extract", "a.dca", "-C", "in/out"]);
    assert!(message.contains("\"../up\" in the archive is no name below a folder") && message.contains("9 of 12 files"), "{message}");
    assert_eq!(
        listed(at),
        if cfg!(windows) { ["a.dca", "in/out/C__x", "in/out/fine/too", "in/out/good"] } else { ["a.dca", "in/out/C:\\x", "in/out/fine/too", "in/out/good"] }
    );
    assert!(fails(at, &["test", "a.dca"]).contains("\"../up\""));
    std::fs::write(at.join("b.dca"), forged(&names[9..])).unwrap();
    ok(at, &["test", "b.dca"]);
}

/// The same archive with one name turned into another of the same length, all checksums right.
fn renamed(archive: &[u8], from: &str, to: &str) -> Vec<u8> {
    let (index, payload) = records::index(archive);
    let mut cbor = records::unpacked(payload);
    let place = cbor.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
    cbor[place..place + from.len()].copy_from_slice(to.as_bytes());
    records::ended(archive[..index].to_vec(), &[&[0][..], &cbor].concat())
}

#[test]
fn a_name_that_two_files_have_is_refused_by_test_and_told_apart_by_extract() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let names: Vec<String> = (0..20).map(|n| format!("name-{n:02}.bin")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    std::fs::write(at.join("a.dca"), renamed(&forged(&names), "name-07.bin", "name-03.bin")).unwrap();
    assert!(fails(at, &["test", "a.dca"]).contains("names two files \"name-03.bin\""));
    warns(at, &["extract", "a.dca", "-C", "out"]);
    assert_eq!(listed(&at.join("out")).len(), 20);
    assert_eq!(std::fs::read_to_string(at.join("out/name-03.bin")).unwrap(), "name-03.bin");
    assert_eq!(std::fs::read_to_string(at.join("out/name-03.2.bin")).unwrap(), "name-07.bin");
}

#[test]
fn what_exists_stays_unless_it_is_forced() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    std::fs::write(at.join("note"), "new").unwrap();
    warns(at, &["compress", "gfs_t2m.npy", "note", "-o", "a.dca", "--lossless"]);
    std::fs::create_dir(at.join("out")).unwrap();
    std::fs::write(at.join("out/note"), "old").unwrap();
    let message = fails(at, &["extract", "a.dca", "-C", "out"]);
    assert!(message.contains("--force") && message.contains("1 of 2 files"), "{message}");
    assert_eq!(
        (listed(&at.join("out")), std::fs::read_to_string(at.join("out/note")).unwrap()),
        (vec!["gfs_t2m.npy".to_owned(), "note".to_owned()], "old".to_owned())
    );
    ok(at, &["extract", "a.dca", "-C", "out", "--force"]);
    assert_eq!(std::fs::read_to_string(at.join("out/note")).unwrap(), "new");
    assert!(fails(at, &["compress", "note", "./note", "-o", "b.dca", "--lossless"]).contains("rename"));
}

#[test]
fn times_and_permission_to_run_come_back() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let time = UNIX_EPOCH - Duration::new(123_456, 789_000_000);
    let touch = |name: &str, time| std::fs::File::options().write(true).open(at.join(name)).unwrap().set_modified(time).unwrap();
    std::fs::write(at.join("tool"), "#!/bin/sh\n").unwrap();
    touch("tool", time);
    #[cfg(unix)]
    std::fs::set_permissions(at.join("tool"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let args = ["compress", "gfs_t2m.npy", "tool", "--lossless", "-o"];
    let compress = |rest: &[&str]| {
        warns(at, &[&args[..], rest].concat());
        std::fs::read(at.join(rest[0])).unwrap()
    };
    let (kept, bare) = (compress(&["a.dca"]), compress(&["b.dca", "--no-times"]));
    ok(at, &["extract", "a.dca", "-C", "out"]);
    let out = std::fs::metadata(at.join("out/tool")).unwrap();
    assert_eq!(out.modified().unwrap(), time);
    #[cfg(unix)]
    assert_ne!(std::os::unix::fs::PermissionsExt::mode(&out.permissions()) & 0o100, 0);
    let original = |name: &str| std::fs::metadata(Path::new(at).join(name)).unwrap().modified().unwrap();
    assert_eq!(original("gfs_t2m.npy"), original("out/gfs_t2m.npy"));

    touch("tool", UNIX_EPOCH);
    assert!(kept != compress(&["a.dca"]) && bare == compress(&["b.dca", "--no-times"]) && bare.len() < kept.len());
    ok(at, &["extract", "b.dca", "-C", "bare"]);
    assert!(original("bare/tool") > UNIX_EPOCH + Duration::from_secs(1_000_000_000));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_links_that_lead_out() {
    let folder = folder_with(&[]);
    let at = folder.path();
    for made in ["elsewhere", "out/inside"] {
        std::fs::create_dir_all(at.join(made)).unwrap();
    }
    std::fs::write(at.join("elsewhere/victim"), "safe").unwrap();
    std::os::unix::fs::symlink(at.join("elsewhere"), at.join("out/link")).unwrap();
    std::os::unix::fs::symlink("inside", at.join("out/good")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/victim", at.join("out/file")).unwrap();
    std::os::unix::fs::symlink("../elsewhere/new", at.join("out/dangling")).unwrap();
    std::fs::write(at.join("a.dca"), forged(&["link/owned.txt", "good/fine", "file", "dangling", "plain"])).unwrap();
    for force in [&[][..], &["--force"]] {
        let output = deepcomp(at, &[&["extract", "a.dca", "-C", "out"], force].concat());
        assert!(said(&output).contains("leads out of the folder") && !output.status.success());
        assert_eq!(listed(&at.join("elsewhere")), ["victim"]);
        assert_eq!(std::fs::read_to_string(at.join("elsewhere/victim")).unwrap(), "safe");
        assert_eq!(std::fs::read_to_string(at.join("out/inside/fine")).unwrap(), "good/fine");
    }
    assert!(at.join("out/file").is_symlink() && at.join("out/plain").is_file());
}

#[test]
fn a_file_and_a_folder_of_one_name_both_come_back() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir_all(at.join("p")).unwrap();
    std::fs::create_dir_all(at.join("q/a")).unwrap();
    std::fs::write(at.join("p/a"), "file").unwrap();
    std::fs::write(at.join("q/a/b"), "below").unwrap();
    warns(at, &["compress", "p/a", "q/a", "-o", "a.dca", "--lossless"]);
    warns(at, &["extract", "a.dca", "-C", "out"]);
    assert_eq!(listed(&at.join("out")), ["a.2", "a/b"]);
}
