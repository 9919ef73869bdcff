//! The command line as a person uses it: real files in, archives out and back, failures that leave nothing behind.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // Helpers of tests fail by panicking, as tests do.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn deepcomp(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_deepcomp")).args(args).current_dir(folder).env_remove("DEEPCOMP_MODELS").output().unwrap()
}

fn ok(folder: &Path, args: &[&str]) -> String {
    let output = deepcomp(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "no progress bar in a pipe: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn fails(folder: &Path, args: &[&str]) -> String {
    let output = deepcomp(folder, args);
    assert!(!output.status.success(), "{args:?} should fail");
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!message.contains("panicked"), "{message}");
    message
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name).canonicalize().unwrap()
}

fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    folder
}

#[test]
fn lossless_files_come_back_byte_for_byte() {
    let names = ["coads_sst.nc", "gfs_t2m.npy"];
    let folder = folder_with(&names);
    let at = folder.path();
    ok(at, &["compress", names[0], names[1], "-o", "both.dca", "--lossless"]);
    assert!(ok(at, &["test", "both.dca"]).contains("decode to the values their certificates name"));
    ok(at, &["extract", "both.dca", "-C", "out/deep"]);
    for name in names {
        assert!(std::fs::read(at.join(name)).unwrap() == std::fs::read(at.join("out/deep").join(name)).unwrap(), "{name}");
    }
}

#[test]
fn pictures_come_back_pixel_for_pixel() {
    let folder = folder_with(&["blue_marble.png"]);
    let at = folder.path();
    ok(at, &["compress", "blue_marble.png", "-o", "a.dca", "--lossless", "--no-times"]);
    ok(at, &["extract", "a.dca", "-C", "out"]);
    ok(at, &["compress", "out/blue_marble.png", "-o", "b.dca", "--lossless", "--no-times"]);
    let listed = |archive: &str| serde_json::from_str::<serde_json::Value>(&ok(at, &["list", archive, "--json"])).unwrap()["variables"].clone();
    assert_eq!(listed("a.dca"), listed("b.dca"), "the same pixels give the same chunks");
}

#[test]
fn json_reports_sizes_and_errors() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    let report: serde_json::Value = serde_json::from_str(&ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--abs", "0.01", "--json"])).unwrap();
    let size = std::fs::metadata(at.join("a.dca")).unwrap().len();
    assert_eq!(report["archive_bytes"], size);
    assert!(report["ratio"].as_f64().unwrap() > 5.0 && report["encode_seconds"].as_f64().unwrap() > 0.0);
    let error = report["max_abs_error"].as_f64().unwrap();
    assert!(error > 0.0 && error <= 0.01);
    let sst = report["variables"].as_array().unwrap().iter().find(|v| v["name"] == "SST").unwrap();
    assert_eq!((sst["raw_bytes"].as_u64(), sst["max_abs_error"].as_f64()), (Some(12 * 90 * 180 * 4), Some(error)));
    let listing: serde_json::Value = serde_json::from_str(&ok(at, &["list", "a.dca", "--json"])).unwrap();
    assert_eq!(listing["variables"].as_array().unwrap().iter().find(|v| v["name"] == "SST").unwrap()["checksum"], sst["checksum"]);
    assert!(ok(at, &["list", "a.dca"]).contains("12×90×180"));
    let none = ok(at, &["compress", "coads_sst.nc", "-o", "b.dca", "--abs", "0.01", "--model", "none", "--json"]);
    assert!(none.contains("max_abs_error"));
}

#[test]
fn other_formats_can_be_extracted() {
    let folder = folder_with(&["coads_sst.nc"]);
    let at = folder.path();
    ok(at, &["compress", "coads_sst.nc", "-o", "a.dca", "--rel", "1e-3"]);
    let listed = ok(at, &["extract", "a.dca", "-C", "npy", "--as", "npy"]);
    assert!(listed.contains("coads_sst.SST.npy"), "{listed}");
    assert!(std::fs::read(at.join("npy/coads_sst.SST.npy")).unwrap().starts_with(b"\x93NUMPY"));
    ok(at, &["extract", "a.dca", "-C", "png", "--as", "png"]);
    assert_eq!(std::fs::read_dir(at.join("png")).unwrap().count(), 12);
    ok(at, &["extract", "a.dca", "-C", "nc", "--as", "netcdf"]);
    ok(at, &["compress", "nc/coads_sst.nc", "-o", "again.dca", "--lossless"]);
}

