//! A chunk's bytes -> values: header, stream (masks, planes, low bits), patches.

use super::accelerator::{LocalFuture, Processor};
use super::chunk::{ChunkShape, Filling, Header, Method};
use super::entropy::Decoder;
use super::extrapolation;
use super::lattice::{Lattice, LowBits, Sample};
use super::mapping::Mapping;
use super::masks::{self, PlaneMask};
use super::methods::layered;
use super::narrow::widened;
use super::passes::levels;
use super::patches::{self, Corrections};
use super::plain;
use super::planes::{Planes, Start};
use crate::error::{Error, Result};
use crate::field::{DataType, Values, with_values};
use crate::grid::Grid;
use crate::network::autoencoder::View;
use crate::network::model::Model;
use crate::wire::Reader;
use core::cell::Cell;

const NARROW: u8 = Filling::Narrow.number();

/// Decodes one chunk; the network runs where `processor` says.
///
/// # Errors
/// [`Error::Corrupt`] when the payload breaks a rule of the format; [`Error::Accelerator`] when the network runs elsewhere and that fails.
pub(crate) async fn decode(payload: &[u8], shape: ChunkShape, data_type: DataType, network: Option<(&Model, Processor<'_>)>) -> Result<Decoded> {
    if let Some((&NARROW, narrow)) = payload.split_first()
        && data_type == DataType::F64
    {
        let Decoded { values, said } = decode_as(narrow, shape, DataType::F32, network).await?;
        return Ok(Decoded { values: widened(values, data_type), said });
    }
    decode_as(payload, shape, data_type, network).await
}

/// Decodes a chunk whose payload says nothing of another type.
async fn decode_as(payload: &[u8], shape: ChunkShape, data_type: DataType, network: Option<(&Model, Processor<'_>)>) -> Result<Decoded> {
    let mut reader = Reader::new(payload);
    match Filling::read(&mut reader)? {
        Filling::Narrow => Err(Error::corrupt("a chunk is said to be of a type that it has or cannot have")),
        filling @ (Filling::Raw | Filling::Constant | Filling::Bytes) => {
            plain::read(filling, reader.rest(), shape, data_type).map(|values| Decoded { values, said: 0 })
        }
        Filling::Extrapolated => extrapolation::read(reader.rest(), shape, data_type).map(|values| Decoded { values, said: 0 }),
        Filling::Coded(method) => {
            let coded = Coded::read(reader, &Setting { method, shape, data_type, network }).await?;
            Ok(Decoded { values: values(&coded, data_type, shape)?, said: coded.said })
        }
    }
}

/// The values of a chunk.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) values: Values,
    /// A checksum of all that the network said.
    pub(crate) said: u64,
}

/// What decoding takes besides the payload.
struct Setting<'a> {
    method: Method,
    shape: ChunkShape,
    data_type: DataType,
    network: Option<(&'a Model, Processor<'a>)>,
}

/// What ends a plane early.
type Stop<'s> = &'s dyn for<'a, 'd> Fn(&'a Decoder<'d>) -> bool;

/// Decodes the next plane. Boxed and apart, so that methods are not compiled once more for each who asks.
#[inline(never)]
fn next<'f>(planes: &'f mut Planes<'_>, decoder: &'f mut Decoder<'_>, mask: Option<&'f PlaneMask>, stop: Stop<'f>) -> LocalFuture<'f, Result<()>> {
    Box::pin(planes.next(decoder, None, mask.map(|mask| &mask.classes), stop))
}

/// The values of planes that were decoded, for the same reason.
#[inline(never)]
fn values(coded: &Coded, data_type: DataType, shape: ChunkShape) -> Result<Values> {
    let mut values = Values::zeros(data_type, 0)?;
    with_values!(&mut values, values => *values = coded.values(shape));
    Ok(values)
}

/// What the first bytes of a chunk hold.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The values of so many planes: the last may be coarse.
    pub(crate) values: Values,
    pub(crate) planes: usize,
    /// Every so many rows and columns of the last plane one value is what it will be, but for patches; it stands for those around it.
    pub(crate) stride: usize,
}

