//! What a file holds once it is read: a [`Dataset`] of [`Field`]s on shared dimensions, with attributes.
//!
//! Nothing here knows a file format or the codec. Values are kept in the type and byte pattern of the source.

mod bound;
mod bounds;
mod keep;
pub(crate) mod loss;
mod missing;
mod planes;
mod present;
mod recommended;
mod role;
pub mod selection;
mod tiles;
mod values;

pub use bound::{AbsoluteBound, ErrorBound};
pub use bounds::{Bounds, Wish};
pub use keep::{Keep, Keeps};
pub(crate) use missing::bit_pattern;
pub use missing::{Missing, MissingRule, Packing, Suspect, suspected_missing};
pub(crate) use present::{Stored, each_pair, put_numbers};
pub(crate) use recommended::plain_unit;
pub use recommended::recommended;
pub use role::{Judgement, Role, Roles, Source, with_companions};
pub use tiles::Tiles;
pub(crate) use values::extremes;
pub use values::{DataType, Element, Values, with_values};

use crate::error::{Error, Result};

/// The file format a dataset came from, as archives name it, so that it can be given back in the same one. Which number is which format only [`crate::formats`] knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFormat {
    /// Number of the format.
    pub number: u8,
    /// What else its reader and writer agree on, such as a version or an order of bytes; 0 where that is nothing.
    pub detail: u8,
}

impl SourceFormat {
    /// Typed arrays handed over by a program.
    pub const ARRAY: Self = Self::new(0, 0);

    /// By its numbers.
    #[must_use]
    pub const fn new(number: u8, detail: u8) -> Self {
        Self { number, detail }
    }

    /// Whether it is that format, whatever the detail.
    #[must_use]
    pub const fn is(self, other: Self) -> bool {
        self.number == other.number
    }
}

/// A named axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dimension {
    /// Name, unique in its dataset.
    pub name: String,
    /// Number of points.
    pub length: usize,
    /// Whether it is the record (unlimited) dimension.
    pub unlimited: bool,
}

/// A named piece of metadata: text is `Values::Char`, everything else a typed list.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Name, unique among its neighbours.
    pub name: String,
    /// Text (`Values::Char`, any encoding) or numbers.
    pub value: Values,
}

impl Attribute {
    /// A text attribute.
    #[must_use]
    pub fn text(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: Values::Char(value.as_bytes().to_vec()) }
    }
}

/// One variable: an array in C order with its dimensions and attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Name, unique in its dataset.
    pub name: String,
    /// Indices into [`Dataset::dimensions`], slowest first; empty for a scalar.
    pub dimensions: Vec<usize>,
    /// Length of each dimension, slowest first; the product is `values.len()`.
    pub shape: Vec<usize>,
    /// Values in C order.
    pub values: Values,
    /// Metadata in file order.
    pub attributes: Vec<Attribute>,
    /// Which values mean "no data".
    pub missing: Missing,
    /// What yields the values, where something does.
    pub derived: Option<Derived>,
}

/// What yields values, so that an archive need not have them: the definition of a grid, out of which [`crate::formats::derive`] computes where its points are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    /// Number of the rule (docs/format.md, section 3).
    pub rule: u8,
    /// Which of the things that it yields.
    pub part: u8,
    /// Bytes that the rule takes.
    pub definition: Vec<u8>,
}