#[test]
fn failures_say_what_to_do_and_leave_nothing() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    std::fs::write(at.join("a.dca"), "what was there").unwrap();
    std::fs::write(at.join("garbage.nc"), "CDF\x01 but no more").unwrap();
    for (args, advice) in [
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0"], "lossless"),
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "-1"], "positive"),
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--rel", "nan"], "positive"),
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1e-9", "--strict"], "precision"),
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "1", "--lossless"], "--lossless"),
        (vec!["compress", "gfs_t2m.npy", "gfs_t2m.npy", "-o", "a.dca", "--lossless"], "rename"),
        (vec!["compress", "gfs_t2m.npy", "-o", "a.dca", "--lossless", "--model", "mine.dcm"], "mine.dcm"),
        (vec!["compress", "missing.nc", "-o", "a.dca", "--lossless"], "missing.nc"),
        (vec!["compress", "garbage.nc", "-o", "a.dca", "--lossless", "--strict"], "damaged"),
        (vec!["compress", "gfs_t2m.npy", "-o", "no/such/folder/a.dca", "--lossless"], "no/such/folder"),
        (vec!["list", "a.dca"], "not a DeepComp archive"),
        (vec!["test", "gfs_t2m.npy"], "not a DeepComp archive"),
        (vec!["extract", "garbage.nc", "-C", "out"], "not a DeepComp archive"),
    ] {
        let message = fails(at, &args);
        assert!(message.contains(advice), "{args:?}: {message}");
    }
    assert_eq!(std::fs::read(at.join("a.dca")).unwrap(), b"what was there");
    let mut left: Vec<_> = std::fs::read_dir(at).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, ["a.dca", "garbage.nc", "gfs_t2m.npy"]);
}

#[test]
fn test_notices_damage() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--rel", "1e-3"]);
    let sound = std::fs::read(at.join("a.dca")).unwrap();
    for position in [3, 40, 2000, sound.len() - 40, sound.len() - 2] {
        let mut damaged = sound.clone();
        damaged[position] ^= 0x10;
        std::fs::write(at.join("a.dca"), damaged).unwrap();
        fails(at, &["test", "a.dca"]);
        fails(at, &["extract", "a.dca", "-C", "out"]);
    }
    assert_eq!(std::fs::read_dir(at.join("out")).map_or(0, Iterator::count), 0, "no half file");
    // What is around a frame is of use to those alone who lose the index.
    let mut damaged = sound.clone();
    damaged[27] ^= 0x10;
    std::fs::write(at.join("a.dca"), damaged).unwrap();
    assert!(fails(at, &["test", "a.dca"]).contains("in no whole record"));
    ok(at, &["extract", "a.dca", "-C", "out"]);
}

#[test]
fn test_compares_with_the_sources() {
    let folder = folder_with(&["coads_sst.nc", "gfs_t2m.npy"]);
    let at = folder.path();
    ok(at, &["compress", "coads_sst.nc", "gfs_t2m.npy", "-o", "a.dca", "--rel", "1e-4"]);
    std::fs::create_dir(at.join("elsewhere")).unwrap();
    std::fs::rename(at.join("coads_sst.nc"), at.join("elsewhere/coads_sst.nc")).unwrap();
    let table = ok(at, &["test", "a.dca", "--source", "gfs_t2m.npy", "elsewhere/coads_sst.nc"]);
    let row = |name: &str| table.lines().find(|l| l.starts_with(name)).unwrap();
    assert!(row("SST").ends_with("0.0001 of range kept") && row("TIME").ends_with("lossless kept"), "{table}");
    assert!(row("gfs_t2m").contains('✓') && row("TIME").contains('∞') && row("TIME").contains('–'), "{table}");
    assert!(table.ends_with("decode to the values their certificates name\n"));

    let report: serde_json::Value = serde_json::from_str(&ok(at, &["test", "a.dca", "--json", "--source", "gfs_t2m.npy"])).unwrap();
    let [gfs] = report["variables"].as_array().unwrap().as_slice() else { panic!("one source, one variable: {report}") };
    assert_eq!((&gfs["file"], &gfs["variable"], &gfs["bound_kept"]), (&"gfs_t2m.npy".into(), &"gfs_t2m".into(), &true.into()));
    let number = |key: &str| gfs[key].as_f64().unwrap_or_else(|| panic!("{key}: {gfs}"));
    assert!(number("max_abs_error") <= number("absolute_bound") && number("rmse") < number("max_abs_error") && number("bias").abs() < number("rmse"));
    assert!(number("psnr") > 80.0 && number("one_minus_pearson") < 1e-7 && (number("pearson") - 1.0 + number("one_minus_pearson")).abs() < 1e-15);
    let shares = ["ks_p", "spatial_relative_error", "dssim"].map(number);
    assert!(shares.iter().all(|v| (0.0..=1.0).contains(v)), "{gfs}");
    let passes = [true, shares[0] >= 0.05, shares[1] <= 0.05, shares[2] >= 0.9995];
    assert_eq!(["pearson", "ks_p", "spatial_relative_error", "dssim"].map(|key| gfs["passes"][key].as_bool()), passes.map(Some));
}

