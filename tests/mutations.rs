//! Ten thousand mutations of archives and frames, the same in every run: half as damage makes them, half as an attacker would, with every checksum on the way repaired. Each gives
//! the right values or a typed error, whether all is decoded, a part, a frame alone or what can be saved.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor, cut, decode_chunk, encode_chunk, ending_at, salvage};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Attribute, Bounds, DataType, Dataset, ErrorBound, Missing, SourceFormat, Values};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, formats};
use forged::ended;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const LIMITS: Limits = Limits { decoded_bytes: 1 << 22, items: 1 << 10, files: 16, metadata_bytes: 1 << 16 };
const PLAIN: usize = 2200;
const REPAIRED: usize = 2200;
const PARTS: usize = 2400;
const FRAMES: usize = 2400;
const SAVED: usize = 800;

/// Numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// A stretch of something that long.
    fn stretch(&mut self, length: usize, most: usize) -> Range<usize> {
        let start = self.below(length);
        start..(start + 1 + self.below(most)).min(length)
    }

    /// One of eight kinds of damage; `others` is what a splice comes from.
    fn damage(&mut self, bytes: &mut Vec<u8>, others: &[u8]) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        let (at, stretch) = (self.below(length), self.stretch(length, 24));
        match self.below(8) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = self.below(256) as u8,
            2 => bytes.truncate(at),
            3 => bytes.swap(at, stretch.start),
            4 => bytes.copy_within(stretch.clone(), at.min(length - stretch.len())),
            5 => drop(bytes.splice(at..at, stretch.map(|i| others[i % others.len()]).collect::<Vec<_>>())),
            6 => bytes[stretch].fill(0),
            _ => {
                let from = self.stretch(others.len(), 200);
                let end = (at + from.len()).min(length);
                drop(bytes.splice(at..end, others[from].iter().copied()));
            }
        }
    }
}

fn shipped() -> Arc<Model> {
    Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()
}

/// The archive with more behind it.
fn resumed(mut bytes: Vec<u8>, options: &Options, more: impl FnOnce(&mut Compressor)) -> Vec<u8> {
    let mut compressor = Compressor::resume(&Archive::open(&bytes, &Limits::default()).unwrap(), options);
    more(&mut compressor);
    bytes.extend(compressor.finish().unwrap().0);
    let start = ending_at(bytes.len() as u64);
    bytes[..start.len()].copy_from_slice(&start);
    bytes
}

/// Archives of all fillings, of one file and of several, and one that was added to.
fn archives() -> Vec<Vec<u8>> {
    let array = |values: Values, shape: &[usize]| Dataset::from_array("v", shape, values, SourceFormat::ARRAY).unwrap();
    let hill = |i: usize| (i % 41) as f32 * 0.31 + ((i / 41) as f32 / 5.0).sin() * 4.0 + (i * i % 17) as f32 * 0.013;
    let hills = || array(Values::F32((0..2 * 23 * 41).map(|i| if i % 97 < 3 { f32::NAN } else { hill(i) }).collect()), &[2, 23, 41]);
    let depths = || array(Values::I16((0..37 * 29).map(|i| (hill(i) * 90.0) as i16).collect()), &[37, 29]);
    let picture = || array(Values::U8((0..3 * 24 * 24).map(|i| (hill(i) * 3.0) as u8 / 40 * 40).collect()), &[3, 24, 24]);
    let corners = || array(Values::F64((0..9 * 40 * 4).map(|i| f64::from(hill(i / 4 % 40 + i % 2)) * 1.7 + (i / 160) as f64).collect()), &[9, 40, 4]);
    let mut named = hills();
    named.fields[0].attributes.push(Attribute::text("units", "K"));
    let text = formats::file::keep(include_bytes!("../README.md")[..3000].to_vec());
    let made = |datasets: Vec<Dataset>, bounds: &str, model: Option<Arc<Model>>, base| {
        let bounds = bounds.parse::<deepcomp::field::Wish>().map(Bounds::from).unwrap();
        let mut compressor = Compressor::empty(&Options { model, base, coarse: true, ..Options::new(bounds) });
        for (number, dataset) in datasets.into_iter().enumerate() {
            compressor.add(dataset, &format!("folder/{number}")).unwrap();
        }
        compressor.finish().unwrap().0
    };
    let more = |compressor: &mut Compressor| {
        let numbers = compressor.begin_sections(depths().without_values(), 2, Some("dim_0")).unwrap();
        numbers.into_iter().for_each(|number| compressor.add_section(depths().fields[number].clone()).unwrap());
        compressor.end(Vec::new()).unwrap();
        compressor.remove(0).unwrap();
    };
    let changed = made(vec![picture(), hills(), depths()], "0.02", None, Base::Never);
    vec![
        resumed(changed, &Options::new(ErrorBound::absolute(2.0).unwrap()), more),
        made(vec![hills()], "0.01", Some(shipped()), Base::Never),
        made(vec![named], "0.05", Some(shipped()), Base::Always),
        made(vec![hills()], "lossless", None, Base::Never),
        made(vec![depths()], "1%", None, Base::Never),
        made(vec![corners()], "lossless", None, Base::Never),
        made(vec![picture()], "lossless", None, Base::Never),
        made(vec![text, depths(), hills(), picture()], "0.001 of range", None, Base::Never),
    ]
}

