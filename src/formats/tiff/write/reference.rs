//! The reference system of coordinates as keys of `GeoTIFF` (OGC 19-008): by its number where that is known, else the projection that the CF conventions describe.

use crate::field::{Dataset, Field, Values};
use crate::formats::tiff::spec::assemble::Tag;
use crate::formats::tiff::spec::projections::key::{
    ANGULAR_UNITS, DATUM, DEGREES, ELLIPSOID, GEODETIC_CRS, GEOGRAPHIC, KILOMETRES, LINEAR_UNITS, METHOD, METRES, MODEL_TYPE, ORIGIN_LATITUDE, OWN,
    PIXEL_IS_AREA, PROJECTED_CITATION, PROJECTED_CRS, PROJECTION, RASTER_TYPE, SEMI_MAJOR_AXIS, SEMI_MINOR_AXIS, US_SURVEY_FEET,
};
use crate::formats::tiff::spec::projections::{GEODETICS, PROJECTIONS, Projection, WELL_KNOWN_TEXT, attribute, usual};
use crate::formats::tiff::spec::tags::tag;

/// The number of WGS 84.
const USUAL: u16 = 4326;

/// Tags that say in which system coordinates of these units are: WGS 84 where they are degrees of the earth and nothing else is said.
pub(super) fn tags(dataset: &Dataset, field: &Field, units: &str) -> Vec<Tag> {
    let geographic = units.starts_with("degree");
    let mapping = mapping(dataset, field);
    let own = field.attribute("epsg").and_then(|v| v.get_f64(0)).filter(|n| (1.0..f64::from(OWN)).contains(n)).map(|n| n as u16);
    let epsg = own.or_else(|| mapping.and_then(epsg));
    if is_rotated(dataset, field, mapping) {
        return Keys::without_system().tags();
    }
    let keys = match epsg {
        Some(code) if geographic => Keys::coded(2, GEODETIC_CRS, code),
        Some(code) => Keys::coded(1, PROJECTED_CRS, code),
        None => mapping.and_then(|m| kept(m, field).or_else(|| if geographic { None } else { described(m, units) })).unwrap_or_else(|| match geographic {
            true => Keys::coded(2, GEODETIC_CRS, USUAL),
            false => Keys::without_system(),
        }),
    };
    keys.tags()
}

/// Tags that tell where pixels are which lie along no axes: a matrix or ground control points of a grid mapping, and its system.
pub(super) fn without_axes(dataset: &Dataset, field: &Field) -> Vec<Tag> {
    let Some(mapping) = mapping(dataset, field) else { return Vec::new() };
    let mut all = match (transform(mapping), mapping.attribute(attribute::POINTS)) {
        (Some([x, across, b, y, d, down]), _) => {
            vec![Tag::reals(tag::TRANSFORMATION, &[across, b, 0.0, x, d, down, 0.0, y, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])]
        }
        (None, Some(Values::F64(points))) if points.len() % 6 == 0 && !points.is_empty() => vec![Tag::reals(tag::TIEPOINT, points)],
        _ => return Vec::new(),
    };
    let named = mapping.attribute("grid_mapping_name").and_then(Values::as_text).as_deref() == Some("latitude_longitude");
    let degrees = kept(mapping, field).is_some_and(|keys| keys.rows.contains(&[MODEL_TYPE, 0, 1, GEOGRAPHIC]));
    all.extend(tags(dataset, field, if named || degrees { "degrees" } else { "" }));
    all
}

/// Six numbers as GDAL has them in NetCDF.
fn transform(mapping: &Field) -> Option<[f64; 6]> {
    let text = mapping.attribute(attribute::TRANSFORM)?.as_text()?;
    let numbers = text.split_whitespace().map(|n| n.parse::<f64>().ok().filter(|n| n.is_finite())).collect::<Option<Vec<_>>>()?;
    numbers.try_into().ok()
}

/// The keys of a TIFF that a grid mapping carries, with the text that the field has of it. The raster is written by areas.
fn kept(mapping: &Field, field: &Field) -> Option<Keys> {
    let numbers = |name: &str| mapping.attribute(name).map(|v| (0..v.len()).filter_map(|i| v.get_f64(i)).collect::<Vec<_>>());
    let all: Vec<u16> = numbers(attribute::KEYS)?.into_iter().map(|n| n as u16).collect();
    let text = field.attribute("GeoAsciiParams").and_then(Values::as_text).unwrap_or_default();
    let points = mapping.attribute(attribute::POINTS).is_some();
    let rows = all.as_chunks::<4>().0.iter().skip(1).filter(|row| row[1] != tag::GEO_TEXT || !text.is_empty());
    let area = |row: &[u16; 4]| if row[0] == RASTER_TYPE && !points { [RASTER_TYPE, 0, 1, PIXEL_IS_AREA] } else { *row };
    Some(Keys { rows: rows.map(area).collect(), reals: numbers(attribute::REALS).unwrap_or_default(), text })
}

