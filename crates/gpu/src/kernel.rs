//! The kernel, and weights as it reads them.

use crate::failed;
use burn::cubecl::ir::metadata::Info;
use burn::cubecl::ir::{ElemType, UIntKind};
use burn::cubecl::prelude::{AddressType, CubeCount, ExecutionMode, KernelDefinition, KernelId, KernelMetadata, KernelSettings, Scope};
use burn::cubecl::{CubeDim, CubeKernel, PrecompiledSource};
use deepcomp::Result;
use deepcomp::network::engine::Layer;
use deepcomp::network::model::Model;

/// Threads of a group.
pub(crate) const GROUP: usize = 64;
/// Most channels of a hidden layer and most learned kernels: each thread keeps them for itself.
const MAX_CHANNELS: usize = 128;
const MAX_KERNELS: usize = 64;
/// Corrections that are not learned.
const DIRECT: usize = 20;
/// Groups in a row of the launch, whose sides are limited.
const ROW: usize = 1 << 14;

/// Offsets of the pairs that each pass looks at: twelve in the plane itself, two more in references (docs/format.md, "Neighbourhood").
const OFFSETS: [[(i8, i8); 14]; 3] = [
    [(1, 1), (1, -1), (1, 3), (1, -3), (3, 1), (3, -1), (3, 3), (3, -3), (1, 5), (1, -5), (5, 1), (5, -1), (0, 1), (1, 0)],
    [(0, 1), (1, 0), (1, 2), (1, -2), (2, 1), (2, -1), (0, 3), (3, 0), (2, 3), (2, -3), (3, 2), (3, -2), (1, 1), (1, -1)],
    [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1), (0, 3), (3, 0), (1, 3), (1, -3), (0, 2), (2, 0)],
];
/// Row and column of the first sample of each pass in its level.
const PHASES: [[f32; 2]; 3] = [[1.0, 1.0], [0.0, 1.0], [1.0, 0.0]];
/// Vectors of inputs, pairs, references, pairs of a reference: the other lengths of loops.
const COUNTS: [f32; 4] = [12.0, 12.0, 2.0, 6.0];
/// Vectors before the rows of the layers.
const HEADER: usize = 2 + 2 * 4 + 14;
/// Where a thread keeps inputs, first and second hidden layer, in vectors; tokens and heads, in channels.
const INPUTS: usize = 0;
const FIRST: usize = 12;
const SECOND: usize = 44;
const TOKENS: usize = 4 * 76;
const HEADS: usize = 4 * 97;

/// `predictor.wgsl`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Predictor;

/// A launch of so many groups.
pub(crate) const fn count(groups: usize) -> CubeCount {
    let width = if groups < ROW { groups } else { ROW };
    CubeCount::Static(width as u32, groups.div_ceil(width) as u32, 1)
}

/// The weights of the nets of all passes, and where each begins, in vectors.
///
/// # Errors
/// [`deepcomp::Error::Accelerator`] when they are too large.
pub(crate) fn weights(model: &Model) -> Result<(Vec<[f32; 4]>, [usize; 3])> {
    let (mut all, mut starts) = (Vec::new(), [0; 3]);
    for (pass, start) in starts.iter_mut().enumerate() {
        *start = all.len();
        all.extend(net(model, pass)?);
    }
    Ok((all, starts))
}

fn net(model: &Model, pass: usize) -> Result<Vec<[f32; 4]>> {
    let missing = || failed(format_args!("there is no pass {pass}"));
    let (hidden, kernels, second, heads) = model.layers(pass).ok_or_else(missing)?;
    let learned = kernels.map_or(0, Layer::outputs);
    if hidden.outputs().max(second.outputs()) > MAX_CHANNELS || learned > MAX_KERNELS {
        return Err(failed(format_args!("the network is too large for it: more than {MAX_CHANNELS} channels or {MAX_KERNELS} kernels")));
    }
    let tokens = if learned > 0 { DIRECT + learned } else { 0 };
    let [y, x] = PHASES.get(pass).copied().ok_or_else(missing)?;
    let mut all = vec![[y, x, if model.sight().adaptive_scale { 1.0 } else { 0.0 }, tokens as f32], COUNTS];
    // Input vectors, output channels and their range.
    let layers = [
        (Some(hidden), INPUTS, 4 * FIRST, 0, 255),
        (kernels, INPUTS, TOKENS + DIRECT, -8191, 8191),
        (Some(second), FIRST, 4 * SECOND, 0, 255),
        (Some(heads), SECOND, HEADS, -32768, 32767),
    ];
    let mut rows = Vec::new();
    for (layer, from, to, low, high) in layers {
        let outputs = layer.map_or(0, Layer::outputs);
        let vectors = layer.map_or(0, |layer| layer.inputs().div_ceil(4));
        all.push([HEADER + rows.len(), outputs, from, vectors].map(|n| n as f32));
        all.push([to as f32, low as f32, high as f32, 0.0]);
        layer.iter().for_each(|layer| put(&mut rows, layer));
    }
    all.extend(OFFSETS.get(pass).into_iter().flatten().map(|(y, x)| [f32::from(*y), f32::from(*x), 0.0, 0.0]));
    all.extend(rows);
    Ok(all)
}

/// Appends the rows of a layer: for each output a vector of bias and shift, then the weights. Channels that only fill up a vector weigh nothing.
fn put(rows: &mut Vec<[f32; 4]>, layer: &Layer) {
    for (numbers, bias, shift) in layer.rows() {
        rows.push([bias as f32, shift as f32, 0.0, 0.0]);
        rows.extend(numbers.chunks(4).map(|four| {
            let mut vector = [0.0; 4];
            vector.iter_mut().zip(four).for_each(|(to, from)| *to = f32::from(*from));
            vector
        }));
    }
}

impl KernelMetadata for Predictor {
    fn id(&self) -> KernelId {
        KernelId::new::<Self>().mode(ExecutionMode::Unchecked)
    }

    fn address_type(&self) -> ElemType {
        ElemType::UInt(UIntKind::U32)
    }
}

impl CubeKernel for Predictor {
    fn define(&self) -> KernelDefinition {
        let settings = KernelSettings::new(CubeDim::new_1d(GROUP as u32).into(), ExecutionMode::Unchecked, AddressType::U32);
        KernelDefinition { body: Scope::root(settings.clone()), settings, info: Info::default() }
    }

    fn source(&self) -> Option<PrecompiledSource> {
        Some(PrecompiledSource { source: include_str!("predictor.wgsl").to_owned(), entrypoint_name: "main".to_owned(), lang: "wgsl" })
    }
}
