//! NetCDF-4 files as the NetCDF library writes them, and other HDF5 files whose datasets are arrays of numbers or text.
//!
//! Sizes are checked against the limits before anything is allocated for them. Deliberately absent: user-defined types, filters other than deflate,
//! shuffle and Fletcher-32, links by name, external and virtual datasets.

pub(crate) mod chunks;
pub(crate) mod file;
pub(crate) mod layout;
pub(crate) mod messages;
pub(crate) mod strings;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use self::chunks::Chunks;
use self::file::{DATASPACE, DATATYPE, FILL, FILTERS, File, LAYOUT, OLD_FILL, Object, StoredAttribute, malformed};
use self::layout::{Layout, StringAttribute, VariableLayout};
use self::messages::{Class, Filter, Space, Storage, Type, fill_value, filter_name, filters, sized, unsupported};
use self::strings::{GlobalHeap, Text};
use super::input::Input;
use super::netcdf::missing_rule;
use super::opened::{Opened, Variables};
use crate::error::{Error, Result};
use crate::field::{Attribute, DataType, Dataset, Dimension, Field, SourceFormat, Values};
use crate::limits::Limits;

/// Attributes with which HDF5 and the NetCDF library keep dimensions and versions.
pub(crate) const HIDDEN: [&str; 9] =
    ["CLASS", "NAME", "REFERENCE_LIST", "DIMENSION_LIST", "DIMENSION_LABELS", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_nc3_strict", "_NCProperties"];

/// Start of the `NAME` of a dimension that has no variable.
pub(crate) const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// Start of the name, in HDF5, of a variable that is called like a dimension and is not its coordinate variable.
pub(crate) const NOT_COORDINATE: &str = "_nc4_non_coord_";

/// Most bytes of an attribute, which has to fit a message of an object header.
pub(crate) const LARGEST_ATTRIBUTE: usize = 65_000;

/// Whether NetCDF allows that name.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = !name.contains(|c: char| c == '/' || c.is_ascii_control());
    plain && !matches!(name, "" | "." | "..") && name.len() <= 256
}

/// Groups inside groups.
const DEEPEST: usize = 64;

/// Reads all but the numbers: text too, whose length is a dimension.
pub(super) fn open<'a>(input: &'a Input<'_>, limits: &Limits) -> Result<Opened<'a>> {
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
    let header = Dataset { format: SourceFormat::NetCdf4, dimensions: axes.dimensions, attributes, fields, layout };
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
            Class::Number(data_type) => decode(data_type, variable.data_type.big_endian, &stored),
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

fn check_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::Unsupported { what: format!("the name {name:?}, which NetCDF does not allow,"), advice: "rename it, for example with `ncrename`".to_owned() })
}

/// Bytes of an array of elements of `size` bytes.
fn volume(shape: impl IntoIterator<Item = u64>, size: u64) -> u64 {
    shape.into_iter().try_fold(size, |n, d| n.checked_mul(d)).unwrap_or(u64::MAX)
}

/// A dataset as described in the file.
struct Variable<'a> {
    /// Path of its group with `/` behind; empty for the root.
    group: String,
    /// Path without the mark of a variable that is not a coordinate.
    path: String,
    address: u64,
    data_type: Type,
    space: Space,
    storage: Storage<'a>,
    filters: Vec<Filter>,
    /// Bytes of the fill value; empty if none is set.
    fill: &'a [u8],
    attributes: Vec<StoredAttribute<'a>>,
}

