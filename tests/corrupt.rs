//! Bytes nobody meant to be an archive: every one of them gives a typed error or the right values, in bounded time and memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

mod forged;

use deepcomp::archive::{Archive, Compressor, Decompressor};
use deepcomp::codec::{Base, Level, Options};
use deepcomp::field::{Dataset, ErrorBound, SourceFormat, Values};
use deepcomp::network::model::Model;
use deepcomp::{Error, Limits};
use forged::{SUPERBLOCK, ended, first_payload, frame, put_frame, table};
use proptest::prelude::*;
use std::sync::{Arc, OnceLock};
use xxhash_rust::xxh3::xxh3_64;

const LIMITS: Limits = Limits { decoded_bytes: 1 << 22, items: 100, files: 100, metadata_bytes: 1 << 16 };

/// The weights that ship.
fn shipped() -> Arc<Model> {
    static MODEL: OnceLock<Arc<Model>> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()).clone()
}

/// Number of the archive in which the network coded the chunk, and of that with a base layer below.
const NETWORK: usize = 7;
const LAYERED: usize = 8;
/// Those of the bulk method, without gaps and with some.
const BULK: std::ops::RangeInclusive<usize> = 9..=10;

/// Archives that together use every filling, lattice and mask.
fn archives() -> &'static [Vec<u8>] {
    static ARCHIVES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    ARCHIVES.get_or_init(make_archives)
}

fn make_archives() -> Vec<Vec<u8>> {
    let made = |bound: ErrorBound, values: Vec<f32>, shape: &[usize], (model, base)| {
        let dataset = Dataset::from_array("v", shape, Values::F32(values), SourceFormat::ARRAY).unwrap();
        Compressor::new(dataset, "v.npy", &Options { model, base, coarse: true, ..Options::new(bound) }).unwrap().finish().unwrap()
    };
    let rounds = |bound, values, shape: &[usize]| made(bound, values, shape, (None, Base::Never)).0;
    let wave = |i: usize| ((i % 29) as f32 - 14.0) * ((i / 29 % 31) as f32 - 15.0) * 0.37 + (i * i % 17) as f32 * 0.013;
    let bounded = ErrorBound::absolute(0.05).unwrap();
    let hills = |i: usize| (i % 29) as f32 * 0.31 + ((i / 29) as f32 / 5.0).sin() * 4.0 + (i * i % 17) as f32 * 0.013;
    let [network, layered] = [Base::Never, Base::Always].map(|base| {
        let (bytes, reports) = made(bounded, (0..2 * 29 * 31).map(hills).collect(), &[2, 31, 29], (Some(shipped()), base));
        assert_eq!((reports[0].model, reports[0].base.is_some()), (Some(shipped().id()), base == Base::Always));
        bytes
    });
    let mut archives = vec![
        rounds(bounded, (0..2 * 29 * 31).map(wave).collect(), &[2, 31, 29]),
        rounds(ErrorBound::Lossless, (0..29 * 31).map(wave).collect(), &[31, 29]),
        rounds(ErrorBound::Lossless, (0..29 * 31).map(|i| f32::from_bits((i as u32).wrapping_mul(2_654_435_761))).collect(), &[31, 29]),
        rounds(bounded, (0..29 * 31).map(|i| if i % 5 < 2 { f32::NAN } else { wave(i) }).collect(), &[31, 29]),
        rounds(ErrorBound::Lossless, (0..29 * 31).map(|i| if i % 97 < 80 { 0.0 } else { (i % 7) as f32 }).collect(), &[31, 29]),
        rounds(ErrorBound::Lossless, (0..29 * 31).map(|i| if i % 50 < 9 { 0.0 } else { wave(i) / 7.0 * wave(i + 1) }).collect(), &[31, 29]),
        rounds(ErrorBound::Lossless, (0..29 * 31).map(|i| (((i % 29) * (i / 29)) as f32 / 60.0).floor().exp()).collect(), &[31, 29]),
        rounds(ErrorBound::Lossless, (0..2 * 29 * 31).map(|i| (wave(i) * 64.0).round() / 64.0 + 300.0 + 0.013 * (i / 899) as f32).collect(), &[2, 31, 29]),
        rounds(
            ErrorBound::Lossless,
            (0..3 * 29 * 31).map(|i| (wave(i) * [64.0, 8.0][i / 899 % 2]).round() / [64.0, 8.0][i / 899 % 2] + 0.01 * (i / 899) as f32).collect(),
            &[3, 31, 29],
        ),
        rounds(ErrorBound::Lossless, vec![3.25; 29 * 31], &[31, 29]),
        rounds(ErrorBound::Lossless, vec![], &[0, 4]),
    ];
    archives.insert(NETWORK, network);
    archives.insert(LAYERED, layered);
    for (place, gaps) in BULK.zip([0, 9]) {
        let values = (0..2 * 29 * 31).map(|i| if i % 31 < gaps { f32::NAN } else { wave(i) }).collect();
        let dataset = Dataset::from_array("v", &[2, 31, 29], Values::F32(values), SourceFormat::ARRAY).unwrap();
        let options = Options { level: Level::Fast, coarse: true, ..Options::new(bounded) };
        archives.insert(place, Compressor::new(dataset, "v.npy", &options).unwrap().finish().unwrap().0);
    }
    archives
}

