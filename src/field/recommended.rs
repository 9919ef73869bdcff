//! Error bounds that climate scientists recommend for common variables.
//!
//! Numbers of the Python package compression-recommendations 0.1 (Tyree et al.), which asks the developers and users of ERA5, with the names that others have for the same.
//! Where it asks for several things at once, the bound is the largest single one that implies them all: what it says of the mean of errors holds for each of them, and what it
//! says relative to the range or to the mean of the values is taken of the values that are there. Without values, those parts are left out. Of its levels (pressure, single) only
//! those of the geopotential make a difference; the same variable at other levels gets the same bound.

use super::{DataType, ErrorBound, Field, Values};

/// Units in which bounds are given.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Kelvin,
    MetresPerSecond,
    Pascal,
    PascalPerSecond,
    Geopotential,
    Metre,
    JoulesPerSquareMetre,
    JoulesPerKilogram,
    WattsPerSquareMetre,
    KilogramsPerSquareMetre,
    /// Of precipitation, as mass or depth.
    Rate,
    Share,
    /// Of air that is of something: a ratio, not a share of an area.
    MassFraction,
    PerSecond,
    Second,
    Degree,
}

use Unit::{
    Degree, Geopotential, JoulesPerKilogram, JoulesPerSquareMetre, Kelvin, KilogramsPerSquareMetre, MassFraction, Metre, MetresPerSecond, Pascal,
    PascalPerSecond, PerSecond, Rate, Second, Share, WattsPerSquareMetre,
};

/// What is asked of the errors, all at once; infinite where nothing is.
#[derive(Clone, Copy)]
struct Limits {
    /// Of each error, in the unit.
    absolute: f64,
    /// Of each error, relative to the range.
    of_range: f64,
    /// Of the mean error, relative to the mean of |values|.
    of_mean: f64,
    /// Of each error, relative to its value.
    of_each: f64,
}

const fn abs(absolute: f64) -> Limits {
    Limits { absolute, of_range: f64::INFINITY, of_mean: f64::INFINITY, of_each: f64::INFINITY }
}

const fn each(of_each: f64) -> Limits {
    Limits { of_each, ..abs(f64::INFINITY) }
}

/// No error at all: classes and masks.
const NONE: Limits = abs(0.0);

impl Limits {
    const fn of_range(self, of_range: f64) -> Self {
        Self { of_range, ..self }
    }

    const fn of_mean(self, of_mean: f64) -> Self {
        Self { of_mean, ..self }
    }

    const fn and_abs(self, absolute: f64) -> Self {
        Self { absolute, ..self }
    }

    /// The largest bound that implies all of it, where a unit of the limits is so many of the field's.
    fn bound(self, units: f64, field: &Field) -> ErrorBound {
        let (seen, absolute) = (Seen::of(field), self.absolute * units);
        if self.of_each.is_finite() {
            let share = seen.filter(|s| s.largest > 0.0).map_or(self.of_each, |s| self.of_each.min(absolute / s.largest)).min(self.of_mean);
            return ErrorBound::pointwise(share).ok().filter(|_| share > precision(field)).unwrap_or(ErrorBound::Lossless);
        }
        let of_range = seen.map(|s| s.range * self.of_range).filter(|part| *part > 0.0);
        let of_mean = seen.map(|s| s.mean * self.of_mean).filter(|part| *part > 0.0);
        let absolute = [of_range, of_mean].into_iter().flatten().fold(absolute, f64::min);
        ErrorBound::absolute(absolute).unwrap_or(ErrorBound::Lossless)
    }
}

/// Shares below which floats cannot move.
fn precision(field: &Field) -> f64 {
    if field.values.data_type() == DataType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) }
}

/// What limits are relative to, in physical units.
#[derive(Clone, Copy)]
struct Seen {
    range: f64,
    /// Of |values|.
    mean: f64,
    /// Of |values|.
    largest: f64,
}

