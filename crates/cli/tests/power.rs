//! A disk that is full and a power cut at each operation of everything that writes archives: afterwards there is the old archive or the new one, never neither.
#![cfg(all(target_os = "linux", debug_assertions))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{command, folder_with, listed, npy, ok, said, warns};
use deepcomp::Limits;
use deepcomp::archive::Archive;
use std::fs;
use std::path::Path;

/// Exit status of a program that a power cut ended.
const CUT: i32 = 99;

/// What an archive holds: names and checksums, and what it says of itself.
fn held(path: &Path) -> Option<Vec<(String, Vec<u64>)>> {
    let bytes = fs::read(path).ok()?;
    let archive = Archive::open(&bytes, &Limits::default()).ok()?;
    let sums = |file| archive.variables(file).unwrap().iter().map(|variable| variable.checksum).collect();
    let files = archive.files().enumerate().map(|(file, name)| (name.to_owned(), sums(file)));
    Some(files.chain([(archive.comment().unwrap_or_default().to_owned(), Vec::new())]).collect())
}

/// Lets every operation of a command that writes `output` meet every fault; `old` is what is there before.
fn faults(args: &[&str], output: &str, sources: &[&str]) {
    let folder = folder_with(&[]);
    let at = folder.path();
    fs::write(at.join("x.npy"), npy(&[1.0, 2.0, 3.5])).unwrap();
    fs::write(at.join("y.npy"), npy(&(0..400).map(|i| f64::from(i * i % 97) / 7.0).collect::<Vec<_>>())).unwrap();
    fs::create_dir(at.join("more")).unwrap();
    fs::write(at.join("more/x.npy"), npy(&[4.0, 5.25])).unwrap();
    let compress = ["--lossless", "--model", "none", "--no-times"];
    for (name, input) in [("a.dca", "x.npy"), ("b.dca", "y.npy"), ("c.dca", "x.npy")] {
        ok(at, &[&["compress", input, "-o", name], &compress[..]].concat());
    }
    ok(at, &[&["compress", "y.npy", "-o", "p.dca", "--recovery", "5%"], &compress[..]].concat());
    ok(at, &["keygen", "key"]);
    warns(at, &["add", "a.dca", "y.npy", "--lossless", "--no-times"]);
    ok(at, &["rename", "a.dca", "y.npy", "z.npy"]);
    let before: Vec<(&str, Vec<u8>)> = sources.iter().chain([&output]).map(|name| (*name, fs::read(at.join(name)).unwrap())).collect();
    let restore = || {
        listed(at).iter().filter(|name| name.starts_with(".deepcomp-")).for_each(|name| fs::remove_file(at.join(name)).unwrap());
        before.iter().for_each(|(name, bytes)| fs::write(at.join(name), bytes).unwrap());
    };
    let names = listed(at);
    let old = held(&at.join(output)).unwrap();
    assert!(command(at).args(args).output().unwrap().status.success());
    let new = held(&at.join(output)).unwrap();
    for kind in ["full", "kept", "lost", "named", "torn", "last"] {
        let mut met = 0;
        for number in 0.. {
            restore();
            let fault = format!("{kind}:{number}");
            let run = command(at).args(args).env("DEEPCOMP_FAULT", &fault).output().unwrap();
            let now = held(&at.join(output));
            let told = format!("{args:?} {fault}: {} {now:?} {}", run.status, said(&run));
            if run.status.success() {
                assert!(now.as_ref() == Some(&new) && listed(at) == names, "{told}");
                break;
            }
            met += 1;
            assert!(now.as_ref().is_some_and(|now| *now == old || *now == new), "{told}");
            if kind == "full" {
                assert!(run.status.code() == Some(1) && said(&run).contains(output), "{told}");
                assert_eq!(listed(at), names, "{told}");
            } else {
                assert_eq!(run.status.code(), Some(CUT), "{told}");
                let left: Vec<String> = listed(at).into_iter().filter(|name| !name.starts_with(".deepcomp-")).collect();
                assert_eq!(left, names, "{told}");
            }
            // It is no hindrance to the next time, unless all of it is done.
            if now.as_ref() == Some(&old) {
                let again = command(at).args(args).output().unwrap();
                assert!(again.status.success() && held(&at.join(output)).as_ref() == Some(&new), "{told} {}", said(&again));
            }
        }
        assert!(met >= 4, "{args:?} {kind}: only {met} operations");
    }
}

#[test]
fn of_new_archives() {
    faults(&["compress", "y.npy", "x.npy", "-o", "b.dca", "--lossless", "--model", "none"], "b.dca", &[]);
    faults(&["merge", "a.dca", "b.dca", "-o", "c.dca"], "c.dca", &["a.dca"]);
}

#[test]
fn of_archives_that_are_written_anew() {
    faults(&["compact", "a.dca"], "a.dca", &[]);
    faults(&["salvage", "a.dca", "-o", "c.dca"], "c.dca", &[]);
}

#[test]
fn of_archives_that_are_added_to() {
    faults(&["append", "a.dca", "more/x.npy", "--to", "x.npy", "--lossless"], "a.dca", &[]);
    faults(&["add", "b.dca", "x.npy", "--lossless"], "b.dca", &[]);
    faults(&["update", "a.dca", "more/x.npy", "--lossless"], "a.dca", &[]);
}

#[test]
fn of_what_goes_around_archives() {
    faults(&["protect", "a.dca"], "a.dca", &[]);
    faults(&["sign", "p.dca", "--key", "key"], "p.dca", &[]);
    faults(&["repair", "p.dca", "-o", "b.dca"], "b.dca", &["p.dca"]);
}

#[test]
fn of_archives_whose_index_changes() {
    faults(&["delete", "a.dca", "z.npy"], "a.dca", &[]);
    faults(&["rename", "a.dca", "z.npy", "y.npy"], "a.dca", &[]);
    faults(&["comment", "a.dca", "--set", "said"], "a.dca", &[]);
}
