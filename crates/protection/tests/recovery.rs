//! Archives with a recovery record come back whole from whatever it promises to mend, and nothing that a record claims does harm.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::{Error, Source};
use deepcomp_protection::Outer;
use deepcomp_protection::recovery::{Layout, check, find, write};
use xxhash_rust::xxh3::xxh3_64;

/// A generator of numbers.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// Something that starts as an archive does, and says where it ends.
fn bytes(length: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..length).map(|_| random.next() as u8).collect();
    bytes[..14].copy_from_slice(b"\x89DCA\r\n\x1a\n\x01\0\0\0\0\0");
    bytes[14..20].copy_from_slice(&(length as u64).to_le_bytes()[..6]);
    let sum = xxh3_64(&bytes[..20]) as u32;
    bytes[20..24].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn protected(length: usize, share: u16, random: &mut Random) -> (Vec<u8>, Layout) {
    let mut file = bytes(length, random);
    let layout = Layout::new(length as u64, share).unwrap();
    assert_eq!(write(&mut file, &layout).unwrap(), file.len() as u64);
    assert_eq!(layout.end(), file.len() as u64);
    (file, layout)
}

fn mended(file: &[u8]) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    check(file)?.mend(file, &mut out)?;
    Ok(out)
}

/// Damages a stretch, so that every byte of it is another.
fn burst(file: &mut [u8], at: usize, length: usize, random: &mut Random) {
    file[at..at + length].iter_mut().for_each(|byte| *byte ^= random.below(255) as u8 + 1);
}

#[test]
fn whatever_is_promised_is_mended() {
    let mut random = Random(88_172_645_463_325_252);
    let (mut cases, mut mended_shards) = (0, 0);
    for (length, rounds) in [(24, 20), (100, 20), (1_000, 60), (10_000, 100), (54_321, 50), (100_000, 40), (1_000_000, 5)] {
        for share in [100, 500, 1_000, 5_000] {
            let (file, layout) = protected(length, share, &mut random);
            let part = share / 5 * 4;
            let places = layout.bursts(part);
            assert!(places >= 1, "{layout:?}");
            assert!(length < 10_000 || places >= 2 || share < 500, "{layout:?}");
            for round in 0..rounds {
                let mut damaged = file.clone();
                let mut left = (length as u64 * u64::from(part) / 10_000) as usize;
                let count = 1 + random.below(places) as usize;
                for burst_left in (1..=count).rev() {
                    let now = if burst_left == 1 { left } else { left / burst_left };
                    left -= now;
                    let at = match round % 4 {
                        // The superblock; the index and the trailer; the records; anywhere.
                        0 if burst_left == 1 => 0,
                        1 if burst_left == 1 => length - now,
                        2 if burst_left == 1 => file.len() - now,
                        _ => random.below((file.len() - now + 1) as u64) as usize,
                    };
                    if round % 8 == 2 && burst_left == 1 && now > 0 {
                        damaged.truncate(file.len() - now);
                    } else {
                        let now = now.min(damaged.len().saturating_sub(at));
                        burst(&mut damaged, at.min(file.len() - now), now, &mut random);
                    }
                }
                let found = check(&damaged).unwrap_or_else(|error| panic!("{length} {share} {round}: {error}"));
                mended_shards += found.damaged_shards();
                let mut out = Vec::new();
                found.mend(&damaged, &mut out).unwrap_or_else(|error| panic!("{length} {share} {round}: {error}"));
                assert!(out == file, "{length} {share} {round}");
                cases += 1;
            }
        }
    }
    assert!(cases > 1_000 && mended_shards > 1_000, "{cases} {mended_shards}");
}

#[test]
fn what_is_whole_is_said_to_be() {
    let mut random = Random(1);
    let (file, layout) = protected(30_000, 500, &mut random);
    let found = check(&file).unwrap();
    assert!(found.is_whole());
    assert_eq!((*found.layout(), find(&file).unwrap(), Outer::read(&file).unwrap().end), (layout, Some(layout), 30_000));
    // Something behind the last record is no part of it.
    let longer = [file.as_slice(), b"more"].concat();
    assert!(check(&longer).unwrap().is_whole());
    assert_eq!(mended(&longer).unwrap(), file);
}

#[test]
fn too_much_damage_is_an_error_that_says_how_much() {
    let mut random = Random(2);
    let (file, layout) = protected(100_000, 500, &mut random);
    let mut damaged = file.clone();
    burst(&mut damaged, 1_000, 20_000, &mut random);
    let Err(Error::BeyondRepair { damaged, shards, mendable }) = check(&damaged).map(drop) else { panic!("mended") };
    assert_eq!((shards, mendable), (layout.data.into(), layout.parity.into()));
    assert!((22..=25).contains(&damaged), "{damaged}");
    assert_eq!(check(&file[..100_000]).map(drop), Err(Error::NoRecovery));
    assert_eq!(check(&file[..0]).map(drop), Err(Error::NoRecovery));
    // One byte of damage anywhere in a record is seen.
    for number in 0..u64::from(layout.parity) {
        let mut damaged = file.clone();
        let at = 100_000 + (layout.end() - 100_000) / u64::from(layout.parity) * number;
        burst(&mut damaged, (at + random.below(1_000)) as usize, 1, &mut random);
        let found = check(&damaged).unwrap();
        assert_eq!((found.damaged_records(), found.damaged_shards()), (1, 0));
        assert_eq!(mended(&damaged).unwrap(), file);
    }
}

