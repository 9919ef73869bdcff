//! The dimensions of a file.

use std::collections::BTreeMap;

use super::cursor::malformed;
use super::messages::Class;
use super::strings::GlobalHeap;
use super::variable::Variable;
use crate::error::Result;
use crate::field::Dimension;
use crate::formats::netcdf4::spec::layout::Layout;
use crate::limits::Limits;

/// The dimensions of a file as they are found.
pub(super) struct Axes {
    pub(super) dimensions: Vec<Dimension>,
    /// Group of each dimension.
    groups: Vec<String>,
    by_address: BTreeMap<u64, usize>,
    by_id: BTreeMap<i64, usize>,
    limit: u64,
}

impl Axes {
    /// Dimensions that have scales, in the order of their numbers where they are numbered.
    pub(super) fn of_scales(variables: &[Variable<'_>], limits: &Limits) -> Result<Self> {
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
    pub(super) fn of_variable<'a>(&mut self, variable: &Variable<'a>, heap: &mut GlobalHeap<'a, '_>) -> Result<Vec<usize>> {
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
    pub(super) fn settle_lengths(&mut self, variables: &[Variable<'_>], ids: &[Vec<usize>]) -> Result<()> {
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
    pub(super) fn of_strings(&mut self, length: usize, layout: &mut Layout) -> Result<usize> {
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
