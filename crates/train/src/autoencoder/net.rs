//! The autoencoder in floats, with the arithmetic of its integer twin when it is quantised.
//!
//! Tokens lie on the corners of cells of 8 x 8 samples; each sees, and helps to draw, the four cells around it. Two by two they become tokens of a
//! coarser grid, whose latents are all that is kept.

use crate::error::Result;
use crate::net::{Dense, Grid, param, round, values};
use burn::module::{Module, Param, ParamId};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use std::f32::consts::LN_2;

/// Samples along a side of a cell.
pub const CELL: usize = 8;
/// Samples of a cell.
pub const CELL_SAMPLES: usize = CELL * CELL;
/// Cells around a token.
pub const QUADRANTS: usize = 4;
/// Channels of a head of attention.
pub const HEAD: usize = 16;
/// Neighbours that a latent is foreseen from (left, above, above left, above right), and what sets its scale.
pub const PRIORS: usize = 6;

/// Samples, tokens and hidden activations: integer = real * 64, within ±1023.
const TOKEN_BITS: i32 = 6;
const TOKEN_MOST: i32 = 1023;
/// Queries and keys: integer = real * 16, within ±127.
const SCORE_BITS: i32 = 4;
const SCORE_MOST: i32 = 127;
/// Latents are whole numbers within ±127.
const LATENT_MOST: i32 = 127;
/// The base plane: integer = real * 512.
const BASE_BITS: i32 = 9;
/// Relative scores of places: integer = octaves * 32.
pub const PLACE_BITS: i32 = 5;

/// Tokens to tokens.
pub const TOKENS: Grid = Grid { input_bits: TOKEN_BITS, output_bits: [TOKEN_BITS; 2], largest: TOKEN_MOST };
/// Tokens to queries or keys.
pub const SCORES: Grid = Grid { input_bits: TOKEN_BITS, output_bits: [SCORE_BITS; 2], largest: TOKEN_MOST };
/// Tokens to latents.
pub const LATENTS: Grid = Grid { input_bits: TOKEN_BITS, output_bits: [0; 2], largest: TOKEN_MOST };
/// Latents to tokens.
pub const OPENING: Grid = Grid { input_bits: 0, output_bits: [TOKEN_BITS; 2], largest: LATENT_MOST };
/// Tokens to samples.
pub const SYNTHESIS: Grid = Grid { input_bits: TOKEN_BITS, output_bits: [BASE_BITS; 2], largest: TOKEN_MOST };

/// Sizes of the autoencoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Channels of a token of 8 x 8 samples.
    pub fine: usize,
    /// Channels of a token of 16 x 16 samples.
    pub coarse: usize,
    /// Latents of a coarse token.
    pub latents: usize,
    /// How far tokens look, fine and coarse.
    pub radius: [usize; 2],
    /// Whether they look at all.
    pub attention: bool,
}

/// Attention of each token to those around it.
#[derive(Module, Debug)]
pub struct Attention {
    /// To queries.
    pub query: Dense,
    /// To keys.
    pub key: Dense,
    /// To values.
    pub value: Dense,
    /// What the place of a neighbour adds to its score, heads by places, in octaves.
    pub places: Param<Tensor<2>>,
    /// From values to what is added.
    pub output: Dense,
}

/// Attention, then two layers for each token, both added to the tokens.
#[derive(Module, Debug)]
pub struct Block {
    /// None leaves every token to itself.
    pub attention: Option<Attention>,
    /// To the hidden layer.
    pub widen: Dense,
    /// From it.
    pub narrow: Dense,
}

