//! Work on one chunk, which any thread, worker or device can do: it holds all that it takes but the models.
//!
//! ```text
//! Compressor / Decompressor ── next_job ──> Job ── run, or run_on_accelerator ──> Done ── accept ──> Compressor / Decompressor
//! ```
//! As bytes both travel between workers that share no memory; those bytes are no format, only this very build reads them.

use super::checksum::values_sum;
use super::travel::{data_type, put_values, values};
use crate::codec::accelerator::{Accelerator, Desk, LocalFuture, Processor, at_once, together};
use crate::codec::chunk::ChunkShape;
use crate::codec::decode::{Decoded, decode};
use crate::codec::demand::Demand;
use crate::codec::encode::{Encoded, encode};
use crate::codec::request::Request;
use crate::codec::sums::Sums;
use crate::codec::{Base, BaseReport, Level, Tolerance};
use crate::error::{Error, Result};
use crate::field::{DataType, Missing, Packing, Values};
use crate::network::model::{Model, ModelId, Models};
use crate::wire::{Reader, put_f64, put_varint};

/// Work on one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Counts the jobs of a compressor or decompressor.
    pub(super) number: usize,
    /// Counts the variables of all files.
    pub(super) variable: usize,
    pub(super) shape: ChunkShape,
    /// The network it may take, or takes.
    pub(super) model: Option<ModelId>,
    pub(super) task: Task,
}

/// What there is to do.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Task {
    Encode {
        values: Values,
        missing: Missing,
        demand: Demand,
        cycle: usize,
        base: Base,
        level: Level,
    },
    /// `sum` is what the values have to come to.
    Decode {
        payload: Vec<u8>,
        data_type: DataType,
        sum: u32,
    },
}

/// A job that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// That of the job.
    pub(super) number: usize,
    /// What the chunk decodes to.
    pub(super) values: Values,
    /// The checksum of those.
    pub(super) sum: u64,
    /// What encoding came to.
    pub(super) written: Option<Written>,
}

/// A chunk that was encoded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    pub(super) payload: Vec<u8>,
    /// In stored units.
    pub(super) max_error: f64,
    pub(super) missing: u64,
    pub(super) sums: Sums,
    /// The network that decoding takes.
    pub(super) model: Option<ModelId>,
    pub(super) base: Option<BaseReport>,
}

impl Job {
    /// Values it is about.
    #[must_use]
    pub const fn samples(&self) -> usize {
        self.shape.samples()
    }

    /// Its number, as the compressor or decompressor counts that gave it out.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// Number of the variable it is a chunk of, counted through all files that are compressed, or through the one that is decoded.
    #[must_use]
    pub const fn variable(&self) -> usize {
        self.variable
    }

    /// Does it on this thread.
    ///
    /// # Errors
    /// [`Error::ModelUnavailable`] when its network is not among `models`; decoding: [`Error::Corrupt`], [`Error::ChecksumMismatch`].
    pub fn run(&self, models: &Models) -> Result<Done> {
        let model = self.model(models)?;
        at_once(self.on(model.map(|model| (model, Processor::cpu()))))
    }

    fn model<'a>(&self, models: &'a Models) -> Result<Option<&'a Model>> {
        self.model.map(|id| models.get(id)).transpose()
    }

    async fn on(&self, network: Option<(&Model, Processor<'_>)>) -> Result<Done> {
        let Self { number, shape, .. } = *self;
        match &self.task {
            // So that the encoder does not become part of what only decodes.
            Task::Encode { .. } if !cfg!(feature = "compression") => {
                Err(Error::Unsupported { what: "compressing".to_owned(), advice: "use a build with the feature compression".to_owned() })
            }
            Task::Encode { values, missing, demand, cycle, base, level } => {
                let request = Request { shape, missing, demand, cycle: *cycle, level: *level, network, base: *base };
                let Encoded { payload, decoded, max_error, missing, sums, network, base } = encode(values, &request).await?;
                let written = Written { payload, max_error, missing, sums, model: self.model.filter(|_| network), base };
                Ok(Done { number, sum: values_sum(&decoded), values: decoded, written: Some(written) })
            }
            Task::Decode { payload, data_type, sum } => {
                let Decoded { values, .. } = decode(payload, shape, *data_type, network).await?;
                let found = values_sum(&values);
                if found as u32 != *sum {
                    return Err(Error::ChecksumMismatch { what: "the decoded values of a chunk".to_owned() });
                }
                Ok(Done { number, sum: found, values, written: None })
            }
        }
    }
}