fn decode(bytes: &[u8]) -> Result<Dataset, Error> {
    let archive = Archive::open(bytes, &LIMITS)?;
    archive.variables(0)?;
    Decompressor::new(archive, 0, &std::iter::once(shipped()).collect())?.finish(bytes)
}

#[test]
fn an_archive_cut_anywhere_is_refused() {
    for bytes in archives() {
        for end in 0..bytes.len() {
            let error = decode(&bytes[..end]).unwrap_err();
            assert!(["not-an-archive", "truncated", "checksum-mismatch", "corrupt"].contains(&error.code()), "cut at {end}: {error:?}");
        }
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for bytes in archives() {
        let sound = decode(bytes).unwrap();
        let step = 1 + bytes.len() / 300;
        for position in (0..bytes.len()).step_by(step) {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[position] ^= 1 << bit;
                // The only bytes without a checksum are the record headers, which the index makes redundant.
                match decode(&damaged) {
                    Ok(back) => assert!(back == sound, "byte {position} bit {bit}"),
                    Err(error) => assert_ne!(error.code(), "cancelled"),
                }
            }
        }
    }
}

#[test]
fn other_files_and_versions_are_told_apart() {
    let bytes = &archives()[0];
    assert_eq!(decode(b"").map_err(|e| e.code()), Err("not-an-archive"));
    assert_eq!(decode(b"CDF\x01").map_err(|e| e.code()), Err("not-an-archive"));
    assert_eq!(decode(&vec![0; 100_000]).map_err(|e| e.code()), Err("not-an-archive"));
    let resealed = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        let sum = xxh3_64(&bytes[..20]) as u32;
        bytes[20..24].copy_from_slice(&sum.to_le_bytes());
        bytes
    };
    assert_eq!(decode(&resealed(8, 9)).map_err(|e| e.code()), Err("unsupported-version"));
    assert_eq!(decode(&resealed(8, 0)).map_err(|e| e.code()), Err("unsupported-version"));
    // A later minor version is read as far as it is known; the lower flags have to be, the upper ones need not.
    for (at, value) in [(10, 200), (13, 1), (8, bytes[8])] {
        assert!(decode(&resealed(at, value)).is_ok(), "{at} {value}");
    }
    assert_eq!(decode(&resealed(12, 1)).map_err(|e| e.code()), Err("unsupported"));
}

