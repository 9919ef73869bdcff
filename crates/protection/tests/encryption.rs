//! What goes into an envelope comes out with its passphrase alone, in parts as well, and nothing that was altered comes out.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::{Error, Result, Source};
use deepcomp_protection::encryption::{KeyCost, Opened, Sealer};
use deepcomp_protection::recovery::{Layout, check, write};
use deepcomp_protection::{Outer, is_encrypted};
use xxhash_rust::xxh3::xxh3_64;

const HEADER: usize = 72;
const SEALED: usize = 65_536 + 16;
const CHEAP: KeyCost = KeyCost { memory: 64, passes: 1, lanes: 1 };

fn sealed(bytes: &[u8]) -> Vec<u8> {
    let (mut sealer, mut out) = Sealer::with(b"secret", CHEAP, *b"sixteen of salt.").unwrap();
    // In pieces that are no blocks.
    bytes.chunks(50_000).for_each(|piece| out.extend(sealer.seal(piece).unwrap()));
    out.extend(sealer.finish().unwrap());
    out
}

fn opened(bytes: &[u8]) -> Result<Vec<u8>> {
    read(&Opened::open(bytes.to_vec(), b"secret")?)
}

fn read<S: Source>(opened: &S) -> Result<Vec<u8>> {
    let mut out = vec![0; opened.length() as usize];
    opened.read(0, &mut out)?;
    Ok(out)
}

fn plain(length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (xxh3_64(&i.to_le_bytes())) as u8).collect()
}

#[test]
fn what_goes_in_comes_out() {
    for length in [0, 1, 17, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let (bytes, blocks) = (plain(length), length.div_ceil(65_536).max(1));
        let file = sealed(&bytes);
        assert_eq!(file.len(), HEADER + length + 16 * blocks);
        assert!(is_encrypted(&file).unwrap() && !is_encrypted(&bytes).unwrap());
        assert!(opened(&file).unwrap() == bytes, "{length}");
    }
    // Nobody gives a salt: no two are the same.
    let [one, two] = [(), ()].map(|()| Sealer::new(b"secret").unwrap().1);
    assert!(one[36..52] != two[36..52] && one[..36] == two[..36]);
    assert_eq!(one[24..36], [0, 0, 1, 0, 3, 0, 0, 0, 4, 0, 0, 0], "64 MiB, three passes, four lanes");
    assert!(matches!(Sealer::new(b"").map(drop), Err(Error::InvalidArgument { .. })));
}

#[test]
fn parts_are_read_without_the_rest() {
    let bytes = plain(300_000);
    let mut file = sealed(&bytes);
    // Damage that is not touched does not matter.
    file[HEADER + 3 * SEALED + 5] ^= 1;
    let opened = Opened::open(file, b"secret").unwrap();
    for (at, length) in [(0, 0), (0, 1), (65_535, 2), (1_000, 190_000), (262_144, 37_856), (299_999, 1)] {
        let mut out = vec![0; length];
        opened.read(at as u64, &mut out).unwrap();
        assert!(out == bytes[at..at + length], "{at}");
    }
    let mut two = [0; 2];
    assert!(matches!(opened.read(299_999, &mut two), Err(Error::Unreadable { .. })));
    assert!(matches!(opened.read(u64::MAX, &mut two), Err(Error::Unreadable { .. })));
    let error = opened.read(200_000, &mut two).unwrap_err().to_string();
    assert!(error.contains("encrypted block 3"), "{error}");
}

#[test]
fn another_passphrase_opens_nothing() {
    let file = sealed(b"bytes");
    for passphrase in [b"Secret".as_slice(), b"", b"secret ", b"secret\n"] {
        assert_eq!(Opened::open(file.clone(), passphrase).map(drop), Err(Error::WrongPassphrase));
    }
}

#[test]
fn nothing_altered_comes_out() {
    let bytes = plain(200_000);
    let file = sealed(&bytes);
    // Every byte of the header but the end, which does not count where it is 0 and its checksum, and some of each block and tag.
    let of_header = 0..HEADER;
    let of_blocks = (0..4).flat_map(|block| [0, 1, 40_000, 65_535, 65_536, 65_551].map(|at| HEADER + block * SEALED + at));
    for at in of_header.chain(of_blocks).filter(|at| *at < file.len()) {
        for bit in [0, 7] {
            let mut altered = file.clone();
            altered[at] ^= 1 << bit;
            match opened(&altered) {
                Ok(_) => panic!("{at}"),
                Err(Error::NotAnArchive { .. }) => assert!(at < 8),
                Err(Error::Unsupported { .. } | Error::Truncated { .. } | Error::LimitExceeded { .. } | Error::WrongPassphrase | Error::Corrupt { .. }) => {
                    assert!(at < HEADER)
                }
                Err(Error::ChecksumMismatch { what }) => {
                    let expected = if at < HEADER { "e".to_owned() } else { format!("encrypted block {}", (at - HEADER) / SEALED) };
                    assert!(what.contains(&expected), "{at}: {what}");
                }
                Err(error) => panic!("{at}: {error}"),
            }
            // With checksums that fit, what was authenticated still tells.
            for sum in [20, 68] {
                let from = if sum == 20 { 0 } else { 24 };
                let fit = xxh3_64(&altered[from..sum]) as u32;
                altered[sum..sum + 4].copy_from_slice(&fit.to_le_bytes());
            }
            if !(14..24).contains(&at) && !(68..72).contains(&at) {
                assert!(opened(&altered).is_err(), "{at}");
            }
        }
    }
}

