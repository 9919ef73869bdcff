//! Changes to an archive that is closed: what is new is written behind it with an index of everything, and then the superblock says where the archive ends now. Until that is
//! written, whatever happens, the archive is the old one; afterwards the new one. Nothing that was there is moved or written again.

use super::compressor::Compressor;
use super::container::superblock_of;
use super::index::{FileEntry, Index, VariableEntry};
use super::reader::Archive;
use super::records::Records;
use crate::codec::Options;
use crate::error::{Error, Result};
use crate::field::{Attribute, Bounds, Dataset, ErrorBound, Field, Wish};

/// Attributes that say what stored values mean: what is added has to mean the same.
const MEANING: [&str; 7] = ["units", "calendar", "scale_factor", "add_offset", "_FillValue", "missing_value", "_Unsigned"];

/// The first bytes of an archive that ends there, whatever its file has behind that: what says so before anything is written behind it, and once that is whole and safe on the disk.
#[must_use]
pub fn ending_at(end: u64) -> Vec<u8> {
    superblock_of(end).to_vec()
}

impl Compressor {
    /// Starts to change an archive: files are added as to a new one. What [`Self::take_bytes`] and [`Self::finish`] give is written from the end of the archive on
    /// ([`Archive::end`]), and [`ending_at`] says how it becomes a part of it.
    #[must_use]
    pub fn resume(archive: &Archive, options: &Options) -> Self {
        let files = archive.index().files.clone();
        let mut compressor = Self::empty(options);
        compressor.names = files.iter().map(|file| file.name.clone()).collect();
        compressor.earlier.files = files.into_iter().map(Some).collect();
        compressor.index = Index { files: Vec::new(), ..archive.index().clone() };
        compressor.records = Records::behind(archive.end());
        compressor
    }

    /// Takes the file of that name away, if the archive has one.
    pub fn remove_named(&mut self, name: &str) {
        if let Some(entry) = self.earlier.files.iter_mut().find(|file| file.as_ref().is_some_and(|file| file.name == name)) {
            *entry = None;
            self.names.remove(name);
        }
    }

    /// Takes file number `file` of the archive away. Its bytes stay until the archive is written anew.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is none, or none any more.
    pub fn remove(&mut self, file: usize) -> Result<()> {
        let entry = self.earlier.files.get_mut(file).and_then(Option::take).ok_or_else(|| no_file(file))?;
        self.names.remove(&entry.name);
        Ok(())
    }

    /// Gives file number `file` of the archive another name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file, or one of that name.
    pub fn rename(&mut self, file: usize, name: &str) -> Result<()> {
        let entry = self.earlier.files.get_mut(file).and_then(Option::as_mut).ok_or_else(|| no_file(file))?;
        if entry.name == name {
            return Ok(());
        }
        if !self.names.insert(name.to_owned()) {
            return Err(Error::InvalidArgument { what: format!("a file is called {name:?} already") });
        }
        self.names.remove(&entry.name);
        name.clone_into(&mut entry.name);
        Ok(())
    }

    /// Begins to add to file number `file` of the archive what a dataset has along a dimension: `along`, or else the unlimited one, or else the first of most variables, or else the only one. Returns the
    /// numbers of the variables of `header` that have it: they follow by [`Self::add_section`], in this order, and then [`Self::end`]. What does not have it stays as it is in the archive.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when they do not fit together, and why.
    pub fn begin_sections(&mut self, mut header: Dataset, file: usize, along: Option<&str>) -> Result<Vec<usize>> {
        let entry = self.earlier.files.get(file).and_then(Option::as_ref).ok_or_else(|| no_file(file))?;
        let (dimension, numbers) = entry.fits(&header, along)?;
        let mut number = 0..;
        header.fields.retain(|_| number.next().is_some_and(|number| numbers.contains(&number)));
        header.layout.clear();
        // Its name is that of the earlier file, and taken.
        let name = entry.name.clone();
        self.names.remove(&name);
        let begun = self.begin(header, &name);
        self.names.insert(name);
        begun?;
        self.earlier.growing.insert(self.index.files.len() - 1, (file, dimension));
        Ok(numbers)
    }

    /// Adds the next variable of what was begun by [`Self::begin_sections`].
    ///
    /// # Errors
    /// As for [`Self::add_variable`].
    pub fn add_section(&mut self, mut field: Field) -> Result<()> {
        let growing = self.index.files.len().checked_sub(1).and_then(|last| self.earlier.growing.get(&last));
        let entry = growing.and_then(|(file, _)| self.earlier.files.get(*file)?.as_ref());
        if let Some(own) = entry.and_then(|entry| entry.variables.iter().find(|own| own.name == field.name)) {
            // Codes that the archive takes as missing are missing here, and no others.
            field.missing = own.missing();
        }
        self.add_variable(field)
    }
}

impl Archive {
    /// The bounds that the variables of a file have, for what is added to it. One that was relative to a range is that of the range it was of.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file.
    pub fn bounds(&self, file: usize) -> Result<Bounds> {
        let mut named = Vec::new();
        for report in self.variables(file)? {
            let bound = match report.bound {
                ErrorBound::Relative(_) if report.absolute_bound > 0.0 => ErrorBound::absolute(report.absolute_bound)?,
                ErrorBound::Relative(_) => ErrorBound::Lossless,
                bound => bound,
            };
            named.push((report.name, Wish::Bound(bound)));
        }
        let bounded = named.iter().filter(|(_, wish)| *wish != Wish::Bound(ErrorBound::Lossless)).map(|(name, _)| name.clone()).collect();
        Ok(Bounds { named, as_data: bounded, ..Bounds::from(ErrorBound::Lossless) })
    }
}

