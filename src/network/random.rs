//! Networks and planes of numbers that look random, for tests.

use super::autoencoder::{Autoencoder, HEAD, WINDOW};
use super::model::{AutoencoderNumbers, BlockNumbers, LayerNumbers, read_autoencoder, write_autoencoder};
use crate::grid::Grid;
use crate::wire::Reader;

/// Numbers that look random.
pub(crate) fn random(seed: &mut u32) -> u32 {
    *seed = seed.wrapping_mul(0x9E37_79B1).wrapping_add(0x7F4A_7C15);
    (*seed ^ *seed >> 15).wrapping_mul(0x85EB_CA6B) >> 7
}

struct Numbers(Vec<i8>, Vec<i32>, Vec<u8>);

impl Numbers {
    /// Weights as large as sums below 2^23 allow, in a few inputs or spread over all.
    fn new(seed: &mut u32, inputs: usize, outputs: usize) -> Self {
        let most = (8_000_000 / (1023 * inputs)).min(127) as u32;
        let weights = (0..inputs * outputs).map(|_| ((random(seed) % (2 * most + 1)) as i32 - most as i32) as i8).collect();
        Self(weights, (0..outputs).map(|_| random(seed) as i32 % 200_000 - 100_000).collect(), (0..outputs).map(|_| 6 + (random(seed) % 9) as u8).collect())
    }

    fn layer(&self) -> LayerNumbers<'_> {
        LayerNumbers { weights: &self.0, biases: &self.1, shifts: &self.2 }
    }
}

/// An autoencoder of random weights.
pub(crate) fn net(seed: u32, [fine, coarse, latents]: [usize; 3], radii: Option<[usize; 2]>) -> Autoencoder {
    let seed = &mut seed.wrapping_mul(77_777);
    let sizes = [(WINDOW, fine), (4 * fine, coarse), (coarse, latents), (latents, coarse), (coarse, 4 * fine), (fine, WINDOW)];
    let layers = sizes.map(|(inputs, outputs)| Numbers::new(seed, inputs, outputs));
    let blocks = [(fine, 0), (coarse, 1), (coarse, 1), (fine, 0)].map(|(channels, kind)| {
        let squares = if radii.is_some() { 4 } else { 0 };
        let mut layers: Vec<Numbers> = (0..squares).map(|_| Numbers::new(seed, channels, channels)).collect();
        layers.extend([Numbers::new(seed, channels, 2 * channels), Numbers::new(seed, 2 * channels, channels)]);
        let places = radii.map_or(0, |r| channels / HEAD * (2 * r[kind] + 1).pow(2));
        (layers, (0..places).map(|_| random(seed) as i32 % 600 - 300).collect::<Vec<i32>>())
    });
    let bytes = write_autoencoder(&AutoencoderNumbers {
        sizes: [fine, coarse, latents],
        radii,
        layers: layers.each_ref().map(Numbers::layer),
        blocks: blocks.each_ref().map(|(layers, places)| BlockNumbers { layers: layers.iter().map(Numbers::layer).collect(), places: places.clone() }),
        factors: (0..latents).map(|_| core::array::from_fn(|_| random(seed) as i8 / 3)).collect(),
        priors: Vec::new(),
    });
    read_autoencoder(&mut Reader::new(&bytes)).unwrap()
}

pub(crate) fn plane(seed: u32, height: usize, width: usize, most: i32) -> Grid<i32> {
    let seed = &mut seed.wrapping_mul(3131);
    Grid { height, width, samples: (0..height * width).map(|_| random(seed) as i32 % (2 * most + 1) - most).collect() }
}