/// Encoder, latents, decoder.
#[derive(Module, Debug)]
pub struct Autoencoder {
    /// Samples of the four cells around to a token.
    pub embed: Dense,
    /// On fine tokens.
    pub fine_encoder: Block,
    /// Four fine tokens to a coarse one.
    pub merge: Dense,
    /// On coarse tokens.
    pub coarse_encoder: Block,
    /// Coarse tokens to latents.
    pub latents: Dense,
    /// How latents are foreseen, [`PRIORS`] by latents.
    pub prior: Param<Tensor<2>>,
    /// Latents to coarse tokens.
    pub open: Dense,
    /// On coarse tokens.
    pub coarse_decoder: Block,
    /// Coarse tokens to four fine ones.
    pub split: Dense,
    /// On fine tokens.
    pub fine_decoder: Block,
    /// Tokens to the samples of the four cells around.
    pub synthesis: Dense,
}

/// A batch of square patches: windows of every token, row-major, real.
#[derive(Debug)]
pub struct Views {
    /// Patches.
    pub patches: usize,
    /// Fine tokens along a side.
    pub side: usize,
    /// Patches x side x side by 4 cells x 64 samples.
    pub windows: Tensor<2>,
    /// What is added to the latents: noise, or what rounds them is used where there is none.
    pub noise: Option<Tensor<2>>,
}

/// What becomes of a batch.
#[derive(Debug)]
pub struct Said {
    /// Coarse tokens by latents, rounded or noisy.
    pub latents: Tensor<2>,
    /// What they are expected to be.
    pub means: Tensor<2>,
    /// log2 of how far off that is.
    pub scales: Tensor<2>,
    /// Cells by samples, real.
    pub base: Tensor<2>,
}

impl Attention {
    fn new(random: &mut StdRng, channels: usize, radius: usize, device: &Device) -> Self {
        let layer = |random: &mut StdRng, spread: f32| Dense::new(random, channels, spread, vec![0.0; channels], device);
        let (heads, places) = (channels / HEAD, (2 * radius + 1) * (2 * radius + 1));
        Self {
            query: layer(random, 0.5),
            key: layer(random, 0.5),
            value: layer(random, 1.0),
            places: param(ParamId::new(), vec![0.0; heads * places], [heads, places], device),
            output: layer(random, 0.2),
        }
    }

    fn copy(&self, quantised: bool, device: &Device) -> Result<Self> {
        let grid = |grid| quantised.then_some(grid);
        Ok(Self {
            query: self.query.copy(grid(SCORES), device)?,
            key: self.key.copy(grid(SCORES), device)?,
            value: self.value.copy(grid(TOKENS), device)?,
            places: param(self.places.id, values(&self.places)?, self.places.val().dims(), device),
            output: self.output.copy(grid(TOKENS), device)?,
        })
    }

    /// What is added to tokens of square grids.
    fn forward(&self, tokens: Tensor<2>, side: usize, rounded: bool) -> Tensor<2> {
        let [rows, channels] = tokens.dims();
        let [heads, places] = self.places.val().dims();
        let (patches, reach) = (rows / (side * side), places.isqrt());
        let device = tokens.device();
        let query = clamp(self.query.forward(tokens.clone()), SCORE_MOST, SCORE_BITS, rounded).reshape([rows, heads, HEAD]);
        let key = clamp(self.key.forward(tokens.clone()), SCORE_MOST, SCORE_BITS, rounded);
        let value = clamp(self.value.forward(tokens), TOKEN_MOST, TOKEN_BITS, rounded);
        let both = surrounded(Tensor::cat(vec![key, value], 1).reshape([patches, side, side, 2 * channels]), reach / 2);
        let at = |place: usize| {
            let (y, x) = (place / reach, place % reach);
            both.clone().slice([0..patches, y..y + side, x..x + side, 0..2 * channels]).reshape([rows, 2, heads, HEAD])
        };
        let (mut scores, mut seen) = (Vec::with_capacity(places), Vec::with_capacity(places));
        for place in 0..places {
            let there = at(place);
            let key = there.clone().slice([0..rows, 0..1, 0..heads, 0..HEAD]).reshape([rows, heads, HEAD]);
            scores.push((query.clone() * key).sum_dim(2));
            seen.push(there.slice([0..rows, 1..2, 0..heads, 0..HEAD]).reshape([rows, heads, HEAD]));
        }
        let outside = Tensor::<2>::from_data(TensorData::new(outside(side, reach), [side * side, places]), &device);
        let outside = outside.reshape([1, side * side, 1, places]);
        let scores = Tensor::cat(scores, 2) + self.places.val().reshape([1, heads, places]);
        let scores = (scores.reshape([patches, side * side, heads, places]) + outside).reshape([rows, heads, places]);
        let weights = softmax(scores * LN_2, 2);
        let mut mean: Option<Tensor<3>> = None;
        for (place, value) in seen.into_iter().enumerate() {
            let part = value * weights.clone().slice([0..rows, 0..heads, place..place + 1]);
            mean = Some(match mean {
                None => part,
                Some(mean) => mean + part,
            });
        }
        let mean = mean.map_or_else(|| Tensor::zeros([rows, channels], &device), |mean| mean.reshape([rows, channels]));
        self.output.forward(if rounded { round(mean, TOKEN_BITS) } else { mean })
    }
}

