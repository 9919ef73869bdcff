//! The payload of the index record: the index as CBOR, packed.

use super::Index;
use super::most::Limited;
use crate::error::{Error, Result};
use crate::limits::Limits;

/// First byte of an index payload: how the CBOR follows.
const PLAIN: u8 = 0;
const DEFLATED: u8 = 1;

impl Index {
    /// The payload of the index record: CBOR, deflated (RFC 1951) where that is shorter.
    pub(crate) fn to_payload(&self) -> Result<Vec<u8>> {
        let cbor = minicbor::to_vec(self).map_err(|e| Error::corrupt(format_args!("the index could not be written: {e}")))?;
        let deflated = miniz_oxide::deflate::compress_to_vec(&cbor, 9);
        let (kind, body) = if deflated.len() < cbor.len() { (DEFLATED, deflated) } else { (PLAIN, cbor) };
        Ok(core::iter::once(kind).chain(body).collect())
    }

    pub(crate) fn from_payload(payload: &[u8], limits: &Limits) -> Result<Self> {
        let limit = Limits::check("the index", limits.metadata_bytes, u64::MAX)?;
        let (kind, body) = payload.split_first().ok_or_else(|| Error::corrupt("the index is empty"))?;
        let too_large = |needed: usize| Error::LimitExceeded { what: "the index", needed: needed as u64, limit: limits.metadata_bytes };
        let inflated;
        let cbor = match *kind {
            PLAIN if body.len() > limit => return Err(too_large(body.len())),
            PLAIN => body,
            DEFLATED => {
                inflated = miniz_oxide::inflate::decompress_to_vec_with_limit(body, limit).map_err(|e| match e.status {
                    miniz_oxide::inflate::TINFLStatus::HasMoreOutput => too_large(limit.saturating_add(1)),
                    _ => Error::corrupt("the index does not inflate"),
                })?;
                inflated.as_slice()
            }
            kind => return Err(Error::corrupt(format_args!("index encoding {kind} does not exist in this format version"))),
        };
        let mut decoder = minicbor::Decoder::new(cbor);
        let mut limited = Limited { list: limits.items, files: limits.files, exceeded: None };
        let index = decoder.decode_with(&mut limited).map_err(|e| match limited.exceeded {
            Some(limit) => Error::LimitExceeded { what: "a list in the index", needed: limit.saturating_add(1), limit },
            None => Error::corrupt(format_args!("the index is not valid: {e}")),
        })?;
        if decoder.position() == cbor.len() { Ok(index) } else { Err(Error::corrupt("the index is followed by more bytes")) }
    }
}