impl<'a> Variable<'a> {
    fn attribute(&self, name: &str) -> Option<&StoredAttribute<'a>> {
        self.attributes.iter().find(|a| a.name == name)
    }

    fn text(&self, name: &str) -> Option<&'a [u8]> {
        self.attribute(name).filter(|a| a.data_type.class == Class::Text).map(|a| a.data.rest())
    }

    fn is_scale(&self) -> bool {
        !self.space.extent.is_empty() && self.text("CLASS").is_some_and(|class| class.starts_with(b"DIMENSION_SCALE"))
    }

    fn is_dimension_only(&self) -> bool {
        self.is_scale() && self.text("NAME").is_some_and(|name| name.starts_with(NO_VARIABLE.as_bytes()))
    }

    /// The numbers of a hidden integer attribute.
    fn integers(&self, name: &str) -> Option<Vec<i64>> {
        let attribute = self.attribute(name)?;
        let Class::Number(data_type) = attribute.data_type.class else { return None };
        let values = decode(data_type, attribute.data_type.big_endian, attribute.data.rest());
        Some((0..values.len()).filter_map(|i| values.get_f64(i)).map(|n| n as i64).collect())
    }

    fn layout(&self) -> VariableLayout {
        let deflate = self.filters.iter().find_map(|f| if let Filter::Deflate(level) = f { Some(*level) } else { None });
        VariableLayout {
            name: self.path.clone(),
            chunks: if let Storage::Chunked { chunk, .. } = &self.storage { Some(chunk.clone()) } else { None },
            deflate,
            shuffle: self.filters.contains(&Filter::Shuffle),
            fletcher32: self.filters.contains(&Filter::Fletcher32),
            big_endian: matches!(self.data_type.class, Class::Number(t) if t.size() > 1) && self.data_type.big_endian,
            string: self.is_string(),
            no_fill: self.fill.is_empty(),
            compact: matches!(self.storage, Storage::Compact(_)),
        }
    }

    fn is_string(&self) -> bool {
        self.data_type.class == Class::String || self.data_type.class == Class::Text && self.data_type.size > 1
    }

    /// The values as stored, in an array of `shape`; what was not written is the fill value.
    fn stored(&self, file: &File<'a>, shape: &[usize]) -> Result<Cow<'a, [u8]>> {
        let size = self.data_type.size;
        let length = volume(shape.iter().map(|n| *n as u64), size);
        let whole = self.space.extent.iter().zip(shape).all(|(a, b)| *a == *b as u64);
        match &self.storage {
            Storage::Compact(bytes) if whole => {
                let bytes = usize::try_from(length).ok().and_then(|n| bytes.get(..n));
                bytes.map(Cow::Borrowed).ok_or_else(|| malformed(self.address, format!("{length} bytes of values")))
            }
            Storage::Contiguous(Some(at)) if whole => file.data(if length == 0 { 0 } else { *at }, length),
            Storage::Contiguous(None) | Storage::Chunked { index: None, .. } => self.filled(file, length).map(Cow::Owned),
            Storage::Chunked { chunk, index: Some(index) } => {
                let mut out = self.filled(file, length)?;
                let (extent, most) = (&self.space.extent, &self.space.most);
                let chunks = Chunks { file, chunk, extent, most, shape, size, filters: &self.filters, at: self.address };
                chunks.read(index, &mut out)?;
                Ok(Cow::Owned(out))
            }
            Storage::Virtual => Err(unsupported(&self.path, "values in other datasets (a virtual dataset)")),
            _ => Err(malformed(self.address, "as many values as the dimensions have points")),
        }
    }

    fn filled(&self, file: &File<'a>, length: u64) -> Result<Vec<u8>> {
        let length = Limits::check("a variable", length, file.limits.decoded_bytes)?;
        let mut out = Vec::new();
        out.try_reserve_exact(length).map_err(|_| Error::LimitExceeded { what: "a variable", needed: length as u64, limit: isize::MAX as u64 })?;
        out.resize(length, 0);
        let fill = self.fill;
        if fill.len() as u64 == self.data_type.size && fill.iter().any(|b| *b != 0) {
            out.chunks_exact_mut(fill.len()).for_each(|value| value.copy_from_slice(fill));
        }
        Ok(out)
    }
}

fn decode(data_type: DataType, big_endian: bool, bytes: &[u8]) -> Values {
    if big_endian { Values::from_be_bytes(data_type, bytes) } else { Values::from_le_bytes(data_type, bytes) }
}

/// What the groups of a file hold.
struct Contents<'a, 'f> {
    file: &'f File<'a>,
    /// Addresses of groups.
    visited: BTreeSet<u64>,
    /// Paths of all groups but the root.
    groups: Vec<String>,
    group_attributes: Vec<(String, Vec<StoredAttribute<'a>>)>,
    variables: Vec<Variable<'a>>,
    /// Indices of the variables, those of inner groups before those of outer ones: the order in which the NetCDF library looks for dimensions.
    inner_first: Vec<usize>,
}

impl<'a, 'f> Contents<'a, 'f> {
    const fn new(file: &'f File<'a>) -> Self {
        Self { file, visited: BTreeSet::new(), groups: Vec::new(), group_attributes: Vec::new(), variables: Vec::new(), inner_first: Vec::new() }
    }

