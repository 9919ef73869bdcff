//! The network of one pass in floats, with the arithmetic of its integer twin when it is quantised.
//!
//! Real numbers stand for integers by powers of two, see the [`Grid`] of each layer.

use crate::error::Result;
use crate::loss::{COMPONENTS, Mixture};
use crate::quantise::{Row, Units};
use crate::source::DIRECT;
use burn::module::{Module, Param, ParamId};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::f32::consts::LN_2;

/// Inputs and kernel values: integer = real * 128.
const INPUT_BITS: i32 = 7;
/// Hidden activations: integer = real * 64.
const HIDDEN_BITS: i32 = 6;
/// Largest magnitudes of inputs and hidden activations.
const INPUT_MOST: i32 = 1023;
const HIDDEN_MOST: i32 = 255;

/// First hidden layer.
pub const HIDDEN1: Grid = Grid { input_bits: INPUT_BITS, output_bits: [HIDDEN_BITS; 2], largest: INPUT_MOST };
/// Learned kernels.
pub const KERNELS: Grid = Grid { input_bits: INPUT_BITS, output_bits: [INPUT_BITS; 2], largest: INPUT_MOST };
/// Second hidden layer.
pub const HIDDEN2: Grid = Grid { input_bits: HIDDEN_BITS, output_bits: [HIDDEN_BITS; 2], largest: HIDDEN_MOST };
/// Scores: integer = octaves * 32.
pub const SCORES: Grid = Grid { input_bits: HIDDEN_BITS, output_bits: [5; 2], largest: HIDDEN_MOST };
/// Correction: integer = real * 512, in quarters of a normalised unit; scale: integer = octaves * 16.
pub const OUTPUT: Grid = Grid { input_bits: HIDDEN_BITS, output_bits: [9, 4], largest: HIDDEN_MOST };

/// Normalised units in a real number of the network.
pub const UNIT: f32 = (1 << INPUT_BITS) as f32;

/// Octaves by which the score of the learned kernels, near zero at first, starts above that of the neighbours: so the first prediction is the base.
const KERNEL_START: f32 = 5.0;
/// log2 of the scale at first.
const SCALE_START: f32 = 6.0;

/// Sizes of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Input channels.
    pub inputs: usize,
    /// First hidden layer.
    pub hidden1: usize,
    /// Second hidden layer.
    pub hidden2: usize,
    /// Learned kernels; none turns attention off.
    pub kernels: usize,
}

/// How the integers of a layer stand for real numbers: integer = real * 2^bits.
#[derive(Debug, Clone, Copy)]
pub struct Grid {
    /// Of the inputs.
    pub input_bits: i32,
    /// Of the first output, and of all others.
    pub output_bits: [i32; 2],
    /// Largest magnitude of an input.
    pub largest: i32,
}

/// An affine layer.
#[derive(Module, Debug)]
pub struct Dense {
    /// Inputs by outputs.
    pub weight: Param<Tensor<2>>,
    /// One by outputs.
    pub bias: Param<Tensor<2>>,
}

impl Dense {
    pub fn new(random: &mut StdRng, inputs: usize, spread: f32, bias: Vec<f32>, device: &Device) -> Self {
        let outputs = bias.len();
        let deviation = spread / (inputs as f32).sqrt();
        let weight = (0..inputs * outputs).map(|_| deviation * 3f32.sqrt() * random.random_range(-1.0..1f32)).collect();
        Self { weight: param(ParamId::new(), weight, [inputs, outputs], device), bias: param(ParamId::new(), bias, [1, outputs], device) }
    }

    pub fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        input.matmul(self.weight.val()) + self.bias.val()
    }

    /// Rows of the layer as integers.
    pub fn rows(&self, grid: Grid) -> Result<Vec<(Row, Units)>> {
        let (weights, bias) = (values(&self.weight)?, values(&self.bias)?);
        let [first, others] = grid.output_bits;
        let bits = std::iter::once(first).chain(std::iter::repeat(others));
        let rows = bias.iter().zip(bits).enumerate().map(|(output, (&bias, output_bits))| {
            let column: Vec<f32> = weights.iter().skip(output).step_by(self.outputs()).copied().collect();
            let units = Units { input_bits: grid.input_bits, output_bits, largest: grid.largest };
            (Row::new(&column, bias, units), units)
        });
        Ok(rows.collect())
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.bias.lazy_shape().num_elements()
    }

    /// A copy with the same parameter ids on a device, rounded to what the integers hold or as it is.
    pub fn copy(&self, grid: Option<Grid>, device: &Device) -> Result<Self> {
        let shape: [usize; 2] = self.weight.val().dims();
        let (weight, bias) = match grid {
            None => (values(&self.weight)?, values(&self.bias)?),
            Some(grid) => {
                let rows: Vec<_> = self.rows(grid)?.iter().map(|(row, units)| row.real(*units)).collect();
                let [inputs, _] = shape;
                let weight = (0..inputs).flat_map(|input| rows.iter().filter_map(move |(weights, _)| weights.get(input).copied()));
                (weight.collect(), rows.iter().map(|(_, bias)| *bias).collect())
            }
        };
        Ok(Self { weight: param(self.weight.id, weight, shape, device), bias: param(self.bias.id, bias, [1, self.outputs()], device) })
    }
}

/// What weighs the tokens: a score for each, and tokens of its own.
#[derive(Module, Debug)]
pub struct Attention {
    /// Inputs to learned tokens.
    pub kernels: Dense,
    /// Second hidden layer to the scores of all tokens in octaves.
    pub scores: Dense,
}

