//! Keys of `GeoTIFF` (OGC 19-008), and which projections it shares with the CF conventions (appendix F), by what names and numbers.

/// Keys, and numbers that they take.
pub(crate) mod key {
    pub(crate) const MODEL_TYPE: u16 = 1024;
    pub(crate) const RASTER_TYPE: u16 = 1025;
    pub(crate) const CITATION: u16 = 1026;
    pub(crate) const GEODETIC_CRS: u16 = 2048;
    pub(crate) const DATUM: u16 = 2050;
    pub(crate) const PRIME_MERIDIAN: u16 = 2051;
    pub(crate) const ANGULAR_UNITS: u16 = 2054;
    pub(crate) const ELLIPSOID: u16 = 2056;
    pub(crate) const SEMI_MAJOR_AXIS: u16 = 2057;
    pub(crate) const SEMI_MINOR_AXIS: u16 = 2058;
    pub(crate) const INVERSE_FLATTENING: u16 = 2059;
    pub(crate) const PROJECTED_CRS: u16 = 3072;
    pub(crate) const PROJECTED_CITATION: u16 = 3073;
    pub(crate) const PROJECTION: u16 = 3074;
    pub(crate) const METHOD: u16 = 3075;
    pub(crate) const LINEAR_UNITS: u16 = 3076;
    pub(crate) const PARALLEL: u16 = 3078;
    pub(crate) const OTHER_PARALLEL: u16 = 3079;
    pub(crate) const ORIGIN_LONGITUDE: u16 = 3080;
    pub(crate) const ORIGIN_LATITUDE: u16 = 3081;
    pub(crate) const EASTING: u16 = 3082;
    pub(crate) const NORTHING: u16 = 3083;
    pub(crate) const FALSE_ORIGIN_LONGITUDE: u16 = 3084;
    pub(crate) const FALSE_ORIGIN_LATITUDE: u16 = 3085;
    pub(crate) const FALSE_ORIGIN_EASTING: u16 = 3086;
    pub(crate) const FALSE_ORIGIN_NORTHING: u16 = 3087;
    pub(crate) const CENTRE_LONGITUDE: u16 = 3088;
    pub(crate) const CENTRE_LATITUDE: u16 = 3089;
    pub(crate) const CENTRE_EASTING: u16 = 3090;
    pub(crate) const CENTRE_NORTHING: u16 = 3091;
    pub(crate) const SCALE: u16 = 3092;
    pub(crate) const CENTRE_SCALE: u16 = 3093;
    pub(crate) const POLE_LONGITUDE: u16 = 3095;
    /// What is said by keys of its own.
    pub(crate) const OWN: u16 = 32767;
    pub(crate) const DEGREES: u16 = 9102;
    pub(crate) const METRES: u16 = 9001;
    pub(crate) const US_SURVEY_FEET: u16 = 9003;
    pub(crate) const KILOMETRES: u16 = 9036;
    pub(crate) const GREENWICH: u16 = 8901;
    pub(crate) const PIXEL_IS_AREA: u16 = 1;
    pub(crate) const PIXEL_IS_POINT: u16 = 2;
    /// Values of [`MODEL_TYPE`].
    pub(crate) const PROJECTED: u16 = 1;
    pub(crate) const GEOGRAPHIC: u16 = 2;
}

use key::{
    CENTRE_EASTING, CENTRE_LATITUDE, CENTRE_LONGITUDE, CENTRE_NORTHING, CENTRE_SCALE, EASTING, FALSE_ORIGIN_EASTING, FALSE_ORIGIN_LATITUDE,
    FALSE_ORIGIN_LONGITUDE, FALSE_ORIGIN_NORTHING, NORTHING, ORIGIN_LATITUDE, ORIGIN_LONGITUDE, OTHER_PARALLEL, PARALLEL, POLE_LONGITUDE, SCALE,
};

