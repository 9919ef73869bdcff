//! A chunk on its lattice, coded in every way that is worth trying; the smallest is kept.

use super::accelerator::{self, Processor, at_once};
use super::candidates::{Candidate, Layout, Order};
use super::chunk::{ChunkShape, Filling, Header, Method};
use super::entropy::Encoder;
use super::kept::Kept;
use super::lattice::{Fit, Lattice, LowBits, Sample, Steps, fit, nearest};
use super::mapping::Mapping;
use super::masks::{self, Mask};
use super::methods::layered::BaseLayer;
use super::planes::{Planes, Start};
use super::request::Request;
use super::{Base, BaseReport, Level, Tolerance};
use crate::error::{Error, Result};
use crate::field::{DataType, Missing};
use crate::grid::{Grid, Plane};
use crate::network::model::Model;
use crate::wire::put_varint;

/// From this size on a chunk may take the network: what fewer samples could save is not worth an archive that needs weights.
const NETWORK_SAMPLES: usize = 256;

/// Where a byte stands for fewer samples no base layer is tried: it never paid there.
const DETAILED: usize = 20;
/// Where a byte stands for so many one is always tried: the network is fast there, and the classical predictor no good judge.
const SMOOTH: usize = 64;

/// A way to code a chunk that was tried.
pub(super) struct Tried {
    candidate: Candidate,
    /// Its payload without patches.
    pub(super) bytes: Vec<u8>,
    /// A checksum of what the network said.
    pub(super) said: u64,
    /// What it said, unless that was elsewhere than on the CPU.
    pub(super) kept: Kept,
}

impl Tried {
    fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// A chunk on its lattice, ready to be coded in any way. Nothing here is generic, since coding takes far more code than there is in the types.
pub(super) struct Source<'a> {
    shape: ChunkShape,
    data_type: DataType,
    layout: Layout,
    /// Which values are missing, or told by the mask.
    pub(super) mask: Mask,
    /// Whether no value may turn out to mean that it is missing.
    complete: bool,
    /// Low bits of all values, those of missing ones being of no matter; empty when the lattice has none.
    low_bits: Vec<u64>,
    network: Option<(&'a Model, Processor<'a>)>,
    base: Base,
    level: Level,
}

/// Values that have to be kept are told by patches when fewer than one in so many of a chunk are.
const FEW: usize = 512;

/// The values of a chunk in the form in which lattices are searched: floats, or integers that are ordered, which are all alike then, so that the code for them is needed only once.
struct Searched<'v, T> {
    values: &'v [T],
    data_type: DataType,
    /// Those that have to come back as they are, in both forms.
    kept: Vec<(f64, T)>,
    /// The order-preserving integer of 0.
    zero: u64,
    /// The mask that tells some values besides those that are missing.
    mask: &'v dyn Fn(&[f64]) -> Mask,
}

impl<'a> Source<'a> {
    /// The chunk on each lattice that may make the smallest payload; the first is there.
    pub(super) fn all<V: Sample>(values: &[V], request: &Request<'a>) -> Vec<Self> {
        let mask = &|told: &[f64]| Mask::of(values, request.missing, request.demand.tolerance, told);
        let (data_type, zero) = (V::TYPE, V::from_f64(0.0).to_ordered());
        let kept = || request.demand.kept.iter().map(|k| (*k, V::from_f64(*k)));
        if V::TYPE.is_float() {
            return Self::by_steps(&Searched { values, data_type, kept: kept().collect(), zero, mask }, request);
        }
        let ordered: Vec<u64> = values.iter().map(|v| v.to_ordered()).collect();
        let kept = kept().map(|(k, v)| (k, v.to_ordered())).collect();
        Self::by_steps(&Searched { values: &ordered, data_type, kept, zero, mask }, request)
    }

