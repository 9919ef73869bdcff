//! Weighted means by scores, in integers: each token counts by two to the power of its score (docs/format.md, "Attention").

use super::{Engine, LANES, Row};

/// Steps of a score in an octave.
const STEPS: usize = 32;
/// Octaves below the largest score from which on a token no longer counts.
const OCTAVES: usize = 10;
/// Distance from which on a weight is 0.
pub(super) const FARTHEST: i32 = (STEPS * OCTAVES) as i32;
/// Room for the weights of all distances: a power of two, so that none has to be checked.
const WEIGHTS: usize = (STEPS * OCTAVES + 1).next_power_of_two();
/// Logarithm of the weight of the token with the largest score.
const WEIGHT_BITS: u32 = 10;
/// 2^10 · 2^(−i/32) for i in 0..32, to the nearest integer, with six more bits: those of later octaves follow by halving.
const FIRST_OCTAVE: [u32; STEPS] = [
    65536, 64132, 62757, 61413, 60097, 58809, 57549, 56316, 55109, 53928, 52773, 51642, 50535, 49452, 48393, 47356, 46341, 45348, 44376, 43425, 42495, 41584,
    40693, 39821, 38968, 38133, 37316, 36516, 35734, 34968, 34219, 33486,
];

/// The tables of the weighted mean.
#[derive(Debug, Clone)]
pub struct Softmax {
    /// Weights by distance from the largest score; 0 from [`FARTHEST`] on.
    weights: [i32; WEIGHTS],
    /// 2^24 over 1024 + i.
    reciprocals: Vec<i32>,
    #[cfg(target_arch = "x86_64")]
    first_octave: [i32; STEPS],
}

impl Softmax {
    /// Weights by distance of a score from the largest, up to the first 0; and 2^24 over 1024 + i: for other processors.
    #[must_use]
    pub fn tables() -> (Vec<i32>, Vec<i32>) {
        let Self { weights, reciprocals, .. } = Self::new();
        (weights.into_iter().take(FARTHEST as usize + 1).collect(), reciprocals)
    }

    pub(crate) fn new() -> Self {
        let mut weights = [0; WEIGHTS];
        for (octave, weights) in weights.chunks_exact_mut(STEPS).take(OCTAVES).enumerate() {
            let drop = octave as u32 + 6;
            weights.iter_mut().zip(FIRST_OCTAVE).for_each(|(w, f)| *w = ((f + (1 << (drop - 1))) >> drop) as i32);
        }
        Self {
            weights,
            reciprocals: (1024..2048).map(|m| (1 << 24) / m).collect(),
            #[cfg(target_arch = "x86_64")]
            first_octave: FIRST_OCTAVE.map(|w| w as i32),
        }
    }

    /// The means of the tokens of a block by their scores, in quarters of a unit.
    pub(crate) fn means(&self, engine: Engine, scores: &[Row], tokens: [&[Row]; 2]) -> Row {
        let (mut sum, mut total) = ([0i32; LANES], [0i32; LANES]);
        #[cfg(target_arch = "x86_64")]
        let weighed = engine.weigh(&self.first_octave, scores, tokens, [&mut sum, &mut total]);
        #[cfg(not(target_arch = "x86_64"))]
        let weighed = false;
        engine.wide(
            #[inline(always)]
            || {
                if !weighed {
                    self.weigh(scores, tokens, [&mut sum, &mut total]);
                }
                let mut means = [0; LANES];
                means.iter_mut().zip(&sum).zip(&total).for_each(|((mean, sum), total)| *mean = self.mean(*total, *sum));
                means
            },
        )
    }

    /// Adds up the weights of tokens by their scores, and the weighted tokens.
    #[inline(always)]
    fn weigh(&self, scores: &[Row], tokens: [&[Row]; 2], [sum, total]: [&mut Row; 2]) {
        let mut largest = [i32::MIN; LANES];
        for score in scores {
            largest.iter_mut().zip(score).for_each(|(l, s)| *l = (*l).max(*s));
        }
        let [first, second] = tokens;
        for (score, token) in scores.iter().zip(first.iter().chain(second)) {
            let mut weights = [0i32; LANES];
            weights.iter_mut().zip(score).zip(&largest).for_each(|((weight, score), largest)| *weight = self.weight(largest - score));
            for (((sum, total), weight), token) in sum.iter_mut().zip(total.iter_mut()).zip(weights).zip(token) {
                *sum += weight;
                *total = total.wrapping_add(weight.wrapping_mul(*token));
            }
        }
    }

    /// The weight of a score that lies that far below the largest, in 1/1024.
    #[inline]
    pub(crate) fn weight(&self, below: i32) -> i32 {
        self.weights.get(below.min(FARTHEST) as usize % WEIGHTS).copied().unwrap_or(0)
    }

    /// The mean in quarters of a unit: `total` is the weighted sum of the tokens, `sum` that of the weights, at least 1024.
    #[inline]
    pub(crate) fn mean(&self, total: i32, sum: i32) -> i32 {
        let magnitude = sum.max(1 << WEIGHT_BITS).ilog2();
        let reciprocal = self.reciprocals.get((sum >> (magnitude - WEIGHT_BITS)) as usize - 1024).copied().unwrap_or(0);
        (total >> (magnitude - 2)).wrapping_mul(reciprocal) >> 14
    }
}