/// Keys by what a grid mapping says: the projection that the CF conventions describe, else its well-known text.
fn described(mapping: &Field, units: &str) -> Option<Keys> {
    let projected = linear_units(units).and_then(|units| projected(mapping, units));
    projected.or_else(|| {
        let text = ["crs_wkt", "spatial_ref"].iter().find_map(|name| mapping.attribute(name)?.as_text())?;
        let fits = text.starts_with("PROJC") && !text.contains('|') && text.len() < usize::from(u16::MAX) - WELL_KNOWN_TEXT.len();
        fits.then(|| Keys::cited(&format!("{WELL_KNOWN_TEXT}{text}")))
    })
}

/// The number of a unit of length; metres where none is said.
fn linear_units(name: &str) -> Option<u16> {
    match name.trim() {
        "" | "m" | "meter" | "meters" | "metre" | "metres" => Some(METRES),
        "km" | "kilometer" | "kilometers" | "kilometre" | "kilometres" => Some(KILOMETRES),
        "US_survey_foot" | "US_survey_feet" => Some(US_SURVEY_FEET),
        _ => None,
    }
}

/// The grid mapping of a field, or of another on the same rows and columns where it names none, as coordinates of points do not.
fn mapping<'a>(dataset: &'a Dataset, field: &Field) -> Option<&'a Field> {
    let plane = |f: &Field| f.dimensions.last_chunk::<2>().copied();
    let named = |f: &Field| f.attribute("grid_mapping").and_then(Values::as_text).filter(|name| !name.trim().is_empty());
    let name = named(field).or_else(|| dataset.fields.iter().filter(|f| plane(f) == plane(field)).find_map(named))?;
    // The longer form names coordinates behind it.
    let name = name.split_whitespace().next()?.trim_end_matches(':');
    dataset.fields.iter().find(|f| f.name == name)
}

/// Whether degrees are those of a rotated sphere, for which there are no keys.
fn is_rotated(dataset: &Dataset, field: &Field, mapping: Option<&Field>) -> bool {
    let text = |f: &Field, name: &str| f.attribute(name).and_then(Values::as_text).unwrap_or_default();
    let of_grid = |f: &&Field| matches!(text(f, "standard_name").as_str(), "grid_latitude" | "grid_longitude");
    let mut axes = dataset.fields.iter().filter(|f| matches!(f.dimensions.as_slice(), [d] if field.dimensions.contains(d)));
    mapping.is_some_and(|m| text(m, "grid_mapping_name") == "rotated_latitude_longitude") || axes.any(|f| of_grid(&f))
}

/// The number that a grid mapping gives its system in the EPSG register: alone, or as the last that well-known text says of the whole.
fn epsg(mapping: &Field) -> Option<u16> {
    let number = |text: String| {
        let text = text.trim();
        let digits = text.strip_prefix("EPSG:").or_else(|| {
            let (_, last) = text.strip_suffix("]]")?.rsplit_once('[')?;
            last.strip_prefix("\"EPSG\",")
        })?;
        digits.trim_matches(|c: char| c == '"' || c.is_whitespace()).parse().ok().filter(|n| (1..OWN).contains(n))
    };
    ["crs_wkt", "spatial_ref"].iter().find_map(|name| number(mapping.attribute(name)?.as_text()?))
}

/// Keys in their order, as tags hold them.
#[derive(Default)]
struct Keys {
    rows: Vec<[u16; 4]>,
    reals: Vec<f64>,
    text: String,
}

impl Keys {
    /// That pixels are areas, and no more.
    fn without_system() -> Self {
        let mut keys = Self::default();
        keys.short(RASTER_TYPE, PIXEL_IS_AREA);
        keys
    }

    /// A system by its number, and that pixels are areas.
    fn coded(model: u16, key: u16, code: u16) -> Self {
        let mut keys = Self::default();
        keys.short(MODEL_TYPE, model);
        keys.short(RASTER_TYPE, PIXEL_IS_AREA);
        keys.short(key, code);
        keys
    }

