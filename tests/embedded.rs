//! Networks that lie in an archive: it opens where nobody has them, whatever becomes of it, and one that is not what it says is refused.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor, ending_at, merge, outside_records, salvage};
use deepcomp::codec::{Level, Options};
use deepcomp::field::{Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::network::model::{Model, ModelId, Models};
use deepcomp::{Error, Limits};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const SHIPPED: &[u8] = include_bytes!("../models/deepcomp.dcm");

/// The weights that ship under another name, which makes them another model.
fn other() -> Vec<u8> {
    let mut bytes = SHIPPED.to_vec();
    bytes[11] = b'P';
    let body = bytes.len() - 8;
    let hash = xxh3_64(&bytes[..body]);
    bytes[body..].copy_from_slice(&hash.to_le_bytes());
    bytes
}

fn id(file: &[u8]) -> ModelId {
    Model::parse(file).unwrap().id()
}

fn options(file: &[u8], level: Level) -> Options {
    Options { level, model: Some(Model::parse(file).unwrap()), ..Options::new(ErrorBound::absolute(0.01).unwrap()) }
}

fn hills() -> Dataset {
    let value = |i: usize| 280.0 + ((i / 200) as f32 / 20.0).sin() * 9.0 + ((i % 200) as f32 / 30.0).cos() * 4.0 + (i * i % 17) as f32 * 0.001;
    Dataset::from_array("v", &[150, 200], Values::F32((0..150 * 200).map(value).collect()), SourceFormat::ARRAY).unwrap()
}

/// An archive of a file of that name with a network in it, if its chunks take that.
fn archive(name: &str, file: &[u8], level: Level) -> Vec<u8> {
    let mut compressor = Compressor::empty(&options(file, level));
    compressor.embed(file.to_vec()).unwrap();
    compressor.add(hills(), name).unwrap();
    compressor.finish().unwrap().0
}

fn open(bytes: &[u8]) -> Archive {
    Archive::open(bytes, &Limits::default()).unwrap()
}

fn embedded(bytes: &[u8]) -> Vec<ModelId> {
    open(bytes).embedded().collect()
}

/// A file decoded with nothing but the archive.
fn decoded(bytes: &[u8], file: usize) -> Result<Dataset, Error> {
    let (archive, mut models) = (open(bytes), Models::default());
    archive.complete(bytes, &mut models)?;
    Decompressor::new(archive, file, &models)?.finish(bytes)
}

fn merged(archives: &[&[u8]]) -> Vec<u8> {
    let archives: Vec<_> = archives.iter().map(|bytes| (bytes.to_vec(), open(bytes))).collect();
    let mut out = Vec::new();
    merge(&archives, &Limits::default(), |bytes| {
        out.extend(bytes);
        Ok::<_, Error>(())
    })
    .unwrap();
    out
}

fn changed(bytes: &[u8], edit: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let mut compressor = Compressor::resume(&open(bytes), &options(SHIPPED, Level::Balanced));
    edit(&mut compressor);
    let mut bytes = [bytes, &compressor.finish().unwrap().0].concat();
    let start = ending_at(bytes.len() as u64);
    bytes[..start.len()].copy_from_slice(&start);
    bytes
}

#[test]
fn an_archive_with_its_network_opens_without_any() {
    let bytes = archive("a", &other(), Level::Best);
    assert_eq!((embedded(&bytes), open(&bytes).models()), (vec![id(&other())], vec![id(&other())]));
    assert_eq!(outside_records(&open(&bytes), &bytes).unwrap(), 0);
    let (model, file) = open(&bytes).embedded_model(&bytes, id(&other())).unwrap().unwrap();
    assert_eq!((model.id(), file), (id(&other()), other()));
    assert!(open(&bytes).embedded_model(&bytes, id(SHIPPED)).unwrap().is_none());
    let without = Decompressor::new(open(&bytes), 0, &Models::default());
    assert!(matches!(without, Err(Error::ModelUnavailable { .. })));
    let with = Decompressor::new(open(&bytes), 0, &Models::from_iter([Model::parse(&other()).unwrap()])).unwrap().finish(&bytes).unwrap();
    assert_eq!(decoded(&bytes, 0).unwrap(), with);
    // What no chunk takes is not there.
    let classical = archive("a", SHIPPED, Level::Balanced);
    assert_eq!(embedded(&classical), []);
    assert!(classical.len() < SHIPPED.len());
}

#[test]
fn networks_stay_in_what_becomes_of_an_archive() {
    let [a, b, c] = [archive("a", &other(), Level::Best), archive("b", &other(), Level::Best), archive("c", SHIPPED, Level::Best)];
    let all = merged(&[&a, &b, &c]);
    assert_eq!(embedded(&all), [id(&other()), id(SHIPPED)], "each once");
    assert_eq!(outside_records(&open(&all), &all).unwrap(), 0);
    for (file, one) in [&a, &b, &c].into_iter().enumerate() {
        assert_eq!(decoded(&all, file).unwrap(), decoded(one, 0).unwrap(), "{file}");
    }
    let saved = |bytes: &[u8]| salvage(bytes, &Limits::default(), &Models::default()).unwrap().bytes;
    assert_eq!(embedded(&saved(&a)), [id(&other())]);
    // Added to, a file away, under another name.
    let more = changed(&a, |compressor| {
        compressor.add(deepcomp::formats::file::keep(b"notes".to_vec()), "notes").unwrap();
        compressor.rename(0, "x").unwrap();
        compressor.embed(other()).unwrap();
    });
    assert_eq!(embedded(&more), [id(&other())]);
    assert!(more.len() < a.len() + 1000, "it is not written again");
    assert_eq!(decoded(&more, 0).unwrap(), decoded(&a, 0).unwrap());
    // Without the index.
    let cut = saved(&more[..forged::index(&more).0]);
    assert_eq!(decoded(&cut, 0).unwrap().fields[0].values, decoded(&a, 0).unwrap().fields[0].values);
    // With what takes it, it goes.
    let notes = changed(&more, |compressor| compressor.remove(0).unwrap());
    assert_eq!(embedded(&notes), []);
    assert!(merged(&[&notes]).len() < 1000);
    // And comes later, to an archive that was made without.
    let mut compressor = Compressor::empty(&options(SHIPPED, Level::Best));
    compressor.add(hills(), "a").unwrap();
    let bare = compressor.finish().unwrap().0;
    assert!(matches!(decoded(&bare, 0), Err(Error::ModelUnavailable { .. })));
    let late = changed(&bare, |compressor| compressor.embed(SHIPPED.to_vec()).unwrap());
    assert_eq!(decoded(&late, 0).unwrap(), decoded(&archive("a", SHIPPED, Level::Best), 0).unwrap());
}

/// An archive of a frame whose index says that a network lies in that record, of these bytes.
fn forged_index(archive: &[u8], file: &[u8], entry: impl FnOnce(u64, u64) -> [u64; 3]) -> Vec<u8> {
    // Of the archive everything but its index, whose map gets one more entry.
    let (at, payload) = forged::index(archive);
    let (mut bytes, index) = (archive[..at].to_vec(), forged::unpacked(payload));
    let offset = bytes.len() as u64;
    forged::put_record(&mut bytes, 8, file);
    let entry = entry(offset, bytes.len() as u64 - offset);
    let mut cbor = vec![0u8];
    let (head, rest) = index.split_first().unwrap();
    assert_eq!(head & 0xe0, 0xa0, "a map");
    cbor.push(head + 1);
    cbor.extend(rest);
    cbor.extend([4, 0x81, 0x83]);
    entry.iter().for_each(|n| cbor.extend([&[0x1b][..], &n.to_be_bytes()].concat()));
    forged::ended(bytes, &cbor)
}

#[test]
fn a_forged_network_is_refused() {
    let mut compressor = Compressor::empty(&options(SHIPPED, Level::Best));
    compressor.add(hills(), "a").unwrap();
    let bare = compressor.finish().unwrap().0;
    let right = id(SHIPPED).0;
    let read = |bytes: &[u8]| decoded(bytes, 0).map(|_| ());
    read(&forged_index(&bare, SHIPPED, |offset, length| [right, offset, length])).unwrap();
    // Another than its name, one that is none, and one that is not where it should be.
    let named = forged_index(&bare, &other(), |offset, length| [right, offset, length]);
    assert!(matches!(read(&named), Err(Error::Corrupt { .. })), "{:?}", read(&named));
    let mut broken = SHIPPED.to_vec();
    broken[5000] ^= 1;
    for file in [&broken[..], b"", b"no model", &SHIPPED[..1000]] {
        let bytes = forged_index(&bare, file, |offset, length| [right, offset, length]);
        assert!(matches!(read(&bytes), Err(Error::Weights { .. })), "{:?}", read(&bytes));
        // What takes no network is decoded all the same, and salvage leaves it out.
        let saved = salvage(&bytes, &Limits::default(), &Models::default()).unwrap();
        assert_eq!(embedded(&saved.bytes), []);
    }
    let elsewhere = forged_index(&bare, SHIPPED, |offset, length| [right, offset - 1, length]);
    assert!(read(&elsewhere).is_err());
    // Beyond the end, longer than all there is together, longer than the limits.
    let opened = |bytes: &[u8], limits: &Limits| Archive::open(bytes, limits).map(|_| ());
    for far in [[right, u64::MAX, 8], [right, 1 << 40, 8]] {
        let bytes = forged_index(&bare, SHIPPED, |_, _| far);
        assert!(matches!(opened(&bytes, &Limits::default()), Err(Error::Corrupt { .. })));
    }
    let long = forged_index(&bare, SHIPPED, |offset, _| [right, offset, u64::MAX]);
    assert!(matches!(opened(&long, &Limits::default()), Err(Error::LimitExceeded { .. })));
    let good = forged_index(&bare, SHIPPED, |offset, length| [right, offset, length]);
    let few = Limits { metadata_bytes: 1 << 16, ..Limits::default() };
    assert!(matches!(opened(&good, &few), Err(Error::LimitExceeded { what: "a model in the archive", .. })));
    // Damage to its record.
    let mut damaged = good;
    let at = damaged.windows(8).position(|w| w == &SHIPPED[..8]).unwrap();
    damaged[at + 4000] ^= 1;
    assert!(matches!(read(&damaged), Err(Error::ChecksumMismatch { .. })));
    let _: Arc<Model> = Model::parse(SHIPPED).unwrap();
}
