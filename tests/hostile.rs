//! Archives that few bytes make large: what takes long or much memory is refused before it does, whatever is done with them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor, ending_at, preview, salvage};
use deepcomp::codec::Options;
use deepcomp::field::{DataType, Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::network::model::Models;
use deepcomp::{Error, Limits, Source};
use minicbor::Encoder;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What anything here may take, in a build for tests; what it took before was many times this, or all memory.
const SOON: Duration = Duration::from_millis(1500);

type Cbor = Encoder<Vec<u8>>;

/// What is done, if it is soon done.
fn soon<T>(what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = what();
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    done
}

/// The index of one file of one variable: dimensions by length, which of them it has, its type, and its sections.
fn index(dimensions: &[u64], of: &[u8], data_type: DataType, count: u64, section: impl Fn(u64, &mut Cbor)) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.map(1).unwrap().u8(0).unwrap().array(1).unwrap().map(3).unwrap().u8(0).unwrap().str("file").unwrap();
    e.u8(3).unwrap().array(dimensions.len() as u64).unwrap();
    for (number, length) in dimensions.iter().enumerate() {
        e.array(2).unwrap().str(&format!("d{number}")).unwrap().u64(*length).unwrap();
    }
    e.u8(5).unwrap().array(1).unwrap().map(4).unwrap().u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(data_type as u8).unwrap();
    e.u8(2).unwrap().array(of.len() as u64).unwrap();
    of.iter().for_each(|dimension| {
        e.u8(*dimension).unwrap();
    });
    e.u8(6).unwrap().array(count).unwrap();
    (0..count).for_each(|number| section(number, &mut e));
    e.into_writer()
}

/// The same without the section: the header of a file that was begun.
fn header(dimensions: &[u64], data_type: DataType) -> Vec<u8> {
    let of: Vec<u8> = (0..dimensions.len() as u8).collect();
    [&[0], index(dimensions, &of, data_type, 0, |_, _| {}).as_slice()].concat()
}

fn section(e: &mut Cbor, tiling: [u64; 7], table: &[u8]) {
    e.map(2).unwrap().u8(1).unwrap().array(7).unwrap();
    tiling.iter().for_each(|n| {
        e.u64(*n).unwrap();
    });
    e.u8(2).unwrap().bytes(table).unwrap();
}

fn deflated(cbor: &[u8]) -> Vec<u8> {
    [&[1], miniz_oxide::deflate::compress_to_vec(cbor, 6).as_slice()].concat()
}

fn archive(records: &[u8], cbor: &[u8]) -> Vec<u8> {
    forged::ended([&ending_at(0), records].concat(), &deflated(cbor))
}

fn open(bytes: &[u8]) -> Result<Archive, Error> {
    Archive::open(bytes, &Limits::default())
}

fn salvaged(bytes: &[u8]) -> Result<deepcomp::archive::Salvage, Error> {
    salvage(bytes, &Limits::default(), &Models::default())
}

fn is_refused<T: std::fmt::Debug>(result: Result<T, Error>, named: &str) {
    assert!(matches!(&result, Err(Error::LimitExceeded { what, .. }) if *what == named), "{result:?}");
}

#[test]
fn few_bytes_of_an_index_stand_for_no_more_entries_than_memory_holds() {
    // A section of one byte takes hundreds in memory.
    let cbor = index(&[0], &[0], DataType::F32, 60_000, |_, e| {
        e.map(0).unwrap();
    });
    let bytes = archive(&[], &cbor);
    assert!(bytes.len() < 500);
    is_refused(open(&bytes), "memory for the entries of the index");
}

#[test]
fn kept_values_of_many_sections_come_together_at_once() {
    const EACH: u64 = 60_000;
    let cbor = index(&[0], &[0], DataType::F32, 3, |number, e| {
        e.map(if number == 0 { 1 } else { 2 }).unwrap();
        if number > 0 {
            e.u8(0).unwrap().u8(0).unwrap();
        }
        e.u8(5).unwrap().map(1).unwrap().u8(8).unwrap().array(EACH).unwrap();
        for n in 0..EACH {
            let value = if n == 0 { -0.0 * number as f64 } else { (n + number % 2 * EACH) as f64 };
            e.array(2).unwrap().f64(value).unwrap().u8(1).unwrap();
        }
    });
    let archive = soon(|| open(&archive(&[], &cbor)).unwrap());
    let kept = &archive.variables(0).unwrap()[0].kept;
    assert_eq!((kept.len() as u64, kept[0], kept[1], kept[EACH as usize].1), (2 * EACH - 1, (0.0, 3), (1.0, 2), 1));
}

