//! Code length: the bits an ideal entropy coder spends on a sample, and how they change with what the network says.
//!
//! A target `t`, known to a quantum `w`, costs -log2 of the probability of [t - w/2, t + w/2] under a mixture of logistics that share their mean,
//! plus that of an escape.
//! The gradient is written out by hand: the interval has no form in tensor operations that is both short and exact in the tails.

use std::f32::consts::LN_2;

/// Logistics in the mixture.
pub const COMPONENTS: usize = 3;
/// Octaves that the scale may take; beyond them it is held, and only pulled back.
const SCALE: (f32, f32) = (-8.0, 15.0);
/// Bits that the entropy coder's escape costs at least; what lies far out costs two more for every octave of distance, whatever the network says.
const ESCAPE: f32 = 12.0;

/// Shape of the distribution, shared by all samples of a net.
#[derive(Debug, Clone, Copy)]
pub struct Mixture {
    weights: [f32; COMPONENTS],
    log_weights: [f32; COMPONENTS],
    log_scales: [f32; COMPONENTS],
}

/// What a sample costs and the slopes of that cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Code length.
    pub bits: f32,
    /// Bits per normalised unit of the mean.
    pub mean: f32,
    /// Bits per octave of the scale.
    pub scale: f32,
    /// Bits per logit of a component's weight.
    pub weights: [f32; COMPONENTS],
    /// Bits per natural logarithm of a component's scale.
    pub log_scales: [f32; COMPONENTS],
}

/// What the network says of a sample: mean and quantum in normalised units, scale in octaves.
#[derive(Debug, Clone, Copy)]
pub struct Prediction {
    /// Centre of the mixture.
    pub mean: f32,
    /// log2 of the scale.
    pub scale: f32,
}

impl Mixture {
    /// From the logits of the weights and the logarithms of the scales.
    pub fn new(logits: [f32; COMPONENTS], log_scales: [f32; COMPONENTS]) -> Self {
        let most = logits.iter().fold(f32::NEG_INFINITY, |most, &logit| most.max(logit));
        let log_sum = most + logits.iter().map(|logit| (logit - most).exp()).sum::<f32>().ln();
        let log_weights = logits.map(|logit| logit - log_sum);
        Self { weights: log_weights.map(f32::exp), log_weights, log_scales }
    }

    /// Weights of the components.
    pub fn weights(&self) -> [f32; COMPONENTS] {
        self.weights
    }

    /// Scales of the components, as factors.
    pub fn scales(&self) -> [f32; COMPONENTS] {
        self.log_scales.map(f32::exp)
    }

    /// Cost of a target known to a quantum `width`.
    pub fn cost(&self, said: Prediction, target: f32, width: f32) -> Cost {
        let offset = target - said.mean;
        let width = width.max(1e-6);
        let held = said.scale.clamp(SCALE.0, SCALE.1);
        let mut parts = [Interval::default(); COMPONENTS];
        for ((part, log_weight), log_scale) in parts.iter_mut().zip(self.log_weights).zip(self.log_scales) {
            *part = Interval::new(offset, width, held * LN_2 + log_scale);
            part.log += log_weight;
        }
        let most = parts.iter().fold(f32::NEG_INFINITY, |most, part| most.max(part.log));
        let shares = parts.map(|part| (part.log - most).exp());
        let sum: f32 = shares.iter().sum();
        let regular = most + sum.ln();
        let escape = -LN_2 * ESCAPE - 2.0 * (offset.abs() / width).ln_1p();
        let largest = regular.max(escape);
        let both = largest + ((regular - largest).exp() + (escape - largest).exp()).ln();
        let (regular, escape) = ((regular - both).exp(), (escape - both).exp());
        let mut cost = Cost { bits: -both / LN_2, ..Cost::default() };
        let slopes = cost.weights.iter_mut().zip(&mut cost.log_scales).zip(self.weights);
        for (((weight, log_scale), prior), (part, share)) in slopes.zip(parts.iter().zip(shares)) {
            let share = regular * share / sum;
            cost.mean += share * part.offset / LN_2;
            cost.scale -= share * part.log_scale;
            *log_scale = -share * part.log_scale / LN_2;
            *weight = (regular * prior - share) / LN_2;
        }
        cost.mean -= escape * 2.0 * offset.signum() / (LN_2 * (width + offset.abs()));
        let outward = (said.scale > SCALE.1 && cost.scale < 0.0) || (said.scale < SCALE.0 && cost.scale > 0.0);
        if outward {
            cost.scale = 0.0;
        }
        cost
    }
}

/// Logarithm of the probability that a logistic gives to an interval, and its slopes.
#[derive(Debug, Clone, Copy, Default)]
struct Interval {
    log: f32,
    offset: f32,
    log_scale: f32,
}

