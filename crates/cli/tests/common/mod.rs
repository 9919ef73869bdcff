//! The program as a person calls it, and files to call it on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, dead_code, missing_docs)] // Helpers of tests fail by panicking, as tests do; none takes all.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepcomp"));
    command.current_dir(folder).env_remove("DEEPCOMP_MODELS");
    command
}

pub fn deepcomp(folder: &Path, args: &[&str]) -> Output {
    command(folder).args(args).output().unwrap()
}

pub fn said(output: &Output) -> String {
    let message = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// Succeeds and says nothing on standard error.
pub fn ok(folder: &Path, args: &[&str]) -> String {
    let output = deepcomp(folder, args);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    assert!(output.stderr.is_empty(), "{args:?}: {}", said(&output));
    // Paths are printed as they are, and need be no text.
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Succeeds, and returns what is said on standard error.
pub fn warns(folder: &Path, args: &[&str]) -> String {
    let output = deepcomp(folder, args);
    assert!(output.status.success(), "{args:?}: {}", said(&output));
    said(&output)
}

pub fn fails(folder: &Path, args: &[&str]) -> String {
    let output = deepcomp(folder, args);
    assert_eq!(output.status.code(), Some(1), "{args:?} should fail: {}", said(&output));
    said(&output)
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name).canonicalize().unwrap()
}

pub fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// Names of all that is in a folder, and below it, in order.
pub fn listed(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().unwrap().is_dir() {
            names.extend(listed(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

/// An array of doubles as NumPy saves it.
pub fn npy(values: &[f64]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({},), }}", values.len());
    header.extend(std::iter::repeat_n(' ', 63 - (10 + header.len()) % 64));
    header.push('\n');
    let mut out = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()].concat();
    out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    out
}

/// An array that takes a while and does not shrink.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as f64 / u64::MAX as f64
    };
    npy(&std::iter::repeat_with(&mut next).take(count).collect::<Vec<_>>())
}

/// A GIF of one pixel of that gray.
pub fn gif(gray: u8) -> Vec<u8> {
    let (head, tail) = (b"GIF89a\x01\0\x01\0\x80\0\0", b"\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;");
    [&head[..], &[gray; 3], &tail[..]].concat()
}

/// An archive made by the library of files that hold their own names, whatever those are.
pub fn forged(names: &[&str]) -> Vec<u8> {
    use deepcomp::archive::Compressor;
    use deepcomp::field::ErrorBound;
    let options = deepcomp::codec::Options { base: deepcomp::codec::Base::Never, coarse: true, ..deepcomp::codec::Options::new(ErrorBound::Lossless) };
    let mut compressor = Compressor::empty(&options);
    for name in names {
        compressor.add(deepcomp::formats::file::keep(name.as_bytes().to_vec()), name).unwrap();
    }
    compressor.finish().unwrap().0
}
