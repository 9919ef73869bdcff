//! How much each opinion counts in a decision.

use super::functions::Functions;
use super::regression::dot;

/// Sums lie within ± this.
pub(super) const END: f64 = 11.0;
/// How fast weights learn from the first decision, how fast that falls, and the slowest.
const FIRST_RATE: f64 = 0.02;
const FALL: f64 = 2.0;
const SLOWEST_RATE: f64 = 0.002;

/// Sets of weights of `N` opinions, of which `S` are asked at a time.
#[derive(Debug)]
pub(super) struct Mixer<const N: usize, const S: usize> {
    sets: Vec<Set<N>>,
}

#[derive(Debug, Clone, Copy)]
struct Set<const N: usize> {
    weights: [f64; N],
    seen: f64,
}

impl<const N: usize, const S: usize> Mixer<N, S> {
    pub(super) fn new(sets: usize, first: [f64; N]) -> Self {
        Self { sets: vec![Set { weights: first, seen: 0.0 }; sets] }
    }

    /// What each of the sets says, as a logit.
    #[inline]
    pub(super) fn sums(&self, sets: &[usize; S], opinions: &[f64; N]) -> [f64; S] {
        sets.map(|set| self.sets.get(set).map_or(0.0, |set| dot(&set.weights, opinions)).clamp(-END, END))
    }

    /// Lets each set that said one of `sums` learn that the decision was `bit`, 0 or 1.
    #[inline]
    pub(super) fn learn(&mut self, functions: &Functions, sets: &[usize; S], opinions: &[f64; N], sums: &[f64; S], bit: f64) {
        for (set, sum) in sets.iter().zip(sums) {
            let Some(set) = self.sets.get_mut(*set) else { continue };
            set.seen += 1.0;
            let rate = (FALL / (set.seen + FALL / FIRST_RATE)).max(SLOWEST_RATE);
            let step = (bit - functions.logistic(*sum)) * rate;
            set.weights.iter_mut().zip(opinions).for_each(|(weight, opinion)| *weight += step * opinion);
        }
    }
}
