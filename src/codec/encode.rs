//! Values -> a chunk's bytes: mask, lattice, stream, check of every value, patches; whatever is smallest is kept.

use super::accelerator::{Processor, at_once};
use super::autoencoder::BaseLayer;
use super::bytes;
use super::candidates::{Candidate, Layout, Order};
use super::chunk::{ChunkShape, Filling, Header, MAX_PATTERNS, MaskKind, Method};
use super::decode::{Decoded, decode, patch};
use super::entropy::{Coder, Encoder, MaskTables};
use super::lattice::{Fit, LowBits, Sample, fit, nearest};
use super::mapping::Mapping;
use super::planes::{Plane, Planes};
use super::pyramid::Grid;
use super::{Base, BaseReport, Tolerance};
use crate::error::{Error, Result};
use crate::field::{DataType, Element, Missing, Values, with_values};
use crate::weights::Model;
use crate::wire::{Reader, put_varint};

/// From this size on a chunk may take the network: what fewer samples could save is not worth an archive that needs weights.
const NETWORK_SAMPLES: usize = 256;

/// Rows of at least so many bytes, alone in their chunk, are no measurements.
const LONG_ROW: usize = 1 << 14;

/// Where a byte stands for fewer samples no base layer is tried: it never paid there.
const DETAILED: usize = 20;
/// Where a byte stands for so many one is always tried: the network is fast there, and the classical predictor no good judge.
const SMOOTH: usize = 64;

/// What the values of a chunk mean and how far they may move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) shape: ChunkShape,
    pub(crate) missing: &'a Missing,
    pub(crate) tolerance: Tolerance,
    /// Distance in planes of a second candidate reference (the slower axis of a 4-dimensional array); 0 when there is none.
    pub(crate) cycle: usize,
    /// The network, if it may be used, and where it runs.
    pub(crate) network: Option<(&'a Model, Processor<'a>)>,
    /// When planes get a base layer.
    pub(crate) base: Base,
}

/// A coded chunk and what its values decode to.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) payload: Vec<u8>,
    pub(crate) decoded: Values,
    /// Largest distance from the source, in stored units.
    pub(crate) max_error: f64,
    pub(crate) missing: u64,
    /// Whether decoding takes the network.
    pub(crate) network: bool,
    /// What a base layer came to, where one was tried.
    pub(crate) base: Option<BaseReport>,
}

/// Encodes one chunk.
///
/// # Errors
/// [`Error::Corrupt`] if the chunk just written does not decode, which would be a bug worth reporting; [`Error::Accelerator`] when the network runs
/// elsewhere and that fails, or says anything that the CPU does not say.
pub(crate) async fn encode(values: &Values, request: &Request<'_>) -> Result<Encoded> {
    let mask = with_values!(values, values => Mask::of(values, request));
    let exact = |payload| Encoded { payload, decoded: values.clone(), max_error: 0.0, missing: mask.count(), network: false, base: None };
    if let Some(payload) = with_values!(values, values => constant(values)) {
        return Ok(exact(payload));
    }
    if let Some(payload) = text(values, request.shape) {
        return Ok(exact(payload));
    }
    let source = with_values!(values, values => Source::on_lattice(values, &mask, request));
    let (best, base) = source.smallest().await?;
    let coded = Encoded { base, ..verified(best, values, &mask, request)? };
    Ok(if coded.payload.len() > 1 + values.byte_len() { exact(raw(values)) } else { coded })
}

fn raw(values: &Values) -> Vec<u8> {
    let mut payload = vec![Filling::Raw.number()];
    payload.extend(values.to_le_bytes());
    payload
}

/// The payload of values that all have the same bits.
fn constant<T: Sample>(values: &[T]) -> Option<Vec<u8>> {
    let first = values.first()?;
    let alike = values.iter().all(|v| v.to_bits64() == first.to_bits64());
    let mut payload = vec![Filling::Constant.number()];
    put_bits(&mut payload, first.to_bits64(), T::TYPE);
    alike.then_some(payload)
}

/// The payload of text and of long rows of bytes, which are files as a rule; `None` where a shorter one is thinkable.
fn text(values: &Values, shape: ChunkShape) -> Option<Vec<u8>> {
    let bytes = match values {
        Values::Char(bytes) => bytes,
        Values::U8(bytes) if shape.samples() == shape.width && shape.width >= LONG_ROW => bytes,
        _ => return None,
    };
    let mut payload = vec![Filling::Bytes.number()];
    payload.extend(bytes::compress(bytes)?);
    Some(if payload.len() > bytes.len() { raw(values) } else { payload })
}

