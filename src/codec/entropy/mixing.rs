//! Binary decisions, each foreseen by several contexts at once (docs/format.md, "Mixing").
//!
//! Every context has a slot that learned how likely a one is. The slots' logits are summed with weights that learn which contexts to believe.
//! Two such sums, with weights picked by different circumstances, are averaged. Slower than a table, and closer where data has texture.

use super::Coder;
use crate::network::spec::DECISIONS;

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
/// What a context has to say at first where the first one leads.
const FOLLOWER_WEIGHT: i32 = 5500;
/// Observations that a prior stands for.
const PRIOR_OBSERVATIONS: u32 = 60;
/// Steps of a logit that a prior is written in.
const PRIOR_STEP: i32 = 24;
/// Weights stay within ± this.
const WEIGHT_LIMIT: i32 = (1 << 19) - 1;
/// Observations after which a slot learns no slower.
const SLOWEST: u32 = 120;
/// How slowly weights learn, and where the first context leads.
const SHIFT: u32 = 14;
const LED_SHIFT: u32 = 13;

/// Where the contexts of a sample have their slots, and which weights are used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contexts<const N: usize, const W: usize> {
    /// Numbers of the contexts.
    pub(crate) slots: [usize; N],
    /// Numbers of the circumstances that pick weights.
    pub(crate) weights: [usize; W],
}

/// Learned state of all decisions of a chunk, each foreseen by `N` contexts that are weighed in `W` ways.
#[derive(Debug)]
pub(crate) struct Mixing<const N: usize, const W: usize> {
    logistic: Logistic,
    slots: Vec<[Slot; DECISIONS]>,
    weights: Vec<[Weights<N>; DECISIONS]>,
    /// How fast a slot learns after so many observations.
    rates: [i32; COUNTS],
    /// Set where the first context leads: the others say how far they are from it, and this is how much of that counts after so many observations, in
    /// 1/256.
    confidence: Option<[i32; COUNTS]>,
    /// How often each decision of the first contexts was zero and one; counted only for as many contexts as there are.
    #[cfg(feature = "training")]
    pub(crate) counts: Vec<[[u32; 2]; DECISIONS]>,
}

/// Probability of a one in 1/2^16 in the high half, observations in the low half.
type Slot = u32;

/// Room in a table by observations: more than [`SLOWEST`], and a power of two.
const COUNTS: usize = 128;

/// A slot that knows nothing.
const UNDECIDED: Slot = 1 << 31;

#[inline]
fn by_observations(table: &[i32; COUNTS], slot: Slot) -> i32 {
    table.get(slot as usize % COUNTS).copied().unwrap_or(0)
}

/// How much each context is believed, and a constant.
#[derive(Debug, Clone, Copy)]
struct Weights<const N: usize> {
    contexts: [i32; N],
    constant: i32,
}

impl<const N: usize, const W: usize> Mixing<N, W> {
    /// Room for `contexts` contexts and `circumstances` sets of weights, with [`DECISIONS`] decisions each. All contexts start undecided.
    pub(crate) fn new(contexts: usize, circumstances: usize) -> Self {
        Self::start(contexts, circumstances, Weights { contexts: [FIRST_WEIGHT; N], constant: FIRST_WEIGHT }, None)
    }

    /// As [`Self::new`], but the first context of a decision leads: it knows its `priors` already, the others start from what it says, and what counts of
    /// them is how far they have come from it.
    pub(crate) fn led(contexts: usize, circumstances: usize, priors: &[[u8; DECISIONS]]) -> Self {
        let confidence = core::array::from_fn(|n| (256 * n as i32) / (n as i32 + 1));
        let weights = Weights { contexts: core::array::from_fn(|i| if i == 0 { 1 << 16 } else { FOLLOWER_WEIGHT }), constant: 0 };
        let mut mixing = Self::start(contexts, circumstances, weights, Some(confidence));
        for (slots, priors) in mixing.slots.iter_mut().zip(priors) {
            slots.iter_mut().zip(priors).for_each(|(slot, prior)| *slot = mixing.logistic.slot(*prior));
        }
        mixing
    }

    // Not inlined: with weights that the compiler knows it writes every store out, 100 kB of WASM.
    #[inline(never)]
    fn start(contexts: usize, circumstances: usize, weights: Weights<N>, confidence: Option<[i32; COUNTS]>) -> Self {
        // About 1 / (observations + 1.6), or + 2.5, in 1/2^15.
        let offset = if confidence.is_some() { 25 } else { 16 };
        Self {
            logistic: Logistic::new(),
            slots: vec![[UNDECIDED; DECISIONS]; contexts],
            weights: vec![[weights; DECISIONS]; circumstances],
            rates: core::array::from_fn(|n| 327_680 / (10 * n as i32 + offset)),
            confidence,
            #[cfg(feature = "training")]
            counts: Vec::new(),
        }
    }

