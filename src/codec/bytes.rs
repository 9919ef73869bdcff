//! Bytes that are no measurements, such as text and whole files, through a general compressor: LZMA (docs/format.md, "Bytes").

use crate::error::{Error, Result};
use lzma_rust2::{LzmaOptions, LzmaReader, LzmaWriter};
use std::io::{Read, Write};

/// Literal context bits, literal position bits, position bits.
const PROPERTIES: (u32, u32, u32) = (3, 0, 2);
/// Smallest dictionary that LZMA has.
const SMALLEST_DICTIONARY: usize = 1 << 12;

/// A dictionary that reaches from the last byte to the first.
fn dictionary(length: usize) -> u32 {
    length.max(SMALLEST_DICTIONARY) as u32
}

/// The stream without header or end marker; `None` when the compressor fails, which it has no reason to.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let (lc, lp, pb) = PROPERTIES;
    let mut options = LzmaOptions::with_preset(7);
    (options.lc, options.lp, options.pb, options.dict_size) = (lc, lp, pb, dictionary(bytes.len()));
    let mut writer = LzmaWriter::new_no_header(Vec::new(), &options, false).ok()?;
    writer.write_all(bytes).ok()?;
    writer.finish().ok()
}

/// So many bytes out of a stream.
///
/// # Errors
/// [`Error::Corrupt`] when the stream breaks the rules of LZMA or ends too early.
pub(super) fn decompress(stream: &[u8], length: usize) -> Result<Vec<u8>> {
    let broken = |_| Error::corrupt("compressed bytes break the rules of LZMA");
    let (lc, lp, pb) = PROPERTIES;
    let mut reader = LzmaReader::new(stream, length as u64, lc, lp, pb, dictionary(length), None).map_err(broken)?;
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).map_err(broken)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{compress, decompress};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_stream_gives_bytes_or_an_error(stream in prop::collection::vec(any::<u8>(), 0..200), length in 0usize..5000) {
            if let Ok(bytes) = decompress(&stream, length) {
                prop_assert_eq!(bytes.len(), length);
            }
        }

        #[test]
        fn damaged_streams_give_bytes_or_an_error(bytes in prop::collection::vec(0u8..4, 1..3000), at in any::<prop::sample::Index>(), bits in 1u8.., cut in any::<bool>()) {
            let mut stream = compress(&bytes).unwrap();
            prop_assert_eq!(&decompress(&stream, bytes.len()).unwrap(), &bytes);
            let at = at.index(stream.len());
            stream[at] ^= bits;
            if cut {
                stream.truncate(at);
            }
            if let Ok(found) = decompress(&stream, bytes.len()) {
                prop_assert_eq!(found.len(), bytes.len());
            }
        }
    }
}
