//! Error bounds that climate scientists recommend for common variables.
//!
//! Numbers of the Python package compression-recommendations 0.1 (Tyree et al.), which asks the developers and users of ERA5. Where it bounds the mean of errors, that
//! number bounds each of them here; where it asks for an absolute and a relative bound, the absolute one is taken.

use super::{ErrorBound, Field, Values};

/// What one number stands for.
enum Advice {
    /// No loss: classes and masks.
    Lossless,
    /// An error in this unit.
    Absolute(f64, Unit),
    /// A share of each value, whatever its unit.
    Pointwise(f64),
}

/// Units in which absolute bounds are given.
#[derive(Clone, Copy, PartialEq)]
enum Unit {
    Kelvin,
    MetresPerSecond,
    Pascal,
    PascalPerSecond,
    Geopotential,
    Metre,
    JoulesPerSquareMetre,
    WattsPerSquareMetre,
    KilogramsPerSquareMetre,
    Share,
    Second,
    Degree,
}

use Advice::{Absolute, Lossless, Pointwise};
use Unit::{
    Degree, Geopotential, JoulesPerSquareMetre, Kelvin, KilogramsPerSquareMetre, Metre, MetresPerSecond, Pascal, PascalPerSecond, Second, Share,
    WattsPerSquareMetre,
};

/// Standard names (CF), short names (of ECMWF, NCEP and files that follow them), and what is recommended.
const TABLE: &[(&[&str], &[&str], Advice)] = &[
    (
        &[
            "air_temperature",
            "sea_surface_temperature",
            "surface_temperature",
            "soil_temperature",
            "dew_point_temperature",
            "temperature_in_surface_snow",
            "sea_water_temperature",
            "sea_water_potential_temperature",
            "brightness_temperature",
            "toa_brightness_temperature",
        ],
        &[
            "t", "t2m", "2t", "d2m", "2d", "sst", "skt", "tsn", "mn2t", "mx2t", "tmax", "tmin", "air", "tmp", "temp", "ts", "tas", "stl1", "stl2", "stl3",
            "stl4", "istl1", "istl2", "istl3", "istl4",
        ],
        Absolute(0.01, Kelvin),
    ),
    (
        &["eastward_wind", "northward_wind", "wind_speed", "wind_speed_of_gust", "x_wind", "y_wind"],
        &[
            "u", "v", "u10", "v10", "10u", "10v", "u100", "v100", "100u", "100v", "uwnd", "vwnd", "ugrd", "vgrd", "gust", "fg10", "10fg", "i10fg", "wind",
            "si10", "ws",
        ],
        Absolute(0.001, MetresPerSecond),
    ),
    (&["lagrangian_tendency_of_air_pressure"], &["w", "omega", "vvel"], Absolute(0.01, PascalPerSecond)),
    (&["geopotential", "geopotential_height"], &["z", "gh", "hgt", "phi"], Absolute(10.0, Geopotential)),
    (
        &["air_pressure_at_mean_sea_level", "air_pressure_at_sea_level", "surface_air_pressure", "air_pressure"],
        &["msl", "prmsl", "mslet", "sp", "slp", "pres", "ps", "psl", "mslp"],
        Absolute(1.0, Pascal),
    ),
    (
        &[
            "specific_humidity",
            "relative_humidity",
            "mass_fraction_of_ozone_in_air",
            "cloud_area_fraction_in_atmosphere_layer",
            "atmosphere_convective_available_potential_energy",
        ],
        &["q", "shum", "spfh", "r", "r2", "rh", "rhum", "o3", "o3mr", "cc", "ciwc", "clwc", "crwc", "cswc", "cape", "tco3"],
        Pointwise(0.01),
    ),
    (&["atmosphere_relative_vorticity", "divergence_of_wind"], &["vo", "d", "relv", "reld"], Pointwise(0.05)),
    (
        &[
            "lwe_thickness_of_precipitation_amount",
            "lwe_thickness_of_convective_precipitation_amount",
            "lwe_thickness_of_stratiform_precipitation_amount",
            "lwe_thickness_of_snowfall_amount",
            "lwe_thickness_of_surface_snow_amount",
        ],
        &["tp", "cp", "lsp", "sf", "sd"],
        Absolute(1e-5, Metre),
    ),
    (&["atmosphere_boundary_layer_thickness"], &["blh", "hpbl"], Absolute(10.0, Metre)),
    (&["sea_surface_wave_significant_height"], &["swh", "hmax", "shww", "shts"], Absolute(0.01, Metre)),
    (&["sea_surface_wave_mean_period"], &["mwp", "pp1d", "mp1", "mp2"], Absolute(0.01, Second)),
    (&["sea_surface_wave_from_direction"], &["mwd", "mdts", "mdww"], Absolute(0.1, Degree)),
    (&["cloud_area_fraction", "sea_ice_area_fraction"], &["tcc", "siconc", "ci", "icec"], Absolute(0.05, Share)),
    (
        &[
            "surface_downwelling_shortwave_flux_in_air",
            "surface_downwelling_longwave_flux_in_air",
            "surface_net_downward_shortwave_flux",
            "surface_net_downward_longwave_flux",
            "toa_outgoing_longwave_flux",
            "toa_incoming_shortwave_flux",
        ],
        &["dswrf", "dlwrf", "uswrf", "ulwrf", "avg_sdswrf", "avg_sdlwrf"],
        Absolute(0.1, WattsPerSquareMetre),
    ),
    (&[], &["ssrd", "strd", "ssr", "str", "tsr", "ttr", "tisr", "fdir", "cdir"], Absolute(3600.0, JoulesPerSquareMetre)),
    (&["surface_upward_latent_heat_flux", "surface_upward_sensible_heat_flux"], &["slhf", "sshf"], Absolute(1000.0, JoulesPerSquareMetre)),
    (&[], &["lhtfl", "shtfl", "ishf", "avg_ishf"], Absolute(0.1, WattsPerSquareMetre)),
    (&["atmosphere_mass_content_of_water_vapor"], &["tcw", "tcwv", "pwat"], Absolute(0.1, KilogramsPerSquareMetre)),
    (&[], &["tciw", "tclw", "tcrw", "tcsw", "tcslw", "cwat"], Absolute(0.01, KilogramsPerSquareMetre)),
    (&[], &["prate", "avg_tprate", "crr", "lsrr", "csfr", "lssfr"], Pointwise(0.01)),
    (&["land_binary_mask", "soil_type", "vegetation_type"], &["lsm", "land", "slt", "ptype", "tvl", "tvh", "mask", "landmask"], Lossless),
];

