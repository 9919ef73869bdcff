//! What the program says of itself, and what it says to a terminal.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{fails, folder_with, forged, ok};

#[test]
fn the_version_names_format_model_and_features() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--rel", "1e-3"]);
    let listing: serde_json::Value = serde_json::from_str(&ok(at, &["list", "a.dca", "--json"])).unwrap();
    let version = ok(at, &["--version"]);
    for part in
        [listing["format_version"].as_str().unwrap(), listing["variables"][0]["model"].as_str().unwrap(), env!("CARGO_PKG_VERSION"), "features: formats"]
    {
        assert!(version.contains(part), "{part}: {version}");
    }
}

#[test]
fn shells_and_man_are_served() {
    let folder = folder_with(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = ok(folder.path(), &["completions", shell]);
        assert!(script.contains("deepcomp") && script.contains("max-memory"), "{shell}");
    }
    let page = ok(folder.path(), &["man"]);
    for part in [".TH deepcomp", "\\-\\-bound", "\\-\\-force", "\\-\\-source"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn what_passes_test_extracts() {
    use deepcomp::archive::Compressor;
    use deepcomp::field::{Dataset, ErrorBound, Values};
    let folder = folder_with(&[]);
    let at = folder.path();
    // A picture of two variables, which no writer can write.
    let mut dataset = Dataset::from_array("a", &[2], Values::U8(vec![1, 2]), deepcomp::formats::picture::PNG).unwrap();
    let twin = deepcomp::field::Field { name: "b".to_owned(), ..dataset.fields[0].clone() };
    dataset.fields.push(twin);
    let options = deepcomp::codec::Options { base: deepcomp::codec::Base::Never, coarse: true, ..deepcomp::codec::Options::new(ErrorBound::Lossless) };
    let mut compressor = Compressor::new(dataset, "two.png", &options).unwrap();
    compressor.add(deepcomp::formats::file::keep(b"sound".to_vec()), "sound").unwrap();
    std::fs::write(at.join("a.dca"), compressor.finish().unwrap().0).unwrap();
    let message = fails(at, &["test", "a.dca"]);
    assert!(message.contains("two.png: decodes, but cannot be written") && message.contains("1 of 2 files"), "{message}");
    let message = fails(at, &["extract", "a.dca", "-C", "out"]);
    assert!(message.contains("two.png") && std::fs::read(at.join("out/sound")).unwrap() == b"sound", "{message}");
}

#[cfg(target_os = "linux")]
#[test]
fn names_are_spelt_out_on_a_terminal_and_a_person_is_asked() {
    use std::process::{Command, Stdio};
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::write(at.join("a.dca"), forged(&["esc\x1b[31m", "plain"])).unwrap();
    let terminal = |args: &str, answers: &str| {
        let line = format!("printf '{answers}' | script -qec \"{} {args}\" /dev/null", env!("CARGO_BIN_EXE_deepcomp"));
        let output = Command::new("sh").arg("-c").arg(line).current_dir(at).stderr(Stdio::null()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    if Command::new("script").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: `script`, which makes a terminal, is missing");
        return;
    }
    let first = terminal("extract a.dca -C out", "");
    assert!(first.contains("out/esc\\x1b[31m") && !first.contains("\x1b[31m"), "{first:?}");
    // In a pipe programs read the name as it is.
    assert!(ok(at, &["extract", "a.dca", "-C", "piped"]).contains("piped/esc\x1b[31m"));
    std::fs::write(at.join("out/plain"), "mine").unwrap();
    let asked = terminal("extract a.dca -C out", "y\\nn\\n");
    assert!(asked.contains("overwrite it?"), "{asked}");
    assert_eq!(std::fs::read_to_string(at.join("out/plain")).unwrap(), "mine");
    terminal("extract a.dca -C out", "a\\n");
    assert_eq!(std::fs::read_to_string(at.join("out/plain")).unwrap(), "plain");
}
