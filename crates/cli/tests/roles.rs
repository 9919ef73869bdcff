//! What variables are taken for, as `compress` tells it and lets it be told.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{fails, ok, warns};
use deepcomp::Limits;
use deepcomp::field::{Attribute, Dataset, Dimension, Field, Missing, Values};
use deepcomp::formats::{self, netcdf3};
use std::path::Path;

/// A file of a mesh with a field on its faces, in which every fiftieth number is `code`.
fn mesh(folder: &Path, code: f32) -> Dataset {
    let field = |name: &str, dimensions: Vec<usize>, values: Values, attributes: Vec<Attribute>| {
        let shape = dimensions.iter().map(|d| [400, 3][*d]).collect();
        Field { name: name.to_owned(), dimensions, shape, values, attributes, missing: Missing::NonFinite, derived: None }
    };
    let dimension = |name: &str, length| Dimension { name: name.to_owned(), length, unlimited: false };
    let speed = (0..400).map(|i| if i % 50 == 3 { code } else { (i as f32 / 40.0).sin() * 40.0 }).collect();
    let fields = vec![
        field("mesh", vec![], Values::I32(vec![0]), vec![Attribute::text("cf_role", "mesh_topology"), Attribute::text("face_node_connectivity", "faces")]),
        field("faces", vec![0, 1], Values::I32((0..1200).map(|i| i * 7919 % 211).collect()), vec![]),
        field("speed", vec![0], Values::F32(speed), vec![Attribute::text("units", "m s-1"), Attribute::text("mesh", "mesh")]),
        field("codes", vec![0], Values::I32((0..400).map(|i| i * 7919 % 97).collect()), vec![]),
    ];
    let dimensions = vec![dimension("face", 400), dimension("three", 3)];
    let dataset = Dataset { format: netcdf3::format(1), dimensions, attributes: Vec::new(), fields, layout: Vec::new() };
    std::fs::write(folder.join("mesh.nc"), netcdf3::write(&dataset).unwrap()).unwrap();
    dataset
}

/// Succeeds, and returns what is printed, whatever is said of sums.
fn told(folder: &Path, args: &[&str]) -> String {
    let output = common::deepcomp(folder, args);
    assert!(output.status.success(), "{args:?}: {}", common::said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// What comes out of an archive.
fn extracted(folder: &Path) -> Dataset {
    ok(folder, &["extract", "a.dca", "-C", "out", "--force"]);
    formats::read(&std::fs::read(folder.join("out/mesh.nc")).unwrap(), "mesh.nc", &Limits::default()).unwrap()
}

#[test]
fn connectivity_stays_exact_and_the_report_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = mesh(at, 1.0);
    let table = told(at, &["compress", "mesh.nc", "-o", "a.dca", "--abs", "2"]);
    assert!(table.contains("connectivity: named by \"face_node_connectivity\" of mesh"), "{table}");
    let decoded = extracted(at);
    for (before, after) in source.fields.iter().zip(&decoded.fields) {
        assert_eq!(before.values == after.values, before.name != "speed", "{}", before.name);
    }
    let report: serde_json::Value = serde_json::from_str(&told(at, &["compress", "mesh.nc", "-o", "a.dca", "--abs", "2", "--json"])).unwrap();
    let roles: Vec<&str> = report["variables"].as_array().unwrap().iter().map(|v| v["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["connectivity", "connectivity", "measurement", "integer"]);
    assert_eq!(report["variables"][2]["why"], "in m s-1");
}

#[test]
fn variables_can_be_named_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = mesh(at, 1.0);
    told(at, &["compress", "mesh.nc", "-o", "a.dca", "--abs", "3", "--coarse", "--as-data", "codes,faces"]);
    let decoded = extracted(at);
    let moved: Vec<&str> = source.fields.iter().zip(&decoded.fields).filter(|(a, b)| a.values != b.values).map(|(a, _)| a.name.as_str()).collect();
    assert_eq!(moved, ["faces", "speed", "codes"]);
    assert!(fails(at, &["compress", "mesh.nc", "-o", "a.dca", "--abs", "3", "--as-data", "code"]).contains("\"code\""));
}

#[test]
fn codes_that_the_file_does_not_declare_are_told_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let source = mesh(at, 1e36);
    let compress = ["compress", "mesh.nc", "-o", "a.dca", "--rel", "0.01"];
    let warned = warns(at, &compress);
    assert!(warned.contains("\"speed\": 1e36, found 8 times, is taken as missing"), "{warned}");
    assert!(warns(at, &["test", "a.dca", "--source", "mesh.nc"]).contains("sums change"));
    let decoded = extracted(at);
    let (Values::F32(before), Values::F32(after)) = (&source.fields[2].values, &decoded.fields[2].values) else { panic!() };
    assert!(before.iter().zip(after).all(|(a, b)| if *a > 1e30 { a == b } else { (a - b).abs() < 0.81 }));
    // As data they stretch the range, and nobody speaks of them.
    told(at, &[&compress[..], &["--missing", "none"]].concat());
    let Values::F32(after) = &extracted(at).fields[2].values else { panic!() };
    assert!(before.iter().zip(after).any(|(a, b)| (a - b).abs() > 1.0));
    // A code that is not among the usual ones can be given.
    mesh(at, -55.5);
    told(at, &compress);
    assert!(warns(at, &[&compress[..], &["--missing", "-55.5"]].concat()).contains("-55.5, found 8 times"));
    assert!(!common::deepcomp(at, &[&compress[..], &["--missing", "often"]].concat()).status.success());
    // One that may be one and is not far away is told.
    mesh(at, -999.0);
    let near = warns(at, &["compress", "mesh.nc", "-o", "a.dca", "--abs", "0.5"]);
    assert!(near.contains("is taken as missing"), "{near}");
}
