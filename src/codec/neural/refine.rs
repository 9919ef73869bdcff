//! The network's correction of a pass.

use crate::codec::predictor::network::{Level, Neighbourhood, Surroundings, logarithm};
use crate::codec::predictor::{Context, reciprocal, rough_bits};
use crate::codec::pyramid::Grid;
use crate::engine::{Engine, LANES};
use crate::weights::Model;

/// What the network says of a pass.
#[derive(Debug)]
pub(super) struct Refined {
    /// The classical prediction.
    pub(super) base: Grid<i32>,
    /// Twice the corrections, in quarters of units of 2^exponent.
    corrections: Grid<i32>,
    exponents: Grid<i32>,
    /// Binary logarithm of how far off each is, in sixteenths of an octave of the quantum.
    pub(super) scales: Grid<i32>,
}

/// Quarters of its corrections that a pass can take.
pub(super) const TRUSTS: usize = 5;
/// Of larger grids, rows are left out when the encoder looks which quarters are best.
const SAMPLES: usize = 4096;

impl Refined {
    /// The prediction that takes `trust` quarters of the corrections, and what it is short of when numbers are whole, in sixteenths from −8 to 7.
    pub(super) fn trusting(&self, trust: usize, quantum: i32) -> (Grid<i32>, Grid<i8>) {
        let (mut values, mut fractions) = (self.base.clone(), Grid::new(self.base.height, self.base.width));
        let said = self.corrections.samples.iter().zip(&self.exponents.samples);
        for ((value, rest), (correction, exponent)) in values.samples.iter_mut().zip(&mut fractions.samples).zip(said) {
            let (whole, fraction) = rescale((correction * trust as i32) >> 2, exponent - 1);
            *value = value.wrapping_add(whole);
            *rest = if quantum == 1 { fraction as i8 } else { 0 };
        }
        (values, fractions)
    }

    /// How many quarters of the corrections take the fewest bits for these samples.
    pub(super) fn best_trust(&self, target: &Grid<i32>, missing: Option<&Grid<u8>>, quantum: i32) -> usize {
        let step = target.samples.len().div_ceil(SAMPLES).max(1);
        let scale = reciprocal(quantum);
        let mut bits = [0u64; TRUSTS];
        for y in (0..target.height).step_by(step) {
            let said = self.corrections.row(y).iter().zip(self.exponents.row(y));
            let holes = missing.map(|m| m.row(y)).unwrap_or_default().iter().copied().chain(core::iter::repeat(0));
            let samples = self.base.row(y).iter().zip(target.row(y)).zip(said).zip(holes);
            for (((base, target), (correction, exponent)), _) in samples.filter(|(_, hole)| *hole == 0) {
                for (trust, bits) in bits.iter_mut().enumerate() {
                    let (whole, _) = rescale((correction * trust as i32) >> 2, exponent - 1);
                    let error = target.wrapping_sub(base.wrapping_add(whole));
                    *bits += rough_bits(error, scale);
                }
            }
        }
        bits.iter().enumerate().min_by_key(|(_, bits)| **bits).map_or(0, |(i, _)| i)
    }
}

/// Asks the network about a pass whose classical prediction is `base`; what it says of missing samples does not matter.
pub(super) fn refine(
    model: &Model,
    engine: Engine,
    context: &Context,
    plane: &Level,
    references: &[Level],
    base: Grid<i32>,
    missing: Option<&Grid<u8>>,
) -> Refined {
    let empty = || Grid::new(base.height, base.width);
    let mut refined = Refined { scales: empty(), corrections: empty(), exponents: empty(), base };
    let Some(mut forward) = model.predictor().start(context.pass, engine) else { return refined };
    let adaptive_scale = model.predictor().sight().adaptive_scale;
    let around = Surroundings { pass: context.pass, level: context.level, quantum: context.quantum, plane, references, adaptive_scale };
    let quantum = logarithm(context.quantum.unsigned_abs());
    let mut seen = Box::<Neighbourhood>::default();
    let Refined { base: values, scales, corrections, exponents } = &mut refined;
    let rows = values.rows().zip(scales.rows_mut()).zip(corrections.rows_mut().zip(exponents.rows_mut()));
    for (y, ((values, scales), (corrections, exponents))) in rows.enumerate() {
        let said = corrections.chunks_mut(LANES).zip(exponents.chunks_mut(LANES));
        let blocks = values.chunks(LANES).zip(scales.chunks_mut(LANES)).zip(said);
        let holes = missing.map(|m| m.row(y)).unwrap_or_default();
        for (block, ((values, scales), (corrections, exponents))) in blocks.enumerate() {
            // Nothing is said of a block that is missing altogether.
            let holes = holes.chunks(LANES).nth(block).unwrap_or_default();
            if !holes.is_empty() && !holes.contains(&0) {
                continue;
            }
            seen.look(&around, y, block * LANES, values);
            let Ok(said) = forward.run(&seen, values.len()) else { continue };
            let lanes = said.correction.into_iter().zip(said.scale).zip(seen.exponents);
            for ((scale, (to, unit)), ((correction, said), exponent)) in scales.iter_mut().zip(corrections.iter_mut().zip(exponents.iter_mut())).zip(lanes) {
                *to = correction;
                *unit = exponent;
                *scale = said + 16 * (exponent - 1) - quantum;
            }
            // A missing sample keeps the classical prediction.
            corrections.iter_mut().zip(holes).filter(|(_, hole)| **hole != 0).for_each(|(correction, _)| *correction = 0);
        }
    }
    refined
}

/// Quarters of units of 2^exponent as a whole number, and the rest in sixteenths from −8 to 7.
#[inline]
fn rescale(quarters: i32, exponent: i32) -> (i32, i32) {
    if exponent >= 2 {
        return (quarters.wrapping_shl((exponent - 2) as u32), 0);
    }
    let shift = (2 - exponent) as u32;
    let whole = (quarters + (1 << (shift - 1))) >> shift;
    let rest = quarters - (whole << shift);
    (whole, if shift >= 4 { rest >> (shift - 4) } else { rest << (4 - shift) })
}
