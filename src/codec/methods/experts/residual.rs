//! A residual as decisions (docs/format.md, "Decisions"), each foreseen by what every expert says of it and by contexts.

use super::functions::Functions;
use super::mixer::{END, Mixer};
use super::{EXPERTS, MAIN};
use crate::codec::entropy::decisions::{HALVES, LARGEST, MAGNITUDES, OCTAVES, SIGN, SINGLE, ZERO};
use crate::codec::entropy::{Coder, Excess};

/// Opinions: the experts', and that of the main one with heavy tails.
pub(super) const OPINIONS: usize = EXPERTS + 1;
/// Contexts of a residual, and sets of weights that are asked about it.
pub(super) const CONTEXTS: usize = 2;
pub(super) const SETS: usize = 4;
/// With a constant.
const INPUTS: usize = OPINIONS + CONTEXTS + 1;
const CONSTANT: f64 = 0.3;
/// What opinions count for at first: those of the experts but the main one together, that, the one with heavy tails, contexts.
const OTHERS: f64 = 0.48;
const MAIN_FIRST: f64 = 0.32;
const HEAVY_FIRST: f64 = 0.2;
const CONTEXT_FIRST: f64 = 0.1;

/// The decisions of the network method, and one more: the upper half of what is split off.
const LOW: usize = crate::network::spec::DECISIONS;
const DECISIONS: usize = LOW + 1;

/// Least probability that a logarithm is taken of.
const LEAST: f64 = 1e-18;
/// How fast contexts learn: this over the number of decisions seen and the second, of which at most the third count; and the least variance.
const CONTEXT_RATE: f64 = 0.5;
const CONTEXT_START: f64 = 2.0;
const CONTEXT_MOST: f64 = 120.0;
const LEAST_VARIANCE: f64 = 0.05;

/// What is foreseen of a residual, in quanta.
#[derive(Debug)]
pub(super) struct Outlook {
    /// Where each opinion has its middle, and by what distances from it are multiplied.
    pub(super) middles: [f64; OPINIONS],
    pub(super) sharpness: [f64; OPINIONS],
    /// Numbers of the contexts, and of the sets of weights.
    pub(super) contexts: [usize; CONTEXTS],
    pub(super) sets: [usize; SETS],
    /// Low bits that are split off.
    pub(super) split: u32,
}

/// By how much the main expert errs in a context, as a logit, and how often that was seen.
#[derive(Debug, Clone, Copy, Default)]
struct Bias {
    logit: f64,
    seen: f64,
}

/// A number for each opinion.
type Each = [f64; OPINIONS];

/// Learned state of the residuals of a chunk.
#[derive(Debug)]
pub(super) struct Residuals {
    functions: Functions,
    biases: Vec<[Bias; DECISIONS]>,
    mixer: Mixer<INPUTS, SETS>,
    excess: Excess,
}

impl Residuals {
    pub(super) fn new(contexts: usize, sets: usize) -> Self {
        let first = |i: usize| match i {
            MAIN => MAIN_FIRST,
            EXPERTS => HEAVY_FIRST,
            0..EXPERTS => OTHERS / MAIN as f64,
            OPINIONS.. => {
                if i < INPUTS - 1 {
                    CONTEXT_FIRST
                } else {
                    0.0
                }
            }
        };
        Self {
            functions: Functions::new(),
            biases: vec![[Bias::default(); DECISIONS]; contexts],
            mixer: Mixer::new(sets * DECISIONS, core::array::from_fn(first)),
            excess: Excess::default(),
        }
    }

    pub(super) const fn functions(&self) -> &Functions {
        &self.functions
    }

    /// Codes a residual: what is left without its lowest bits, then those.
    pub(super) fn code<C: Coder>(&mut self, coder: &mut C, outlook: &Outlook, residual: i32) -> i32 {
        let split = outlook.split;
        let half = 1i32 << split >> 1;
        let shifted = residual.wrapping_add(half);
        let high = self.code_high(coder, outlook, shifted >> split);
        let low = if split == 0 { 0 } else { self.code_low(coder, outlook, high, shifted as u32 & ((1 << split) - 1)) };
        (high << split).wrapping_sub(half).wrapping_add(low as i32)
    }

