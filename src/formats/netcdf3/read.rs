//! NetCDF classic files: version 1 (classic), 2 (64-bit offset) and 5 (64-bit data), after the NetCDF Classic Format Specification.
//!
//! Where the file is not what [`super::write()`] would make of it, because of room in the header, other offsets or other bytes in the gaps, [`Dataset::layout`] is the file
//! without its values. Deliberately absent: NetCDF-4 (HDF5).

use super::spec::contents::{Contents, Records, Stretches, Variable};
use super::spec::format;
use super::spec::plan::Plan;
use crate::error::Result;
use crate::field::{Dataset, Field, Values};
use crate::formats::frame::Frame;
use crate::formats::input::Input;
use crate::formats::opened::{Opened, Variables};
use crate::limits::Limits;

/// Reads the header.
pub(crate) fn open<'a>(input: &'a Input<'_>, _: &str, limits: &Limits) -> Result<Opened<'a>> {
    let Contents { version, dimensions, attributes, variables, records, header_bytes } = Contents::parse(input, limits)?;
    let fields = variables.iter().map(|v| v.field(&dimensions)).collect();
    let mut header = Dataset { format: format(version), dimensions, attributes, fields, layout: Vec::new() };
    if !Plan::new(&header).map_or(Ok(false), |plan| plan.matches(input))? {
        let stretches: Vec<Stretches> = variables.iter().map(|v| v.stretches(&records)).collect();
        // An archive has to hold the frame with all else that is not values.
        let frame = Frame::cut(input, stretches.iter().flat_map(Stretches::all), &[(0, header_bytes)], limits.metadata_bytes / 4)?;
        header.layout = frame.map_or_else(Vec::new, |frame| frame.encode());
    }
    Ok(Opened::new(header, Stored { input, variables, records }, limits))
}

/// Where the values are.
struct Stored<'a> {
    input: &'a Input<'a>,
    variables: Vec<Variable>,
    records: Records,
}

impl Variables for Stored<'_> {
    fn values(&mut self, number: usize, field: &Field) -> Result<Values> {
        let data_type = field.values.data_type();
        let variable = self.variables.get(number).map(|variable| variable.stored(self.input, &self.records)).transpose()?;
        Values::from_be_bytes(data_type, &variable.unwrap_or_default())
    }
}