    /// Codes one decision and learns from it.
    #[inline]
    pub(crate) fn code<C: Coder>(&mut self, coder: &mut C, contexts: &Contexts<N, W>, decision: usize, bit: bool) -> bool {
        // Says to the compiler what is so anyway.
        let decision = decision % DECISIONS;
        let slots = contexts.slots.map(|s| self.slots.get(s).and_then(|s| s.get(decision)).copied().unwrap_or(UNDECIDED));
        let logits = self.logits(slots);
        let sums = contexts.weights.map(|w| self.weights.get(w).and_then(|w| w.get(decision)).map_or(0, |w| w.sum(&logits)));
        let mean = sums.iter().sum::<i32>() >> W.ilog2();
        let expected = self.logistic.probability(mean);
        let bit = coder.bit((expected >> 1).clamp(1, (1 << 15) - 1) as u32, bit);
        #[cfg(feature = "training")]
        self.count(contexts, decision, bit);
        let seen = if bit { 0xFFFF } else { 0 };
        let shift = if self.confidence.is_some() { LED_SHIFT } else { SHIFT };
        for (circumstance, sum) in contexts.weights.into_iter().zip(sums) {
            let error = (seen - if W == 1 { expected } else { self.logistic.probability(sum) }) >> 1;
            if let Some(weights) = self.weights.get_mut(circumstance).and_then(|w| w.get_mut(decision)) {
                weights.learn(&logits, error, shift);
            }
        }
        self.learn(contexts, decision, slots, seen);
        bit
    }

    /// What the contexts of a decision say.
    #[inline(always)]
    fn logits(&self, slots: [Slot; N]) -> [i32; N] {
        let mut logits = slots.map(|slot| self.logistic.logit(slot >> 16));
        if let (Some(confidence), [first, others @ ..], [_, slots @ ..]) = (&self.confidence, &mut logits[..], &slots[..]) {
            for (logit, slot) in others.iter_mut().zip(slots) {
                let away = (*logit - *first).clamp(-LOGIT_END, LOGIT_END - 1);
                *logit = (away * by_observations(confidence, *slot)) >> 8;
            }
        }
        logits
    }

    /// Moves what the contexts believe towards what was `seen`. One that is led and has seen nothing yet starts from its leader.
    #[inline(always)]
    fn learn(&mut self, contexts: &Contexts<N, W>, decision: usize, slots: [Slot; N], seen: i32) {
        let leader = if self.confidence.is_some() { slots.first().copied().unwrap_or(UNDECIDED) } else { UNDECIDED };
        for (at, slot) in contexts.slots.into_iter().zip(slots) {
            let n = slot & 0xFFFF;
            let p = (if n == 0 { leader } else { slot } >> 16) as i32;
            let p = (p + (((seen - p) * by_observations(&self.rates, slot)) >> 15)).clamp(16, 0xFFFF - 16);
            if let Some(slot) = self.slots.get_mut(at).and_then(|s| s.get_mut(decision)) {
                *slot = (p as u32) << 16 | (n + 1).min(SLOWEST);
            }
        }
    }

    #[cfg(feature = "training")]
    fn count(&mut self, contexts: &Contexts<N, W>, decision: usize, bit: bool) {
        let counts = contexts.slots.first().and_then(|s| self.counts.get_mut(*s)).and_then(|c| c.get_mut(decision));
        if let Some(count) = counts.and_then(|c| c.get_mut(usize::from(bit))) {
            *count += 1;
        }
    }
}

impl<const N: usize> Weights<N> {
    /// Weighted sum of logits, itself a logit.
    #[inline]
    fn sum(&self, logits: &[i32; N]) -> i32 {
        let constant = (self.constant * BIAS) >> 8;
        let sum = self.contexts.iter().zip(logits).fold(constant, |sum, (w, l)| sum + ((w * l) >> 8));
        (sum >> 8).clamp(-LOGIT_END, LOGIT_END - 1)
    }

    #[inline]
    fn learn(&mut self, logits: &[i32; N], error: i32, shift: u32) {
        let half = 1 << (shift - 1);
        let step = |weight: &mut i32, logit: i32| *weight = (*weight + ((logit * error + half) >> shift)).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT);
        self.contexts.iter_mut().zip(logits).for_each(|(weight, logit)| step(weight, *logit));
        step(&mut self.constant, BIAS);
    }
}

/// Probability <-> logit.
#[derive(Debug)]
struct Logistic {
    probabilities: Box<[u16; 2 * LOGIT_END as usize]>,
    /// By the upper 12 bits of the probability.
    logits: Box<[i16; 1 << 12]>,
}

impl Logistic {
    fn new() -> Self {
        let knots = KNOTS.windows(2).map(|k| if let [a, b] = k { (u32::from(*a), u32::from(*b)) } else { (0, 0) });
        let mut probabilities = Box::new([0; 2 * LOGIT_END as usize]);
        let values = knots.flat_map(|(a, b)| (0..128).map(move |f| ((a * (128 - f) + b * f) >> 7).clamp(2, 65_534) as u16));
        probabilities.iter_mut().zip(values).for_each(|(to, value)| *to = value);
        let first = |p: u16| probabilities.partition_point(|q| *q < p).min(2 * LOGIT_END as usize - 1);
        let mut logits = Box::new([0; 1 << 12]);
        logits.iter_mut().zip(0..).for_each(|(logit, i)| *logit = first(i * 16 + 8) as i16 - LOGIT_END as i16);
        Self { logits, probabilities }
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

    /// The slot of a prior: 0 is undecided, otherwise a logit around 128.
    fn slot(&self, prior: u8) -> Slot {
        let logit = (i32::from(prior) - 128) * PRIOR_STEP;
        if prior == 0 { 1 << 31 } else { (self.probability(logit) as u32) << 16 | PRIOR_OBSERVATIONS }
    }
}
