//! A plane before all of it is there: what base layers alone show of it, a coarse picture out of a few hundred bytes, and what the first bytes of its chunks do, finer and finer the more there are.

use super::chunk::frame_values;
use super::decompressor::{frame_of, payload};
use super::frame::Frame;
use super::index::{ChunkEntry, VariableEntry};
use super::reader::Archive;
use super::tiles::{Place, Tiling};
use crate::codec::accelerator::{Processor, at_once};
use crate::codec::chunk::ChunkShape;
use crate::codec::decode::{Coded, begin};
use crate::error::{Error, Result};
use crate::field::{Attribute, Field, Values, with_values};
use crate::network::model::{Model, ModelId, Models};
use crate::source::{self, Source};
use std::borrow::Cow;

/// Plane number `plane` of variable number `variable` of a file as its base layers show it, alone; `None` where it has none. Every eighth plane at
/// most has one, the first of each chunk. No checksum covers what is drawn.
///
/// # Errors
/// [`Error::InvalidArgument`] when there is no such file, variable or plane; [`Error::ModelUnavailable`]; [`Error::Corrupt`],
/// [`Error::ChecksumMismatch`] and [`Error::Truncated`] as for [`super::Decompressor::step`].
pub fn preview<S: Source + ?Sized>(archive: &Archive, source: &S, (file, variable, plane): (usize, usize, usize), models: &Models) -> Result<Option<Field>> {
    let Sought { entry, tiling, chunks, plane, model } = Sought::find(archive, source, (file, variable, plane), models)?;
    let (view, data_type) = (alone(tiling.view), entry.data_type()?);
    let mut values = Values::zeros(data_type, view.samples())?;
    for (chunk, place) in chunks {
        let read = frame_of(&chunk, source)?;
        let drawn = if place.plane == plane { Coded::drawn(payload(&read, &entry.name)?.0, place.shape, data_type, model)? } else { None };
        let Some(drawn) = drawn else { return Ok(None) };
        let place = Place { plane: 0, shape: alone(place.shape), ..place };
        with_values!(&mut values, values => Tiling { start: 0, blocks: 1, view, tile: place.shape }.paste(values, place, &drawn.values(place.shape)));
    }
    field(entry, view, values).map(Some)
}

/// A plane, and how coarse it is.
#[derive(Debug)]
pub struct Coarse {
    /// The plane alone. Where it is coarse no checksum covers it.
    pub field: Field,
    /// Every so many rows and columns one value is what it will be, but for the few that are patched; it stands for those around it. 1 where nothing is coarse.
    pub stride: usize,
    /// Bytes of chunks that were read.
    pub bytes: u64,
}

/// Plane number `plane` of variable number `variable` of a file so coarse as is wanted, or finer: of its chunks no more is read than that takes. Chunks go from coarse to fine plane by plane, so that one of a single plane
/// ([`Tiles::Of`](crate::field::Tiles) with 1 along the first dimension) gives the most for the least; what is coded in another way is read whole.
///
/// # Errors
/// As for [`preview`].
pub fn coarse<S: Source + ?Sized>(archive: &Archive, source: &S, place: (usize, usize, usize), stride: usize, models: &Models) -> Result<Coarse> {
    let Sought { entry, tiling, chunks, plane, model } = Sought::find(archive, source, place, models)?;
    let (view, data_type) = (alone(tiling.view), entry.data_type()?);
    let mut values = Values::zeros(data_type, view.samples())?;
    let (mut found, mut bytes) = (1, 0);
    for (chunk, place) in chunks {
        let within = plane - place.plane;
        // Coarse samples take more bits each than fine ones; where it is not enough, a quarter more is tried.
        let share = (within as f64 + (stride.max(1) as f64).powf(-1.5)) / place.shape.planes.max(1) as f64;
        let mut length = ((chunk.length as f64 * share) as u64 + FIRST).min(chunk.length);
        let (begun, own) = loop {
            let missing = || Error::Truncated { what: "a chunk", needed: chunk.end(), available: source.length() };
            let read = source::read(source, chunk.offset, length)?.ok_or_else(missing)?;
            if length == chunk.length {
                let frame = Frame::read(&read, "a chunk")?;
                break (frame_values(&frame, (data_type, place.shape), model.map(Model::id), models)?, 1);
            }
            let network = model.map(|model| (model, Processor::cpu()));
            match at_once(begin(Frame::begun(&read)?.payload, within, place.shape, data_type, network))? {
                Some(begun) if begun.planes > within && begun.stride <= stride => break (begun.values, begun.stride),
                _ => length = length.saturating_add(length / 4).min(chunk.length),
            }
        };
        (found, bytes) = (found.max(own), bytes + length);
        let own = Place { plane: 0, shape: alone(place.shape), ..place };
        let samples = own.shape.samples();
        let one = Tiling::row(begun.len()).cut_range(&begun, within * samples..(within + 1) * samples);
        Tiling { start: 0, blocks: 1, view, tile: own.shape }.paste_values(&mut values, own, Cow::Owned(one))?;
    }
    Ok(Coarse { field: field(entry, view, values)?, stride: found, bytes })
}

/// Bytes of a chunk that are read whatever it is: masks and lists come before the first sample.
const FIRST: u64 = 512;

const fn alone(shape: ChunkShape) -> ChunkShape {
    ChunkShape { planes: 1, ..shape }
}

/// A plane that is asked for, in its section.
struct Sought<'a> {
    entry: &'a VariableEntry,
    tiling: Tiling,
    /// The chunks that have some of it, and their places.
    chunks: Vec<(ChunkEntry, Place)>,
    plane: usize,
    model: Option<&'a Model>,
}

impl<'a> Sought<'a> {
    fn find<S: Source + ?Sized>(archive: &'a Archive, source: &S, (file, variable, plane): (usize, usize, usize), models: &'a Models) -> Result<Self> {
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
        let (tiling, count) = (Tiling { start: 0, ..section.tiling }, section.count(entry));
        let model = section.entry.model.map(|id| models.get(ModelId(id))).transpose()?;
        let has = |place: &Place| (place.plane..place.plane + place.shape.planes).contains(&plane);
        let chunks = section.entry.chunks(count, source)?.into_iter().enumerate().map(|(number, chunk)| (chunk, tiling.place(number)));
        Ok(Self { entry, tiling, chunks: chunks.filter(|(_, place)| has(place)).collect(), plane, model })
    }
}

/// A plane as a field of its own.
fn field(entry: &VariableEntry, view: ChunkShape, values: Values) -> Result<Field> {
    let attributes = entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
    Ok(Field {
        name: entry.name.clone(),
        dimensions: Vec::new(),
        shape: vec![view.height, view.width],
        values,
        attributes,
        missing: entry.missing(),
        derived: None,
    })
}
