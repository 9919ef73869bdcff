//! What variables are, after CF 1.12, UGRID 1.0, COARDS and the habits of NCEP, ECMWF and WRF: everything that is no measurement stays exact whatever is asked.
//!
//! A variable is what the first of these says, in this order: what others name it for, its own attributes, its name, its values, and that it is a whole number without a unit.
//! All but the values are in the header. Deliberately absent: file formats ([`crate::formats`] tells what a file says of its variables, [`Source`]), and guesses from
//! values beyond 0 and 1 and calendar dates.

mod names;
mod own;
mod referred;
mod values;
mod words;

use super::{DataType, Dataset, Field, Values};
use std::collections::{BTreeMap, BTreeSet};

/// What a variable is for; names are those of CF where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// What was measured or computed, and may move as far as the bound allows.
    Measurement,
    /// Where on an axis, in space, or in a coordinate system.
    Coordinate,
    /// Where cells begin and end.
    CellBounds,
    /// Areas, volumes and weights of cells.
    CellMeasure,
    /// Constants of a vertical coordinate.
    FormulaTerm,
    /// A mesh: which nodes make an edge or a face.
    Connectivity,
    /// Names and numbers of stations, profiles, trajectories.
    Identifier,
    /// Places and counts in other arrays.
    Index,
    /// Codes and their bits: quality, status, weather, classes.
    Flag,
    /// Yes or no, land or sea.
    Mask,
    /// Dates and times in any form.
    Time,
    /// Characters.
    Text,
    /// A projection, and what turns directions in it.
    GridMapping,
    /// Colours that come from a table.
    Palette,
    /// A file kept byte for byte.
    File,
    /// Whole numbers of which nothing says what they count.
    Integer,
}

impl Role {
    /// In lower case, as reports print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Measurement => "measurement",
            Self::Coordinate => "coordinate",
            Self::CellBounds => "cell bounds",
            Self::CellMeasure => "cell measure",
            Self::FormulaTerm => "formula term",
            Self::Connectivity => "connectivity",
            Self::Identifier => "identifier",
            Self::Index => "index",
            Self::Flag => "flag",
            Self::Mask => "mask",
            Self::Time => "time",
            Self::Text => "text",
            Self::GridMapping => "grid mapping",
            Self::Palette => "palette",
            Self::File => "file",
            Self::Integer => "integer",
        }
    }
}

/// What a variable was taken for, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What it is.
    pub role: Role,
    /// In a few words, such as `named by "coordinates" of t`.
    pub why: String,
}

impl Judgement {
    fn new(role: Role, why: impl Into<String>) -> Self {
        Self { role, why: why.into() }
    }
}

/// Why colours of a table stay as they are.
const PALETTE: &str = "has a table of colours";

/// What the files of a format say of their variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Names and units: a whole number without a unit is no measurement.
    Described,
    /// Names alone: arrays of programs.
    Named,
    /// Not even a name, which is that of the file: pictures, single arrays.
    Anonymous,
    /// Colours that come from a table.
    Palette,
    /// Bytes that are no numbers.
    Bytes,
}

/// Numbers of the variables that some variables of a dataset take along when they are taken out of it: the coordinates of their dimensions, what they name (other coordinates, bounds of cells,
/// grid mappings, terms of vertical coordinates), and what those take along. In the order of the dataset, with the variables themselves.
#[must_use]
pub fn with_companions(dataset: &Dataset, variables: &[usize]) -> Vec<usize> {
    let mut known = BTreeSet::new();
    known.extend(dataset.fields.iter().map(|f| f.name.as_str()));
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut left: Vec<usize> = variables.to_vec();
    while let Some(number) = left.pop() {
        let Some(field) = dataset.fields.get(number).filter(|_| taken.insert(number)) else { continue };
        let mut referred = BTreeMap::new();
        referred::collect(field, &known, &mut referred);
        let of_dimensions = field.dimensions.iter().filter_map(|d| dataset.dimensions.get(*d)).map(|d| d.name.as_str());
        for name in referred.keys().map(String::as_str).chain(of_dimensions) {
            left.extend(dataset.fields.iter().position(|field| field.name == name));
        }
    }
    taken.into_iter().collect()
}

/// What the variables of a dataset are, as far as all of them together say it: what they name each other for is collected once.
#[derive(Debug, Clone)]
pub struct Roles {
    source: Source,
    dimensions: Vec<String>,
    /// Of variables that others name.
    referred: BTreeMap<String, Judgement>,
}

impl Roles {
    /// Of a dataset, for which its header is enough, from a file of that kind.
    #[must_use]
    pub fn from_source(dataset: &Dataset, source: Source) -> Self {
        // Put in one by one: to collect them brings the code of a sort.
        let mut known = BTreeSet::new();
        known.extend(dataset.fields.iter().map(|f| f.name.as_str()));
        let mut referred = BTreeMap::new();
        for field in &dataset.fields {
            referred::collect(field, &known, &mut referred);
        }
        Self { source, dimensions: dataset.dimensions.iter().map(|d| d.name.clone()).collect(), referred }
    }

    /// What a variable of that dataset is. It may have its values or not; with them a few more are told.
    #[must_use]
    pub fn judge(&self, field: &Field) -> Judgement {
        match self.source {
            Source::Bytes => return Judgement::new(Role::File, "kept byte for byte"),
            Source::Palette => return Judgement::new(Role::Palette, PALETTE),
            Source::Described | Source::Named | Source::Anonymous => {}
        }
        if field.values.data_type() == DataType::Char {
            return Judgement::new(Role::Text, "characters");
        }
        let told = own::decisive(field).or_else(|| self.coordinate(field)).or_else(|| own::dated(field)).or_else(|| self.referred.get(&field.name).cloned());
        told.or_else(|| own::likely(field))
            .or_else(|| self.by_name(field))
            .or_else(|| values::judge(field))
            .or_else(|| self.whole(field))
            .unwrap_or_else(|| measurement(field))
    }

    /// CF: of one dimension, of its own name.
    fn coordinate(&self, field: &Field) -> Option<Judgement> {
        let [dimension] = field.dimensions.as_slice() else { return None };
        let same = self.dimensions.get(*dimension) == Some(&field.name);
        same.then(|| Judgement::new(Role::Coordinate, "has the name of its dimension"))
    }

    fn by_name(&self, field: &Field) -> Option<Judgement> {
        if self.source == Source::Anonymous { None } else { names::judge(field, &self.dimensions) }
    }

    fn whole(&self, field: &Field) -> Option<Judgement> {
        let plain = self.source == Source::Described && !field.values.data_type().is_float() && own::unit(field).is_none() && !own::is_packed(field);
        plain.then(|| Judgement::new(Role::Integer, "whole numbers without a unit"))
    }
}

fn measurement(field: &Field) -> Judgement {
    let why = match own::unit(field) {
        Some(unit) => format!("in {unit}"),
        None => "nothing says otherwise".to_owned(),
    };
    Judgement::new(Role::Measurement, why)
}

/// Text of an attribute without blanks around it; none where that leaves nothing.
fn text(field: &Field, name: &str) -> Option<String> {
    let text = field.attribute(name).and_then(Values::as_text)?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
