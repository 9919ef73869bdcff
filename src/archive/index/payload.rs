//! The payload of the index record: the index as CBOR, packed.

use super::Index;
use super::most::Limited;
use super::words::WORDS;
use crate::error::{Error, Result};
use crate::limits::Limits;
use miniz_oxide::deflate::core::{CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// First byte of an index payload: how the CBOR follows.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;
/// Deflated, as if [`WORDS`] stood before it.
const AFTER_WORDS: u8 = 2;

/// How miniz chooses codes: as they fit, or those that take no room to be told, which few bytes are better off with.
const STRATEGIES: [i32; 2] = [0, 4];

impl Index {
    /// The payload of the index record, in the shortest way.
    pub(crate) fn to_payload(&self) -> Result<Vec<u8>> {
        let (cbor, ways) = self.ways()?;
        let plain = core::iter::once(PLAIN).chain(cbor).collect();
        Ok(ways.into_iter().chain([plain]).min_by_key(Vec::len).unwrap_or_default())
    }

    /// The index as CBOR, and the payloads that it deflates to.
    fn ways(&self) -> Result<(Vec<u8>, Vec<Vec<u8>>)> {
        let cbor = minicbor::to_vec(self).map_err(|e| Error::corrupt(format_args!("the index could not be written: {e}")))?;
        let ways = STRATEGIES.into_iter().flat_map(|strategy| [(DEFLATED, [].as_slice(), strategy), (AFTER_WORDS, WORDS, strategy)]);
        let packed = ways.map(|(kind, before, strategy)| core::iter::once(kind).chain(deflated(before, &cbor, strategy)).collect()).collect();
        Ok((cbor, packed))
    }

    /// The payload of a header, packed so that bytes may follow which mean nothing.
    pub(crate) fn to_header(&self) -> Result<Vec<u8>> {
        let (_, ways) = self.ways()?;
        Ok(ways.into_iter().min_by_key(Vec::len).unwrap_or_default())
    }

    pub(crate) fn from_payload(payload: &[u8], limits: &Limits) -> Result<Self> {
        let mut all = u64::MAX;
        Self::within(payload, limits, &mut all)
    }

    /// One of several, whose bytes as CBOR come off what all of them may have.
    pub(crate) fn within(payload: &[u8], limits: &Limits, left: &mut u64) -> Result<Self> {
        let limits = &Limits { metadata_bytes: limits.metadata_bytes.min(*left), ..*limits };
        let limit = Limits::check("the index", limits.metadata_bytes, u64::MAX)?;
        let (kind, body) = payload.split_first().ok_or_else(|| Error::corrupt("the index is empty"))?;
        let inflated;
        let cbor = match *kind {
            PLAIN if body.len() > limit => return Err(too_large(body.len(), limits)),
            PLAIN => body,
            DEFLATED | AFTER_WORDS => {
                let before = if *kind == DEFLATED { [].as_slice() } else { WORDS };
                inflated = self::inflated(before, body, limit, limits)?;
                inflated.get(before.len()..).unwrap_or_default()
            }
            kind => return Err(Error::later(format_args!("packing {kind} of an index"))),
        };
        *left = left.saturating_sub(cbor.len() as u64);
        let mut decoder = minicbor::Decoder::new(cbor);
        let mut limited = Limited::of(limits, cbor.len());
        let index: Self = decoder.decode_with(&mut limited).map_err(|e| match limited.exceeded {
            Some((what, limit)) => Error::LimitExceeded { what, needed: limit.saturating_add(1), limit },
            None => Error::corrupt(format_args!("the index is not valid: {e}")),
        })?;
        // This version has no names of needs: all that there are come from later ones.
        if let Some(need) = index.needs.first() {
            return Err(Error::later(format_args!("what the archive says it takes, {need:?},")));
        }
        if decoder.position() == cbor.len() { Ok(index) } else { Err(Error::corrupt("the index is followed by more bytes")) }
    }
}

fn too_large(needed: usize, limits: &Limits) -> Error {
    Error::LimitExceeded { what: "the index", needed: needed as u64, limit: limits.metadata_bytes }
}

/// What `bytes` deflate to behind others, which are not in it.
fn deflated(before: &[u8], bytes: &[u8], strategy: i32) -> Vec<u8> {
    let mut compressor = CompressorOxide::new(create_comp_flags_from_zip_params(9, 0, strategy));
    let mut out = Vec::new();
    if !before.is_empty() {
        append(&mut compressor, before, &mut out, TDEFLFlush::Sync);
        out.clear();
    }
    append(&mut compressor, bytes, &mut out, TDEFLFlush::Finish);
    out
}

fn append(compressor: &mut CompressorOxide, mut bytes: &[u8], out: &mut Vec<u8>, flush: TDEFLFlush) {
    let mut piece = [0; 4096];
    loop {
        let (status, taken, given) = compress(compressor, bytes, &mut piece, flush);
        out.extend_from_slice(piece.get(..given).unwrap_or_default());
        bytes = bytes.get(taken..).unwrap_or_default();
        // A piece that is not full was the last.
        if status != TDEFLStatus::Okay || (bytes.is_empty() && given < piece.len() && flush != TDEFLFlush::Finish) {
            return;
        }
    }
}

/// `before`, and what the stream inflates to behind it, which is no more than the limit.
fn inflated(before: &[u8], stream: &[u8], limit: usize, limits: &Limits) -> Result<Vec<u8>> {
    let most = limit.saturating_add(before.len());
    let mut decompressor = DecompressorOxide::new();
    let mut out = before.to_vec();
    let (mut read, mut written) = (0, before.len());
    loop {
        out.resize(most.min((2 * out.len()).max(stream.len().saturating_mul(2)).max(1 << 10)), 0);
        let left = stream.get(read..).unwrap_or_default();
        let (status, taken, given) = decompress(&mut decompressor, left, &mut out, written, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        (read, written) = (read + taken, written + given);
        match status {
            TINFLStatus::Done => {
                out.truncate(written);
                return Ok(out);
            }
            TINFLStatus::HasMoreOutput if out.len() < most => {}
            TINFLStatus::HasMoreOutput => return Err(too_large(limit.saturating_add(1), limits)),
            _ => return Err(Error::corrupt("the index does not inflate")),
        }
    }
}
