//! Grids: how many points, in which order, and where they are.

mod gaussian;
mod positions;
mod projection;
mod reduced;
mod regular;

pub(crate) use self::positions::Positions;

use self::projection::Projection;
use self::reduced::Reduced;
use self::regular::Regular;
use super::octets::Octets;
use super::packing::spherical_harmonics;
use super::record::Record;
use crate::error::{Error, Result};

/// The points of a record.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub(crate) points: usize,
    /// Rows and columns; `None` for a list of points.
    pub(crate) plane: Option<[usize; 2]>,
    pub(crate) order: Order,
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

/// In which order values follow each other in the file, if not row after row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    columns_first: bool,
    alternating: bool,
}

/// No value, in two octets.
const MISSING_SIZE: usize = 0xffff;

/// Names of the kinds of grids, as eccodes has them.
const SECOND_EDITION: [(u64, &str); 16] = [
    (0, "regular_ll"),
    (1, "rotated_ll"),
    (10, "mercator"),
    (12, "transverse_mercator"),
    (20, "polar_stereographic"),
    (30, "lambert"),
    (31, "albers"),
    (40, "regular_gg"),
    (41, "rotated_gg"),
    (42, "stretched_gg"),
    (90, "space_view"),
    (100, "triangular_grid"),
    (101, "unstructured_grid"),
    (140, "lambert_azimuthal_equal_area"),
    (110, "equatorial_azimuthal_equidistant"),
    (150, "healpix"),
];

impl Grid {
    pub(crate) fn of(record: &Record<'_>) -> Result<Self> {
        if record.edition == 1 { first_edition(record) } else { second_edition(record) }
    }

    /// The point in C order for each value of the file.
    pub(crate) fn place(&self, index: usize) -> usize {
        let (Some([rows, columns]), Order { columns_first, alternating }) = (self.plane, self.order) else {
            return index;
        };
        if !columns_first && !alternating {
            return index;
        }
        let inner = if columns_first { rows } else { columns }.max(1);
        let (outer, along) = (index / inner, index % inner);
        let along = if alternating && outer % 2 == 1 { inner - 1 - along } else { along };
        if columns_first { along * columns + outer } else { outer * columns + along }
    }

    /// Whether values stand in the file as in C order.
    pub(crate) const fn in_place(&self) -> bool {
        !(self.order.columns_first || self.order.alternating) || self.plane.is_none()
    }
}

/// Whether components of vectors are along rows and columns, not eastward and northward.
pub(crate) fn has_own_directions(record: &Record<'_>) -> bool {
    let octet = match (record.edition, record.grid.unsigned(13, 2)) {
        (1, _) => 17,
        (_, Ok(0 | 1 | 40 | 41)) => 55,
        _ => 47,
    };
    record.grid.byte(octet).is_ok_and(|flags| flags & 8 != 0)
}

/// The name of the kind of grid.
pub(crate) fn kind(record: &Record<'_>) -> Option<&'static str> {
    let (number, reduced) = if record.edition == 1 {
        let number = match record.grid.byte(6).ok()? {
            0 => 0,
            1 => 10,
            3 => 30,
            4 => 40,
            5 => 20,
            10 => 1,
            14 => 41,
            _ => return None,
        };
        (number, record.grid.size(7, 2).ok()? == MISSING_SIZE)
    } else {
        (record.grid.unsigned(13, 2).ok()?, record.grid.byte(11).ok()? != 0)
    };
    match (number, reduced) {
        (0, true) => Some("reduced_ll"),
        (40, true) => Some("reduced_gg"),
        (41, true) => Some("reduced_rotated_gg"),
        _ => SECOND_EDITION.iter().find(|(n, _)| *n == number).map(|(_, name)| *name),
    }
}

fn plane(section: Octets<'_>, columns: usize, rows: usize, scanning: u8, geometry: Geometry) -> Result<Grid> {
    let points = rows.checked_mul(columns).filter(|n| *n > 0).ok_or_else(|| section.malformed(7, "rows and columns of a grid"))?;
    let order = Order { columns_first: scanning & 0x20 != 0, alternating: scanning & 0x10 != 0 };
    Ok(Grid { points, plane: Some([rows, columns]), order, geometry })
}

fn list(points: usize, geometry: Geometry) -> Grid {
    Grid { points, plane: None, order: Order { columns_first: false, alternating: false }, geometry }
}

/// Rows of a reduced grid: `width` octets each.
fn rows(octets: Octets<'_>, count: usize, width: usize) -> Result<Vec<u32>> {
    let all = octets.bytes.chunks_exact(width).take(count).map(|c| c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)));
    let rows: Vec<u32> = all.collect();
    if rows.len() == count { Ok(rows) } else { Err(octets.malformed(1, format!("the number of points of {count} rows"))) }
}