/// Does jobs with an accelerator, all at once so that it has much to do at a time. What it fails at is done on the CPU, and so is whatever came out wrong: no
/// one sees more of that than the reason, which is returned beside the results.
pub async fn run_on_accelerator(jobs: &[Job], models: &Models, accelerator: &dyn Accelerator) -> (Vec<Result<Done>>, Option<Error>) {
    let mut reason = None;
    let mut results = Vec::with_capacity(jobs.len());
    for alike in jobs.chunk_by(|a, b| a.model == b.model) {
        let tried = match alike.first().map(|job| job.model(models)) {
            Some(Ok(Some(model))) if reason.is_none() => accelerated(alike, model, accelerator).await,
            _ => alike.iter().map(|job| job.run(models)).collect(),
        };
        for (job, result) in alike.iter().zip(tried) {
            results.push(result.or_else(|error| {
                let again = job.run(models);
                // An archive that is damaged fails here as well: then the accelerator is not to blame.
                if again.is_ok() && reason.is_none() {
                    reason = Some(match error {
                        Error::Accelerator { .. } => error,
                        other => Error::Accelerator { what: format!("what it said led to this: {other}") },
                    });
                }
                again
            }));
        }
    }
    (results, reason)
}

/// Results of jobs that take the same model.
async fn accelerated(jobs: &[Job], model: &Model, accelerator: &dyn Accelerator) -> Vec<Result<Done>> {
    let desk = Desk::default();
    let network = Some((model, Processor::Desk(&desk)));
    let tasks = jobs.iter().map(|job| Box::pin(job.on(network)) as LocalFuture<_>).collect();
    together(tasks, &desk, accelerator, model).await
}

impl Job {
    /// To travel.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let ChunkShape { planes, height, width } = self.shape;
        [self.number, self.variable, planes, height, width].iter().for_each(|n| put_varint(&mut out, *n as u64));
        put_option(&mut out, self.model.map(|ModelId(id)| id));
        match &self.task {
            Task::Encode { values, missing, demand, cycle, base, level } => {
                out.push(0);
                let patterns = if let Missing::Patterns(patterns) = missing { Some(patterns) } else { None };
                put_option(&mut out, patterns.map(|p| p.len() as u64));
                patterns.into_iter().flatten().for_each(|pattern| put_varint(&mut out, *pattern));
                put_demand(&mut out, demand);
                put_varint(&mut out, *cycle as u64);
                out.extend([*base as u8, *level as u8]);
                put_values(&mut out, values);
            }
            Task::Decode { payload, data_type, sum } => {
                out.extend([1, *data_type as u8]);
                put_varint(&mut out, u64::from(*sum));
                out.extend(payload);
            }
        }
        out
    }

    /// Back from [`Job::to_bytes`].
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the bytes are none of ours.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let reader = &mut Reader::new(bytes);
        let mut size = || reader.count("a size of a job", usize::MAX);
        let (number, variable, shape) = (size()?, size()?, ChunkShape { planes: size()?, height: size()?, width: size()? });
        let model = option(reader)?.map(ModelId);
        let task = if reader.u8()? == 0 {
            let missing = match option(reader)? {
                None => Missing::NonFinite,
                Some(count) => Missing::Patterns((0..count).map(|_| reader.varint()).collect::<Result<_>>()?),
            };
            let demand = self::demand(reader)?;
            let cycle = reader.count("a cycle", usize::MAX)?;
            let base = [Base::Auto, Base::Always, Base::Never].get(usize::from(reader.u8()?)).copied().unwrap_or_default();
            let level = Level::ALL.get(usize::from(reader.u8()?)).copied().unwrap_or_default();
            Task::Encode { missing, demand, cycle, base, level, values: values(reader)? }
        } else {
            let data_type = data_type(reader)?;
            let sum = reader.count("a checksum", u32::MAX as usize)? as u32;
            Task::Decode { data_type, sum, payload: reader.rest().to_vec() }
        };
        Ok(Self { number, variable, shape, model, task })
    }
}

