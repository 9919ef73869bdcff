//! Records and trailers as docs/format.md has them, with checksums that are right whatever lies in them.

use xxhash_rust::xxh3::xxh3_64;

/// Appends index and trailer.
pub fn ended(mut bytes: Vec<u8>, index: &[u8]) -> Vec<u8> {
    let (index_at, _) = put_record(&mut bytes, 2, index);
    bytes.extend(index_at.to_le_bytes());
    bytes.extend((xxh3_64(&index_at.to_le_bytes()) as u32).to_le_bytes());
    bytes.extend(b"dca.");
    bytes
}

/// Appends a record; where it and its payload begin.
pub fn put_record(bytes: &mut Vec<u8>, kind: u8, payload: &[u8]) -> (u64, usize) {
    let start = bytes.len();
    bytes.push(kind);
    bytes.extend(leb128(payload.len()));
    let offset = bytes.len();
    bytes.extend(payload);
    bytes.extend((xxh3_64(payload) as u32).to_le_bytes());
    (start as u64, offset)
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
