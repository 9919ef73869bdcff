//! Values -> a chunk's bytes: mask, lattice, stream, check of every value, ends and patches, sums; whatever is smallest is kept.

use super::accelerator::{Processor, at_once, wrong_answer};
use super::chunk::Filling;
use super::decode::{Decoded, decode};
use super::extrapolation;
use super::masks::Mask;
use super::narrow::{narrowed, narrowed_missing, widened};
use super::patches::{self, Check, check};
use super::plain;
use super::request::Request;
use super::source::{Source, Tried};
use super::sums::Sums;
use super::{Base, BaseReport, Level};
use crate::error::Result;
use crate::field::{DataType, Element, Values, with_values};
use crate::network::engine::Engine;
use crate::wire::Reader;

/// A coded chunk and what its values decode to.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) payload: Vec<u8>,
    pub(crate) decoded: Values,
    /// Largest distance from the source, in stored units.
    pub(crate) max_error: f64,
    pub(crate) missing: u64,
    /// Nothing where no error is allowed.
    pub(crate) sums: Sums,
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
    let coded = match plain::payload(values, request.shape) {
        Some(payload) => exact(payload, values, request),
        None => match Some(values).filter(|_| request.demand.is_lossless()).and_then(narrowed) {
            Some(narrow) => as_narrow(&narrow, request).await?,
            None => smallest(values, request).await?,
        },
    };
    let Request { missing, demand, .. } = *request;
    let sums = if demand.is_lossless() { Sums::default() } else { Sums::of(values, &coded.decoded, missing, demand.packing) };
    Ok(Encoded { sums, ..coded })
}

/// The payload of values that are narrower than their type.
async fn as_narrow(narrow: &Values, request: &Request<'_>) -> Result<Encoded> {
    let missing = narrowed_missing(request.missing);
    let coded = smallest(narrow, &Request { missing: &missing, ..*request }).await?;
    let payload = [&[Filling::Narrow.number()], coded.payload.as_slice()].concat();
    Ok(Encoded { payload, decoded: widened(coded.decoded, DataType::F64), ..coded })
}

/// The smallest of all ways to put the values on a lattice and to code them there, of extrapolation, and of the values as they are.
async fn smallest(values: &Values, request: &Request<'_>) -> Result<Encoded> {
    let sources = with_values!(values, values => Source::all(values, request));
    let (source, best, base) = Source::best(sources).await?;
    let coded = Encoded { base, ..verified(best, values, &source.mask, request)? };
    let exactly = |payload| exact(payload, values, request);
    let extrapolated = || extrapolation::payload(values, request.shape, coded.payload.len()).map(exactly);
    // Without a base layer, which may be wanted whatever it costs.
    let coded =
        if request.demand.is_lossless() && request.base != Base::Always && request.level != Level::Fast { extrapolated().unwrap_or(coded) } else { coded };
    Ok(if coded.payload.len() > 1 + values.byte_len() { exactly(plain::raw(values)) } else { coded })
}

/// A payload that gives back every bit.
fn exact(payload: Vec<u8>, values: &Values, request: &Request) -> Encoded {
    let missing = with_values!(values, values => values.iter().filter(|v| request.missing.is_missing(**v)).count()) as u64;
    Encoded { payload, decoded: values.clone(), max_error: 0.0, missing, sums: Sums::default(), network: false, base: None }
}

/// A payload is decoded, every value is checked, and those that miss are patched. Wherever the network ran, what it said is checked on the CPU: there it
/// need not say again what it said of the very same integers.
fn verified(best: Tried, values: &Values, mask: &Mask, request: &Request) -> Result<Encoded> {
    let Tried { bytes: mut payload, said, kept, .. } = best;
    // With an empty list of patches it is whole; the real list takes its place.
    payload.push(0);
    let on_cpu = request.network.map(|(model, _)| (model, Processor::Recalling(Engine::detect(), &kept)));
    let data_type = values.data_type();
    let Decoded { values: mut decoded, said: heard } = at_once(decode(&payload, request.shape, data_type, on_cpu))?;
    if said != heard {
        return Err(wrong_answer());
    }
    payload.pop();
    let Check { ends, patches, max_error } =
        with_values!(&mut decoded, decoded => check(Element::unwrap(values).unwrap_or_default(), decoded, mask, request.missing, request.demand));
    patches::write(&mut payload, ends, &patches, data_type);
    let network = Filling::read(&mut Reader::new(&payload)).is_ok_and(|f| matches!(f, Filling::Coded(method) if method.takes_model()));
    Ok(Encoded { payload, decoded, max_error, missing: mask.count(), sums: Sums::default(), network, base: None })
}