impl Seen {
    /// `None` without values.
    fn of(field: &Field) -> Option<Self> {
        let packing = field.packing();
        let (mut low, mut high, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0u64);
        for value in field.present().map(|v| packing.unpack(v)) {
            (low, high, sum, count) = (low.min(value), high.max(value), sum + value.abs(), count + 1);
        }
        (count > 0).then(|| Self { range: high - low, mean: sum / count as f64, largest: low.abs().max(high.abs()) })
    }
}

/// Variables that get the same bound.
struct Row {
    /// Standard names (CF).
    standard: &'static [&'static str],
    /// Short names of ECMWF, NCEP, CMIP and files that follow them, in lower case.
    names: &'static [&'static str],
    limits: Limits,
    unit: Unit,
    /// Whether the names say enough where there is no unit.
    bare: bool,
}

const fn row(standard: &'static [&'static str], names: &'static [&'static str], limits: Limits, unit: Unit) -> Row {
    Row { standard, names, limits, unit, bare: false }
}

/// Of names that mean one thing alone.
const fn bare(row: Row) -> Row {
    Row { bare: true, ..row }
}

/// A name may stand in several rows, which differ in their units then.
const TABLE: [Row; 42] = [
    row(
        &[
            "air_temperature",
            "dew_point_temperature",
            "sea_water_temperature",
            "sea_water_potential_temperature",
            "brightness_temperature",
            "toa_brightness_temperature",
        ],
        &["t", "ta", "air", "tmp", "temp", "thetao", "to"],
        abs(0.01).of_range(0.01),
        Kelvin,
    ),
    row(
        &["sea_surface_temperature", "temperature_in_surface_snow"],
        &["t2m", "2t", "d2m", "2d", "dpt", "dpt2m", "sst", "skt", "tsn", "mn2t", "mx2t", "tmax", "tmin", "tas", "tasmax", "tasmin", "tos", "tsurf"],
        abs(0.01),
        Kelvin,
    ),
    // Means to 0.002 K.
    row(
        &["soil_temperature", "surface_temperature"],
        &["stl1", "stl2", "stl3", "stl4", "istl1", "istl2", "istl3", "istl4", "st", "tsl", "tsoil", "ts"],
        abs(0.002).of_range(0.01),
        Kelvin,
    ),
    row(&[], &["u10", "v10", "10u", "10v", "u10m", "v10m"], abs(0.001).of_mean(0.5), MetresPerSecond),
    row(
        &["eastward_wind", "northward_wind", "wind_speed", "wind_speed_of_gust", "x_wind", "y_wind"],
        &[
            "u", "v", "ua", "va", "uas", "vas", "u100", "v100", "100u", "100v", "u10n", "v10n", "uwnd", "vwnd", "ugrd", "vgrd", "gust", "fg10", "10fg",
            "i10fg", "wind", "sfcwind", "si10", "10si", "ws", "wspd",
        ],
        abs(0.001),
        MetresPerSecond,
    ),
    row(&["lagrangian_tendency_of_air_pressure"], &["w", "omega", "vvel", "wap"], each(0.05).and_abs(0.01), PascalPerSecond),
    row(&["geopotential", "geopotential_height"], &["z", "gh", "hgt", "phi", "zg"], abs(10.0), Geopotential),
    row(&["surface_air_pressure"], &["sp", "ps", "psfc", "pres"], abs(1.0).of_range(0.01), Pascal),
    row(&["air_pressure_at_mean_sea_level", "air_pressure_at_sea_level", "air_pressure"], &["msl", "prmsl", "mslet", "slp", "psl", "mslp"], abs(1.0), Pascal),
    bare(row(&["specific_humidity"], &["q", "shum", "spfh", "huss", "hus", "q2m", "sh2"], each(0.01), MassFraction)),
    bare(row(&["relative_humidity"], &["r2", "rh", "rhum", "hur", "hurs", "rh2m"], each(0.01), Share)),
    // As a share of 1, r is a correlation as often.
    row(&[], &["r"], each(0.01), Share),
    bare(row(&["mass_fraction_of_ozone_in_air"], &["o3", "o3mr"], each(0.01), MassFraction)),
    bare(row(&[], &["ciwc", "clwc", "crwc", "cswc", "clwmr", "icmr"], each(0.01), MassFraction)),
    bare(row(&["cloud_area_fraction_in_atmosphere_layer"], &["cc"], each(0.01), Share)),
    bare(row(&["atmosphere_convective_available_potential_energy"], &["cape"], each(0.01), JoulesPerKilogram)),
    bare(row(&["atmosphere_mass_content_of_ozone"], &["tco3"], each(0.01), KilogramsPerSquareMetre)),
    row(&["atmosphere_relative_vorticity", "divergence_of_wind"], &["vo", "d", "relv", "reld"], each(0.05), PerSecond),
    row(
        &["lwe_thickness_of_precipitation_amount", "lwe_thickness_of_convective_precipitation_amount", "lwe_thickness_of_stratiform_precipitation_amount"],
        &["tp", "cp", "lsp", "apcp", "acpcp", "ncpcp", "precip", "rain", "prcp"],
        abs(1e-5),
        Metre,
    ),
    row(&["precipitation_amount", "convective_precipitation_amount", "stratiform_precipitation_amount"], &[], abs(1e-5), Metre),
    row(&["lwe_thickness_of_snowfall_amount", "snowfall_amount"], &["sf", "csf", "lsf"], abs(1e-5), Metre),
    row(&["lwe_thickness_of_surface_snow_amount", "surface_snow_amount"], &["sd", "weasd", "snw"], abs(1e-5).of_mean(0.01), Metre),
    row(
        &["precipitation_flux", "convective_precipitation_flux", "stratiform_precipitation_flux", "snowfall_flux", "lwe_precipitation_rate"],
        &[
            "pr",
            "prc",
            "prsn",
            "precip",
            "prect",
            "precc",
            "precl",
            "prate",
            "cprat",
            "tprate",
            "avg_tprate",
            "avg_cpr",
            "avg_lsprate",
            "crr",
            "lsrr",
            "csfr",
            "lssfr",
        ],
        each(0.01),
        Rate,
    ),
    row(&["atmosphere_boundary_layer_thickness"], &["blh", "hpbl"], abs(10.0), Metre),
    row(&["sea_surface_wave_significant_height"], &["swh", "hmax", "shww", "shts", "htsgw"], abs(0.01), Metre),
    row(&["sea_surface_wave_mean_period"], &["mwp", "pp1d", "mp1", "mp2"], abs(0.01), Second),
    row(&["sea_surface_wave_from_direction"], &["mwd", "mdts", "mdww"], abs(0.1), Degree),
    row(&["cloud_area_fraction"], &["tcc", "clt", "tcdc"], abs(0.05).of_mean(0.01), Share),
    row(
        &["low_type_cloud_area_fraction", "medium_type_cloud_area_fraction", "high_type_cloud_area_fraction"],
        &["lcc", "mcc", "hcc", "lcdc", "mcdc", "hcdc"],
        each(0.01),
        Share,
    ),
    // 5 % of each, and 1 % in the mean, which 1 % of each implies.
    row(&["sea_ice_area_fraction"], &["siconc", "ci", "icec", "sic"], each(0.05).of_mean(0.01).and_abs(0.05), Share),
    row(
        &[
            "surface_downwelling_shortwave_flux_in_air",
            "surface_downwelling_longwave_flux_in_air",
            "surface_upwelling_shortwave_flux_in_air",
            "surface_upwelling_longwave_flux_in_air",
            "surface_net_downward_shortwave_flux",
            "surface_net_downward_longwave_flux",
            "toa_outgoing_longwave_flux",
            "toa_outgoing_shortwave_flux",
            "toa_incoming_shortwave_flux",
        ],
        &["dswrf", "dlwrf", "uswrf", "ulwrf", "avg_sdswrf", "avg_sdlwrf", "avg_snswrf", "avg_snlwrf", "rsds", "rlds", "rsus", "rlus", "rlut", "rsut", "rsdt"],
        abs(0.1),
        WattsPerSquareMetre,
    ),
    row(
        &[
            "surface_downwelling_shortwave_flux_in_air",
            "surface_downwelling_longwave_flux_in_air",
            "surface_net_downward_shortwave_flux",
            "surface_net_upward_longwave_flux",
            "toa_outgoing_longwave_flux",
            "toa_incoming_shortwave_flux",
            "toa_net_upward_shortwave_flux",
        ],
        &["ssrd", "strd", "ssr", "str", "ssrc", "strc", "tsr", "ttr", "tsrc", "ttrc", "tisr", "fdir", "cdir"],
        abs(3600.0),
        JoulesPerSquareMetre,
    ),
    row(
        &["surface_upward_latent_heat_flux", "surface_upward_sensible_heat_flux"],
        &["lhtfl", "shtfl", "ishf", "avg_ishf", "avg_slhtf", "hfls", "hfss"],
        abs(0.1),
        WattsPerSquareMetre,
    ),
    row(&["surface_upward_latent_heat_flux", "surface_upward_sensible_heat_flux"], &["slhf", "sshf"], abs(1000.0), JoulesPerSquareMetre),
    row(
        &["atmosphere_mass_content_of_water_vapor", "lwe_thickness_of_atmosphere_mass_content_of_water_vapor"],
        &["tcw", "tcwv", "pwat", "prw"],
        abs(0.1),
        KilogramsPerSquareMetre,
    ),
    row(&[], &["tciw", "tclw", "tcsw", "tcslw", "cwat"], abs(0.01), KilogramsPerSquareMetre),
    row(&[], &["tcrw"], abs(0.01), KilogramsPerSquareMetre),
    row(&[], &["cbh", "deg0l"], abs(1.0), Metre),
    row(&[], &["cin"], abs(1.0), JoulesPerKilogram),
    row(&[], &["mxtpr", "mntpr"], each(0.01), Rate),
    bare(row(&["land_binary_mask", "soil_type", "vegetation_type"], &["lsm", "land", "slt", "ptype", "tvl", "tvh", "mask", "landmask"], NONE, Share)),
    row(&[], &["swvl1", "swvl2", "swvl3", "swvl4"], abs(1e-5).of_mean(0.01), Share),
];

