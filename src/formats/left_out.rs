//! What a file loses when it is saved in another format: told from metadata alone, so that it can be asked before anything is written.

use core::fmt;

use super::format::{Format, Holds};
use super::maps::{no_page, no_picture};
use super::{grib, npz};
use crate::field::{Attribute, Dataset, Field, Values};

/// Something of a file for which the format that it is saved in has no place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// Variables, by their names.
    Variables {
        /// Their names.
        names: Vec<String>,
        /// What they are, or have not.
        why: &'static str,
    },
    /// Coordinate variables, by their names.
    Coordinates(Vec<String>),
    /// Attributes, or some of them.
    Attributes,
    /// What the format that the file came from has, and the other has not.
    Own(&'static str),
    /// What bounds did to values, which the archive says.
    Loss,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variables { names, why } => write!(f, "{} ({why})", quoted(names)),
            Self::Coordinates(names) => write!(f, "the coordinates {}", quoted(names)),
            Self::Attributes => f.write_str("attributes that it has no place for"),
            Self::Own(what) => f.write_str(what),
            Self::Loss => f.write_str("what the bounds did to values, for which GRIB has no key; the archive says it"),
        }
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

/// Attributes that become tags of a TIFF.
const IN_TAGS: [&str; 16] = [
    "units",
    "scale_factor",
    "add_offset",
    "_FillValue",
    "grid_mapping",
    "epsg",
    "ImageDescription",
    "Make",
    "Model",
    "PageName",
    "Software",
    "DateTime",
    "Artist",
    "Copyright",
    "GeoAsciiParams",
    "GDAL_METADATA",
];

impl Format {
    /// Why the format has no place for a variable; none where it has.
    #[must_use]
    pub fn refuses(&self, field: &Field) -> Option<&'static str> {
        match self.holds {
            Holds::All | Holds::Arrays => None,
            Holds::Pages => no_page(field),
            Holds::Pictures => no_picture(field),
        }
    }

    /// What is lost when a dataset, with its values or without, is saved in this format, having come from `source`; where that is the same, only what an archive adds.
    #[must_use]
    pub fn leaves_out(&self, dataset: &Dataset, source: &Self) -> Vec<LeftOut> {
        if self == source {
            // Arrays and pictures say by themselves that they hold no more than that.
            let unsaid = self.source.is(grib::FORMAT) && dataset.loss().is_some();
            return unsaid.then_some(LeftOut::Loss).into_iter().collect();
        }
        let refused = |field: &&Field| self.refuses(field).is_some() && !self.says_otherwise(dataset, field);
        let (coordinates, others): (Vec<&Field>, Vec<&Field>) = dataset.fields.iter().filter(refused).partition(|f| dataset.is_coordinate(f));
        let mut all: Vec<LeftOut> = Vec::new();
        for (field, why) in others.iter().filter_map(|f| Some((f, self.refuses(f)?))) {
            match all.iter_mut().find_map(|l| if let LeftOut::Variables { names, why: w } = l { (*w == why).then_some(names) } else { None }) {
                Some(names) => names.push(field.name.clone()),
                None => all.push(LeftOut::Variables { names: vec![field.name.clone()], why }),
            }
        }
        if !coordinates.is_empty() {
            all.push(LeftOut::Coordinates(coordinates.iter().map(|f| f.name.clone()).collect()));
        }
        all.extend(self.loses_attributes(dataset).then_some(LeftOut::Attributes));
        let own = source.own.filter(|_| !dataset.layout.is_empty());
        all.extend(own.map(LeftOut::Own));
        all
    }

    /// Whether what a variable says is said in another way: the coordinates of rows and columns, and reference systems, in tags.
    fn says_otherwise(&self, dataset: &Dataset, field: &Field) -> bool {
        let pages = || dataset.fields.iter().filter(|f| no_page(f).is_none());
        let axis = || matches!(field.dimensions.as_slice(), [d] if pages().any(|page| page.dimensions.iter().rev().take(2).any(|other| other == d)));
        let names = |f: &Field| f.attribute("grid_mapping").and_then(Values::as_text).is_some_and(|name| name.trim() == field.name);
        self.holds == Holds::Pages && (dataset.is_coordinate(field) && axis() || dataset.fields.iter().any(names))
    }

    fn loses_attributes(&self, dataset: &Dataset) -> bool {
        let in_tags = |a: &Attribute| IN_TAGS.contains(&a.name.as_str());
        let kept: &dyn Fn(&Attribute) -> bool = match self.holds {
            Holds::All => &|_| true,
            Holds::Pages => &|a| in_tags(a) || a.tells_loss(),
            Holds::Arrays if self.source.is(npz::FORMAT) => &Attribute::tells_loss,
            Holds::Arrays | Holds::Pictures => &|_| false,
        };
        let written = dataset.fields.iter().filter(|f| self.refuses(f).is_none());
        dataset.attributes.iter().chain(written.flat_map(|f| &f.attributes)).any(|a| !kept(a))
    }
}