/// A payload is decoded, every value is checked, and those that miss are patched. Wherever the network ran, what it said is checked on the CPU.
fn verified(best: Tried, values: &Values, mask: &Mask, request: &Request) -> Result<Encoded> {
    let Tried { bytes: mut payload, said, .. } = best;
    // With an empty list of patches it is whole; the real list takes its place.
    payload.push(0);
    let on_cpu = request.network.map(|(model, _)| (model, Processor::cpu()));
    let data_type = values.data_type();
    let Decoded { values: mut decoded, said: heard } = at_once(decode(&payload, request.shape, data_type, on_cpu))?;
    if said != heard {
        return Err(wrong_answer());
    }
    payload.pop();
    let Check { patches, max_error } = with_values!(&mut decoded, decoded => check(Element::unwrap(values).unwrap_or_default(), decoded, mask, request));
    write_patches(&mut payload, &patches, data_type);
    let network = Filling::read(&mut Reader::new(&payload)).is_ok_and(|f| matches!(f, Filling::Coded(method) if method.takes_model()));
    Ok(Encoded { payload, decoded, max_error, missing: mask.count(), network, base: None })
}

/// Which values are missing, and as what; with them those that have to come back as they are.
struct Mask {
    /// One plane of classes after another; empty when nothing is missing.
    classes: Vec<u8>,
    kind: MaskKind,
    /// Bits of the missing values, in order.
    bits: Vec<u64>,
    /// How many of those are no more than kept.
    kept: usize,
}

impl Mask {
    fn of<T: Sample>(values: &[T], request: &Request) -> Self {
        let mut kept = 0;
        let mut class = |v: T| {
            let keep = request.tolerance.keeps(v.to_f64()) && !request.missing.is_missing(v);
            kept += usize::from(keep);
            u8::from(keep || request.missing.is_missing(v))
        };
        let classes: Vec<u8> = values.iter().map(|v| class(*v)).collect();
        if !classes.contains(&1) {
            return Self { classes: Vec::new(), kind: MaskKind::None, bits: Vec::new(), kept };
        }
        let mut bits = Vec::with_capacity(classes.iter().filter(|c| **c != 0).count());
        bits.extend(values.iter().zip(&classes).filter(|(_, c)| **c != 0).map(|(v, _)| v.to_bits64()));
        Self { kept, ..Self::with_patterns(classes, bits) }
    }

    /// The mask in which each class is the number of a pattern, unless there are too many.
    fn with_patterns(mut classes: Vec<u8>, bits: Vec<u64>) -> Self {
        let mut patterns = Vec::new();
        for (class, pattern) in classes.iter_mut().filter(|c| **c != 0).zip(&bits) {
            *class = match patterns.iter().position(|p| p == pattern) {
                Some(i) => i as u8 + 1,
                None => {
                    patterns.push(*pattern);
                    patterns.len() as u8
                }
            };
            if patterns.len() > MAX_PATTERNS {
                classes.iter_mut().for_each(|c| *c = (*c).min(1));
                return Self { classes, kind: MaskKind::Explicit, bits, kept: 0 };
            }
        }
        Self { classes, kind: MaskKind::Patterns(patterns), bits, kept: 0 }
    }

    /// How many values are missing.
    fn count(&self) -> u64 {
        (self.bits.len() - self.kept) as u64
    }

    fn is_missing(&self, index: usize) -> bool {
        self.classes.get(index).is_some_and(|c| *c != 0)
    }

    /// The values that are not missing.
    fn present<'a, T: Sample>(&self, values: &'a [T]) -> std::borrow::Cow<'a, [T]> {
        if self.classes.is_empty() {
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

/// A way to code a chunk that was tried.
struct Tried {
    candidate: Candidate,
    /// Its payload without patches.
    bytes: Vec<u8>,
    /// A checksum of what the network said.
    said: u64,
}

impl Tried {
    fn size(&self) -> usize {
        self.bytes.len()
    }
}

fn wrong_answer() -> Error {
    Error::Accelerator { what: "it said something that the CPU does not say".to_owned() }
}

/// A chunk on its lattice, ready to be coded in any way. Nothing here is generic, since coding takes far more code than there is in the types.
struct Source<'a> {
    shape: ChunkShape,
    data_type: DataType,
    layout: Layout,
    /// Bits of the missing values, in order.
    missing: &'a [u64],
    /// Whether no value may turn out to mean that it is missing.
    complete: bool,
    /// Low bits of all values, those of missing ones being of no matter; empty when the lattice has none.
    low_bits: Vec<u64>,
    network: Option<(&'a Model, Processor<'a>)>,
    base: Base,
}

