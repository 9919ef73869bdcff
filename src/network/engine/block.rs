//! Activations of one block of samples, laid out as multiply-add-pairs instructions read them.

use super::{LANES, Row};
use crate::{Error, Result};

/// Activations, channel by channel.
///
/// A word holds one sample of two neighbouring channels: the even one in the low half, the odd one in the high half. With an odd number of
/// channels the last high half stays zero. Or, where a kernel made it so for itself, of four channels: a byte each, the first one lowest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    channels: usize,
    samples: usize,
    /// Whether words hold bytes.
    bytes: bool,
    /// One row for every two or four channels; room for two.
    words: Vec<Row>,
}

impl Block {
    /// Zeros, a full block of them.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self { channels, samples: LANES, bytes: false, words: vec![[0; LANES]; channels.div_ceil(2)] }
    }

    /// Says that only the first `samples` matter; what layers make of the others is not defined.
    pub fn limit(&mut self, samples: usize) {
        self.samples = samples.min(LANES);
    }

    /// Samples that matter.
    pub(super) const fn samples(&self) -> usize {
        self.samples
    }

    /// Number of channels.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.channels
    }

    /// Sets all channels to the low halves of rows, as far as there are any.
    #[inline(always)]
    pub(crate) fn fill(&mut self, rows: &[Row]) {
        self.bytes = false;
        let (pairs, last) = rows.as_chunks::<2>();
        for (words, [even, odd]) in self.words.iter_mut().zip(pairs) {
            words.iter_mut().zip(even).zip(odd).for_each(|((word, even), odd)| *word = even & 0xFFFF | odd << 16);
        }
        for (words, even) in self.words.iter_mut().skip(pairs.len()).zip(last) {
            words.iter_mut().zip(even).for_each(|(word, even)| *word = even & 0xFFFF);
        }
    }

    /// Sets one channel; refuses a channel that is not there. What bytes held is lost.
    #[inline]
    pub fn set(&mut self, channel: usize, values: &[i16; LANES]) -> Result<()> {
        let odd = channel % 2 == 1;
        let channels = self.channels;
        self.bytes = false;
        let pair = self.words.get_mut(channel / 2).filter(|_| channel < channels).ok_or_else(|| no_channel(channel, channels))?;
        for (word, &value) in pair.iter_mut().zip(values) {
            *word = if odd { join(*word as i16, value) } else { join(value, high(*word)) };
        }
        Ok(())
    }

    /// One channel; refuses a channel that is not there.
    pub fn get(&self, channel: usize) -> Result<[i16; LANES]> {
        let (row, place) = if self.bytes { (channel / 4, channel % 4) } else { (channel / 2, channel % 2) };
        let words = self.words.get(row).filter(|_| channel < self.channels).ok_or_else(|| no_channel(channel, self.channels))?;
        Ok(words.map(|word| if self.bytes { i16::from(word.to_le_bytes().get(place).copied().unwrap_or(0)) } else { (word >> (16 * place)) as i16 }))
    }

    /// The words, one row per pair of channels; or per four, where they hold [`Block::bytes`].
    pub(super) fn words(&self) -> &[Row] {
        &self.words
    }

    /// Whether words hold bytes.
    #[cfg(target_arch = "x86_64")]
    pub(super) const fn bytes(&self) -> bool {
        self.bytes
    }

    /// The words, four channels at a time: what a group of outputs fills. The last may be a single row.
    pub(super) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut [Row]> {
        self.bytes = false;
        self.words.chunks_mut(2)
    }

    /// The words as bytes, four channels at a time.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn bytes_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        self.bytes = true;
        self.words.iter_mut()
    }
}

/// A word of two halves.
pub(super) const fn join(low: i16, high: i16) -> i32 {
    (low as u16 as i32) | ((high as i32) << 16)
}

/// The high half of a word; the low one is `word as i16`.
pub(super) const fn high(word: i32) -> i16 {
    (word >> 16) as i16
}

fn no_channel(channel: usize, channels: usize) -> Error {
    Error::InvalidArgument { what: format!("a block of {channels} channels has no channel {channel}") }
}
