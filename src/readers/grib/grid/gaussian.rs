//! Gaussian grids: latitudes are the roots of a Legendre polynomial; reduced grids have fewer points near the poles.

use super::Positions;
use super::regular::Regular;
use core::f64::consts::PI;

/// The most terms that are summed up for the latitudes of a grid; grids that need more come without coordinates.
const MAX_WORK: u64 = 1 << 25;

/// A grid with its own number of points in each row.
#[derive(Debug, Clone)]
pub(crate) struct Reduced {
    pub(super) regular: Regular,
    pub(super) rows: Vec<u32>,
}

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
    let nearest = ((90.0 - first).to_radians() * (4 * degree + 2) as f64 / (4.0 * PI) - 0.75).round().clamp(0.0, (degree - 1) as f64) as usize;
    let number = |row: usize| if southward { nearest.checked_add(row).filter(|n| *n < degree) } else { nearest.checked_sub(row) };
    (0..rows).map(|row| number(row).map(|n| latitude(degree, n))).collect()
}

fn latitude(degree: usize, number: usize) -> f64 {
    let mut x = colatitude(degree, number).cos();
    for _ in 0..10 {
        let (value, slope) = legendre(degree, x);
        let step = value / slope;
        x -= step;
        // The next step would be of about its square.
        if step.abs() < 1e-10 {
            break;
        }
    }
    x.asin().to_degrees()
}

impl Reduced {
    /// Terms that are summed up for where the points are.
    pub(crate) fn work(&self) -> u64 {
        self.regular.work(self.rows.len())
    }

    /// Where the points are; `None` when rows and area do not give that many.
    pub(crate) fn positions(&self, points: usize) -> Positions {
        let [west, east] = self.regular.span();
        let (mut latitudes, mut longitudes) = (Vec::new(), Vec::new());
        for (latitude, count) in self.regular.latitudes(self.rows.len())?.into_iter().zip(&self.rows) {
            if *count == 0 {
                continue;
            }
            let spacing = 360.0 / f64::from(*count);
            let tolerance = spacing * 1e-3;
            let first = ((west - tolerance) / spacing).ceil();
            // A whole circle may end a little before its last point, as longitudes are rounded.
            let fitting = (((east + tolerance) / spacing).floor() - first + 1.0).clamp(0.0, f64::from(*count)) as usize;
            if latitudes.len() + fitting > points {
                return None;
            }
            for n in 0..fitting {
                let longitude = (first + n as f64) * spacing;
                let [latitude, longitude] = match &self.regular.rotation {
                    Some(rotation) => rotation.position(latitude, longitude),
                    None => [latitude, longitude],
                };
                latitudes.push(latitude as f32);
                longitudes.push(longitude as f32);
            }
        }
        (latitudes.len() == points).then_some((latitudes, longitudes))
    }
}