/// What the first bytes of a payload hold, up to plane number `plane`: planes that are whole, and one that is coarse. None where nothing can be said of a plane yet, or the method is none that goes from
/// coarse to fine. No checksum covers it, and no certificate: some values lie farther from the source than the bound until they are patched.
///
/// # Errors
/// [`Error::Corrupt`] as for [`decode`].
pub(crate) async fn begin(
    payload: &[u8],
    plane: usize,
    shape: ChunkShape,
    data_type: DataType,
    network: Option<(&Model, Processor<'_>)>,
) -> Result<Option<Begun>> {
    let mut reader = Reader::new(payload);
    let Ok(Filling::Coded(method)) = Filling::read(&mut reader) else { return Ok(None) };
    if matches!(method, Method::Raster | Method::Repeats | Method::Bulk) {
        return Ok(None);
    }
    let setting = Setting { method, shape, data_type, network };
    let Ok(Beginning { header, mut decoder, masks, base, residuals }) = Beginning::read(&mut reader, &setting, false) else { return Ok(None) };
    // What is mapped over planes means nothing before all of them are there.
    if matches!(header.mapping, Mapping::Green | Mapping::Palette(_)) || decoder.overrun() {
        return Ok(None);
    }
    let mut planes = Planes::start(&mut decoder, &header, Start { method, shape, source: None, network, base, residuals })?;
    let (mut count, mut stride) = (0, 0);
    let top = levels(shape.height, shape.width);
    while count <= plane && count < shape.planes && !decoder.overrun() {
        let asked = Cell::new(0u32);
        let stop: Stop = &|decoder| {
            asked.set(asked.get() + u32::from(!decoder.overrun()));
            decoder.overrun()
        };
        next(&mut planes, &mut decoder, masks.get(count), stop).await?;
        // Asked before a level and behind it.
        let done = asked.get() / 2;
        if asked.get() == 0 && top > 0 || top == 0 && decoder.overrun() {
            break;
        }
        (count, stride) = (count + 1, 1 << (top - done.min(top)));
    }
    if count == 0 {
        return Ok(None);
    }
    let mut grids = planes.finish()?;
    grids.truncate(count);
    let coded = Coded { header, masks, planes: grids, low_bits: Vec::new(), corrections: Corrections::default(), said: 0 };
    let values = values(&coded, data_type, ChunkShape { planes: count, ..shape })?;
    Ok(Some(Begun { values, planes: count, stride }))
}

/// What comes before the planes of a stream.
struct Beginning<'a> {
    header: Header,
    decoder: Decoder<'a>,
    masks: Vec<PlaneMask>,
    /// What is drawn of the first plane.
    base: Option<Grid<i32>>,
    /// What the bulk method has beside the stream.
    residuals: Option<&'a [u8]>,
}

impl<'a> Beginning<'a> {
    /// Header, masks, the list of the mapping, the latents; of a stream that need not be whole.
    #[inline(never)]
    fn read(reader: &mut Reader<'a>, setting: &Setting, whole: bool) -> Result<Self> {
        let Setting { method, shape, data_type, network } = *setting;
        let mut header = Header::read(reader, shape.planes)?;
        let view = if method == Method::Layered { Some(View::read(reader)?) } else { None };
        let available = reader.rest().len();
        let length = reader.count("the length of the stream", if whole { available } else { usize::MAX })?;
        let length = if whole { length } else { length.min(reader.rest().len() & !1) };
        let mut decoder = Decoder::new(reader.take(length)?)?;
        let residuals = if method == Method::Bulk {
            let length = reader.count("the length of the residuals", reader.rest().len())?;
            Some(reader.take(length)?)
        } else {
            None
        };
        let masks = masks::read(&mut decoder, &header, shape, data_type, method == Method::Bulk)?;
        header.mapping.code(&mut decoder);
        let base = view.map(|view| {
            let net =
                network.and_then(|(model, _)| model.autoencoder()).ok_or_else(|| Error::corrupt("a chunk has a base layer and its model no autoencoder"))?;
            layered::draw(&mut decoder, net, view, (shape.height, shape.width))
        });
        Ok(Self { base: base.transpose()?, header, decoder, masks, residuals })
    }
}

/// What a coded chunk holds, whatever the type of its values.
pub(crate) struct Coded {
    header: Header,
    masks: Vec<PlaneMask>,
    /// What stands for the values of each plane: lattice coordinates or their ranks.
    planes: Vec<Grid<i32>>,
    /// Low bits of all samples, 0 for missing ones; empty when the lattice has none.
    low_bits: Vec<u64>,
    /// What the encoder found beyond the range of the source, or beyond the bound.
    corrections: Corrections,
    said: u64,
}