fn decode(bytes: &[u8], models: &Models) -> Result<Vec<Dataset>, Error> {
    let archive = Archive::open(bytes, &LIMITS)?;
    let files = archive.files().count();
    (0..files).map(|file| archive.variables(file).and_then(|_| Decompressor::new(archive.clone(), file, models)?.finish(bytes))).collect()
}

/// Where the record of the index begins, and its CBOR.
fn index(bytes: &[u8]) -> (usize, Vec<u8>) {
    let (record, payload) = forged::index(bytes);
    (record, forged::unpacked(payload))
}

/// The same chunks with another index, and all checksums right.
fn sealed(chunks: &[u8], cbor: &[u8]) -> Vec<u8> {
    // Of an archive that was added to only the last index says where it ends.
    ended([&ending_at(0), &chunks[forged::SUPERBLOCK..]].concat(), &[&[0], cbor].concat())
}

/// Damages the first chunk in place, or what its frame says of it, and has the frame say the checksum of what it is now.
fn forged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let (record, cbor) = index(bytes);
    let mut chunks = bytes[..record].to_vec();
    let frame = forged::first_frame(bytes);
    let start = frame.as_ptr() as usize - bytes.as_ptr() as usize;
    let end = start + frame.len() - 4;
    for _ in 0..1 + random.below(4) {
        let at = start + random.below(end - start).min(random.below(end - start));
        chunks[at] = random.below(256) as u8;
    }
    let sum = xxh3_64(&chunks[start..end]) as u32;
    chunks[end..end + 4].copy_from_slice(&sum.to_le_bytes());
    sealed(&chunks, &cbor)
}

#[test]
fn damage_gives_the_same_values_or_a_typed_error() {
    let (archives, models) = (archives(), Models::from_iter([shipped()]));
    let sound: Vec<Vec<Dataset>> = archives.iter().map(|bytes| decode(bytes, &models).unwrap()).collect();
    let mut random = Random(0x5EED_0001);
    let mut refused = 0;
    for round in 0..PLAIN {
        let which = round % archives.len();
        let mut bytes = archives[which].clone();
        random.damage(&mut bytes, &archives[(which + 1) % archives.len()]);
        match decode(&bytes, &models) {
            // Record heads have no checksum, since the index makes them redundant.
            Ok(back) => assert_eq!(back, sound[which], "mutation {round}"),
            Err(error) => refused += usize::from(!error.code().is_empty()),
        }
    }
    assert!(refused > PLAIN * 9 / 10, "{refused}");
}

