//! How far off each expert is likely to be (docs/format.md, "Scales").

use super::functions::Functions;
use super::{EXPERTS, MAIN};

/// What scales are foreseen from, as binary logarithms: 1, errors of the expert in the pass, residuals around, the network's scale, how far neighbours are
/// from the prediction, how far apart experts are, residuals of the first reference.
pub(super) const FEATURES: usize = 7;
/// At which feature an expert's own errors stand.
const OWN: usize = 1;
/// What each feature counts for at first; that of the network only where there is one.
const FIRST: [f64; FEATURES] = [0.1, 0.34, 0.22, 0.19, 0.11, 0.2, 0.07];
const NETWORK: usize = 3;
/// Scales lie between these powers of two.
const LOWEST: f64 = -5.0;
const HIGHEST: f64 = 26.0;
/// Added to an error before it is compared with its scale.
const LEAST: f64 = 0.03;
/// How fast the weights learn, and how far off an error may be for that.
const RATE: f64 = 0.03;
const FARTHEST: f64 = 2.0;
/// The errors that a chunk starts with, how many samples they stand for in a pass, and how many a mean takes in at most.
const FIRST_ERROR: f64 = 10.0;
const FIRST_SEEN: f64 = 10.0;
const MOST_SEEN: f64 = 200.0;
/// Added to magnitudes before their logarithm is taken.
const OFFSET: f64 = 0.1;

/// The errors of the experts for one sample, in quanta; negative where there is none.
pub(super) type Errors = [f64; EXPERTS];
pub(super) const NONE: Errors = [-1.0; EXPERTS];

/// Learned weights of the three passes, and the mean errors so far.
#[derive(Debug)]
pub(super) struct Scales {
    weights: [[[f64; FEATURES]; EXPERTS]; 3],
    means: Errors,
    seen: f64,
}

impl Scales {
    pub(super) fn new(network: bool) -> Self {
        let mut first = FIRST;
        if let Some(weight) = first.get_mut(NETWORK).filter(|_| !network) {
            *weight = 0.0;
        }
        Self { weights: [[first; EXPERTS]; 3], means: [FIRST_ERROR; EXPERTS], seen: FIRST_SEEN }
    }

    /// At the start of a pass.
    pub(super) const fn begin(&mut self) {
        self.seen = FIRST_SEEN;
    }

    /// Mean errors of the experts beside a sample: to the left and above twice, above to either side, and once the mean of the pass.
    pub(super) fn beside(&self, left: &Errors, above: [&Errors; 3]) -> Errors {
        let [above_left, straight, above_right] = above;
        let mut sums = self.means;
        let mut totals = [1.0; EXPERTS];
        for (errors, weight) in [(left, 2.0), (straight, 2.0), (above_left, 1.0), (above_right, 1.0)] {
            for ((sum, total), error) in sums.iter_mut().zip(&mut totals).zip(errors).filter(|(_, error)| **error >= 0.0) {
                *sum += error * weight;
                *total += weight;
            }
        }
        sums.iter_mut().zip(totals).for_each(|(sum, total)| *sum /= total);
        sums
    }

    /// Binary logarithms of the scales.
    pub(super) fn foresee(&self, functions: &Functions, pass: usize, features: &mut [f64; FEATURES], beside: &Errors) -> [f64; EXPERTS] {
        let mut scales = [0.0; EXPERTS];
        let weights = self.weights.get(pass).into_iter().flatten();
        for ((scale, weights), own) in scales.iter_mut().zip(weights).zip(beside) {
            set_own(features, magnitude(functions, *own));
            *scale = features.iter().zip(weights).fold(0.0, |sum, (feature, weight)| sum + feature * weight).clamp(LOWEST, HIGHEST);
        }
        scales
    }

    /// Learns how far off the experts were.
    pub(super) fn learn(&mut self, functions: &Functions, pass: usize, seen: (&mut [f64; FEATURES], &Errors, &[f64; EXPERTS]), errors: &Errors) {
        let (features, beside, scales) = seen;
        self.seen += 1.0;
        let window = self.seen.min(MOST_SEEN);
        self.means.iter_mut().zip(errors).for_each(|(mean, error)| *mean += (error - *mean) / window);
        let weights = self.weights.get_mut(pass).into_iter().flatten();
        for (((weights, own), scale), error) in weights.zip(beside).zip(scales).zip(errors) {
            set_own(features, magnitude(functions, *own));
            let size = features.iter().fold(1.0, |sum, feature| sum + feature * feature);
            let off = (error + LEAST) / functions.exp2(*scale) - 1.0;
            let step = off.clamp(-1.0, FARTHEST) * RATE / size;
            weights.iter_mut().zip(&*features).for_each(|(weight, feature)| *weight += step * feature);
        }
    }
}

fn set_own(features: &mut [f64; FEATURES], own: f64) {
    if let Some(feature) = features.get_mut(OWN) {
        *feature = own;
    }
}

/// A magnitude as a feature.
#[inline]
pub(super) fn magnitude(functions: &Functions, magnitude: f64) -> f64 {
    functions.log2(OFFSET + magnitude)
}

/// The mean of what the others say, each weighed by how far off it was beside the sample.
pub(super) fn mean(opinions: &[f64; EXPERTS], beside: &Errors) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (opinion, error) in opinions.iter().zip(beside).take(MAIN) {
        let error = error + LEAST;
        let weight = 1.0 / (error * error);
        sum += weight * opinion;
        total += weight;
    }
    sum / total
}
