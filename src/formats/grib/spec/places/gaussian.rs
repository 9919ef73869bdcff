//! Latitudes of Gaussian grids: the roots of a Legendre polynomial.

use super::math::{asin, cos, degrees, radians};
use core::f64::consts::PI;

/// The most terms that are summed up for the latitudes of a grid; grids that need more come without coordinates.
const MAX_WORK: u64 = 1 << 25;

/// The polynomial of that degree, and its derivative, at x.
fn legendre(degree: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (0.0, 1.0);
    for n in 0..degree {
        let n = n as f64;
        (before, value) = (value, ((2.0 * n + 1.0) * x * value - n * before) / (n + 1.0));
    }
    let degree = degree as f64;
    (value, degree * (before - x * value) / (1.0 - x * x))
}

/// About where the root of that number from the north is, in radians from the pole.
fn colatitude(degree: usize, number: usize) -> f64 {
    PI * (4 * number + 3) as f64 / (4 * degree + 2) as f64
}

/// Terms that are summed up for so many latitudes.
pub(super) const fn work(parallels: usize, rows: usize) -> u64 {
    (parallels as u64).saturating_mul(2).saturating_mul(rows as u64)
}

/// `rows` latitudes in degrees from the one nearest to `first`; `None` for more than there are.
pub(super) fn latitudes(parallels: usize, rows: usize, first: f64, southward: bool) -> Option<Vec<f64>> {
    let degree = parallels.checked_mul(2).filter(|n| *n > 0 && rows <= *n && work(parallels, rows) <= MAX_WORK)?;
    // Of the two directions, the one in which all rows lie on the earth.
    let nearest = (radians(90.0 - first) * (4 * degree + 2) as f64 / (4.0 * PI) - 0.75).round().clamp(0.0, (degree - 1) as f64) as usize;
    let number = |row: usize| if southward { nearest.checked_add(row).filter(|n| *n < degree) } else { nearest.checked_sub(row) };
    (0..rows).map(|row| number(row).map(|n| latitude(degree, n))).collect()
}

fn latitude(degree: usize, number: usize) -> f64 {
    let mut x = cos(colatitude(degree, number));
    for _ in 0..10 {
        let (value, slope) = legendre(degree, x);
        let step = value / slope;
        x -= step;
        // The next step would be of about its square.
        if step.abs() < 1e-10 {
            break;
        }
    }
    degrees(asin(x))
}