impl Done {
    /// Bytes of the chunk that was encoded.
    pub(super) fn payload_bytes(&self) -> usize {
        self.written.as_ref().map_or(0, |written| written.payload.len())
    }

    /// What the chunk decodes to.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// To travel.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.number as u64);
        put_varint(&mut out, self.sum);
        put_option(&mut out, self.written.as_ref().map(|w| w.payload.len() as u64));
        if let Some(Written { payload, max_error, missing, sums, model, base }) = &self.written {
            out.extend(payload);
            put_f64(&mut out, *max_error);
            put_varint(&mut out, *missing);
            put_varint(&mut out, sums.count);
            [sums.errors, sums.magnitudes].iter().for_each(|sum| put_f64(&mut out, *sum));
            put_option(&mut out, model.map(|ModelId(id)| id));
            put_option(&mut out, base.map(|b| b.tried as u64));
            if let Some(BaseReport { chunks, bytes, saved, .. }) = base {
                [*chunks as u64, *bytes as u64, *saved as u64].iter().for_each(|n| put_varint(&mut out, *n));
            }
        }
        put_values(&mut out, &self.values);
        out
    }

    /// Back from [`Done::to_bytes`].
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the bytes are none of ours.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let reader = &mut Reader::new(bytes);
        let (number, sum) = (reader.count("the number of a job", usize::MAX)?, reader.varint()?);
        let written = if let Some(length) = option(reader)? {
            let payload = reader.take(length as usize)?.to_vec();
            let (max_error, missing) = (reader.f64()?, reader.varint()?);
            let sums = Sums { count: reader.varint()?, errors: reader.f64()?, magnitudes: reader.f64()? };
            let model = option(reader)?.map(ModelId);
            let tried = option(reader)?;
            let base = tried.map(|tried| {
                let mut size = || reader.varint();
                Ok(BaseReport { tried: tried as usize, chunks: size()? as usize, bytes: size()? as usize, saved: size()? as i64 })
            });
            Some(Written { payload, max_error, missing, sums, model, base: base.transpose()? })
        } else {
            None
        };
        Ok(Self { number, sum, written, values: values(reader)? })
    }
}

fn put_demand(out: &mut Vec<u8>, demand: &Demand) {
    let Demand { tolerance, kept, signs, stable, range, packing } = demand;
    let (kind, amount) = match *tolerance {
        Tolerance::Absolute(amount) => (0, amount),
        Tolerance::Pointwise(amount) => (1, amount),
    };
    out.extend([kind, (*signs).into(), (*stable).into()]);
    put_varint(out, kept.len() as u64);
    let [low, high] = *range;
    [amount, low, high, packing.scale, packing.offset].iter().chain(kept).for_each(|number| put_f64(out, *number));
}

fn demand(reader: &mut Reader) -> Result<Demand> {
    let tolerance = if reader.u8()? == 0 { Tolerance::Absolute } else { Tolerance::Pointwise };
    let (signs, stable, count) = (reader.u8()? != 0, reader.u8()? != 0, reader.varint()?);
    let tolerance = tolerance(reader.f64()?);
    let range = [reader.f64()?, reader.f64()?];
    let packing = Packing { scale: reader.f64()?, offset: reader.f64()? };
    Ok(Demand { tolerance, kept: (0..count).map(|_| reader.f64()).collect::<Result<_>>()?, signs, stable, range, packing })
}

/// 0, or 1 and the number.
fn put_option(out: &mut Vec<u8>, number: Option<u64>) {
    out.push(number.is_some().into());
    number.iter().for_each(|n| put_varint(out, *n));
}

fn option(reader: &mut Reader) -> Result<Option<u64>> {
    if reader.u8()? == 0 { Ok(None) } else { reader.varint().map(Some) }
}
