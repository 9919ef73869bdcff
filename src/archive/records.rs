//! The records of an archive that is being written. A payload that is there already is not written again.

use super::frame::{RecordKind, put_record, put_superblock, put_trailer};
use std::collections::HashMap;

/// Bytes of payloads that are remembered to be compared with later ones.
const REMEMBERED: usize = 1 << 24;

#[derive(Debug)]
pub(super) struct Records {
    out: Vec<u8>,
    /// Bytes before `out`, which were taken.
    taken: u64,
    /// Payloads and where they are.
    payloads: HashMap<Vec<u8>, u64>,
    remembered: usize,
}

impl Records {
    pub(super) fn new() -> Self {
        let mut out = Vec::new();
        put_superblock(&mut out);
        Self { out, taken: 0, payloads: HashMap::new(), remembered: 0 }
    }

    /// Where the payload of a chunk is from now on.
    pub(super) fn put(&mut self, payload: &[u8]) -> u64 {
        if let Some(offset) = self.payloads.get(payload) {
            return *offset;
        }
        let offset = self.taken + put_record(&mut self.out, RecordKind::Chunk, payload);
        if self.remembered + payload.len() <= REMEMBERED {
            self.remembered += payload.len();
            self.payloads.insert(payload.to_vec(), offset);
        }
        offset
    }

    /// The bytes that are ready and were not taken yet.
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.taken += self.out.len() as u64;
        core::mem::take(&mut self.out)
    }

    /// The bytes that were not taken, with the index behind them.
    pub(super) fn end(mut self, index: &[u8]) -> Vec<u8> {
        let offset = self.taken + self.out.len() as u64;
        put_record(&mut self.out, RecordKind::Index, index);
        put_trailer(&mut self.out, offset);
        self.out
    }
}
