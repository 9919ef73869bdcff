//! Datasets -> one archive, a chunk a step.

use super::Progress;
use super::frame::{RecordKind, checksum, put_record, put_superblock, put_trailer};
use super::index::{Certificate, ChunkEntry, FileEntry, Index, VariableEntry, VariableReport, format_numbers};
use super::plan::{Plan, plan};
use super::tiles::Tiling;
use crate::codec::accelerator::{Processor, at_once};
use crate::codec::encode::{Request, encode};
use crate::codec::{BaseReport, Options, Sample};
use crate::error::{Error, Result};
use crate::field::{Dataset, ErrorBound, Field, with_values};
use crate::weights::{Model, ModelId};
use std::collections::VecDeque;

/// Writes an archive.
#[derive(Debug)]
pub struct Compressor {
    options: Options,
    out: Vec<u8>,
    index: Index,
    pending: VecDeque<Work>,
    done_bytes: u64,
    total_bytes: u64,
    done_variables: usize,
    /// What base layers came to in each variable done.
    bases: Vec<Option<BaseReport>>,
}

/// A variable on its way into the archive.
#[derive(Debug)]
struct Work {
    file: usize,
    /// Its values are replaced by the decoded ones, chunk by chunk.
    field: Field,
    plan: Plan,
    tiling: Tiling,
    next: usize,
    max_error: f64,
    missing: u64,
    chunks: Vec<ChunkEntry>,
    /// The network that some chunk takes.
    model: Option<ModelId>,
    base: Option<BaseReport>,
}

impl Compressor {
    /// Starts an archive with one dataset that came from the file `name`.
    ///
    /// # Errors
    /// [`Error::BoundBelowPrecision`] when a variable cannot be held to the bound.
    pub fn new(dataset: Dataset, name: &str, options: &Options) -> Result<Self> {
        let mut out = Vec::new();
        put_superblock(&mut out);
        let index = Index { files: Vec::new() };
        let mut compressor =
            Self { options: options.clone(), out, index, pending: VecDeque::new(), done_bytes: 0, total_bytes: 0, done_variables: 0, bases: Vec::new() };
        compressor.add(dataset, name)?;
        Ok(compressor)
    }

    /// Adds another dataset, to be compressed after those before it.
    ///
    /// # Errors
    /// [`Error::BoundBelowPrecision`] as for [`Self::new`]; [`Error::InvalidArgument`] when a file of that name is in the archive already.
    pub fn add(&mut self, dataset: Dataset, name: &str) -> Result<()> {
        if self.index.files.iter().any(|f| f.name == name) {
            return Err(Error::InvalidArgument { what: format!("two inputs are called {name:?}; rename one, so that both can be extracted") });
        }
        let plans = dataset.fields.iter().map(|f| plan(&dataset, f, self.options.bound)).collect::<Result<Vec<_>>>()?;
        let (format, format_detail) = format_numbers(dataset.format);
        self.index.files.push(FileEntry {
            name: name.to_owned(),
            format,
            format_detail,
            dimensions: dataset.dimensions.iter().map(Into::into).collect(),
            attributes: dataset.attributes.iter().map(Into::into).collect(),
            variables: Vec::new(),
        });
        let file = self.index.files.len() - 1;
        for (field, plan) in dataset.fields.into_iter().zip(plans) {
            self.total_bytes += field.values.byte_len() as u64;
            let tiling = Tiling::of(&field.shape);
            self.pending.push_back(Work { file, field, plan, tiling, next: 0, max_error: 0.0, missing: 0, chunks: Vec::new(), model: None, base: None });
        }
        Ok(())
    }

