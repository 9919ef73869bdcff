//! Values -> a chunk's bytes: mask, lattice, stream, check of every value, patches; whatever is smallest is kept.

use super::chunk::{ChunkShape, Filling, Header, MAX_PATTERNS, MaskKind, Method};
use super::decode::decode;
use super::entropy::{Coder, Encoder, MaskTables};
use super::lattice::{COORDINATE_LIMIT, Lattice, Sample, coordinate, fit};
use super::planes::Planes;
use super::pyramid::Grid;
use super::raster::Levels;
use super::walk::Quantiser;
use crate::error::Result;
use crate::field::Missing;
use crate::wire::put_varint;

/// What the values of a chunk mean and how far they may move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) shape: ChunkShape,
    pub(crate) missing: &'a Missing,
    /// Largest distance in stored units; 0 is lossless.
    pub(crate) tolerance: f64,
    /// Distance in planes of a second candidate reference (the slower axis of a 4-dimensional array); 0 when there is none.
    pub(crate) cycle: usize,
}

/// A coded chunk and what its values decode to.
#[derive(Debug)]
pub(crate) struct Encoded<T> {
    pub(crate) payload: Vec<u8>,
    pub(crate) decoded: Vec<T>,
    /// Largest distance from the source, in stored units.
    pub(crate) max_error: f64,
    pub(crate) missing: u64,
}

/// Encodes one chunk.
///
/// # Errors
/// [`crate::Error::Corrupt`] if the chunk just written does not decode, which would be a bug worth reporting.
pub(crate) fn encode<T: Sample>(values: &[T], request: &Request) -> Result<Encoded<T>> {
    let mask = Mask::of(values, request);
    let exact = |payload| Encoded { payload, decoded: values.to_vec(), max_error: 0.0, missing: mask.count };
    if let Some(payload) = constant(values) {
        return Ok(exact(payload));
    }
    let coded = coded(values, &mask, request)?;
    Ok(if coded.payload.len() > 1 + size_of_val(values) { exact(raw(values)) } else { coded })
}

fn raw<T: Sample>(values: &[T]) -> Vec<u8> {
    core::iter::once(Filling::Raw.number()).chain(values.iter().flat_map(|v| little_endian(*v))).collect()
}

/// The payload of values that all have the same bits.
fn constant<T: Sample>(values: &[T]) -> Option<Vec<u8>> {
    let first = values.first()?;
    let alike = values.iter().all(|v| v.to_bits64() == first.to_bits64());
    alike.then(|| core::iter::once(Filling::Constant.number()).chain(little_endian(*first)).collect())
}

/// The smallest coded payload: it is decoded, every value is checked, and those that miss are patched.
fn coded<T: Sample>(values: &[T], mask: &Mask, request: &Request) -> Result<Encoded<T>> {
    let source = Source::of(values, mask, request);
    let pyramid = source.payload(Method::Pyramid, &Levels::default());
    let raster = source.levels(pyramid.len()).map(|levels| source.payload(Method::Raster, &levels)).filter(|raster| raster.len() < pyramid.len());
    let mut payload = raster.unwrap_or(pyramid);
    // With an empty list of patches it is whole; the real list takes its place.
    payload.push(0);
    let mut decoded = decode::<T>(&payload, request.shape)?;
    payload.pop();
    let Check { patches, max_error } = check(values, &decoded, mask, request);
    write_patches(&mut payload, &patches, values);
    for index in patches {
        if let (Some(to), Some(from)) = (decoded.get_mut(index), values.get(index)) {
            *to = *from;
        }
    }
    Ok(Encoded { payload, decoded, max_error, missing: mask.count })
}

/// Which values are missing, and as what.
struct Mask {
    /// One plane of classes after another; empty when nothing is missing.
    classes: Vec<u8>,
    kind: MaskKind,
    count: u64,
}

impl Mask {
    fn of<T: Sample>(values: &[T], request: &Request) -> Self {
        if !values.iter().any(|v| request.missing.is_missing(*v)) {
            return Self { classes: Vec::new(), kind: MaskKind::None, count: 0 };
        }
        let mut patterns = Vec::new();
        let mut explicit = false;
        let mut count = 0;
        let mut class = |value: &T| {
            if !request.missing.is_missing(*value) {
                return 0;
            }
            count += 1;
            let bits = value.to_bits64();
            match patterns.iter().position(|p| *p == bits) {
                Some(i) => i as u8 + 1,
                None if patterns.len() < MAX_PATTERNS => {
                    patterns.push(bits);
                    patterns.len() as u8
                }
                None => {
                    explicit = true;
                    1
                }
            }
        };
        let classes: Vec<u8> = values.iter().map(&mut class).collect();
        if explicit {
            Self { classes: classes.into_iter().map(|c| c.min(1)).collect(), kind: MaskKind::Explicit, count }
        } else {
            Self { classes, kind: MaskKind::Patterns(patterns), count }
        }
    }

