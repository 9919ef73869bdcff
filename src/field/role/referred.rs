//! What variables name each other for.

use super::{Judgement, Role, own, text};
use crate::field::Field;
use std::collections::{BTreeMap, BTreeSet};

/// Attributes that name variables, and what those are. Words that end with `:` are labels of the words after them, but for those of [`NAMES_BEFORE_COLONS`].
const REFERENCES: [(&str, Role); 18] = [
    ("bounds", Role::CellBounds),
    ("climatology", Role::CellBounds),
    ("grid_mapping", Role::GridMapping),
    ("mesh", Role::Connectivity),
    ("location_index_set", Role::Connectivity),
    ("geometry", Role::Connectivity),
    ("nodes", Role::Coordinate),
    ("node_coordinates", Role::Coordinate),
    ("node_count", Role::Index),
    ("part_node_count", Role::Index),
    ("interior_ring", Role::Flag),
    ("cell_measures", Role::CellMeasure),
    ("coordinates", Role::Coordinate),
    ("_CoordinateAxes", Role::Coordinate),
    ("coordinate_interpolation", Role::Coordinate),
    ("interpolation_parameters", Role::Coordinate),
    ("tie_point_mapping", Role::Index),
    ("quality_flag", Role::Flag),
];

/// Attributes in which names of variables end with `:` too.
const NAMES_BEFORE_COLONS: [&str; 2] = ["grid_mapping", "coordinate_interpolation"];

/// Terms of vertical coordinates (CF, appendix D) that are fields of their own: pressure at the surface, height of ground and water.
const MEASURED_TERMS: [&str; 4] = ["ps", "orog", "eta", "depth"];

/// Adds the variables that `field` names; who names one first, in the order of the file, says what it is.
pub(super) fn collect(field: &Field, known: &BTreeSet<&str>, out: &mut BTreeMap<String, Judgement>) {
    for attribute in &field.attributes {
        let Some(role) = role_of(field, &attribute.name) else { continue };
        let list = attribute.value.as_text().unwrap_or_default();
        // A single name may have blanks in it.
        let whole = resolved(&field.name, list.trim(), known);
        let labels = !NAMES_BEFORE_COLONS.contains(&attribute.name.as_str());
        let words = list.split_whitespace().filter(|word| !(labels && word.ends_with(':'))).map(|word| word.trim_end_matches(':'));
        let names = || words.filter_map(|word| resolved(&field.name, word, known));
        for name in whole.map_or_else(|| names().collect(), |name| vec![name]) {
            add(out, name, role, &attribute.name, &field.name);
        }
    }
    formula_terms(field, known, out);
    ancillary(field, known, out);
}

fn add(out: &mut BTreeMap<String, Judgement>, name: String, role: Role, attribute: &str, by: &str) {
    if name != by {
        out.entry(name).or_insert_with(|| Judgement::new(role, format!("named by {attribute:?} of {by}")));
    }
}

/// What an attribute names variables for. A mesh names connectivity and coordinates for each kind of element.
fn role_of(field: &Field, attribute: &str) -> Option<Role> {
    let listed = REFERENCES.iter().find(|(name, _)| *name == attribute).map(|(_, role)| *role);
    let of_mesh = || match attribute.rsplit_once('_')?.1 {
        "connectivity" => Some(Role::Connectivity),
        "coordinates" if own::is_mesh(field) => Some(Role::Coordinate),
        _ => None,
    };
    listed.or_else(of_mesh)
}

/// `a: hyam b: hybm ps: PS`.
fn formula_terms(field: &Field, known: &BTreeSet<&str>, out: &mut BTreeMap<String, Judgement>) {
    let list = text(field, "formula_terms").unwrap_or_default();
    let mut term = "";
    for word in list.split_whitespace() {
        match word.strip_suffix(':') {
            Some(label) => term = label,
            None if MEASURED_TERMS.contains(&term) => {}
            None => resolved(&field.name, word, known).into_iter().for_each(|name| add(out, name, Role::FormulaTerm, "formula_terms", &field.name)),
        }
    }
}

/// Ancillary variables are flags, or uncertainties, which are measurements; the name CF gives them tells which.
fn ancillary(field: &Field, known: &BTreeSet<&str>, out: &mut BTreeMap<String, Judgement>) {
    let list = text(field, "ancillary_variables").unwrap_or_default();
    for name in list.split_whitespace().filter_map(|word| resolved(&field.name, word, known)) {
        let word = name.rsplit('/').next().unwrap_or_default().to_lowercase();
        if ["flag", "quality", "status", "qc", "dqf"].iter().any(|mark| word.contains(mark)) {
            add(out, name, Role::Flag, "ancillary_variables", &field.name);
        }
    }
}

/// The variable that a word in an attribute of another means: the nearest of that name, from its own group outwards (CF, section 2.7).
fn resolved(variable: &str, word: &str, known: &BTreeSet<&str>) -> Option<String> {
    if let Some(absolute) = word.strip_prefix('/') {
        return known.get(absolute).map(|name| (*name).to_owned());
    }
    let mut group = variable;
    while let Some((outer, _)) = group.rsplit_once('/') {
        let path = format!("{outer}/{word}");
        if known.contains(path.as_str()) {
            return Some(path);
        }
        group = outer;
    }
    known.get(word).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::resolved;
    use std::collections::BTreeSet;

    #[test]
    fn the_nearest_of_that_name_is_meant() {
        let known = BTreeSet::from(["lat", "model/lat", "model/inner/t", "other/lon"]);
        let resolve = |word| resolved("model/inner/t", word, &known);
        assert_eq!(resolve("lat").as_deref(), Some("model/lat"));
        assert_eq!(resolve("/lat").as_deref(), Some("lat"));
        assert_eq!(resolve("lon"), None);
    }
}
