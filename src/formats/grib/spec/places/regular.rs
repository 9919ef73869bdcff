//! Grids along latitudes and longitudes, of the earth or of a rotated sphere.

use super::super::octets::Octets;
use super::gaussian;
use super::math::{asin, atan2, cos, degrees, radians, sin};
use super::positions::Positions;
use crate::error::Result;

/// First and last point and what lies between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Regular {
    /// Latitude and longitude of the first point, in degrees.
    first: [f64; 2],
    last: [f64; 2],
    /// Columns go from east to west.
    westward: bool,
    /// Rows between a pole and the equator, where they are those of a Gaussian grid.
    gaussian: Option<usize>,
    pub(crate) rotation: Option<Rotation>,
}

/// A sphere whose south pole is elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    /// Latitude and longitude in degrees.
    pub(crate) south_pole: [f64; 2],
    /// In degrees, about the new axis.
    pub(crate) angle: f64,
}

impl Regular {
    pub(super) fn second_edition(section: Octets<'_>, gaussian: bool, rotated: bool) -> Result<Self> {
        const UNDEFINED: u64 = 0xffff_ffff;
        // Divided, so that decimals come out as the nearest numbers.
        let units = match (section.unsigned(39, 4)?, section.unsigned(43, 4)?) {
            (0 | UNDEFINED, _) | (_, 0 | UNDEFINED) => 1e6,
            (basic, parts) => parts as f64 / basic as f64,
        };
        let degrees = |octet| Ok::<_, crate::Error>(section.signed(octet, 4)? as f64 / units);
        let rotation = if rotated { Some(Rotation { south_pole: [degrees(73)?, degrees(77)?], angle: section.ieee(81)?.into() }) } else { None };
        Ok(Self {
            first: [degrees(47)?, degrees(51)?],
            last: [degrees(56)?, degrees(60)?],
            westward: section.byte(72)? & 0x80 != 0,
            gaussian: if gaussian { Some(section.size(68, 4)?) } else { None },
            rotation,
        })
    }

    pub(super) fn first_edition(section: Octets<'_>, kind: u8) -> Result<Self> {
        let degrees = |octet| Ok::<_, crate::Error>(section.signed(octet, 3)? as f64 / 1e3);
        let rotation = if matches!(kind, 10 | 14) { Some(Rotation { south_pole: [degrees(33)?, degrees(36)?], angle: section.ibm(39)? }) } else { None };
        Ok(Self {
            first: [degrees(11)?, degrees(14)?],
            last: [degrees(18)?, degrees(21)?],
            westward: section.byte(28)? & 0x80 != 0,
            gaussian: if matches!(kind, 4 | 14) { Some(section.size(26, 2)?) } else { None },
            rotation,
        })
    }

    /// Terms that are summed up for the latitudes of rows.
    #[cfg(feature = "formats")]
    pub(crate) fn work(&self, rows: usize) -> u64 {
        self.gaussian.map_or(0, |parallels| gaussian::work(parallels, rows))
    }

    /// Latitudes of rows; `None` when they cannot be told.
    pub(super) fn latitudes(&self, rows: usize) -> Option<Vec<f64>> {
        let ([first, _], [last, _]) = (self.first, self.last);
        match self.gaussian {
            Some(parallels) => gaussian::latitudes(parallels, rows, first, first >= last),
            None => Some(between(first, last, rows)),
        }
    }

    /// Westernmost and easternmost longitude of a reduced grid.
    pub(super) fn span(&self) -> [f64; 2] {
        let ([_, first], [_, last]) = (self.first, self.last);
        [first, if last < first { last + 360.0 } else { last }]
    }

    /// Latitudes of rows and longitudes of columns.
    pub(crate) fn axes(&self, [rows, columns]: [usize; 2]) -> Option<[Vec<f64>; 2]> {
        let ([_, first], [_, last]) = (self.first, self.last);
        let mut distance = if self.westward { first - last } else { last - first };
        if distance < 0.0 {
            distance += 360.0;
        }
        let last = if self.westward { first - distance } else { first + distance };
        Some([self.latitudes(rows)?, between(first, last, columns)])
    }

    /// Where points are that a rotated sphere has in equal rows and columns.
    pub(super) fn positions(&self, plane: [usize; 2]) -> Positions {
        let (rotation, [rows, columns]) = (self.rotation?, self.axes(plane)?);
        let places = rows.iter().flat_map(|latitude| columns.iter().map(|longitude| rotation.position(*latitude, *longitude).map(|x| x as f32)));
        Some(places.map(|[latitude, longitude]| (latitude, longitude)).unzip())
    }
}

fn between(first: f64, last: f64, count: usize) -> Vec<f64> {
    let steps = count.saturating_sub(1).max(1) as f64;
    // One division at the end, which for most grids is the only rounding.
    (0..count).map(|n| n as f64).map(|n| (first * (steps - n) + last * n) / steps).collect()
}

impl Rotation {
    /// Where a point of the rotated sphere is on the earth.
    pub(crate) fn position(&self, latitude: f64, longitude: f64) -> [f64; 2] {
        let [pole_latitude, pole_longitude] = self.south_pole;
        let (phi, lambda, tilt) = (radians(latitude), radians(longitude - self.angle), radians(90.0 + pole_latitude));
        let (x, y, z) = (cos(phi) * cos(lambda), cos(phi) * sin(lambda), sin(phi));
        let (x, z) = (cos(tilt) * x - sin(tilt) * z, sin(tilt) * x + cos(tilt) * z);
        [degrees(asin(z.clamp(-1.0, 1.0))), (degrees(atan2(y, x)) + pole_longitude).rem_euclid(360.0)]
    }
}
