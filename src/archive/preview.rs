//! What base layers alone show of a plane: a coarse picture out of a few hundred bytes, long before the rest is decoded.

use super::decompressor::{frame_of, payload};
use super::reader::Archive;
use super::tiles::{Place, Tiling};
use crate::codec::chunk::ChunkShape;
use crate::codec::decode::Coded;
use crate::error::{Error, Result};
use crate::field::{Attribute, Field, Values, with_values};
use crate::network::model::{ModelId, Models};
use crate::source::Source;

/// Plane number `plane` of variable number `variable` of a file as its base layers show it, alone; `None` where it has none. Every eighth plane at
/// most has one, the first of each chunk. No checksum covers what is drawn.
///
/// # Errors
/// [`Error::InvalidArgument`] when there is no such file, variable or plane; [`Error::ModelUnavailable`]; [`Error::Corrupt`],
/// [`Error::ChecksumMismatch`] and [`Error::Truncated`] as for [`super::Decompressor::step`].
pub fn preview<S: Source + ?Sized>(archive: &Archive, source: &S, (file, variable, plane): (usize, usize, usize), models: &Models) -> Result<Option<Field>> {
    let file = archive.file(file)?;
    let missing = |what: &str, number: usize| Error::InvalidArgument { what: format!("{what} {number} is not in this file") };
    let entry = file.variables.get(variable).ok_or_else(|| missing("variable", variable))?;
    let shape = entry.shape(file)?;
    let (mut before, mut found) = (0, None);
    for section in entry.sections(&shape)? {
        let planes = section.tiling.planes();
        found = found.or(Some((section, plane.wrapping_sub(before))).filter(|(_, plane)| *plane < planes));
        before = before.saturating_add(planes);
    }
    let (section, plane) = found.ok_or_else(|| missing("plane", plane))?;
    let (tiling, count) = (section.tiling, section.count(entry));
    let model = section.entry.model.map(|id| models.get(ModelId(id))).transpose()?;
    let alone = |shape: ChunkShape| ChunkShape { planes: 1, ..shape };
    let (view, data_type) = (alone(tiling.view), entry.data_type()?);
    let mut values = Values::zeros(data_type, view.samples())?;
    for (number, chunk) in section.entry.chunks(count, source)?.iter().enumerate() {
        let place = tiling.place(number);
        if !(place.plane..place.plane + place.shape.planes).contains(&plane) {
            continue;
        }
        let read = frame_of(chunk, source)?;
        let drawn = if place.plane == plane { Coded::drawn(payload(&read, &entry.name)?.0, place.shape, data_type, model)? } else { None };
        let Some(drawn) = drawn else { return Ok(None) };
        let place = Place { plane: 0, shape: alone(place.shape), ..place };
        with_values!(&mut values, values => Tiling { start: 0, blocks: 1, view, tile: place.shape }.paste(values, place, &drawn.values(place.shape)));
    }
    let attributes = entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
    Ok(Some(Field {
        name: entry.name.clone(),
        dimensions: Vec::new(),
        shape: vec![view.height, view.width],
        values,
        attributes,
        missing: entry.missing(),
        derived: None,
    }))
}
