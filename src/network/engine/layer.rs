//! A layer of the network: checked once, packed once, applied to blocks.

use super::block::{high, join};
use super::kernels::{Clamp, GROUP, Group};
use super::{Block, Engine, LANES, Row};
use crate::{Error, Result};
use core::ops::RangeInclusive;

/// Accumulators stay below this magnitude, so that every engine, also one that computes in `f32`, is exact.
const ACCUMULATOR_LIMIT: i64 = 1 << 23;

/// The largest shift.
const MAX_SHIFT: u8 = 22;

/// What a hidden activation is clamped to.
const ACTIVATION: RangeInclusive<i32> = 0..=255;

/// Weights, biases and shifts of one layer.
#[derive(Debug, Clone)]
pub struct Layer {
    inputs: usize,
    outputs: usize,
    groups: Vec<Group>,
}

impl Layer {
    /// A layer of `weights` (one row of `inputs` per output), with one bias and one shift per output, for inputs of magnitude up to `largest`.
    ///
    /// Refused: sizes that do not fit each other, a shift above 22, and an output whose accumulator could reach 2^23.
    pub fn new(inputs: usize, weights: &[i8], biases: &[i32], shifts: &[u8], largest: u16) -> Result<Self> {
        let outputs = biases.len();
        if inputs == 0 || outputs == 0 || shifts.len() != outputs || inputs.checked_mul(outputs) != Some(weights.len()) {
            let (weights, shifts) = (weights.len(), shifts.len());
            return refuse(format!("a layer of {inputs} inputs and {outputs} biases does not go with {weights} weights and {shifts} shifts"));
        }
        if i16::try_from(largest).is_err() {
            return refuse(format!("inputs are 16 bits and signed, their magnitude cannot be {largest}"));
        }
        for (output, ((row, &bias), &shift)) in weights.chunks_exact(inputs).zip(biases).zip(shifts).enumerate() {
            if shift > MAX_SHIFT {
                return refuse(format!("output {output} is shifted by {shift}, at most {MAX_SHIFT} is allowed"));
            }
            let reach = row.iter().map(|&w| i64::from(w.unsigned_abs())).sum::<i64>() * i64::from(largest) + i64::from(bias.unsigned_abs());
            if reach >= ACCUMULATOR_LIMIT {
                return refuse(format!("the accumulator of output {output} can reach {reach}, it must stay below {ACCUMULATOR_LIMIT}"));
            }
        }
        let rows: Vec<&[i8]> = weights.chunks_exact(inputs).collect();
        let groups = rows.chunks(GROUP).zip(biases.chunks(GROUP)).zip(shifts.chunks(GROUP));
        let groups = groups.map(|((rows, biases), shifts)| pack(inputs, rows, biases, shifts)).collect();
        Ok(Self { inputs, outputs, groups })
    }

    /// Number of input channels.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    /// Weights, bias and shift of each output, as other processors want them.
    pub fn rows(&self) -> impl Iterator<Item = (Vec<i8>, i32, u32)> + '_ {
        let row = |group: &'_ Group, output: usize| {
            let words = group.weights.iter().map(|words| words.get(output).copied().unwrap_or_default());
            let weights = words.flat_map(|word| [word as i16 as i8, high(word) as i8]).take(self.inputs).collect();
            let number = |numbers: &[i32]| numbers.get(output).copied().unwrap_or_default();
            (weights, number(&group.biases), number(&group.shifts.map(|s| s as i32)) as u32)
        };
        self.groups.iter().flat_map(move |group| (0..GROUP).map(move |output| row(group, output))).take(self.outputs)
    }

    /// Number of outputs.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Writes `(weights · input + bias) >> shift`, clamped to `range`, one row per output. Refuses sizes that are not the layer's.
    ///
    /// Inputs beyond the magnitude the layer was made for give numbers without meaning, but the same ones on every engine.
    pub fn apply(&self, engine: Engine, input: &Block, range: RangeInclusive<i32>, out: &mut [Row]) -> Result<()> {
        self.check(input.channels(), out.len())?;
        let clamp = Clamp::from(range);
        for (group, rows) in self.groups.iter().zip(out.chunks_mut(GROUP)) {
            if let Ok(rows) = rows.try_into() {
                engine.run(group, input, clamp, rows);
            } else {
                let mut all = [[0; LANES]; GROUP];
                engine.run(group, input, clamp, &mut all);
                rows.iter_mut().zip(all).for_each(|(row, values)| *row = values);
            }
        }
        Ok(())
    }

    /// As [`Layer::apply`] for a hidden layer: clamps to 0..=255 and fills the next block. Refuses sizes that are not the layer's.
    pub fn activate(&self, engine: Engine, input: &Block, out: &mut Block) -> Result<()> {
        self.check(input.channels(), out.channels())?;
        let clamp = Clamp::from(ACTIVATION);
        out.limit(input.samples());
        #[cfg(target_arch = "x86_64")]
        if engine.activate(&self.groups, input, clamp, out) {
            return Ok(());
        }
        for (group, pairs) in self.groups.iter().zip(out.pairs_mut()) {
            let mut rows = [[0; LANES]; GROUP];
            engine.run(group, input, clamp, &mut rows);
            for (pair, [even, odd]) in pairs.iter_mut().zip(rows.as_chunks().0) {
                pair.iter_mut().zip(even).zip(odd).for_each(|((word, even), odd)| *word = even | odd << 16);
            }
        }
        Ok(())
    }

    fn check(&self, inputs: usize, outputs: usize) -> Result<()> {
        if (inputs, outputs) == (self.inputs, self.outputs) {
            return Ok(());
        }
        refuse(format!("a layer from {} to {} channels cannot go from {inputs} to {outputs}", self.inputs, self.outputs))
    }
}

/// Up to four outputs as the kernels read them; outputs and inputs that are not there weigh zero.
fn pack(inputs: usize, rows: &[&[i8]], biases: &[i32], shifts: &[u8]) -> Group {
    let mut group = Group {
        weights: vec![[0; GROUP]; inputs.div_ceil(2)],
        #[cfg(target_arch = "x86_64")]
        bytes: vec![[0; GROUP]; inputs.div_ceil(4)],
        biases: [0; GROUP],
        shifts: [0; GROUP],
    };
    for (output, row) in rows.iter().enumerate() {
        for (words, pair) in group.weights.iter_mut().zip(row.chunks(2)) {
            let half = |at: usize| pair.get(at).map_or(0, |&weight| i16::from(weight));
            words.iter_mut().skip(output).take(1).for_each(|word| *word = join(half(0), half(1)));
        }
    }
    #[cfg(target_arch = "x86_64")]
    for (output, row) in rows.iter().enumerate() {
        for (words, four) in group.bytes.iter_mut().zip(row.chunks(4)) {
            let word = i32::from_le_bytes(core::array::from_fn(|at| four.get(at).map_or(0, |&weight| weight as u8)));
            words.iter_mut().skip(output).take(1).for_each(|to| *to = word);
        }
    }
    group.biases.iter_mut().zip(biases).for_each(|(to, &bias)| *to = bias);
    group.shifts.iter_mut().zip(shifts).for_each(|(to, &shift)| *to = u32::from(shift));
    group
}

fn refuse<T>(what: String) -> Result<T> {
    Err(Error::InvalidArgument { what })
}
