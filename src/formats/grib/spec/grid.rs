//! Grids: how many points, in which order, and where they are.

use super::octets::Octets;
use super::places::{Geometry, MISSING_SIZE, Places, scanning_octet};
use super::record::Record;
use crate::error::{Error, Result};

/// The points of a record.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub(crate) places: Places,
    pub(crate) order: Order,
}

/// In which order values follow each other in the file, if not row after row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order {
    columns_first: bool,
    alternating: bool,
}

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
        let (Some([rows, columns]), Order { columns_first, alternating }) = (self.places.plane, self.order) else {
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
        !(self.order.columns_first || self.order.alternating) || self.places.plane.is_none()
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

fn order(scanning: u8) -> Order {
    Order { columns_first: scanning & 0x20 != 0, alternating: scanning & 0x10 != 0 }
}

fn second_edition(record: &Record<'_>) -> Result<Grid> {
    let section = record.grid;
    let scanning = scanning_octet(section)?.map(|octet| section.byte(octet)).transpose()?.unwrap_or_default();
    let places = Places::of(2, section)?;
    let order = order(scanning);
    match places.plane {
        Some([rows, columns]) if rows * columns != places.points => match counts_values(record, places.points) {
            // A field whose rows or columns were declared wrongly is still the list of its values.
            true => Ok(Grid { places: Places { plane: None, geometry: Geometry::Unknown, ..places }, order }),
            false => Err(section.malformed(7, format!("{} points in {rows} rows and {columns} columns", places.points))),
        },
        _ => Ok(Grid { places, order }),
    }
}

/// Whether the number of packed values agrees with so many points, as far as that can be told without the bitmap.
fn counts_values(record: &Record<'_>, points: usize) -> bool {
    let bitmap = record.bitmap.byte(6).is_ok_and(|indicator| indicator != 255);
    record.representation.size(6, 4).is_ok_and(|values| if bitmap { values <= points } else { values == points })
}

fn first_edition(record: &Record<'_>) -> Result<Grid> {
    let section: Octets<'_> = record.grid;
    if section.bytes.is_empty() {
        let what = format!("GRIB of edition 1 on the grid of number {} that only the centre has", record.product.byte(7)?);
        return Err(Error::Unsupported { what, advice: "convert it to NetCDF with `cdo -f nc copy`".to_owned() });
    }
    Ok(Grid { places: Places::of(1, section)?, order: order(section.byte(28)?) })
}
