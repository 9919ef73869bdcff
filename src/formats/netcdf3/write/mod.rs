//! NetCDF classic files as the NetCDF C library lays them out. A file written in one go by that library comes back byte for byte; one that lies otherwise does so in the
//! frame that its reader kept in [`Dataset::layout`].

mod groups;

use super::spec::contents::{Contents, Variable};
use super::spec::plan::Plan;
use super::spec::values::{append, copy, pad};
use super::spec::{FORMAT, Part, too_large, unlike};
use crate::error::Result;
use crate::field::{Dataset, Field};
use crate::formats::frame::Frame;
use crate::formats::input::Input;
use crate::limits::Limits;

/// Writes NetCDF classic: in the version of the source, else with 64-bit offsets, and as version 5 where types or sizes need it.
///
/// # Errors
/// [`crate::Error::InvalidArgument`] for names NetCDF does not allow, names taken twice, or fields that contradict their dimensions;
/// [`crate::Error::Unsupported`] for a dimension of length 0 that cannot be the record dimension.
pub fn write(dataset: &Dataset) -> Result<Vec<u8>> {
    match (framed(dataset), groups::flattened(dataset)) {
        (Some(file), _) => Ok(file),
        (None, Some(flat)) => file(Plan::new(&flat)?, &flat),
        (None, None) => file(Plan::new(dataset)?, dataset),
    }
}

/// The file in the frame that the reader kept; none when there is none, or it says other things than the dataset.
fn framed(dataset: &Dataset) -> Option<Vec<u8>> {
    if dataset.layout.is_empty() || !dataset.format.is(FORMAT) {
        return None;
    }
    let total = dataset.fields.iter().map(|f| f.values.byte_len() as u64).sum();
    let mut file = Frame::decode(&dataset.layout, total)?.file()?;
    let Contents { dimensions, attributes, variables, records, .. } = Contents::parse(&Input::from(file.as_slice()), &Limits::default()).ok()?;
    let same =
        |v: &Variable, f: &Field| v.name == f.name && v.dimensions == f.dimensions && v.attributes == f.attributes && v.given_type() == f.values.data_type();
    let fields = &dataset.fields;
    let same_fields = variables.len() == fields.len() && variables.iter().zip(fields).all(|(v, f)| same(v, f));
    if dimensions != dataset.dimensions || attributes != dataset.attributes || !same_fields {
        return None;
    }
    for (variable, field) in variables.iter().zip(fields) {
        let mut written = 0;
        for (at, length) in variable.stretches(&records).all() {
            let (at, length) = (usize::try_from(at).ok()?, usize::try_from(length).ok()?);
            let count = length / field.values.data_type().size();
            copy(file.get_mut(at..at.checked_add(length)?)?, &field.values, written);
            written += count;
        }
        if written != field.values.len() {
            return None;
        }
    }
    Some(file)
}

/// The file of a plan.
fn file(plan: Plan<'_>, dataset: &Dataset) -> Result<Vec<u8>> {
    if let Some(field) = dataset.fields.iter().find(|f| f.declared_bytes() != f.values.byte_len() as u64) {
        return Err(unlike(field));
    }
    let mut out = plan.layout.header;
    let more = usize::try_from(plan.layout.end).ok().and_then(|end| end.checked_sub(out.len())).ok_or_else(too_large)?;
    out.reserve_exact(more);
    for part in plan.parts.iter().filter(|p| !p.record) {
        append(&mut out, &part.field.values, 0, part.count);
        pad(&mut out, part.padding());
    }
    let lone = plan.parts.iter().filter(|p| p.record).count() == 1;
    // Records without a byte may be any number.
    let of_records: Vec<&Part<'_>> = plan.parts.iter().filter(|p| p.record && p.chunk > 0).collect();
    for record in 0..if of_records.is_empty() { 0 } else { plan.records } {
        for part in &of_records {
            append(&mut out, &part.field.values, record * part.count, part.count);
            if !lone {
                pad(&mut out, part.padding());
            }
        }
    }
    Ok(out)
}
