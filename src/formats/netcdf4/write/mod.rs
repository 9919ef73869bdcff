//! NetCDF-4 as the NetCDF library writes it: dimension scales, variables tied to them, everything in the order of its creation.
//!
//! Values come first, then the headers, whose lengths do not depend on the addresses they hold.

mod encode;
mod storage;

use std::collections::{BTreeMap, BTreeSet};

use self::encode::{Encoded, Header, HeapId, Out, SUPERBLOCK, UNDEFINED, number_type, reference_list_type, references_type, space, string_type, superblock};
use self::storage::{Shape, Stored, chunked, contiguous, fill, ordered};
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, Field, Values};
use crate::formats::netcdf3::spec::fill::default_fill;
use crate::formats::netcdf3::spec::sign::stored_type;
use crate::formats::netcdf4::spec::layout::{Layout, VariableLayout};
use crate::formats::netcdf4::spec::{HIDDEN, NO_VARIABLE, NOT_COORDINATE, is_name, trimmed};

/// Most dimensions of a variable in HDF5.
const MOST_DIMENSIONS: usize = 32;
/// Most variables that a dimension lists; beyond, an attribute would not fit a header.
const MOST_USERS: usize = 4000;

/// Writes NetCDF-4: in the storage of the source if it was NetCDF-4, else in chunks with shuffle and deflate.
///
/// # Errors
/// [`Error::InvalidArgument`] for names NetCDF does not allow, or fields that contradict their dimensions.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    let layout = Layout::from_bytes(&dataset.layout);
    let plan = Plan::new(dataset, &layout)?;
    let mut out = Out { bytes: vec![0; SUPERBLOCK] };
    let bodies = plan.variables.iter().map(|v| v.store(&plan, &mut out)).collect::<Result<Vec<_>>>()?;
    let group_attributes = plan.group_attributes(&mut out);
    let ties = plan.ties(&mut out);
    let mut addresses = vec![0; plan.nodes.len()];
    for pass in 0..2 {
        for (i, node) in plan.nodes.iter().enumerate() {
            let header = plan.header(node, i, &bodies, &group_attributes, &ties, &addresses)?;
            match addresses.get_mut(i) {
                Some(address) if pass == 0 => *address = out.place(&header),
                Some(address) => out.replace(*address, &header),
                None => (),
            }
        }
    }
    plan.point(&ties, &addresses, &mut out);
    let (end, root) = (out.bytes.len() as u64, addresses.first().copied().unwrap_or_default());
    out.replace(0, &superblock(end, root));
    Ok(out.bytes)
}

fn invalid(what: String) -> Error {
    Error::InvalidArgument { what }
}

/// Path of the group and name in it.
fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn check_attributes<'n>(owner: &str, names: impl Iterator<Item = &'n str>, allowed: impl Fn(&str) -> bool) -> Result<()> {
    let mut taken = BTreeSet::new();
    for name in names {
        if !allowed(name) || !taken.insert(name) {
            return Err(invalid(format!("attribute {name:?} of {owner:?} has a name that is taken twice or that NetCDF does not allow")));
        }
    }
    Ok(())
}

/// What an object in the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Group,
    /// A dimension without variable.
    Dimension(usize),
    /// Index among the variables of the plan.
    Variable(usize),
}

/// An object and its members.
struct Node {
    kind: Kind,
    members: Vec<(String, usize)>,
}

/// A variable as it is to be written.
struct Variable<'d> {
    field: &'d Field,
    /// Without that of strings.
    dimensions: &'d [usize],
    layout: Option<&'d VariableLayout>,
    string: bool,
}

/// Values in place, and what the header says of them.
struct Body {
    space: Vec<u8>,
    data_type: Vec<u8>,
    fill: Vec<u8>,
    stored: Stored,
    attributes: Vec<Encoded>,
}

/// For each variable, its references to the scales of its dimensions; none for scales themselves.
struct Ties {
    ids: Vec<Vec<HeapId>>,
    /// Where the heap of the references begins.
    at: u64,
}