#[test]
fn many_dimensions_and_many_sections_are_not_many_times_many() {
    let ones = [&[0], vec![1; 60_000].as_slice()].concat();
    let padded = |number, e: &mut Cbor| {
        e.map(if number == 0 { 1 } else { 2 }).unwrap();
        if number > 0 {
            e.u8(0).unwrap().u8(0).unwrap();
        }
        e.u8(5).unwrap().map(3).unwrap().u8(1).unwrap().f64(0.0).unwrap().u8(3).unwrap().f64(0.0).unwrap().u8(5).unwrap().u64(u64::MAX).unwrap();
    };
    let bytes = archive(&[], &index(&[0, 1], &ones, DataType::F32, 60_000, padded));
    assert_eq!(soon(|| open(&bytes).unwrap()).variables(0).unwrap()[0].shape.len(), 60_001);
    assert!(soon(|| salvaged(&bytes)).is_ok());
    // Where they are longer than 1 nothing is left that could be in them.
    let bytes = archive(&[], &index(&[0, 2], &ones, DataType::F32, 60_000, padded));
    assert_eq!(soon(|| open(&bytes)).map(|_| ()).map_err(|e| e.code()), Err("corrupt"));
}

/// Constant chunks of 2^24 values of one column, all of which are the same frame.
fn column(chunks: u64) -> (Vec<u8>, Vec<u8>) {
    let mut records = ending_at(0);
    let payload = [1, 7];
    let values = vec![7u8; 1 << 24];
    let frame = forged::frame(&payload, xxhash_rust::xxh3::xxh3_64(&values) as u32);
    let place = (forged::put_frame(&mut records, &frame), frame.len());
    let rows = chunks << 24;
    let table = forged::table(&vec![place; chunks as usize]);
    let cbor = index(&[rows], &[0], DataType::U8, 1, |_, e| section(e, [1, 1, rows, 1, 1, 1 << 24, 1], &table));
    (records.split_off(forged::SUPERBLOCK), cbor)
}

#[test]
fn a_part_takes_as_long_as_it_is_large() {
    let (records, cbor) = column(1 << 10);
    let bytes = archive(&records, &cbor);
    assert!(bytes.len() < 500);
    let part = |range| BTreeMap::from([("d0".to_owned(), vec![range])]);
    let of = |range| Decompressor::of_part(open(&bytes).unwrap(), 0, (&[0], &part(range)), &Models::default());
    let mut decompressor = soon(|| of(5 << 24..(5 << 24) + 3).unwrap());
    assert_eq!(decompressor.total_bytes(), 1 << 24);
    while decompressor.step(&bytes).unwrap().is_some() {}
    assert!(decompressor.finish(&bytes).unwrap().fields[0].values == Values::U8(vec![7; 3]));
    assert_eq!(soon(|| of((6 << 24) - 1..(6 << 24) + 1).unwrap()).total_bytes(), 2 << 24);
    // All of it is more than memory holds.
    is_refused(Decompressor::new(open(&archive(&column(1 << 13).0, &column(1 << 13).1)).unwrap(), 0, &Models::default()), "the decoded dataset");
}

#[test]
fn a_tiling_of_nothing_may_have_any_number_of_planes() {
    let cbor = index(&[0], &[0], DataType::F32, 1, |_, e| section(e, [1 << 40, 1 << 40, 1, 0, 1, 1, 1], &[]));
    let bytes = archive(&[], &cbor);
    let archive = open(&bytes).unwrap();
    assert!(preview(&archive, &bytes, (0, 0, 1 << 50), &Models::default()).unwrap().unwrap().values.is_empty());
    let decoded = Decompressor::new(archive, 0, &Models::default()).unwrap().finish(&bytes);
    assert_eq!(decoded.map_err(|error| error.code()).err(), Some("checksum-mismatch"));
}

