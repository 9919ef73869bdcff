//! Logarithms, powers and the logistic curve in binary64, from tables that + − × ÷ make.

use core::f64::consts::{LN_2, LOG2_E};

/// Entries of the curve for each unit, and where it ends.
const STEPS: usize = 16;
const END: usize = 40;
/// e^(1/16).
const STEP: f64 = 1.064_494_458_917_859_4;
/// Mantissas told apart by logarithms, and fractions by powers.
const MANTISSAS: usize = 256;
const FRACTIONS: usize = 64;
/// Terms of the series.
const TERMS: u32 = 12;
/// Powers are those of −`LOWEST` to `HIGHEST`.
const LOWEST: f64 = 30.0;
const HIGHEST: f64 = 40.0;

#[derive(Debug)]
pub(super) struct Functions {
    curve: Vec<f64>,
    logarithms: Vec<f64>,
    powers: Vec<f64>,
}

impl Functions {
    pub(super) fn new() -> Self {
        let powers_of_e = core::iter::successors(Some(1.0), |power| Some(power * STEP));
        let lower: Vec<f64> = powers_of_e.map(|power| 1.0 / (1.0 + power)).take(STEPS * END + 1).collect();
        let curve = lower.iter().rev().copied().chain(lower.iter().skip(1).map(|p| 1.0 - p)).collect();
        let middle = |i: usize, of: usize| (i as f64 + 0.5) / of as f64;
        Self {
            curve,
            logarithms: (0..MANTISSAS).map(|i| logarithm(1.0 + middle(i, MANTISSAS))).collect(),
            powers: (0..FRACTIONS).map(|i| exponential(middle(i, FRACTIONS) * LN_2)).collect(),
        }
    }

    /// 1 / (1 + e^−x), by straight lines between the entries of a table.
    #[inline]
    pub(super) fn logistic(&self, x: f64) -> f64 {
        const LAST: f64 = (END * STEPS) as f64;
        let at = (x * STEPS as f64).clamp(-LAST, LAST - 0.001) + LAST;
        let index = at as usize;
        match self.curve.get(index..index + 2) {
            Some([a, b]) => a + (b - a) * (at - index as f64),
            _ => 0.5,
        }
    }

    /// The natural logarithm of a positive number, to about 0.002.
    #[inline]
    pub(super) fn ln(&self, x: f64) -> f64 {
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7FF) as i32 - 1023;
        f64::from(exponent) * LN_2 + self.logarithms.get((bits >> 44) as usize % MANTISSAS).copied().unwrap_or(0.0)
    }

    #[inline]
    pub(super) fn log2(&self, x: f64) -> f64 {
        self.ln(x) * LOG2_E
    }

    /// 2^x, to about 1 %.
    #[inline]
    pub(super) fn exp2(&self, x: f64) -> f64 {
        let at = ((x.clamp(-LOWEST, HIGHEST) + LOWEST) * FRACTIONS as f64) as usize;
        let power = (at / FRACTIONS) as u64 + 1023 - LOWEST as u64;
        self.powers.get(at % FRACTIONS).copied().unwrap_or(1.0) * f64::from_bits(power << 52)
    }
}

/// Of a number from 1 to 2.
fn logarithm(m: f64) -> f64 {
    let t = (m - 1.0) / (m + 1.0);
    let (mut power, mut sum) = (t, 0.0);
    for k in 0..TERMS {
        sum += power / f64::from(2 * k + 1);
        power = power * t * t;
    }
    2.0 * sum
}

/// Of a number from 0 to 1.
fn exponential(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..TERMS {
        term = term * x / f64::from(k);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_close_to_the_functions() {
        let functions = Functions::new();
        for i in -400..400 {
            let x = f64::from(i) / 23.0;
            assert!((functions.logistic(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-3, "{x}");
            assert!((functions.exp2(x) / x.exp2() - 1.0).abs() < 0.01, "{x}");
            assert!((functions.ln(x.exp2()) - x * LN_2).abs() < 0.003, "{x}");
        }
        assert_eq!(
            [functions.logistic(0.0), functions.logistic(1e300), functions.logistic(-1e300)],
            [0.5, functions.logistic(40.0), functions.logistic(-40.0)]
        );
    }
}
