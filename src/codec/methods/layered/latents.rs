//! Latents -> bits: each is foreseen from those beside it, and what is left is coded by decisions (docs/format.md, "Latents"). Written once for
//! both directions.

use crate::codec::entropy::{Coder, Contexts, Decisions, Mixing, Views, magnitude, signed};
use crate::network::autoencoder::{Foresight, Tokens};
#[cfg(feature = "training")]
use crate::network::spec::DECISIONS;
use crate::network::spec::{ENERGIES, LATENT_LIMIT, NEIGHBOURS};

/// Factors of neighbours are in 1/64.
const FACTOR_BITS: u32 = 6;
/// Views, ways to weigh them, octaves told apart of a signed number.
const VIEWS: usize = 3;
const WEIGHTS: usize = 1;
const OCTAVES: usize = 3;
const SIGNED: usize = 2 * OCTAVES + 1;

/// What is learned of latents while those of a chunk are coded.
#[derive(Debug)]
pub(crate) struct Learned<'a> {
    foresight: &'a Foresight,
    views: Views<VIEWS>,
    decisions: Decisions<VIEWS, WEIGHTS>,
}

impl<'a> Learned<'a> {
    pub(crate) fn new(foresight: &'a Foresight) -> Self {
        let latents = foresight.factors.len();
        let views = Views([latents * ENERGIES, latents * SIGNED * SIGNED, latents * ENERGIES]);
        let decisions = Decisions::new(Mixing::led(views.contexts(), 1, &foresight.priors));
        Self { foresight, views, decisions }
    }

    #[cfg(feature = "training")]
    pub(crate) fn counts(&mut self) -> &mut Vec<[[u32; 2]; DECISIONS]> {
        &mut self.decisions.mixing.counts
    }

    /// Codes the latents of a plane, token by token in row order; the encoder brings them along.
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, source: Option<&Tokens>, (height, width): (usize, usize)) -> Tokens {
        let count = self.foresight.factors.len();
        let mut coded = Tokens::new(height, width, count);
        for at in 0..height * width {
            let mut before = 0;
            for channel in 0..count {
                let around = Around::of(&coded, channel, at);
                let foreseen = around.foreseen(self.foresight.factors.get(channel).copied().unwrap_or_default());
                let contexts = self.contexts(channel, &around, foreseen, before);
                let wanted = source.and_then(|s| s.channels.get(channel)?.get(at)).map_or(0, |latent| latent - foreseen);
                let latent = foreseen.wrapping_add(self.decisions.code(coder, &contexts, 0, wanted)).clamp(-LATENT_LIMIT, LATENT_LIMIT);
                if let Some(to) = coded.channels.get_mut(channel).and_then(|c| c.get_mut(at)) {
                    *to = latent;
                }
                before += (latent - foreseen).unsigned_abs();
            }
        }
        coded
    }

    /// `before`: magnitudes of what was not foreseen of the latents before in the same token.
    fn contexts(&self, channel: usize, around: &Around, foreseen: i32, before: u32) -> Contexts<VIEWS, WEIGHTS> {
        let energy = around.0.iter().map(|n| n.unsigned_abs()).sum();
        let class = |energy: u32| channel * ENERGIES + magnitude(energy).min(ENERGIES - 1);
        let [left, above, ..] = around.0.map(|n| signed::<OCTAVES>(n - foreseen));
        let views = [class(energy), (channel * SIGNED + left) * SIGNED + above, class(before)];
        Contexts { slots: self.views.at(views), weights: [0] }
    }
}

/// The neighbours of a latent; 0 beyond the border.
struct Around([i32; NEIGHBOURS]);

impl Around {
    fn of(coded: &Tokens, channel: usize, at: usize) -> Self {
        let (y, x) = (at / coded.width, at % coded.width);
        let latent = |up: usize, column: Option<usize>| {
            let row = y.checked_sub(up).map(|y| coded.row(channel, y)).unwrap_or_default();
            column.and_then(|x| row.get(x)).copied().unwrap_or(0)
        };
        let before = x.checked_sub(1);
        Self([latent(0, before), latent(1, Some(x)), latent(1, before), latent(1, Some(x + 1))])
    }

    fn foreseen(&self, factors: [i8; NEIGHBOURS]) -> i32 {
        let sum: i32 = self.0.iter().zip(factors).map(|(neighbour, factor)| neighbour * i32::from(factor)).sum();
        ((sum + (1 << (FACTOR_BITS - 1))) >> FACTOR_BITS).clamp(-LATENT_LIMIT, LATENT_LIMIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::entropy::{Decoder, Encoder};
    use crate::network::autoencoder::View;
    use crate::network::engine::Engine;
    use crate::network::random::{net, plane};

    #[test]
    fn latents_come_back() {
        let net = net(3, [16, 16, 7], None);
        let plane = plane(9, 50, 70, 900);
        let latents = net.encode(Engine::detect(), &plane, View { unit: 0, middle: 0 }).unwrap();
        assert!(latents.channels.iter().flatten().any(|l| *l != 0));
        let mut encoder = Encoder::default();
        Learned::new(&net.foresight).code(&mut encoder, Some(&latents), (latents.height, latents.width));
        let bytes = encoder.finish();
        let mut decoder = Decoder::new(&bytes).unwrap();
        assert_eq!(Learned::new(&net.foresight).code(&mut decoder, None, (latents.height, latents.width)), latents);
        decoder.finish().unwrap();
    }
}