    fn short(&mut self, key: u16, value: u16) {
        self.rows.push([key, 0, 1, value]);
    }

    fn real(&mut self, key: u16, value: f64) {
        self.rows.push([key, tag::GEO_REALS, 1, self.reals.len() as u16]);
        self.reals.push(value);
    }

    /// A system that nothing but a citation tells.
    fn cited(citation: &str) -> Self {
        let mut keys = Self::default();
        keys.short(MODEL_TYPE, OWN);
        keys.short(RASTER_TYPE, PIXEL_IS_AREA);
        keys.rows.push([PROJECTED_CITATION, tag::GEO_TEXT, citation.len() as u16 + 1, 0]);
        keys.short(LINEAR_UNITS, METRES);
        keys.text = format!("{citation}|");
        keys
    }

    fn tags(self) -> Vec<Tag> {
        let head = [1, 1, 0, self.rows.len() as u16];
        let mut tags = vec![Tag::shorts(tag::GEO_KEYS, &[&[head], self.rows.as_slice()].concat().concat())];
        if !self.reals.is_empty() {
            tags.push(Tag::reals(tag::GEO_REALS, &self.reals));
        }
        if !self.text.is_empty() {
            tags.push(Tag::text(tag::GEO_TEXT, &self.text));
        }
        tags
    }
}

/// The system of a grid mapping; none where `GeoTIFF` does not know the projection, or something is not said.
fn projected(mapping: &Field, units: u16) -> Option<Keys> {
    let list = |name: &str| mapping.attribute(name).map(|v| (0..v.len()).filter_map(|i| v.get_f64(i)).collect::<Vec<_>>()).unwrap_or_default();
    let name = mapping.attribute("grid_mapping_name").and_then(Values::as_text)?;
    let (method, numbers) = PROJECTIONS.iter().filter(|p| p.name == name).find_map(|p| Some((p.method, numbers(p, &list)?)))?;
    let mut keys = figure(mapping, &|name| list(name).first().copied())?;
    keys.short(PROJECTED_CRS, OWN);
    keys.short(PROJECTION, OWN);
    keys.short(METHOD, method);
    keys.short(LINEAR_UNITS, units);
    numbers.into_iter().for_each(|(key, value)| keys.real(key, value));
    Some(keys)
}

/// Keys and numbers of a projection; none where one is not said.
fn numbers(projection: &Projection, list: &dyn Fn(&str) -> Vec<f64>) -> Option<Vec<(u16, f64)>> {
    let mut all: Vec<(u16, f64)> = Vec::new();
    for (at, (name, key)) in projection.parameters.iter().enumerate() {
        let values = list(name);
        let before = projection.parameters.iter().take(at).filter(|(other, _)| other == name).count();
        // One parallel stands for two.
        let value = values.get(before).or(values.first()).copied().or_else(|| usual(name))?;
        all.push((*key, value));
    }
    // Its parallel is another number.
    if projection.name == "mercator" {
        all.push((ORIGIN_LATITUDE, 0.0));
    }
    all.sort_by_key(|(key, _)| *key);
    Some(all)
}

/// The first keys of a projected system: the figure of the earth, by the number of the system where that is known.
fn figure(mapping: &Field, number: &dyn Fn(&str) -> Option<f64>) -> Option<Keys> {
    let major = number("semi_major_axis").or_else(|| number("earth_radius"))?;
    let minor = match (number("semi_minor_axis"), number("inverse_flattening")) {
        (Some(minor), _) => minor,
        (None, Some(inverse)) if inverse != 0.0 => major - major / inverse,
        _ => major,
    };
    let name = mapping.attribute("geographic_crs_name").and_then(Values::as_text);
    let is_it = |(_, a, inverse): (u16, f64, f64)| (a - major).abs() < 1e-3 && (a - a / inverse - minor).abs() < 1e-3;
    if let Some(known) = GEODETICS.iter().find(|g| name.as_deref() == Some(g.name) && is_it(g.ellipsoid)) {
        return Some(Keys::coded(1, GEODETIC_CRS, known.code));
    }
    let mut keys = Keys::coded(1, GEODETIC_CRS, OWN);
    keys.short(DATUM, OWN);
    keys.short(ANGULAR_UNITS, DEGREES);
    keys.short(ELLIPSOID, OWN);
    keys.real(SEMI_MAJOR_AXIS, major);
    keys.real(SEMI_MINOR_AXIS, minor);
    Some(keys)
}