    /// As what has to be kept asks for: on steps of their own that keep it, told by the mask, or both ways to be compared.
    fn by_steps<T: Sample>(searched: &Searched<T>, request: &Request<'a>) -> Vec<Self> {
        let Searched { values, data_type, ref kept, zero, mask } = *searched;
        let demand = request.demand;
        let many = |told: &[(f64, T)]| !told.is_empty() && values.iter().filter(|v| told.iter().any(|(_, t)| t == *v)).count() * FEW >= values.len();
        let told = |kept: &[(f64, T)]| mask(&kept.iter().map(|(k, _)| *k).collect::<Vec<_>>());
        let fixed = demand.steps(data_type, zero);
        // The ends of the range are cut to, where steps lie beyond them.
        let [low, high] = demand.range;
        let is_cut = |k: f64, put: T, value: T| k == low && put < value || k == high && put > value;
        let off = |steps: Steps| {
            let moved = |(k, value): &&(f64, T)| steps.put(*value) != *value && !is_cut(*k, steps.put(*value), *value);
            let off: Vec<(f64, T)> = kept.iter().filter(moved).copied().collect();
            if many(&off) { off } else { Vec::new() }
        };
        if let Some(steps) = fixed {
            return vec![Self::on_steps(searched, steps, told(&off(steps)), request)];
        }
        let Tolerance::Absolute(tolerance) = demand.tolerance else { return vec![Self::fitted(searched, told(kept), request)] };
        let bare = told(&[]);
        if !many(kept) {
            return vec![Self::fitted(searched, bare, request)];
        }
        let fit = fit(&bare.present(values), data_type, &bare.counts(request.shape), demand.tolerance);
        if kept.iter().all(|(_, k)| fit.gives_back(*k)) {
            return vec![Self::of(values, data_type, bare, fit, request)];
        }
        let first_alone = request.level == Level::Fast;
        let (widest, unit) = fit.widest(low.abs().max(high.abs()), data_type, tolerance);
        let first = kept.first().and_then(|(_, k)| Steps::through(*k, widest, data_type));
        let both = first.filter(|_| !first_alone).zip(kept.get(1)).and_then(|(steps, (_, k))| steps.and_through(*k, unit));
        let ways = first.into_iter().chain(both.filter(|both| Some(*both) != first));
        let ways = ways.map(|steps| Self::on_steps(searched, steps, told(&off(steps)), request));
        let mut ways: Vec<Self> = ways.collect();
        if ways.is_empty() || !first_alone {
            ways.push(Self::fitted(searched, told(kept), request));
        }
        ways
    }

    /// On steps that are there beforehand.
    fn on_steps<T: Sample>(searched: &Searched<T>, steps: Steps, mask: Mask, request: &Request<'a>) -> Self {
        let values: Vec<T> = searched.values.iter().map(|v| steps.put(*v)).collect();
        let present = mask.present(&values);
        let exact = || fit(&present, searched.data_type, &mask.counts(request.shape), Tolerance::Absolute(0.0));
        let fit = steps.fit(&present).unwrap_or_else(exact);
        Self::of(&values, searched.data_type, mask, fit, request)
    }

    /// On the lattice that is found.
    fn fitted<T: Sample>(searched: &Searched<T>, mask: Mask, request: &Request<'a>) -> Self {
        let fit = fit(&mask.present(searched.values), searched.data_type, &mask.counts(request.shape), request.demand.tolerance);
        Self::of(searched.values, searched.data_type, mask, fit, request)
    }

    /// The `values` are floats of that type, or order-preserving integers.
    fn of<T: Sample>(values: &[T], data_type: DataType, mask: Mask, fit: Fit, request: &Request<'a>) -> Self {
        let shape = request.shape;
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
        Self { shape, data_type, layout, mask, complete, low_bits, network: request.network, base: request.base, level: request.level }
    }

    /// The source of the smallest payload, with that and what a base layer came to. Where there are several the network is asked only about the one that is smallest without it.
    pub(super) async fn best(sources: Vec<Self>) -> Result<(Self, Tried, Option<BaseReport>)> {
        let several = sources.len() > 1;
        let mut best: Option<(Self, Tried)> = None;
        for mut source in sources {
            if several {
                let (network, base) = (source.network.take(), source.base);
                let (tried, _) = source.smallest().await?;
                (source.network, source.base) = (network, base);
                let smaller = best.as_ref().is_none_or(|(_, best)| tried.size() < best.size());
                best = if smaller { Some((source, tried)) } else { best };
                continue;
            }
            let (tried, base) = source.smallest().await?;
            return Ok((source, tried, base));
        }
        let (source, tried) = best.ok_or_else(|| Error::corrupt("a chunk lies on no lattice"))?;
        if source.network.is_none() {
            return Ok((source, tried, None));
        }
        let (tried, base) = source.smallest().await?;
        Ok((source, tried, base))
    }

