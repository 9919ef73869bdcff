//! Model files on the command line: which is used, which is found, and what is said about those that cannot be used.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // Helpers of tests fail by panicking, as tests do.

use std::path::Path;
use std::process::{Command, Output};
use xxhash_rust::xxh3::xxh3_64;

const BUILT_IN: &[u8] = include_bytes!("../../../models/deepcomp.dcm");
/// Where the name starts, after signature, version and length.
const NAME: usize = 11;

fn run(folder: &Path, variable: Option<&str>, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepcomp"));
    command.args(args).current_dir(folder).env_remove("DEEPCOMP_MODELS");
    if let Some(models) = variable {
        command.env("DEEPCOMP_MODELS", models);
    }
    command.output().unwrap()
}

fn ok(folder: &Path, args: &[&str]) -> String {
    succeeds(run(folder, None, args))
}

fn succeeds(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn message(output: Output) -> String {
    assert!(!output.status.success(), "should fail");
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// A folder with the sample `gfs_t2m.npy`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples/gfs_t2m.npy");
    std::fs::copy(sample, folder.path().join("gfs_t2m.npy")).unwrap();
    folder
}

/// Puts the right hash behind a model file that was changed.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 8;
    let hash = xxh3_64(&bytes[..body]);
    bytes[body..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

fn changed(at: usize, value: u8) -> Vec<u8> {
    let mut bytes = BUILT_IN.to_vec();
    assert_ne!(bytes[at], value);
    bytes[at] = value;
    sealed(bytes)
}

/// The built-in weights under another name, which makes them another model.
fn other_model() -> (Vec<u8>, String) {
    let bytes = changed(NAME, b'P');
    let id = format!("{:016x}", xxh3_64(&bytes[..bytes.len() - 8]));
    (bytes, id)
}

/// A bias of the first layer so large that sums are no longer exact.
fn broken_bound() -> Vec<u8> {
    let sizes = NAME + usize::from(BUILT_IN[NAME - 1]) + 1;
    let first_bias = sizes + 4 + usize::from(BUILT_IN[sizes + 1]);
    let end = first_bias + BUILT_IN[first_bias..].iter().position(|b| b & 0x80 == 0).unwrap() + 1;
    sealed([&BUILT_IN[..first_bias], &[0x80, 0x80, 0x80, 0x10], &BUILT_IN[end..]].concat())
}

#[test]
fn a_model_file_that_cannot_be_used_is_refused() {
    let folder = folder();
    let at = folder.path();
    let mut wrong_hash = BUILT_IN.to_vec();
    wrong_hash[5000] ^= 1;
    let inputs = NAME + usize::from(BUILT_IN[NAME - 1]) + 1;
    for (name, bytes, advice) in [
        ("empty.dcm", vec![], "cut short"),
        ("short.dcm", BUILT_IN[..BUILT_IN.len() / 2].to_vec(), "hash"),
        ("cut.dcm", sealed(BUILT_IN[..BUILT_IN.len() / 2].to_vec()), "end"),
        ("long.dcm", sealed([BUILT_IN, &[0; 9]].concat()), "longer"),
        ("text.dcm", b"not a model at all".to_vec(), "start like a model"),
        ("hash.dcm", wrong_hash, "hash"),
        ("version.dcm", changed(8, 9), "version 9"),
        ("shape.dcm", changed(inputs, BUILT_IN[inputs] - 1), "inputs"),
        ("bound.dcm", broken_bound(), "accumulator"),
    ] {
        std::fs::write(at.join(name), bytes).unwrap();
        let said = message(run(at, None, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1", "--model", name]));
        assert!(said.contains(name) && said.contains(advice), "{name}: {said}");
    }
    let said = message(run(at, None, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1", "--model", "absent.dcm"]));
    assert!(said.contains("absent.dcm"), "{said}");
    assert!(!at.join("a.dca").exists());
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1", "--model", "none"]);
    for named in ["hash.dcm", "absent.dcm"] {
        let said = message(run(at, None, &["test", "a.dca", "--models", named]));
        assert!(said.contains(named), "{said}");
    }
}

#[test]
fn an_archive_is_opened_with_the_model_it_names() {
    let folder = folder();
    let at = folder.path();
    let (bytes, id) = other_model();
    std::fs::create_dir(at.join("shelf")).unwrap();
    std::fs::write(at.join("shelf/other.dcm"), bytes).unwrap();
    std::fs::write(at.join("shelf/damaged.dcm"), "nothing").unwrap();
    std::fs::create_dir(at.join("bare")).unwrap();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0.01", "--model", "shelf/other.dcm"]);
    assert!(ok(at, &["list", "a.dca"]).contains(&id));
    let listing: serde_json::Value = serde_json::from_str(&ok(at, &["list", "a.dca", "--json"])).unwrap();
    assert_eq!(listing["variables"][0]["model"], id.as_str());

    let said = message(run(at, Some("bare"), &["test", "a.dca"]));
    assert!([id.as_str(), "bare", "this program", "--models"].iter().all(|part| said.contains(part)), "{said}");
    message(run(at, None, &["extract", "a.dca", "-C", "out"]));
    assert!(message(run(at, Some("gone"), &["test", "a.dca"])).contains("DEEPCOMP_MODELS"));
    for args in [["test", "a.dca", "--models", "shelf"], ["test", "a.dca", "--models", "shelf/other.dcm"]] {
        ok(at, &args);
    }
    ok(at, &["test", "a.dca", "--models", "bare", "--models", "shelf", "--source", "gfs_t2m.npy"]);
    succeeds(run(at, Some("shelf"), &["extract", "a.dca", "-C", "out"]));
    assert!(at.join("out/gfs_t2m.npy").exists());
}

#[test]
fn an_archive_that_holds_its_network_opens_anywhere() {
    let folder = folder();
    let at = folder.path();
    let (bytes, id) = other_model();
    std::fs::write(at.join("other.dcm"), &bytes).unwrap();
    let compress = ["compress", "gfs_t2m.npy", "--abs", "0.01", "--model", "other.dcm", "--no-times", "-o"];
    ok(at, &[&compress[..], &["bare.dca"]].concat());
    ok(at, &[&compress[..], &["with.dca", "--embed-model"]].concat());
    let length = |name: &str| std::fs::metadata(at.join(name)).unwrap().len();
    assert!(length("with.dca") > length("bare.dca") + bytes.len() as u64);
    ok(at, &["test", "with.dca", "--source", "gfs_t2m.npy"]);
    ok(at, &["extract", "with.dca", "-C", "out"]);
    // Afterwards as well, from where the model is; and once.
    message(run(at, None, &["test", "bare.dca"]));
    let said = message(run(at, None, &["embed", "bare.dca"]));
    assert!(said.contains(&id) && said.contains("--models"), "{said}");
    ok(at, &["embed", "bare.dca", "--models", "other.dcm"]);
    ok(at, &["test", "bare.dca"]);
    let before = length("bare.dca");
    ok(at, &["embed", "bare.dca"]);
    assert!(length("bare.dca") < before + 1000);
    // In what becomes of it, and not in what takes none.
    ok(at, &["rename", "with.dca", "gfs_t2m.npy", "x.npy"]);
    ok(at, &["merge", "bare.dca", "with.dca", "-o", "both.dca"]);
    ok(at, &["test", "both.dca"]);
    assert!(length("both.dca") < length("with.dca") + bytes.len() as u64 / 2);
    ok(at, &["salvage", "both.dca", "-o", "saved.dca"]);
    ok(at, &["test", "saved.dca"]);
    ok(at, &["compress", "gfs_t2m.npy", "-o", "none.dca", "--abs", "0.01", "--model", "none", "--embed-model"]);
    assert!(length("none.dca") < bytes.len() as u64);
    // Damage is told.
    let mut damaged = std::fs::read(at.join("with.dca")).unwrap();
    let place = damaged.windows(8).position(|window| window == &bytes[..8]).unwrap();
    damaged[place + 1000] ^= 1;
    std::fs::write(at.join("with.dca"), damaged).unwrap();
    let said = message(run(at, None, &["test", "with.dca"]));
    assert!(said.contains("a model in the archive") && said.contains(&id), "{said}");
    ok(at, &["extract", "with.dca", "-C", "again", "--models", "other.dcm"]);
}

#[test]
fn the_network_is_the_default_and_makes_archives_smaller() {
    let folder = folder();
    let at = folder.path();
    let size = |args: &[&str]| {
        ok(at, &[&["compress", "gfs_t2m.npy", "-o", "a.dca", "--rel", "1e-3"], args].concat());
        ok(at, &["test", "a.dca", "--source", "gfs_t2m.npy"]);
        std::fs::metadata(at.join("a.dca")).unwrap().len()
    };
    let classical = size(&["--model", "none"]);
    assert!(ok(at, &["list", "a.dca"]).contains('–'));
    assert_eq!(size(&[]), size(&["--model", "auto"]));
    assert!(size(&[]) < classical);
}

#[test]
fn the_manifest_tells_the_truth_about_the_weights() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let manifest: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    let listed: Vec<&str> = manifest.as_array().unwrap().iter().map(|m| m["file"].as_str().unwrap()).collect();
    let mut files: Vec<String> = std::fs::read_dir(&folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    files.retain(|f| f.ends_with(".dcm"));
    files.sort();
    assert_eq!(listed, files);
    for entry in manifest.as_array().unwrap() {
        let bytes = std::fs::read(folder.join(entry["file"].as_str().unwrap())).unwrap();
        let model = deepcomp::network::model::Model::parse(&bytes).unwrap();
        assert_eq!((entry["id"].as_str(), entry["name"].as_str()), (Some(model.id().to_string().as_str()), Some(model.name())), "{}", advice());
        assert_eq!(entry["bytes"], bytes.len(), "{}", advice());
        assert_eq!(entry["id"].as_str(), Some(format!("{:016x}", xxh3_64(&bytes[..bytes.len() - 8])).as_str()));
        let sizes = NAME + model.name().len() + 1;
        let number = |key: &str| entry[key].as_u64().unwrap_or_else(|| panic!("no {key}"));
        let hidden: Vec<u64> = entry["hidden"].as_array().unwrap().iter().map(|h| h.as_u64().unwrap()).collect();
        assert_eq!([number("inputs"), hidden[0], hidden[1], number("kernels")], [0, 1, 2, 3].map(|i| varint(&bytes[sizes..], i)), "{}", advice());
        assert_eq!(number("passes"), 3);
        let autoencoder = &entry["autoencoder"];
        assert_eq!(autoencoder.is_object(), model.draws(), "{}", advice());
        if model.draws() {
            let sizes = deepcomp::network::model::with_autoencoder(&bytes, model.name(), None).unwrap().len() - 8;
            let listed = [&autoencoder["fine"], &autoencoder["coarse"], &autoencoder["latents"]].map(|n| n.as_u64().unwrap());
            assert_eq!(listed, [0, 1, 2].map(|i| varint(&bytes[sizes..], i)), "{}", advice());
        }
    }
}

const fn advice() -> &'static str {
    "run `node scripts/manifest.mjs`"
}

/// The number at a position in a list of varints.
fn varint(mut bytes: &[u8], position: usize) -> u64 {
    for _ in 0..position {
        let end = bytes.iter().position(|b| b & 0x80 == 0).unwrap();
        bytes = &bytes[end + 1..];
    }
    let length = bytes.iter().position(|b| b & 0x80 == 0).unwrap() + 1;
    bytes[..length].iter().rev().fold(0, |n, b| n << 7 | u64::from(b & 0x7F))
}
