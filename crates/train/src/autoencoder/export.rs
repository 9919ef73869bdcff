//! From a trained autoencoder to its part of a model file.

use super::net::{Autoencoder, Block, LATENTS, OPENING, PLACE_BITS, SCORES, SYNTHESIS, Sizes, TOKENS};
use super::patches::Patches;
use crate::error::Result;
use crate::integer::Layer;
use crate::model::{numbers, smooth};
use crate::net::{Dense, Grid, values};
use crate::quantise::Row;
use deepcomp::network::model::{self as model_file, AutoencoderNumbers, BlockNumbers, Model};
use deepcomp::training::{self, ENERGIES, NEIGHBOURS};

/// Factors of neighbours are in 1/64.
const FACTOR_BITS: i32 = 6;

/// The model file `predictor` under another name, with this autoencoder; what its latents are like is counted on `planes` planes.
pub fn export(predictor: &[u8], name: &str, (sizes, net): (Sizes, &Autoencoder), mut data: Patches, planes: usize) -> Result<Vec<u8>> {
    let integers = Integers::of(net)?;
    let file = |priors: &[[u8; 32]]| -> Result<Vec<u8>> { Ok(model_file::with_autoencoder(predictor, name, Some(&integers.part(sizes, priors)))?) };
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
        model_file::write_autoencoder(&AutoencoderNumbers {
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

#[cfg(test)]
mod tests {
    use super::super::net::Views;
    use super::super::patches::{Batch, CELLS, SIDE, TOKENS as CORNERS};
    use super::*;
    use crate::objective::tensor;
    use burn::tensor::Device;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const PREDICTOR: &[u8] = include_bytes!("../../../../models/deepcomp.dcm");

    /// Waves of a patch.
    fn waves() -> Vec<i32> {
        let wave = |y: f32, x: f32| 500.0 * (y / 9.0).sin() * (x / 13.0 + y / 40.0).cos() + 120.0 * (x / 5.0).sin();
        (0..SIDE * SIDE).map(|i| wave((i / SIDE) as f32, (i % SIDE) as f32).round() as i32).collect()
    }

    #[test]
    fn the_codec_draws_what_the_quantised_floats_draw() {
        for attention in [true, false] {
            let sizes = Sizes { fine: 32, coarse: 32, latents: 6, radius: [1, 2], attention };
            let device = Device::default();
            let net = Autoencoder::new(sizes, &mut StdRng::seed_from_u64(4), &device);
            let samples = waves();
            let mut batch = Batch::default();
            batch.add(&samples, &vec![1.0; SIDE * SIDE]);
            let windows = tensor(batch.windows, CORNERS * CORNERS, &device);
            let said = net.copy(true, &device).unwrap().forward(Views { patches: 1, side: CORNERS, windows, noise: None }, true);
            let integers = Integers::of(&net).unwrap();
            let file = model_file::with_autoencoder(PREDICTOR, "test", Some(&integers.part(sizes, &[]))).unwrap();
            let (latents, drawn) = training::redrawn(SIDE, SIDE, &samples, &Model::parse(&file).unwrap()).unwrap().unwrap();
            let floats: Vec<f32> = said.latents.try_into_vec_as().unwrap();
            let (tokens, count) = (floats.len() / sizes.latents, sizes.latents);
            let same = (0..floats.len()).filter(|i| (floats[i % tokens * count + i / tokens] - latents[*i] as f32).abs() < 0.5).count();
            assert!(same * 10 > floats.len() * 9, "{same} of {} latents", floats.len());
            assert!(latents.iter().any(|l| *l != 0));
            let base: Vec<f32> = said.base.try_into_vec_as().unwrap();
            let place = |y: usize, x: usize| (y / 8 * CELLS + x / 8) * 64 + y % 8 * 8 + x % 8;
            let off: f32 = (0..SIDE * SIDE).map(|i| (64.0 * base[place(i / SIDE, i % SIDE)] - drawn[i] as f32).abs()).sum::<f32>() / (SIDE * SIDE) as f32;
            let size: f32 = drawn.iter().map(|d| (*d as f32).abs()).sum::<f32>() / (SIDE * SIDE) as f32;
            assert!(size > 20.0 && off < size / 20.0, "{off} off of {size}");
        }
    }
}
