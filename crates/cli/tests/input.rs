//! What is read, what is kept as it is, and what is left out: always told, never dropped without a word.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{fails, folder_with, ok, warns};

#[cfg(unix)]
#[test]
fn what_is_left_out_of_a_folder_is_told() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir_all(at.join("d/empty")).unwrap();
    std::fs::create_dir_all(at.join("d/.hidden")).unwrap();
    for (name, content) in [("d/seen", "seen"), ("d/.dot", "dot"), ("d/.hidden/below", "below"), ("outside", "target")] {
        std::fs::write(at.join(name), content).unwrap();
    }
    for (link, target) in [("d/link", "../outside"), ("d/round", "."), ("d/lost", "nowhere")] {
        std::os::unix::fs::symlink(target, at.join(link)).unwrap();
    }
    let _socket = std::os::unix::net::UnixListener::bind(at.join("d/socket")).unwrap();
    let message = warns(at, &["compress", "d", "-o", "a.dca", "--lossless"]);
    for line in [
        "left out: d/empty, an empty folder",
        "left out: d/round, a link to a folder",
        "left out: d/lost, a link that leads nowhere",
        "left out: d/socket, a pipe, socket or device",
        "d/link: a link, taken as the file it leads to",
    ] {
        assert!(message.contains(line), "{line}: {message}");
    }
    ok(at, &["extract", "a.dca", "-C", "out"]);
    assert_eq!(common::listed(&at.join("out/d")), [".dot", ".hidden/below", "link", "seen"]);
    assert_eq!(std::fs::read_to_string(at.join("out/d/link")).unwrap(), "target");
}