#[test]
fn forgery_gives_values_or_a_typed_error() {
    let (archives, models) = (archives(), Models::from_iter([shipped()]));
    let mut random = Random(0x5EED_0002);
    let mut codes = std::collections::BTreeMap::<&str, usize>::new();
    for round in 0..REPAIRED {
        let bytes = &archives[round % archives.len()];
        let forged = if round % 2 == 0 {
            forged(bytes, &mut random)
        } else {
            let (record, mut cbor) = index(bytes);
            (0..1 + random.below(3)).for_each(|_| random.damage(&mut cbor, bytes));
            sealed(&bytes[..record], &cbor)
        };
        *codes.entry(decode(&forged, &models).map_or_else(|error| error.code(), |_| "values")).or_default() += 1;
    }
    // Behind right checksums the decoder itself has to notice: it was reached, and it did.
    assert!(codes.get("corrupt").is_some_and(|n| *n > REPAIRED / 5) && codes.get("checksum-mismatch").is_some_and(|n| *n > REPAIRED / 100), "{codes:?}");
}

#[test]
fn an_archive_that_is_only_sealed_again_is_the_same() {
    let models = Models::from_iter([shipped()]);
    for bytes in archives() {
        let (record, cbor) = index(&bytes);
        assert_eq!(decode(&sealed(&bytes[..record], &cbor), &models).unwrap(), decode(&bytes, &models).unwrap());
    }
}

/// A part of the first file: some of its variables, and of some dimensions some ranges.
fn part(random: &mut Random, file: &Dataset) -> (Vec<usize>, BTreeMap<String, Vec<Range<usize>>>) {
    let variables = (0..file.fields.len()).filter(|_| random.below(4) > 0).collect();
    let chosen: Vec<_> = file.dimensions.iter().filter(|_| random.below(3) > 0).collect();
    (variables, chosen.into_iter().map(|d| (d.name.clone(), (0..1 + random.below(2)).map(|_| random.stretch(d.length, d.length)).collect())).collect())
}

#[test]
fn parts_have_the_values_that_were_asked_for_or_are_a_typed_error() {
    let (archives, models) = (archives(), Models::from_iter([shipped()]));
    let sound: Vec<Dataset> = archives.iter().map(|bytes| decode(bytes, &models).unwrap().swap_remove(0)).collect();
    let mut random = Random(0x5EED_0003);
    let (mut whole, mut refused) = (0, 0);
    for round in 0..PARTS {
        let which = round % archives.len();
        let (archive, plain) = (&archives[which], round % 2 == 0);
        let bytes = if plain {
            let mut bytes = archive.clone();
            random.damage(&mut bytes, &archives[(which + 1) % archives.len()]);
            bytes
        } else if round % 4 == 1 {
            forged(archive, &mut random)
        } else {
            let (record, mut cbor) = index(archive);
            random.damage(&mut cbor, archive);
            sealed(&archive[..record], &cbor)
        };
        let (variables, ranges) = part(&mut random, &sound[which]);
        let decoded = Archive::open(&bytes, &LIMITS).and_then(|open| Decompressor::of_part(open, 0, (&variables, &ranges), &models)?.finish(&bytes));
        match decoded {
            Ok(back) if plain => {
                assert_eq!(back.fields, cut(sound[which].clone(), &variables, &ranges).unwrap().fields, "mutation {round}");
                whole += 1;
            }
            Ok(_) => {}
            Err(error) => refused += usize::from(!error.code().is_empty()),
        }
    }
    // Damage to what is not asked for changes nothing.
    assert!(whole > PARTS / 50 && refused > PARTS / 2, "{whole} {refused}");
}