#[test]
fn arrays_of_more_values_than_can_be_counted_are_corrupt() {
    let whole = [1, 1, 1, u64::MAX, 1, 1, 1 << 24];
    let bytes = archive(&[], &index(&[u64::MAX], &[0], DataType::U8, 1, |_, e| section(e, whole, &[])));
    assert_eq!(open(&bytes).map(|_| ()).map_err(|e| e.code()), Err("corrupt"));
    let bytes = archive(&[], &index(&[1 << 40, 1 << 40], &[0, 1], DataType::U8, 1, |_, e| section(e, whole, &[])));
    assert_eq!(open(&bytes).map(|_| ()).map_err(|e| e.code()), Err("corrupt"));
}

#[test]
fn a_table_is_of_one_section_and_no_longer_than_it_has_to_be() {
    const CHUNKS: u64 = 2000;
    let (_, frame) = (0, forged::frame(&[1, 7], xxhash_rust::xxh3::xxh3_64(&[7]) as u32));
    let mut records = ending_at(0);
    let place = (forged::put_frame(&mut records, &frame), frame.len());
    let at = records.len() as u64;
    forged::put_record(&mut records, 3, &forged::table(&vec![place; CHUNKS as usize]));
    let length = records.len() as u64 - at;
    let sections = |count: u64, chunks: u64| {
        let cbor = index(&[count * chunks], &[0], DataType::U8, count, |number, e| {
            e.map(if number == 0 { 2 } else { 3 }).unwrap();
            if number > 0 {
                e.u8(0).unwrap().u64(chunks).unwrap();
            }
            e.u8(1).unwrap().array(7).unwrap();
            [1, 1, 1, chunks, 1, 1, 1].iter().for_each(|n| {
                e.u64(*n).unwrap();
            });
            e.u8(3).unwrap().array(3).unwrap().u64(at).unwrap().u64(length).unwrap().u64(0).unwrap();
        });
        archive(&records[forged::SUPERBLOCK..], &cbor)
    };
    assert!(open(&sections(1, CHUNKS)).is_ok());
    is_refused(open(&sections(1000, CHUNKS)), "the tables of an archive");
    assert_eq!(open(&sections(1, 100)).map(|_| ()).map_err(|e| e.code()), Err("corrupt"));
}

/// Bytes that are not in memory, and how many were read.
struct Elsewhere(Vec<u8>, AtomicU64);

impl Source for Elsewhere {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        self.1.fetch_add(into.len() as u64, Ordering::Relaxed);
        self.0.as_slice().read(at, into)
    }
}

#[test]
fn an_index_is_not_read_that_is_larger_than_it_may_be() {
    let mut bytes = ending_at(0);
    bytes.resize(1 << 20, 0);
    bytes.extend((forged::SUPERBLOCK as u64).to_le_bytes());
    bytes.extend(b"dca.");
    let source = Elsewhere(bytes, AtomicU64::new(0));
    is_refused(Archive::open(&source, &Limits { metadata_bytes: 1 << 16, ..Limits::default() }), "the index");
    assert!(source.1.into_inner() < 1 << 16);
}

#[test]
fn what_looks_like_records_is_not_read_again_and_again() {
    let mut bytes = ending_at(0);
    bytes.resize(300_000, 0xdc);
    let source = Elsewhere(bytes, AtomicU64::new(0));
    let found = salvage(&source, &Limits::default(), &Models::default()).unwrap();
    assert_eq!(found.damaged, 300_000 - forged::SUPERBLOCK as u64);
    assert!(source.1.into_inner() < 1_000_000);
}

#[test]
fn headers_of_more_than_there_can_be_are_refused_when_they_are_salvaged() {
    let begun = |dimensions: &[u64], data_type| {
        let mut bytes = ending_at(0);
        let at = bytes.len();
        forged::put_record(&mut bytes, 2, &header(dimensions, data_type));
        let back = (bytes.len() - at) as u8;
        forged::put_record(&mut bytes, 1, &[&[back, 0, 0], forged::frame(&[1, 7], 0).as_slice()].concat());
        assert!(bytes.len() < 1000 && back < 128);
        soon(|| salvaged(&bytes))
    };
    is_refused(begun(&[1 << 40], DataType::F32), "chunks");
    // Few chunks, but of more bytes than memory holds, and than 64 bits count.
    is_refused(begun(&[1 << 35], DataType::F64), "a variable of which something is lost");
    assert_eq!(begun(&[u64::MAX / 2, 4], DataType::F64).map(|_| ()).map_err(|e| e.code()), Err("corrupt"));
    let complete = |chunks: u64, data_type| {
        let (records, _) = column(1);
        let mut table = forged::table(&vec![(records.len() + forged::SUPERBLOCK - 16, 12); chunks as usize - 1]);
        table.splice(0..0, [0, 0]);
        let rows = chunks << 24;
        let cbor = index(&[rows], &[0], data_type, 1, |_, e| section(e, [1, 1, 1, rows, 1, 1, 1 << 24], &table));
        let mut bytes = archive(&records, &cbor);
        let end = bytes.len() - 1;
        bytes[end] ^= 1;
        soon(|| salvaged(&bytes))
    };
    is_refused(complete(1 << 13, DataType::F64), "a variable of which something is lost");
}