impl FileEntry {
    /// The dimension along which more can be added, and the numbers of the variables that have it.
    fn fits(&self, header: &Dataset, along: Option<&str>) -> Result<(usize, Vec<usize>)> {
        if self.is_data() || self.variables.is_empty() {
            return Err(unfit(format!("{:?} is kept byte for byte, so nothing can be added to what it holds", self.name)));
        }
        let dimension = self.grows_along(along)?;
        let own = self.dimensions.get(dimension).ok_or_else(|| no_file(dimension))?;
        let mut numbers = Vec::new();
        for variable in self.variables.iter().filter(|variable| variable.dimensions.contains(&(dimension as u32))) {
            if variable.dimensions.first() != Some(&(dimension as u32)) || variable.dimensions.iter().skip(1).any(|other| *other == dimension as u32) {
                return Err(unfit(format!("{:?} is not the first dimension of {:?} alone, and only along that more can be added", own.name, variable.name)));
            }
            let found = header.fields.iter().position(|field| field.name == variable.name);
            let number = found.ok_or_else(|| unfit(format!("there is no variable {:?} in what is added", variable.name)))?;
            if numbers.contains(&number) {
                return Err(unfit(format!("two variables are called {:?}", variable.name)));
            }
            if let Some(field) = header.fields.get(number) {
                variable.fits(self, header, field, &own.name)?;
            }
            numbers.push(number);
        }
        let grows = |field: &Field| field.dimensions.first().and_then(|d| header.dimensions.get(*d)).is_some_and(|d| d.name == own.name);
        if let Some(other) = header.fields.iter().find(|field| grows(field) && !self.variables.iter().any(|v| v.name == field.name)) {
            return Err(unfit(format!("the archive has no variable {:?} that more could be added to", other.name)));
        }
        // In the order of what is added, as its reader gives them.
        numbers.sort_unstable();
        Ok((dimension, numbers))
    }

    fn grows_along(&self, along: Option<&str>) -> Result<usize> {
        let names = || self.dimensions.iter().map(|d| d.name.as_str()).collect::<Vec<_>>().join(", ");
        if let Some(along) = along {
            let found = self.dimensions.iter().position(|d| d.name == along);
            return found.ok_or_else(|| unfit(format!("{:?} has no dimension {along:?}, but {}", self.name, names())));
        }
        let unlimited = self.dimensions.iter().position(|d| d.is_unlimited());
        let first = |dimension: &usize| self.variables.iter().filter(|v| v.dimensions.len() > 1 && v.dimensions.first() == Some(&(*dimension as u32))).count();
        let usual = (0..self.dimensions.len()).rev().max_by_key(first).filter(|dimension| first(dimension) > 0);
        let only = Some(0).filter(|_| self.dimensions.len() == 1);
        unlimited.or(usual).or(only).ok_or_else(|| unfit(format!("say along which dimension of {:?} to add: {}", self.name, names())))
    }
}

impl VariableEntry {
    /// Whether a field is more of it along a dimension.
    fn fits(&self, file: &FileEntry, header: &Dataset, field: &Field, along: &str) -> Result<()> {
        let name = &self.name;
        if self.data_type()? != field.values.data_type() {
            return Err(unfit(format!("{name:?} is {} in the archive and {} in what is added", self.data_type()?.name(), field.values.data_type().name())));
        }
        let own = self
            .dimensions
            .iter()
            .map(|d| file.dimensions.get(*d as usize).map(|d| (d.name.clone(), d.length)))
            .collect::<Option<Vec<_>>>()
            .unwrap_or_default();
        let other = field
            .dimensions
            .iter()
            .map(|d| header.dimensions.get(*d).map(|d| (d.name.clone(), d.length as u64)))
            .collect::<Option<Vec<_>>>()
            .unwrap_or_default();
        let alike = own.len() == other.len() && own.iter().zip(&other).all(|(a, b)| a == b || a.0 == along && b.0 == along);
        if !alike {
            let shown = |dimensions: &[(String, u64)]| dimensions.iter().map(|(name, length)| format!("{name} = {length}")).collect::<Vec<_>>().join(", ");
            return Err(unfit(format!("{name:?} has other dimensions in the archive ({}) than in what is added ({})", shown(&own), shown(&other))));
        }
        for meaning in MEANING {
            let own = self.attributes.iter().find(|a| a.name() == meaning).map(Attribute::try_from).transpose()?;
            let other = field.attributes.iter().find(|a| a.name == meaning);
            if own.as_ref().map(|a| &a.value) != other.map(|a| &a.value) {
                return Err(unfit(format!("{name:?} has another {meaning} in the archive than in what is added: give it the same first")));
            }
        }
        if self.derived().is_some() { Err(unfit(format!("{name:?} follows from the grid and cannot be added to"))) } else { Ok(()) }
    }
}

const fn unfit(what: String) -> Error {
    Error::InvalidArgument { what }
}

fn no_file(number: usize) -> Error {
    unfit(format!("the archive has no file {number}"))
}