    /// Zero, sign, magnitude.
    fn code_high<C: Coder>(&mut self, coder: &mut C, outlook: &Outlook, high: i32) -> i32 {
        let (above, below) = (outlook.beyond(&self.functions, outlook.edge(1), 1.0), outlook.beyond(&self.functions, outlook.edge(0), -1.0));
        let outside = both(&above, &below, |above, below| above + below);
        let zero = self.odds(&outside.map(|outside| 1.0 - outside), &outside);
        if self.decide(coder, outlook, ZERO, &zero, high == 0) {
            return 0;
        }
        let sign = self.odds(&below, &above);
        let negative = self.decide(coder, outlook, SIGN, &sign, high < 0);
        let [positives, negatives] = MAGNITUDES;
        let side = if negative { Side { outlook, sign: -1.0, first: negatives } } else { Side { outlook, sign: 1.0, first: positives } };
        let magnitude = self.code_magnitude(coder, &side, if negative { below } else { above }, high.unsigned_abs()) as i32;
        if negative { magnitude.wrapping_neg() } else { magnitude }
    }

    /// Codes a magnitude from 1, beyond whose start lies `left`: one by one, then octave by octave, whose first bit is a decision and the others plain.
    fn code_magnitude<C: Coder>(&mut self, coder: &mut C, side: &Side, mut left: Each, wanted: u32) -> u32 {
        let beyond = wanted.saturating_sub(SINGLE + 1);
        let octave = (beyond / 2 + 1).ilog2();
        let class = if wanted <= SINGLE { wanted - wanted.min(1) } else { SINGLE + octave.min(OCTAVES) };
        let mut coded = 0;
        while coded < SINGLE + OCTAVES {
            let end = if coded < SINGLE { coded + 2 } else { SINGLE + (4 << (coded - SINGLE)) - 1 };
            let next = side.beyond(&self.functions, end);
            let stop = self.odds(&less(&left, &next), &next);
            if self.decide(coder, side.outlook, side.first + coded as usize, &stop, class == coded) {
                break;
            }
            left = next;
            coded += 1;
        }
        match coded.checked_sub(SINGLE) {
            None => coded + 1,
            Some(OCTAVES..) => self.excess.code(coder, wanted.saturating_sub(LARGEST)).wrapping_add(LARGEST),
            Some(octave) => {
                let start = (2 << octave) - 2;
                let rest = beyond.wrapping_sub(start);
                let [middle, end] = [1, 2].map(|halves| side.beyond(&self.functions, SINGLE + 1 + start + (halves << octave)));
                let upper = self.odds(&less(&middle, &end), &less(&left, &middle));
                let half = self.decide(coder, side.outlook, HALVES + (octave as usize).min(3), &upper, rest >> octave & 1 == 1);
                let plain = coder.bits(octave, u64::from(rest & ((1 << octave) - 1))) as u32;
                SINGLE + 1 + start + (u32::from(half) << octave | plain)
            }
        }
    }

    /// Codes the low bits of a residual: the highest of them is a decision, the others plain.
    fn code_low<C: Coder>(&mut self, coder: &mut C, outlook: &Outlook, high: i32, low: u32) -> u32 {
        let rest = outlook.split - 1;
        let start = outlook.edge(high);
        let away = if start >= 0.0 { 1.0 } else { -1.0 };
        let step = f64::from(1u32 << rest);
        let [near, middle, far] = [start, start + step, start + 2.0 * step].map(|edge| outlook.beyond(&self.functions, edge, away));
        let (lower, upper) = (both(&near, &middle, |a, b| (a - b) * away), both(&middle, &far, |a, b| (a - b) * away));
        let upper = self.odds(&upper, &lower);
        let top = self.decide(coder, outlook, LOW, &upper, low >> rest == 1);
        u32::from(top) << rest | coder.bits(rest, u64::from(low & ((1 << rest) - 1))) as u32
    }

