//! From a trained autoencoder to its part of a model file.

use super::net::{Autoencoder, Block, LATENTS, OPENING, PLACE_BITS, SCORES, SYNTHESIS, Sizes, TOKENS};
use super::patches::Patches;
use crate::error::Result;
use crate::integer::Layer;
use crate::model::{numbers, smooth};
use crate::net::{Dense, Grid, values};
use crate::quantise::Row;
use deepcomp::training::{self, ENERGIES, NEIGHBOURS};
use deepcomp::weights::{self, AutoencoderNumbers, BlockNumbers, Model};

/// Factors of neighbours are in 1/64.
const FACTOR_BITS: i32 = 6;

/// The model file `predictor` under another name, with this autoencoder; what its latents are like is counted on `planes` planes.
pub fn export(predictor: &[u8], name: &str, (sizes, net): (Sizes, &Autoencoder), mut data: Patches, planes: usize) -> Result<Vec<u8>> {
    let integers = Integers::of(net)?;
    let file = |priors: &[[u8; 32]]| -> Result<Vec<u8>> { Ok(weights::with_autoencoder(predictor, name, Some(&integers.part(sizes, priors)))?) };
    let bare = Model::parse(&file(&[])?)?;
    let mut counts = training::no_latent_counts(sizes.latents);
    for _ in 0..planes {
        if let Some((height, width, samples)) = data.plane() {
            training::count_latents(height, width, &samples, &bare, &mut counts)?;
        }
    }
    file(&smooth(&counts, ENERGIES))
}

/// A net in integers.
struct Integers {
    layers: [Layer; 6],
    blocks: [BlockIntegers; 4],
    factors: Vec<[i8; NEIGHBOURS]>,
}

struct BlockIntegers {
    layers: Vec<Layer>,
    places: Vec<i32>,
}

impl Integers {
    fn of(net: &Autoencoder) -> Result<Self> {
        let prior = values(&net.prior)?;
        let latents = net.latents.outputs();
        let factor = |neighbour: usize, latent: usize| {
            let real = prior.get(neighbour * latents + latent).copied().unwrap_or_default();
            (real * 2f32.powi(FACTOR_BITS)).round().clamp(-127.0, 127.0) as i8
        };
        Ok(Self {
            layers: [
                layer(&net.embed, TOKENS)?,
                layer(&net.merge, TOKENS)?,
                layer(&net.latents, LATENTS)?,
                layer(&net.open, OPENING)?,
                layer(&net.split, TOKENS)?,
                layer(&net.synthesis, SYNTHESIS)?,
            ],
            blocks: [block(&net.fine_encoder)?, block(&net.coarse_encoder)?, block(&net.coarse_decoder)?, block(&net.fine_decoder)?],
            factors: (0..latents).map(|latent| std::array::from_fn(|neighbour| factor(neighbour, latent))).collect(),
        })
    }

    fn part(&self, sizes: Sizes, priors: &[[u8; 32]]) -> Vec<u8> {
        weights::write_autoencoder(&AutoencoderNumbers {
            sizes: [sizes.fine, sizes.coarse, sizes.latents],
            radii: sizes.attention.then_some(sizes.radius),
            layers: self.layers.each_ref().map(numbers),
            blocks: self.blocks.each_ref().map(|b| BlockNumbers { layers: b.layers.iter().map(numbers).collect(), places: b.places.clone() }),
            factors: self.factors.clone(),
            priors: priors.to_vec(),
        })
    }
}

fn block(block: &Block) -> Result<BlockIntegers> {
    let mut layers = Vec::new();
    let mut places = Vec::new();
    if let Some(attention) = &block.attention {
        for (dense, grid) in [(&attention.query, SCORES), (&attention.key, SCORES), (&attention.value, TOKENS), (&attention.output, TOKENS)] {
            layers.push(layer(dense, grid)?);
        }
        places = values(&attention.places)?.iter().map(|octaves| (octaves * 2f32.powi(PLACE_BITS)).round().clamp(-32767.0, 32767.0) as i32).collect();
    }
    layers.push(layer(&block.widen, TOKENS)?);
    layers.push(layer(&block.narrow, TOKENS)?);
    Ok(BlockIntegers { layers, places })
}

fn layer(dense: &Dense, grid: Grid) -> Result<Layer> {
    let rows: Vec<Row> = dense.rows(grid)?.into_iter().map(|(row, _)| row).collect();
    let inputs = rows.first().map_or(0, |row| row.weights.len());
    Layer::new(&rows, inputs, grid.largest)
}
