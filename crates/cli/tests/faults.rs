//! Signals, full disks, limits: old or new, never neither, and nothing left behind.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{command, folder_with, listed, noise, ok, said, warns};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Whether the commands that tests of faults need are there, with what they may do.
fn can(program: &str, args: &[&str]) -> bool {
    let can = Command::new(program).args(args).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success());
    if !can {
        eprintln!("skipped: `{program}` is missing or may not do this");
    }
    can
}

#[test]
fn signals_at_any_moment_leave_old_or_new_and_nothing_else() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    for n in 0..12 {
        std::fs::write(at.join(format!("d/{n}.npy")), noise(20_000 + n)).unwrap();
    }
    std::fs::write(at.join("old.npy"), common::npy(&[1.0; 1000])).unwrap();
    ok(at, &["compress", "old.npy", "-o", "a.dca", "--lossless"]);
    let old = std::fs::read(at.join("a.dca")).unwrap();
    let compress = ["compress", "d", "-o", "a.dca", "--lossless", "--model", "none", "--no-times"];
    let start = std::time::Instant::now();
    ok(at, &[&compress[..3], &["new.dca"], &compress[4..]].concat());
    let whole = start.elapsed();
    let new = std::fs::read(at.join("new.dca")).unwrap();
    let mut killed = 0;
    for round in 0..24u32 {
        std::fs::write(at.join("a.dca"), &old).unwrap();
        let mut child = command(at).args(compress).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(round) / 20.0));
        let (name, number) = [("INT", 2), ("TERM", 15), ("HUP", 1), ("KILL", 9)][round as usize % 4];
        assert!(Command::new("sh").arg("-c").arg(format!("kill -{name} {} 2>/dev/null || true", child.id())).status().unwrap().success());
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal() == Some(number), "{name}: {status}");
        killed += usize::from(!status.success());
        let now = std::fs::read(at.join("a.dca")).unwrap();
        assert!(now == old || now == new, "{name}");
        // Nothing can be done between a link and its renaming when the system ends a program.
        let left = |name: &&String| !name.starts_with("d/") && (number != 9 || !name.starts_with(".deepcomp-"));
        assert_eq!(listed(at).iter().filter(left).collect::<Vec<_>>(), ["a.dca", "new.dca", "old.npy"], "{name}");
    }
    assert!(killed >= 6, "only {killed} were killed at work");
}

#[test]
fn extraction_that_is_killed_leaves_every_file_old_or_new() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    let names: Vec<String> = (0..40).map(|n| format!("{n}.npy")).collect();
    for (n, name) in names.iter().enumerate() {
        std::fs::write(at.join("d").join(name), noise(4_000 + n)).unwrap();
    }
    ok(at, &["compress", "d", "-o", "a.dca", "--lossless", "--model", "none"]);
    let extract = ["extract", "a.dca", "-C", "out", "--force"];
    let start = std::time::Instant::now();
    ok(at, &extract);
    let whole = start.elapsed();
    let (mut killed, mut mixed) = (0, 0);
    for round in 0..20u32 {
        names.iter().for_each(|name| std::fs::write(at.join("out/d").join(name), "old").unwrap());
        let mut child = command(at).args(extract).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole.mul_f64(f64::from(round) / 18.0));
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let new = names.iter().filter(|name| {
            let now = std::fs::read(at.join("out/d").join(name)).unwrap();
            let new = now == std::fs::read(at.join("d").join(name)).unwrap();
            assert!(new || now == b"old", "{name}: {} bytes", now.len());
            new
        });
        mixed += usize::from((1..names.len()).contains(&new.count()));
    }
    assert!(killed >= 8 && mixed >= 3, "{killed} killed, {mixed} in the middle");
}

#[test]
fn a_test_that_takes_long_can_be_cancelled() {
    // Seconds of the network.
    let folder = folder_with(&["levitus_ocean.nc"]);
    let at = folder.path();
    ok(at, &["compress", "levitus_ocean.nc", "-o", "a.dca", "--rel", "1e-3"]);
    let mut child = command(at).args(["test", "a.dca", "--threads", "1"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert!(Command::new("sh").arg("-c").arg(format!("kill -INT {}", child.id())).status().unwrap().success());
    let start = std::time::Instant::now();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn ignored_signals_stay_ignored() {
    let folder = folder_with(&["coads_sst.nc"]);
    let line = "trap '' HUP; \"$0\" compress coads_sst.nc -o a.dca --rel 1e-3 >/dev/null & sleep 0.1; kill -HUP $!; wait $!";
    let status = Command::new("bash").arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_deepcomp")).current_dir(folder.path()).status().unwrap();
    assert!(status.success());
    ok(folder.path(), &["test", "a.dca"]);
}

#[test]
fn a_limit_of_file_size_is_an_error_that_leaves_the_old_file() {
    if !can("prlimit", &["--fsize=4096", "true"]) {
        return;
    }
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    std::fs::write(at.join("a.dca"), "old").unwrap();
    let limited = Command::new("prlimit")
        .args(["--fsize=4096", env!("CARGO_BIN_EXE_deepcomp"), "compress", "coads_sst.nc", "-o", "a.dca", "--lossless"])
        .current_dir(at)
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(1), "{}", said(&limited));
    assert!(said(&limited).contains("a.dca: File too large"), "{}", said(&limited));
    assert_eq!((std::fs::read_to_string(at.join("a.dca")).unwrap(), listed(at)), ("old".to_owned(), vec!["a.dca".to_owned(), "coads_sst.nc".to_owned()]));
}

#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    std::fs::create_dir(at.join("small")).unwrap();
    ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--lossless"]);
    // A mount that is seen by this shell alone, and gone with it.
    let script = "mount -t tmpfs -o size=64k none small && echo old > small/a.dca && mkdir small/out \
        && { \"$0\" compress coads_sst.nc -o small/a.dca --lossless; echo \"rc $?\" >&2; \"$0\" extract a.dca -C small/out; echo \"rc $?\" >&2; ls -A small small/out; cat small/a.dca; }";
    if !can("unshare", &["-m", "mount", "-t", "tmpfs", "none", at.join("small").to_str().unwrap()]) {
        return;
    }
    let output = Command::new("unshare").args(["-m", "sh", "-c", script, env!("CARGO_BIN_EXE_deepcomp")]).current_dir(at).output().unwrap();
    let (said, out) = (said(&output), String::from_utf8(output.stdout.clone()).unwrap());
    assert!(said.contains("small/a.dca: No space left") && said.contains("coads_sst.nc: No space left") && said.matches("rc 1").count() == 2, "{said}");
    assert_eq!(out.split_whitespace().collect::<Vec<_>>(), ["small:", "a.dca", "out", "small/out:", "old"], "{said}");
}

#[test]
fn threads_that_cannot_be_had_are_done_without() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--rel", "1e-3", "--no-times"]);
    std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // Limits of processes do not bind root; a number of a user that nobody else has counts this process alone.
    let other = ["--reuid=61234", "--clear-groups"];
    if !can("setpriv", &[&other[..], &["test", "-x", env!("CARGO_BIN_EXE_deepcomp")]].concat()) {
        return;
    }
    for threads in 1..5 {
        let script = format!("ulimit -u {threads}; exec \"$0\" compress coads_sst.nc -o - --rel 1e-3 --no-times --threads 5000");
        let output = Command::new("setpriv").args(other).args(["bash", "-c", &script, env!("CARGO_BIN_EXE_deepcomp")]).current_dir(at).output().unwrap();
        assert!(output.status.success(), "{} {}", output.status, said(&output));
        assert!(output.stdout == std::fs::read(at.join("a.dca")).unwrap(), "{threads}");
    }
}

