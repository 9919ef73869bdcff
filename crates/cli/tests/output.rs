//! What becomes of outputs: never a loss of what was there, never half a file, whatever the output is.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{command, fails, folder_with, listed, ok, warns};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_output_that_is_an_input_is_refused() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let before = std::fs::read(at.join("gfs_t2m.npy")).unwrap();
    std::fs::hard_link(at.join("gfs_t2m.npy"), at.join("other")).unwrap();
    std::os::unix::fs::symlink("gfs_t2m.npy", at.join("link")).unwrap();
    for output in ["gfs_t2m.npy", "./gfs_t2m.npy", "other", "link"] {
        assert!(fails(at, &["compress", "gfs_t2m.npy", "-o", output, "--rel", "1e-2"]).contains("one of the inputs"), "{output}");
    }
    assert!(std::fs::read(at.join("gfs_t2m.npy")).unwrap() == before);
    assert_eq!(listed(at), ["gfs_t2m.npy", "link", "other"]);
}

#[test]
fn an_archive_in_the_folder_it_is_made_from_is_left_out() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    std::fs::write(at.join("d/x.npy"), common::npy(&[1.0; 100])).unwrap();
    ok(at, &["compress", "d", "-o", "d/new.dca", "--lossless"]);
    let first = std::fs::read(at.join("d/new.dca")).unwrap();
    assert!(warns(at, &["compress", "d", "-o", "d/new.dca", "--lossless"]).contains("left out: d/new.dca, the archive being written"));
    assert!(std::fs::read(at.join("d/new.dca")).unwrap() == first);
}

#[test]
fn devices_and_pipes_are_written_into() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let compress = ["compress", "gfs_t2m.npy", "--lossless", "-o"];
    ok(at, &[&compress[..], &["a.dca"]].concat());
    let archive = std::fs::read(at.join("a.dca")).unwrap();
    // A device of our own: the one of the system would be lost to a fault here, with all that needs it.
    let made = Command::new("mknod").args(["null", "c", "1", "3"]).current_dir(at).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if made && std::fs::write(at.join("null"), "").is_ok() {
        ok(at, &[&compress[..], &["null"]].concat());
        assert!(std::fs::metadata(at.join("null")).unwrap().file_type().is_char_device());
    }

    assert!(Command::new("mkfifo").arg(at.join("fifo")).status().unwrap().success());
    let mut writer = command(at).args(compress).arg("fifo").stdout(Stdio::null()).spawn().unwrap();
    let mut through = Vec::new();
    std::fs::File::open(at.join("fifo")).unwrap().read_to_end(&mut through).unwrap();
    assert!(writer.wait().unwrap().success() && through == archive);
    assert!(std::fs::metadata(at.join("fifo")).unwrap().file_type().is_fifo());

    let output = command(at).args(compress).arg("-").output().unwrap();
    assert!(output.status.success() && output.stdout == archive);
    assert!(fails(at, &[&compress[..], &["."]].concat()).contains("not a file"));
    let (socket, _) = (at.join("socket"), std::os::unix::net::UnixListener::bind(at.join("socket")).unwrap());
    fails(at, &[&compress[..], &["socket"]].concat());
    assert!(std::fs::metadata(socket).unwrap().file_type().is_socket());
}

#[test]
fn a_link_as_output_is_followed() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    std::fs::create_dir(at.join("real")).unwrap();
    std::os::unix::fs::symlink("real/a.dca", at.join("link.dca")).unwrap();
    for _ in 0..2 {
        ok(at, &["compress", "gfs_t2m.npy", "-o", "link.dca", "--lossless"]);
        ok(at, &["test", "real/a.dca"]);
        assert!(at.join("link.dca").is_symlink());
        assert_eq!(listed(at), ["gfs_t2m.npy", "link.dca", "real/a.dca"]);
    }
    std::os::unix::fs::symlink("round", at.join("round")).unwrap();
    assert!(fails(at, &["compress", "gfs_t2m.npy", "-o", "round", "--lossless"]).contains("circle"));
}

#[test]
fn permissions_are_those_of_umask_and_of_what_was_there() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let shell = |umask: &str, rest: &str| {
        let line = format!("umask {umask} && exec \"$0\" {rest}");
        let status = Command::new("sh").arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_deepcomp")).current_dir(at).stdout(Stdio::null()).status();
        assert!(status.unwrap().success(), "{rest}");
    };
    shell("077", "compress gfs_t2m.npy -o private.dca --lossless");
    shell("022", "compress gfs_t2m.npy -o public.dca --lossless");
    assert_eq!((mode(&at.join("private.dca")), mode(&at.join("public.dca"))), (0o600, 0o644));
    std::fs::set_permissions(at.join("public.dca"), PermissionsExt::from_mode(0o640)).unwrap();
    shell("022", "compress gfs_t2m.npy -o public.dca --lossless");
    assert_eq!(mode(&at.join("public.dca")), 0o640);
    shell("027", "extract public.dca -C out");
    assert_eq!(mode(&at.join("out/gfs_t2m.npy")), 0o640);
}

#[test]
fn a_reader_that_goes_away_stops_no_work() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    for n in 0..40 {
        std::fs::write(at.join(format!("d/{n}.npy")), common::npy(&[f64::from(n)])).unwrap();
    }
    let closed = |args: &[&str]| {
        let mut child = command(at).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args:?}");
    };
    closed(&["compress", "d", "-o", "a.dca", "--lossless"]);
    closed(&["list", "a.dca"]);
    closed(&["test", "a.dca"]);
    closed(&["extract", "a.dca", "-C", "out"]);
    assert_eq!(listed(&at.join("out/d")).len(), 40);
}

#[test]
fn a_full_output_is_told_when_the_work_is_done() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    std::fs::write(at.join("note.txt"), "kept byte for byte").unwrap();
    let compress = ["compress", "gfs_t2m.npy", "note.txt", "-o", "a.dca", "--lossless"];
    let output = command(at).args(compress).stdout(full()).output().unwrap();
    assert!(output.status.code() == Some(1) && common::said(&output).contains("standard output"));
    ok(at, &["test", "a.dca"]);
    let status = command(at).args(["extract", "a.dca", "-C", "out"]).stdout(full()).stderr(full()).status().unwrap();
    assert_eq!((status.code(), listed(&at.join("out")).len()), (Some(1), 2));
    // Standard error, full or closed, is no one's business.
    std::fs::remove_file(at.join("a.dca")).unwrap();
    assert_eq!(command(at).args(compress).stdout(Stdio::null()).stderr(full()).status().unwrap().code(), Some(0));
    assert_eq!(command(at).args(["list", "missing"]).stderr(full()).status().unwrap().code(), Some(1));
}