/// The network of one pass.
#[derive(Module, Debug)]
pub struct Net {
    /// Inputs to first hidden layer.
    pub hidden1: Dense,
    /// First to second hidden layer.
    pub hidden2: Dense,
    /// None: the prediction is the base and the correction only.
    pub attention: Option<Attention>,
    /// Second hidden layer to correction and scale.
    pub output: Dense,
    /// Logits of the mixture's weights and logarithms of its scales, two by components.
    pub mixture: Param<Tensor<2>>,
}

/// What a net says of a batch, all in its real numbers.
#[derive(Debug)]
pub struct Said {
    /// Scores of all tokens in octaves and the learned tokens, batch by each.
    pub attention: Option<[Tensor<2>; 2]>,
    /// Correction and scale, batch by two.
    pub output: Tensor<2>,
}

impl Net {
    /// A net that predicts the base.
    pub fn new(sizes: Sizes, random: &mut StdRng, device: &Device) -> Self {
        let Sizes { inputs, hidden1, hidden2, kernels } = sizes;
        let gain = 2f32.sqrt();
        let first = Dense::new(random, inputs, gain, vec![0.0; hidden1], device);
        let second = Dense::new(random, hidden1, gain, vec![0.0; hidden2], device);
        let attention = (kernels > 0).then(|| Attention {
            kernels: Dense::new(random, inputs, 0.05, vec![0.0; kernels], device),
            scores: Dense::new(random, hidden2, 0.1, [vec![0.0; DIRECT], vec![KERNEL_START; kernels]].concat(), device),
        });
        let output = Dense::new(random, hidden2, 0.1, vec![0.0, SCALE_START], device);
        let mixture = [[0.0; COMPONENTS], [-LN_2, 0.0, LN_2]].concat();
        Self { hidden1: first, hidden2: second, attention, output, mixture: param(ParamId::new(), mixture, [2, COMPONENTS], device) }
    }

    /// Its sizes.
    pub fn sizes(&self) -> Sizes {
        let [inputs, hidden1] = self.hidden1.weight.val().dims();
        let kernels = self.attention.as_ref().map_or(0, |attention| attention.kernels.outputs());
        Sizes { inputs, hidden1, hidden2: self.hidden2.outputs(), kernels }
    }

    /// A copy with the same parameter ids on a device: gradients of the copy are gradients of this net. Quantised, its weights are those that the
    /// integers hold; gradients then pass straight through the rounding.
    pub fn copy(&self, quantised: bool, device: &Device) -> Result<Self> {
        let rounded = |grid| quantised.then_some(grid);
        let attention = match &self.attention {
            None => None,
            Some(attention) => {
                Some(Attention { kernels: attention.kernels.copy(rounded(KERNELS), device)?, scores: attention.scores.copy(rounded(SCORES), device)? })
            }
        };
        Ok(Self {
            hidden1: self.hidden1.copy(rounded(HIDDEN1), device)?,
            hidden2: self.hidden2.copy(rounded(HIDDEN2), device)?,
            attention,
            output: self.output.copy(rounded(OUTPUT), device)?,
            mixture: param(self.mixture.id, values(&self.mixture)?, [2, COMPONENTS], device),
        })
    }

    /// Inputs as real numbers; `rounded` rounds activations as the integers do.
    pub fn forward(&self, inputs: Tensor<2>, rounded: bool) -> Said {
        let hidden = activate(self.hidden1.forward(inputs.clone()), rounded);
        let hidden = activate(self.hidden2.forward(hidden), rounded);
        let attention = self.attention.as_ref().map(|attention| {
            let kernels = attention.kernels.forward(inputs);
            let kernels = if rounded { round(kernels, INPUT_BITS) } else { kernels };
            [attention.scores.forward(hidden.clone()), kernels]
        });
        Said { attention, output: self.output.forward(hidden) }
    }

    /// Shape of the distribution.
    pub fn mixture(&self) -> Result<Mixture> {
        let values = values(&self.mixture)?;
        let half = |skip| std::array::from_fn(|k| values.get(skip + k).copied().unwrap_or_default());
        Ok(Mixture::new(half(0), half(COMPONENTS)))
    }

    /// Parameters of the layers, without the mixture, in a fixed order.
    pub fn layers(&self) -> Vec<&Param<Tensor<2>>> {
        let attention = self.attention.iter().flat_map(|attention| [&attention.kernels, &attention.scores]);
        [&self.hidden1, &self.hidden2, &self.output].into_iter().chain(attention).flat_map(|dense| [&dense.weight, &dense.bias]).collect()
    }
}

/// Values of a parameter on the host.
pub fn values(param: &Param<Tensor<2>>) -> Result<Vec<f32>> {
    Ok(param.val().inner().try_into_vec_as::<f32>()?)
}

/// A trainable parameter of given values.
pub fn param(id: ParamId, values: Vec<f32>, shape: [usize; 2], device: &Device) -> Param<Tensor<2>> {
    let tensor = Tensor::from_data(TensorData::new(values, shape), device);
    Param::initialized(id, if device.is_autodiff() { tensor.require_grad() } else { tensor })
}

/// Clamps to what a hidden activation can be. As a difference of two ramps: the clamp of burn goes through masks, which take twice as long.
fn activate(sum: Tensor<2>, rounded: bool) -> Tensor<2> {
    let most = HIDDEN_MOST as f32 / (1 << HIDDEN_BITS) as f32;
    let active = relu(sum.clone()) - relu(sum.sub_scalar(most));
    if rounded { round(active, HIDDEN_BITS) } else { active }
}

/// Rounds to multiples of 2^-bits; the gradient passes straight through. Where f32 has no finer digits, adding a constant rounds, and
/// taking it off again is exact: two additions, whose gradient is one.
pub fn round<const D: usize>(tensor: Tensor<D>, bits: i32) -> Tensor<D> {
    let coarse = 1.5 * 2f32.powi(23 - bits);
    tensor.add_scalar(coarse).sub_scalar(coarse)
}