#[test]
fn limits_are_asked_before_memory_is_taken() {
    let dataset = Dataset::from_array("v", &[1 << 21], Values::F32(vec![1.0; 1 << 21]), SourceFormat::ARRAY).unwrap();
    let options = Options { model: Some(shipped()), coarse: true, ..Options::new(ErrorBound::Lossless) };
    let (bytes, _) = Compressor::new(dataset, "v", &options).unwrap().finish().unwrap();
    assert!(bytes.len() < 1000);
    assert!(matches!(decode(&bytes), Err(Error::LimitExceeded { needed, limit, .. }) if needed == 1 << 23 && limit == 1 << 22));
    assert!(Archive::open(&bytes, &Limits { decoded_bytes: 1 << 23, ..LIMITS }).is_ok());
    assert!(matches!(Archive::open(&bytes, &Limits { metadata_bytes: 20, ..Limits::default() }), Err(Error::LimitExceeded { .. })));
    assert!(matches!(Archive::open(&bytes, &Limits { items: 0, ..Limits::default() }), Err(Error::LimitExceeded { .. })));
}

/// Frames a payload, and its index after some damage, as an archive whose every checksum is right, so that the decoder itself has to cope with it.
fn forge(payload: &[u8], damage_index: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = archives()[0][..SUPERBLOCK].to_vec();
    let frame = frame(payload, 0);
    let mut index = index((put_frame(&mut bytes, &frame), frame.len()));
    damage_index(&mut index);
    ended(bytes, &index)
}

/// An archive of an index alone.
fn framed(index: &[u8]) -> Vec<u8> {
    ended(archives()[0][..SUPERBLOCK].to_vec(), index)
}

fn unharmed(_: &mut [u8]) {}

/// The CBOR index of one float32 variable of 2 × 31 × 29 values that may take the network, after docs/format.md.
fn index(place: (usize, usize)) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(vec![0u8]);
    let e = &mut encoder;
    e.map(1).unwrap().u8(0).unwrap().array(1).unwrap().map(6).unwrap();
    e.u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(0).unwrap().u8(2).unwrap().u8(0).unwrap().u8(3).unwrap().array(3).unwrap();
    for (name, length) in [("a", 2u8), ("b", 31), ("c", 29)] {
        e.array(3).unwrap().str(name).unwrap().u8(length).unwrap().bool(false).unwrap();
    }
    e.u8(4).unwrap().array(0).unwrap().u8(5).unwrap().array(1).unwrap().map(6).unwrap();
    e.u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(8).unwrap().u8(2).unwrap().array(3).unwrap().u8(0).unwrap().u8(1).unwrap().u8(2).unwrap();
    e.u8(3).unwrap().array(0).unwrap().u8(4).unwrap().array(0).unwrap().u8(6).unwrap().array(1).unwrap().map(4).unwrap().u8(1).unwrap().array(7).unwrap();
    for side in [1u8, 2, 31, 29, 2, 31, 29] {
        e.u8(side).unwrap();
    }
    e.u8(2).unwrap().bytes(&table(&[place])).unwrap().u8(4).unwrap().u64(shipped().id().0).unwrap();
    e.u8(5).unwrap().map(6).unwrap();
    e.u8(0).unwrap().u8(0).unwrap().u8(1).unwrap().f64(0.0).unwrap().u8(2).unwrap().f64(0.0).unwrap();
    e.u8(3).unwrap().f64(0.0).unwrap().u8(4).unwrap().u8(0).unwrap().u8(5).unwrap().u64(0).unwrap();
    encoder.into_writer()
}

