//! NetCDF-4 files as the NetCDF library writes them, and other HDF5 files whose datasets are arrays of numbers or text.
//!
//! Sizes are checked against the limits before anything is allocated for them. Deliberately absent: user-defined types, filters other than deflate,
//! shuffle and Fletcher-32, links by name, external and virtual datasets.

mod axes;
mod chunks;
mod contents;
mod cursor;
mod file;
mod filters;
mod heap;
mod members;
mod messages;
mod strings;
mod trees;
mod variable;

use std::collections::BTreeSet;

use self::axes::Axes;
use self::contents::{Contents, check_name};
use self::cursor::malformed;
use self::file::File;
use self::members::StoredAttribute;
use self::messages::Class;
use self::strings::{GlobalHeap, Text};
use self::variable::{Variable, decode, volume};
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Field, Values};
use crate::formats::input::Input;
use crate::formats::netcdf3::spec::fill::missing_rule;
use crate::formats::netcdf3::spec::sign::{given_type, stored_type};
use crate::formats::netcdf4::spec::layout::{Layout, StringAttribute, VariableLayout};
use crate::formats::netcdf4::spec::{FORMAT, HIDDEN, LARGEST_ATTRIBUTE};
use crate::formats::opened::{Opened, Variables};
use crate::limits::Limits;

/// Reads all but the numbers: text too, whose length is a dimension.
pub(crate) fn open<'a>(input: &'a Input<'_>, _: &str, limits: &Limits) -> Result<Opened<'a>> {
    let file = File::open(input, limits)?;
    let mut contents = Contents::new(&file);
    contents.group(file.root, "", 0)?;
    let Contents { groups, group_attributes, variables, inner_first, .. } = contents;
    let mut axes = Axes::of_scales(&variables, limits)?;
    let mut heap = GlobalHeap::new(&file);
    let mut dimension_ids = vec![Vec::new(); variables.len()];
    for i in inner_first {
        if let (Some(variable), Some(ids)) = (variables.get(i), dimension_ids.get_mut(i)) {
            *ids = axes.of_variable(variable, &mut heap)?;
        }
    }
    axes.settle_lengths(&variables, &dimension_ids)?;
    let mut out = Output { heap: &mut heap, layout: Layout { groups, ..Layout::default() } };
    let mut attributes = Vec::new();
    for (path, stored) in &group_attributes {
        out.layout.classic |= path.is_empty() && stored.iter().any(|a| a.name == "_nc3_strict");
        out.attributes(path, None, stored, &mut attributes)?;
    }
    let (variables, dimension_ids): (Vec<_>, Vec<_>) = variables.into_iter().zip(dimension_ids).filter(|(v, _)| !v.is_dimension_only()).unzip();
    let fields = variables.iter().zip(dimension_ids).map(|(v, ids)| out.field(v, ids, &mut axes)).collect::<Result<Vec<_>>>()?;
    check_names(fields.iter().map(|f| f.name.as_str()))?;
    check_names(axes.dimensions.iter().map(|d| d.name.as_str()))?;
    let layout = out.layout.to_bytes();
    let header = Dataset { format: FORMAT, dimensions: axes.dimensions, attributes, fields, layout };
    Ok(Opened::new(header, Stored { file, variables }, limits))
}

/// Where the numbers are.
struct Stored<'a> {
    file: File<'a>,
    variables: Vec<Variable<'a>>,
}

impl Variables for Stored<'_> {
    fn values(&mut self, number: usize, field: &Field) -> Result<Values> {
        let variable = self.variables.get(number).ok_or_else(|| malformed(self.file.root, "a variable"))?;
        let stored = variable.stored(&self.file, &field.shape)?;
        Ok(match variable.data_type.class {
            Class::Number(_) => decode(field.values.data_type(), variable.data_type.big_endian, &stored)?,
            _ => Values::Char(stored.into_owned()),
        })
    }
}

fn check_names<'n>(names: impl Iterator<Item = &'n str>) -> Result<()> {
    let mut taken = BTreeSet::new();
    for name in names {
        if !taken.insert(name) {
            return Err(malformed(0, format!("a name other than {name:?}, which is taken")));
        }
    }
    Ok(())
}

/// Turns what is stored into what is given.
struct Output<'a, 'f> {
    heap: &'f mut GlobalHeap<'a, 'f>,
    layout: Layout,
}