    fn is_missing(&self, index: usize) -> bool {
        self.classes.get(index).is_some_and(|c| *c != 0)
    }

    /// The values that are not missing.
    fn present<'a, T: Sample>(&self, values: &'a [T]) -> std::borrow::Cow<'a, [T]> {
        if self.count == 0 {
            return values.into();
        }
        values.iter().zip(&self.classes).filter(|(_, c)| **c == 0).map(|(v, _)| *v).collect::<Vec<_>>().into()
    }

    /// The classes of one plane; `None` when nothing in the chunk is missing.
    fn plane(&self, index: usize, shape: ChunkShape) -> Option<Grid<u8>> {
        let size = shape.height * shape.width;
        let samples = self.classes.get(index * size..(index + 1) * size)?.to_vec();
        Some(Grid { height: shape.height, width: shape.width, samples })
    }
}

/// A chunk on its lattice, ready to be coded by any method.
struct Source<'a, T> {
    values: &'a [T],
    shape: ChunkShape,
    header: Header,
    /// Lattice coordinates and missing samples of each plane.
    planes: Vec<(Grid<i32>, Option<Grid<u8>>)>,
}

impl<'a, T: Sample> Source<'a, T> {
    fn of(values: &'a [T], mask: &Mask, request: &Request) -> Self {
        let shape = request.shape;
        let fitted = fit(&mask.present(values), request.tolerance);
        let mut references: Vec<usize> = Vec::new();
        if shape.planes > 1 {
            references.push(1);
            references.extend((1 < request.cycle && request.cycle < shape.planes).then_some(request.cycle));
        }
        let planes = values.chunks((shape.height * shape.width).max(1)).enumerate();
        let planes: Vec<_> = planes.map(|(i, plane)| (coordinates(&fitted.lattice, plane, shape), mask.plane(i, shape))).collect();
        let header = Header { lattice: fitted.lattice, quantum: fitted.quantum, top: fitted.top, mask: mask.kind.clone(), references };
        Self { values, shape, header, planes }
    }

    /// The distinct values, when there are few, some repeat, and so many do that the raster method may need less than `best` bytes.
    fn levels(&self, best: usize) -> Option<Levels> {
        if self.header.lattice.noise() > 0 {
            return None;
        }
        let alike = self.values.windows(2).filter(|w| if let [a, b] = w { a == b } else { false }).count();
        let changes = || self.planes.iter().map(|(grid, _)| changes(grid, self.header.quantum)).sum::<usize>();
        if alike * REPEATING < self.values.len() || changes() * CHANGE_BITS > best * 8 {
            return None;
        }
        let present = self.planes.iter().flat_map(|(grid, holes)| {
            let holes = holes.as_ref().map(|h| h.samples.as_slice()).unwrap_or_default();
            grid.samples.iter().enumerate().filter(move |(i, _)| holes.get(*i).is_none_or(|h| *h == 0)).map(|(_, c)| *c)
        });
        Levels::of(present, self.header.quantum)
    }

    /// Everything but the patches.
    fn payload(&self, method: Method, levels: &Levels) -> Vec<u8> {
        let mut payload = vec![Filling::Coded(method).number()];
        self.header.write(&mut payload);
        let stream = self.stream(method, levels);
        put_varint(&mut payload, stream.len() as u64);
        payload.extend(stream);
        payload
    }

    /// The coded stream: all masks, then plane after plane with its low bits.
    fn stream(&self, method: Method, levels: &Levels) -> Vec<u8> {
        let mut encoder = Encoder::default();
        self.write_masks(&mut encoder);
        let mut planes = Planes::start(&mut encoder, method, self.shape, &self.header, levels);
        let values = self.values.chunks((self.shape.height * self.shape.width).max(1));
        for ((source, holes), values) in self.planes.iter().zip(values) {
            planes.next(&mut encoder, Some(source), holes.as_ref(), |_| false);
            write_low_bits(&mut encoder, &self.header.lattice, values, holes.as_ref());
        }
        encoder.finish()
    }

