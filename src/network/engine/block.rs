//! Activations of one block of samples, laid out as multiply-add-pairs instructions read them.

use super::{LANES, Row};
use crate::{Error, Result};

/// Activations, channel by channel.
///
/// A word holds one sample of two neighbouring channels: the even one in the low half, the odd one in the high half. With an odd number of
/// channels the last high half stays zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    channels: usize,
    samples: usize,
    pairs: Vec<Row>,
}

impl Block {
    /// Zeros, a full block of them.
    #[must_use]
    pub fn new(channels: usize) -> Self {
        Self { channels, samples: LANES, pairs: vec![[0; LANES]; channels.div_ceil(2)] }
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

    /// Sets one channel; refuses a channel that is not there.
    #[inline]
    pub fn set(&mut self, channel: usize, values: &[i16; LANES]) -> Result<()> {
        let odd = channel % 2 == 1;
        let channels = self.channels;
        let pair = self.pairs.get_mut(channel / 2).filter(|_| channel < channels).ok_or_else(|| no_channel(channel, channels))?;
        for (word, &value) in pair.iter_mut().zip(values) {
            *word = if odd { join(*word as i16, value) } else { join(value, high(*word)) };
        }
        Ok(())
    }

    /// One channel; refuses a channel that is not there.
    pub fn get(&self, channel: usize) -> Result<[i16; LANES]> {
        let odd = channel % 2 == 1;
        let pair = self.pairs.get(channel / 2).filter(|_| channel < self.channels).ok_or_else(|| no_channel(channel, self.channels))?;
        Ok(pair.map(|word| if odd { high(word) } else { word as i16 }))
    }

    /// The words, one row per pair of channels.
    pub(super) fn pairs(&self) -> &[Row] {
        &self.pairs
    }

    /// The words, four channels at a time: what a group of outputs fills. The last may be a single row.
    pub(super) fn pairs_mut(&mut self) -> impl Iterator<Item = &mut [Row]> {
        self.pairs.chunks_mut(2)
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