impl Block {
    fn new(random: &mut StdRng, channels: usize, radius: Option<usize>, device: &Device) -> Self {
        Self {
            attention: radius.map(|radius| Attention::new(random, channels, radius, device)),
            widen: Dense::new(random, channels, 2f32.sqrt(), vec![0.0; 2 * channels], device),
            narrow: Dense::new(random, 2 * channels, 0.2, vec![0.0; channels], device),
        }
    }

    fn copy(&self, quantised: bool, device: &Device) -> Result<Self> {
        let grid = quantised.then_some(TOKENS);
        Ok(Self {
            attention: self.attention.as_ref().map(|attention| attention.copy(quantised, device)).transpose()?,
            widen: self.widen.copy(grid, device)?,
            narrow: self.narrow.copy(grid, device)?,
        })
    }

    fn forward(&self, mut tokens: Tensor<2>, side: usize, rounded: bool) -> Tensor<2> {
        if let Some(attention) = &self.attention {
            tokens = token(tokens.clone() + attention.forward(tokens, side, rounded), rounded);
        }
        let hidden = token(relu(self.widen.forward(tokens.clone())), rounded);
        token(tokens + self.narrow.forward(hidden), rounded)
    }

    fn params(&self) -> Vec<&Param<Tensor<2>>> {
        let attention = self.attention.iter().flat_map(|a| dense([&a.query, &a.key, &a.value, &a.output]).chain([&a.places]));
        attention.chain(dense([&self.widen, &self.narrow])).collect()
    }
}

impl Autoencoder {
    /// One that knows nothing yet.
    pub fn new(sizes: Sizes, random: &mut StdRng, device: &Device) -> Self {
        let Sizes { fine, coarse, latents, radius: [near, far], attention } = sizes;
        let radius = |radius| attention.then_some(radius);
        let layer = |random: &mut StdRng, inputs, outputs| Dense::new(random, inputs, 1.0, vec![0.0; outputs], device);
        // Each latent starts from the mean of its left and upper neighbours; its scale from half of what is around.
        let prior = [0.4, 0.4, -0.1, 0.1, 0.0, 0.7].into_iter().flat_map(|start| vec![start; latents]).collect();
        Self {
            embed: layer(random, QUADRANTS * CELL_SAMPLES, fine),
            fine_encoder: Block::new(random, fine, radius(near), device),
            merge: layer(random, 4 * fine, coarse),
            coarse_encoder: Block::new(random, coarse, radius(far), device),
            latents: layer(random, coarse, latents),
            prior: param(ParamId::new(), prior, [PRIORS, latents], device),
            open: layer(random, latents, coarse),
            coarse_decoder: Block::new(random, coarse, radius(far), device),
            split: layer(random, coarse, 4 * fine),
            fine_decoder: Block::new(random, fine, radius(near), device),
            synthesis: layer(random, fine, QUADRANTS * CELL_SAMPLES),
        }
    }