    fn write_masks(&self, encoder: &mut Encoder) {
        let patterns = if let MaskKind::Patterns(p) = &self.header.mask { p.len() } else { 0 };
        let mut tables = MaskTables::default();
        let mut before: Option<&Grid<u8>> = None;
        let mut values = self.values.iter();
        for plane in self.planes.iter().filter_map(|(_, holes)| holes.as_ref()) {
            tables.code(encoder, &mut plane.clone(), before, patterns);
            for (class, value) in plane.samples.iter().zip(values.by_ref()) {
                if self.header.mask == MaskKind::Explicit && *class != 0 {
                    encoder.bits(T::TYPE.size() as u32 * 8, value.to_bits64());
                }
            }
            before = Some(plane);
        }
    }
}

/// The raster method is tried when one in this many values repeats the one before it.
const REPEATING: usize = 12;
/// A sample that repeats neither neighbour costs the raster method at least about this much.
const CHANGE_BITS: usize = 5;

/// Samples that differ from the one to the left and from the one above.
fn changes(grid: &Grid<i32>, quantum: i32) -> usize {
    let quantiser = Quantiser::new(quantum);
    let mut above: Vec<i32> = Vec::new();
    let mut changes = 0;
    for row in grid.rows() {
        let row: Vec<i32> = row.iter().map(|c| quantiser.nearest(*c)).collect();
        let lefts = row.iter().skip(1).zip(&row).zip(above.iter().skip(1));
        changes += lefts.filter(|((here, left), above)| here != left && here != above).count();
        above = row;
    }
    changes
}

/// Lattice coordinates of a plane; those of missing values do not matter.
fn coordinates<T: Sample>(lattice: &Lattice, values: &[T], shape: ChunkShape) -> Grid<i32> {
    let samples = match *lattice {
        Lattice::Ordered { base, shift, noise } => values.iter().map(|v| (v.to_ordered().wrapping_sub(base) >> shift >> noise) as i32).collect(),
        _ => values.iter().map(|v| coordinate(lattice, v.to_f64()).clamp(-COORDINATE_LIMIT, COORDINATE_LIMIT)).collect(),
    };
    Grid { height: shape.height, width: shape.width, samples }
}

fn write_low_bits<T: Sample>(encoder: &mut Encoder, lattice: &Lattice, values: &[T], holes: Option<&Grid<u8>>) {
    let Lattice::Ordered { base, shift, noise: noise @ 1.. } = *lattice else { return };
    let holes = holes.map(|h| h.samples.as_slice()).unwrap_or_default();
    for (i, value) in values.iter().enumerate() {
        if holes.get(i).is_none_or(|h| *h == 0) {
            encoder.bits(noise, value.to_ordered().wrapping_sub(base) >> shift & ((1 << noise) - 1));
        }
    }
}

/// How decoded values compare with their source.
struct Check {
    /// Indices of values that came back wrong: too far off, changed though missing, or no longer told from missing.
    patches: Vec<usize>,
    /// Largest distance of the others.
    max_error: f64,
}

fn check<T: Sample>(values: &[T], decoded: &[T], mask: &Mask, request: &Request) -> Check {
    let mut check = Check { patches: Vec::new(), max_error: 0.0 };
    for (index, (value, back)) in values.iter().zip(decoded).enumerate() {
        if value.to_bits64() == back.to_bits64() {
            continue;
        }
        let error = (back.to_f64() - value.to_f64()).abs();
        if error <= request.tolerance && !mask.is_missing(index) && !request.missing.is_missing(*back) {
            check.max_error = check.max_error.max(error);
        } else {
            check.patches.push(index);
        }
    }
    check
}

fn write_patches<T: Sample>(payload: &mut Vec<u8>, patches: &[usize], values: &[T]) {
    put_varint(payload, patches.len() as u64);
    let mut next = 0;
    for index in patches {
        put_varint(payload, (index - next) as u64);
        payload.extend(values.get(*index).map(|v| little_endian(*v)).into_iter().flatten());
        next = index + 1;
    }
}

fn little_endian<T: Sample>(value: T) -> impl Iterator<Item = u8> {
    value.to_bits64().to_le_bytes().into_iter().take(T::TYPE.size())
}
