//! The records of an archive that is being written. A frame that is there already is not written again.

use super::container::{RecordKind, put_record, put_trailer, superblock_of};
use crate::wire::put_varint;
use std::collections::HashMap;

/// Bytes of frames that are remembered to be compared with later ones.
pub(super) const REMEMBERED: usize = 1 << 24;

#[derive(Debug)]
pub(super) struct Records {
    out: Vec<u8>,
    /// Bytes before `out`, which were taken.
    taken: u64,
    /// Frames and where they are.
    frames: HashMap<Vec<u8>, u64>,
    remembered: usize,
    /// Where bytes begin that are not given out, since they may be taken back.
    held: Option<u64>,
}

/// What a chunk is in its file: where the record is that says what the file is, which variable of it, and which chunk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) header: u64,
    pub(super) variable: usize,
    pub(super) chunk: usize,
}

impl Records {
    pub(super) fn new() -> Self {
        Self { out: superblock_of(0).to_vec(), taken: 0, frames: HashMap::new(), remembered: 0, held: None }
    }

    /// Those that come behind an archive that ends there.
    pub(super) fn behind(end: u64) -> Self {
        Self { out: Vec::new(), taken: end, ..Self::new() }
    }

    pub(super) fn end(&self) -> u64 {
        self.taken + self.out.len() as u64
    }

    /// Writes the header of a file, and returns where its record is.
    pub(super) fn put_header(&mut self, header: &[u8]) -> u64 {
        let offset = self.end();
        put_record(&mut self.out, RecordKind::Header, &[header]);
        offset
    }

    /// Where the frame of a chunk is from now on. Without a place no one finds it who has lost the index.
    pub(super) fn put(&mut self, frame: &[u8], place: Option<Place>) -> u64 {
        let place = self.place(place);
        if let Some(offset) = self.frames.get(frame).copied() {
            if place != [0] {
                let mut back = Vec::new();
                put_varint(&mut back, self.end() - offset);
                put_record(&mut self.out, RecordKind::Repeat, &[&place, &back]);
            }
            return offset;
        }
        let offset = put_record(&mut self.out, RecordKind::Chunk, &[&place, frame]) + self.taken;
        if self.remembered + frame.len() <= REMEMBERED {
            self.remembered += frame.len();
            self.frames.insert(frame.to_vec(), offset);
        }
        offset
    }

    /// A place as a record has it: how far back its header is, 0 for none.
    fn place(&self, place: Option<Place>) -> Vec<u8> {
        let mut out = Vec::new();
        match place {
            None => out.push(0),
            Some(Place { header, variable, chunk }) => [self.end() - header, variable as u64, chunk as u64].iter().for_each(|n| put_varint(&mut out, *n)),
        }
        out
    }

    /// Writes what the index names and is no frame; where its record is, and its length.
    pub(super) fn put_apart(&mut self, kind: RecordKind, payload: &[u8]) -> (u64, u64) {
        let offset = self.end();
        put_record(&mut self.out, kind, &[payload]);
        (offset, self.end() - offset)
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
        let end = self.end();
        self.frames.retain(|_, offset| *offset < end);
        self.remembered = self.frames.keys().map(Vec::len).sum();
    }

    /// Holds nothing back any longer.
    pub(super) const fn release(&mut self) {
        self.held = None;
    }

    /// The bytes that were not taken, with the index behind them.
    pub(super) fn finish(mut self, index: &[u8]) -> Vec<u8> {
        let offset = self.end();
        put_record(&mut self.out, RecordKind::Index, &[index]);
        put_trailer(&mut self.out, offset);
        self.out
    }
}