/// An archive whose index has a list of so many entries, which deflate to next to nothing. `which` is the key of the list in a file, or 10 more than that in its only
/// variable; 0 is the list of files.
fn crowded(which: u8, count: u64, indefinite: bool) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let e = &mut encoder;
    let list = |e: &mut minicbor::Encoder<Vec<u8>>, at: u8, entry: &[u8]| {
        let count = if at == which { count } else { 0 };
        if indefinite {
            e.begin_array().unwrap()
        } else {
            e.array(count).unwrap()
        };
        (0..count).for_each(|_| e.writer_mut().extend(entry));
        if indefinite {
            e.end().unwrap();
        }
    };
    const FILE: &[u8] = b"\xa6\x00\x60\x01\x00\x02\x00\x03\x80\x04\x80\x05\x80";
    e.map(1).unwrap().u8(0).unwrap();
    if which == 0 {
        list(e, 0, FILE);
    } else {
        e.array(1).unwrap().map(6).unwrap().u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(0).unwrap().u8(2).unwrap().u8(0).unwrap().u8(3).unwrap();
        list(e, 3, b"\x83\x60\x01\xf4");
        e.u8(4).unwrap();
        list(e, 4, b"\x83\x60\x01\x40");
        e.u8(5).unwrap().array(1).unwrap().map(6).unwrap().u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(8).unwrap().u8(2).unwrap();
        list(e, 12, b"\x00");
        e.u8(3).unwrap();
        list(e, 13, b"\x83\x60\x01\x40");
        e.u8(4).unwrap();
        list(e, 14, b"\x00");
        e.writer_mut().extend(b"\x06\x81\xa3\x01\x87\x00\x00\x00\x00\x01\x01\x01\x02\x40\x05\xa6\x00\x00\x01\xfb\x00\x00\x00\x00\x00\x00\x00\x00\x02\xfb\x00\x00\x00\x00\x00\x00\x00\x00\x03\xfb\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x05\x00");
    }
    let cbor = encoder.into_writer();
    let mut index = vec![1];
    index.extend(miniz_oxide::deflate::compress_to_vec(&cbor, 6));
    framed(&index)
}

#[test]
fn long_lists_in_an_index_are_refused_before_there_is_room_for_them() {
    for which in [0, 3, 4, 12, 13, 14] {
        for indefinite in [false, true] {
            let limits = Limits { files: 1 << 16, ..Limits::default() };
            let bytes = crowded(which, (1 << 16) + 1, indefinite);
            assert!(bytes.len() < 4000, "{}", bytes.len());
            let error = Archive::open(&bytes, &limits).unwrap_err();
            assert_eq!(error, Error::LimitExceeded { what: "a list in the index", needed: (1 << 16) + 1, limit: 1 << 16 }, "{which}");
            // A short one is read; that its dimensions are not there, or its tiles cover nothing, comes after.
            let few = Archive::open(&crowded(which, 5, indefinite), &limits);
            assert!(few.as_ref().map_or_else(|error| error.code() == "corrupt", |_| which == 0), "{which}: {few:?}");
        }
    }
}

#[test]
fn a_forged_archive_reaches_the_chunk_decoder() {
    for template in [&archives()[0], &archives()[NETWORK], &archives()[LAYERED]] {
        let chunk = first_payload(template).to_vec();
        // The payload is sound, so all that is left to complain about is the checksum of the values, forged as 0.
        assert_eq!(decode(&forge(&chunk, unharmed)).map_err(|e| e.code()), Err("checksum-mismatch"));
    }
    assert_eq!(decode(&forge(&[], unharmed)).map_err(|e| e.code()), Err("corrupt"));
}

const PLANES: u16 = 500;