/// The bound recommended for a variable, in its own units; `None` where nothing is known of it: no name of the list, or a unit that the list's number does not fit.
///
/// It is told by `standard_name`, or where it has none by the short name of GRIB or its own, whole but for a level behind it. A standard name that is not in the list stops
/// the search, whatever the other names are.
#[must_use]
pub fn recommended(field: &Field) -> Option<ErrorBound> {
    let text = |name| field.attribute(name).and_then(Values::as_text).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let units = text("units");
    let fits = |row: &Row| if row.limits.absolute == 0.0 { Some(1.0) } else { factor(row, units.as_deref()) };
    let find = |is_it: &dyn Fn(&Row) -> bool| TABLE.iter().filter(|row| is_it(row)).find_map(|row| Some((row, fits(row)?)));
    let found = match text("standard_name").filter(|name| name != "unknown") {
        Some(standard) => find(&|row| row.standard.contains(&standard.as_str())),
        None => {
            let own = whole_name(field.name.rsplit('/').next().unwrap_or_default());
            let short = text("GRIB_shortName").or_else(|| text("GRIB_cfVarName")).map(|name| name.to_lowercase()).filter(|name| name != "unknown");
            find(&|row| row.names.contains(&short.as_deref().unwrap_or(&own)))
        }
    };
    let (row, units) = found?;
    let limits = if row.unit == Geopotential && is_at_pressure(field) { abs(5.0) } else { row.limits };
    Some(limits.bound(units, field))
}

