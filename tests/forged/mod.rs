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

/// The CBOR of an index payload, whichever way it was packed.
#[allow(dead_code)]
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
