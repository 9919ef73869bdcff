//! Georeference: where on Earth the pixels are, after the `GeoTIFF` standard (OGC 19-008).

use super::keys::Keys;
use crate::field::{Attribute, Field, Missing, Values};
use crate::formats::tiff::spec::projections::{attribute, key};
use crate::formats::tiff::spec::structure::Directory;
use crate::formats::tiff::spec::tags::tag;

/// Where the pixels of a page are, as far as it says so.
#[derive(Debug)]
pub(super) struct Georeference {
    place: Place,
    /// Whether coordinates are latitude and longitude.
    geographic: bool,
    pub(super) epsg: Option<u16>,
    keys: Keys,
}

#[derive(Debug)]
enum Place {
    /// Evenly spaced coordinates that need no rotation: of the first pixel, and step to the next: of y, of x.
    Axes([(f64, f64); 2]),
    /// As GDAL has it, by the corners of pixels.
    Matrix([f64; 6]),
    /// Ground control points: column, row, level, and x, y, z of each.
    Points(Vec<f64>),
}

impl Georeference {
    pub(super) fn new(directory: &Directory<'_>) -> Option<Self> {
        let keys = Keys::new(directory);
        let shift = if keys.short(key::RASTER_TYPE) == Some(key::PIXEL_IS_POINT) { 0.5 } else { 0.0 };
        let geographic = keys.short(key::MODEL_TYPE) == Some(key::GEOGRAPHIC);
        let code = keys.short(if geographic { key::GEODETIC_CRS } else { key::PROJECTED_CRS });
        let epsg = code.filter(|n| !matches!(*n, 0 | key::OWN));
        Some(Self { place: Place::new(directory, shift)?, geographic, epsg, keys })
    }

    /// Names of the last two dimensions.
    pub(super) fn names(&self) -> [&'static str; 2] {
        if self.geographic && matches!(self.place, Place::Axes(_)) { ["lat", "lon"] } else { ["y", "x"] }
    }

    /// The coordinate field of an axis, without name and dimension; none when it leaves the numbers, or there are no axes.
    pub(super) fn coordinate(&self, axis: usize, length: usize) -> Option<Field> {
        let Place::Axes(axes) = &self.place else { return None };
        let (start, step) = axes.get(axis).copied()?;
        let values: Vec<f64> = (0..length).map(|i| start + i as f64 * step).collect();
        let text = match (self.geographic, axis) {
            (true, 0) => [("standard_name", "latitude"), ("units", "degrees_north")],
            (true, _) => [("standard_name", "longitude"), ("units", "degrees_east")],
            (false, 0) => [("standard_name", "projection_y_coordinate"), ("axis", "Y")],
            (false, _) => [("standard_name", "projection_x_coordinate"), ("axis", "X")],
        };
        let attributes = text.iter().map(|(name, value)| Attribute::text(name, value)).collect();
        let field = Field {
            name: String::new(),
            dimensions: Vec::new(),
            shape: vec![length],
            values: Values::F64(values),
            attributes,
            missing: Missing::NonFinite,
            derived: None,
        };
        (start + length as f64 * step).is_finite().then_some(field)
    }

    /// Attributes of the scalar that says in which system coordinates are, and where pixels are if axes cannot say it; none where nothing is known.
    pub(super) fn grid_mapping(&self) -> Vec<Attribute> {
        let mut all = Vec::new();
        if let Some(code) = self.epsg {
            all.push(Attribute::text("spatial_ref", &format!("EPSG:{code}")));
            all.extend(self.geographic.then(|| Attribute::text("grid_mapping_name", "latitude_longitude")));
        } else {
            all.extend(self.keys.grid_mapping());
        }
        match &self.place {
            Place::Axes(_) => {}
            Place::Matrix(matrix) => all.push(Attribute::text(attribute::TRANSFORM, &matrix.map(|x| x.to_string()).join(" "))),
            Place::Points(points) => all.push(Attribute { name: attribute::POINTS.to_owned(), value: Values::F64(points.clone()) }),
        }
        all
    }
}

impl Place {
    /// By the tags; `shift` is how far into a pixel its coordinates are those of the corner.
    fn new(directory: &Directory<'_>, shift: f64) -> Option<Self> {
        let points = directory.reals(tag::TIEPOINT);
        if let [width, down, ..] = directory.reals(tag::PIXEL_SCALE).as_slice() {
            let [column, row, _, x, y, ..] = points.as_slice() else { return None };
            return Self::axes([(y + row * down, -down), (x - column * width, *width)], shift);
        }
        match directory.reals(tag::TRANSFORMATION).as_slice() {
            [width, b, _, x, d, down, _, y, ..] if *b == 0.0 && *d == 0.0 => Self::axes([(*y, *down), (*x, *width)], shift),
            [width, b, _, x, d, down, _, y, ..] => {
                let (x, y) = (x - shift * (width + b), y - shift * (d + down));
                Some(Self::Matrix([x, *width, *b, y, *d, *down])).filter(|_| [x, *width, *b, y, *d, *down].iter().all(|n| n.is_finite()))
            }
            // One alone says nothing without a scale.
            _ if points.len() >= 12 => Some(Self::Points(points)),
            _ => None,
        }
    }

    /// Coordinates of the centres, from those of the corner where pixels begin.
    fn axes(corner: [(f64, f64); 2], shift: f64) -> Option<Self> {
        let axes = corner.map(|(origin, step)| (origin + (0.5 - shift) * step, step));
        axes.iter().all(|(start, step)| start.is_finite() && step.is_finite() && *step != 0.0).then_some(Self::Axes(axes))
    }
}
