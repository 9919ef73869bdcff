//! The part of a model file that holds the autoencoder (docs/format.md, "Weights").

use super::layers::{LayerNumbers, MAX_CHANNELS, layer, priors, put_priors};
use crate::error::{Error, Result};
use crate::network::autoencoder::{Attention, Autoencoder, Block, Foresight, HEAD, SAMPLE_LIMIT, TOKEN_LIMIT, WINDOW};
use crate::network::engine::Softmax;
use crate::network::spec::{DECISIONS, ENERGIES, LATENT_LIMIT, MAX_LATENTS, NEIGHBOURS};
use crate::wire::{Reader, put_signed, put_varint};

/// How far a token may look.
const MAX_RADIUS: usize = 4;
/// What a place adds to a score lies within ± this.
const PLACE_LIMIT: i32 = 32767;

/// Reads and proves it.
pub(crate) fn read(reader: &mut Reader) -> Result<Autoencoder> {
    let [fine, coarse] = [channels(reader, "fine")?, channels(reader, "coarse")?];
    let latents = reader.count("the number of latents", MAX_LATENTS)?;
    let attends = reader.count("the kind of attention", 1)? == 1;
    let [near, far] = [reader.count("a radius", MAX_RADIUS)?, reader.count("a radius", MAX_RADIUS)?];
    let tokens = |reader: &mut Reader, inputs, outputs| layer(reader, inputs, outputs, TOKEN_LIMIT);
    let block = |reader: &mut Reader, channels, radius| block(reader, channels, attends.then_some(radius));
    Ok(Autoencoder {
        embed: layer(reader, WINDOW, fine, SAMPLE_LIMIT)?,
        fine_encoder: block(reader, fine, near)?,
        merge: tokens(reader, 4 * fine, coarse)?,
        coarse_encoder: block(reader, coarse, far)?,
        latents: tokens(reader, coarse, latents)?,
        open: layer(reader, latents, coarse, LATENT_LIMIT)?,
        coarse_decoder: block(reader, coarse, far)?,
        split: tokens(reader, coarse, 4 * fine)?,
        fine_decoder: block(reader, fine, near)?,
        synthesis: tokens(reader, fine, WINDOW)?,
        foresight: foresight(reader, latents)?,
        softmax: Softmax::new(),
    })
}

fn channels(reader: &mut Reader, what: &str) -> Result<usize> {
    let channels = reader.count("the number of channels", MAX_CHANNELS)?;
    if channels % HEAD == 0 { Ok(channels) } else { Err(Error::Weights { what: format!("{channels} {what} channels are no whole number of heads") }) }
}

fn block(reader: &mut Reader, channels: usize, radius: Option<usize>) -> Result<Block> {
    let square = |reader: &mut Reader| layer(reader, channels, channels, TOKEN_LIMIT);
    let attention = match radius {
        None => None,
        Some(radius) => Some(Attention {
            radius,
            query: square(reader)?,
            key: square(reader)?,
            value: square(reader)?,
            places: places(reader, channels / HEAD * (2 * radius + 1).pow(2))?,
            output: square(reader)?,
        }),
    };
    Ok(Block { attention, widen: layer(reader, channels, 2 * channels, TOKEN_LIMIT)?, narrow: layer(reader, 2 * channels, channels, TOKEN_LIMIT)? })
}

fn places(reader: &mut Reader, count: usize) -> Result<Vec<i32>> {
    let place = |_| {
        let place = reader.signed("what a place adds")?;
        let fits = (-PLACE_LIMIT..=PLACE_LIMIT).contains(&place);
        fits.then_some(place).ok_or_else(|| Error::Weights { what: format!("a place adds {place} to a score, at most {PLACE_LIMIT} is possible") })
    };
    (0..count).map(place).collect()
}

fn foresight(reader: &mut Reader, latents: usize) -> Result<Foresight> {
    let bytes = reader.take(latents * NEIGHBOURS)?;
    let factors = bytes.chunks_exact(NEIGHBOURS).map(|f| core::array::from_fn(|i| f.get(i).map_or(0, |b| *b as i8))).collect();
    Ok(Foresight { factors, priors: priors(reader, latents * ENERGIES)? })
}

/// Numbers of a block, as training has them.
#[derive(Debug, Clone)]
pub struct BlockNumbers<'a> {
    /// Query, key, value and output of attention (none without), then the two layers of each token.
    pub layers: Vec<LayerNumbers<'a>>,
    /// What places add to scores; empty without attention.
    pub places: Vec<i32>,
}

/// Numbers of the autoencoder, as training has them.
#[derive(Debug, Clone)]
pub struct AutoencoderNumbers<'a> {
    /// Channels of fine and of coarse tokens, latents.
    pub sizes: [usize; 3],
    /// How far fine and coarse tokens look; `None` for not at all.
    pub radii: Option<[usize; 2]>,
    /// Embedding, merging, latents, opening, splitting, synthesis.
    pub layers: [LayerNumbers<'a>; 6],
    /// On fine and coarse tokens of the encoder, on coarse and fine ones of the decoder.
    pub blocks: [BlockNumbers<'a>; 4],
    /// Of each latent, what its neighbours count, in 1/64.
    pub factors: Vec<[i8; NEIGHBOURS]>,
    /// What is known of the decisions of latents beforehand.
    pub priors: Vec<[u8; DECISIONS]>,
}

/// The autoencoder as a part of a model file.
#[must_use]
pub fn write_autoencoder(numbers: &AutoencoderNumbers) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.sizes.iter().for_each(|s| put_varint(&mut out, *s as u64));
    put_varint(&mut out, numbers.radii.is_some().into());
    numbers.radii.unwrap_or_default().iter().for_each(|r| put_varint(&mut out, *r as u64));
    let [embed, merge, latents, open, split, synthesis] = &numbers.layers;
    let [fine_encoder, coarse_encoder, coarse_decoder, fine_decoder] = &numbers.blocks;
    let mut layer = |layer: &LayerNumbers, block: Option<&BlockNumbers>| {
        layer.write(&mut out);
        block.into_iter().for_each(|b| b.write(&mut out));
    };
    layer(embed, Some(fine_encoder));
    layer(merge, Some(coarse_encoder));
    layer(latents, None);
    layer(open, Some(coarse_decoder));
    layer(split, Some(fine_decoder));
    layer(synthesis, None);
    out.extend(numbers.factors.iter().flatten().map(|f| *f as u8));
    put_priors(&mut out, &numbers.priors);
    out
}

impl BlockNumbers<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if let [query, key, value, output, rest @ ..] = &self.layers[..]
            && !self.places.is_empty()
        {
            [query, key, value].into_iter().for_each(|l| l.write(out));
            self.places.iter().for_each(|p| put_signed(out, *p));
            output.write(out);
            rest.iter().for_each(|l| l.write(out));
        } else {
            self.layers.iter().for_each(|l| l.write(out));
        }
    }
}
