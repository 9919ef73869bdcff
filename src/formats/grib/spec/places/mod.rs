//! Where the points of a grid are, from nothing but the section that defines it. Built even without the readers: what it yields is not in archives (docs/format.md, section 3).

mod gaussian;
mod math;
mod positions;
mod projection;
mod reduced;
mod regular;

pub(crate) use self::positions::Positions;
pub(crate) use self::projection::Projection;
pub(crate) use self::reduced::Reduced;
pub(crate) use self::regular::Regular;
#[cfg(feature = "formats")]
pub(crate) use self::regular::Rotation;

use super::octets::Octets;
use crate::error::{Error, Result};
use crate::field::{DataType, Values};

/// The points that a section defines.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// As declared.
    pub(crate) points: usize,
    /// Rows and columns; `None` for a list of points.
    pub(crate) plane: Option<[usize; 2]>,
    pub(crate) geometry: Geometry,
}

/// Where points are.
#[derive(Debug, Clone)]
pub(crate) enum Geometry {
    /// Equal latitudes in a row and equal longitudes in a column, perhaps of a rotated sphere.
    Regular(Regular),
    /// Rows along latitudes with a number of points each.
    Reduced(Reduced),
    /// A plane onto which the earth is projected.
    Projected(Projection),
    /// Of a kind whose coordinates are not computed.
    Unknown,
}

/// What may be had of places, by the numbers that archives have.
pub(crate) const LATITUDES: u8 = 0;
pub(crate) const LONGITUDES: u8 = 1;
pub(crate) const ROWS: u8 = 2;
pub(crate) const COLUMNS: u8 = 3;

/// No value, in two octets.
pub(crate) const MISSING_SIZE: usize = 0xffff;

impl Places {
    pub(crate) fn of(edition: u8, section: Octets<'_>) -> Result<Self> {
        if edition == 1 { first_edition(section) } else { second_edition(section) }
    }

    /// Terms that are summed up for them.
    #[cfg(feature = "formats")]
    pub(crate) fn work(&self) -> u64 {
        match (&self.geometry, self.plane) {
            (Geometry::Regular(regular), Some([rows, _])) => regular.work(rows),
            (Geometry::Reduced(reduced), None) => reduced.work(),
            _ => 0,
        }
    }

    /// Latitude and longitude of every point, where these are not those of rows and columns.
    pub(crate) fn positions(&self) -> Positions {
        match (&self.geometry, self.plane) {
            (Geometry::Regular(regular), Some(plane)) => regular.positions(plane),
            (Geometry::Reduced(reduced), None) => reduced.positions(self.points),
            (Geometry::Projected(projection), Some(plane)) => projection.positions(plane),
            _ => None,
        }
    }

    /// Coordinates of rows and of columns.
    pub(crate) fn axes(&self) -> Option<[Vec<f64>; 2]> {
        match (&self.geometry, self.plane?) {
            (Geometry::Regular(regular), plane) => regular.axes(plane),
            (Geometry::Projected(projection), plane) => Some(projection.axes(plane)),
            _ => None,
        }
    }

    /// What is had of them under that number, for an array of that shape. None where it has another shape or cannot be computed.
    pub(crate) fn part(&self, part: u8, shape: &[usize]) -> Option<Values> {
        let [rows, columns] = self.plane.unwrap_or([self.points, 1]);
        let fits = match (part, self.plane) {
            (LATITUDES | LONGITUDES, Some(plane)) => shape == plane,
            (LATITUDES | LONGITUDES, None) => shape == [self.points],
            (ROWS, Some(_)) => shape == [rows],
            (COLUMNS, Some(_)) => shape == [columns],
            _ => false,
        };
        match part {
            _ if !fits => None,
            LATITUDES => self.positions().map(|(latitudes, _)| Values::F32(latitudes)),
            LONGITUDES => self.positions().map(|(_, longitudes)| Values::F32(longitudes)),
            ROWS => self.axes().map(|[rows, _]| Values::F64(rows)),
            _ => self.axes().map(|[_, columns]| Values::F64(columns)),
        }
    }

    /// The type of what is had under that number.
    pub(crate) const fn part_type(part: u8) -> DataType {
        if matches!(part, LATITUDES | LONGITUDES) { DataType::F32 } else { DataType::F64 }
    }
}

