//! Binary decisions, each foreseen by several contexts at once (docs/format.md, "Mixing").
//!
//! Every context has a slot that learned how likely a one is. The slots' logits are summed with weights that learn which contexts to believe.
//! Two such sums, with weights picked by different circumstances, are averaged. Slower than a table, and closer where data has texture.

use super::Coder;

/// Contexts of a decision.
pub(crate) const CONTEXTS: usize = 11;
/// What is summed: the logits of the contexts, and a constant.
const INPUTS: usize = CONTEXTS + 1;
/// Decisions that share a context, each with a slot of its own.
pub(crate) const DECISIONS: usize = 32;

/// Logits are in 1/256, from −`LOGIT_END` to below `LOGIT_END`.
const LOGIT_END: i32 = 3072;
/// The constant input.
const BIAS: i32 = 256;
/// 2^16 / (1 + exp(−x)) at x = −12, −11.5 … 12, cut to 16 bits.
const KNOTS: [u16; 49] = [
    0, 1, 1, 2, 3, 5, 8, 13, 22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565,
    62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514, 65523, 65528, 65531, 65533, 65534, 65535, 65535, 65535,
];
/// Weights are in 1/2^16; this is what each context has to say at first.
const FIRST_WEIGHT: i32 = 9830;
/// Weights stay within ± this.
const WEIGHT_LIMIT: i32 = (1 << 19) - 1;
/// Observations after which a slot learns no slower.
const SLOWEST: u32 = 120;

/// Where the contexts of a sample have their slots, and which weights are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contexts {
    /// Numbers of the contexts.
    pub(crate) slots: [usize; CONTEXTS],
    /// Numbers of the two circumstances that pick weights.
    pub(crate) weights: [usize; 2],
}

/// Learned state of all decisions of a chunk.
#[derive(Debug)]
pub(crate) struct Mixing {
    logistic: Logistic,
    /// Probability of a one in 1/2^16 in the high half, observations in the low half.
    slots: Vec<[u32; DECISIONS]>,
    weights: Vec<[[i32; INPUTS]; DECISIONS]>,
    rates: [i32; SLOWEST as usize + 1],
}

impl Mixing {
    /// Room for `contexts` contexts and `circumstances` sets of weights, with [`DECISIONS`] decisions each.
    pub(crate) fn new(contexts: usize, circumstances: usize) -> Self {
        Self {
            logistic: Logistic::new(),
            slots: vec![[1 << 31; DECISIONS]; contexts],
            weights: vec![[[FIRST_WEIGHT; INPUTS]; DECISIONS]; circumstances],
            // About 1 / (observations + 1.6), in 1/2^15.
            rates: core::array::from_fn(|n| 327_680 / (10 * n as i32 + 16)),
        }
    }

    /// Codes one decision and learns from it.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, contexts: &Contexts, decision: usize, bit: bool) -> bool {
        let mut logits = [BIAS; INPUTS];
        for (logit, slot) in logits.iter_mut().zip(contexts.slots) {
            *logit = self.logistic.logit(self.slots.get(slot).and_then(|s| s.get(decision)).map_or(1 << 15, |s| s >> 16));
        }
        let sums = contexts.weights.map(|w| self.weights.get(w).and_then(|w| w.get(decision)).map_or(0, |w| weighted(w, &logits)));
        let [a, b] = sums;
        let bit = coder.bit((self.logistic.probability((a + b) >> 1) >> 1).clamp(1, (1 << 15) - 1) as u32, bit);

        let seen = if bit { 0xFFFF } else { 0 };
        for (circumstance, sum) in contexts.weights.into_iter().zip(sums) {
            let error = (seen - self.logistic.probability(sum)) >> 1;
            if let Some(weights) = self.weights.get_mut(circumstance).and_then(|w| w.get_mut(decision)) {
                for (weight, logit) in weights.iter_mut().zip(logits) {
                    *weight = (*weight + ((logit * error + (1 << 13)) >> 14)).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT);
                }
            }
        }
        for slot in contexts.slots {
            if let Some(slot) = self.slots.get_mut(slot).and_then(|s| s.get_mut(decision)) {
                let (p, n) = ((*slot >> 16) as i32, *slot & 0xFFFF);
                let rate = self.rates.get(n as usize).copied().unwrap_or(0);
                let p = (p + (((seen - p) * rate) >> 15)).clamp(16, 0xFFFF - 16);
                *slot = (p as u32) << 16 | (n + 1).min(SLOWEST);
            }
        }
        bit
    }
}

/// Weighted sum of logits, itself a logit.
#[inline]
fn weighted(weights: &[i32; INPUTS], logits: &[i32; INPUTS]) -> i32 {
    let sum: i32 = weights.iter().zip(logits).map(|(w, l)| (w * l) >> 8).sum();
    (sum >> 8).clamp(-LOGIT_END, LOGIT_END - 1)
}

/// Probability <-> logit.
#[derive(Debug)]
struct Logistic {
    probabilities: Vec<u16>,
    /// By the upper 12 bits of the probability.
    logits: Vec<i16>,
}

impl Logistic {
    fn new() -> Self {
        let knots = KNOTS.windows(2).map(|k| if let [a, b] = k { (u32::from(*a), u32::from(*b)) } else { (0, 0) });
        let probabilities: Vec<u16> = knots.flat_map(|(a, b)| (0..128).map(move |f| ((a * (128 - f) + b * f) >> 7).clamp(2, 65_534) as u16)).collect();
        let first = |p: u16| probabilities.partition_point(|q| *q < p).min(2 * LOGIT_END as usize - 1);
        let logits = (0..4096u16).map(|i| first(i * 16 + 8) as i16 - LOGIT_END as i16).collect();
        Self { probabilities, logits }
    }

    /// Of a one, in 1/2^16.
    #[inline]
    fn probability(&self, logit: i32) -> i32 {
        self.probabilities.get((logit + LOGIT_END) as usize).map_or(1 << 15, |p| i32::from(*p))
    }

    #[inline]
    fn logit(&self, probability: u32) -> i32 {
        self.logits.get((probability >> 4) as usize).map_or(0, |l| i32::from(*l))
    }
}
