//! What goes around an archive: recovery records, signatures and envelopes, with their checksums put right first, so that what lies behind them is reached.
#![no_main]

use std::sync::OnceLock;

use deepcomp::archive::{Archive, salvage};
use deepcomp::network::model::Models;
use deepcomp_fuzz::LIMITS;
use deepcomp_protection::encryption::{EnvelopeKey, KeyCost, Opened, Sealer};
use deepcomp_protection::{Outer, recovery, signature};
use libfuzzer_sys::{Corpus, fuzz_target};
use xxhash_rust::xxh3::xxh3_64;

const SUPERBLOCK: usize = 24;
const RECORD: u8 = 0xdc;
const KINDS: [u8; 2] = [6, 7];
const PASSPHRASE: &[u8] = b"p";

/// An envelope of a few bytes, and its key, which costs as little as can be.
fn envelope() -> &'static (Vec<u8>, [u8; 16]) {
    static ENVELOPE: OnceLock<(Vec<u8>, [u8; 16])> = OnceLock::new();
    ENVELOPE.get_or_init(|| (sealed_with(b""), [7; 16]))
}

fn sealed_with(bytes: &[u8]) -> Vec<u8> {
    let cost = KeyCost { memory: 8, passes: 1, lanes: 1 };
    let (mut sealer, mut out) = Sealer::with(PASSPHRASE, cost, [7; 16]).expect("a cheap key");
    out.extend(sealer.seal(bytes).expect("a short archive"));
    out.extend(sealer.finish().expect("a short archive"));
    out
}

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match bytes {
        [b'r', rest @ ..] => around(rest),
        [b'p', share, rest @ ..] => protected(rest, *share),
        [b'e', rest @ ..] => opened(rest),
        [b's', rest @ ..] => read_through(&sealed_with(rest)),
        _ => return Corpus::Reject,
    }
    Corpus::Keep
});

/// What stands behind an archive is looked for, checked and mended.
fn around(bytes: &[u8]) {
    let mut file = bytes.to_vec();
    if file.len() >= SUPERBLOCK {
        let sum = xxh3_64(&file[..20]) as u32;
        file[20..SUPERBLOCK].copy_from_slice(&sum.to_le_bytes());
    }
    seal(&mut file);
    let _ = Outer::read(&file);
    let _ = signature::find(&file);
    let _ = signature::verify(&file, None);
    let _ = recovery::find(&file);
    if let Ok(checked) = recovery::check(&file) {
        let mut mended = Vec::new();
        if checked.mend(&file, &mut mended).is_ok() {
            assert!(recovery::check(&mended).is_ok_and(|again| again.is_whole()), "what was mended is not whole");
        }
    }
}

/// What is protected and damaged a little comes back, or it is told that it does not.
fn protected(bytes: &[u8], share: u8) {
    let (archive, damage) = bytes.split_at(bytes.len() / 2);
    if archive.is_empty() {
        return;
    }
    let mut file = archive.to_vec();
    let Ok(_) = recovery::add(&mut file, 100 + u16::from(share) * 20) else { return };
    let whole = file.clone();
    for place in damage.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([place[0], place[1]])) % file.len();
        file[at] ^= place[2];
    }
    let Ok(checked) = recovery::check(&file) else { return };
    let mut mended = Vec::new();
    if checked.mend(&file, &mut mended).is_ok() {
        assert_eq!(mended, whole, "what was mended is not what it was");
    }
}

/// An envelope that was altered.
fn opened(bytes: &[u8]) {
    let (plain, _) = envelope();
    let Ok(key) = EnvelopeKey::of(plain, PASSPHRASE) else { return };
    let mut file = bytes.to_vec();
    let head = SUPERBLOCK.min(file.len());
    file[..head.min(8)].copy_from_slice(&plain[..head.min(8)]);
    if file.len() >= SUPERBLOCK {
        let sum = xxh3_64(&file[..20]) as u32;
        file[20..SUPERBLOCK].copy_from_slice(&sum.to_le_bytes());
    }
    let _ = Opened::with(file.as_slice(), key).map(|opened| Archive::open(&opened, &LIMITS).is_ok());
}

/// An archive in an envelope is read as it is without.
fn read_through(envelope: &[u8]) {
    let opened = Opened::open(envelope, PASSPHRASE).expect("an envelope that was just made");
    let _ = Archive::open(&opened, &LIMITS);
    let _ = salvage(&opened, &LIMITS, &Models::default());
}

/// Puts the guards and checksums of records behind an archive right.
fn seal(file: &mut [u8]) {
    let mut at = SUPERBLOCK.min(file.len());
    while let Some(found) = file[at..].windows(2).position(|pair| pair[0] == RECORD && KINDS.contains(&pair[1])) {
        at += found;
        let (mut length, mut shift, mut body) = (0usize, 0, at + 2);
        while let Some(byte) = file.get(body).copied() {
            length |= usize::from(byte & 0x7f) << shift;
            (shift, body) = (shift + 7, body + 1);
            if byte & 0x80 == 0 || shift > 21 {
                break;
            }
        }
        let (start, end) = (body + 2, body + 2 + length);
        if end + 4 > file.len() {
            at += 1;
            continue;
        }
        let guard = xxh3_64(&file[at..body]) as u16;
        file[body..start].copy_from_slice(&guard.to_le_bytes());
        let sum = xxh3_64(&file[at..end]) as u32;
        file[end..end + 4].copy_from_slice(&sum.to_le_bytes());
        at = end + 4;
    }
}
