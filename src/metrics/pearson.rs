//! Pearson correlation.

/// Sums of squares and products about the means of pairs (x, y), where d is y − x. Sums over parts of an array add up to those of all of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    mean_x: f64,
    mean_y: f64,
    mean_d: f64,
    xx: f64,
    yy: f64,
    xy: f64,
    xd: f64,
    dd: f64,
}

impl Moments {
    /// Of two lists of the same length; two passes, so that a large mean costs no digits.
    pub(super) fn of(x: &[f64], y: &[f64]) -> Self {
        let pairs = || x.iter().zip(y).map(|(x, y)| (*x, *y, y - x));
        let count = x.len() as f64;
        let sums = pairs().fold((0.0, 0.0, 0.0), |(xs, ys, ds), (x, y, d)| (xs + x, ys + y, ds + d));
        let scale = if count > 0.0 { 1.0 / count } else { 0.0 };
        let means = Self { count, mean_x: sums.0 * scale, mean_y: sums.1 * scale, mean_d: sums.2 * scale, ..Self::default() };
        pairs().fold(means, |m, (x, y, d)| {
            let (x, y, d) = (x - m.mean_x, y - m.mean_y, d - m.mean_d);
            Self { xx: m.xx + x * x, yy: m.yy + y * y, xy: m.xy + x * y, xd: m.xd + x * d, dd: m.dd + d * d, ..m }
        })
    }

    /// Sums of both parts together (Chan, Golub and LeVeque 1983).
    pub(super) fn and(self, other: Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let (x, y, d) = (other.mean_x - self.mean_x, other.mean_y - self.mean_y, other.mean_d - self.mean_d);
        let share = other.count / count;
        let between = self.count * share;
        Self {
            count,
            mean_x: self.mean_x + x * share,
            mean_y: self.mean_y + y * share,
            mean_d: self.mean_d + d * share,
            xx: self.xx + other.xx + x * x * between,
            yy: self.yy + other.yy + y * y * between,
            xy: self.xy + other.xy + x * y * between,
            xd: self.xd + other.xd + x * d * between,
            dd: self.dd + other.dd + d * d * between,
        }
    }

    /// 1 − r, from the differences, so that no digits are lost where r is all but 1. 0 for equal lists; `None` when one of two different
    /// lists is constant, or without values.
    pub(super) fn one_minus_r(&self) -> Option<f64> {
        if self.count == 0.0 {
            return None;
        }
        if self.dd == 0.0 && self.mean_d == 0.0 {
            return Some(0.0);
        }
        // Means round, so a constant list varies a little about its own.
        let varies = |squares: f64, mean: f64| (squares / self.count).sqrt() > 1e-13 * mean.abs();
        if !varies(self.xx, self.mean_x) || !varies(self.yy, self.mean_y) {
            return None;
        }
        let one_minus_r = if 2.0 * self.dd < self.xx {
            let (slope, noise, spread) = (self.xd / self.xx, self.dd / self.xx, (self.yy / self.xx).sqrt());
            (noise - slope * slope) / (spread * (spread + 1.0 + slope))
        } else {
            1.0 - self.xy / (self.xx.sqrt() * self.yy.sqrt())
        };
        one_minus_r.is_finite().then(|| one_minus_r.clamp(0.0, 2.0))
    }
}
