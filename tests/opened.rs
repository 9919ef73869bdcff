//! Files read piece by piece: the same as from memory, and no more of them than is needed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::Source;
use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::Options;
use deepcomp::field::{Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::formats::{self, OpenFile, file, netcdf3, netcdf4, npz, tiff};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits};
use std::cell::Cell;
use std::rc::Rc;

/// Bytes that count how many of them are read.
struct Counted {
    bytes: Vec<u8>,
    read: Rc<Cell<u64>>,
}

impl Source for Counted {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        let at = usize::try_from(at).unwrap();
        into.copy_from_slice(&self.bytes[at..at + into.len()]);
        self.read.set(self.read.get() + into.len() as u64);
        Ok(())
    }
}

fn open(bytes: &[u8], name: &str) -> Result<(OpenFile, Rc<Cell<u64>>), Error> {
    let read = Rc::new(Cell::new(0));
    let source = Counted { bytes: bytes.to_vec(), read: Rc::clone(&read) };
    OpenFile::open(source, name, &Limits::default()).map(|file| (file, read))
}

const PLANES: usize = 12;

/// Two large variables and a small one, on a record dimension where there is one.
fn large(format: SourceFormat) -> Dataset {
    let dimension = |name: &str, length, unlimited| Dimension { name: name.to_owned(), length, unlimited };
    let wave = |scale: f32| Values::F32((0..PLANES * 90 * 180).map(|i| 280.0 + scale * (i as f32 / 700.0).sin()).collect());
    let field = |name: &str, values: Values| Field {
        name: name.to_owned(),
        dimensions: vec![0, 1, 2],
        shape: vec![PLANES, 90, 180],
        values,
        attributes: Vec::new(),
        missing: Missing::NonFinite,
        derived: None,
    };
    let time = Field { dimensions: vec![0], shape: vec![PLANES], ..field("time", Values::F64((0..PLANES).map(|n| n as f64).collect())) };
    let dimensions = vec![dimension("time", PLANES, format.is(netcdf3::FORMAT)), dimension("lat", 90, false), dimension("lon", 180, false)];
    let fields = vec![field("t", wave(20.0)), time, field("u", wave(5.0))];
    Dataset { format, dimensions, attributes: Vec::new(), fields, layout: Vec::new() }
}