/// Octet of the flags that say how a grid of edition 2 is scanned; none for one whose points are but counted.
pub(crate) fn scanning_octet(section: Octets<'_>) -> Result<Option<usize>> {
    if section.byte(6)? != 0 {
        return Ok(None);
    }
    Ok(match section.unsigned(13, 2)? {
        0 | 1 | 40 | 41 => Some(72),
        10 => Some(60),
        20 | 30 => Some(65),
        50..=53 => return Err(spherical_harmonics()),
        _ => None,
    })
}

fn plane(section: Octets<'_>, points: Option<usize>, [rows, columns]: [usize; 2], geometry: Geometry) -> Result<Places> {
    let own = rows.checked_mul(columns).filter(|n| *n > 0).ok_or_else(|| section.malformed(7, "rows and columns of a grid"))?;
    Ok(Places { points: points.unwrap_or(own), plane: Some([rows, columns]), geometry })
}

fn list(points: usize, geometry: Geometry) -> Places {
    Places { points, plane: None, geometry }
}

/// Rows of a reduced grid: `width` octets each.
fn rows(octets: Octets<'_>, count: usize, width: usize) -> Result<Vec<u32>> {
    let all = octets.bytes.chunks_exact(width).take(count).map(|c| c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)));
    let rows: Vec<u32> = all.collect();
    if rows.len() == count { Ok(rows) } else { Err(octets.malformed(1, format!("the number of points of {count} rows"))) }
}

fn second_edition(section: Octets<'_>) -> Result<Places> {
    let points = section.size(7, 4)?;
    if scanning_octet(section)?.is_none() {
        return Ok(list(points, Geometry::Unknown));
    }
    let template = section.unsigned(13, 2)?;
    let (columns, rows_count) = (section.size(31, 4)?, section.size(35, 4)?);
    let (gaussian, rotated) = (matches!(template, 40 | 41), matches!(template, 1 | 41));
    let list_width = usize::from(section.byte(11)?);
    if matches!(template, 0 | 1 | 40 | 41) && list_width > 0 {
        if list_width > 4 {
            return Err(section.malformed(11, "numbers of points of at most 4 octets"));
        }
        let rows = rows(section.from(if rotated { 85 } else { 73 }), rows_count, list_width)?;
        return Ok(list(points, Geometry::Reduced(Reduced { regular: Regular::second_edition(section, gaussian, rotated)?, rows })));
    }
    let geometry = match template {
        0 | 1 | 40 | 41 => Geometry::Regular(Regular::second_edition(section, gaussian, rotated)?),
        _ => Geometry::Projected(Projection::second_edition(section, template)?),
    };
    plane(section, Some(points), [rows_count, columns], geometry)
}

fn first_edition(section: Octets<'_>) -> Result<Places> {
    let kind = section.byte(6)?;
    if matches!(kind, 50 | 60 | 70 | 80) {
        return Err(spherical_harmonics());
    }
    let (columns, rows_count) = (section.size(7, 2)?, section.size(9, 2)?);
    section.byte(28)?;
    if columns == MISSING_SIZE {
        let (vertical, location) = (usize::from(section.byte(4)?), usize::from(section.byte(5)?));
        let rows = rows(section.from(location + 4 * vertical), rows_count, 2)?;
        let points = rows.iter().map(|n| *n as usize).sum();
        let geometry = match kind {
            0 | 4 | 10 | 14 => Geometry::Reduced(Reduced { regular: Regular::first_edition(section, kind)?, rows }),
            _ => Geometry::Unknown,
        };
        return Ok(list(points, geometry));
    }
    let geometry = match kind {
        0 | 4 | 10 | 14 => Geometry::Regular(Regular::first_edition(section, kind)?),
        1 | 3 | 5 => Geometry::Projected(Projection::first_edition(section, kind)?),
        _ => Geometry::Unknown,
    };
    plane(section, None, [rows_count, columns], geometry)
}

/// The refusal of spectra, which have no points.
pub(crate) fn spherical_harmonics() -> Error {
    Error::Unsupported { what: "GRIB of spherical harmonics".to_owned(), advice: "transform it to a grid with `cdo sp2gp`".to_owned() }
}