struct Plan<'d> {
    dataset: &'d Dataset,
    layout: &'d Layout,
    nodes: Vec<Node>,
    /// Node of each group by its path.
    groups: BTreeMap<String, usize>,
    variables: Vec<Variable<'d>>,
    /// Node of each dimension's scale; none for the lengths of strings.
    scales: Vec<Option<usize>>,
    /// Node of each variable.
    variable_nodes: Vec<usize>,
    /// Number of each dimension in the file.
    numbers: Vec<i32>,
}

impl<'d> Plan<'d> {
    fn new(dataset: &'d Dataset, layout: &'d Layout) -> Result<Self> {
        let variables = dataset.fields.iter().map(|f| Variable::new(f, dataset, layout)).collect::<Result<Vec<_>>>()?;
        let root = Node { kind: Kind::Group, members: Vec::new() };
        let count = dataset.dimensions.len();
        let (scales, numbers) = (vec![None; count], Vec::new());
        let groups = BTreeMap::from([(String::new(), 0)]);
        let mut plan = Self { dataset, layout, nodes: vec![root], groups, variables, scales, variable_nodes: Vec::new(), numbers };
        plan.add_dimensions()?;
        plan.add_variables()?;
        for path in &layout.groups {
            plan.group(path)?;
        }
        check_attributes("the file", dataset.attributes.iter().map(|a| a.name.as_str()), |name| name.split('/').all(is_name))?;
        for field in &dataset.fields {
            check_attributes(&field.name, field.attributes.iter().map(|a| a.name.as_str()), is_name)?;
        }
        for attribute in &dataset.attributes {
            plan.group(split_path(&attribute.name).0)?;
        }
        Ok(plan)
    }

    /// Whether that dimension is in the file: not if only strings have it.
    fn is_written(&self, id: usize, dimension: &Dimension) -> bool {
        !self.layout.string_dimensions.contains(&dimension.name) || self.variables.iter().any(|v| v.dimensions.contains(&id))
    }

    fn add_dimensions(&mut self) -> Result<()> {
        let mut next = 0;
        for (id, dimension) in self.dataset.dimensions.iter().enumerate() {
            let written = self.is_written(id, dimension);
            self.numbers.push(next);
            if !written {
                continue;
            }
            next += 1;
            if !self.variables.iter().any(|v| v.is_scale_of(id, self.dataset)) {
                let node = self.add(&dimension.name, "", Kind::Dimension(id))?;
                if let Some(scale) = self.scales.get_mut(id) {
                    *scale = Some(node);
                }
            }
        }
        Ok(())
    }

    fn add_variables(&mut self) -> Result<()> {
        for i in 0..self.variables.len() {
            let Some(variable) = self.variables.get(i) else { continue };
            let (name, first) = (&variable.field.name, variable.dimensions.first().copied());
            let scale = first.filter(|id| variable.is_scale_of(*id, self.dataset));
            let like_dimension = self.dataset.dimensions.iter().enumerate().any(|(id, d)| d.name == *name && self.is_written(id, d));
            let mark = if like_dimension && scale.is_none() { NOT_COORDINATE } else { "" };
            let node = self.add(name, mark, Kind::Variable(i))?;
            self.variable_nodes.push(node);
            if let Some(entry) = scale.and_then(|id| self.scales.get_mut(id)) {
                *entry = Some(node);
            }
        }
        Ok(())
    }

    /// Adds an object at that path, with `mark` before its own name.
    fn add(&mut self, path: &str, mark: &str, kind: Kind) -> Result<usize> {
        let (group, name) = split_path(path);
        if !is_name(name) {
            return Err(invalid(format!("{path:?} is not a name that NetCDF allows: it has 1 to 256 bytes, no control characters, and is not `.` or `..`")));
        }
        let parent = self.group(group)?;
        let node = self.nodes.len();
        self.nodes.push(Node { kind, members: Vec::new() });
        let name = format!("{mark}{name}");
        match self.nodes.get_mut(parent) {
            Some(parent) if parent.members.iter().all(|(n, _)| *n != name) => parent.members.push((name, node)),
            _ => return Err(invalid(format!("the name {path:?} is taken twice"))),
        }
        Ok(node)
    }

