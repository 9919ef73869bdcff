//! Least squares that forgets (docs/format.md, "Regressions").

/// Most regressors.
pub(super) const MOST: usize = 36;
/// Added to the squares of each regressor: so many samples' worth of noise, and this share of its own.
const RIDGE: f64 = 3.0;
const RIDGE_SHARE: f64 = 1e-4;
/// Samples after which weights are fitted again.
const INTERVAL: u32 = 6;
/// What new samples count for grows up to this; then all is made smaller.
const MOST_GROWTH: f64 = 1e6;
/// Weights beyond this are not taken, nor is a pivot below the other.
const WEIGHT_END: f64 = 1e6;
const SMALLEST_PIVOT: f64 = 1e-30;

/// Regressors of a sample; those beyond the number of a regression are 0.
pub(super) type Regressors = [f64; MOST];

#[derive(Debug, Clone)]
pub(super) struct Regression {
    /// Sums of products, above the diagonal.
    products: Vec<Regressors>,
    targets: Regressors,
    weights: Regressors,
    /// What a new sample counts for, and by how much that grows with each.
    growth: f64,
    faster: f64,
    seen: u32,
}

impl Regression {
    /// With so many regressors; what lies `memory` samples back counts a third.
    pub(super) fn new(regressors: usize, memory: f64) -> Self {
        let nothing = [0.0; MOST];
        Self { products: vec![nothing; regressors], targets: nothing, weights: nothing, growth: 1.0, faster: 1.0 / (1.0 - 1.0 / memory), seen: 0 }
    }

    /// How many regressors it has.
    pub(super) const fn regressors(&self) -> usize {
        self.products.len()
    }

    /// Lets all that was learned count for a share of what it did.
    pub(super) fn fade(&mut self, share: f64) {
        let factor = share / self.growth;
        self.products.iter_mut().flatten().chain(&mut self.targets).for_each(|sum| *sum *= factor);
        self.growth = 1.0;
    }

    #[inline]
    pub(super) fn predict(&self, x: &Regressors) -> f64 {
        dot(&self.weights, x)
    }

    /// Learns what a sample turned out to be.
    pub(super) fn learn(&mut self, x: &Regressors, target: f64, weight: f64) {
        let weight = weight * self.growth;
        for (i, ((row, sum), of)) in self.products.iter_mut().zip(&mut self.targets).zip(x).enumerate() {
            let factor = of * weight;
            let row = row.get_mut(i..).unwrap_or_default().iter_mut();
            row.zip(x.get(i..).unwrap_or_default()).for_each(|(product, x)| *product += factor * x);
            *sum += factor * target;
        }
        self.growth *= self.faster;
        if self.growth > MOST_GROWTH {
            self.fade(1.0);
        }
        self.seen = self.seen.wrapping_add(1);
        if self.seen.is_multiple_of(INTERVAL) {
            self.weights = self.fitted().unwrap_or(self.weights);
        }
    }

    /// The weights, by elimination; `None` where there are none that make sense.
    fn fitted(&self) -> Option<Regressors> {
        let mut rows = [[0.0; MOST + 1]; MOST];
        let rows = rows.get_mut(..self.products.len())?;
        for (i, ((row, products), target)) in rows.iter_mut().zip(&self.products).zip(&self.targets).enumerate() {
            row.iter_mut().zip(products).for_each(|(to, product)| *to = *product);
            *row.get_mut(i)? += RIDGE * self.growth + RIDGE_SHARE * products.get(i)?;
            *row.last_mut()? = *target;
        }
        let mut left = &mut *rows;
        let mut k = 0;
        while let Some((pivot_row, below)) = left.split_first_mut() {
            let pivot = *pivot_row.get(k)?;
            if pivot.is_nan() || pivot <= SMALLEST_PIVOT {
                return None;
            }
            let inverse = 1.0 / pivot;
            for (i, row) in below.iter_mut().enumerate() {
                let pivots = pivot_row.get(k + 1 + i..)?;
                let factor = pivots.first()? * inverse;
                row.get_mut(k + 1 + i..)?.iter_mut().zip(pivots).for_each(|(to, pivot)| *to -= factor * pivot);
            }
            (left, k) = (below, k + 1);
        }
        let mut weights = [0.0; MOST];
        for (k, row) in rows.iter().enumerate().rev() {
            let sum = row.iter().zip(&weights).skip(k + 1).fold(*row.last()?, |sum, (of, weight)| sum - of * weight);
            *weights.get_mut(k)? = sum / row.get(k)?;
        }
        weights.iter().all(|w| w.abs() < WEIGHT_END).then_some(weights)
    }
}

/// The sum of products: four sums of every fourth, then those.
#[inline]
pub(super) fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    let mut sums = [0.0; 4];
    for (a, b) in a.chunks(4).zip(b.chunks(4)) {
        sums.iter_mut().zip(a).zip(b).for_each(|((sum, a), b)| *sum += a * b);
    }
    let [a, b, c, d] = sums;
    (a + b) + (c + d)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_weights_that_made_the_samples() {
        let mut regression = Regression::new(3, 1000.0);
        let mut state = 1u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 16) / 65536.0 - 0.5
        };
        for _ in 0..5000 {
            let mut x = [0.0; MOST];
            x.iter_mut().take(3).for_each(|x| *x = 100.0 * random());
            let [a, b, c, ..] = x;
            regression.learn(&x, 0.5 * a - 0.25 * b + 2.0 * c, 1.0);
        }
        let [a, b, c, rest @ ..] = regression.weights;
        assert!((a - 0.5).abs() < 1e-2 && (b + 0.25).abs() < 1e-2 && (c - 2.0).abs() < 1e-2);
        assert!(rest.iter().all(|w| *w == 0.0));
    }
}
