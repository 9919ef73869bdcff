//! What the numbers of a column have in common.

use crate::formats::csv::spec::{PLAIN_IN_PYTHON, PYTHON, SHORTEST};

/// Most decimals that are kept as a number of decimals.
const MAX_DECIMALS: usize = 30;

/// Decimal digits that every float32 tells apart, and the most that one can need.
const SAFE_DIGITS: usize = 6;
const MAX_DIGITS: usize = 7;

/// What is known of the numbers of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Whether all are whole and fit 32 bits.
    pub(super) whole: bool,
    /// Whether float32 has all of them.
    pub(super) single: bool,
    /// Decimals of all numbers, if they agree.
    pub(super) decimals: Option<u8>,
    /// Whether all are written as Python writes floats.
    pub(super) python: bool,
}

impl Column {
    pub(super) fn add(&mut self, cell: &str, value: f64, first: bool) {
        let mantissa = cell.split(['e', 'E']).next().unwrap_or(cell);
        let plain = mantissa.len() == cell.len() && !cell.starts_with('+');
        let point = mantissa.find(['.', ',']);
        self.whole &= point.is_none() && plain && !(value == 0.0 && cell.starts_with('-')) && value.abs() <= f64::from(i32::MAX);
        self.single &= single(mantissa, value);
        let decimals = point.map(|at| mantissa.len() - at - 1).filter(|n| plain && (1..=MAX_DECIMALS).contains(n)).map(|n| n as u8);
        self.decimals = if first || self.decimals == decimals { decimals } else { None };
        let small_or_large = value != 0.0 && !PLAIN_IN_PYTHON.contains(&value.abs());
        self.python &= match cell.get(mantissa.len() + 1..) {
            Some(exponent) => small_or_large && exponent.starts_with(['+', '-']) && exponent.len() > 2,
            None => !small_or_large && point.is_some(),
        };
    }

    /// How the layout says how its numbers are written.
    pub(super) fn decimals(&self) -> u8 {
        self.decimals.unwrap_or(if self.python { PYTHON } else { SHORTEST })
    }
}

/// Whether float32 tells a number of that text.
fn single(mantissa: &str, value: f64) -> bool {
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count();
    let near = value as f32;
    let normal = value == 0.0 || near.is_normal();
    normal && (digits <= SAFE_DIGITS || digits <= MAX_DIGITS && near.to_string().parse() == Ok(value))
}