impl Coded {
    /// The first plane alone as its base layer shows it; `None` when it has none.
    ///
    /// # Errors
    /// [`Error::Corrupt`] as for [`decode`].
    pub(crate) fn drawn(payload: &[u8], shape: ChunkShape, data_type: DataType, model: Option<&Model>) -> Result<Option<Self>> {
        let mut reader = Reader::new(payload);
        let network = model.map(|model| (model, Processor::cpu()));
        let Filling::Coded(method @ Method::Layered) = Filling::read(&mut reader)? else { return Ok(None) };
        let Beginning { header, masks, base, .. } = Beginning::read(&mut reader, &Setting { method, shape, data_type, network }, true)?;
        Ok(Some(Self { header, masks, planes: base.into_iter().collect(), low_bits: Vec::new(), corrections: Corrections::default(), said: 0 }))
    }

    /// All of the stream, then the patches.
    async fn read(mut reader: Reader<'_>, setting: &Setting<'_>) -> Result<Self> {
        let Setting { method, shape, data_type, network } = *setting;
        let Beginning { header, mut decoder, masks, base, residuals } = Beginning::read(&mut reader, setting, true)?;
        let mut planes = Planes::start(&mut decoder, &header, Start { method, shape, source: None, network, base, residuals })?;
        for index in 0..header.mapping.coded_planes(shape.planes) {
            if decoder.overrun() {
                return Err(Error::corrupt("a coded stream ends before its symbols do"));
            }
            let stop: Stop = &|decoder| decoder.overrun();
            next(&mut planes, &mut decoder, masks.get(index), stop).await?;
        }
        let said = planes.said();
        let planes = planes.finish()?;
        let low_bits = low_bits(&mut decoder, &header, &planes, &masks, data_type);
        decoder.finish()?;
        let corrections = patches::read(&mut reader, shape.samples(), data_type)?;
        Ok(Self { header, masks, planes, low_bits, corrections, said })
    }

    /// The values of a chunk of that shape.
    pub(crate) fn values<T: Sample>(&self, shape: ChunkShape) -> Vec<T> {
        let Self { header, masks, planes, low_bits, corrections: (ends, patches), .. } = self;
        let mut values = Vec::with_capacity(shape.samples());
        let mut low_bits = low_bits.iter();
        for (index, plane) in planes.iter().enumerate() {
            let (lattice, start) = (header.lattices.of(index), values.len());
            if T::TYPE == DataType::F32 && self.low_bits.is_empty() && !matches!(header.mapping, Mapping::Ranks(_)) {
                plane.samples.chunks(BLOCK).for_each(|block| extend(&mut values, header, &lattice, block));
            } else {
                values.extend(plane.samples.iter().map(|s| lattice.value::<T>(header.coordinate(*s), low_bits.next().copied().unwrap_or(0))));
            }
            let Some(plane) = values.get_mut(start..) else { continue };
            patches::cut(plane.iter_mut(), *ends);
            if let Some(mask) = masks.get(index) {
                mask.fill(plane, header.mask.patterns());
            }
        }
        patches::patch(&mut values, patches);
        values
    }
}

/// Samples turned into values at a time.
const BLOCK: usize = 512;

/// Appends the values of up to [`BLOCK`] samples without low bits.
fn extend<T: Sample>(values: &mut Vec<T>, header: &Header, lattice: &Lattice, samples: &[i32]) {
    let (mut inside, mut reals) = ([0; BLOCK], [0.0; BLOCK]);
    inside.iter_mut().zip(samples).for_each(|(to, s)| *to = header.cut(*s));
    let inside = inside.get(..samples.len()).unwrap_or_default();
    if lattice.reals(inside, &mut reals) {
        values.extend(reals.iter().take(samples.len()).map(|r| T::from_f64(*r)));
    } else {
        values.extend(inside.iter().map(|s| lattice.value::<T>(i64::from(*s), 0)));
    }
}

/// The low bits of all samples, if they have any.
fn low_bits(decoder: &mut Decoder, header: &Header, planes: &[Grid<i32>], masks: &[PlaneMask], data_type: DataType) -> Vec<u64> {
    let Some(lattice) = header.lattices.with_low_bits().filter(|_| !matches!(header.mapping, Mapping::Ranks(_))) else { return Vec::new() };
    let mut tables = LowBits::new(data_type);
    let mut low_bits = Vec::with_capacity(planes.iter().map(|p| p.samples.len()).sum());
    for (index, plane) in planes.iter().enumerate() {
        let holes = masks.get(index).map_or(&[][..], |m| &m.classes.samples);
        low_bits.extend(plane.samples.iter().enumerate().map(|(i, sample)| match holes.get(i) {
            None | Some(0) => tables.code(decoder, lattice, header.cut(*sample), 0),
            Some(_) => 0,
        }));
    }
    low_bits
}