    /// The group at that path; it and those above are added if they are new.
    fn group(&mut self, path: &str) -> Result<usize> {
        if let Some(node) = self.groups.get(path) {
            return Ok(*node);
        }
        let node = self.add(path, "", Kind::Group)?;
        self.groups.insert(path.to_owned(), node);
        Ok(node)
    }

    /// Attributes of each group, by its node.
    fn group_attributes(&self, out: &mut Out) -> BTreeMap<usize, Vec<Encoded>> {
        let mut all: BTreeMap<usize, Vec<Encoded>> = BTreeMap::new();
        let mut root = vec![Encoded::text("_NCProperties", concat!("version=2,deepcomp=", env!("CARGO_PKG_VERSION")).as_bytes())];
        if self.layout.classic {
            root.push(Encoded::number("_nc3_strict", 1));
        }
        all.insert(0, root);
        for attribute in &self.dataset.attributes {
            let (group, name) = split_path(&attribute.name);
            let node = self.groups.get(group).copied().unwrap_or_default();
            if !HIDDEN.contains(&name) {
                all.entry(node).or_default().push(self.attribute(attribute, name, None, out));
            }
        }
        all
    }

    fn attribute(&self, attribute: &Attribute, name: &str, variable: Option<&str>, out: &mut Out) -> Encoded {
        let marked = self.layout.strings.iter().find(|s| s.variable.as_deref() == variable && s.name == attribute.name);
        match (&attribute.value, marked) {
            (Values::Char(text), Some(mark)) => strings(name, text, mark.count == 0 && text.is_empty(), out),
            (Values::Char(text), None) => Encoded::text(name, text),
            (values, _) => Encoded::list(name, values),
        }
    }

    /// Reserves room for the references of variables to scales.
    fn ties(&self, out: &mut Out) -> Ties {
        let counts: Vec<usize> = self.variables.iter().map(|v| if v.is_scale(self.dataset) { 0 } else { v.dimensions.len() }).collect();
        out.place(&[]);
        let at = out.bytes.len() as u64;
        let mut ids = out.heap(core::iter::repeat_n([0; 8].as_slice(), counts.iter().sum())).into_iter();
        Ties { ids: counts.iter().map(|n| ids.by_ref().take(*n).collect()).collect(), at }
    }

    /// Fills in the references, now that the scales have addresses.
    fn point(&self, ties: &Ties, addresses: &[u64], out: &mut Out) {
        let tied = self.variables.iter().zip(&ties.ids).filter(|(_, ids)| !ids.is_empty());
        let references: Vec<[u8; 8]> = tied.flat_map(|(v, _)| v.dimensions).map(|id| self.scale_address(*id, addresses).to_le_bytes()).collect();
        let mut heap = Out { bytes: Vec::new() };
        heap.heap(references.iter().map(<[u8; 8]>::as_slice));
        out.replace(ties.at, &heap.bytes);
    }

    fn scale_address(&self, id: usize, addresses: &[u64]) -> u64 {
        self.scales.get(id).copied().flatten().and_then(|node| addresses.get(node)).copied().unwrap_or(UNDEFINED)
    }

    fn header(
        &self,
        node: &Node,
        index: usize,
        bodies: &[Body],
        group_attributes: &BTreeMap<usize, Vec<Encoded>>,
        ties: &Ties,
        addresses: &[u64],
    ) -> Result<Vec<u8>> {
        let header = match node.kind {
            Kind::Group => {
                let mut header = Header::group(node.members.len());
                for (order, (name, member)) in node.members.iter().enumerate() {
                    header.link(order, name, addresses.get(*member).copied().unwrap_or_default());
                }
                for attribute in group_attributes.get(&index).into_iter().flatten() {
                    header.attribute(attribute)?;
                }
                header
            }
            Kind::Dimension(id) => self.dimension_header(id, addresses)?,
            Kind::Variable(i) => match (self.variables.get(i), bodies.get(i), ties.ids.get(i)) {
                (Some(variable), Some(body), Some(ids)) => self.variable_header(variable, body, ids, addresses)?,
                _ => Header::group(0),
            },
        };
        Ok(header.finish())
    }