#[test]
fn frames_that_a_table_has_overlap_are_not_hashed_again_and_again() {
    const CHUNKS: u64 = 60_000;
    let mut records = Vec::new();
    forged::put_record(&mut records, 9, &vec![0; 1 << 20]);
    let places: Vec<(usize, usize)> = (0..CHUNKS as usize).map(|n| (n, records.len() - n)).collect();
    let cbor = index(&[CHUNKS], &[0], DataType::U8, 1, |_, e| section(e, [1, 1, 1, CHUNKS, 1, 1, 1], &forged::table(&places)));
    is_refused(soon(|| salvaged(&archive(&records, &cbor))), "all frames together");
}

#[test]
fn many_files_of_a_lost_index_are_found_at_once() {
    const FILES: u64 = 60_000;
    let mut e = Encoder::new(Vec::new());
    e.map(1).unwrap().u8(0).unwrap().array(FILES).unwrap();
    for number in 0..FILES {
        e.map(1).unwrap().u8(0).unwrap().str(&format!("a file of number {number:06}")).unwrap();
    }
    let cbor = e.into_writer();
    let mut bytes = ending_at(0);
    (0..2).for_each(|_| forged::put_record(&mut bytes, 5, &deflated(&cbor)));
    let found = soon(|| salvaged(&bytes).unwrap());
    assert_eq!(open(&found.bytes).unwrap().files().count() as u64, FILES);
}

#[test]
fn indexes_that_inflate_to_much_are_not_gathered() {
    let mut e = Encoder::new(Vec::new());
    e.map(1).unwrap().u8(0).unwrap().array(1).unwrap().map(2).unwrap().u8(0).unwrap().str("file").unwrap().u8(6).unwrap().bytes(&vec![0; 1 << 20]).unwrap();
    let mut bytes = ending_at(0);
    (0..20).for_each(|_| forged::put_record(&mut bytes, 5, &deflated(e.writer())));
    let limits = Limits { metadata_bytes: 1 << 21, ..Limits::default() };
    is_refused(salvage(bytes.as_slice(), &limits, &Models::default()), "what indexes inflate to");
}

#[test]
fn what_is_saved_is_within_the_limits_that_open_it() {
    let mut bytes = ending_at(0);
    for name in ["one", "two"] {
        let mut e = Encoder::new(vec![0]);
        e.map(1).unwrap().u8(0).unwrap().array(1).unwrap().map(1).unwrap().u8(0).unwrap().str(name).unwrap();
        forged::put_record(&mut bytes, 5, e.writer());
    }
    let saved = |files| salvage(bytes.as_slice(), &Limits { files, ..Limits::default() }, &Models::default());
    assert_eq!(open(&saved(2).unwrap().bytes).unwrap().files().collect::<Vec<_>>(), ["one", "two"]);
    is_refused(saved(1), "a list in the index");
}

#[test]
fn nothing_is_added_to_one_of_two_variables_of_a_name() {
    let mut series = Dataset::from_array("v", &[4, 3], Values::F32((0..12).map(|n| n as f32).collect()), SourceFormat::ARRAY).unwrap();
    series.fields.push(series.fields[0].clone());
    let options = Options::new(ErrorBound::Lossless);
    let mut compressor = Compressor::empty(&options);
    compressor.add(series.clone(), "series").unwrap();
    let archive = open(&compressor.finish().unwrap().0).unwrap();
    let refused = Compressor::resume(&archive, &options).begin_sections(series, 0, Some("dim_0"));
    assert!(matches!(&refused, Err(Error::InvalidArgument { what }) if what.contains("two variables are called")), "{refused:?}");
}
