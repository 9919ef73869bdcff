//! Frames without an archive: chunks of stores of another kind, whose metadata say type and shape. The same values under the same options are the same bytes, on every machine and whatever
//! surrounds them.

use super::frame::{Frame, Held};
use super::job::{Done, Job, Task, Written};
use super::plan::plan;
use super::tiles::{MAX_CHUNK_SAMPLES, Tiling, product};
use crate::codec::chunk::ChunkShape;
use crate::codec::{Base, Options};
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, ErrorBound, Field, Missing, Roles, SourceFormat, Values, Wish};
use crate::limits::Limits;
use crate::network::model::{Model, ModelId, Models};

/// The name of a chunk's values, where something has to have one.
const NAME: &str = "chunk";

/// Codes values of a shape as one frame. Of the options the bound of all variables counts, in stored units; what is missing is told by `missing`.
///
/// # Errors
/// [`Error::InvalidArgument`] when there are other values than the shape asks for, or the bound is relative to a range, which is another in every chunk; [`Error::LimitExceeded`] when there are more than 2^24;
/// [`Error::BoundBelowPrecision`] when the bound cannot be kept and the options refuse that.
pub fn encode_chunk(values: Values, shape: &[usize], missing: Missing, options: &Options) -> Result<Vec<u8>> {
    if matches!(options.bounds.others, Wish::Bound(ErrorBound::Relative(_)) | Wish::Recommended) {
        return Err(Error::InvalidArgument {
            what: "a chunk needs a bound in units of its values, or of each value: one of the range is another in every chunk".to_owned(),
        });
    }
    if values.len() != product(shape) {
        return Err(Error::InvalidArgument { what: format!("{} values are not those of a shape of {shape:?}", values.len()) });
    }
    let view = view(shape)?;
    let mut dataset = Dataset::from_array(NAME, shape, values, SourceFormat::ARRAY)?;
    let Some(field) = dataset.fields.pop() else { return Err(Error::corrupt("an array without values")) };
    let field = Field { missing, ..field };
    let mut options = Options { base: Base::Never, coarse: true, ..options.clone() };
    options.bounds.as_data.push(NAME.to_owned());
    let plan = plan((&dataset, &Roles::of(&dataset)), &field, &options)?;
    let (bound, cycle) = (plan.stored_bound(&field), field.cycle());
    let level = options.level.for_bytes(field.values.byte_len() as u64);
    let task = Task::Encode { values: field.values, missing: field.missing, demand: plan.demand, cycle, base: options.base, level };
    let model = options.model.as_deref().filter(|_| level.takes_model()).map(Model::id);
    let job = Job { number: 0, variable: 0, shape: view, model, task };
    let Done { sum, written, .. } = job.run(&options.model.iter().cloned().collect())?;
    let Some(Written { payload, max_error, model, .. }) = written else { return Err(Error::corrupt("a chunk was not written")) };
    let held = (bound > 0.0).then(|| Held::of(bound, max_error));
    let model = model.map(|ModelId(id)| id as u32);
    Ok(Frame { values_sum: sum as u32, held, model, payload: &payload }.to_bytes())
}

/// The values of a frame, of that type and shape, all checksums checked.
///
/// # Errors
/// [`Error::ChecksumMismatch`], [`Error::Corrupt`], [`Error::Truncated`]; [`Error::Unsupported`] for frames of later versions; [`Error::ModelUnavailable`] when it takes a network that is not among
/// `models`; [`Error::LimitExceeded`] when there are more values than the limits allow.
pub fn decode_chunk(frame: &[u8], data_type: DataType, shape: &[usize], models: &Models, limits: &Limits) -> Result<Values> {
    let view = view(shape)?;
    Limits::check("a decoded chunk", (view.samples() as u64).saturating_mul(data_type.size() as u64), limits.decoded_bytes)?;
    let frame = Frame::read(frame, "a frame")?;
    frame_values(&frame, (data_type, view), named(&frame, models)?, models)
}

/// The network that a frame names.
pub(super) fn named(frame: &Frame, models: &Models) -> Result<Option<ModelId>> {
    frame.model.map(|half| models.named_by_low_half(half)).transpose()
}

/// The checked values of a frame.
pub(super) fn frame_values(frame: &Frame, (data_type, shape): (DataType, ChunkShape), model: Option<ModelId>, models: &Models) -> Result<Values> {
    let task = Task::Decode { payload: frame.payload.to_vec(), data_type, sum: frame.values_sum };
    Job { number: 0, variable: 0, shape, model, task }.run(models).map(|done| done.values)
}

/// What a frame says of the values that it decodes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChunkReport {
    /// The bound they were held to and the largest error of any, in stored units and rounded up to float32; none where all came back exactly.
    pub held: Option<(f32, f32)>,
    /// Lower half of the hash of the network without which they cannot be decoded.
    pub model: Option<u32>,
}

/// What a frame says, without decoding it.
///
/// # Errors
/// [`Error::ChecksumMismatch`], [`Error::Corrupt`], [`Error::Truncated`], [`Error::Unsupported`].
pub fn inspect_chunk(frame: &[u8]) -> Result<ChunkReport> {
    let Frame { held, model, .. } = Frame::read(frame, "a frame")?;
    Ok(ChunkReport { held: held.map(|held| (held.bound, held.max_error)), model })
}

/// A shape seen as the planes of one chunk.
fn view(shape: &[usize]) -> Result<ChunkShape> {
    Limits::check("values of a chunk", product(shape) as u64, MAX_CHUNK_SAMPLES as u64)?;
    let tiling = Tiling::of(shape);
    Ok(ChunkShape { planes: tiling.planes(), ..tiling.view })
}
