//! What base layers alone show of a plane: a coarse picture out of a few hundred bytes, long before the rest is decoded.

use super::decompressor::payload;
use super::reader::Archive;
use super::tiles::Place;
use crate::codec::Sample;
use crate::codec::chunk::ChunkShape;
use crate::codec::decode::preview as drawn;
use crate::error::{Error, Result};
use crate::field::{Attribute, Field, Values, with_values};
use crate::weights::{Model, ModelId, Models};

/// Plane number `plane` of variable number `variable` of a file as its base layers show it, alone; `None` where it has none. Every eighth plane at
/// most has one, the first of each chunk. No checksum covers what is drawn.
///
/// # Errors
/// [`Error::InvalidArgument`] when there is no such file, variable or plane; [`Error::ModelUnavailable`]; [`Error::Corrupt`],
/// [`Error::ChecksumMismatch`] and [`Error::Truncated`] as for [`super::Decompressor::step`].
pub fn preview(archive: &Archive, bytes: &[u8], (file, variable, plane): (usize, usize, usize), models: &Models) -> Result<Option<Field>> {
    let file = archive.file(file)?;
    let missing = |what: &str, number: usize| Error::InvalidArgument { what: format!("{what} {number} is not in this file") };
    let entry = file.variables.get(variable).ok_or_else(|| missing("variable", variable))?;
    let shape = entry.shape(file)?;
    let tiling = entry.tiling(shape.iter().product())?;
    let ChunkShape { planes, height, width } = tiling.view;
    if plane >= planes {
        return Err(missing("plane", plane));
    }
    let model = entry.model.map(|id| models.get(ModelId(id))).transpose()?;
    let mut values = Values::zeros(entry.data_type()?, height * width)?;
    for (number, chunk) in entry.chunks.iter().enumerate() {
        let place = tiling.place(number);
        if !(place.plane..place.plane + place.shape.planes).contains(&plane) {
            continue;
        }
        let shown = place.plane == plane && with_values!(&mut values, values => draw_tile(values, width, place, (payload(chunk, bytes, &entry.name)?, model)))?;
        if !shown {
            return Ok(None);
        }
    }
    let attributes = entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
    Ok(Some(Field { name: entry.name.clone(), dimensions: Vec::new(), shape: vec![height, width], values, attributes, missing: entry.missing() }))
}

/// Draws the first plane of a tile into the plane; whether there is anything to draw.
fn draw_tile<T: Sample>(values: &mut [T], width: usize, place: Place, (payload, model): (&[u8], Option<&Model>)) -> Result<bool> {
    let Some(tile) = drawn::<T>(payload, place.shape, model)? else { return Ok(false) };
    for (y, from) in tile.chunks(place.shape.width.max(1)).enumerate() {
        let start = (place.row + y) * width + place.column;
        if let Some(to) = values.get_mut(start..start + from.len()) {
            to.copy_from_slice(from);
        }
    }
    Ok(true)
}