    /// Encodes the next chunk; `None` when there is none left.
    ///
    /// # Errors
    /// None is expected; [`Error::Corrupt`] would be a bug in the encoder, caught by its own check.
    pub fn step(&mut self) -> Result<Option<Progress>> {
        while let Some(work) = self.pending.front_mut() {
            if work.next < work.tiling.chunks() {
                self.done_bytes += work.encode_next(&mut self.out, &self.options)?;
                return Ok(Some(Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, variable: self.done_variables }));
            }
            if let Some(work) = self.pending.pop_front() {
                self.done_variables += 1;
                self.bases.push(work.base);
                let file = work.file;
                if let Some(file) = self.index.files.get_mut(file) {
                    file.variables.push(work.into_entry());
                }
            }
        }
        Ok(None)
    }

    /// Encodes what is left and returns the archive with a report per variable, in file order.
    ///
    /// # Errors
    /// As for [`Self::step`].
    pub fn finish(mut self) -> Result<(Vec<u8>, Vec<VariableReport>)> {
        while self.step()?.is_some() {}
        let reports = self.index.files.iter().flat_map(|f| f.variables.iter().map(|v| v.report(f))).zip(self.bases);
        let reports = reports.map(|(report, base)| Ok(VariableReport { base, ..report? })).collect::<Result<_>>()?;
        let offset = self.out.len() as u64;
        put_record(&mut self.out, RecordKind::Index, &self.index.to_payload()?);
        put_trailer(&mut self.out, offset);
        Ok((self.out, reports))
    }
}

impl Work {
    /// Encodes the next chunk into `out` and returns how many bytes of values it covers.
    fn encode_next(&mut self, out: &mut Vec<u8>, options: &Options) -> Result<u64> {
        let model = options.model.as_deref();
        let Self { field, plan, tiling, next, .. } = self;
        let cycle = match field.shape.as_slice() {
            [.., levels, _, _] if field.shape.len() > 3 => *levels,
            _ => 0,
        };
        let place = tiling.place(*next);
        let missing = field.missing.clone();
        let request = Request {
            shape: place.shape,
            missing: &missing,
            tolerance: plan.tolerance,
            cycle,
            network: model.map(|model| (model, Processor::cpu())),
            base: options.base,
        };
        let coded = with_values!(&mut field.values, values => encode_tile(values, tiling, *next, &request))?;
        let offset = put_record(out, RecordKind::Chunk, &coded.payload);
        let length = coded.payload.len() as u64;
        self.chunks.push(ChunkEntry { offset, length, payload_sum: checksum(&coded.payload), values_sum: coded.values_sum });
        self.max_error = self.max_error.max(coded.max_error);
        self.missing += coded.missing;
        if coded.network {
            self.model = model.map(Model::id);
        }
        self.base = self.base.into_iter().chain(coded.base).reduce(BaseReport::and);
        self.next += 1;
        Ok((place.shape.samples() * self.field.values.data_type().size()) as u64)
    }

    /// The finished variable; its certificate holds because `field.values` are now what a decoder gives out.
    fn into_entry(self) -> VariableEntry {
        let Self { field, plan, .. } = self;
        let (bound_kind, bound) = match plan.bound {
            ErrorBound::Lossless => (0, 0.0),
            ErrorBound::Absolute(b) => (1, b.get()),
            ErrorBound::Relative(b) => (2, b.get()),
        };
        let max_error = self.max_error * field.packing().scale.abs();
        let values_sum = super::frame::values_sum(&field.values);
        let certificate = Certificate { bound_kind, bound, absolute_bound: plan.absolute, max_error, missing: self.missing, values_sum };
        VariableEntry::new(&field, self.tiling, self.chunks, certificate, self.model)
    }
}

/// What encoding a tile came to.
struct Coded {
    payload: Vec<u8>,
    values_sum: u32,
    max_error: f64,
    missing: u64,
    network: bool,
    base: Option<BaseReport>,
}

fn encode_tile<T: Sample>(values: &mut [T], tiling: &Tiling, chunk: usize, request: &Request) -> Result<Coded> {
    let place = tiling.place(chunk);
    let encoded = at_once(encode(&tiling.cut(values, place), request))?;
    tiling.paste(values, place, &encoded.decoded);
    let values_sum = super::frame::tile_sum(&encoded.decoded);
    Ok(Coded { payload: encoded.payload, values_sum, max_error: encoded.max_error, missing: encoded.missing, network: encoded.network, base: encoded.base })
}