#[test]
fn frames_alone_are_right_or_a_typed_error() {
    let models = Models::from_iter([shipped()]);
    let hills: Vec<f32> = (0..37 * 29).map(|i| if i % 97 < 3 { f32::NAN } else { (i % 29) as f32 * 0.31 + (i * i % 17) as f32 * 0.013 }).collect();
    let chunk = |values: &Values, bound: &str, model: Option<Arc<Model>>| {
        let bounds = bound.parse::<deepcomp::field::Wish>().map(Bounds::from).unwrap();
        encode_chunk(values.clone(), &[37, 29], Missing::NonFinite, &Options { model, ..Options::new(bounds) }).unwrap()
    };
    let floats = Values::F32(hills.clone());
    let frames: Vec<(DataType, Vec<u8>)> = vec![
        (DataType::F32, chunk(&floats, "0.01", Some(shipped()))),
        (DataType::F32, chunk(&floats, "lossless", None)),
        (DataType::F64, chunk(&Values::F64(hills.iter().map(|v| f64::from(*v) / 3.0).collect()), "0.01", None)),
        (DataType::I16, chunk(&Values::I16(hills.iter().map(|v| *v as i16).collect()), "lossless", None)),
        (DataType::U8, chunk(&Values::U8(hills.iter().map(|v| *v as u8).collect()), "lossless", None)),
    ];
    let read = |bytes: &[u8], data_type| decode_chunk(bytes, data_type, &[37, 29], &models, &LIMITS);
    let sound: Vec<Vec<u8>> = frames.iter().map(|(data_type, frame)| read(frame, *data_type).unwrap().to_le_bytes()).collect();
    let mut random = Random(0x5EED_0004);
    let mut codes = BTreeMap::<&str, usize>::new();
    for round in 0..FRAMES {
        let which = round % frames.len();
        let (data_type, mut bytes) = frames[which].clone();
        random.damage(&mut bytes, &frames[(which + 1) % frames.len()].1);
        let plain = random.below(2) == 0;
        if !plain && bytes.len() > 10 {
            let end = bytes.len() - 4;
            let sum = xxh3_64(&bytes[..end]) as u32;
            bytes[end..].copy_from_slice(&sum.to_le_bytes());
        }
        let decoded = read(&bytes, data_type);
        if let (Ok(values), true) = (&decoded, plain) {
            assert_eq!(values.to_le_bytes(), sound[which], "mutation {round}");
        }
        *codes.entry(decoded.map_or_else(|error| error.code(), |_| "values")).or_default() += 1;
    }
    assert!(["corrupt", "checksum-mismatch"].iter().all(|code| codes.get(code).is_some_and(|n| *n > FRAMES / 10)), "{codes:?}");
}

/// An archive with headers: of a file of several chunks, with a small one behind it; more of that, and another, came later.
fn with_headers() -> Vec<u8> {
    const COLUMNS: usize = 1 << 15;
    let options = Options::new(ErrorBound::Lossless);
    // A chunk has 4096 columns; what comes to a mebibyte has a header.
    let values = (0..8 * COLUMNS).map(|i| (i % COLUMNS / 4096) as f32 + if i % COLUMNS < 100 { (i % 5) as f32 } else { 0.5 }).collect();
    let large = Dataset::from_array("v", &[8, COLUMNS], Values::F32(values), SourceFormat::ARRAY).unwrap();
    let small = |rows: usize| {
        let values = (0..rows * 50).map(|i| (i * i % 31) as f32).collect();
        Dataset::from_array("v", &[rows, 50], Values::F32(values), SourceFormat::ARRAY).unwrap()
    };
    let mut compressor = Compressor::empty(&options);
    compressor.add(large, "large").unwrap();
    compressor.add(small(30), "small").unwrap();
    resumed(compressor.finish().unwrap().0, &options, |compressor| {
        compressor.add(small(20), "later").unwrap();
        let numbers = compressor.begin_sections(small(40).without_values(), 1, Some("dim_0")).unwrap();
        numbers.into_iter().for_each(|number| compressor.add_section(small(40).fields[number].clone()).unwrap());
        compressor.end(Vec::new()).unwrap();
    })
}

/// Records of an archive.
fn records(bytes: &[u8]) -> Vec<Range<usize>> {
    let (mut at, mut records) = (forged::SUPERBLOCK, Vec::new());
    while at < bytes.len() {
        let end = if bytes[at] == 0xdc { forged::record_end(&bytes[at..]) + at } else { at + forged::TRAILER };
        records.extend((bytes[at] == 0xdc).then_some(at..end));
        at = end;
    }
    records
}

