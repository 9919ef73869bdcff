//! What a variable's own attributes say.

use super::{Judgement, Role, text};
use crate::field::{Field, Values};

/// Attributes that only variables of one kind have.
const MARKS: [(&str, Role); 10] = [
    ("flag_values", Role::Flag),
    ("flag_masks", Role::Flag),
    ("flag_meanings", Role::Flag),
    ("compress", Role::Index),
    ("sample_dimension", Role::Index),
    ("instance_dimension", Role::Index),
    ("start_index", Role::Connectivity),
    ("grid_mapping_name", Role::GridMapping),
    ("_CoordinateTransformType", Role::GridMapping),
    ("geometry_type", Role::Connectivity),
];

/// Standard names of what is no measurement wherever it stands.
const STANDARD_NAMES: [(&str, Role); 36] = [
    ("latitude", Role::Coordinate),
    ("longitude", Role::Coordinate),
    ("grid_latitude", Role::Coordinate),
    ("grid_longitude", Role::Coordinate),
    ("projection_x_coordinate", Role::Coordinate),
    ("projection_y_coordinate", Role::Coordinate),
    ("projection_x_angular_coordinate", Role::Coordinate),
    ("projection_y_angular_coordinate", Role::Coordinate),
    ("atmosphere_hybrid_sigma_pressure_coordinate", Role::Coordinate),
    ("atmosphere_hybrid_height_coordinate", Role::Coordinate),
    ("atmosphere_sigma_coordinate", Role::Coordinate),
    ("atmosphere_ln_pressure_coordinate", Role::Coordinate),
    ("atmosphere_sleve_coordinate", Role::Coordinate),
    ("ocean_sigma_coordinate", Role::Coordinate),
    ("ocean_s_coordinate", Role::Coordinate),
    ("ocean_s_coordinate_g1", Role::Coordinate),
    ("ocean_s_coordinate_g2", Role::Coordinate),
    ("ocean_sigma_z_coordinate", Role::Coordinate),
    ("ocean_double_sigma_coordinate", Role::Coordinate),
    ("model_level_number", Role::Coordinate),
    ("cell_area", Role::CellMeasure),
    ("land_binary_mask", Role::Mask),
    ("sea_binary_mask", Role::Mask),
    ("status_flag", Role::Flag),
    ("quality_flag", Role::Flag),
    ("aggregate_quality_flag", Role::Flag),
    ("area_type", Role::Flag),
    ("region", Role::Flag),
    ("soil_type", Role::Flag),
    ("vegetation_type", Role::Flag),
    ("platform_id", Role::Identifier),
    ("realization", Role::Identifier),
    ("time", Role::Time),
    ("forecast_period", Role::Time),
    ("forecast_reference_time", Role::Time),
    ("number_of_observations", Role::Index),
];

/// Standard names of coordinates that fields of more dimensions may have as well, as the height of a level at each point.
const ON_AN_AXIS: [&str; 5] = ["height", "depth", "altitude", "air_pressure", "air_potential_temperature"];

/// Units of latitude and longitude in CF, COARDS and UDUNITS.
const DIRECTED: [&str; 8] = ["north", "south", "east", "west", "n", "s", "e", "w"];

/// What only variables of one kind have.
pub(super) fn decisive(field: &Field) -> Option<Judgement> {
    if let Some(role) = text(field, "cf_role") {
        let mesh = is_mesh(field) || role.ends_with("_connectivity");
        return Some(Judgement::new(if mesh { Role::Connectivity } else { Role::Identifier }, format!("cf_role {role:?}")));
    }
    if text(field, "color_interpretation").as_deref() == Some("palette") {
        return Some(Judgement::new(Role::Palette, super::PALETTE));
    }
    if text(field, "dtype").as_deref() == Some("bool") {
        return Some(Judgement::new(Role::Mask, "of type bool"));
    }
    let mark = MARKS.iter().find(|(name, _)| field.attribute(name).is_some());
    mark.map(|(name, role)| Judgement::new(*role, format!("has the attribute {name:?}")))
}

/// What its place, standard name and axis say.
pub(super) fn likely(field: &Field) -> Option<Judgement> {
    place(field).or_else(|| classes(field)).or_else(|| standard_name(field)).or_else(|| axis(field))
}

