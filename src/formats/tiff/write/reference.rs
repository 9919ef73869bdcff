//! The reference system of coordinates as keys of `GeoTIFF` (OGC 19-008): by its number where that is known, else the projection that the CF conventions describe.

use crate::field::{Dataset, Field, Values};
use crate::formats::tiff::spec::assemble::Tag;
use crate::formats::tiff::spec::tags::tag;

/// Keys, and numbers that they take.
const MODEL_TYPE: u16 = 1024;
const RASTER_TYPE: u16 = 1025;
const GEODETIC_CRS: u16 = 2048;
const DATUM: u16 = 2050;
const ANGULAR_UNITS: u16 = 2054;
const ELLIPSOID: u16 = 2056;
const SEMI_MAJOR_AXIS: u16 = 2057;
const SEMI_MINOR_AXIS: u16 = 2058;
const PROJECTED_CRS: u16 = 3072;
const PROJECTION: u16 = 3074;
const METHOD: u16 = 3075;
const LINEAR_UNITS: u16 = 3076;
const PARALLEL: u16 = 3078;
const OTHER_PARALLEL: u16 = 3079;
const ORIGIN_LONGITUDE: u16 = 3080;
const ORIGIN_LATITUDE: u16 = 3081;
const EASTING: u16 = 3082;
const NORTHING: u16 = 3083;
const FALSE_ORIGIN_LONGITUDE: u16 = 3084;
const FALSE_ORIGIN_LATITUDE: u16 = 3085;
const FALSE_ORIGIN_EASTING: u16 = 3086;
const FALSE_ORIGIN_NORTHING: u16 = 3087;
const CENTRE_LONGITUDE: u16 = 3088;
const CENTRE_LATITUDE: u16 = 3089;
const SCALE: u16 = 3092;
const POLE_LONGITUDE: u16 = 3095;
const OWN: u16 = 32767;
const DEGREES: u16 = 9102;
const METRES: u16 = 9001;
const TRANSVERSE_MERCATOR: u16 = 1;
const MERCATOR: u16 = 7;
const LAMBERT_OF_TWO_PARALLELS: u16 = 8;
const LAMBERT_AZIMUTHAL: u16 = 10;
const ALBERS: u16 = 11;
const POLAR_STEREOGRAPHIC: u16 = 15;
/// WGS 84.
const USUAL: u16 = 4326;

/// Tags that say in which system coordinates are: WGS 84 where they are degrees of the earth and nothing else is said.
pub(super) fn tags(dataset: &Dataset, field: &Field, geographic: bool) -> Vec<Tag> {
    let mapping = mapping(dataset, field);
    let own = field.attribute("epsg").and_then(|v| v.get_f64(0)).filter(|n| (1.0..f64::from(OWN)).contains(n)).map(|n| n as u16);
    let epsg = own.or_else(|| mapping.and_then(epsg));
    let rotated = is_rotated(dataset, field, mapping);
    let mut keys = Keys::default();
    match epsg {
        _ if rotated => keys.short(RASTER_TYPE, 1),
        _ if geographic => keys.head(2, GEODETIC_CRS, epsg.unwrap_or(USUAL)),
        Some(code) => keys.head(1, PROJECTED_CRS, code),
        None => match mapping.and_then(projected) {
            Some(projected) => keys = projected,
            None => keys.short(RASTER_TYPE, 1),
        },
    }
    keys.tags()
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
}

impl Keys {
    /// What every reference system begins with: pixels are areas.
    fn head(&mut self, model: u16, key: u16, code: u16) {
        self.short(MODEL_TYPE, model);
        self.short(RASTER_TYPE, 1);
        self.short(key, code);
    }

    fn short(&mut self, key: u16, value: u16) {
        self.rows.push([key, 0, 1, value]);
    }

    fn real(&mut self, key: u16, value: f64) {
        self.rows.push([key, tag::GEO_REALS, 1, self.reals.len() as u16]);
        self.reals.push(value);
    }

    fn tags(self) -> Vec<Tag> {
        let head = [1, 1, 0, self.rows.len() as u16];
        let mut tags = vec![Tag::shorts(tag::GEO_KEYS, &[&[head], self.rows.as_slice()].concat().concat())];
        if !self.reals.is_empty() {
            tags.push(Tag::reals(tag::GEO_REALS, &self.reals));
        }
        tags
    }
}