/// How many of the units of a variable one of a row is.
fn factor(row: &Row, units: Option<&str>) -> Option<f64> {
    match units {
        None => row.bare.then_some(1.0),
        Some("1") if row.names == ["r"] => None,
        Some(units) => per(row.unit, units),
    }
}

/// On a level of pressure, where means of errors count too: as GRIB says, or among others on levels at times.
fn is_at_pressure(field: &Field) -> bool {
    match field.attribute("GRIB_typeOfLevel").and_then(Values::as_text) {
        Some(level) => level.starts_with("isobaric"),
        None => field.shape.len() > 3 || field.name.to_lowercase().contains("isobaric"),
    }
}

/// Words with which names of levels begin, in lower case.
const LEVELS: [&str; 16] = [
    "isobaric",
    "surface",
    "heightabove",
    "meansea",
    "depthbelow",
    "hybrid",
    "sigma",
    "theta",
    "tropopause",
    "potentialvorticity",
    "entireatmosphere",
    "atmosphere",
    "pressurefromground",
    "nominaltop",
    "level",
    "sfc",
];

/// A name in lower case without the level that the readers of GRIB append to it: `u_isobaricInhPa`, `TMP_2maboveground`, `TMP_P0_L103_GLL0`, `t_850`.
fn whole_name(name: &str) -> String {
    let name = name.to_lowercase();
    match name.split_once('_') {
        Some((start, end)) if is_level(end) => start.to_owned(),
        _ => name,
    }
}

