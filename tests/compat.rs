//! Archives written once and never regenerated: each must decode to the values it decoded to then, or be refused as a version that is gone.
//!
//! A new format version adds a folder. `DEEPCOMP_WRITE_VECTORS=1 cargo test --test compat` fills the folder of the current version, once.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, FormatVersion};
use deepcomp::codec::{ModelChoice, Options};
use deepcomp::field::{DataType, Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::{Error, Limits};
use std::path::PathBuf;
use xxhash_rust::xxh3::xxh3_64;

fn folder(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(version)
}

/// Inputs that together reach every filling, lattice, mask and data type. Only the vectors they became are fixed, not these.
fn inputs() -> Vec<(&'static str, Dataset, ErrorBound)> {
    let wave = |i: usize| ((i % 37) as f64 - 18.0) * ((i / 37 % 41) as f64 - 20.0) * 0.29 + (i * i % 19) as f64 * 0.017 + (i / 1517) as f64;
    let numbers = |count: usize| (0..count).map(wave);
    let dataset = |shape: &[usize], values| Dataset::from_array("v", shape, values, SourceFormat::Array).unwrap();
    let abs = |e| ErrorBound::absolute(e).unwrap();
    let typed = |t: DataType| {
        Values::from_le_bytes(t, &(0..1517u64).flat_map(|i| (wave(i as usize) as i64 * 3).to_le_bytes().into_iter().take(t.size())).collect::<Vec<_>>())
    };
    let mut inputs = vec![
        ("bounded_series", dataset(&[3, 41, 37], Values::F32(numbers(3 * 1517).map(|v| v as f32).collect())), abs(0.02)),
        (
            "bounded_missing",
            dataset(&[2, 41, 37], Values::F32(numbers(2 * 1517).enumerate().map(|(i, v)| if i % 37 < 9 { f32::NAN } else { v as f32 }).collect())),
            abs(0.1),
        ),
        ("lossless_ordered", dataset(&[41, 37], Values::F64(numbers(1517).map(|v| v * 1.000_000_123_457).collect())), ErrorBound::Lossless),
        ("lossless_decimals", dataset(&[41, 37], Values::F32(numbers(1517).map(|v| ((v * 10.0).round() / 10.0) as f32).collect())), ErrorBound::Lossless),
        ("lossless_packed", dataset(&[41, 37], Values::F32(numbers(1517).map(|v| (v.round() * 0.037_123 + 271.3) as f32).collect())), ErrorBound::Lossless),
        (
            "sparse",
            dataset(&[41, 37], Values::F32(numbers(1517).map(|v| if v < 60.0 { 0.0 } else { v as f32 }).collect())),
            ErrorBound::relative(1e-3).unwrap(),
        ),
        (
            "explicit_missing",
            dataset(&[41, 37], Values::F32((0..1517u32).map(|i| if i % 3 == 0 { f32::from_bits(0x7FC0_0000 | i) } else { i as f32 }).collect())),
            ErrorBound::Lossless,
        ),
        ("constant", dataset(&[41, 37], Values::F64(vec![-0.0; 1517])), ErrorBound::Lossless),
        ("scalar", dataset(&[], Values::I32(vec![-7])), ErrorBound::Lossless),
        ("empty", dataset(&[3, 0], Values::F32(vec![])), ErrorBound::Lossless),
    ];
    for t in DataType::ALL.into_iter().filter(|t| !t.is_float()) {
        inputs.push((t.name(), dataset(&[41, 37], typed(t)), if t.size() == 2 { abs(4.0) } else { ErrorBound::Lossless }));
    }
    inputs
}

#[test]
fn vectors_decode_to_what_they_were() {
    let current = folder(&format!("v{}", FormatVersion::CURRENT));
    if std::env::var_os("DEEPCOMP_WRITE_VECTORS").is_some() {
        write(&current);
    }
    let list = std::fs::read_to_string(current.join("values.xxh3")).unwrap();
    assert!(list.lines().count() >= 19);
    for line in list.lines() {
        let (name, sum) = line.split_once(' ').unwrap();
        let bytes = std::fs::read(current.join(name)).unwrap();
        let dataset = Decompressor::new(Archive::open(&bytes, &Limits::default()).unwrap(), 0).unwrap().finish(&bytes).unwrap();
        assert_eq!(format!("{:016x}", xxh3_64(&dataset.fields[0].values.to_le_bytes())), sum, "{name}");
    }
}

#[test]
fn vectors_of_versions_that_are_gone_are_refused_as_such() {
    for entry in std::fs::read_dir(folder("")).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(format!("v{}", FormatVersion::CURRENT)) {
            continue;
        }
        for file in std::fs::read_dir(path).unwrap().map(|f| f.unwrap().path()).filter(|f| f.extension().is_some_and(|e| e == "dca")) {
            assert!(matches!(Archive::open(&std::fs::read(&file).unwrap(), &Limits::default()), Err(Error::UnsupportedVersion { .. })), "{}", file.display());
        }
    }
}

fn write(folder: &std::path::Path) {
    assert!(!folder.join("values.xxh3").exists(), "vectors are written once; a new format version adds a folder");
    std::fs::create_dir_all(folder).unwrap();
    let mut list = String::new();
    for (name, dataset, bound) in inputs() {
        let options = Options { bound, model: ModelChoice::None };
        let (bytes, reports) = Compressor::new(dataset, name, &options).unwrap().finish().unwrap();
        std::fs::write(folder.join(format!("{name}.dca")), bytes).unwrap();
        list += &format!("{name}.dca {:016x}\n", reports[0].checksum);
    }
    std::fs::write(folder.join("values.xxh3"), list).unwrap();
}