impl Field {
    /// The attribute of that name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Values> {
        self.attributes.iter().find(|a| a.name == name).map(|a| &a.value)
    }

    /// The same but for the values.
    #[must_use]
    pub fn without_values(&self) -> Self {
        Self {
            name: self.name.clone(),
            dimensions: self.dimensions.clone(),
            shape: self.shape.clone(),
            values: Values::empty(self.values.data_type()),
            attributes: self.attributes.clone(),
            missing: self.missing.clone(),
            derived: self.derived.clone(),
        }
    }

    /// Bytes of the values that the shape asks for, whether they are there or not.
    #[must_use]
    pub fn declared_bytes(&self) -> u64 {
        self.shape.iter().fold(self.values.data_type().size() as u64, |n, d| n.saturating_mul(*d as u64))
    }

    /// Planes between two of the same level, in an array of more than three dimensions; 0 in others.
    pub(crate) fn cycle(&self) -> usize {
        match self.shape.as_slice() {
            [_, .., levels, _, _] => *levels,
            _ => 0,
        }
    }

    /// The largest of the scales that bands of a picture have of their own, so that no one packing fits them; `None` for all other fields.
    pub(crate) fn largest_band_scale(&self) -> Option<f64> {
        let scales = self.attribute("band_scale_factor")?;
        (0..scales.len()).filter_map(|band| scales.get_f64(band)).map(f64::abs).filter(|scale| scale.is_finite()).reduce(f64::max).filter(|scale| *scale > 0.0)
    }

    /// CF packing: physical = stored · scale + offset. Identity when the attributes are absent.
    #[must_use]
    pub fn packing(&self) -> Packing {
        let number = |name| self.attribute(name).filter(|v| !matches!(v, Values::Char(_))).and_then(|v| v.get_f64(0));
        Packing {
            scale: number("scale_factor").filter(|s| *s != 0.0 && s.is_finite()).unwrap_or(1.0),
            offset: number("add_offset").filter(|o| o.is_finite()).unwrap_or(0.0),
        }
    }
}

/// Everything read from one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    /// Where it came from.
    pub format: SourceFormat,
    /// Axes shared by the fields.
    pub dimensions: Vec<Dimension>,
    /// Metadata of the whole file.
    pub attributes: Vec<Attribute>,
    /// Variables in file order.
    pub fields: Vec<Field>,
    /// What else the file says, in a form that only the reader and the writer of its format know: storage, headers of messages, tags. Empty where
    /// the rest says it all.
    pub layout: Vec<u8>,
}

impl Dataset {
    /// Bytes of the values that the shapes of all fields ask for, whether they are there or not.
    #[must_use]
    pub fn declared_bytes(&self) -> u64 {
        self.fields.iter().map(Field::declared_bytes).fold(0, u64::saturating_add)
    }

    /// A dataset of one anonymous array with dimensions `dim_0 …`, as NPY files and programs give it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the product of `shape` is not the number of values.
    pub fn from_array(name: &str, shape: &[usize], values: Values, format: SourceFormat) -> Result<Self> {
        let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        if count != Some(values.len()) {
            return Err(Error::InvalidArgument { what: format!("shape {shape:?} does not hold {} values", values.len()) });
        }
        Ok(Self::array(name, shape, values, format))
    }

    /// As [`Self::from_array`]; the values may follow later.
    pub(crate) fn array(name: &str, shape: &[usize], values: Values, format: SourceFormat) -> Self {
        let dimensions = shape.iter().enumerate().map(|(i, &length)| Dimension { name: format!("dim_{i}"), length, unlimited: false }).collect();
        let field = Field {
            name: name.to_owned(),
            dimensions: (0..shape.len()).collect(),
            shape: shape.to_vec(),
            values,
            attributes: Vec::new(),
            missing: Missing::NonFinite,
            derived: None,
        };
        Self { format, dimensions, attributes: Vec::new(), fields: vec![field], layout: Vec::new() }
    }

    /// The same but for values and layout.
    #[must_use]
    pub fn without_values(&self) -> Self {
        Self {
            format: self.format,
            dimensions: self.dimensions.clone(),
            attributes: self.attributes.clone(),
            fields: self.fields.iter().map(Field::without_values).collect(),
            layout: Vec::new(),
        }
    }

    /// Names of the dimensions of a field.
    pub(crate) fn names(&self, field: &Field) -> Vec<&str> {
        field.dimensions.iter().map(|d| self.dimensions.get(*d).map_or("", |d| d.name.as_str())).collect()
    }

    /// Whether the field is a coordinate variable (CF: one dimension, of its own name): always kept lossless.
    #[must_use]
    pub fn is_coordinate(&self, field: &Field) -> bool {
        matches!(field.dimensions.as_slice(), [d] if self.dimensions.get(*d).is_some_and(|d| d.name == field.name))
    }
}
