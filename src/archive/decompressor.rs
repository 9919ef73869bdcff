//! One file of an archive -> its dataset, a chunk a step; every checksum is verified on the way.

use super::Progress;
use super::frame::{checksum, tile_sum, values_sum};
use super::index::{ChunkEntry, VariableEntry, source_format};
use super::reader::Archive;
use super::tiles::Tiling;
use crate::codec::Sample;
use crate::codec::accelerator::{Processor, at_once};
use crate::codec::decode::decode;
use crate::error::{Error, Result};
use crate::field::{Attribute, Dataset, Dimension, Field, Values, with_values};
use crate::weights::{Model, ModelId, Models};

/// Decodes a file of an archive.
#[derive(Debug)]
pub struct Decompressor {
    archive: Archive,
    file: usize,
    fields: Vec<Field>,
    /// The next chunk of the variable being decoded, which is the last of `fields`.
    next: usize,
    done_bytes: u64,
    total_bytes: u64,
    models: Models,
}

impl Decompressor {
    /// Prepares to decode file number `file`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when there is no such file; [`Error::ModelUnavailable`] when it takes a network that is not among `models`.
    pub fn new(archive: Archive, file: usize, models: &Models) -> Result<Self> {
        for variable in &archive.file(file)?.variables {
            variable.model.map(|id| models.get(ModelId(id))).transpose()?;
        }
        let total_bytes = archive.variables(file)?.iter().map(|v| v.raw_bytes).sum();
        Ok(Self { archive, file, fields: Vec::new(), next: 0, done_bytes: 0, total_bytes, models: models.clone() })
    }

    /// Decodes the next chunk out of `bytes`, the whole archive; `None` when all are done.
    ///
    /// # Errors
    /// [`Error::ChecksumMismatch`] when a chunk or its decoded values differ from what the archive promises; [`Error::Corrupt`] when a chunk breaks
    /// the rules of the format; [`Error::Truncated`] when `bytes` end before it.
    pub fn step(&mut self, bytes: &[u8]) -> Result<Option<Progress>> {
        loop {
            let archive = self.archive.clone();
            let file = archive.file(self.file)?;
            let entry = match self.fields.len().checked_sub(1) {
                Some(i) => file.variables.get(i),
                None => None,
            };
            match entry {
                Some(entry) if self.next < entry.chunks.len() => {
                    self.done_bytes += self.decode_next(entry, bytes)?;
                    let variable = self.fields.len() - 1;
                    return Ok(Some(Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable }));
                }
                _ => {
                    if let (Some(entry), Some(field)) = (entry, self.fields.last()) {
                        certify(entry, field)?;
                    }
                    let Some(following) = file.variables.get(self.fields.len()) else { return Ok(None) };
                    self.fields.push(blank(following, following.shape(file)?)?);
                    self.next = 0;
                }
            }
        }
    }

    /// The dataset, decoding what is left from `bytes`. The last certificate is checked here.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn finish(mut self, bytes: &[u8]) -> Result<Dataset> {
        while self.step(bytes)?.is_some() {}
        let file = self.archive.file(self.file)?;
        let dimensions = file.dimensions.iter().map(Dimension::try_from).collect::<Result<_>>()?;
        let attributes = file.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
        Ok(Dataset { format: source_format(file), dimensions, attributes, fields: self.fields })
    }

    fn decode_next(&mut self, entry: &VariableEntry, bytes: &[u8]) -> Result<u64> {
        let Some(field) = self.fields.last_mut() else { return Ok(0) };
        let tiling = entry.tiling(field.values.len())?;
        let chunk = entry.chunks.get(self.next).ok_or_else(|| Error::corrupt("a chunk is not listed"))?;
        let payload = payload(chunk, bytes, &entry.name)?;
        let model = entry.model.map(|id| self.models.get(ModelId(id))).transpose()?;
        let count = with_values!(&mut field.values, values => decode_tile(values, &tiling, self.next, payload, (chunk.values_sum, model)))?;
        self.next += 1;
        Ok((count * field.values.data_type().size()) as u64)
    }
}

/// The checked payload of a chunk.
pub(super) fn payload<'a>(chunk: &ChunkEntry, bytes: &'a [u8], variable: &str) -> Result<&'a [u8]> {
    let end = chunk.offset.saturating_add(chunk.length);
    let range = usize::try_from(chunk.offset).ok().zip(usize::try_from(end).ok());
    let payload =
        range.and_then(|(start, end)| bytes.get(start..end)).ok_or(Error::Truncated { what: "a chunk", needed: end, available: bytes.len() as u64 })?;
    if checksum(payload) == chunk.payload_sum { Ok(payload) } else { Err(Error::ChecksumMismatch { what: format!("a chunk of variable {variable:?}") }) }
}

fn decode_tile<T: Sample>(values: &mut [T], tiling: &Tiling, chunk: usize, payload: &[u8], (expected, model): (u32, Option<&Model>)) -> Result<usize> {
    let place = tiling.place(chunk);
    let decoded = at_once(decode::<T>(payload, place.shape, model.map(|model| (model, Processor::cpu()))))?.values;
    if tile_sum(&decoded) != expected {
        return Err(Error::ChecksumMismatch { what: format!("the decoded values of chunk {chunk}") });
    }
    tiling.paste(values, place, &decoded);
    Ok(decoded.len())
}

/// A field of zeros to be filled. Its size was checked against the limits when the archive was opened.
fn blank(entry: &VariableEntry, shape: Vec<usize>) -> Result<Field> {
    let data_type = entry.data_type()?;
    let attributes = entry.attributes.iter().map(Attribute::try_from).collect::<Result<_>>()?;
    let dimensions = entry.dimensions.iter().map(|d| *d as usize).collect();
    let values = Values::zeros(data_type, shape.iter().product())?;
    Ok(Field { name: entry.name.clone(), dimensions, shape, values, attributes, missing: entry.missing() })
}

/// Checks the decoded values of a whole variable against its certificate.
fn certify(entry: &VariableEntry, field: &Field) -> Result<()> {
    if values_sum(&field.values) == entry.certificate.values_sum {
        Ok(())
    } else {
        Err(Error::ChecksumMismatch { what: format!("the decoded values of variable {:?}", entry.name) })
    }
}
