//! Values -> a chunk's bytes: mask, lattice, stream, check of every value, patches; whatever is smallest is kept.

use super::candidates::{Candidate, Layout};
use super::chunk::{ChunkShape, Filling, Header, MAX_PATTERNS, MaskKind, Method};
use super::decode::decode;
use super::entropy::{Coder, Encoder, MaskTables};
use super::lattice::{Fit, LowBits, Sample, fit, nearest};
use super::mapping::Mapping;
use super::planes::Planes;
use super::pyramid::Grid;
use crate::error::Result;
use crate::field::Missing;
use crate::weights::Model;
use crate::wire::put_varint;

/// From this size on a chunk may take the network: what fewer samples could save is not worth an archive that needs weights.
const NETWORK_SAMPLES: usize = 256;

/// What the values of a chunk mean and how far they may move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) shape: ChunkShape,
    pub(crate) missing: &'a Missing,
    /// Largest distance in stored units; 0 is lossless.
    pub(crate) tolerance: f64,
    /// Distance in planes of a second candidate reference (the slower axis of a 4-dimensional array); 0 when there is none.
    pub(crate) cycle: usize,
    /// The network, if it may be used.
    pub(crate) model: Option<&'a Model>,
}

/// A coded chunk and what its values decode to.
#[derive(Debug)]
pub(crate) struct Encoded<T> {
    pub(crate) payload: Vec<u8>,
    pub(crate) decoded: Vec<T>,
    /// Largest distance from the source, in stored units.
    pub(crate) max_error: f64,
    pub(crate) missing: u64,
    /// Whether decoding takes the network.
    pub(crate) network: bool,
}

/// Encodes one chunk.
///
/// # Errors
/// [`crate::Error::Corrupt`] if the chunk just written does not decode, which would be a bug worth reporting.
pub(crate) fn encode<T: Sample>(values: &[T], request: &Request) -> Result<Encoded<T>> {
    let mask = Mask::of(values, request);
    let exact = |payload| Encoded { payload, decoded: values.to_vec(), max_error: 0.0, missing: mask.count, network: false };
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
    let mut payload = Source::of(values, mask, request).smallest()?;
    // With an empty list of patches it is whole; the real list takes its place.
    payload.push(0);
    let mut decoded = decode::<T>(&payload, request.shape, request.model)?;
    payload.pop();
    let Check { patches, max_error } = check(values, &decoded, mask, request);
    write_patches(&mut payload, &patches, values);
    for index in patches {
        if let (Some(to), Some(from)) = (decoded.get_mut(index), values.get(index)) {
            *to = *from;
        }
    }
    let network = payload.first() == Some(&Filling::Coded(Method::Network).number());
    Ok(Encoded { payload, decoded, max_error, missing: mask.count, network })
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

    /// How many values of each plane are not missing.
    fn counts(&self, shape: ChunkShape) -> Vec<usize> {
        let size = shape.height * shape.width;
        let missing = |plane| self.classes.iter().skip(plane * size).take(size).filter(|c| **c != 0).count();
        (0..shape.planes).map(|plane| size - missing(plane)).collect()
    }

    /// The classes of one plane; `None` when nothing in the chunk is missing.
    fn plane(&self, index: usize, shape: ChunkShape) -> Option<Grid<u8>> {
        let size = shape.height * shape.width;
        let samples = self.classes.get(index * size..(index + 1) * size)?.to_vec();
        Some(Grid { height: shape.height, width: shape.width, samples })
    }
}

/// A chunk on its lattice, ready to be coded in any way.
struct Source<'a, T> {
    values: &'a [T],
    shape: ChunkShape,
    layout: Layout,
    model: Option<&'a Model>,
}

impl<'a, T: Sample> Source<'a, T> {
    fn of(values: &'a [T], mask: &Mask, request: &Request<'a>) -> Self {
        let shape = request.shape;
        let fit = fit(&mask.present(values), &mask.counts(shape), request.tolerance);
        let mut references: Vec<usize> = Vec::new();
        if shape.planes > 1 {
            references.push(1);
            references.extend((1 < request.cycle && request.cycle < shape.planes).then_some(request.cycle));
        }
        let planes: Vec<Grid<i32>> = values.chunks((shape.height * shape.width).max(1)).enumerate().map(|(i, plane)| samples(&fit, i, plane, shape)).collect();
        let holes = (0..shape.planes).filter_map(|i| mask.plane(i, shape)).collect();
        let Fit { lattices, quantum, top, used } = fit;
        let mapping = used.map_or(Mapping::Direct, Mapping::Ranks);
        let header = Header { lattices, quantum, top, mask: mask.kind.clone(), mapping, references, wrap: goes_around(&planes) };
        Self { values, shape, layout: Layout { header, planes, holes }, model: request.model }
    }

