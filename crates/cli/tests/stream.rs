//! `compress - --stream`: what comes through a pipe is in the archive before the next comes, and what is cut off is whole as far as it came.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod common;

use common::{fails, folder_with, ok};
use deepcomp::archive::{Arrival, Incoming};
use deepcomp::field::{Dataset, Values};
use deepcomp::formats::npy;
use deepcomp::network::model::Models;
use deepcomp::{Limits, formats};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const ROWS: usize = 40;
const COLUMNS: usize = 60;

fn map(time: usize) -> Vec<f32> {
    (0..ROWS * COLUMNS).map(|i| 280.0 + ((i / COLUMNS + time) as f32 / 5.0).sin() * 9.0 + ((i % COLUMNS) as f32 / 7.0).cos() * 4.0).collect()
}

fn array(time: usize) -> Vec<u8> {
    let dataset = Dataset::from_array("v", &[ROWS, COLUMNS], Values::F32(map(time)), npy::FORMAT).unwrap();
    npy::write(&dataset.fields[0], npy::FORMAT)
}

fn start(at: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_deepcomp"));
    command.current_dir(at).args(["compress", "-", "-o", "-", "--abs", "0.01", "--level", "fast"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn each_array_is_written_before_the_next_comes() {
    let folder = folder_with(&[]);
    let mut child = start(folder.path(), &["--stream", "t=npy", "--tile", "time=1"]);
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut incoming, mut bytes, mut seen) = (Incoming::new(&Limits::default()), Vec::new(), 0);
    for time in 0..3 {
        input.write_all(&array(time)).unwrap();
        input.flush().unwrap();
        // Nothing more was sent: what is waited for has to come.
        while seen <= time {
            let mut piece = [0; 4096];
            let count = output.read(&mut piece).unwrap();
            assert!(count > 0, "it ended early");
            bytes.extend(&piece[..count]);
            incoming.push(&piece[..count]);
            while let Some(arrival) = incoming.next(&Models::default()).unwrap() {
                if let Arrival::Chunk(chunk) = arrival {
                    assert_eq!(chunk.first, [seen, 0, 0]);
                    let Values::F32(values) = chunk.values(&Models::default()).unwrap() else { panic!() };
                    assert!(values.iter().zip(map(seen)).all(|(a, b)| (a - b).abs() <= 0.01));
                    seen += 1;
                }
            }
        }
    }
    // Cut off there, it is all that came.
    fs::write(folder.path().join("cut.dca"), &bytes).unwrap();
    ok(folder.path(), &["salvage", "cut.dca", "-o", "saved.dca"]);
    ok(folder.path(), &["extract", "saved.dca", "-C", "out", "--as", "npy"]);
    drop(input);
    output.read_to_end(&mut bytes).unwrap();
    assert!(child.wait().unwrap().success());
    fs::write(folder.path().join("whole.dca"), &bytes).unwrap();
    ok(folder.path(), &["test", "whole.dca"]);
    ok(folder.path(), &["extract", "whole.dca", "-C", "all", "--as", "npy"]);
    for out in ["out", "all"] {
        let file = fs::read_dir(folder.path().join(out)).unwrap().next().unwrap().unwrap().path();
        let back = formats::read(&fs::read(file).unwrap(), "t.npy", &Limits::default()).unwrap();
        assert_eq!(back.fields[0].shape, [3, ROWS, COLUMNS]);
        let Values::F32(values) = &back.fields[0].values else { panic!() };
        assert!((0..3).flat_map(map).zip(values).all(|(a, b)| (a - b).abs() <= 0.01));
    }
}

#[test]
fn plain_values_are_taken_as_the_option_says() {
    let folder = folder_with(&[]);
    let mut child = start(folder.path(), &["--stream", "float32:40,60", "--comment", "from a pipe"]);
    let raw: Vec<u8> = (0..9).flat_map(map).flat_map(f32::to_le_bytes).collect();
    let mut input = child.stdin.take().unwrap();
    input.write_all(&raw).unwrap();
    drop(input);
    let told = child.wait_with_output().unwrap();
    assert!(told.status.success());
    fs::write(folder.path().join("a.dca"), &told.stdout).unwrap();
    assert!(ok(folder.path(), &["list", "a.dca"]).contains("from a pipe"));
    ok(folder.path(), &["extract", "a.dca", "-C", "out"]);
    let file = fs::read_dir(folder.path().join("out")).unwrap().next().unwrap().unwrap().path();
    let back = formats::read(&fs::read(file).unwrap(), "values.npy", &Limits::default()).unwrap();
    assert_eq!(back.fields[0].shape, [9, ROWS, COLUMNS]);
}

#[test]
fn what_is_no_stream_is_told() {
    let folder = folder_with(&[]);
    let run = |arguments: &[&str], bytes: &[u8]| {
        let mut child = start(folder.path(), arguments);
        let mut input = child.stdin.take().unwrap();
        let _ = input.write_all(bytes);
        drop(input);
        let told = child.wait_with_output().unwrap();
        (told.status.success(), String::from_utf8_lossy(&told.stderr).into_owned())
    };
    let (well, said) = run(&["--stream", "float32:40,60"], &[0; 9601]);
    assert!(!well && said.contains("1 of 9600 bytes"), "{said}");
    let (well, said) = run(&["--stream", "npy"], &[array(0), array(1)].concat()[..12_000]);
    assert!(!well && said.contains("within an array"), "{said}");
    let (well, said) = run(&["--stream", "npy"], &[]);
    assert!(!well && said.contains("nothing came"), "{said}");
    let other = npy::write(&Dataset::from_array("v", &[3], Values::F32(vec![1.0; 3]), npy::FORMAT).unwrap().fields[0], npy::FORMAT);
    let (well, said) = run(&["--stream", "npy"], &[array(0), other].concat());
    assert!(!well && said.contains("are alike"), "{said}");
    assert!(fails(folder.path(), &["compress", "a.nc", "-o", "x.dca", "--stream", "npy"]).contains("standard input"));
    assert!(fails(folder.path(), &["compress", "-", "-o", "x.dca", "--rel", "0.01", "--stream", "float32:3"]).contains("absolute"));
    assert!(!folder.path().join("x.dca").exists());
}
