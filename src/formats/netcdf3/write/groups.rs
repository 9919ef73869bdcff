//! Groups of NetCDF-4, of which NetCDF-3 has none.

use std::collections::{BTreeMap, BTreeSet};

use crate::field::{Attribute, Dataset};
use crate::formats::netcdf4::FORMAT as NETCDF4;

/// Attributes that name variables.
const REFERENCES: [&str; 7] = ["ancillary_variables", "bounds", "cell_measures", "climatology", "coordinates", "formula_terms", "grid_mapping"];

/// The dataset without groups, which NetCDF-3 does not have: what lies in them has the path as its name, with _ for /. None where there are no groups.
pub(super) fn flattened(dataset: &Dataset) -> Option<Dataset> {
    let variables = || dataset.fields.iter().map(|f| f.name.as_str());
    let names = flat_names(set(&mut dataset.dimensions.iter().map(|d| d.name.as_str()).chain(variables())));
    let of_file = flat_names(set(&mut dataset.attributes.iter().map(|a| a.name.as_str())));
    if !dataset.format.is(NETCDF4) || names.is_empty() && of_file.is_empty() {
        return None;
    }
    let known = set(&mut variables());
    let mut flat = dataset.clone();
    let rename = |name: &mut String, names: &BTreeMap<&str, String>| names.get(name.as_str()).into_iter().for_each(|new| name.clone_from(new));
    flat.dimensions.iter_mut().for_each(|d| rename(&mut d.name, &names));
    flat.attributes.iter_mut().for_each(|a| rename(&mut a.name, &of_file));
    for (field, source) in flat.fields.iter_mut().zip(&dataset.fields) {
        let word = |word: &str| names.get(resolved(&source.name, word, &known).as_str()).map_or_else(|| word.to_owned(), Clone::clone);
        for attribute in field.attributes.iter_mut().filter(|a| REFERENCES.contains(&a.name.as_str())) {
            if let Some(text) = attribute.value.as_text() {
                *attribute = Attribute::text(&attribute.name, &text.split(' ').map(word).collect::<Vec<_>>().join(" "));
            }
        }
        rename(&mut field.name, &names);
    }
    Some(flat)
}

/// Put in one by one: to collect them brings the code of a sort.
fn set<'a>(names: &mut dyn Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut set = BTreeSet::new();
    set.extend(names);
    set
}

/// For each name with groups one without, which none of the others has.
fn flat_names(names: BTreeSet<&str>) -> BTreeMap<&str, String> {
    let mut taken = BTreeSet::new();
    taken.extend(names.iter().filter(|n| !n.contains('/')).map(|n| (*n).to_owned()));
    let mut flat = BTreeMap::new();
    for name in names.into_iter().filter(|n| n.contains('/')) {
        let base = name.replace('/', "_");
        let mut numbers = (2..).map(|number| format!("{base}_{number}"));
        let mut free = base.clone();
        while !taken.insert(free.clone()) {
            free = numbers.next().unwrap_or_default();
        }
        flat.insert(name, free);
    }
    flat
}

/// The variable that a word in an attribute of another means: the nearest of that name, from its own group outwards.
fn resolved(variable: &str, word: &str, known: &BTreeSet<&str>) -> String {
    let mut group = variable;
    while let Some((outer, _)) = group.rsplit_once('/') {
        let path = format!("{outer}/{word}");
        if known.contains(path.as_str()) {
            return path;
        }
        group = outer;
    }
    word.to_owned()
}