/// Swaps, drops, doubles or damages records, and repairs the checksums of what is damaged.
fn rearranged(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let records = records(bytes);
    let (one, other) = (records[random.below(records.len())].clone(), records[random.below(records.len())].clone());
    let mut out = bytes.to_vec();
    match random.below(6) {
        0 => drop(out.splice(one, [])),
        1 => drop(out.splice(other.start..other.start, bytes[one].iter().copied())),
        2 => drop(out.splice(other, bytes[one].iter().copied())),
        _ => {
            let mut payload = forged::record_payload(&bytes[one.clone()]).to_vec();
            random.damage(&mut payload, bytes);
            if bytes[one.start + 1] == 1 && payload.len() > 8 {
                // The frame is behind a place, which is one byte where there is none, and three or more.
                let frame = payload.iter().position(|byte| *byte == 0xd1).unwrap_or(0);
                let end = (payload.len() - 4).max(frame);
                let sum = xxh3_64(&payload[frame..end]) as u32;
                let sum = &sum.to_le_bytes()[..payload.len() - end];
                payload[end..].copy_from_slice(sum);
            }
            let mut record = Vec::new();
            forged::put_record(&mut record, bytes[one.start + 1], &payload);
            drop(out.splice(one, record));
        }
    }
    out
}

/// Whether a value of a saved file is missing.
fn missing(value: &[u8]) -> bool {
    <[u8; 4]>::try_from(value).is_ok_and(|bytes| f32::from_le_bytes(bytes).is_nan())
}

#[test]
fn what_is_saved_opens_and_is_right_or_missing() {
    let limits = Limits { decoded_bytes: 1 << 23, ..LIMITS };
    let (bytes, models) = (with_headers(), Models::default());
    let decode = |bytes: &[u8]| {
        let archive = Archive::open(bytes, &limits).unwrap();
        let names: Vec<String> = archive.files().map(str::to_owned).collect();
        let file = |file| Decompressor::new(archive.clone(), file, &models)?.finish(bytes);
        names.into_iter().enumerate().map(|(number, name)| Ok((name, file(number)?.fields))).collect::<Result<Vec<_>, Error>>()
    };
    let sound: BTreeMap<String, _> = decode(&bytes).unwrap().into_iter().collect();
    let mut random = Random(0x5EED_0005);
    let (mut saved, mut lost, mut refused) = (0, 0, 0);
    for round in 0..SAVED {
        let plain = round % 2 == 0;
        let mut damaged = bytes.clone();
        if plain {
            (0..1 + random.below(3)).for_each(|_| random.damage(&mut damaged, &bytes));
        } else {
            damaged = rearranged(&bytes, &mut random);
            let end = random.below(2) * random.below(400);
            damaged.truncate(damaged.len() - end);
        }
        let salvage = match salvage(&damaged, &limits, &models) {
            Ok(salvage) => salvage,
            Err(error) => {
                assert!(!plain || error.code() == "not-an-archive" || error.code() == "unsupported-version", "mutation {round}: {error}");
                refused += 1;
                continue;
            }
        };
        let files = match decode(&salvage.bytes) {
            Ok(files) => files,
            Err(error) => {
                assert!(!plain, "mutation {round}: {error}");
                refused += 1;
                continue;
            }
        };
        for (name, fields) in files.iter().filter(|_| plain) {
            for (field, sound) in fields.iter().zip(&sound[name]) {
                let (size, back, sound) = (field.values.data_type().size(), field.values.to_le_bytes(), sound.values.to_le_bytes());
                assert!(back.len() <= sound.len());
                saved += 1;
                if back != sound[..back.len()] {
                    lost += 1;
                    assert!(back.chunks(size).zip(sound.chunks(size)).all(|(a, b)| a == b || missing(a)), "mutation {round}: {name}");
                }
            }
        }
    }
    assert!(saved > SAVED / 2 && lost > SAVED / 100 && refused < SAVED / 2, "{saved} {lost} {refused}");
}
