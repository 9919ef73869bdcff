//! The neural predictor (docs/format.md, "Network"): integer layers and attention over the neighbours correct the classical prediction and foresee
//! how far off it will be.

use super::engine::{Block, Engine, LANES, Layer, Row, Softmax};
use super::spec::{DIRECT, INPUTS};
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

    /// Ready to compute a pass (0 diagonal, 1 horizontal, 2 vertical).
    pub(crate) fn start(&self, pass: usize, engine: Engine) -> Option<Forward<'_>> {
        let net = self.nets.get(pass)?;
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
    pub(crate) correction: Row,
    /// Binary logarithm of twice how far off that will be, in sixteenths of an octave of that unit.
    pub(crate) scale: Row,
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
    kernels: Vec<Row>,
    heads: Vec<Row>,
}

impl Forward<'_> {
    /// What is said of the first `samples`; `direct` is twice the corrections to choose from.
    ///
    /// # Errors
    /// None: the layers fit each other, as was proved when they were read.
    pub(crate) fn run(&mut self, seen: &[Row; INPUTS], direct: &[Row; DIRECT], samples: usize) -> Result<Said> {
        let Self { net, softmax, engine, inputs, hidden, second, kernels, heads } = self;
        inputs.limit(samples);
        engine.wide(
            #[inline(always)]
            || inputs.fill(seen),
        );
        net.hidden.activate(*engine, inputs, hidden)?;
        net.second.activate(*engine, hidden, second)?;
        net.heads.apply(*engine, second, HEAD_LIMITS, heads)?;
        let Some((scores, [correction, scale])) = heads.split_last_chunk::<2>() else { return Ok(Said { correction: [0; LANES], scale: [0; LANES] }) };
        let mut said = Said { correction: *correction, scale: *scale };
        if let Some(layer) = &net.kernels {
            layer.apply(*engine, inputs, -KERNEL_LIMIT..=KERNEL_LIMIT, kernels)?;
            let mean = softmax.means(*engine, scores, [direct, kernels]);
            said.correction.iter_mut().zip(mean).for_each(|(c, m)| *c += m);
        }
        Ok(said)
    }
}