fn options(bound: ErrorBound) -> Options {
    Options { coarse: true, ..Options::new(bound) }
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let samples = ["coads_sst.nc", "levitus_ocean.nc", "gfs_upper_air.grib2", "gfs_t2m.npy", "blue_marble.png"];
    let mut files: Vec<_> = samples.iter().map(|name| (*name, std::fs::read(format!("{}/samples/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap())).collect();
    let one = |mut dataset: Dataset| {
        dataset.fields.truncate(1);
        dataset
    };
    files.push(("records.nc", netcdf3::write(&large(netcdf3::format(2))).unwrap()));
    files.push(("fixed.nc", netcdf3::write(&large(SourceFormat::ARRAY)).unwrap()));
    files.push(("chunked.nc", netcdf4::write(&large(SourceFormat::ARRAY)).unwrap()));
    files.push(("bands.tif", tiff::write(&one(large(SourceFormat::ARRAY))).unwrap()));
    files.push(("arrays.npz", npz::write(&large(SourceFormat::ARRAY)).unwrap()));
    files
}

#[test]
fn every_format_reads_the_same_from_a_file_as_from_memory() {
    for (name, bytes) in files() {
        let expected = formats::read(&bytes, name, &Limits::default()).unwrap();
        let (mut file, read) = open(&bytes, name).unwrap();
        assert!(file.read().unwrap() == expected, "{name}");
        // Pages at both ends of a variable may be read for it and as metadata.
        assert!(read.get() <= bytes.len() as u64 + bytes.len() as u64 / 4 + (1 << 19), "{name}: {} bytes read of {}", read.get(), bytes.len());
    }
}

#[test]
fn a_variable_is_read_without_the_others() {
    for (name, bytes) in files().iter().filter(|(name, _)| ["records.nc", "fixed.nc", "chunked.nc"].contains(name)) {
        let (mut file, read) = open(bytes, name).unwrap();
        let header = read.get();
        assert!(header < 1 << 17, "{name}: {header} bytes to open it");
        let number = file.header().fields.iter().position(|f| f.name == "u").unwrap();
        let variable = file.variable(number).unwrap();
        assert!(variable.values == large(SourceFormat::ARRAY).fields[2].values, "{name}");
        let own = read.get() - header;
        assert!(own < bytes.len() as u64 * 6 / 10, "{name}: {own} bytes of {} for one of two variables", bytes.len());
    }
}

#[test]
fn more_than_the_limit_is_read_variable_by_variable_and_not_at_once() {
    let bytes = netcdf3::write(&large(SourceFormat::ARRAY)).unwrap();
    let limits = Limits { decoded_bytes: 1_000_000, ..Limits::default() };
    let source = || Counted { bytes: bytes.clone(), read: Rc::default() };
    assert!(matches!(formats::read(&bytes, "x.nc", &limits), Err(Error::LimitExceeded { .. })));
    let mut file = OpenFile::open(source(), "x.nc", &limits).unwrap();
    assert!(matches!(file.read(), Err(Error::LimitExceeded { .. })));
    for number in 0..3 {
        assert!(file.variable(number).unwrap().values == large(SourceFormat::ARRAY).fields[number].values);
    }
    let small = Limits { decoded_bytes: 500_000, ..Limits::default() };
    let mut file = OpenFile::open(source(), "x.nc", &small).unwrap();
    assert!(matches!(file.variable(0), Err(Error::LimitExceeded { .. })));
    assert!(file.variable(1).is_ok());
}

#[test]
fn an_archive_made_variable_by_variable_and_taken_in_parts_is_the_same() {
    let options = options(ErrorBound::relative(1e-3).unwrap());
    for (name, bytes) in files() {
        let dataset = formats::read(&bytes, name, &Limits::default()).unwrap();
        let (expected, reports) = Compressor::new(dataset.clone(), name, &options).unwrap().finish().unwrap();
        let (mut file, _) = open(&bytes, name).unwrap();
        let mut compressor = Compressor::empty(&options);
        compressor.begin(file.header().clone(), name).unwrap();
        let mut archive = Vec::new();
        for number in 0..file.header().fields.len() {
            compressor.add_variable(file.variable(number).unwrap()).unwrap();
            while compressor.step().unwrap().is_some() {}
            archive.extend(compressor.take_bytes());
        }
        compressor.end(file.layout().unwrap()).unwrap();
        let (rest, parted) = compressor.finish().unwrap();
        archive.extend(rest);
        assert_eq!(parted, reports, "{name}");
        assert!(archive == expected, "{name}: archives differ");
        let opened = Archive::open(&archive, &Limits::default()).unwrap();
        assert_eq!(Decompressor::new(opened, 0, &Models::default()).unwrap().finish(&archive).unwrap().fields.len(), dataset.fields.len());
    }
}

#[test]
fn a_variable_needs_a_file_that_was_begun_and_the_values_of_its_shape() {
    let dataset = large(SourceFormat::ARRAY);
    let mut compressor = Compressor::empty(&options(ErrorBound::Lossless));
    assert!(matches!(compressor.add_variable(dataset.fields[1].clone()), Err(Error::InvalidArgument { .. })));
    compressor.begin(dataset.clone(), "x.nc").unwrap();
    assert!(matches!(compressor.begin(dataset.clone(), "x.nc"), Err(Error::InvalidArgument { .. })));
    let cut = Field { values: Values::F64(vec![1.0]), ..dataset.fields[1].clone() };
    assert!(matches!(compressor.add_variable(cut), Err(Error::InvalidArgument { .. })));
    compressor.add_variable(dataset.fields[0].clone()).unwrap();
    assert!(matches!(compressor.end(Vec::new()), Err(Error::InvalidArgument { .. })));
    assert!(matches!(compressor.begin(dataset.clone(), "y.nc"), Err(Error::InvalidArgument { .. })));
    assert!(matches!(compressor.finish(), Err(Error::InvalidArgument { .. })));
}

#[test]
fn a_file_of_another_kind_or_a_damaged_one_is_kept_with_the_reason() {
    let source = |bytes: &[u8]| Counted { bytes: bytes.to_vec(), read: Rc::default() };
    let (mut file, why) = OpenFile::open_any(source(b"some words, no numbers"), "notes.txt", &Limits::default()).unwrap();
    assert!(matches!(why, Some(Error::UnknownFormat { .. })));
    assert_eq!(file.read().unwrap(), file::keep(b"some words, no numbers".to_vec()));
    let (archive, _) = Compressor::new(large(SourceFormat::ARRAY), "x.nc", &options(ErrorBound::Lossless)).unwrap().finish().unwrap();
    let (mut file, why) = OpenFile::open_any(source(&archive), "x.dca", &Limits::default()).unwrap();
    assert!(why.is_some());
    assert_eq!(file.read().unwrap(), file::keep(archive));
    let bytes = netcdf3::write(&large(SourceFormat::ARRAY)).unwrap();
    let damaged = &bytes[..bytes.len() / 2];
    let (mut file, why) = OpenFile::open_any(source(damaged), "x.nc", &Limits::default()).unwrap();
    assert!(matches!(why, Some(Error::Malformed { .. })));
    assert_eq!(file.read().unwrap(), file::keep(damaged.to_vec()));
    let (mut file, why) = OpenFile::open_any(source(&bytes), "x.nc", &Limits::default()).unwrap();
    assert!(why.is_none() && file.read().is_ok());
}

#[test]
fn a_file_whose_values_turn_out_damaged_is_kept_with_the_reason() {
    // In the deflate stream of a chunk, of which no header tells.
    let mut bytes = netcdf4::write(&large(SourceFormat::ARRAY)).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0xff);
    let (source, limits) = (|| Counted { bytes: bytes.clone(), read: Rc::default() }, Limits::default());
    let (mut file, why) = OpenFile::open_any(source(), "x.nc", &limits).unwrap();
    assert_eq!(why, None);
    let why = file.read().unwrap_err();
    assert!(why.is_of_damage(), "{why}");
    assert_eq!(OpenFile::keep(source(), &why, &limits).unwrap().read().unwrap(), file::keep(bytes.clone()));
    // What is no matter of contents is no reason.
    assert_eq!(OpenFile::keep(source(), &Error::FormatsNeeded, &limits).err(), Some(Error::FormatsNeeded));
}

/// A file that is gone.
struct Gone(Vec<u8>, Rc<Cell<bool>>);

impl Source for Gone {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Error> {
        if self.1.get() {
            return Err(Error::Unreadable { what: "it is gone".to_owned() });
        }
        let at = usize::try_from(at).unwrap();
        into.copy_from_slice(&self.0[at..at + into.len()]);
        Ok(())
    }
}

#[test]
fn a_file_that_disappears_is_an_error() {
    for (name, bytes) in files() {
        let gone = Rc::new(Cell::new(false));
        let mut file = OpenFile::open(Gone(bytes, Rc::clone(&gone)), name, &Limits::default()).unwrap();
        gone.set(true);
        let whole = ["blue_marble.png", "arrays.npz"].contains(&name);
        let read = file.read();
        assert!(if whole { read.is_ok() } else { matches!(read, Err(Error::Unreadable { .. })) }, "{name}");
    }
    let gone = Gone(vec![0; 100], Rc::new(Cell::new(true)));
    assert!(matches!(OpenFile::open_any(gone, "x", &Limits::default()), Err(Error::Unreadable { .. })));
}
