//! Five thousand mutations of archives, the same in every run: half as damage makes them, half as an attacker would, with every checksum on the way repaired. Each gives
//! the right values or a typed error.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Attribute, Bounds, Dataset, SourceFormat, Values};
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, formats};
use forged::ended;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

const LIMITS: Limits = Limits { decoded_bytes: 1 << 22, items: 1 << 10, files: 16, metadata_bytes: 1 << 16 };
const PLAIN: usize = 2500;
const REPAIRED: usize = 2500;

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
    fn stretch(&mut self, length: usize, most: usize) -> std::ops::Range<usize> {
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

/// Archives of all fillings, of one file and of several.
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
    vec![
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
    ended(chunks.to_vec(), &[&[0], cbor].concat())
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
