//! Layers and priors as the parts of a model file have them: read and proved, and written as training has them.

use crate::error::{Error, Result};
use crate::network::engine::Layer;
use crate::network::spec::DECISIONS;
use crate::wire::{Reader, put_signed, put_varint};

/// Most channels of a hidden layer.
pub(super) const MAX_CHANNELS: usize = 512;

/// At most so many contexts that are known beforehand.
pub(super) fn priors(reader: &mut Reader, most: usize) -> Result<Vec<[u8; DECISIONS]>> {
    let count = reader.count("the number of priors", most)?;
    (0..count).map(|_| Ok(reader.take(DECISIONS)?.try_into().unwrap_or([0; DECISIONS]))).collect()
}

pub(super) fn layer(reader: &mut Reader, inputs: usize, outputs: usize, largest: i32) -> Result<Layer> {
    let shifts = reader.take(outputs)?;
    let biases = (0..outputs).map(|_| reader.signed("a bias")).collect::<Result<Vec<_>>>()?;
    let weights: Vec<i8> = reader.take(inputs * outputs)?.iter().map(|w| *w as i8).collect();
    if weights.contains(&i8::MIN) {
        return Err(Error::Weights { what: "a weight is -128".to_owned() });
    }
    Layer::new(inputs, &weights, &biases, shifts, largest as u16)
}

/// Numbers of a layer, as training has them.
#[derive(Debug, Clone)]
pub struct LayerNumbers<'a> {
    /// Outputs by inputs.
    pub weights: &'a [i8],
    /// One for each output.
    pub biases: &'a [i32],
    /// One for each output.
    pub shifts: &'a [u8],
}

impl LayerNumbers<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.shifts);
        self.biases.iter().for_each(|b| put_signed(out, *b));
        out.extend(self.weights.iter().map(|w| *w as u8));
    }
}

pub(super) fn put_priors(out: &mut Vec<u8>, priors: &[[u8; DECISIONS]]) {
    put_varint(out, priors.len() as u64);
    priors.iter().for_each(|p| out.extend(p));
}