impl Interval {
    /// With upper end u, lower end v and width d in scales: S(u) - S(v) = S(u) S(-v) (1 - e^-d), where no factor cancels.
    fn new(offset: f32, width: f32, log_scale: f32) -> Self {
        let inverse = (-log_scale).exp();
        let (upper, lower, wide) = ((offset + width / 2.0) * inverse, (offset - width / 2.0) * inverse, width * inverse);
        let (small_upper, small_lower) = ((-upper.abs()).exp(), (-lower.abs()).exp());
        let tails = ((1.0 + small_upper) * (1.0 + small_lower)).ln() + (-upper).max(0.0) + lower.max(0.0);
        let above = if upper > 0.0 { small_upper } else { 1.0 } / (1.0 + small_upper);
        let below = if lower > 0.0 { 1.0 } else { small_lower } / (1.0 + small_lower);
        // log(1 - e^-d) and d / (e^d - 1); a short series where the difference would lose digits.
        let (log, slope) = if wide < 0.1 {
            (width.ln() - log_scale - wide / 2.0 + wide * wide / 24.0, 1.0 - wide / 2.0 + wide * wide / 12.0)
        } else {
            let rest = (-wide).exp();
            ((1.0 - rest).ln(), wide * rest / (1.0 - rest))
        };
        Self { log: log - tails, offset: (above - below) * inverse, log_scale: lower * below - upper * above - slope }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(said: Prediction, target: f64, width: f64, logits: [f64; 3], log_scales: [f64; 3]) -> f64 {
        let sum: f64 = logits.iter().map(|l| l.exp()).sum();
        let total: f64 = (0..3)
            .map(|k| {
                let scale = (f64::from(said.scale) * std::f64::consts::LN_2 + log_scales[k]).exp();
                let offset = (target - f64::from(said.mean)).abs();
                let (u, v) = ((-(offset - width / 2.0) / scale), (-(offset + width / 2.0) / scale));
                let probability =
                    if u > 0.0 { 1.0 / (1.0 + (-u).exp()) - 1.0 / (1.0 + (-v).exp()) } else { u.exp() / (1.0 + u.exp()) - v.exp() / (1.0 + v.exp()) };
                logits[k].exp() / sum * probability
            })
            .sum();
        let escape = (-f64::from(ESCAPE)).exp2() * (1.0 + (target - f64::from(said.mean)).abs() / width).powi(-2);
        -(total + escape).log2()
    }

    #[test]
    fn agrees_with_f64_in_the_middle_and_in_the_tails() {
        let (logits, scales) = ([0.3f32, -0.2, 0.5], [-0.7f32, 0.1, 0.9]);
        let mixture = Mixture::new(logits, scales);
        for scale in [-2.0f32, 3.0, 6.0, 9.0] {
            for target in [0.0f32, 1.5, -40.0, 300.0] {
                for width in [0.01f32, 1.0, 30.0, 500.0] {
                    let said = Prediction { mean: 0.5, scale };
                    let expected = exact(said, target.into(), width.into(), logits.map(f64::from), scales.map(f64::from));
                    let bits = mixture.cost(said, target, width).bits;
                    assert!((f64::from(bits) - expected).abs() < 2e-3 * expected.max(1.0), "{scale} {target} {width}: {bits} {expected}");
                }
            }
        }
    }

    #[test]
    fn probabilities_of_all_intervals_sum_to_one() {
        let mixture = Mixture::new([0.0; 3], [-1.0, 0.0, 1.0]);
        let said = Prediction { mean: 3.3, scale: 4.0 };
        let sum: f64 = (-400..400).map(|i| f64::from(-mixture.cost(said, i as f32 * 3.0, 3.0).bits).exp2()).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{sum}");
    }

    #[test]
    fn slopes_are_those_of_the_cost() {
        let (logits, scales) = ([0.3f32, -0.2, 0.5], [-0.7f32, 0.1, 0.9]);
        for (mean, scale, target, width) in [(0.0f32, 2.0f32, 3.0f32, 1.0f32), (1.0, 5.0, -90.0, 16.0), (0.0, 6.0, 40.0, 0.25), (2.0, 1.0, 40.0, 64.0)] {
            let at = |mean: f32, scale: f32, logits, scales| Mixture::new(logits, scales).cost(Prediction { mean, scale }, target, width);
            let cost = at(mean, scale, logits, scales);
            let near = |slope: f32, up: Cost, down: Cost, step: f32| {
                let measured = (up.bits - down.bits) / (2.0 * step);
                assert!((slope - measured).abs() < 2e-2 * measured.abs().max(0.05), "{slope} {measured} at {mean} {scale} {target} {width}");
            };
            let step = 0.02 * scale.exp2();
            near(cost.mean, at(mean + step, scale, logits, scales), at(mean - step, scale, logits, scales), step);
            near(cost.scale, at(mean, scale + 0.02, logits, scales), at(mean, scale - 0.02, logits, scales), 0.02);
            for k in 0..3 {
                let moved = |values: [f32; 3], by: f32| std::array::from_fn(|i| values[i] + if i == k { by } else { 0.0 });
                near(cost.weights[k], at(mean, scale, moved(logits, 0.02), scales), at(mean, scale, moved(logits, -0.02), scales), 0.02);
                near(cost.log_scales[k], at(mean, scale, logits, moved(scales, 0.02)), at(mean, scale, logits, moved(scales, -0.02)), 0.02);
            }
        }
    }
}