    /// Logits of what has the first probability to what has the second.
    fn odds(&self, yes: &Each, no: &Each) -> Each {
        both(yes, no, |yes, no| (self.functions.ln(yes.max(LEAST)) - self.functions.ln(no.max(LEAST))).clamp(-END, END))
    }

    /// Codes a decision of which the opinions are known, and learns from it.
    fn decide<C: Coder>(&mut self, coder: &mut C, outlook: &Outlook, decision: usize, opinions: &Each, bit: bool) -> bool {
        let Self { functions, biases, mixer, .. } = self;
        let mut inputs = [CONSTANT; INPUTS];
        let (first, others) = inputs.split_at_mut(OPINIONS);
        first.copy_from_slice(opinions);
        for (input, context) in others.iter_mut().zip(outlook.contexts) {
            *input = biases.get(context).and_then(|b| b.get(decision)).map_or(0.0, |bias| bias.logit);
        }
        let sets = outlook.sets.map(|set| set * DECISIONS + decision);
        let sums = mixer.sums(&sets, &inputs);
        let probability = functions.logistic(sums.iter().fold(0.0, |sum, s| sum + s) / SETS as f64);
        let bit = coder.bit(((probability * 32768.0) as u32).clamp(1, (1 << 15) - 1), bit);
        let seen = f64::from(u8::from(bit));
        mixer.learn(functions, &sets, &inputs, &sums, seen);
        let [.., main, _] = opinions;
        for context in outlook.contexts {
            if let Some(bias) = biases.get_mut(context).and_then(|b| b.get_mut(decision)) {
                bias.learn(functions.logistic(main + bias.logit), seen);
            }
        }
        bit
    }
}

impl Bias {
    /// Learns that what had that probability was `bit`, 0 or 1.
    fn learn(&mut self, probability: f64, bit: f64) {
        let variance = (probability * (1.0 - probability)).max(LEAST_VARIANCE);
        self.logit += (bit - probability) * CONTEXT_RATE / ((self.seen + CONTEXT_START) * variance);
        self.seen = (self.seen + 1.0).min(CONTEXT_MOST);
    }
}

impl Outlook {
    /// Where the residuals begin that are `high` without their low bits.
    fn edge(&self, high: i32) -> f64 {
        f64::from(high) * f64::from(1u32 << self.split) - f64::from(1u32 << self.split >> 1) - 0.5
    }

    /// How likely each opinion has it that the residual lies beyond an edge: above it where `away` is 1, below where it is −1.
    fn beyond(&self, functions: &Functions, edge: f64, away: f64) -> Each {
        let mut distances = both(&self.middles, &self.sharpness, |middle, sharpness| (middle - edge) * sharpness * away);
        let [experts @ .., heavy] = &mut distances;
        experts.iter_mut().for_each(|expert| *expert = functions.logistic(*expert));
        let distance = 1.0 + heavy.abs();
        let tail = 0.5 / (distance * distance);
        *heavy = if *heavy > 0.0 { 1.0 - tail } else { tail };
        distances
    }
}

/// The residuals above or below zero.
struct Side<'a> {
    outlook: &'a Outlook,
    sign: f64,
    /// The decision about magnitude 1.
    first: usize,
}

impl Side<'_> {
    /// How likely each opinion has it that the magnitude is that or more.
    fn beyond(&self, functions: &Functions, magnitude: u32) -> Each {
        let magnitude = magnitude as i32;
        let edge = self.outlook.edge(if self.sign < 0.0 { 1 - magnitude } else { magnitude });
        self.outlook.beyond(functions, edge, self.sign)
    }
}

#[inline]
fn both(a: &Each, b: &Each, of: impl Fn(f64, f64) -> f64) -> Each {
    let mut each = [0.0; OPINIONS];
    each.iter_mut().zip(a).zip(b).for_each(|((each, a), b)| *each = of(*a, *b));
    each
}

#[inline]
fn less(a: &Each, b: &Each) -> Each {
    both(a, b, |a, b| a - b)
}