    /// A copy with the same parameter ids on a device: gradients of the copy are gradients of this net. Quantised, its weights are those that the
    /// integers hold.
    pub fn copy(&self, quantised: bool, device: &Device) -> Result<Self> {
        let grid = |grid| quantised.then_some(grid);
        Ok(Self {
            embed: self.embed.copy(grid(TOKENS), device)?,
            fine_encoder: self.fine_encoder.copy(quantised, device)?,
            merge: self.merge.copy(grid(TOKENS), device)?,
            coarse_encoder: self.coarse_encoder.copy(quantised, device)?,
            latents: self.latents.copy(grid(LATENTS), device)?,
            prior: param(self.prior.id, values(&self.prior)?, self.prior.val().dims(), device),
            open: self.open.copy(grid(OPENING), device)?,
            coarse_decoder: self.coarse_decoder.copy(quantised, device)?,
            split: self.split.copy(grid(TOKENS), device)?,
            fine_decoder: self.fine_decoder.copy(quantised, device)?,
            synthesis: self.synthesis.copy(grid(SYNTHESIS), device)?,
        })
    }

    /// All parameters, in a fixed order.
    pub fn params(&self) -> Vec<&Param<Tensor<2>>> {
        let blocks = [&self.fine_encoder, &self.coarse_encoder, &self.coarse_decoder, &self.fine_decoder];
        let layers = dense([&self.embed, &self.merge, &self.latents, &self.open, &self.split, &self.synthesis]);
        layers.chain(blocks.into_iter().flat_map(Block::params)).chain([&self.prior]).collect()
    }

    /// From windows to latents and back.
    pub fn forward(&self, views: Views, rounded: bool) -> Said {
        let Views { patches, side, windows, noise } = views;
        let coarse_side = side.div_ceil(2);
        let fine = token(self.embed.forward(windows), rounded);
        let fine = self.fine_encoder.forward(fine, side, rounded);
        let coarse = token(self.merge.forward(gathered(fine, patches, side)), rounded);
        let coarse = self.coarse_encoder.forward(coarse, coarse_side, rounded);
        let latents = self.latents.forward(coarse).clamp(-LATENT_MOST, LATENT_MOST);
        let latents = match noise {
            Some(noise) => latents + noise,
            None => round(latents, 0),
        };
        let (means, scales) = self.foreseen(&latents, patches, coarse_side);
        let coarse = token(self.open.forward(latents.clone()), rounded);
        let coarse = self.coarse_decoder.forward(coarse, coarse_side, rounded);
        let fine = scattered(token(self.split.forward(coarse), rounded), patches, side);
        let fine = self.fine_decoder.forward(fine, side, rounded);
        let drawn = self.synthesis.forward(fine);
        let drawn = if rounded { round(drawn, BASE_BITS) } else { drawn };
        Said { latents, means, scales, base: overlapped(drawn, patches, side) }
    }

    /// What the latents before tell of each.
    fn foreseen(&self, latents: &Tensor<2>, patches: usize, side: usize) -> (Tensor<2>, Tensor<2>) {
        let [rows, count] = latents.dims();
        let around = surrounded(latents.clone().reshape([patches, side, side, count]), 1);
        let at = |y: usize, x: usize| around.clone().slice([0..patches, y..y + side, x..x + side, 0..count]).reshape([rows, count]);
        let near = [at(1, 0), at(0, 1), at(0, 0), at(0, 2)];
        let prior = self.prior.val();
        let row = |i: usize| prior.clone().slice([i..i + 1, 0..count]);
        let energy = near.iter().fold(Tensor::zeros([rows, count], &latents.device()), |sum: Tensor<2>, n| sum + n.clone().abs());
        let means = near.into_iter().enumerate().fold(Tensor::zeros([rows, count], &latents.device()), |sum: Tensor<2>, (i, n)| sum + n * row(i));
        let scales = energy.log1p() * row(5) + row(4);
        (means, scales)
    }
}

fn dense<'a, const N: usize>(layers: [&'a Dense; N]) -> impl Iterator<Item = &'a Param<Tensor<2>>> {
    layers.into_iter().flat_map(|layer| [&layer.weight, &layer.bias])
}

