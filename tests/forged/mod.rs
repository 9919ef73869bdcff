//! Frames, records and trailers as docs/format.md has them, with checksums that are right whatever lies in them.
#![allow(dead_code)] // Each test takes some of it.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a superblock.
pub const SUPERBLOCK: usize = 24;
/// Bytes of a trailer.
pub const TRAILER: usize = 12;
/// Kinds of records.
const CHUNK: u8 = 1;
const INDEX: u8 = 5;

/// Appends index and trailer.
pub fn ended(mut bytes: Vec<u8>, index: &[u8]) -> Vec<u8> {
    let index_at = bytes.len() as u64;
    put_record(&mut bytes, INDEX, index);
    bytes.extend(index_at.to_le_bytes());
    bytes.extend(b"dca.");
    bytes
}

/// Where the record of the index begins, and its payload.
pub fn index(bytes: &[u8]) -> (usize, &[u8]) {
    let trailer = bytes.len() - TRAILER;
    let record = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().unwrap()) as usize;
    (record, record_payload(&bytes[record..]))
}

/// Where the record at the start of some bytes ends.
pub fn record_end(record: &[u8]) -> usize {
    let payload = record_payload(record);
    payload.as_ptr() as usize - record.as_ptr() as usize + payload.len() + 4
}

/// The payload of the record at the start of some bytes.
pub fn record_payload(record: &[u8]) -> &[u8] {
    let (mut at, mut length, mut shift) = (2, 0usize, 0);
    loop {
        length |= (record[at] as usize & 0x7F) << shift;
        (at, shift) = (at + 1, shift + 7);
        if record[at - 1] & 0x80 == 0 {
            return &record[at + 2..at + 2 + length];
        }
    }
}

/// The frame in the first record of an archive, which has no header.
pub fn first_frame(archive: &[u8]) -> &[u8] {
    &record_payload(&archive[SUPERBLOCK..])[1..]
}

/// The payload in the frame in the first record of an archive, which has no header.
pub fn first_payload(archive: &[u8]) -> &[u8] {
    let frame = first_frame(archive);
    &frame[6..frame.len() - 4]
}

/// A frame around a payload that is said to decode to values of that checksum.
pub fn frame(payload: &[u8], values_sum: u32) -> Vec<u8> {
    let mut frame = [&[0xd1, 0], &values_sum.to_le_bytes()[..], payload].concat();
    frame.extend((xxh3_64(&frame) as u32).to_le_bytes());
    frame
}

/// Appends the record of a frame, and returns where the frame begins.
pub fn put_frame(bytes: &mut Vec<u8>, frame: &[u8]) -> usize {
    put_record(bytes, CHUNK, &[&[0], frame].concat());
    bytes.len() - 4 - frame.len()
}

/// The table of frames that begin at these offsets and have these lengths.
pub fn table(frames: &[(usize, usize)]) -> Vec<u8> {
    let (mut out, mut end) = (Vec::new(), 0);
    for (offset, length) in frames {
        let gap = *offset as i64 - end;
        out.extend(leb128(((gap << 1) ^ (gap >> 63)) as usize));
        out.extend(leb128(*length));
        end = (offset + length) as i64;
    }
    out
}

/// The CBOR of an index payload, whichever way it was packed.
pub fn unpacked(payload: &[u8]) -> Vec<u8> {
    match payload[0] {
        0 => payload[1..].to_vec(),
        1 => miniz_oxide::inflate::decompress_to_vec(&payload[1..]).unwrap(),
        _ => {
            use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF};
            let words = words();
            let mut out = words.to_vec();
            out.resize(1 << 16, 0);
            let (_, _, given) = decompress(&mut DecompressorOxide::new(), &payload[1..], &mut out, words.len(), TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
            out[words.len()..words.len() + given].to_vec()
        }
    }
}

/// The words of docs/format.md, section 2.
fn words() -> &'static [u8] {
    static WORDS: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    WORDS.get_or_init(|| {
        let page = include_str!("../../docs/format.md");
        let block = page.split("```words\n").nth(1).unwrap().split("\n```").next().unwrap().replace('\n', "");
        let mut out = Vec::new();
        let mut rest = block.as_bytes();
        while let [first, tail @ ..] = rest {
            let (byte, after) = match (first, tail) {
                (b'\\', [b'n', tail @ ..]) => (b'\n', tail),
                (b'\\', [b'x', hex, low, tail @ ..]) => (u8::from_str_radix(std::str::from_utf8(&[*hex, *low]).unwrap(), 16).unwrap(), tail),
                (byte, tail) => (*byte, tail),
            };
            out.push(byte);
            rest = after;
        }
        out
    })
}

/// Appends a record.
pub fn put_record(bytes: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    let start = bytes.len();
    bytes.extend([0xdc, kind]);
    bytes.extend(leb128(payload.len()));
    bytes.extend((xxh3_64(&bytes[start..]) as u16).to_le_bytes());
    bytes.extend(payload);
    bytes.extend((xxh3_64(&bytes[start..]) as u32).to_le_bytes());
}

fn leb128(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
    out
}