#[test]
fn blocks_are_where_they_were() {
    let file = sealed(&plain(4 * 65_536));
    let block = |number: usize| HEADER + number * SEALED..HEADER + (number + 1) * SEALED;
    let mut swapped = file.clone();
    swapped.copy_within(block(1), block(2).start);
    swapped[block(1)].copy_from_slice(&file[block(2)]);
    assert!(opened(&swapped).unwrap_err().to_string().contains("block 1"));
    let without = [&file[..block(2).start], &file[block(2).end..]].concat();
    assert!(opened(&without).unwrap_err().to_string().contains("block 2"));
    let twice = [&file[..block(2).end], &file[block(2).start..]].concat();
    assert!(opened(&twice).unwrap_err().to_string().contains("block 4, the last"));
    // Of another envelope under the same passphrase.
    let (mut sealer, mut other) = Sealer::with(b"secret", CHEAP, *b"Sixteen of salt.").unwrap();
    other.extend(sealer.seal(&plain(4 * 65_536)).unwrap());
    other.extend(sealer.finish().unwrap());
    let mut mixed = file;
    mixed[block(0)].copy_from_slice(&other[block(0)]);
    assert!(opened(&mixed).unwrap_err().to_string().contains("block 0"));
}

#[test]
fn a_file_that_was_cut_off_says_so_and_the_rest_stays_readable() {
    let bytes = plain(3 * 65_536 + 1_000);
    let file = sealed(&bytes);
    for length in
        (0..HEADER + 40).chain((0..4).flat_map(|block| (0..40).map(move |more| HEADER + block * SEALED + more))).chain([file.len() - 1, file.len() - 17])
    {
        let cut = file[..length.min(file.len() - 1)].to_vec();
        assert!(opened(&cut).is_err(), "{length}");
        // What is left is there for who wants it.
        if length >= HEADER {
            let forgiving = Opened::forgiving(cut, b"secret").unwrap();
            let left = read(&forgiving).unwrap();
            let whole = (length - HEADER) / SEALED * 65_536;
            assert!(left[..whole] == bytes[..whole], "{length}");
            assert!(left[whole..].iter().all(|byte| *byte == 0), "{length}");
        }
    }
    // A block in the middle that is damaged is zeros.
    let mut damaged = file;
    damaged[HEADER + SEALED + 7] ^= 1;
    let mut expected = bytes;
    expected[65_536..131_072].fill(0);
    assert!(read(&Opened::forgiving(damaged, b"secret").unwrap()).unwrap() == expected);
}

#[test]
fn what_a_header_claims_is_checked_before_it_costs_anything() {
    let file = sealed(b"bytes");
    let with = |numbers: [u32; 3]| {
        let mut file = file.clone();
        file[24..36].copy_from_slice(numbers.map(u32::to_le_bytes).as_flattened());
        let sum = xxh3_64(&file[24..68]) as u32;
        file[68..72].copy_from_slice(&sum.to_le_bytes());
        opened(&file).unwrap_err()
    };
    for numbers in [[u32::MAX, 1, 1], [(1 << 20) + 1, 1, 1], [64, u32::MAX, 1], [64, 17, 1], [64, 1, u32::MAX], [64, 1, 65], [1 << 20, 5, 1]] {
        assert!(matches!(with(numbers), Error::LimitExceeded { .. }), "{numbers:?}");
    }
    for numbers in [[0, 1, 1], [64, 0, 1], [64, 1, 0], [8, 1, 64]] {
        assert!(matches!(with(numbers), Error::Corrupt { .. }), "{numbers:?}");
    }
    assert_eq!(with([65, 1, 1]), Error::WrongPassphrase);
    assert_eq!(with([64, 2, 1]), Error::WrongPassphrase);
    // An end that lies within the header, or behind the file.
    for end in [1u64, 71, 72, 87, 1 << 40] {
        let mut file = file.clone();
        file[14..20].copy_from_slice(&end.to_le_bytes()[..6]);
        let sum = xxh3_64(&file[..20]) as u32;
        file[20..24].copy_from_slice(&sum.to_le_bytes());
        assert!(matches!(opened(&file), Err(Error::Truncated { .. })), "{end}");
    }
}

#[test]
fn a_recovery_record_lies_around_an_envelope() {
    let bytes = plain(200_000);
    let mut file = sealed(&bytes);
    let outer = Outer::read(&file).unwrap();
    file[..24].copy_from_slice(&outer.closed());
    write(&mut file, &Layout::new(outer.end, 500).unwrap()).unwrap();
    assert!(opened(&file).unwrap() == bytes);
    let mut damaged = file.clone();
    damaged[..5_000].fill(7);
    assert!(opened(&damaged).is_err());
    let mut mended = Vec::new();
    check(&damaged).unwrap().mend(&damaged, &mut mended).unwrap();
    assert!(mended == file);
}

/// docs/format.md has this envelope, so that others can check what they read and write.
#[test]
fn the_known_answer_is_what_the_format_says() {
    let (mut sealer, mut file) = Sealer::with(b"correct horse battery staple", KeyCost { memory: 1024, passes: 2, lanes: 2 }, *b"0123456789abcdef").unwrap();
    file.extend(sealer.seal(b"DeepComp").unwrap());
    file.extend(sealer.finish().unwrap());
    let hex: String = file.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, KNOWN);
}

const KNOWN: &str = "894443450d0a1a0a010000000000000000000000ebc89491000400000200000002000000303132333435363738396162636465\
                     6661bc95c4f2fcda867c7525979c6fc870c89b287de007836e786b9c48824fcaf95039dedaa3cc37fd9acc0f36";