impl<'a> Output<'a, '_> {
    fn field(&mut self, variable: &Variable<'a>, mut dimensions: Vec<usize>, axes: &mut Axes) -> Result<Field> {
        let file = self.heap.file;
        let length_of = |id: &usize| axes.dimensions.get(*id).map_or(0, |d| d.length);
        let mut shape: Vec<usize> = dimensions.iter().map(length_of).collect();
        let values = match variable.data_type.class {
            Class::Number(data_type) => Values::empty(data_type),
            Class::Text if variable.data_type.size == 1 => Values::empty(DataType::Char),
            _ => {
                self.heap.decoded(volume(shape.iter().map(|n| *n as u64), variable.data_type.size))?;
                let stored = variable.stored(file, &shape)?;
                let text = self.heap.texts(variable.data_type, &stored)?;
                let longest = text.iter().map(|t| t.len()).max().unwrap_or_default().max(1);
                dimensions.push(axes.of_strings(longest, &mut self.layout)?);
                shape.push(longest);
                self.heap.decoded(volume([text.len() as u64], longest as u64))?;
                Values::Char(padded(&text, longest))
            }
        };
        let mut attributes = Vec::new();
        self.attributes("", Some(&variable.path), &variable.attributes, &mut attributes)?;
        let (stored, missing) = (values.data_type(), missing_rule(values.data_type(), &attributes));
        let values = if values.is_empty() { Values::empty(given_type(stored, &attributes)) } else { values };
        let field = Field { name: variable.path.clone(), dimensions, shape, values, attributes, missing, derived: None };
        let signed = (stored_type(&field) != stored).then(|| stored.with_sign(true) == stored);
        self.layout.variables.push(VariableLayout { signed, ..variable.layout() });
        Ok(field)
    }

    /// Appends the attributes that are not hidden, with `path` before their names.
    fn attributes(&mut self, path: &str, variable: Option<&str>, stored: &[StoredAttribute<'a>], out: &mut Vec<Attribute>) -> Result<()> {
        let mut taken = BTreeSet::new();
        for attribute in stored.iter().filter(|a| !HIDDEN.contains(&a.name.as_str())) {
            let name = format!("{path}{}", attribute.name);
            let value = match attribute.data_type.class {
                Class::Number(data_type) => decode(data_type, attribute.data_type.big_endian, attribute.data.rest())?,
                Class::Text if attribute.space.extent.is_empty() => Values::Char(attribute.data.rest().to_vec()),
                Class::Text | Class::String => {
                    let texts = self.heap.texts(attribute.data_type, attribute.data.rest())?;
                    let count = texts.len() as u64;
                    self.layout.strings.push(StringAttribute { variable: variable.map(str::to_owned), name: name.clone(), count });
                    Values::Char(self.heap.joined(&texts)?)
                }
                Class::References => return Err(unsupported_attribute(&name, variable, "references")),
                Class::Other(what) => return Err(unsupported_attribute(&name, variable, what)),
            };
            check_name(&attribute.name)?;
            if value.byte_len() > LARGEST_ATTRIBUTE {
                return Err(unsupported_attribute(&name, variable, "more than 65000 bytes"));
            }
            if taken.replace(attribute.name.as_str()).is_some() {
                return Err(malformed(attribute.data.at, "an attribute with a name of its own"));
            }
            out.push(Attribute { name, value });
            Limits::check("attributes", out.len() as u64, self.heap.file.limits.items)?;
        }
        Ok(())
    }
}

fn unsupported_attribute(name: &str, variable: Option<&str>, what: &str) -> Error {
    let owner = variable.unwrap_or("global");
    let place = variable.map_or(String::new(), |v| format!(" of variable {v:?}"));
    Error::Unsupported { what: format!("attribute {name:?}{place} with {what}"), advice: format!("remove it with `ncatted -a {name},{owner},d,,`") }
}

/// Texts of equal length, with NUL behind the shorter ones.
fn padded(texts: &[Text<'_>], length: usize) -> Vec<u8> {
    let mut out = vec![0; texts.len() * length];
    for (room, text) in out.chunks_exact_mut(length).zip(texts) {
        room.iter_mut().zip(*text).for_each(|(to, from)| *to = *from);
    }
    out
}
