//! Grids on a plane: Mercator, polar stereographic and Lambert conformal, of a sphere or an ellipsoid (Snyder, Map Projections, 1987).

use super::super::octets::Octets;
use super::math::{atan, atan2, cos, degrees, exp, log, power, radians, scaled, sin, tan};
use super::positions::Positions;
use crate::error::Result;
#[cfg(feature = "formats")]
use crate::field::{Attribute, Values};
use core::f64::consts::{FRAC_PI_2, FRAC_PI_4};

/// A projected grid. Angles are in radians, lengths in metres.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Projection {
    kind: Kind,
    earth: Earth,
    /// Latitude and longitude of the first point.
    first: [f64; 2],
    /// Signed distances of columns and rows.
    step: [f64; 2],
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Mercator {
        parallel: f64,
    },
    /// `side` is 1 for the north pole, −1 for the south pole.
    PolarStereographic {
        side: f64,
        parallel: f64,
        meridian: f64,
    },
    LambertConformal {
        parallels: [f64; 2],
        meridian: f64,
    },
}

/// Half axes, in metres.
#[derive(Debug, Clone, Copy)]
struct Earth {
    major: f64,
    minor: f64,
}

impl Earth {
    /// Code table 3.2.
    fn second_edition(section: Octets<'_>) -> Result<Self> {
        let scaled = |octet: usize| Ok::<_, crate::Error>(scaled(section.unsigned(octet + 1, 4)? as f64, section.signed(octet, 1)?));
        let sphere = |radius| Self { major: radius, minor: radius };
        Ok(match section.byte(15)? {
            1 => sphere(scaled(16)?),
            2 => Self { major: 6_378_160.0, minor: 6_356_775.0 },
            3 => Self { major: 1000.0 * scaled(21)?, minor: 1000.0 * scaled(26)? },
            4 => Self { major: 6_378_137.0, minor: 6_356_752.314_140 },
            5 => Self { major: 6_378_137.0, minor: 6_356_752.314_245 },
            6 => sphere(6_371_229.0),
            7 => Self { major: scaled(21)?, minor: scaled(26)? },
            8 => sphere(6_371_200.0),
            9 => Self { major: 6_377_563.396, minor: 6_356_256.909 },
            _ => sphere(6_367_470.0),
        })
    }

    /// Bit 2 of the component flags.
    fn first_edition(section: Octets<'_>) -> Result<Self> {
        Ok(if section.byte(17)? & 0x40 == 0 { Self { major: 6_367_470.0, minor: 6_367_470.0 } } else { Self { major: 6_378_160.0, minor: 6_356_775.0 } })
    }

    fn eccentricity(&self) -> f64 {
        let ratio = self.minor / self.major;
        (1.0 - ratio * ratio).max(0.0).sqrt()
    }

    /// Radius of a parallel over the major axis.
    fn m(&self, latitude: f64) -> f64 {
        let sin = self.eccentricity() * sin(latitude);
        cos(latitude) / (1.0 - sin * sin).sqrt()
    }

    /// Conformal distance from the north pole.
    fn t(&self, latitude: f64) -> f64 {
        let e = self.eccentricity();
        let sin = e * sin(latitude);
        tan(FRAC_PI_4 - latitude / 2.0) / power((1.0 - sin) / (1.0 + sin), e / 2.0)
    }

    /// The inverse of [`Self::t`].
    fn latitude(&self, t: f64) -> f64 {
        let e = self.eccentricity();
        let mut latitude = FRAC_PI_2 - 2.0 * atan(t);
        if e > 0.0 {
            for _ in 0..8 {
                let sin = e * sin(latitude);
                latitude = FRAC_PI_2 - 2.0 * atan(t * power((1.0 - sin) / (1.0 + sin), e / 2.0));
            }
        }
        latitude
    }
}

/// Forward and inverse, with what depends on the projection alone computed once.
struct Conic {
    /// Cone constant; 0 for Mercator, ±1 for a pole.
    n: f64,
    /// Distance from the pole where t is 1; for Mercator the radius.
    scale: f64,
    meridian: f64,
}