impl<'a> Source<'a> {
    fn on_lattice<V: Sample>(values: &[V], mask: &'a Mask, request: &Request<'a>) -> Self {
        if V::TYPE.is_float() {
            return Self::of(values, V::TYPE, mask, request);
        }
        // Integers are all alike once they are ordered, and the code for them is needed only once.
        let ordered: Vec<u64> = values.iter().map(|v| v.to_ordered()).collect();
        Self::of(&ordered, V::TYPE, mask, request)
    }

    /// The `values` are floats of that type, or order-preserving integers.
    fn of<T: Sample>(values: &[T], data_type: DataType, mask: &'a Mask, request: &Request<'a>) -> Self {
        let shape = request.shape;
        let fit = fit(&mask.present(values), data_type, &mask.counts(shape), request.tolerance);
        let low_bits = fit.lattices.with_low_bits().map(|lattice| values.iter().map(|v| lattice.low(*v)).collect()).unwrap_or_default();
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
        let layout = Layout { header, planes, holes };
        let complete = *request.missing == Missing::NonFinite;
        Self { shape, data_type, layout, missing: &mask.bits, complete, low_bits, network: request.network, base: request.base }
    }

    /// The smallest payload of the ways worth trying, without patches, and what a base layer came to, if one was tried.
    async fn smallest(&self) -> Result<(Tried, Option<BaseReport>)> {
        let Self { layout, .. } = self;
        let pixels = self.data_type.size() == 1;
        if pixels && layout.header.quantum == 1 {
            return Ok((self.tried(layout.picture(Order::Brightness)).await?, None));
        }
        let plain = self.tried(layout.plain()).await?;
        // A colour shared by many pixels must not turn out to mean that they are missing.
        let picture = if pixels && self.complete { layout.near_picture() } else { None };
        let picture = if let Some(picture) = picture { Some(self.tried(picture).await?) } else { None };
        // What raster order brings below three fifths of the pyramid, the network does not reach.
        let hopeless = picture.as_ref().is_some_and(|p| p.size() * 5 < plain.size() * 3);
        let network = (self.takes_model() && !hopeless).then(|| layout.network());
        let others = layout.others(plain.size());
        let mut best = picture.filter(|p| p.size() < plain.size()).unwrap_or(plain);
        for candidate in network.into_iter().chain(others) {
            let other = self.tried(candidate).await?;
            let smaller = other.size() < best.size();
            best = self.chosen(best, other, smaller)?;
        }
        let layered = if hopeless && self.base == Base::Auto { None } else { self.layered(best.size())? };
        let Some((candidate, bytes)) = layered else { return Ok((best, None)) };
        let layered = self.tried(candidate).await?;
        let taken = layered.size() < best.size() || self.base == Base::Always;
        let report = BaseReport::of_chunk(taken, bytes, best.size(), layered.size());
        Ok((self.chosen(best, layered, taken)?, Some(report)))
    }

    /// `other` where it is taken. What the network said for the one that is dropped is confirmed on the CPU, so that no accelerator can change the choice.
    fn chosen(&self, best: Tried, other: Tried, taken: bool) -> Result<Tried> {
        let (kept, dropped) = if taken { (other, best) } else { (best, other) };
        if let (true, Some((model, Processor::Desk(_)))) = (dropped.said != 0, self.network) {
            let again = at_once(self.payload(&dropped.candidate, Some((model, Processor::cpu()))))?;
            if again != (dropped.bytes, dropped.said) {
                return Err(wrong_answer());
            }
        }
        Ok(kept)
    }

    async fn tried(&self, candidate: Candidate) -> Result<Tried> {
        let (bytes, said) = self.payload(&candidate, self.network).await?;
        Ok(Tried { candidate, bytes, said })
    }

    fn takes_model(&self) -> bool {
        self.network.is_some() && self.shape.samples() >= NETWORK_SAMPLES
    }

    /// With a base layer below the first plane, where one is asked for or may make less than `best` bytes of the chunk; and the bytes of the layer.
    fn layered(&self, best: usize) -> Result<Option<(Candidate, usize)>> {
        let Layout { header, planes, holes } = &self.layout;
        let net = self.network.filter(|_| self.takes_model()).and_then(|(model, _)| model.autoencoder());
        let (Some(net), Some(first)) = (net, planes.first()) else { return Ok(None) };
        let plane = Plane { height: self.shape.height, width: self.shape.width, source: Some(first), holes: holes.first() };
        let quantum = header.coded_quantum(Method::Layered);
        let base = match self.base {
            Base::Auto if best * DETAILED > self.shape.samples() => None,
            Base::Auto if best * SMOOTH > self.shape.samples() => BaseLayer::promising(net, plane, quantum)?,
            Base::Auto | Base::Always => BaseLayer::always(net, plane, quantum)?,
            Base::Never => None,
        };
        Ok(base.map(|base| {
            let bytes = base.size(net);
            (self.layout.layered(base), bytes)
        }))
    }

