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
    /// Where bytes begin that are not given out, since they may be taken back.
    held: Option<u64>,
}

impl Records {
    pub(super) fn new() -> Self {
        let mut out = Vec::new();
        put_superblock(&mut out);
        Self { out, taken: 0, payloads: HashMap::new(), remembered: 0, held: None }
    }

    /// Where the payload of a chunk is from now on.
    pub(super) fn put(&mut self, payload: &[u8]) -> u64 {
        if let Some(offset) = self.payloads.get(payload) {
            return *offset;
        }
        let offset = put_record(&mut self.out, RecordKind::Chunk, payload) + self.taken;
        if self.remembered + payload.len() <= REMEMBERED {
            self.remembered += payload.len();
            self.payloads.insert(payload.to_vec(), offset);
        }
        offset
    }

    /// The bytes that are ready and were not taken yet.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let held = self.out.split_off(self.out.len() - self.held_bytes());
        self.taken += self.out.len() as u64;
        core::mem::replace(&mut self.out, held)
    }

    /// Holds back what is written from now on.
    pub(super) fn hold(&mut self) {
        self.held.get_or_insert(self.taken + self.out.len() as u64);
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held.map_or(0, |held| (self.taken + self.out.len() as u64 - held) as usize)
    }

    /// Forgets what is held back.
    pub(super) fn take_back(&mut self) {
        self.out.truncate(self.out.len() - self.held_bytes());
        let end = self.taken + self.out.len() as u64;
        self.payloads.retain(|_, offset| *offset < end);
        self.remembered = self.payloads.keys().map(Vec::len).sum();
    }

    /// Holds nothing back any longer.
    pub(super) const fn release(&mut self) {
        self.held = None;
    }

    /// The bytes that were not taken, with the index behind them.
    pub(super) fn end(mut self, index: &[u8]) -> Vec<u8> {
        let offset = self.taken + self.out.len() as u64;
        put_record(&mut self.out, RecordKind::Index, index);
        put_trailer(&mut self.out, offset);
        self.out
    }
}