impl Projection {
    pub(crate) fn second_edition(section: Octets<'_>, template: u64) -> Result<Self> {
        let angle = |octet| Ok::<_, crate::Error>(radians(section.signed(octet, 4)? as f64 * 1e-6));
        let length = |octet| Ok::<_, crate::Error>(section.unsigned(octet, 4)? as f64 * 1e-3);
        let (kind, lengths, scanning) = match template {
            10 => (Kind::Mercator { parallel: angle(48)? }, 65, 60),
            20 => (Kind::PolarStereographic { side: side(section.byte(64)?), parallel: angle(48)?, meridian: angle(52)? }, 56, 65),
            _ => (Kind::LambertConformal { parallels: [angle(66)?, angle(70)?], meridian: angle(52)? }, 56, 65),
        };
        let step = signed([length(lengths)?, length(lengths + 4)?], section.byte(scanning)?);
        Ok(Self { kind, earth: Earth::second_edition(section)?, first: [angle(39)?, angle(43)?], step })
    }

    pub(super) fn first_edition(section: Octets<'_>, kind: u8) -> Result<Self> {
        let angle = |octet| Ok::<_, crate::Error>(radians(section.signed(octet, 3)? as f64 * 1e-3));
        let length = |octet| Ok::<_, crate::Error>(section.unsigned(octet, 3)? as f64);
        let (kind, lengths) = match kind {
            1 => (Kind::Mercator { parallel: angle(24)? }, 29),
            5 => {
                let side = side(section.byte(27)?);
                (Kind::PolarStereographic { side, parallel: side * radians(60.0), meridian: angle(18)? }, 21)
            }
            _ => (Kind::LambertConformal { parallels: [angle(29)?, angle(32)?], meridian: angle(18)? }, 21),
        };
        let step = signed([length(lengths)?, length(lengths + 3)?], section.byte(28)?);
        Ok(Self { kind, earth: Earth::first_edition(section)?, first: [angle(11)?, angle(14)?], step })
    }

    fn conic(&self) -> Conic {
        let earth = &self.earth;
        match self.kind {
            Kind::Mercator { parallel } => Conic { n: 0.0, scale: earth.major * earth.m(parallel), meridian: self.first[1] },
            Kind::PolarStereographic { side, parallel, meridian } => {
                let parallel = parallel.abs();
                let scale = if FRAC_PI_2 - parallel < 1e-9 {
                    let e = earth.eccentricity();
                    2.0 * earth.major / (power(1.0 + e, 1.0 + e) * power(1.0 - e, 1.0 - e)).sqrt()
                } else {
                    earth.major * earth.m(parallel) / earth.t(parallel)
                };
                Conic { n: side, scale, meridian }
            }
            Kind::LambertConformal { parallels: [one, two], meridian } => {
                let n = if (one - two).abs() < 1e-9 { sin(one) } else { (log(earth.m(one)) - log(earth.m(two))) / (log(earth.t(one)) - log(earth.t(two))) };
                Conic { n, scale: earth.major * earth.m(one) / (n * power(earth.t(one), n)), meridian }
            }
        }
    }

    /// Coordinates on the plane of a position; of conic projections the origin is the pole.
    fn forward(&self, conic: &Conic, [latitude, longitude]: [f64; 2]) -> [f64; 2] {
        let t = self.earth.t(latitude);
        let east = (longitude - conic.meridian + core::f64::consts::PI).rem_euclid(core::f64::consts::TAU) - core::f64::consts::PI;
        if conic.n == 0.0 {
            return [conic.scale * (longitude - conic.meridian), -conic.scale * log(t)];
        }
        // About a pole, distances grow with t of that side.
        let distance = if matches!(self.kind, Kind::PolarStereographic { .. }) {
            conic.n * conic.scale * self.earth.t(conic.n * latitude)
        } else {
            conic.scale * power(t, conic.n)
        };
        let angle = conic.n * east;
        [distance * sin(angle), -distance * cos(angle)]
    }