    fn dimension_header(&self, id: usize, addresses: &[u64]) -> Result<Header> {
        let Some(dimension) = self.dataset.dimensions.get(id) else { return Ok(Header::group(0)) };
        let length = dimension.length as u64;
        let size = length.checked_mul(4).ok_or_else(|| invalid(format!("dimension {:?} of length {length} is too long for NetCDF-4", dimension.name)))?;
        let (most, layout) = if dimension.unlimited { (Some([UNDEFINED]), chunked(UNDEFINED, &[1024], 4)) } else { (None, contiguous(UNDEFINED, size)) };
        let space = space(&[length], most.as_ref().map(<[u64; 1]>::as_slice));
        let mut header = Header::dataset(&space, &number_type(DataType::F32, true), &fill(None, dimension.unlimited), &layout, None);
        self.scale_attributes(&mut header, id, &format!("{NO_VARIABLE}{length:10}"), addresses)?;
        Ok(header)
    }

    fn variable_header(&self, variable: &Variable<'_>, body: &Body, ids: &[HeapId], addresses: &[u64]) -> Result<Header> {
        let mut header = Header::dataset(&body.space, &body.data_type, &body.fill, &body.stored.layout, body.stored.filters.as_deref());
        match variable.dimensions.first() {
            Some(id) if variable.is_scale_of(*id, self.dataset) => {
                let name = variable.field.name.rsplit('/').next().unwrap_or_default();
                self.scale_attributes(&mut header, *id, name, addresses)?;
                if variable.dimensions.len() > 1 {
                    let numbers = variable.dimensions.iter().filter_map(|id| self.numbers.get(*id).copied()).collect();
                    header.attribute(&Encoded::list("_Netcdf4Coordinates", &Values::I32(numbers)))?;
                }
            }
            Some(_) => {
                let data = ids.iter().flat_map(|id| id.element(1)).collect();
                let space = space(&[ids.len() as u64], None);
                header.attribute(&Encoded { name: "DIMENSION_LIST".to_owned(), data_type: references_type(), space, data })?;
            }
            None => (),
        }
        for attribute in &body.attributes {
            header.attribute(attribute)?;
        }
        Ok(header)
    }

    /// What makes a dataset the scale of a dimension.
    fn scale_attributes(&self, header: &mut Header, id: usize, name: &str, addresses: &[u64]) -> Result<()> {
        header.attribute(&Encoded::text("CLASS", b"DIMENSION_SCALE\0"))?;
        header.attribute(&Encoded::text("NAME", format!("{name}\0").as_bytes()))?;
        header.attribute(&Encoded::number("_Netcdf4Dimid", self.numbers.get(id).copied().unwrap_or_default()))?;
        let mut data = Vec::new();
        for (variable, node) in self.variables.iter().zip(&self.variable_nodes).filter(|(v, _)| !v.is_scale(self.dataset)) {
            for (place, _) in variable.dimensions.iter().enumerate().filter(|(_, own)| **own == id) {
                data.extend(addresses.get(*node).copied().unwrap_or_default().to_le_bytes());
                data.extend((place as u64).to_le_bytes());
            }
        }
        let users = data.len() / 16;
        if (1..=MOST_USERS).contains(&users) {
            let space = space(&[users as u64], None);
            header.attribute(&Encoded { name: "REFERENCE_LIST".to_owned(), data_type: reference_list_type(), space, data })?;
        }
        Ok(())
    }
}

