//! Walking through the groups of a file.

use std::collections::BTreeSet;

use super::cursor::malformed;
use super::file::{File, Object};
use super::members::StoredAttribute;
use super::messages::{Class, Filter, Space, Storage, Type, fill_value, filter_name, filters, sized, unsupported};
use super::variable::Variable;
use crate::error::{Error, Result};
use crate::formats::netcdf4::spec::message::{DATASPACE, DATATYPE, FILL, FILTERS, LAYOUT, OLD_FILL};
use crate::formats::netcdf4::spec::{NOT_COORDINATE, is_name};
use crate::limits::Limits;

/// Groups inside groups.
const DEEPEST: usize = 64;

pub(super) fn check_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::Unsupported { what: format!("the name {name:?}, which NetCDF does not allow,"), advice: "rename it, for example with `ncrename`".to_owned() })
}

/// What the groups of a file hold.
pub(super) struct Contents<'a, 'f> {
    file: &'f File<'a>,
    /// Addresses of groups.
    visited: BTreeSet<u64>,
    /// Paths of all groups but the root.
    pub(super) groups: Vec<String>,
    pub(super) group_attributes: Vec<(String, Vec<StoredAttribute<'a>>)>,
    pub(super) variables: Vec<Variable<'a>>,
    /// Indices of the variables, those of inner groups before those of outer ones: the order in which the NetCDF library looks for dimensions.
    pub(super) inner_first: Vec<usize>,
}

impl<'a, 'f> Contents<'a, 'f> {
    pub(super) const fn new(file: &'f File<'a>) -> Self {
        Self { file, visited: BTreeSet::new(), groups: Vec::new(), group_attributes: Vec::new(), variables: Vec::new(), inner_first: Vec::new() }
    }

    /// `path` ends with `/` unless it is the root's.
    pub(super) fn group(&mut self, address: u64, path: &str, depth: usize) -> Result<()> {
        if depth > DEEPEST || !self.visited.insert(address) {
            let what = format!("a NetCDF-4 file whose group {path:?} is a member of several groups, or of too many one in the other");
            return Err(Error::Unsupported { what, advice: "rewrite it with `nccopy`".to_owned() });
        }
        let object = self.file.object(address)?;
        let attributes = self.file.attributes(&object)?;
        Limits::check("attributes", attributes.len() as u64, self.file.limits.items)?;
        self.group_attributes.push((path.to_owned(), attributes));
        let mut groups = Vec::new();
        let first = self.variables.len();
        for link in self.file.links(&object)? {
            check_name(&link.name)?;
            let full = format!("{path}{}", link.name);
            let Some(target) = link.target else {
                return Err(Error::Unsupported {
                    what: format!("the link {full:?} to another place"),
                    advice: "rewrite the file without it, for example with `h5repack`".to_owned(),
                });
            };
            let member = self.file.object(target)?;
            if member.is_variable() {
                let variable = self.variable(&member, path, &link.name)?;
                self.variables.push(variable);
                Limits::check("variables", self.variables.len() as u64, self.file.limits.items)?;
            } else if member.is_group() {
                groups.push((target, full));
            } else if member.find(DATATYPE).is_some() {
                return Err(Error::Unsupported {
                    what: format!("the user-defined type {full:?}"),
                    advice: "remove the variables that use it with `ncks -x -v`".to_owned(),
                });
            } else {
                return Err(malformed(target, "a group, a dataset or a type"));
            }
        }
        let own = first..self.variables.len();
        for (target, full) in groups {
            let below = format!("{full}/");
            self.groups.push(full);
            Limits::check("groups", self.groups.len() as u64, self.file.limits.items)?;
            self.group(target, &below, depth + 1)?;
        }
        self.inner_first.extend(own);
        Ok(())
    }

    fn variable(&self, object: &Object<'a>, group: &str, name: &str) -> Result<Variable<'a>> {
        let file = self.file;
        let path = format!("{group}{}", name.strip_prefix(NOT_COORDINATE).unwrap_or(name));
        let data_type = Type::parse(file.body(object.require(DATATYPE, "a datatype")?)?)?;
        let space = Space::parse(file.body(object.require(DATASPACE, "a dataspace")?)?)?;
        let storage = Storage::parse(file.body(object.require(LAYOUT, "a storage layout")?)?)?;
        let fill = match (object.find(FILL), object.find(OLD_FILL)) {
            (Some(message), _) => fill_value(file.body(message)?)?,
            (None, Some(message)) => sized(file.body(message)?)?,
            (None, None) => &[],
        };
        let filters = object.find(FILTERS).map(|m| file.body(m).and_then(filters)).transpose()?.unwrap_or_default();
        let attributes = file.attributes(object)?;
        let variable = Variable { group: group.to_owned(), path, address: object.address, data_type, space, storage, filters, fill, attributes };
        let name = &variable.path;
        match variable.data_type.class {
            Class::Other(what) => return Err(unsupported(name, what)),
            Class::References => return Err(unsupported(name, "references")),
            _ => (),
        }
        if let Some(id) = variable.filters.iter().find_map(|f| if let Filter::Unknown(id) = f { Some(*id) } else { None }) {
            return Err(unsupported(name, &format!("the filter {}", filter_name(id))));
        }
        if object.has_external_files() {
            return Err(unsupported(name, "values in other files"));
        }
        if variable.space.null {
            return Err(unsupported(name, "no shape (an empty dataspace)"));
        }
        Ok(variable)
    }
}