/// Method and numbers of further projections.
fn more(name: &str, number: &dyn Fn(&str) -> Option<f64>, parallels: &[f64]) -> Option<(u16, Vec<(u16, f64)>)> {
    let offset = |name: &str| number(name).unwrap_or(0.0);
    let offsets = [(EASTING, offset("false_easting")), (NORTHING, offset("false_northing"))];
    let latitude = number("latitude_of_projection_origin")?;
    Some(match name {
        "transverse_mercator" => {
            let origin = [(ORIGIN_LONGITUDE, number("longitude_of_central_meridian")?), (ORIGIN_LATITUDE, latitude)];
            let scale = number("scale_factor_at_central_meridian")?;
            (TRANSVERSE_MERCATOR, [origin.as_slice(), &offsets, &[(SCALE, scale)]].concat())
        }
        "albers_conical_equal_area" => {
            let first = *parallels.first()?;
            let both = [(PARALLEL, first), (OTHER_PARALLEL, parallels.get(1).copied().unwrap_or(first))];
            let origin = [(ORIGIN_LONGITUDE, number("longitude_of_central_meridian")?), (ORIGIN_LATITUDE, latitude)];
            (ALBERS, [both, origin, offsets].concat())
        }
        "lambert_azimuthal_equal_area" => {
            let centre = [(CENTRE_LONGITUDE, number("longitude_of_projection_origin")?), (CENTRE_LATITUDE, latitude)];
            (LAMBERT_AZIMUTHAL, [offsets, centre].concat())
        }
        _ => return None,
    })
}

/// The system of a grid mapping in metres; none where `GeoTIFF` does not know the projection, or something is not said.
fn projected(mapping: &Field) -> Option<Keys> {
    let list = |name: &str| mapping.attribute(name).map(|v| (0..v.len()).filter_map(|i| v.get_f64(i)).collect::<Vec<_>>()).unwrap_or_default();
    let number = |name: &str| list(name).first().copied();
    let offset = |name: &str| number(name).unwrap_or(0.0);
    let (easting, northing) = (offset("false_easting"), offset("false_northing"));
    let major = number("semi_major_axis").or_else(|| number("earth_radius"))?;
    let minor = match (number("semi_minor_axis"), number("inverse_flattening")) {
        (Some(minor), _) => minor,
        (None, Some(inverse)) if inverse != 0.0 => major - major / inverse,
        _ => major,
    };
    let mut keys = Keys::default();
    keys.head(1, GEODETIC_CRS, OWN);
    keys.short(DATUM, OWN);
    keys.short(ANGULAR_UNITS, DEGREES);
    keys.short(ELLIPSOID, OWN);
    keys.real(SEMI_MAJOR_AXIS, major);
    keys.real(SEMI_MINOR_AXIS, minor);
    keys.short(PROJECTED_CRS, OWN);
    keys.short(PROJECTION, OWN);
    let parallels = list("standard_parallel");
    let parallel = parallels.first().copied();
    let name = mapping.attribute("grid_mapping_name").and_then(Values::as_text)?;
    let (method, numbers) = match name.as_str() {
        "mercator" => {
            let longitude = number("longitude_of_projection_origin")?;
            (MERCATOR, vec![(PARALLEL, parallel?), (ORIGIN_LONGITUDE, longitude), (ORIGIN_LATITUDE, 0.0), (EASTING, easting), (NORTHING, northing)])
        }
        // The parallel stands where other projections have their origin.
        "polar_stereographic" => {
            let longitude = number("straight_vertical_longitude_from_pole")?;
            (POLAR_STEREOGRAPHIC, vec![(ORIGIN_LATITUDE, parallel?), (EASTING, easting), (NORTHING, northing), (POLE_LONGITUDE, longitude)])
        }
        "lambert_conformal_conic" => {
            let origin = [number("longitude_of_central_meridian")?, number("latitude_of_projection_origin")?];
            let both = [(PARALLEL, parallel?), (OTHER_PARALLEL, parallels.get(1).copied().or(parallel)?)];
            let of_origin = [(FALSE_ORIGIN_LONGITUDE, origin[0]), (FALSE_ORIGIN_LATITUDE, origin[1])];
            let offsets = [(FALSE_ORIGIN_EASTING, easting), (FALSE_ORIGIN_NORTHING, northing)];
            (LAMBERT_OF_TWO_PARALLELS, [both, of_origin, offsets].concat())
        }
        name => more(name, &number, parallels.as_slice())?,
    };
    keys.short(METHOD, method);
    keys.short(LINEAR_UNITS, METRES);
    numbers.into_iter().for_each(|(key, value)| keys.real(key, value));
    Some(keys)
}
