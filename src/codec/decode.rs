//! A chunk's bytes -> values: header, stream (masks, planes, low bits), patches.

use super::chunk::{ChunkShape, Filling, Header, MaskKind, Method};
use super::entropy::{Coder, Decoder, MaskTables};
use super::lattice::{LowBits, Sample};
use super::mapping::Mapping;
use super::planes::Planes;
use super::pyramid::Grid;
use crate::error::{Error, Result};
use crate::weights::Model;
use crate::wire::Reader;

/// Decodes one chunk.
///
/// # Errors
/// [`Error::Corrupt`] when the payload breaks a rule of the format.
pub(crate) fn decode<T: Sample>(payload: &[u8], shape: ChunkShape, model: Option<&Model>) -> Result<Vec<T>> {
    let mut reader = Reader::new(payload);
    match Filling::read(&mut reader)? {
        Filling::Raw => raw(reader.rest(), shape),
        Filling::Constant => constant(reader.rest(), shape),
        Filling::Coded(method) => coded(reader, method, shape, model),
    }
}

fn raw<T: Sample>(bytes: &[u8], shape: ChunkShape) -> Result<Vec<T>> {
    if bytes.len() != shape.samples() * T::TYPE.size() {
        return Err(Error::corrupt("a raw chunk has the wrong length"));
    }
    Ok(bytes.chunks_exact(T::TYPE.size()).map(little_endian).collect())
}

fn constant<T: Sample>(bytes: &[u8], shape: ChunkShape) -> Result<Vec<T>> {
    if bytes.len() != T::TYPE.size() {
        return Err(Error::corrupt("a constant chunk does not hold one value"));
    }
    Ok(vec![little_endian(bytes); shape.samples()])
}

fn coded<T: Sample>(mut reader: Reader, method: Method, shape: ChunkShape, model: Option<&Model>) -> Result<Vec<T>> {
    let mut header = Header::read(&mut reader, shape.planes)?;
    let length = reader.count("the length of the stream", reader.rest().len())?;
    let stream = reader.take(length)?;
    let mut values = stream_values(stream, method, &mut header, shape, model)?;
    patch(&mut reader, &mut values)?;
    Ok(values)
}

/// Decodes the stream: all masks, the list of the mapping, all planes, all low bits.
fn stream_values<T: Sample>(stream: &[u8], method: Method, header: &mut Header, shape: ChunkShape, model: Option<&Model>) -> Result<Vec<T>> {
    let mut decoder = Decoder::new(stream)?;
    let masks = masks::<T>(&mut decoder, header, shape)?;
    header.mapping.code(&mut decoder);
    let mut planes = Planes::start(&mut decoder, method, shape, header, None, model)?;
    for index in 0..header.mapping.coded_planes(shape.planes) {
        if decoder.overrun() {
            return Err(Error::corrupt("a coded stream ends before its symbols do"));
        }
        planes.next(&mut decoder, None, masks.get(index).map(|m| &m.classes), Decoder::overrun);
    }
    let planes = planes.finish();
    let mut values = Vec::with_capacity(shape.samples());
    let mut low_bits = LowBits::default();
    for (index, plane) in planes.iter().enumerate() {
        let lattice = header.lattices.of(index);
        let value = |sample: i32| match &header.mapping {
            Mapping::Ranks(codes) => {
                let code = usize::try_from(sample).ok().and_then(|rank| codes.get(rank));
                lattice.value(header.ranked(code.copied().unwrap_or(0)), 0)
            }
            _ => {
                let coordinate = header.cut(sample);
                lattice.value(coordinate.into(), low_bits.code::<_, T>(&mut decoder, &lattice, coordinate, 0))
            }
        };
        plane_values(plane, masks.get(index), &mut values, value);
    }
    decoder.finish()?;
    Ok(values)
}

/// The missing values of one plane.
struct Mask<T> {
    /// 0 for a value, otherwise the number of the pattern.
    classes: Grid<u8>,
    /// What stands at each missing place, in order.
    missing: Vec<T>,
}

fn masks<T: Sample>(decoder: &mut Decoder, header: &Header, shape: ChunkShape) -> Result<Vec<Mask<T>>> {
    let patterns: &[u64] = match &header.mask {
        MaskKind::None => return Ok(Vec::new()),
        MaskKind::Patterns(patterns) => patterns,
        MaskKind::Explicit => &[],
    };
    let mut tables = MaskTables::default();
    let mut masks: Vec<Mask<T>> = Vec::with_capacity(shape.planes);
    for _ in 0..shape.planes {
        let mut classes = Grid::new(shape.height, shape.width);
        tables.code(decoder, &mut classes, masks.last().map(|m| &m.classes), patterns.len());
        if decoder.overrun() {
            break;
        }
        if classes.samples.iter().any(|c| usize::from(*c) > patterns.len().max(1)) {
            return Err(Error::corrupt("a missing value names a pattern that is not there"));
        }
        let bits = |class: u8| patterns.get(usize::from(class) - 1).copied();
        let missing = classes.samples.iter().filter(|c| **c != 0);
        let missing = missing.map(|c| T::from_bits64(bits(*c).unwrap_or_else(|| decoder.bits(T::TYPE.size() as u32 * 8, 0)))).collect();
        masks.push(Mask { classes, missing });
    }
    Ok(masks)
}

/// Appends the values of a plane, `value` being that of a sample which is not missing.
fn plane_values<T: Sample>(plane: &Grid<i32>, mask: Option<&Mask<T>>, values: &mut Vec<T>, mut value: impl FnMut(i32) -> T) {
    let Some(mask) = mask else { return values.extend(plane.samples.iter().map(|s| value(*s))) };
    let mut missing = mask.missing.iter();
    for (sample, class) in plane.samples.iter().zip(&mask.classes.samples) {
        values.push(if *class == 0 { value(*sample) } else { missing.next().copied().unwrap_or(T::from_bits64(0)) });
    }
}

/// Replaces the values that the encoder found beyond the bound.
fn patch<T: Sample>(reader: &mut Reader, values: &mut [T]) -> Result<()> {
    let mut next = 0usize;
    for _ in 0..reader.count("the number of patches", values.len())? {
        let index = next + reader.count("a patch distance", values.len())?;
        let bits = little_endian(reader.take(T::TYPE.size())?);
        *values.get_mut(index).ok_or_else(|| Error::corrupt("a patch lies outside its chunk"))? = bits;
        next = index + 1;
    }
    if reader.rest().is_empty() { Ok(()) } else { Err(Error::corrupt("a chunk is longer than its content")) }
}

/// One value from its little-endian bytes.
fn little_endian<T: Sample>(bytes: &[u8]) -> T {
    T::from_bits64(bytes.iter().rev().fold(0, |bits, b| bits << 8 | u64::from(*b)))
}
