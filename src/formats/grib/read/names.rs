//! Names and units of parameters: facts of code table 4.2 of the WMO's Manual on Codes, of NCEP's and ECMWF's own tables, with the short names of eccodes. NCEP's of edition 1
//! are those of its Office Note 388 (tables 2, 129 and 130), checked against the copies of it in wgrib and netCDF-Java.

use super::level::Level;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Lines of code, short name, long name, units and, where there is one, the CF standard name. A code is `discipline.category.number` or `table.number`, after the number of
/// the centre and a colon where only that centre uses it so.
const PARAMETERS: &str = include_str!("parameters.txt");

/// What a parameter is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// As in eccodes; `unknown` if in no table.
    pub(crate) short: &'static str,
    /// As cfgrib names its variables.
    pub(crate) variable: String,
    pub(crate) long: &'static str,
    pub(crate) units: &'static str,
    pub(crate) standard: Option<&'static str>,
}

fn find(code: &str) -> Option<&'static str> {
    static TABLE: OnceLock<BTreeMap<&str, &str>> = OnceLock::new();
    TABLE.get_or_init(|| PARAMETERS.lines().filter_map(|line| line.split_once('|')).collect()).get(code).copied()
}

/// The parameter of the first code that a table has; `otherwise` names the variable when none has.
fn name(codes: &[String], otherwise: String) -> Name {
    let Some(line) = codes.iter().find_map(|code| find(code)) else {
        return Name { short: "unknown", variable: otherwise, long: "", units: "", standard: None };
    };
    let mut parts = line.split('|');
    let mut part = || parts.next().unwrap_or_default();
    let (short, long, units, standard) = (part(), part(), part(), part());
    Name { short, variable: variable(short), long, units, standard: Some(standard).filter(|s| !s.is_empty()) }
}

/// Digits go behind, as names must not begin with them.
fn variable(short: &str) -> String {
    match short {
        "2t" => return "t2m".to_owned(),
        "2d" => return "d2m".to_owned(),
        "ci" => return "siconc".to_owned(),
        _ => {}
    }
    let letters = short.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = short.get(..short.len() - letters.len()).unwrap_or_default();
    format!("{letters}{digits}").replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// By discipline, category and number; in discipline 192 by table and number of the first edition, as ECMWF counts on.
pub(super) fn second_edition([discipline, category, number]: [u8; 3], centre: u16) -> Name {
    let code = format!("{discipline}.{category}.{number}");
    let own = if discipline == 192 { format!("{centre}:{category}.{number}") } else { format!("{centre}:{code}") };
    name(&[own, code], format!("param_{discipline}_{category}_{number}"))
}

/// By table and number: tables 1 to 3 are the WMO's, whose first half all centres share; NCEP's tables 128 to 131 begin with it too.
pub(super) fn first_edition(table: u8, number: u8, centre: u16) -> Name {
    let shared = number < 128 && (table <= 3 || centre == NCEP && (128..=131).contains(&table));
    let code = if shared { format!("2.{number}") } else { format!("{table}.{number}") };
    name(&[format!("{centre}:{code}"), code], format!("param_{table}_{number}"))
}

/// The number of the centre.
const NCEP: u16 = 7;

/// Parameters that have names of their own at some level: short name, level, its value in metres, the other name.
const AT_LEVEL: [(&str, &str, i64, &str, &str); 14] = [
    ("t", "heightAboveGround", 2, "2t", "2 metre temperature"),
    ("dpt", "heightAboveGround", 2, "2d", "2 metre dewpoint temperature"),
    ("r", "heightAboveGround", 2, "2r", "2 metre relative humidity"),
    ("q", "heightAboveGround", 2, "2sh", "2 metre specific humidity"),
    ("u", "heightAboveGround", 10, "10u", "10 metre U wind component"),
    ("v", "heightAboveGround", 10, "10v", "10 metre V wind component"),
    ("ws", "heightAboveGround", 10, "10si", "10 metre wind speed"),
    ("wdir", "heightAboveGround", 10, "10wdir", "10 metre wind direction"),
    ("u", "heightAboveGround", 100, "100u", "100 metre U wind component"),
    ("v", "heightAboveGround", 100, "100v", "100 metre V wind component"),
    ("pres", "surface", 0, "sp", "Surface pressure"),
    ("gh", "surface", 0, "orog", "Orography"),
    ("pres", "meanSea", 0, "msl", "Mean sea level pressure"),
    ("pres", "tropopause", 0, "trpp", "Tropopause pressure"),
];

/// The name at that level.
pub(super) fn at_height(name: Name, level: &Level) -> Name {
    let billionths = level.value.map_or(0, |[value, _]| value);
    let Some((_, _, _, short, long)) = AT_LEVEL.iter().find(|(short, at, v, ..)| *short == name.short && *at == level.name && v * 1_000_000_000 == billionths)
    else {
        return name;
    };
    let standard = match *short {
        "sp" => Some("surface_air_pressure"),
        "orog" => Some("surface_altitude"),
        "msl" => Some("air_pressure_at_mean_sea_level"),
        _ => name.standard,
    };
    Name { short, variable: variable(short), long, units: name.units, standard }
}

#[cfg(test)]
mod tests {
    use super::first_edition;

    #[test]
    fn all_four_layers_of_soil_have_names() {
        for (number, short) in [(139, "stl1"), (170, "stl2"), (183, "stl3"), (236, "stl4")] {
            assert_eq!(first_edition(128, number, 98).short, short);
        }
    }
}
