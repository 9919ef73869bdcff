//! Grids of tokens, channel by channel, and layers over them.

use crate::error::Result;
use crate::network::engine::{Block, Engine, LANES, Layer, Row};
use core::ops::RangeInclusive;

/// Tokens and hidden activations lie within ± this.
pub(crate) const TOKEN_LIMIT: i32 = 1023;

/// A grid of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Row-major, one vector for each channel.
    pub(crate) channels: Vec<Vec<i32>>,
}

impl Tokens {
    pub(crate) fn new(height: usize, width: usize, channels: usize) -> Self {
        Self { height, width, channels: vec![vec![0; height * width]; channels] }
    }

    pub(super) fn len(&self) -> usize {
        self.height * self.width
    }

    /// What a layer makes of each token.
    pub(super) fn through(&self, engine: Engine, layer: &Layer, range: RangeInclusive<i32>) -> Result<Self> {
        let mut out = Self::new(self.height, self.width, layer.outputs());
        apply(engine, layer, (self.len(), range), |channel, first, lanes| self.load(channel, first, lanes), |first, rows| out.store(first, rows))?;
        Ok(out)
    }

    /// Takes the outputs of a layer for some tokens.
    pub(super) fn store(&mut self, first: usize, rows: &[Row]) {
        for (channel, row) in self.channels.iter_mut().zip(rows) {
            channel.iter_mut().skip(first).zip(row).for_each(|(to, from)| *to = *from);
        }
    }

    /// Some tokens of one channel.
    pub(super) fn load(&self, channel: usize, first: usize, lanes: &mut [i16; LANES]) {
        let tokens = self.channels.get(channel).and_then(|c| c.get(first..)).unwrap_or_default();
        lanes.iter_mut().zip(tokens).for_each(|(lane, token)| *lane = *token as i16);
    }

    /// The sum with other tokens, cut to what a token can be.
    pub(super) fn add(&mut self, other: &Self) {
        for (to, from) in self.channels.iter_mut().flatten().zip(other.channels.iter().flatten()) {
            *to = (*to + from).clamp(-TOKEN_LIMIT, TOKEN_LIMIT);
        }
    }

    /// One row of one channel; empty outside.
    pub(crate) fn row(&self, channel: usize, y: usize) -> &[i32] {
        self.channels.get(channel).and_then(|c| c.get(y * self.width..(y + 1) * self.width)).unwrap_or_default()
    }

    /// Two by two: their channels one after the other, by rows; those beyond the border are zero.
    pub(super) fn gathered(&self) -> Self {
        let count = self.channels.len();
        let mut coarse = Self::new(self.height.div_ceil(2), self.width.div_ceil(2), 4 * count);
        for (number, channel) in self.channels.iter().enumerate() {
            for (at, token) in channel.iter().enumerate() {
                let (channel, at) = coarse.within(self.width, at);
                let place = coarse.channels.get_mut(channel * count + number).and_then(|c| c.get_mut(at));
                place.into_iter().for_each(|place| *place = *token);
            }
        }
        coarse
    }

    /// The opposite: a grid of that size.
    pub(super) fn scattered(&self, height: usize, width: usize) -> Self {
        let count = self.channels.len() / 4;
        let mut fine = Self::new(height, width, count);
        for (number, channel) in fine.channels.iter_mut().enumerate() {
            for (at, token) in channel.iter_mut().enumerate() {
                let (channel, at) = self.within(width, at);
                *token = self.channels.get(channel * count + number).and_then(|c| c.get(at)).copied().unwrap_or(0);
            }
        }
        fine
    }

    /// Which quarter of which token here is number `at` of a grid twice as fine.
    fn within(&self, width: usize, at: usize) -> (usize, usize) {
        let (y, x) = (at / width, at % width);
        (2 * (y % 2) + x % 2, y / 2 * self.width + x / 2)
    }
}

/// Runs a layer over `count` tokens: `load` brings some of a channel from a first one on, `store` takes all outputs of as many.
pub(super) fn apply(
    engine: Engine,
    layer: &Layer,
    (count, range): (usize, RangeInclusive<i32>),
    mut load: impl FnMut(usize, usize, &mut [i16; LANES]),
    mut store: impl FnMut(usize, &[Row]),
) -> Result<()> {
    let (mut input, mut rows) = (Block::new(layer.inputs()), vec![[0; LANES]; layer.outputs()]);
    let mut lanes = [0; LANES];
    for first in (0..count).step_by(LANES) {
        input.limit(count - first);
        for channel in 0..layer.inputs() {
            load(channel, first, &mut lanes);
            input.set(channel, &lanes)?;
        }
        layer.apply(engine, &input, range.clone(), &mut rows)?;
        store(first, &rows);
    }
    Ok(())
}