fn second_edition(record: &Record<'_>) -> Result<Grid> {
    let section = record.grid;
    let points = section.size(7, 4)?;
    if section.byte(6)? != 0 {
        return Ok(list(points, Geometry::Unknown));
    }
    let template = section.unsigned(13, 2)?;
    let scanning_octet = match template {
        0 | 1 | 40 | 41 => 72,
        10 => 60,
        20 | 30 => 65,
        50..=53 => return Err(spherical_harmonics()),
        _ => return Ok(list(points, Geometry::Unknown)),
    };
    let (columns, rows_count, scanning) = (section.unsigned(31, 4)?, section.size(35, 4)?, section.byte(scanning_octet)?);
    let gaussian = matches!(template, 40 | 41);
    let list_width = usize::from(section.byte(11)?);
    if matches!(template, 0 | 1 | 40 | 41) && list_width > 0 {
        let octet = if matches!(template, 1 | 41) { 85 } else { 73 };
        if list_width > 4 {
            return Err(section.malformed(11, "numbers of points of at most 4 octets"));
        }
        let rows = rows(section.from(octet), rows_count, list_width)?;
        let reduced = Reduced { regular: Regular::second_edition(section, gaussian, matches!(template, 1 | 41))?, rows };
        return Ok(list(points, Geometry::Reduced(reduced)));
    }
    let geometry = match template {
        0 | 1 | 40 | 41 => Geometry::Regular(Regular::second_edition(section, gaussian, matches!(template, 1 | 41))?),
        _ => Geometry::Projected(Projection::second_edition(section, template)?),
    };
    let columns = usize::try_from(columns).map_err(|_| section.malformed(31, "columns of a grid"))?;
    let grid = plane(section, columns, rows_count, scanning, geometry)?;
    match grid.points == points {
        true => Ok(grid),
        // A field whose rows or columns were declared wrongly is still the list of its values.
        false if counts_values(record, points) => Ok(list(points, Geometry::Unknown)),
        false => Err(section.malformed(7, format!("{points} points in {rows_count} rows and {columns} columns"))),
    }
}

/// Whether the number of packed values agrees with so many points, as far as that can be told without the bitmap.
fn counts_values(record: &Record<'_>, points: usize) -> bool {
    let bitmap = record.bitmap.byte(6).is_ok_and(|indicator| indicator != 255);
    record.representation.size(6, 4).is_ok_and(|values| if bitmap { values <= points } else { values == points })
}

fn first_edition(record: &Record<'_>) -> Result<Grid> {
    let section = record.grid;
    if section.bytes.is_empty() {
        let what = format!("GRIB of edition 1 on the grid of number {} that only the centre has", record.product.byte(7)?);
        return Err(Error::Unsupported { what, advice: "convert it to NetCDF with `cdo -f nc copy`".to_owned() });
    }
    let kind = section.byte(6)?;
    if matches!(kind, 50 | 60 | 70 | 80) {
        return Err(spherical_harmonics());
    }
    let (columns, rows_count, scanning) = (section.size(7, 2)?, section.size(9, 2)?, section.byte(28)?);
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
    plane(section, columns, rows_count, scanning, geometry)
}