fn is_level(text: &str) -> bool {
    let after = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let counted = after.len() < text.len()
        && (matches!(after, "" | "m" | "cm" | "mb" | "hpa" | "pa") || after.strip_prefix('m').is_some_and(|rest| rest.starts_with("above")));
    let coded = text.strip_prefix('p').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains("_l"));
    let named = LEVELS.iter().any(|level| text.starts_with(level))
        && !text.split('_').skip(1).any(|word| matches!(word, "std" | "stddev" | "sd" | "var" | "count" | "id"));
    counted || coded || named
}

/// A unit without what its spellings differ in, which with UDUNITS are cases, blanks, dots and signs of powers.
pub(crate) fn plain_unit(units: &str) -> String {
    units.to_lowercase().replace("**", "").replace(['^', '.', ' ', '_'], "")
}

/// How many of `units` one `unit` is; `None` where they do not measure the same.
fn per(unit: Unit, units: &str) -> Option<f64> {
    let plain = plain_unit(units);
    spellings(unit).iter().find(|(name, _)| *name == plain).map(|(_, factor)| *factor)
}

/// Units without blanks and signs of powers, and how many of them one `unit` is.
const fn spellings(unit: Unit) -> &'static [(&'static str, f64)] {
    match unit {
        Kelvin => &[
            ("k", 1.0),
            ("kelvin", 1.0),
            ("degk", 1.0),
            ("degc", 1.0),
            ("celsius", 1.0),
            ("degreec", 1.0),
            ("degreesc", 1.0),
            ("degcelsius", 1.0),
            ("degreecelsius", 1.0),
            ("degreescelsius", 1.0),
            ("c", 1.0),
            ("°c", 1.0),
            ("degf", 1.8),
            ("f", 1.8),
            ("°f", 1.8),
            ("fahrenheit", 1.8),
            ("degreef", 1.8),
            ("degreesf", 1.8),
            ("degreefahrenheit", 1.8),
            ("degreesfahrenheit", 1.8),
        ],
        MetresPerSecond => SPEEDS,
        Pascal => PRESSURES,
        PascalPerSecond => &[("pas-1", 1.0), ("pa/s", 1.0), ("pascal/s", 1.0), ("hpas-1", 0.01)],
        // Heights are geopotential over the gravity of the earth.
        Geopotential => &[("m2s-2", 1.0), ("m2/s2", 1.0), ("m", 1.0 / 9.806_65), ("gpm", 1.0 / 9.806_65), ("geopotentialmeters", 1.0 / 9.806_65)],
        Metre => &[
            ("m", 1.0),
            ("meter", 1.0),
            ("meters", 1.0),
            ("mofwaterequivalent", 1.0),
            ("mm", 1000.0),
            ("kgm-2", 1000.0),
            ("kg/m2", 1000.0),
            ("cm", 100.0),
            ("inches", 39.37),
        ],
        JoulesPerSquareMetre => &[("jm-2", 1.0), ("j/m2", 1.0)],
        JoulesPerKilogram => &[("jkg-1", 1.0), ("j/kg", 1.0)],
        WattsPerSquareMetre => &[("wm-2", 1.0), ("w/m2", 1.0), ("watt/m2", 1.0)],
        KilogramsPerSquareMetre => &[("kgm-2", 1.0), ("kg/m2", 1.0), ("mm", 1.0)],
        Rate => RATES,
        Share => SHARES,
        MassFraction => &[("kgkg-1", 1.0), ("kg/kg", 1.0), ("1", 1.0), ("gkg-1", 1000.0), ("g/kg", 1000.0), ("grams/kg", 1000.0)],
        PerSecond => &[("s-1", 1.0), ("1/s", 1.0), ("/s", 1.0)],
        Second => &[("s", 1.0), ("second", 1.0), ("seconds", 1.0)],
        Degree => &[("degree", 1.0), ("degrees", 1.0), ("degreetrue", 1.0), ("degreestrue", 1.0), ("deg", 1.0)],
    }
}

