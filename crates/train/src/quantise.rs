//! A row of weights as integers: the one place that decides precision, used by the fake-quantised forward and by the export alike.

/// Accumulators stay below this in magnitude, so that every partial sum is exact in f32 and i32.
pub const ACCUMULATOR: i64 = 1 << 23;
/// Largest magnitude of a weight.
const WEIGHT: f32 = 127.0;
/// Largest shift of an accumulator.
const SHIFT: i32 = 22;

/// How the integers of a row stand for real numbers: integer = real * 2^bits.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    /// Of the inputs.
    pub input_bits: i32,
    /// Of the output.
    pub output_bits: i32,
    /// Largest magnitude of an input as an integer.
    pub largest: i32,
}

/// One output: `(sum of weight * input + bias) >> shift`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// One for each input.
    pub weights: Vec<i8>,
    /// In units of the accumulator, half of the last kept bit included: the shift then rounds.
    pub bias: i32,
    /// Bits the accumulator has more than the output.
    pub shift: u8,
}

impl Row {
    /// Rounds a row at the finest power of two that int8, the shift and the accumulator allow.
    pub fn new(weights: &[f32], bias: f32, units: Units) -> Self {
        let largest = weights.iter().fold(0f32, |most, weight| most.max(weight.abs()));
        let coarsest = units.output_bits - units.input_bits;
        let finest = coarsest + SHIFT;
        let fitting = if largest > 0.0 { (WEIGHT / largest).log2().floor() as i32 } else { finest };
        let mut precision = fitting.clamp(coarsest, finest);
        loop {
            let row = Self::at(precision, weights, bias, units);
            if precision == coarsest || row.reach(units.largest) < ACCUMULATOR {
                return row;
            }
            precision -= 1;
        }
    }

    fn at(precision: i32, weights: &[f32], bias: f32, units: Units) -> Self {
        let shift = precision + units.input_bits - units.output_bits;
        let half = if shift > 0 { 1i32 << (shift - 1) } else { 0 };
        let scale = 2f32.powi(precision);
        let weights = weights.iter().map(|weight| (weight * scale).round().clamp(-WEIGHT, WEIGHT) as i8).collect();
        let bias = (bias * 2f32.powi(precision + units.input_bits)).round().clamp(-1e9, 1e9) as i32;
        Self { weights, bias: bias.saturating_add(half), shift: shift as u8 }
    }

    /// Largest magnitude that the accumulator can take.
    pub fn reach(&self, largest: i32) -> i64 {
        let weights: i64 = self.weights.iter().map(|&weight| i64::from(weight).abs()).sum();
        weights * i64::from(largest) + i64::from(self.bias).abs()
    }

    /// The weights and the bias that the integers stand for, as the float network has them.
    pub fn real(&self, units: Units) -> (Vec<f32>, f32) {
        let shift = i32::from(self.shift);
        let precision = shift + units.output_bits - units.input_bits;
        let half = if shift > 0 { 1i32 << (shift - 1) } else { 0 };
        let weights = self.weights.iter().map(|&weight| f32::from(weight) * 2f32.powi(-precision)).collect();
        (weights, (self.bias - half) as f32 * 2f32.powi(-precision - units.input_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: Units = Units { input_bits: 7, output_bits: 6, largest: 1023 };

    #[test]
    fn uses_the_finest_power_of_two() {
        let row = Row::new(&[0.5, -0.25, 0.1], 0.125, UNITS);
        assert_eq!((row.weights.as_slice(), row.shift), ([64i8, -32, 13].as_slice(), 8));
        assert_eq!(row.bias, 128 * 128 / 8 + 128);
        assert_eq!(row.real(UNITS), (vec![0.5, -0.25, 13.0 / 128.0], 0.125));
    }

    #[test]
    fn lowers_precision_where_the_accumulator_would_overflow() {
        for (weights, bias) in [(vec![1.9f32; 80], 0.0), (vec![0.001; 4], 100.0), (vec![0.0; 4], 3.0), (vec![1e-9; 4], 0.0)] {
            let row = Row::new(&weights, bias, UNITS);
            assert!(row.reach(UNITS.largest) < ACCUMULATOR && row.shift <= 22);
            let (real, constant) = row.real(UNITS);
            assert!((constant - bias).abs() < 0.01);
            assert!(real.iter().zip(&weights).all(|(a, b)| (a - b).abs() < 0.02));
        }
    }
}