    /// The smallest payload of the ways worth trying, without patches.
    fn smallest(&self) -> Result<Vec<u8>> {
        let Self { layout, .. } = self;
        if T::TYPE.size() == 1 && layout.header.quantum == 1 {
            return self.payload(&mut layout.picture());
        }
        let mut best = self.payload(&mut layout.plain())?;
        let plain = best.len();
        let network = (self.model.is_some() && self.shape.samples() >= NETWORK_SAMPLES).then(|| layout.network());
        for mut candidate in network.into_iter().chain(layout.others(plain)) {
            let payload = self.payload(&mut candidate)?;
            if payload.len() < best.len() {
                best = payload;
            }
        }
        Ok(best)
    }

    /// Everything but the patches.
    fn payload(&self, candidate: &mut Candidate) -> Result<Vec<u8>> {
        let mut payload = vec![Filling::Coded(candidate.method).number()];
        candidate.header.write(&mut payload);
        let stream = self.stream(candidate)?;
        put_varint(&mut payload, stream.len() as u64);
        payload.extend(stream);
        Ok(payload)
    }

    /// The coded stream: all masks, the list of the mapping, all planes, all low bits.
    fn stream(&self, candidate: &mut Candidate) -> Result<Vec<u8>> {
        let mut encoder = Encoder::default();
        self.write_masks(&mut encoder);
        candidate.header.mapping.code(&mut encoder);
        let source = candidate.planes.as_ref().unwrap_or(&self.layout.planes);
        let mut planes = Planes::start(&mut encoder, candidate.method, self.shape, &candidate.header, Some(source), self.model)?;
        for (index, plane) in source.iter().enumerate() {
            planes.next(&mut encoder, Some(plane), self.layout.holes.get(index), |_| false);
        }
        self.write_low_bits(&mut encoder);
        Ok(encoder.finish())
    }

    fn write_masks(&self, encoder: &mut Encoder) {
        let Layout { header, holes, .. } = &self.layout;
        let patterns = if let MaskKind::Patterns(p) = &header.mask { p.len() } else { 0 };
        let mut tables = MaskTables::default();
        let mut before: Option<&Grid<u8>> = None;
        let mut values = self.values.iter();
        for plane in holes {
            tables.code(encoder, &mut plane.clone(), before, patterns);
            for (class, value) in plane.samples.iter().zip(values.by_ref()) {
                if header.mask == MaskKind::Explicit && *class != 0 {
                    encoder.bits(T::TYPE.size() as u32 * 8, value.to_bits64());
                }
            }
            before = Some(plane);
        }
    }

    fn write_low_bits(&self, encoder: &mut Encoder) {
        let Layout { header, planes, holes } = &self.layout;
        let Some(lattice) = header.lattices.with_low_bits() else { return };
        let mut low_bits = LowBits::default();
        let holes = holes.iter().flat_map(|h| &h.samples).chain(core::iter::repeat(&0));
        let coordinates = planes.iter().flat_map(|p| &p.samples);
        for ((value, coordinate), _) in self.values.iter().zip(coordinates).zip(holes).filter(|(_, hole)| **hole == 0) {
            low_bits.code::<_, T>(encoder, lattice, *coordinate, lattice.low(*value));
        }
    }
}

/// What stands for the values of a plane: lattice coordinates or their ranks. Those of missing values do not matter.
fn samples<T: Sample>(fit: &Fit, plane: usize, values: &[T], shape: ChunkShape) -> Grid<i32> {
    let lattice = fit.lattices.of(plane);
    let samples = match &fit.used {
        None => values.iter().map(|v| lattice.coordinate(*v) as i32).collect(),
        Some(used) => values.iter().map(|v| nearest(used, lattice.coordinate(*v)) as i32).collect(),
    };
    Grid { height: shape.height, width: shape.width, samples }
}

/// Whether the last column lies about as close to the first as any two columns do.
fn goes_around(planes: &[Grid<i32>]) -> bool {
    let (mut ends, mut inside) = (0u64, 0u64);
    for row in planes.first().into_iter().flat_map(Grid::rows) {
        if let [first, .., last] = row {
            ends += u64::from(first.abs_diff(*last));
            inside += row.windows(2).map(|w| if let [a, b] = w { u64::from(a.abs_diff(*b)) } else { 0 }).sum::<u64>() / (row.len() as u64 - 1);
        }
    }
    2 * ends < 3 * inside
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