/// An archive of tiles of one plane, each of one of these constants in turn, and the values.
fn in_turn(constants: &[f32]) -> (Vec<u8>, Vec<f32>) {
    let plane = |constant: f32| vec![constant; 31 * 29];
    let little_endian = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let values: Vec<f32> = (0..usize::from(PLANES)).flat_map(|n| plane(constants[n % constants.len()])).collect();
    let all = xxh3_64(&little_endian(&values));
    let mut bytes = archives()[0][..SUPERBLOCK].to_vec();
    let frames: Vec<(usize, usize)> = constants
        .iter()
        .map(|constant| {
            let [a, b, c, d] = constant.to_le_bytes();
            let frame = frame(&[1, a, b, c, d], xxh3_64(&little_endian(&plane(*constant))) as u32);
            (put_frame(&mut bytes, &frame), frame.len())
        })
        .collect();
    let mut encoder = minicbor::Encoder::new(vec![0u8]);
    let e = &mut encoder;
    e.map(1)
        .unwrap()
        .u8(0)
        .unwrap()
        .array(1)
        .unwrap()
        .map(6)
        .unwrap()
        .u8(0)
        .unwrap()
        .str("v")
        .unwrap()
        .u8(1)
        .unwrap()
        .u8(0)
        .unwrap()
        .u8(2)
        .unwrap()
        .u8(0)
        .unwrap();
    e.u8(3).unwrap().array(3).unwrap();
    for (name, length) in [("a", PLANES), ("b", 31), ("c", 29)] {
        e.array(3).unwrap().str(name).unwrap().u16(length).unwrap().bool(false).unwrap();
    }
    e.u8(4).unwrap().array(0).unwrap().u8(5).unwrap().array(1).unwrap().map(6).unwrap().u8(0).unwrap().str("v").unwrap().u8(1).unwrap().u8(8).unwrap();
    e.u8(2).unwrap().array(3).unwrap().u8(0).unwrap().u8(1).unwrap().u8(2).unwrap().u8(3).unwrap().array(0).unwrap().u8(4).unwrap().array(0).unwrap();
    e.u8(6).unwrap().array(1).unwrap().map(3).unwrap().u8(1).unwrap().array(7).unwrap();
    for side in [1, PLANES, 31, 29, 1, 31, 29] {
        e.u16(side).unwrap();
    }
    let places: Vec<_> = frames.iter().copied().cycle().take(PLANES.into()).collect();
    e.u8(2).unwrap().bytes(&table(&places)).unwrap();
    e.u8(5).unwrap().map(6).unwrap().u8(0).unwrap().u8(0).unwrap().u8(1).unwrap().f64(0.0).unwrap().u8(2).unwrap().f64(0.0).unwrap();
    e.u8(3).unwrap().f64(0.0).unwrap().u8(4).unwrap().u8(0).unwrap().u8(5).unwrap().u64(all).unwrap();
    (ended(bytes, &encoder.into_writer()), values)
}

#[test]
fn a_payload_that_is_named_again_is_not_decoded_again() {
    let (bytes, zeros) = in_turn(&[0.0]);
    let mut decompressor = Decompressor::new(Archive::open(&bytes, &LIMITS).unwrap(), 0, &std::iter::empty().collect()).unwrap();
    let job = decompressor.next_job(&bytes).unwrap().unwrap();
    let progress = decompressor.accept(job.run(&std::iter::empty().collect()).unwrap()).unwrap();
    assert_eq!((progress.done_bytes, progress.total_bytes), (4 * zeros.len() as u64, 4 * zeros.len() as u64));
    assert!(decompressor.next_job(&bytes).unwrap().is_none());
    assert!(decompressor.finish(&bytes).unwrap().fields[0].values == Values::F32(zeros));
}

#[test]
fn payloads_that_are_named_in_turn_are_decoded_once_each() {
    let (bytes, values) = in_turn(&[0.0, 1.5, -2.0]);
    let mut decompressor = Decompressor::new(Archive::open(&bytes, &LIMITS).unwrap(), 0, &std::iter::empty().collect()).unwrap();
    let mut jobs = 0;
    while let Some(progress) = decompressor.step(&bytes).unwrap() {
        jobs += 1;
        assert!(progress.done_bytes <= progress.total_bytes);
    }
    assert_eq!(jobs, 3);
    assert!(decompressor.finish(&bytes).unwrap().fields[0].values == Values::F32(values));
}