/// Times by their units, also where others name them.
pub(super) fn dated(field: &Field) -> Option<Judgement> {
    let units = text(field, "units").unwrap_or_default();
    let dates = units.to_lowercase();
    let dated = dates.contains(" since ") || dates.contains("%y%m%d") || dates.contains("yyyymmdd") || dates.contains("yyyy-mm-dd");
    if dated {
        return Some(Judgement::new(Role::Time, format!("units {units:?}")));
    }
    field.attribute("calendar").is_some().then(|| Judgement::new(Role::Time, "has a calendar"))
}

/// Latitude and longitude by their units, of which plain degrees need a name as well.
fn place(field: &Field) -> Option<Judgement> {
    let units = text(field, "units")?;
    let word = units.to_lowercase().replace([' ', '_'], "");
    let direction = word.strip_prefix("degrees").or_else(|| word.strip_prefix("degree"))?;
    let named = || ["name", "long_name", "standard_name"].iter().any(|what| says_latitude_or_longitude(field, what));
    let told = DIRECTED.contains(&direction) || direction.is_empty() && named();
    told.then(|| Judgement::new(Role::Coordinate, format!("units {units:?}")))
}

/// Units that say of numbers that they are names: class numbers, entries of code tables.
fn classes(field: &Field) -> Option<Judgement> {
    let units = text(field, "units")?;
    names_classes(&units).then(|| Judgement::new(Role::Flag, format!("units {units:?}")))
}

fn names_classes(units: &str) -> bool {
    ["category", "class", "code table"].iter().any(|word| units.to_lowercase().contains(word))
}

fn says_latitude_or_longitude(field: &Field, what: &str) -> bool {
    let said = if what == "name" { Some(field.name.clone()) } else { text(field, what) };
    let said = said.unwrap_or_default().to_lowercase();
    said.contains("latitude") || said.contains("longitude") || what == "name" && super::words::is_place(&field.name)
}

fn standard_name(field: &Field) -> Option<Judgement> {
    let name = text(field, "standard_name")?;
    let why = || format!("standard_name {name:?}");
    // A modifier stands behind the name (CF, appendix C).
    let (base, modifier) = name.split_once(' ').unwrap_or((&name, ""));
    if matches!(modifier, "status_flag" | "quality_flag") {
        return Some(Judgement::new(Role::Flag, why()));
    }
    let wanted = if modifier == "number_of_observations" { modifier } else { base };
    STANDARD_NAMES.iter().find(|(known, _)| *known == wanted).map(|(_, role)| Judgement::new(*role, why()))
}

/// Attributes of axes. CMIP says of fluxes as well which direction is positive, and depths at the nodes of a mesh are measurements.
fn axis(field: &Field) -> Option<Judgement> {
    if let Some(mark) = ["axis", "_CoordinateAxisType"].iter().find(|mark| field.attribute(mark).is_some()) {
        return Some(Judgement::new(Role::Coordinate, format!("has the attribute {mark:?}")));
    }
    let standard = text(field, "standard_name");
    let vertical = standard.as_deref().is_some_and(|name| ON_AN_AXIS.contains(&name));
    let on_points = ["mesh", "coordinates"].iter().any(|name| field.attribute(name).is_some());
    let positive = field.attribute("positive").is_some() && !on_points && (field.shape.len() < 2 || vertical);
    positive.then(|| Judgement::new(Role::Coordinate, "has the attribute \"positive\""))
}

/// Whether it describes a mesh or a part of one (UGRID).
pub(super) fn is_mesh(field: &Field) -> bool {
    matches!(text(field, "cf_role").as_deref(), Some("mesh_topology" | "location_index_set"))
}

/// Units that say something: of 1 nobody knows what it counts.
pub(super) fn unit(field: &Field) -> Option<String> {
    const NONE: [&str; 14] = ["1", "-", "--", "none", "n/a", "na", "null", "unitless", "dimensionless", "no units", "non-dim", "nondim", "code", "flag"];
    let units = text(field, "units")?;
    let plain = units.to_lowercase();
    (!NONE.contains(&plain.as_str()) && !names_classes(&plain)).then_some(units)
}

/// Whether stored numbers stand for others.
pub(super) fn is_packed(field: &Field) -> bool {
    ["scale_factor", "add_offset"].iter().any(|name| field.attribute(name).is_some_and(|v| !matches!(v, Values::Char(_))))
}

/// Units of fractions.
pub(super) fn is_share(unit: &str) -> bool {
    matches!(unit.to_lowercase().as_str(), "(0 - 1)" | "(0-1)" | "~" | "proportion" | "fraction")
}