    /// The position of coordinates on the plane.
    fn inverse(&self, conic: &Conic, [x, y]: [f64; 2]) -> [f64; 2] {
        if conic.n == 0.0 {
            return [self.earth.latitude(exp(-y / conic.scale)), conic.meridian + x / conic.scale];
        }
        let side = conic.n.signum();
        let distance = (x * x + y * y).sqrt();
        let angle = atan2(side * x, -side * y);
        let latitude = if matches!(self.kind, Kind::PolarStereographic { .. }) {
            side * self.earth.latitude(distance / conic.scale)
        } else {
            self.earth.latitude(power(distance / conic.scale.abs(), 1.0 / conic.n))
        };
        [latitude, conic.meridian + angle / conic.n]
    }

    /// Coordinates of rows and of columns in metres.
    pub(crate) fn axes(&self, [rows, columns]: [usize; 2]) -> [Vec<f64>; 2] {
        let [x, y] = self.forward(&self.conic(), self.first);
        let [dx, dy] = self.step;
        [(0..rows).map(|n| y + n as f64 * dy).collect(), (0..columns).map(|n| x + n as f64 * dx).collect()]
    }

    pub(crate) fn positions(&self, plane: [usize; 2]) -> Positions {
        let conic = self.conic();
        let [rows, columns] = self.axes(plane);
        let (mut latitudes, mut longitudes) = (Vec::new(), Vec::new());
        for y in &rows {
            for x in &columns {
                let [latitude, longitude] = self.inverse(&conic, [*x, *y]).map(degrees);
                latitudes.push(latitude as f32);
                longitudes.push(longitude.rem_euclid(360.0) as f32);
            }
        }
        latitudes.iter().chain(&longitudes).all(|x| x.is_finite()).then_some((latitudes, longitudes))
    }

    /// CF attributes of the grid mapping.
    #[cfg(feature = "formats")]
    pub(crate) fn mapping(&self) -> Vec<Attribute> {
        let number = |name: &str, value: &[f64]| Attribute { name: name.to_owned(), value: Values::F64(value.to_vec()) };
        let angle = |name: &str, value: f64| number(name, &[tidy(value)]);
        let mut attributes = match self.kind {
            Kind::Mercator { parallel } => vec![
                Attribute::text("grid_mapping_name", "mercator"),
                angle("standard_parallel", parallel),
                angle("longitude_of_projection_origin", self.first[1]),
            ],
            Kind::PolarStereographic { side, parallel, meridian } => vec![
                Attribute::text("grid_mapping_name", "polar_stereographic"),
                number("latitude_of_projection_origin", &[90.0 * side]),
                angle("standard_parallel", parallel),
                angle("straight_vertical_longitude_from_pole", meridian),
            ],
            Kind::LambertConformal { parallels: [one, two], meridian } => vec![
                Attribute::text("grid_mapping_name", "lambert_conformal_conic"),
                if one == two { angle("standard_parallel", one) } else { number("standard_parallel", &[tidy(one), tidy(two)]) },
                angle("longitude_of_central_meridian", meridian),
                // Where the origin of x and y is.
                number("latitude_of_projection_origin", &[90.0 * if one < 0.0 { -1.0 } else { 1.0 }]),
            ],
        };
        attributes.extend([number("semi_major_axis", &[self.earth.major]), number("semi_minor_axis", &[self.earth.minor])]);
        attributes
    }
}

/// Degrees as they stood in the file, which has at most six decimals.
#[cfg(feature = "formats")]
fn tidy(radians: f64) -> f64 {
    (degrees(radians) * 1e6).round() / 1e6
}

fn side(flag: u8) -> f64 {
    if flag & 0x80 == 0 { 1.0 } else { -1.0 }
}

fn signed([x, y]: [f64; 2], scanning: u8) -> [f64; 2] {
    [if scanning & 0x80 == 0 { x } else { -x }, if scanning & 0x40 == 0 { -y } else { y }]
}