    /// The smallest payload of the ways worth trying, without patches, and what a base layer came to, if one was tried.
    pub(super) async fn smallest(&self) -> Result<(Tried, Option<BaseReport>)> {
        let Self { layout, .. } = self;
        if self.level == Level::Fast {
            return Ok((self.tried(layout.bulk()).await?, None));
        }
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
        let experts = (self.level == Level::Max).then(|| layout.experts(self.takes_model()));
        for candidate in network.into_iter().chain(others).chain(experts) {
            let other = self.tried(candidate).await?;
            let smaller = other.size() < best.size();
            best = self.chosen(best, other, smaller)?;
        }
        let layered = if hopeless && self.base == Base::Auto { None } else { self.layered(best.size())? };
        let Some((candidate, bytes)) = layered else { return Ok((best, None)) };
        // Seldom the smaller one: there is room for the answers of one way.
        let (payload, said) = self.payload(&candidate, self.network).await?;
        let layered = Tried { candidate, bytes: payload, said, kept: Kept::default() };
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
                return Err(accelerator::wrong_answer());
            }
        }
        Ok(kept)
    }

    async fn tried(&self, candidate: Candidate) -> Result<Tried> {
        let kept = Kept::default();
        let network = self.network.map(|(model, processor)| match processor {
            Processor::Cpu(engine) => (model, Processor::Keeping(engine, &kept)),
            elsewhere => (model, elsewhere),
        });
        let (bytes, said) = self.payload(&candidate, network).await?;
        Ok(Tried { candidate, bytes, said, kept })
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
        let (stream, residuals, said) = self.stream(candidate, network).await?;
        for part in core::iter::once(stream).chain(residuals) {
            put_varint(&mut payload, part.len() as u64);
            payload.extend(part);
        }
        Ok((payload, said))
    }

    /// The coded stream: all masks, the list of the mapping, all planes, all low bits; and what the bulk method keeps beside it.
    async fn stream(&self, candidate: &Candidate, network: Option<(&Model, Processor<'_>)>) -> Result<(Vec<u8>, Option<Vec<u8>>, u64)> {
        let mut encoder = Encoder::default();
        let still = candidate.method == Method::Bulk;
        masks::write(&mut encoder, (&self.layout.header.mask, &self.mask.bits), &self.layout.holes, self.data_type, still);
        let mut header = candidate.header.clone();
        header.mapping.code(&mut encoder);
        let source = candidate.planes.as_ref().unwrap_or(&self.layout.planes);
        let base = candidate.base.as_ref().zip(network.and_then(|(model, _)| model.autoencoder()));
        base.iter().for_each(|(base, net)| base.code(&mut encoder, net));
        let base = base.map(|(base, _)| base.plane.clone());
        let start = Start { method: candidate.method, shape: self.shape, source: Some(source), network, base, residuals: None };
        let mut planes = Planes::start(&mut encoder, &header, start)?;
        for (index, plane) in source.iter().enumerate() {
            planes.next(&mut encoder, Some(plane), self.layout.holes.get(index), |_| false).await?;
        }
        let said = planes.said();
        self.write_low_bits(&mut encoder);
        let residuals = planes.residuals();
        Ok((encoder.finish(), residuals, said))
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
        None => coordinates(&lattice, values),
        Some(used) => values.iter().map(|v| nearest(used, lattice.coordinate(*v)) as i32).collect(),
    };
    Grid { height: shape.height, width: shape.width, samples }
}

/// Lattice coordinates of values, many at a time.
fn coordinates<T: Sample>(lattice: &Lattice, values: &[T]) -> Vec<i32> {
    const BLOCK: usize = 512;
    if T::TYPE != DataType::F32 {
        return values.iter().map(|v| lattice.coordinate(*v) as i32).collect();
    }
    let mut all = Vec::with_capacity(values.len());
    let (mut reals, mut found) = ([0.0; BLOCK], [0; BLOCK]);
    for block in values.chunks(BLOCK) {
        reals.iter_mut().zip(block).for_each(|(real, v)| *real = v.to_f64());
        if lattice.coordinates(reals.get(..block.len()).unwrap_or_default(), &mut found) {
            all.extend(found.get(..block.len()).unwrap_or_default());
        } else {
            all.extend(block.iter().map(|v| lattice.coordinate(*v) as i32));
        }
    }
    all
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