    /// Everything but the patches, and a checksum of what the network said.
    async fn payload(&self, candidate: &Candidate, network: Option<(&Model, Processor<'_>)>) -> Result<(Vec<u8>, u64)> {
        let mut payload = vec![Filling::Coded(candidate.method).number()];
        candidate.header.write(&mut payload);
        candidate.base.iter().for_each(|base| base.write(&mut payload));
        let (stream, said) = self.stream(candidate, network).await?;
        put_varint(&mut payload, stream.len() as u64);
        payload.extend(stream);
        Ok((payload, said))
    }

    /// The coded stream: all masks, the list of the mapping, all planes, all low bits.
    async fn stream(&self, candidate: &Candidate, network: Option<(&Model, Processor<'_>)>) -> Result<(Vec<u8>, u64)> {
        let mut encoder = Encoder::default();
        self.write_masks(&mut encoder);
        let mut header = candidate.header.clone();
        header.mapping.code(&mut encoder);
        let source = candidate.planes.as_ref().unwrap_or(&self.layout.planes);
        let base = candidate.base.as_ref().zip(network.and_then(|(model, _)| model.autoencoder()));
        base.iter().for_each(|(base, net)| base.code(&mut encoder, net));
        let base = base.map(|(base, _)| base.plane.clone());
        let mut planes = Planes::start(&mut encoder, candidate.method, self.shape, &header, Some(source), network, base)?;
        for (index, plane) in source.iter().enumerate() {
            planes.next(&mut encoder, Some(plane), self.layout.holes.get(index), |_| false).await?;
        }
        let said = planes.said();
        self.write_low_bits(&mut encoder);
        Ok((encoder.finish(), said))
    }

    fn write_masks(&self, encoder: &mut Encoder) {
        let Layout { header, holes, .. } = &self.layout;
        let patterns = header.mask.patterns().len();
        let mut tables = MaskTables::default();
        let mut before: Option<&Grid<u8>> = None;
        let mut missing = self.missing.iter();
        for plane in holes {
            tables.code(encoder, &mut plane.clone(), before, patterns);
            if header.mask == MaskKind::Explicit {
                let count = plane.samples.iter().filter(|c| **c != 0).count();
                missing.by_ref().take(count).for_each(|bits| _ = encoder.bits(self.data_type.bits(), *bits));
            }
            before = Some(plane);
        }
    }

    fn write_low_bits(&self, encoder: &mut Encoder) {
        let Layout { header, planes, holes } = &self.layout;
        let Some(lattice) = header.lattices.with_low_bits() else { return };
        let mut low_bits = LowBits::new(self.data_type);
        let holes = holes.iter().flat_map(|h| &h.samples).chain(core::iter::repeat(&0));
        let coordinates = planes.iter().flat_map(|p| &p.samples);
        for ((coordinate, low), _) in coordinates.zip(&self.low_bits).zip(holes).filter(|(_, hole)| **hole == 0) {
            low_bits.code(encoder, lattice, *coordinate, *low);
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
    /// Index and bits of values that came back wrong: too far off, changed though missing, or no longer told from missing.
    patches: Vec<(usize, u64)>,
    /// Largest distance of the others.
    max_error: f64,
}

/// Compares what was decoded with the values, and puts those that miss in their places.
fn check<T: Sample>(values: &[T], decoded: &mut [T], mask: &Mask, request: &Request) -> Check {
    let mut check = Check { patches: Vec::new(), max_error: 0.0 };
    for (index, (value, back)) in values.iter().zip(&*decoded).enumerate() {
        if value.to_bits64() == back.to_bits64() {
            continue;
        }
        let error = (back.to_f64() - value.to_f64()).abs();
        if request.tolerance.allows(value.to_f64(), back.to_f64()) && !mask.is_missing(index) && !request.missing.is_missing(*back) {
            check.max_error = check.max_error.max(error);
        } else {
            check.patches.push((index, value.to_bits64()));
        }
    }
    patch(decoded, &check.patches);
    check
}

fn write_patches(payload: &mut Vec<u8>, patches: &[(usize, u64)], data_type: DataType) {
    put_varint(payload, patches.len() as u64);
    let mut next = 0;
    for (index, bits) in patches {
        put_varint(payload, (index - next) as u64);
        put_bits(payload, *bits, data_type);
        next = index + 1;
    }
}

/// Appends one value as little-endian bytes.
fn put_bits(payload: &mut Vec<u8>, bits: u64, data_type: DataType) {
    payload.extend(bits.to_le_bytes().iter().take(data_type.size()));
}
