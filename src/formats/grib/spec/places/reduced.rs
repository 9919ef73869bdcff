//! Reduced grids, which have fewer points near the poles.

use super::positions::Positions;
use super::regular::Regular;

/// A grid with its own number of points in each row.
#[derive(Debug, Clone)]
pub(crate) struct Reduced {
    pub(super) regular: Regular,
    pub(super) rows: Vec<u32>,
}

impl Reduced {
    /// Terms that are summed up for where the points are.
    #[cfg(feature = "formats")]
    pub(crate) fn work(&self) -> u64 {
        self.regular.work(self.rows.len())
    }

    /// Whether all rows are whole circles: they have all points, and the area, whose end may be rounded down, leaves less than two of the shortest steps open.
    fn is_whole(&self, points: usize, extent: f64) -> bool {
        let total: u64 = self.rows.iter().map(|n| u64::from(*n)).sum();
        let longest = self.rows.iter().copied().max().unwrap_or(1).max(1);
        total == points as u64 && extent > 360.0 - 2.0 * 360.0 / f64::from(longest)
    }

    /// Where the points are; `None` when rows and area do not give that many.
    pub(crate) fn positions(&self, points: usize) -> Positions {
        let [west, east] = self.regular.span();
        let whole = self.is_whole(points, east - west);
        let (mut latitudes, mut longitudes) = (Vec::new(), Vec::new());
        for (latitude, count) in self.regular.latitudes(self.rows.len())?.into_iter().zip(&self.rows) {
            if *count == 0 {
                continue;
            }
            let spacing = 360.0 / f64::from(*count);
            let tolerance = spacing * 1e-3;
            let first = ((west - tolerance) / spacing).ceil();
            // A whole circle may end a little before its last point, as longitudes are rounded.
            let fitting = if whole { *count as usize } else { (((east + tolerance) / spacing).floor() - first + 1.0).clamp(0.0, f64::from(*count)) as usize };
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