#[test]
fn a_base_layer_needs_an_autoencoder_and_a_unit_that_exists() {
    let template = &archives()[LAYERED];
    let mut payload = first_payload(template).to_vec();
    assert_eq!(payload[0], 6);
    // The header of this chunk: lattice, quantum, top, no mask, mapping, references, then the unit.
    let unit = payload.windows(2).position(|w| w == [1, 1] || w == [5, 1]).map(|at| at + 2).filter(|at| payload[*at] < 25).unwrap();
    payload[unit] = 25;
    assert_eq!(decode(&forge(&payload, unharmed)).map_err(|e| e.code()), Err("corrupt"));
    let bare = Model::parse(&deepcomp::network::model::with_autoencoder(include_bytes!("../models/deepcomp.dcm"), "bare", None).unwrap()).unwrap();
    assert!(!bare.draws() && bare.id() != shipped().id());
    let archive = Archive::open(template, &LIMITS).unwrap();
    assert!(matches!(Decompressor::new(archive, 0, &std::iter::once(bare).collect()), Err(Error::ModelUnavailable { .. })));
}

#[test]
fn a_cut_or_changed_autoencoder_is_refused() {
    let file = include_bytes!("../models/deepcomp.dcm");
    let sealed = |mut body: Vec<u8>| {
        let sum = xxh3_64(&body);
        body.extend(sum.to_le_bytes());
        body
    };
    let body = &file[..file.len() - 8];
    assert!(Model::parse(&sealed(body.to_vec())).unwrap().draws());
    for cut in [1, 2, 100, 5000, 60_000, 160_000] {
        assert!(matches!(Model::parse(&sealed(body[..body.len() - cut].to_vec())), Err(Error::Weights { .. })), "{cut} bytes less");
    }
    assert!(matches!(Model::parse(&sealed([body, &[0]].concat())), Err(Error::Weights { .. })));
    // Its sizes: fine and coarse channels, latents, attention, radii.
    let bare = deepcomp::network::model::with_autoencoder(file, "deepcomp", None).unwrap();
    let sizes = bare.len() - 8;
    assert_eq!(body[sizes..sizes + 2], [48, 64]);
    for (at, value) in [(0, 47), (0, 0), (1, 7), (2, 0), (2, 65), (3, 2), (4, 5), (5, 9)] {
        let mut changed = body.to_vec();
        changed[sizes + at] = value;
        assert!(matches!(Model::parse(&sealed(changed)), Err(Error::Weights { .. })), "size {at} is {value}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    /// Damage behind valid checksums: header, stream and patches of every kind of chunk.
    #[test]
    fn forged_chunks_never_panic(which in 0..=*BULK.end(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), cut in any::<prop::sample::Index>(), keep in any::<bool>()) {
        let bytes = &archives()[which];
        let mut payload = bytes[27.min(bytes.len())..bytes.len().saturating_sub(60)].to_vec();
        if which == 5 { payload = vec![1, 0, 0, 0, 0]; }
        for (at, value) in edits {
            if !payload.is_empty() {
                // Most of the interesting numbers stand at the front.
                let at = at.index(payload.len()).min(at.index(40 + payload.len() / 8)).min(payload.len() - 1);
                payload[at] = value;
            }
        }
        if !keep { payload.truncate(cut.index(payload.len() + 1)); }
        prop_assert!(decode(&forge(&payload, unharmed)).is_err());
    }

    #[test]
    fn arbitrary_bytes_behind_the_signature(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [b"\x89DCA\r\n\x1a\n".as_slice(), &body].concat();
        prop_assert!(decode(&bytes).is_err());
    }

    /// Damage to the index behind valid checksums.
    #[test]
    fn forged_indexes_never_panic(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let bytes = forge(&[1, 0, 0, 0, 0], |index| {
            for (at, value) in &edits {
                index[at.index(index.len())] = *value;
            }
        });
        let _ = decode(&bytes);
    }
}
