//! Levels: types of surfaces and layers, and where they are.

use crate::error::Result;
use crate::formats::grib::spec::octets::Octets;

/// Type of a level, and where it is.
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) units: &'static str,
    /// Both surfaces of a layer, else one twice, in billionths of `units`; `None` for a level that there is only one of.
    pub(crate) value: Option<[i64; 2]>,
    /// Whether the two surfaces are of one type, so that they bound the layer in `units`.
    pub(crate) bounded: bool,
}

/// Code table 4.5 with the names of eccodes: code, name, units, billionths of the units in the WMO's; 0 for a surface without a value.
const SURFACES: [(u8, &str, &str, f64); 41] = [
    (1, "surface", "", 0.0),
    (2, "cloudBase", "", 0.0),
    (3, "cloudTop", "", 0.0),
    (4, "isothermZero", "", 0.0),
    (5, "adiabaticCondensation", "", 0.0),
    (6, "maxWind", "", 0.0),
    (7, "tropopause", "", 0.0),
    (8, "nominalTop", "", 0.0),
    (9, "seaBottom", "", 0.0),
    (10, "entireAtmosphere", "", 0.0),
    (20, "isothermal", "K", 1e9),
    (100, "isobaricInhPa", "hPa", 1e7),
    (101, "meanSea", "", 0.0),
    (102, "heightAboveSea", "m", 1e9),
    (103, "heightAboveGround", "m", 1e9),
    (104, "sigma", "1", 1e9),
    (105, "hybrid", "1", 1e9),
    (106, "depthBelowLand", "m", 1e9),
    (107, "theta", "K", 1e9),
    (108, "pressureFromGround", "hPa", 1e7),
    (109, "potentialVorticity", "K m2 kg-1 s-1", 1e9),
    (111, "eta", "1", 1e9),
    (117, "mixedLayerDepth", "m", 1e9),
    (118, "hybridHeight", "1", 1e9),
    (119, "hybridPressure", "1", 1e9),
    (150, "generalVertical", "1", 1e9),
    (160, "depthBelowSea", "m", 1e9),
    (151, "soil", "1", 1e9),
    (200, "atmosphereSingleLayer", "", 0.0),
    (201, "oceanSingleLayer", "", 0.0),
    (204, "highestTroposphericFreezing", "", 0.0),
    (206, "gridScaleCloudBottom", "", 0.0),
    (207, "gridScaleCloudTop", "", 0.0),
    (211, "boundaryLayerCloudLayer", "", 0.0),
    (212, "lowCloudBottom", "", 0.0),
    (213, "lowCloudTop", "", 0.0),
    (214, "lowCloudLayer", "", 0.0),
    (215, "cloudCeiling", "", 0.0),
    (220, "planetaryBoundaryLayer", "", 0.0),
    (242, "convectiveCloudBottom", "", 0.0),
    (243, "convectiveCloudTop", "", 0.0),
];

/// More surfaces of NCEP, of which each file has one.
const CLOUDS: [(u8, &str); 8] = [
    (222, "middleCloudBottom"),
    (223, "middleCloudTop"),
    (224, "middleCloudLayer"),
    (232, "highCloudBottom"),
    (233, "highCloudTop"),
    (234, "highCloudLayer"),
    (244, "convectiveCloudLayer"),
    (245, "lowestLevelWetBulb0"),
];

pub(super) fn second_edition(section: Octets<'_>, shift: usize) -> Result<Level> {
    let surface = |octet: usize| {
        let octet = octet + shift;
        Ok::<_, crate::Error>((section.byte(octet)?, section.signed(octet + 1, 1)? as i32, section.unsigned(octet + 2, 4)?, section.signed(octet + 2, 4)?))
    };
    let (first, second) = (surface(23)?, surface(29)?);
    let (name, units, factor) = match SURFACES.iter().find(|(code, ..)| *code == first.0) {
        Some((_, name, units, factor)) => ((*name).to_owned(), *units, *factor),
        None => match CLOUDS.iter().find(|(code, _)| *code == first.0) {
            Some((_, name)) => ((*name).to_owned(), "", 0.0),
            None if first.2 == 0xffff_ffff => (format!("level{}", first.0), "", 0.0),
            None => (format!("level{}", first.0), "", 1e9),
        },
    };
    let billionths = |(_, scale, raw, value): (u8, i32, u64, i64)| {
        if raw == 0xffff_ffff { 0 } else { (value as f64 * 10f64.powi(-scale) * factor).round() as i64 }
    };
    let layer = second.0 != 255 && factor > 0.0;
    let name = if layer { layer_name(&name) } else { name };
    let one = billionths(first);
    let value = (factor > 0.0).then(|| [one, if layer { billionths(second) } else { one }]);
    let bounded = layer && first.0 == second.0 && first.2 != 0xffff_ffff && second.2 != 0xffff_ffff;
    Ok(Level { name, units, value, bounded })
}

