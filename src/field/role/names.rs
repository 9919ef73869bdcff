//! What names say where nothing else does: those that models and centres use for what is no measurement.

use super::words::words;
use super::{Judgement, Role, own, text};
use crate::field::Field;

/// Whole names, in lower case, of any type.
const NAMES: [(&[&str], Role); 13] = [
    (
        &[
            "hyam", "hybm", "hyai", "hybi", "p0", "p_top", "ptop", "znu", "znw", "dn", "dnw", "rdn", "rdnw", "fnm", "fnp", "p00", "cf1", "cf2", "cf3", "cfn",
            "cfn1",
        ],
        Role::FormulaTerm,
    ),
    (&["c1h", "c2h", "c3h", "c4h", "c1f", "c2f", "c3f", "c4f"], Role::FormulaTerm),
    (
        &[
            "lat",
            "lats",
            "latitude",
            "latitudes",
            "lon",
            "lons",
            "longitude",
            "longitudes",
            "xlat",
            "xlong",
            "xlon",
            "nav_lat",
            "nav_lon",
            "tlat",
            "tlon",
            "tlong",
            "ulat",
            "ulon",
            "ulong",
            "clat",
            "clon",
            "glat",
            "glon",
            "gphit",
            "glamt",
            "rlat",
            "rlon",
            "latcell",
            "loncell",
            "latvertex",
            "lonvertex",
            "latedge",
            "lonedge",
        ],
        Role::Coordinate,
    ),
    (&["gw", "area", "cell_area", "areacella", "areacello", "tarea", "uarea", "areacell", "e1t", "e2t", "e1u", "e2u", "e1v", "e2v"], Role::CellMeasure),
    (
        &[
            "sinalpha",
            "cosalpha",
            "rdx",
            "rdy",
            "mapfac_m",
            "mapfac_u",
            "mapfac_v",
            "mapfac_mx",
            "mapfac_my",
            "mapfac_ux",
            "mapfac_uy",
            "mapfac_vx",
            "mapfac_vy",
            "mf_vx_inv",
        ],
        Role::GridMapping,
    ),
    (&["lsm", "land", "landmask", "lsmask", "landsea", "landseamask", "land_sea_mask", "xland", "tmask", "umask", "vmask", "fmask"], Role::Mask),
    (&["csnow", "cicep", "cfrzr", "crain"], Role::Mask),
    (&["basin", "basins", "wx", "ww", "weather", "present_weather", "presweather", "past_weather", "ptype", "precipitation_type"], Role::Flag),
    (
        &[
            "slt",
            "tvl",
            "tvh",
            "sotype",
            "vgtyp",
            "ivgtyp",
            "isltyp",
            "lu_index",
            "soiltyp",
            "vegtyp",
            "soil_type",
            "vegetation_type",
            "landcover",
            "land_cover",
            "surface_type",
            "pft",
        ],
        Role::Flag,
    ),
    (&["time", "times", "date", "datesec", "year", "yyyymmdd", "yyyymmddhh", "mdate", "xtime", "itime", "valid_time", "reftime", "julian_day"], Role::Time),
    (&["crs", "spatial_ref"], Role::GridMapping),
    (&["wmoid", "stationid", "station_id", "wmo_id", "wmo", "icao"], Role::Identifier),
    (&["nv", "nbe", "face_nodes", "edge_nodes", "cellsoncell", "verticesoncell", "edgesoncell", "cellsonvertex"], Role::Connectivity),
];

/// Words of names, whatever the type.
const WORDS: [(&[&str], Role); 4] = [
    (&["mask"], Role::Mask),
    (&["flag", "flags", "qc", "qca", "qcr", "qcd", "dqf", "bitmask"], Role::Flag),
    (&["bnds", "bounds", "bnd"], Role::CellBounds),
    (&["id", "ids"], Role::Identifier),
];

/// Words of names of whole numbers without a unit.
const WORDS_OF_INTEGERS: [(&[&str], Role); 3] = [
    (&["quality", "status", "code", "type", "category", "class", "weather", "wx"], Role::Flag),
    (&["index", "idx", "indices", "count", "number", "num", "size", "record", "bin", "inventory", "points"], Role::Index),
    (&["time", "date", "year", "month", "day", "hour", "minute"], Role::Time),
];

/// Coefficients of hybrid levels: pressure and share of the surface's.
const COEFFICIENTS: [&str; 6] = ["a", "b", "ap", "a_bnds", "b_bnds", "ap_bnds"];

/// Words of dimensions along which such coefficients stand.
const LEVELS: [&str; 12] = ["lev", "levs", "level", "levels", "plev", "nhym", "nhyi", "ilev", "hybrid", "mlev", "half", "full"];

/// What the name says.
pub(super) fn judge(field: &Field, dimensions: &[String]) -> Option<Judgement> {
    let name = field.name.rsplit('/').next().unwrap_or_default();
    let short = text(field, "GRIB_shortName");
    let lower = name.to_lowercase();
    let whole = |name: &str| listed(&NAMES, name);
    let words = words(name);
    let one_of = |list: &[(&[&str], Role)]| list.iter().find_map(|row| words.iter().find_map(|word| listed(core::slice::from_ref(row), word)));
    let is_code = !field.values.data_type().is_float() && own::unit(field).is_none() && !own::is_packed(field);
    let role = short.as_deref().and_then(whole).or_else(|| whole(&lower)).filter(|role| agrees(field, *role));
    let role = role.or_else(|| one_of(&WORDS).filter(|role| agrees(field, *role))).or_else(|| if is_code { one_of(&WORDS_OF_INTEGERS) } else { None });
    let role = role.or_else(|| is_coefficient(field, &lower, dimensions).then_some(Role::FormulaTerm));
    role.map(|role| Judgement::new(role, format!("the name {:?}", short.filter(|s| whole(s).is_some()).as_deref().unwrap_or(name))))
}

/// The role of the first row that has the word. Not inlined: lists that are known there would become a comparison for each of their words.
#[inline(never)]
fn listed(rows: &[(&[&str], Role)], word: &str) -> Option<Role> {
    rows.iter().find(|(names, _)| names.contains(&word)).map(|(_, role)| *role)
}

/// A standard name or a unit of something else stands against the name.
fn agrees(field: &Field, role: Role) -> bool {
    let unit = own::unit(field);
    let free = text(field, "standard_name").is_none();
    match role {
        Role::Mask | Role::Flag | Role::Identifier | Role::Connectivity => unit.is_none_or(|unit| own::is_share(&unit)),
        Role::FormulaTerm => field.shape.len() <= 2,
        Role::Coordinate | Role::CellMeasure | Role::Time => free,
        _ => true,
    }
}

fn is_coefficient(field: &Field, name: &str, dimensions: &[String]) -> bool {
    let level = |d: &usize| dimensions.get(*d).is_some_and(|name| words(name).iter().any(|w| LEVELS.contains(&w.as_str())));
    COEFFICIENTS.contains(&name) && field.dimensions.first().is_some_and(level) && field.dimensions.len() <= 2
}
