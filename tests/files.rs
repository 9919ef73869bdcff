//! Files of any kind, and text variables, which are kept byte for byte through a general compressor.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::formats::{self, file};
use deepcomp::network::model::Models;
use deepcomp::{Limits, Result};

fn pack(datasets: Vec<(&str, Dataset)>) -> Vec<u8> {
    let options = Options { base: Base::Never, coarse: true, ..Options::new(ErrorBound::relative(0.1).unwrap()) };
    let mut datasets = datasets.into_iter();
    let (name, first) = datasets.next().unwrap();
    let mut compressor = Compressor::new(first, name, &options).unwrap();
    datasets.for_each(|(name, dataset)| compressor.add(dataset, name).unwrap());
    compressor.finish().unwrap().0
}

fn unpack(archive: &[u8], file: usize) -> Result<Dataset> {
    let index = Archive::open(archive, &Limits::default())?;
    Decompressor::new(index, file, &Models::default())?.finish(archive)
}

fn text(length: usize) -> Vec<u8> {
    let words = [b"ocean ".as_slice(), b"air ", b"temperature ", b"of the ", b"wind\n", b"1234 "];
    (0..).flat_map(|i: usize| words[(i * i + i / 7) % 6].iter().copied()).take(length).collect()
}

#[test]
fn any_file_comes_back_byte_for_byte_under_any_bound() {
    let noise: Vec<u8> = (0..100_000u32).map(|i| (i.wrapping_mul(0x9E37_79B1) >> 13) as u8 ^ (i.wrapping_mul(i) >> 7) as u8).collect();
    let files = [("empty", vec![]), ("one", vec![7]), ("short", text(100)), ("long", text(5_000_000)), ("noise", noise), ("zeros", vec![0; 3_000_000])];
    let archive = pack(files.iter().map(|(name, bytes)| (*name, file::keep(bytes.clone()))).collect());
    for (number, (name, bytes)) in files.iter().enumerate() {
        let back = unpack(&archive, number).unwrap();
        assert_eq!(back.format, file::FORMAT);
        assert_eq!(&formats::write(&back).unwrap(), bytes, "{name}");
    }
    assert!(archive.len() < 400_000, "{} bytes", archive.len());
}

#[test]
fn text_variables_are_compressed_as_text() {
    let dataset = Dataset::from_array("names", &[1000, 20], Values::Char(text(20_000)), SourceFormat::ARRAY).unwrap();
    let archive = pack(vec![("names.nc", dataset.clone())]);
    assert_eq!(unpack(&archive, 0).unwrap().fields, dataset.fields);
    assert!(archive.len() < 2_000, "{} bytes", archive.len());
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let noise = |seed: u64| (0..9000u64).map(move |i| ((i + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 29) as u8);
    let file = |seed| file::keep(noise(seed).collect());
    let alone = pack(vec![("a", file(1))]).len();
    let archive = pack(vec![("a", file(1)), ("b", file(7)), ("c", file(1))]);
    assert!(archive.len() < 2 * alone + 200, "{alone} {}", archive.len());
    for (number, seed) in [1, 7, 1].into_iter().enumerate() {
        assert!(unpack(&archive, number).unwrap() == file(seed), "{number}");
    }
}

/// An archive of files of data, each with its own bytes at hand.
fn with_originals(inputs: &[(&str, &[u8])], bound: ErrorBound) -> (Vec<u8>, Vec<usize>) {
    let mut compressor = Compressor::empty(&Options { coarse: true, ..Options::new(bound) });
    let mut bytes = Vec::new();
    for (name, original) in inputs {
        let dataset = formats::read(original, name, &Limits::default()).unwrap();
        compressor.begin(dataset.without_values(), name).unwrap();
        compressor.set_original(original.to_vec());
        for field in dataset.fields {
            compressor.add_variable(field).unwrap();
            compressor.step().unwrap();
            bytes.extend(compressor.take_bytes());
        }
        compressor.end(dataset.layout).unwrap();
    }
    while compressor.step().unwrap().is_some() {}
    let whole = compressor.kept_whole().unwrap().iter().copied().collect();
    let (rest, reports) = compressor.finish().unwrap();
    assert_eq!(reports.len(), inputs.len());
    bytes.extend(rest);
    (bytes, whole)
}

/// NPY of noise, which nothing makes smaller, or of a plane.
fn npy(shape: &[usize], noise: bool) -> Vec<u8> {
    let value = |i: u64| if noise { f64::from_bits((i + 3).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 2) } else { (i / 60) as f64 };
    let values = Values::F64((0..shape.iter().product::<usize>() as u64).map(value).collect());
    formats::write(&Dataset::from_array("v", shape, values, formats::npy::FORMAT).unwrap()).unwrap()
}

#[test]
fn a_file_that_would_grow_is_kept_whole_and_decodes_to_its_data() {
    let (small, noise, plane) = (b"lat,lon,t\n1.5,2,3\n2.5,3,4.25\n".to_vec(), npy(&[50, 60], true), npy(&[50, 60], false));
    for bound in [ErrorBound::Lossless, ErrorBound::absolute(0.3).unwrap()] {
        let inputs = [("plane.npy", plane.as_slice()), ("tiny.csv", &small), ("noise.npy", &noise), ("again.npy", &plane), ("twice.npy", &noise)];
        let (archive, whole) = with_originals(&inputs, bound);
        assert_eq!(whole, [1]);
        let index = Archive::open(&archive, &Limits::default()).unwrap();
        for (number, (name, original)) in inputs.iter().enumerate() {
            assert_eq!(index.is_whole(number).unwrap(), whole.contains(&number), "{name}");
            let decompressor = || Decompressor::new(index.clone(), number, &Models::default()).unwrap();
            let (decoded, source) = (decompressor().finish(&archive).unwrap(), formats::read(original, name, &Limits::default()).unwrap());
            assert_eq!(decoded.without_values(), source.without_values());
            if whole.contains(&number) {
                assert!(decoded == source, "{name}");
                assert_eq!(formats::write(&decompressor().as_kept().finish(&archive).unwrap()).unwrap(), *original);
                assert_eq!(index.variables(number).unwrap()[0].bound, ErrorBound::Lossless);
            }
        }
    }
}
