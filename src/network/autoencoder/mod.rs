//! The autoencoder of the base layer: with attention it draws a plane from a few latents.
//!
//! ```text
//! plane ── encode ──> latents        latents ── draw ──> base plane
//! ```
//! All in integers, the same on every engine. What is absent: how latents become bits, and how a base plane is used, which is the codec's; and training.

mod attention;
mod net;
mod tokens;

pub(crate) use attention::{Attention, HEAD};
pub(crate) use net::{Autoencoder, Block, Foresight, MAX_UNIT, SAMPLE_LIMIT, View, WINDOW, coarse_size};
pub(crate) use tokens::{TOKEN_LIMIT, Tokens};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::engine::Engine;
    use crate::network::random::{net, plane};

    #[test]
    fn every_engine_draws_the_same() {
        let sizes = [(1, 1), (1, 40), (7, 9), (8, 8), (9, 17), (65, 93), (130, 33)];
        for (number, (height, width)) in sizes.into_iter().enumerate() {
            for radii in [Some([1, 2]), Some([0, 4]), None] {
                let net = net(number as u32 + 1, [16, 32, 5], radii);
                let plane = plane(number as u32, height, width, 90_000);
                let view = View { unit: 7, middle: -431 };
                let [scalar, fast] = [Engine::scalar(), Engine::detect()].map(|engine| {
                    let latents = net.encode(engine, &plane, view).unwrap();
                    let drawn = net.draw(engine, &latents, (height, width), view).unwrap();
                    (latents, drawn)
                });
                assert_eq!(scalar, fast);
                assert!(scalar.1.samples.len() == height * width && (height * width < 64 || scalar.1.samples.iter().any(|s| *s != scalar.1.samples[0])));
            }
        }
    }
}