#[test]
fn a_broken_bound_fails_the_test_and_a_missed_acceptance_test_does_not() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let at = folder.path();
    ok(at, &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "2"]);
    assert!(ok(at, &["test", "a.dca", "--source", "gfs_t2m.npy"]).contains('✗'));
    let mut source = std::fs::read(at.join("gfs_t2m.npy")).unwrap();
    let last = source.len() - 4;
    source[last..].copy_from_slice(&9e9_f32.to_le_bytes());
    std::fs::write(at.join("gfs_t2m.npy"), source).unwrap();
    let message = fails(at, &["test", "a.dca", "--source", "gfs_t2m.npy"]);
    assert!(message.contains("\"gfs_t2m\" of gfs_t2m.npy is not within its bound 2"), "{message}");
    assert!(fails(at, &["test", "a.dca", "--source", "a.dca"]).contains("the archive, which has gfs_t2m.npy"));
    assert!(fails(at, &["test", "a.dca", "--json"]).contains("--source"));
}

#[test]
fn folders_come_back_with_whatever_is_in_them() {
    let folder = folder_with(&[]);
    let at = folder.path();
    std::fs::create_dir_all(at.join("data/sub/empty")).unwrap();
    std::fs::copy(sample("gfs_t2m.npy"), at.join("data/sub/t2m.npy")).unwrap();
    std::fs::copy(sample("coads_sst.nc"), at.join("data/sst.nc")).unwrap();
    std::fs::write(at.join("data/readme.txt"), "What the files are.\n".repeat(100)).unwrap();
    std::fs::write(at.join("data/nothing"), "").unwrap();
    let output = deepcomp(at, &["compress", "data", "-o", "a.dca", "--rel", "0.01"]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && message.contains("readme.txt: kept byte for byte"), "{message}");
    let listed = ok(at, &["extract", "a.dca", "-C", "out", "--threads", "2"]);
    assert_eq!(listed.lines().collect::<Vec<_>>(), ["out/data/nothing", "out/data/readme.txt", "out/data/sst.nc", "out/data/sub/t2m.npy"]);
    for name in ["data/readme.txt", "data/nothing"] {
        assert_eq!(std::fs::read(at.join(name)).unwrap(), std::fs::read(at.join("out").join(name)).unwrap(), "{name}");
    }
    assert!(ok(at, &["test", "a.dca", "--source", "data/sst.nc", "data/sub/t2m.npy"]).contains("0.01 of range kept"));
}

#[test]
fn each_variable_takes_the_bound_it_is_given() {
    let folder = folder_with(&["coads_sst.nc", "gfs_t2m.npy"]);
    let at = folder.path();
    let report: serde_json::Value =
        serde_json::from_str(&ok(at, &["compress", "coads_sst.nc", "gfs_t2m.npy", "-o", "a.dca", "--bound", "SST=0.5, 0.1%", "--json"])).unwrap();
    let bounds: Vec<(&str, &str)> =
        report["variables"].as_array().unwrap().iter().map(|v| (v["name"].as_str().unwrap(), v["bound"].as_str().unwrap())).collect();
    assert!(bounds.contains(&("SST", "0.5")) && bounds.contains(&("gfs_t2m", "0.1%")) && bounds.contains(&("TIME", "lossless")), "{bounds:?}");
    ok(at, &["test", "a.dca", "--source", "coads_sst.nc", "gfs_t2m.npy"]);
    let report: serde_json::Value = serde_json::from_str(&ok(at, &["compress", "coads_sst.nc", "-o", "b.dca", "--bound", "recommended", "--json"])).unwrap();
    assert!(report["variables"].as_array().unwrap().iter().any(|v| v["name"] == "SST" && v["bound"] == "0.01"), "{report}");
    let message = fails(at, &["compress", "coads_sst.nc", "-o", "c.dca", "--bound", "sst=0.5"]);
    assert!(message.contains("no variable \"sst\"") && message.contains("SST") && !at.join("c.dca").exists(), "{message}");
    assert!(fails(at, &["compress", "coads_sst.nc", "-o", "c.dca", "--bound", "SST=cold"]).contains("not an error bound"));
}

#[test]
fn list_says_which_rule_was_found() {
    let folder = folder_with(&["gfs_t2m.npy", "gfs_upper_air.grib2"]);
    let at = folder.path();
    let rules = |name: &str, more: &[&str]| -> Vec<String> {
        ok(at, &[&["compress", name, "-o", "a.dca", "--model", "none"], more].concat());
        let listed: serde_json::Value = serde_json::from_str(&ok(at, &["list", "a.dca", "--json"])).unwrap();
        listed["variables"].as_array().unwrap().iter().filter_map(|v| v["rule"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(rules("gfs_t2m.npy", &["--lossless"]).len(), 1);
    assert!(rules("gfs_upper_air.grib2", &["--lossless", "--strict"]).contains(&"k · 0.1".to_owned()));
    assert!(rules("gfs_t2m.npy", &["--abs", "0.05"])[0].contains(", to within "));
    assert!(ok(at, &["list", "a.dca"]).contains("coded as: "));
}