/// The bound recommended for a variable, in its own units; `None` where nothing is known of it: no name of the list, or a unit that the list's number does not fit.
///
/// It is told by `standard_name`, by the short name of GRIB, or by its own name, in that order.
#[must_use]
pub fn recommended(field: &Field) -> Option<ErrorBound> {
    let text = |name| field.attribute(name).and_then(Values::as_text).map(|text| text.trim().to_owned());
    let standard = text("standard_name");
    let own = field.name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let shorts = [text("GRIB_shortName").or_else(|| text("GRIB_cfVarName")), Some(own.clone()), own.split_once('_').map(|(start, _)| start.to_owned())];
    let by_standard = TABLE.iter().find(|(names, ..)| standard.as_deref().is_some_and(|name| names.contains(&name)));
    let by_short = || shorts.iter().flatten().find_map(|short| TABLE.iter().find(|(_, names, _)| names.contains(&short.as_str())));
    let (.., advice) = by_standard.or_else(by_short)?;
    match *advice {
        Lossless => Some(ErrorBound::Lossless),
        Pointwise(share) => ErrorBound::pointwise(share).ok(),
        Absolute(error, unit) => ErrorBound::absolute(error * per(unit, &text("units")?)?).ok(),
    }
}

/// How many of `units` one `unit` is; `None` where they do not measure the same.
fn per(unit: Unit, units: &str) -> Option<f64> {
    // The spellings of UDUNITS differ in blanks, dots and signs of powers.
    let plain: String = units.to_lowercase().replace("**", "").replace(['^', '.', ' ', '_'], "");
    let known: &[(&str, f64)] = match unit {
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
        ],
        MetresPerSecond => &[("ms-1", 1.0), ("m/s", 1.0), ("ms", 1.0), ("meters/second", 1.0), ("m/sec", 1.0), ("cm/s", 100.0), ("cms-1", 100.0)],
        Pascal => &[("pa", 1.0), ("pascal", 1.0), ("pascals", 1.0), ("hpa", 0.01), ("mb", 0.01), ("mbar", 0.01), ("millibar", 0.01), ("millibars", 0.01)],
        PascalPerSecond => &[("pas-1", 1.0), ("pa/s", 1.0), ("pascal/s", 1.0), ("hpas-1", 0.01)],
        // Heights are geopotential over the gravity of the earth.
        Geopotential => &[("m2s-2", 1.0), ("m2/s2", 1.0), ("m", 1.0 / 9.806_65), ("gpm", 1.0 / 9.806_65), ("geopotentialmeters", 1.0 / 9.806_65)],
        Metre => {
            &[("m", 1.0), ("meter", 1.0), ("meters", 1.0), ("mofwaterequivalent", 1.0), ("mm", 1000.0), ("kgm-2", 1000.0), ("kg/m2", 1000.0), ("cm", 100.0)]
        }
        JoulesPerSquareMetre => &[("jm-2", 1.0), ("j/m2", 1.0)],
        WattsPerSquareMetre => &[("wm-2", 1.0), ("w/m2", 1.0), ("watt/m2", 1.0)],
        KilogramsPerSquareMetre => &[("kgm-2", 1.0), ("kg/m2", 1.0), ("mm", 1.0)],
        Share => &[("1", 1.0), ("(0-1)", 1.0), ("fraction", 1.0), ("proportion", 1.0), ("%", 100.0), ("percent", 100.0)],
        Second => &[("s", 1.0), ("second", 1.0), ("seconds", 1.0)],
        Degree => &[("degree", 1.0), ("degrees", 1.0), ("degreetrue", 1.0), ("degreestrue", 1.0), ("deg", 1.0)],
    };
    known.iter().find(|(name, _)| *name == plain).map(|(_, factor)| *factor)
}