impl<'d> Variable<'d> {
    fn new(field: &'d Field, dataset: &Dataset, layout: &'d Layout) -> Result<Self> {
        let wrong = |why: &str| Err(invalid(format!("variable {:?} {why}", field.name)));
        let lengths: Option<Vec<usize>> = field.dimensions.iter().map(|id| dataset.dimensions.get(*id).map(|d| d.length)).collect();
        if lengths.as_deref() != Some(&field.shape) {
            return wrong("has a shape other than its dimensions");
        }
        if field.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) != Some(field.values.len()) {
            return wrong("does not have as many values as its shape says");
        }
        let layout = layout.variables.iter().find(|v| v.name == field.name);
        let string = layout.is_some_and(|l| l.string) && field.values.data_type() == DataType::Char && field.shape.last().is_some_and(|n| *n > 0);
        let kept = field.dimensions.len() - usize::from(string);
        if kept > MOST_DIMENSIONS {
            return wrong("has more than 32 dimensions");
        }
        Ok(Self { field, dimensions: field.dimensions.get(..kept).unwrap_or_default(), layout, string })
    }

    /// The type in the file.
    fn stored_type(&self) -> DataType {
        let signed = self.layout.and_then(|layout| layout.signed);
        signed.map_or_else(|| stored_type(self.field), |signed| self.field.values.data_type().with_sign(signed))
    }

    /// Whether this is the coordinate variable of the dimension.
    fn is_scale_of(&self, id: usize, dataset: &Dataset) -> bool {
        self.dimensions.first() == Some(&id) && dataset.dimensions.get(id).is_some_and(|d| d.name == self.field.name)
    }

    fn is_scale(&self, dataset: &Dataset) -> bool {
        self.dimensions.first().is_some_and(|id| self.is_scale_of(*id, dataset))
    }

    fn store(&self, plan: &Plan<'_>, out: &mut Out) -> Result<Body> {
        let dimensions: Vec<&Dimension> = self.dimensions.iter().filter_map(|id| plan.dataset.dimensions.get(*id)).collect();
        let extent: Vec<u64> = dimensions.iter().map(|d| d.length as u64).collect();
        let unlimited: Vec<bool> = dimensions.iter().map(|d| d.unlimited).collect();
        let most: Vec<u64> = dimensions.iter().map(|d| if d.unlimited { UNDEFINED } else { d.length as u64 }).collect();
        let values = &self.field.values;
        let element = if self.string { 16 } else { values.data_type().size() };
        let shape = Shape { extent: &extent, unlimited: &unlimited, element, references: self.string };
        let layout = shape.choose(self.layout);
        let stored = self.stored_type();
        let big_endian = self.layout.is_some_and(|l| l.big_endian);
        let (data_type, bytes) = match values {
            Values::Char(text) if self.string => (string_type(), references(text, self.field.shape.last().copied().unwrap_or(1), out)),
            _ => (number_type(stored, big_endian), ordered(values, big_endian)),
        };
        let fill_value = match self.field.attribute("_FillValue") {
            _ if self.string => vec![0; element],
            Some(own) if own.data_type() == stored && own.len() == 1 => ordered(own, big_endian),
            _ => ordered(&default_fill(stored), big_endian),
        };
        let no_fill = self.layout.is_some_and(|l| l.no_fill);
        Ok(Body {
            space: space(&extent, unlimited.contains(&true).then_some(&most)),
            data_type,
            fill: fill(Some(fill_value.as_slice()).filter(|_| !no_fill), layout.chunks.is_some()),
            stored: shape.store(out, &bytes, &layout),
            attributes: self
                .field
                .attributes
                .iter()
                .filter(|a| !HIDDEN.contains(&a.name.as_str()))
                .map(|a| plan.attribute(a, &a.name, Some(&self.field.name), out))
                .collect(),
        })
    }
}

/// A list of strings; they are separated by NUL in `text`.
fn strings(name: &str, text: &[u8], none: bool, out: &mut Out) -> Encoded {
    let parts: Vec<&[u8]> = if none { Vec::new() } else { text.split(|b| *b == 0).collect() };
    let space = if none { encode::NULL.to_vec() } else { space(&[parts.len() as u64], None) };
    Encoded { name: name.to_owned(), data_type: string_type(), space, data: heap_elements(&parts, out) }
}

/// Elements of strings of `length` bytes, filled up with NUL.
fn references(text: &[u8], length: usize, out: &mut Out) -> Vec<u8> {
    let parts: Vec<&[u8]> = text.chunks_exact(length.max(1)).map(trimmed).collect();
    heap_elements(&parts, out)
}

fn heap_elements(parts: &[&[u8]], out: &mut Out) -> Vec<u8> {
    let ids = out.heap(parts.iter().copied());
    ids.iter().zip(parts).flat_map(|(id, part)| id.element(part.len())).collect()
}