/// Attributes of grid mappings.
pub(crate) mod attribute {
    pub(crate) const PARALLEL: &str = "standard_parallel";
    pub(crate) const CENTRAL_MERIDIAN: &str = "longitude_of_central_meridian";
    pub(crate) const LONGITUDE: &str = "longitude_of_projection_origin";
    pub(crate) const LATITUDE: &str = "latitude_of_projection_origin";
    pub(crate) const POLE_LONGITUDE: &str = "straight_vertical_longitude_from_pole";
    pub(crate) const MERIDIAN_SCALE: &str = "scale_factor_at_central_meridian";
    pub(crate) const SCALE: &str = "scale_factor_at_projection_origin";
    pub(crate) const EASTING: &str = "false_easting";
    pub(crate) const NORTHING: &str = "false_northing";
    /// Tags of a TIFF as they are, for the way back: the keys, the numbers that they refer to, and ground control points.
    pub(crate) const KEYS: &str = "GeoKeyDirectory";
    pub(crate) const REALS: &str = "GeoDoubleParams";
    pub(crate) const POINTS: &str = "ModelTiepoint";
    /// Where pixels are, as GDAL says it in NetCDF: x of the corner, x across, x down, y of the corner, y across, y down.
    pub(crate) const TRANSFORM: &str = "GeoTransform";
}

use attribute as a;

/// A projection that both know.
pub(crate) struct Projection {
    /// `grid_mapping_name`.
    pub(crate) name: &'static str,
    /// Number of the method.
    pub(crate) method: u16,
    /// Attributes and keys in the order in which they are written. An attribute that stands twice has two numbers.
    pub(crate) parameters: &'static [(&'static str, u16)],
}