const SPEEDS: &[(&str, f64)] = &[
    ("ms-1", 1.0),
    ("m/s", 1.0),
    ("ms", 1.0),
    ("meters/second", 1.0),
    ("m/sec", 1.0),
    ("cm/s", 100.0),
    ("cms-1", 100.0),
    ("kmh-1", 3.6),
    ("km/h", 3.6),
    ("knot", 1.943_844),
    ("knots", 1.943_844),
    ("kt", 1.943_844),
    ("kts", 1.943_844),
    ("mph", 2.236_936),
];

const PRESSURES: &[(&str, f64)] = &[
    ("pa", 1.0),
    ("pascal", 1.0),
    ("pascals", 1.0),
    ("hpa", 0.01),
    ("mb", 0.01),
    ("mbar", 0.01),
    ("millibar", 0.01),
    ("millibars", 0.01),
    ("kpa", 0.001),
    ("bar", 1e-5),
];

/// Of depths of water in metres and masses in kilograms alike: what is relative to each value needs no factor.
const RATES: &[(&str, f64)] = &[
    ("kgm-2s-1", 1.0),
    ("kg/m2/s", 1.0),
    ("kg/m2s", 1.0),
    ("kg/(m2s)", 1.0),
    ("mms-1", 1.0),
    ("mm/s", 1.0),
    ("ms-1", 1.0),
    ("m/s", 1.0),
    ("mm/day", 1.0),
    ("mmday-1", 1.0),
    ("mm/d", 1.0),
    ("mmd-1", 1.0),
    ("mm/hr", 1.0),
    ("mm/h", 1.0),
    ("mmh-1", 1.0),
    ("mmhr-1", 1.0),
];

const SHARES: &[(&str, f64)] = &[
    ("1", 1.0),
    ("(0-1)", 1.0),
    ("fraction", 1.0),
    ("proportion", 1.0),
    ("m3m-3", 1.0),
    ("%", 100.0),
    ("percent", 100.0),
    ("okta", 8.0),
    ("oktas", 8.0),
    ("octa", 8.0),
    ("octas", 8.0),
];