fn layer_name(name: &str) -> String {
    if name.ends_with("Layer") { name.to_owned() } else { format!("{}Layer", name.trim_end_matches("InhPa")) }
}

/// Code table 3 of edition 1: code, name, units, billionths of the units in those of the table.
const FIRST_SURFACES: [(u8, &str, &str, i64); 18] = [
    (20, "isothermal", "K", 10_000_000),
    (100, "isobaricInhPa", "hPa", 1_000_000_000),
    (103, "heightAboveSea", "m", 1_000_000_000),
    (105, "heightAboveGround", "m", 1_000_000_000),
    (107, "sigma", "1", 100_000),
    (109, "hybrid", "1", 1_000_000_000),
    (111, "depthBelowLand", "m", 10_000_000),
    (113, "theta", "K", 1_000_000_000),
    (115, "pressureFromGround", "hPa", 1_000_000_000),
    (117, "potentialVorticity", "K m2 kg-1 s-1", 1),
    (119, "eta", "1", 100_000),
    (125, "heightAboveGround", "m", 10_000_000),
    (126, "isobaricInhPa", "hPa", 10_000_000),
    (160, "depthBelowSea", "m", 1_000_000_000),
    (210, "isobaricInhPa", "hPa", 10_000_000),
    (235, "oceanIsotherm", "K", 100_000_000),
    (236, "oceanLayer", "m", 1_000_000_000),
    (237, "oceanMixedLayer", "m", 1_000_000_000),
];

/// Layers between two surfaces of edition 1, whose values have an octet each.
const FIRST_LAYERS: [(u8, &str, &str, i64); 10] = [
    (101, "isobaricLayer", "hPa", 10_000_000_000),
    (104, "heightAboveSeaLayer", "m", 100_000_000_000),
    (106, "heightAboveGroundLayer", "m", 100_000_000_000),
    (108, "sigmaLayer", "1", 10_000_000),
    (110, "hybridLayer", "1", 1_000_000_000),
    (112, "depthBelowLandLayer", "m", 10_000_000),
    (114, "level114", "", 1_000_000_000),
    (116, "pressureFromGroundLayer", "hPa", 1_000_000_000),
    (120, "etaLayer", "1", 10_000_000),
    (121, "level121", "", 1_000_000_000),
];

pub(super) fn first_edition(section: Octets<'_>) -> Result<Level> {
    let code = section.byte(10)?;
    if let Some((_, name, units, factor)) = FIRST_SURFACES.iter().find(|(n, ..)| *n == code) {
        let value = section.unsigned(11, 2)? as i64 * factor;
        return Ok(Level { name: (*name).to_owned(), units, value: Some([value; 2]), bounded: false });
    }
    if let Some((_, name, units, factor)) = FIRST_LAYERS.iter().find(|(n, ..)| *n == code) {
        let value = [i64::from(section.byte(11)?) * factor, i64::from(section.byte(12)?) * factor];
        return Ok(Level { name: (*name).to_owned(), units, value: Some(value), bounded: true });
    }
    // Surfaces without a value have the codes that edition 2 gives them.
    let name = match code {
        102 => "meanSea".to_owned(),
        200 | 10 => "entireAtmosphere".to_owned(),
        _ => match SURFACES.iter().find(|(n, _, _, factor)| *n == code && *factor == 0.0) {
            Some((_, name, ..)) => (*name).to_owned(),
            None => CLOUDS.iter().find(|(n, _)| *n == code).map_or_else(|| format!("level{code}"), |(_, name)| (*name).to_owned()),
        },
    };
    Ok(Level { name, units: "", value: None, bounded: false })
}