/// Cuts to what a token can be.
fn token(tokens: Tensor<2>, rounded: bool) -> Tensor<2> {
    clamp(tokens, TOKEN_MOST, TOKEN_BITS, rounded)
}

fn clamp(tensor: Tensor<2>, most: i32, bits: i32, rounded: bool) -> Tensor<2> {
    let most = most as f32 / (1 << bits) as f32;
    // As ramps, since the clamp of burn goes through masks.
    let cut = tensor.clone() - relu(tensor.clone().sub_scalar(most)) + relu((-tensor).sub_scalar(most));
    if rounded { round(cut, bits) } else { cut }
}

/// Grids with a margin of zeros.
fn surrounded(grids: Tensor<4>, margin: usize) -> Tensor<4> {
    let [patches, side, _, channels] = grids.dims();
    let device = grids.device();
    let zeros = |shape: [usize; 4]| Tensor::<4>::zeros(shape, &device);
    let above = || zeros([patches, margin, side, channels]);
    let tall = Tensor::cat(vec![above(), grids, above()], 1);
    let beside = || zeros([patches, side + 2 * margin, margin, channels]);
    Tensor::cat(vec![beside(), tall, beside()], 2)
}

/// Minus infinity, nearly, for places beyond the border: tokens by places.
fn outside(side: usize, reach: usize) -> Vec<f32> {
    let radius = (reach / 2) as isize;
    let inside = |at: usize, shift: usize| (0..side as isize).contains(&(at as isize + shift as isize - radius));
    let tokens = (0..side).flat_map(|y| (0..side).map(move |x| (y, x)));
    tokens.flat_map(|(y, x)| (0..reach * reach).map(move |place| if inside(y, place / reach) && inside(x, place % reach) { 0.0 } else { -1e4 })).collect()
}

/// Fine tokens two by two; those beyond the border are zero.
fn gathered(fine: Tensor<2>, patches: usize, side: usize) -> Tensor<2> {
    let [_, channels] = fine.dims();
    let (half, device) = (side.div_ceil(2), fine.device());
    let mut grids = fine.reshape([patches, side, side, channels]);
    if side % 2 == 1 {
        grids = Tensor::cat(vec![grids, Tensor::zeros([patches, 1, side, channels], &device)], 1);
        grids = Tensor::cat(vec![grids, Tensor::zeros([patches, side + 1, 1, channels], &device)], 2);
    }
    let pairs: Tensor<6> = grids.reshape([patches, half, 2, half, 2, channels]);
    pairs.permute([0, 1, 3, 2, 4, 5]).reshape([patches * half * half, 4 * channels])
}

/// The opposite of [`gathered`].
fn scattered(coarse: Tensor<2>, patches: usize, side: usize) -> Tensor<2> {
    let [_, channels] = coarse.dims();
    let (half, channels) = (side.div_ceil(2), channels / 4);
    let pairs: Tensor<6> = coarse.reshape([patches, half, half, 2, 2, channels]);
    let grids: Tensor<4> = pairs.permute([0, 1, 3, 2, 4, 5]).reshape([patches, 2 * half, 2 * half, channels]);
    grids.slice([0..patches, 0..side, 0..side, 0..channels]).reshape([patches * side * side, channels])
}

/// What the four tokens around each cell draw, summed: cells by samples.
fn overlapped(drawn: Tensor<2>, patches: usize, side: usize) -> Tensor<2> {
    let drawn: Tensor<4> = drawn.reshape([patches, side, side, QUADRANTS * CELL_SAMPLES]);
    let cells = side - 1;
    let from = |top: usize, left: usize, quadrant: usize| {
        let samples = quadrant * CELL_SAMPLES;
        drawn.clone().slice([0..patches, top..top + cells, left..left + cells, samples..samples + CELL_SAMPLES])
    };
    let sum = from(0, 0, 3) + from(0, 1, 2) + from(1, 0, 1) + from(1, 1, 0);
    sum.reshape([patches * cells * cells, CELL_SAMPLES])
}