/// A record whose fields were changed and whose checksums were not left behind.
fn forged(mut file: Vec<u8>, layout: &Layout, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let [start, end] = [layout.covered, layout.end()].map(|at| at as usize);
    let record = (end - start) / usize::from(layout.parity);
    let head = record - 4 - 40 - layout.shard as usize - piece(layout);
    change(&mut file[start + head..start + head + 40]);
    let sum = xxh3_64(&file[start..start + record - 4]) as u32;
    file[start + record - 4..start + record].copy_from_slice(&sum.to_le_bytes());
    file.truncate(start + record);
    file
}

fn piece(layout: &Layout) -> usize {
    let pieces = (layout.parity / 8).min(layout.data / 64).max(1);
    (usize::from(layout.data) * 4).div_ceil(pieces.into()).next_multiple_of(64)
}

#[test]
fn forged_records_do_no_harm() {
    let mut random = Random(3);
    let (file, layout) = protected(20_000, 500, &mut random);
    // As it is: one record alone is worth something.
    assert!(check(&forged(file.clone(), &layout, |_| ())).unwrap().damaged_records() > 0);
    for at in 0..40 {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let file = forged(file.clone(), &layout, |fields| fields[at] = value);
            match check(&file) {
                // What is covered is proved by its hash whatever else is said.
                Ok(found) => {
                    let mut mended = Vec::new();
                    found.mend(&file, &mut mended).unwrap();
                    assert!(found.damaged_shards() == 0 && mended[..20_000] == file[..20_000], "{at} {value}");
                }
                Err(Error::NoRecovery | Error::BeyondRepair { .. }) => {}
                Err(error) => panic!("{at} {value}: {error}"),
            }
        }
    }
    for (from, to) in [(0, 8), (8, 16), (16, 18), (18, 20), (20, 22)] {
        let file = forged(file.clone(), &layout, |fields| fields[from..to].fill(0xff));
        assert_eq!(check(&file).map(drop), Err(Error::NoRecovery), "{from}");
    }
    // Heads without end, and records in what is covered.
    let mut hostile = file[..20_000].to_vec();
    let start = file[20_000..20_000 + 64].to_vec();
    (0..200).for_each(|_| hostile.extend(&start));
    assert_eq!(check(&hostile).map(drop), Err(Error::NoRecovery));
    let mut inside = Random(4);
    let (mut within, _) = protected(60_000, 500, &mut inside);
    within[5_000..5_000 + file.len()].copy_from_slice(&file);
    within.truncate(60_000);
    assert_eq!(check(&within).map(drop), Err(Error::NoRecovery), "a record is where it says that it is");
    let end = Layout::new(60_000, 500).unwrap();
    write(&mut within, &end).unwrap();
    assert_eq!(*check(&within).unwrap().layout(), end);
}

#[test]
fn noise_is_no_record() {
    let mut random = Random(5);
    for length in [0, 1, 13, 14, 53, 54, 1_000, 3_000_000] {
        let noise: Vec<u8> = (0..length).map(|_| if random.below(3) == 0 { 0xdc } else { random.below(8) as u8 }).collect();
        assert_eq!(check(&noise).map(drop), Err(Error::NoRecovery));
    }
    assert!(matches!(Layout::new(100, 0), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Layout::new(100, 10_001), Err(Error::InvalidArgument { .. })));
    assert!(matches!(Layout::new(0, 500), Err(Error::InvalidArgument { .. })));
}

#[test]
fn memory_does_not_grow_with_the_file() {
    // Several ranges of columns, since the shards of a large file do not fit at once.
    let length = 60_000_000;
    let mut random = Random(6);
    let (file, layout) = protected(length, 500, &mut random);
    let mut damaged = file.clone();
    burst(&mut damaged, 0, 2_000_000, &mut random);
    assert!(damaged.length() == file.length() && mended(&damaged).unwrap() == file, "{layout:?}");
}

#[test]
fn the_format_promises_what_is_made() {
    let format = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/format.md")).unwrap();
    for (covered, name) in [
        (10_000, "10 kB"),
        (100_000, "100 kB"),
        (1_000_000, "1 MB"),
        (10_000_000, "10 MB"),
        (50_000_000, "50 MB"),
        (1_000_000_000, "1 GB"),
        (5_000_000_000, "5 GB"),
    ] {
        let layout = Layout::new(covered, 500).unwrap();
        let (bytes, places) = (layout.end() - covered, layout.bursts(400));
        let percent = 100.0 * bytes as f64 / covered as f64;
        let row = format!("| {name} | {} | {} | {} | {bytes} bytes, {percent:.1} % | {places} |", layout.shard, layout.data, layout.parity);
        assert!(format.contains(&row), "{row}");
    }
}