#[cfg(unix)]
#[test]
fn pipes_are_read_and_devices_refused() {
    use common::command;
    use std::process::Stdio;
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    let shell = |line: &str| {
        let output = std::process::Command::new("bash").arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_deepcomp")).current_dir(at).output().unwrap();
        assert!(output.status.success(), "{line}: {}", common::said(&output));
        common::said(&output)
    };
    let original = std::fs::read(at.join("gfs_t2m.npy")).unwrap();
    for (number, line) in [
        "cat gfs_t2m.npy | \"$0\" compress - -o a.dca --lossless",
        "cat gfs_t2m.npy | \"$0\" compress /dev/stdin -o a.dca --lossless",
        "\"$0\" compress /dev/stdin -o a.dca --lossless < gfs_t2m.npy",
        "\"$0\" compress <(cat gfs_t2m.npy) -o a.dca --lossless",
        "mkfifo fifo; cat gfs_t2m.npy > fifo & \"$0\" compress fifo -o a.dca --lossless",
    ]
    .into_iter()
    .enumerate()
    {
        let said = shell(line);
        assert_eq!(said.contains("fifo: a pipe, read until"), line.contains("mkfifo"), "{said}");
        let listed = shell(&format!("cat a.dca | \"$0\" extract - -C out{number} > listed; cat listed >&2"));
        assert_eq!(std::fs::read(at.join(listed.trim())).unwrap(), original, "{line}");
    }
    let limited = command(at)
        .args(["compress", "-", "-o", "b.dca", "--lossless", "--max-memory", "64K"])
        .stdin(std::fs::File::open("/dev/zero").unwrap())
        .output()
        .unwrap();
    assert!(!limited.status.success() && common::said(&limited).contains("--max-memory"), "{}", common::said(&limited));
    for args in [&["compress", "/dev/zero", "-o", "b.dca", "--lossless"][..], &["list", "/dev/zero"], &["test", "/dev/zero"]] {
        assert!(fails(at, args).contains("device"));
    }
    let none = command(at).args(["compress", "-", "-o", "c.dca", "--lossless"]).stdin(Stdio::null()).output().unwrap();
    assert!(none.status.success());
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_give_no_length_are_read_to_their_end() {
    let folder = folder_with(&[]);
    let at = folder.path();
    warns(at, &["compress", "/proc/version", "-o", "a.dca", "--lossless"]);
    ok(at, &["extract", "a.dca", "-C", "out"]);
    assert_eq!(std::fs::read(at.join("out/version")).unwrap(), std::fs::read("/proc/version").unwrap());
}

#[test]
fn one_damaged_file_does_not_undo_the_others() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir(at.join("d")).unwrap();
    let sst = std::fs::read(common::sample("coads_sst.nc")).unwrap();
    let upper = std::fs::read(common::sample("gfs_upper_air.grib2")).unwrap();
    let late = upper[..upper.len() - 4].to_vec();
    for (name, content) in [("a_good.nc", &sst), ("cut.nc", &sst[..sst.len() / 2].to_vec()), ("late.grib2", &late), ("z_good.grib2", &upper)] {
        std::fs::write(at.join("d").join(name), content).unwrap();
    }
    let message = warns(at, &["compress", "d", "-o", "a.dca", "--rel", "1e-3", "--model", "none"]);
    assert!(
        message.contains("d/cut.nc: kept byte for byte, not as data: malformed NetCDF") && message.contains("d/late.grib2: kept byte for byte"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 2, "{message}");
    ok(at, &["test", "a.dca", "--source", "d/a_good.nc", "d/z_good.grib2"]);
    assert!(warns(at, &["extract", "a.dca", "-C", "out"]).contains("d/z_good.grib2: left out: what the bounds did"));
    for name in ["d/cut.nc", "d/late.grib2"] {
        assert!(std::fs::read(at.join(name)).unwrap() == std::fs::read(at.join("out").join(name)).unwrap(), "{name}");
    }
    let message = fails(at, &["compress", "d", "-o", "b.dca", "--rel", "1e-3", "--strict"]);
    assert!(message.contains("cut.nc: malformed") && !at.join("b.dca").exists(), "{message}");
}

#[test]
fn a_file_that_is_abandoned_leaves_no_trace_in_the_index() {
    use deepcomp::archive::{Archive, Compressor, Decompressor};
    use deepcomp::field::ErrorBound;
    let (limits, models) = (deepcomp::Limits::default(), deepcomp::network::model::Models::default());
    let read = |name: &str| deepcomp::formats::read(&std::fs::read(common::sample(name)).unwrap(), name, &limits).unwrap();
    let (kept, lost) = (read("gfs_t2m.npy"), read("coads_sst.nc"));
    let options =
        deepcomp::codec::Options { base: deepcomp::codec::Base::Never, coarse: true, ..deepcomp::codec::Options::new(ErrorBound::relative(1e-3).unwrap()) };
    // Given up before any job, with jobs under way, and with jobs done; jobs come back in any order.
    for (given, done) in [(0, 0), (3, 0), (4, 4), (4, 2)] {
        let mut compressor = Compressor::empty(&options);
        compressor.add(kept.clone(), "first").unwrap();
        compressor.begin(lost.without_values(), "lost").unwrap();
        lost.fields.iter().for_each(|field| compressor.add_variable(field.clone()).unwrap());
        let mut jobs: Vec<_> = (0..given).map(|_| compressor.next_job().unwrap()).collect();
        for job in jobs.drain(..done) {
            compressor.accept(job.run(&models).unwrap()).unwrap();
        }
        compressor.abandon();
        compressor.add(kept.clone(), "lost").unwrap();
        for job in jobs.into_iter().rev() {
            compressor.accept(job.run(&models).unwrap()).unwrap();
        }
        let (bytes, reports) = compressor.finish().unwrap();
        let archive = Archive::open(&bytes, &limits).unwrap();
        assert_eq!((archive.files().collect::<Vec<_>>(), reports.len()), (vec!["first", "lost"], 2), "{given} {done}");
        for file in 0..2 {
            let decoded = Decompressor::new(archive.clone(), file, &models).unwrap().finish(&bytes).unwrap();
            assert_eq!(decoded.fields[0].shape, kept.fields[0].shape);
        }
    }
}

#[test]
fn a_variable_too_coarse_for_its_bound_is_kept_without_loss() {
    let folder = folder_with(&["gfs_t2m.npy", "coads_sst.nc"]);
    let at = folder.path();
    let compress = ["compress", "coads_sst.nc", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1e-5"];
    let message = warns(at, &compress);
    assert!(message.contains("gfs_t2m.npy: \"gfs_t2m\" kept without loss") && message.contains("precision"), "{message}");
    ok(at, &["extract", "a.dca", "-C", "out"]);
    assert!(std::fs::read(at.join("gfs_t2m.npy")).unwrap() == std::fs::read(at.join("out/gfs_t2m.npy")).unwrap());
    assert!(ok(at, &["list", "a.dca"]).contains("lossless"));
    assert!(fails(at, &[&compress[..], &["--strict"]].concat()).contains("precision"));
}

#[test]
fn a_source_that_changes_while_it_is_read_is_told() {
    // Many variables that take a while: it is held open until the last of them is at work.
    let folder = folder_with(&["levitus_ocean.nc"]);
    let at = folder.path();
    let compress = ["compress", "levitus_ocean.nc", "-o", "a.dca", "--lossless", "--threads", "1"];
    let changed = |strict: &[&str]| {
        let child = common::command(at).args(compress).args(strict).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        // Once it has read the header it holds the file open.
        let links = || {
            std::fs::read_dir(format!("/proc/{}/fd", child.id()))
                .into_iter()
                .flatten()
                .flatten()
                .filter_map(|e| std::fs::read_link(e.path()).ok())
                .any(|p| p.ends_with("levitus_ocean.nc"))
        };
        while !links() {
            std::thread::yield_now();
        }
        let file = std::fs::File::options().write(true).open(at.join("levitus_ocean.nc")).unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(5)).unwrap();
        child.wait_with_output().unwrap()
    };
    if cfg!(target_os = "linux") {
        let output = changed(&[]);
        assert!(output.status.success() && common::said(&output).contains("levitus_ocean.nc: changed while it was read"), "{}", common::said(&output));
        assert_eq!(changed(&["--strict"]).status.code(), Some(1));
    }
}

#[test]
fn limits_are_named_and_can_be_set() {
    let folder = folder_with(&["coads_sst.nc", "blue_marble.png"]);
    let at = folder.path();
    ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--lossless", "--model", "none"]);
    for command in [&["test", "a.dca"][..], &["extract", "a.dca", "-C", "out"]] {
        let message = fails(at, &[command, &["--max-memory", "700K"]].concat());
        assert!(message.contains("--max-memory"), "{message}");
    }
    ok(at, &["test", "a.dca", "--max-memory", "1M"]);
    // The index alone takes none of that, and neither do small parts.
    ok(at, &["list", "a.dca", "--max-memory", "1K"]);
    ok(at, &["extract", "a.dca", "-C", "part", "--index", "TIME=0..2", "--max-memory", "700K"]);
    // 1.5 MB of pixels, 0.6 MB of file.
    assert!(warns(at, &["compress", "blue_marble.png", "-o", "b.dca", "--lossless", "--max-memory", "1M"]).contains("--max-memory"));
    assert!(fails(at, &["compress", "blue_marble.png", "-o", "b.dca", "--lossless", "--max-memory", "1M", "--strict"]).contains("--max-memory"));
    let output = common::deepcomp(at, &["test", "a.dca", "--max-memory", "some"]);
    assert!(common::said(&output).contains("as in 8G"));
}
