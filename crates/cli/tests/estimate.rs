//! What `compress --estimate` tells.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{deepcomp, folder_with, listed, ok, said};

#[test]
fn estimates_write_nothing_and_come_close() {
    let folder = folder_with(&["gfs_t2m.npy"]);
    let before = listed(folder.path());
    let report: serde_json::Value = serde_json::from_str(&ok(folder.path(), &["compress", "gfs_t2m.npy", "--abs", "0.05", "--estimate", "--json"])).unwrap();
    assert_eq!(listed(folder.path()), before);
    let rows = report["estimates"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    for row in rows.iter().filter(|row| row["times"] == 1.0) {
        let level = row["level"].as_str().unwrap();
        ok(folder.path(), &["compress", "gfs_t2m.npy", "-o", "a.dca", "--abs", "0.05", "--level", level]);
        let real = std::fs::metadata(folder.path().join("a.dca")).unwrap().len() as f64;
        assert!((row["archive_bytes"].as_f64().unwrap() / real - 1.0).abs() < 0.1, "{row} {real}");
    }
    let table = ok(folder.path(), &["compress", "gfs_t2m.npy", "--lossless", "--estimate"]);
    assert_eq!(table.lines().count(), 6, "without loss there is one bound: {table}");
    assert!(said(&deepcomp(folder.path(), &["compress", "gfs_t2m.npy"])).contains("--output"));
}