    /// `path` ends with `/` unless it is the root's.
    fn group(&mut self, address: u64, path: &str, depth: usize) -> Result<()> {
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

/// The dimensions of a file as they are found.
struct Axes {
    dimensions: Vec<Dimension>,
    /// Group of each dimension.
    groups: Vec<String>,
    by_address: BTreeMap<u64, usize>,
    by_id: BTreeMap<i64, usize>,
    limit: u64,
}

impl Axes {
    /// Dimensions that have scales, in the order of their numbers where they are numbered.
    fn of_scales(variables: &[Variable<'_>], limits: &Limits) -> Result<Self> {
        let mut scales: Vec<(i64, &Variable<'_>)> = Vec::new();
        for variable in variables.iter().filter(|v| v.is_scale()) {
            let id = variable.integers("_Netcdf4Dimid").and_then(|ids| ids.first().copied());
            scales.push((id.unwrap_or(i64::MAX), variable));
        }
        scales.sort_by_key(|(id, _)| *id);
        let mut axes = Self { dimensions: Vec::new(), groups: Vec::new(), by_address: BTreeMap::new(), by_id: BTreeMap::new(), limit: limits.items };
        for (id, variable) in scales {
            let length = variable.space.extent.first().copied().unwrap_or_default();
            let unlimited = variable.space.most.first().is_some_and(Option::is_none);
            let index = axes.push(variable.path.clone(), &variable.group, length, unlimited)?;
            axes.by_address.insert(variable.address, index);
            axes.by_id.insert(id, index);
        }
        Ok(axes)
    }

    fn push(&mut self, name: String, group: &str, length: u64, unlimited: bool) -> Result<usize> {
        let length = Limits::check("a dimension", length, isize::MAX as u64)?;
        self.dimensions.push(Dimension { name, length, unlimited });
        self.groups.push(group.to_owned());
        Limits::check("dimensions", self.dimensions.len() as u64, self.limit)?;
        Ok(self.dimensions.len() - 1)
    }

    /// The dimensions of a variable: those it is tied to, else those of its lengths.
    fn of_variable<'a>(&mut self, variable: &Variable<'a>, heap: &mut GlobalHeap<'a, '_>) -> Result<Vec<usize>> {
        let rank = variable.space.extent.len();
        let tied = if let Some(list) = variable.attribute("DIMENSION_LIST").filter(|a| a.data_type.class == Class::References) {
            let mut references = list.data.clone();
            let mut tied = Vec::new();
            while !references.rest().is_empty() {
                let target = heap.next(&mut references)?.and_then(|mut scale| scale.address().transpose()).transpose()?;
                tied.push(target.and_then(|address| self.by_address.get(&address).copied()));
            }
            tied
        } else if let Some(ids) = variable.integers("_Netcdf4Coordinates").filter(|ids| ids.len() == rank) {
            ids.iter().map(|id| self.by_id.get(id).copied()).collect()
        } else {
            vec![self.by_address.get(&variable.address).copied()]
        };
        let mut ids = Vec::new();
        for (i, (length, most)) in variable.space.extent.iter().zip(&variable.space.most).enumerate() {
            let id = match tied.get(i).copied().flatten() {
                Some(id) => id,
                None => self.of_length(&variable.group, *length, most.is_none(), &ids)?,
            };
            ids.push(id);
        }
        Ok(ids)
    }

    /// A dimension of the group that has that length and is not one of `used`; a new one if there is none.
    fn of_length(&mut self, group: &str, length: u64, unlimited: bool, used: &[usize]) -> Result<usize> {
        let fits = |(d, own): (&Dimension, &String)| own == group && d.length as u64 == length && d.unlimited == unlimited;
        let found = self.dimensions.iter().zip(&self.groups).enumerate().find(|(i, pair)| fits(*pair) && !used.contains(i)).map(|(i, _)| i);
        match found {
            Some(index) => Ok(index),
            None => self.push(format!("{group}phony_dim_{}", self.dimensions.len()), group, length, unlimited),
        }
    }

    /// An unlimited dimension is as long as its longest variable; of the others, each has the length of its variables.
    fn settle_lengths(&mut self, variables: &[Variable<'_>], ids: &[Vec<usize>]) -> Result<()> {
        for (variable, ids) in variables.iter().zip(ids) {
            for (id, extent) in ids.iter().zip(&variable.space.extent) {
                let Some(dimension) = self.dimensions.get_mut(*id) else { continue };
                let extent = Limits::check("a dimension", *extent, isize::MAX as u64)?;
                if dimension.unlimited {
                    dimension.length = dimension.length.max(extent);
                } else if dimension.length != extent {
                    return Err(malformed(variable.address, format!("{} points along {:?}", dimension.length, dimension.name)));
                }
            }
        }
        Ok(())
    }

    /// The dimension of strings of up to `length` bytes.
    fn of_strings(&mut self, length: usize, layout: &mut Layout) -> Result<usize> {
        let mut name = format!("string{length}");
        while let Some(index) = self.dimensions.iter().position(|d| d.name == name) {
            if layout.string_dimensions.contains(&name) {
                return Ok(index);
            }
            name.push('_');
        }
        layout.string_dimensions.push(name.clone());
        self.push(name, "", length as u64, false)
    }
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
        self.layout.variables.push(variable.layout());
        let missing = missing_rule(values.data_type(), &attributes);
        Ok(Field { name: variable.path.clone(), dimensions, shape, values, attributes, missing })
    }

    /// Appends the attributes that are not hidden, with `path` before their names.
    fn attributes(&mut self, path: &str, variable: Option<&str>, stored: &[StoredAttribute<'a>], out: &mut Vec<Attribute>) -> Result<()> {
        let mut taken = BTreeSet::new();
        for attribute in stored.iter().filter(|a| !HIDDEN.contains(&a.name.as_str())) {
            let name = format!("{path}{}", attribute.name);
            let value = match attribute.data_type.class {
                Class::Number(data_type) => decode(data_type, attribute.data_type.big_endian, attribute.data.rest()),
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