#[test]
fn a_failed_allocation_says_that_there_is_not_enough_memory() {
    let folder = folder_with(&[]);
    let at = folder.path();
    // 16 GB of a NetCDF-3 variable that the file system keeps as a hole.
    let names = [&b"CDF\x02\0\0\0\0"[..], &[0, 0, 0, 10, 0, 0, 0, 1, 0, 0, 0, 1, b'x', 0, 0, 0], &2_000_000_000u32.to_be_bytes(), &[0; 8]].concat();
    let variable = [
        &[0, 0, 0, 11, 0, 0, 0, 1, 0, 0, 0, 1, b'v', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0][..],
        &[0; 8],
        &[0, 0, 0, 6],
        &u32::MAX.to_be_bytes(),
        &256u64.to_be_bytes(),
    ]
    .concat();
    std::fs::write(at.join("x.nc"), [names, variable].concat()).unwrap();
    std::fs::File::options().write(true).open(at.join("x.nc")).unwrap().set_len(256 + 16_000_000_000).unwrap();
    let output = Command::new("bash")
        .args(["-c", "ulimit -v 4000000; exec \"$0\" compress x.nc -o a.dca --lossless --strict", env!("CARGO_BIN_EXE_deepcomp")])
        .current_dir(at)
        .output()
        .unwrap();
    assert!(output.status.code() == Some(1) && said(&output).contains("not enough memory"), "{} {}", output.status, said(&output));
}

#[test]
fn outputs_are_on_the_disk_before_they_are_named() {
    if !can("strace", &["-V"]) {
        return;
    }
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let trace = |args: &[&str]| {
        let output = Command::new("strace")
            .args(["-f", "-e", "trace=fsync,syncfs,linkat,rename,renameat2", "-o", "trace", env!("CARGO_BIN_EXE_deepcomp")])
            .args(args)
            .current_dir(at)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let lines = std::fs::read_to_string(at.join("trace")).unwrap();
        let names = ["syncfs", "fsync", "linkat", "rename"];
        lines.lines().filter(|l| l.ends_with("= 0")).filter_map(|l| names.into_iter().find(|name| l.contains(name))).collect::<Vec<_>>()
    };
    let compress = ["compress", "gfs_t2m.npy", "-o", "a.dca", "--lossless"];
    assert_eq!(trace(&compress), ["fsync", "linkat", "fsync"]);
    assert_eq!(trace(&compress), ["fsync", "linkat", "rename", "fsync"]);
    assert_eq!(trace(&["extract", "a.dca", "-C", "out"]), ["linkat", "syncfs"]);
    assert_eq!(trace(&["extract", "a.dca", "-C", "out", "--force"]), ["fsync", "linkat", "rename", "fsync", "syncfs"]);
}

#[test]
fn many_files_are_told_in_few_lines_and_compress_in_proportion() {
    let folder = folder_with(&[]);
    let at = folder.path();
    let time = |count: usize, name: &str| {
        std::fs::create_dir(at.join(name)).unwrap();
        for n in 0..count {
            std::fs::write(at.join(format!("{name}/a-file-with-a-long-name-so-that-comparing-takes-time-{n:06}")), n.to_string()).unwrap();
        }
        let start = std::time::Instant::now();
        let message = warns(at, &["compress", name, "-o", "a.dca", "--lossless", "--model", "none"]);
        assert!(message.lines().count() < 12 && message.contains(&format!("{} more: kept byte for byte", count - 8)), "{message}");
        start.elapsed()
    };
    let (few, many) = (time(500, "few"), time(4_000, "many"));
    assert!(many < few.mul_f64(24.0) + Duration::from_secs(1), "{few:?} for 500, {many:?} for 4,000");
    let rows = ok(at, &["list", "a.dca"]).lines().count();
    assert_eq!(rows, 4_002);
}