const fn projection(name: &'static str, method: u16, parameters: &'static [(&'static str, u16)]) -> Projection {
    Projection { name, method, parameters }
}

/// In the order in which they are tried: a row fits where both sides say all that it names, offsets and scales aside.
pub(crate) static PROJECTIONS: [Projection; 14] = [
    projection(
        "transverse_mercator",
        1,
        &[(a::CENTRAL_MERIDIAN, ORIGIN_LONGITUDE), (a::LATITUDE, ORIGIN_LATITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::MERIDIAN_SCALE, SCALE)],
    ),
    projection("mercator", 7, &[(a::PARALLEL, PARALLEL), (a::LONGITUDE, ORIGIN_LONGITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING)]),
    projection("mercator", 7, &[(a::LONGITUDE, ORIGIN_LONGITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::SCALE, SCALE)]),
    projection(
        "lambert_conformal_conic",
        8,
        &[
            (a::PARALLEL, PARALLEL),
            (a::PARALLEL, OTHER_PARALLEL),
            (a::CENTRAL_MERIDIAN, FALSE_ORIGIN_LONGITUDE),
            (a::LATITUDE, FALSE_ORIGIN_LATITUDE),
            (a::EASTING, FALSE_ORIGIN_EASTING),
            (a::NORTHING, FALSE_ORIGIN_NORTHING),
        ],
    ),
    // One parallel, which is the origin too; never written so, as its scale is 1.
    projection(
        "lambert_conformal_conic",
        9,
        &[
            (a::PARALLEL, ORIGIN_LATITUDE),
            (a::CENTRAL_MERIDIAN, ORIGIN_LONGITUDE),
            (a::LATITUDE, ORIGIN_LATITUDE),
            (a::EASTING, EASTING),
            (a::NORTHING, NORTHING),
        ],
    ),
    projection("lambert_azimuthal_equal_area", 10, &CENTRED),
    projection(
        "albers_conical_equal_area",
        11,
        &[
            (a::PARALLEL, PARALLEL),
            (a::PARALLEL, OTHER_PARALLEL),
            (a::CENTRAL_MERIDIAN, ORIGIN_LONGITUDE),
            (a::LATITUDE, ORIGIN_LATITUDE),
            (a::EASTING, EASTING),
            (a::NORTHING, NORTHING),
        ],
    ),
    projection("azimuthal_equidistant", 12, &CENTRED),
    projection(
        "stereographic",
        14,
        &[(a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::LONGITUDE, CENTRE_LONGITUDE), (a::LATITUDE, CENTRE_LATITUDE), (a::SCALE, SCALE)],
    ),
    // The parallel stands where other projections have their origin.
    projection(
        "polar_stereographic",
        15,
        &[(a::PARALLEL, ORIGIN_LATITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::POLE_LONGITUDE, POLE_LONGITUDE)],
    ),
    projection(
        "polar_stereographic",
        15,
        &[(a::LATITUDE, ORIGIN_LATITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::SCALE, SCALE), (a::POLE_LONGITUDE, POLE_LONGITUDE)],
    ),
    projection("orthographic", 21, &CENTRED),
    projection("sinusoidal", 24, &[(a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::LONGITUDE, CENTRE_LONGITUDE)]),
    projection(
        "lambert_cylindrical_equal_area",
        28,
        &[(a::PARALLEL, PARALLEL), (a::CENTRAL_MERIDIAN, ORIGIN_LONGITUDE), (a::EASTING, EASTING), (a::NORTHING, NORTHING)],
    ),
];

const CENTRED: [(&str, u16); 4] = [(a::EASTING, EASTING), (a::NORTHING, NORTHING), (a::LONGITUDE, CENTRE_LONGITUDE), (a::LATITUDE, CENTRE_LATITUDE)];

/// Keys that programs use for one another, whatever the projection.
pub(crate) const ALTERNATIVES: [&[u16]; 5] = [
    &[ORIGIN_LONGITUDE, FALSE_ORIGIN_LONGITUDE, CENTRE_LONGITUDE, POLE_LONGITUDE],
    &[ORIGIN_LATITUDE, FALSE_ORIGIN_LATITUDE, CENTRE_LATITUDE],
    &[EASTING, FALSE_ORIGIN_EASTING, CENTRE_EASTING],
    &[NORTHING, FALSE_ORIGIN_NORTHING, CENTRE_NORTHING],
    &[SCALE, CENTRE_SCALE],
];

/// What holds where neither side says it.
pub(crate) fn usual(attribute: &str) -> Option<f64> {
    match attribute {
        a::EASTING | a::NORTHING => Some(0.0),
        a::SCALE => Some(1.0),
        _ => None,
    }
}

/// A geodetic system by its number in the EPSG register.
pub(crate) struct Geodetic {
    pub(crate) code: u16,
    pub(crate) name: &'static str,
    /// Number and shape of its ellipsoid: half the major axis in metres, inverse flattening.
    pub(crate) ellipsoid: (u16, f64, f64),
}

const fn geodetic(code: u16, name: &'static str, ellipsoid: (u16, f64, f64)) -> Geodetic {
    Geodetic { code, name, ellipsoid }
}

const GRS_1980: (u16, f64, f64) = (7019, 6_378_137.0, 298.257_222_101);

/// Those that grids are projected from; the number of a datum is 2000 more.
pub(crate) static GEODETICS: [Geodetic; 15] = [
    geodetic(4326, "WGS 84", (7030, 6_378_137.0, 298.257_223_563)),
    geodetic(4258, "ETRS89", GRS_1980),
    geodetic(4269, "NAD83", GRS_1980),
    geodetic(4267, "NAD27", (7008, 6_378_206.4, 294.978_698_213_898)),
    geodetic(4230, "ED50", (7022, 6_378_388.0, 297.0)),
    geodetic(4277, "OSGB36", (7001, 6_377_563.396, 299.324_964_6)),
    geodetic(4283, "GDA94", GRS_1980),
    geodetic(7844, "GDA2020", GRS_1980),
    geodetic(4314, "DHDN", (7004, 6_377_397.155, 299.152_812_8)),
    geodetic(4322, "WGS 72", (7043, 6_378_135.0, 298.26)),
    geodetic(4612, "JGD2000", GRS_1980),
    geodetic(4617, "NAD83(CSRS)", GRS_1980),
    geodetic(4674, "SIRGAS 2000", GRS_1980),
    geodetic(4167, "NZGD2000", GRS_1980),
    geodetic(4490, "China Geodetic Coordinate System 2000", (1024, 6_378_137.0, 298.257_222_101)),
];

/// Shape of an ellipsoid by its number.
pub(crate) fn ellipsoid(code: u16) -> Option<(f64, f64)> {
    GEODETICS.iter().map(|g| g.ellipsoid).find(|(number, ..)| *number == code).map(|(_, major, inverse)| (major, inverse))
}

/// How well-known text is put into a citation, where keys do not suffice: ArcGIS began it, GDAL follows.
pub(crate) const WELL_KNOWN_TEXT: &str = "ESRI PE String = ";
