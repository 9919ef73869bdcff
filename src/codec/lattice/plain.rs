//! Integers that were unpacked to binary64 around an offset far from all values, which the values alone do not tell: one that is a plain number, or a value.

use super::fitted::REACH;
use super::rule::Lattice;

/// Numbers tried in an interval of possible steps.
const TRIED: usize = 64;

/// Values that seem to lie on offset + k · step, and how far the line may be off at either end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'a> {
    pub(super) examples: &'a [f64],
    pub(super) offset: f64,
    pub(super) step: f64,
    pub(super) slack: f64,
}

impl Plain<'_> {
    /// Offset and step that give all examples. An offset is a value (the packed zero may occur), or a plain number near the line.
    pub(super) fn solve(&self) -> Option<Lattice> {
        let mut offsets = (-REACH..=REACH).filter_map(|k| self.plain(k)).chain(self.examples.iter().copied());
        offsets.find_map(|offset| self.steps(offset).map(|step| Lattice::Scaled { offset, step }).find(|lattice| lattice.gives_back(self.examples)))
    }

    /// A number of six decimals, or of binary32, at `k` steps from the offset.
    fn plain(&self, k: i32) -> Option<f64> {
        let point = self.offset + f64::from(k) * self.step;
        let slack = self.slack * (1.0 + f64::from(k).abs() * self.step / self.span());
        [(point * 1e6).round() / 1e6, f64::from(point as f32)].into_iter().find(|plain| (plain - point).abs() <= slack)
    }

    fn span(&self) -> f64 {
        self.examples.last().zip(self.examples.first()).map_or(0.0, |(last, first)| last - first).max(self.step)
    }

    /// Steps that the rounding intervals of all examples allow, plain ones first.
    fn steps(&self, offset: f64) -> impl Iterator<Item = f64> {
        // Room for the rounding of the product and of the difference.
        const LOOSE: f64 = 1e-15;
        let (mut low, mut high) = (0.0f64, f64::INFINITY);
        for v in self.examples {
            let k = ((v - offset) / self.step).round();
            if k != 0.0 {
                let [a, b] = [v.next_down(), v.next_up()].map(|end| f64::midpoint(end - offset, v - offset) / k);
                (low, high) = (low.max(a.min(b) * (1.0 - LOOSE)), high.min(a.max(b) * (1.0 + LOOSE)));
            }
            if low > high {
                break;
            }
        }
        let middle = f64::midpoint(low, high);
        let powers = core::iter::successors(Some(10.0), |p| Some(p * 10.0)).take(16);
        let decimals = powers.map(move |p| (middle * p).round() / p).find(move |s| low <= *s && *s <= high);
        let all = core::iter::successors(Some(low), |s| Some(s.next_up())).take(TRIED);
        decimals.into_iter().chain([f64::from(middle as f32)]).chain(all).filter(move |s| low <= *s && *s <= high)
    }
}
