//! The neural predictor (docs/format.md, "Network"): integer layers and attention over the neighbours correct the classical prediction and foresee
//! how far off it will be.

mod attention;
mod neighbourhood;

pub use neighbourhood::{DIRECT, INPUTS};
pub(crate) use neighbourhood::{INPUT_LIMIT, Lanes, Level, Neighbourhood, REFERENCES, Surroundings, known_level, logarithm, whole_level};

use crate::codec::pyramid::{Grid, Pass};
use crate::engine::{Block, Engine, LANES, Layer, Softmax};
use crate::error::Result;

/// Hidden activations lie between 0 and this.
pub(crate) const HIDDEN_LIMIT: i32 = 255;
/// What learned kernels say lies within ± this.
const KERNEL_LIMIT: i32 = 8191;
/// What the heads say lies between these.
const HEAD_LIMITS: core::ops::RangeInclusive<i32> = -32768..=32767;

/// The net of one pass.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    pub(crate) hidden: Layer,
    /// Weighted sums of inputs that attention may pick; `None` without attention.
    pub(crate) kernels: Option<Layer>,
    pub(crate) second: Layer,
    /// Scores of the tokens, correction, scale.
    pub(crate) heads: Layer,
}

/// The nets of all passes.
#[derive(Debug, Clone)]
pub(crate) struct Predictor {
    nets: [Net; 3],
    softmax: Softmax,
    sight: Sight,
}

/// How nets were trained to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// Whether the scale of the inputs follows the surroundings; otherwise the quantum alone sets it.
    pub adaptive_scale: bool,
    /// Whether reference planes are shown.
    pub references: bool,
}

impl Sight {
    /// As a byte of the model file.
    pub(crate) const fn number(self) -> u8 {
        self.adaptive_scale as u8 | (!self.references as u8) << 1
    }

    /// From that byte.
    pub(crate) const fn numbered(number: u8) -> Option<Self> {
        if number < 4 { Some(Self { adaptive_scale: number & 1 != 0, references: number & 2 == 0 }) } else { None }
    }
}

impl Predictor {
    pub(crate) fn new(nets: [Net; 3], sight: Sight) -> Self {
        Self { nets, softmax: Softmax::new(), sight }
    }

    pub(crate) const fn sight(&self) -> Sight {
        self.sight
    }

    /// Layers of the net of a pass: first hidden, kernels (unless it has no attention), second hidden, heads.
    pub(crate) fn layers(&self, pass: usize) -> Option<(&Layer, Option<&Layer>, &Layer, &Layer)> {
        self.nets.get(pass).map(|net| (&net.hidden, net.kernels.as_ref(), &net.second, &net.heads))
    }

    /// Ready to compute one pass.
    pub(crate) fn start(&self, pass: Pass, engine: Engine) -> Option<Forward<'_>> {
        let net = self.nets.get(pass.number())?;
        let kernels = net.kernels.as_ref().map_or(0, Layer::outputs);
        Some(Forward {
            net,
            softmax: &self.softmax,
            engine,
            inputs: Block::new(INPUTS),
            hidden: Block::new(net.hidden.outputs()),
            second: Block::new(net.second.outputs()),
            kernels: vec![[0; LANES]; kernels],
            heads: vec![[0; LANES]; net.heads.outputs()],
        })
    }
}

/// What the network says of samples.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    /// Twice how far the sample should lie from the classical prediction, in quarters of a unit of the neighbourhood.
    pub(crate) correction: Lanes,
    /// Binary logarithm of twice how far off that will be, in sixteenths of an octave of that unit.
    pub(crate) scale: Lanes,
}

/// A net at work, with room for what lies between its layers.
#[derive(Debug)]
pub(crate) struct Forward<'a> {
    net: &'a Net,
    softmax: &'a Softmax,
    engine: Engine,
    inputs: Block,
    hidden: Block,
    second: Block,
    kernels: Vec<Lanes>,
    heads: Vec<Lanes>,
}

impl Forward<'_> {
    /// What is said of the first `samples`.
    ///
    /// # Errors
    /// None: the layers fit each other, as was proved when they were read.
    pub(crate) fn run(&mut self, seen: &Neighbourhood, samples: usize) -> Result<Said> {
        let Self { net, softmax, engine, inputs, hidden, second, kernels, heads } = self;
        inputs.limit(samples);
        for (channel, values) in seen.inputs.iter().enumerate() {
            inputs.set(channel, &values.map(|v| v as i16))?;
        }
        net.hidden.activate(*engine, inputs, hidden)?;
        net.second.activate(*engine, hidden, second)?;
        net.heads.apply(*engine, second, HEAD_LIMITS, heads)?;
        let Some((scores, [correction, scale])) = heads.split_last_chunk::<2>() else { return Ok(Said { correction: [0; LANES], scale: [0; LANES] }) };
        let mut said = Said { correction: *correction, scale: *scale };
        if let Some(layer) = &net.kernels {
            layer.apply(*engine, inputs, -KERNEL_LIMIT..=KERNEL_LIMIT, kernels)?;
            let mean = attention::mean(softmax, scores, [&seen.direct, kernels]);
            said.correction.iter_mut().zip(mean).for_each(|(c, m)| *c += m);
        }
        Ok(said)
    }
}

/// The reference planes of a plane, split into components once for each level.
#[derive(Debug)]
pub(crate) struct ReferenceLevels<'a> {
    planes: Vec<&'a Grid<i32>>,
    wrap: bool,
    stride: usize,
    levels: Vec<Level>,
}

impl<'a> ReferenceLevels<'a> {
    /// `wrap`: columns go around.
    pub(crate) fn new(planes: impl IntoIterator<Item = &'a Grid<i32>>, wrap: bool) -> Self {
        Self { planes: planes.into_iter().take(REFERENCES).collect(), wrap, stride: 0, levels: Vec::new() }
    }

    /// The components at a level of that stride.
    pub(crate) fn at(&mut self, stride: usize) -> &[Level] {
        if self.stride != stride {
            let wrap = wraps_at(self.wrap, self.planes.first().map_or(0, |p| p.width), stride);
            self.levels = self.planes.iter().map(|p| whole_level(p, stride, wrap)).collect();
            self.stride = stride;
        }
        &self.levels
    }

    /// The whole level of that stride, of each plane.
    pub(crate) fn whole(&self, stride: usize) -> impl Iterator<Item = Grid<i32>> {
        self.planes.iter().map(move |plane| plane.every(stride, 0, 0))
    }
}

/// Whether columns go around at a level: only where its last sample lies as far from the first as any two neighbours.
pub(crate) const fn wraps_at(wrap: bool, width: usize, stride: usize) -> bool {
    wrap && width.is_multiple_of(2 * stride)
}
