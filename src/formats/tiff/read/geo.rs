//! Georeference: where on Earth the pixels are, after the `GeoTIFF` standard (OGC 19-008).

use crate::field::{Attribute, Field, Missing, Values};
use crate::formats::tiff::spec::structure::Directory;
use crate::formats::tiff::spec::tags::tag;

/// Keys of the geographic directory.
const MODEL_TYPE: u64 = 1024;
const RASTER_TYPE: u64 = 1025;
const GEODETIC_CRS: u64 = 2048;
const PROJECTED_CRS: u64 = 3072;

/// The value of `RASTER_TYPE` for numbers that hold at the points and not for the areas between.
const PIXEL_IS_POINT: u64 = 2;

/// Evenly spaced coordinates that need no rotation.
#[derive(Debug)]
pub(super) struct Georeference {
    /// Coordinate of the first pixel and step to the next: of y, of x.
    axes: [(f64, f64); 2],
    /// Whether they are latitude and longitude.
    pub(super) geographic: bool,
    pub(super) epsg: Option<u16>,
}

impl Georeference {
    pub(super) fn new(directory: &Directory<'_>) -> Option<Self> {
        let keys: Vec<u64> = directory.numbers(tag::GEO_KEYS).collect();
        let key = |number| {
            let rows = keys.as_chunks::<4>().0.iter().skip(1);
            rows.filter(|row| matches!(row, [n, 0, ..] if *n == number)).find_map(|row| row.last().copied())
        };
        let shift = if key(RASTER_TYPE) == Some(PIXEL_IS_POINT) { 0.0 } else { 0.5 };
        let geographic = key(MODEL_TYPE) == Some(2);
        let code = key(if geographic { GEODETIC_CRS } else { PROJECTED_CRS });
        let epsg = code.and_then(|n| u16::try_from(n).ok()).filter(|n| !matches!(n, 0 | 32767));
        let axes = steps(directory)?.map(|(origin, step)| (origin + shift * step, step));
        axes.iter().all(|(start, step)| start.is_finite() && step.is_finite() && *step != 0.0).then_some(Self { axes, geographic, epsg })
    }

    /// The coordinate field of an axis, without name and dimension; none when it leaves the numbers.
    pub(super) fn coordinate(&self, axis: usize, length: usize) -> Option<Field> {
        let (start, step) = self.axes.get(axis).copied()?;
        let values: Vec<f64> = (0..length).map(|i| start + i as f64 * step).collect();
        let text = match (self.geographic, axis) {
            (true, 0) => [("standard_name", "latitude"), ("units", "degrees_north")],
            (true, _) => [("standard_name", "longitude"), ("units", "degrees_east")],
            (false, 0) => [("standard_name", "projection_y_coordinate"), ("axis", "Y")],
            (false, _) => [("standard_name", "projection_x_coordinate"), ("axis", "X")],
        };
        let attributes = text.iter().map(|(name, value)| Attribute::text(name, value)).collect();
        let field =
            Field { name: String::new(), dimensions: Vec::new(), shape: vec![length], values: Values::F64(values), attributes, missing: Missing::NonFinite };
        (start + length as f64 * step).is_finite().then_some(field)
    }
}

/// Coordinate of the corner where pixels begin, and step: of y, of x.
fn steps(directory: &Directory<'_>) -> Option<[(f64, f64); 2]> {
    if let [width, down, ..] = directory.reals(tag::PIXEL_SCALE).as_slice() {
        let points = directory.reals(tag::TIEPOINT);
        let [column, row, _, x, y, ..] = points.as_slice() else { return None };
        return Some([(y + row * down, -down), (x - column * width, *width)]);
    }
    match directory.reals(tag::TRANSFORMATION).as_slice() {
        [width, b, _, x, d, down, _, y, ..] if *b == 0.0 && *d == 0.0 => Some([(*y, *down), (*x, *width)]),
        _ => None,
    }
}
