//! All lines offset + k · step that could have made some rounded values: a convex polygon.

/// A point (a, b) stands for the line that lies a above the first one at the middle of the coordinates, and b more at the last coordinate.
#[derive(Debug)]
pub(super) struct Lines {
    first: (f64, f64),
    /// Coordinate at the middle, and its distance from the ends.
    centre: f64,
    reach: f64,
    /// Whether only lines are taken that give 0 for coordinate 0.
    through_zero: bool,
    corners: Vec<[f64; 2]>,
    /// Offset and step of the line in the middle of the polygon.
    pub(super) middle: (f64, f64),
}

impl Lines {
    /// All lines that lie within `margin` or so of one between two coordinates.
    pub(super) fn new(offset: f64, step: f64, ends: [f64; 2], margin: f64, through_zero: bool) -> Self {
        let [low, high] = ends;
        let (centre, reach) = ((low + high) / 2.0, ((high - low) / 2.0).max(1.0));
        let fixed = centre / reach * margin;
        let corners = if through_zero {
            vec![[-fixed, -margin], [fixed, margin]]
        } else {
            vec![[-margin, -margin], [margin, -margin], [margin, margin], [-margin, margin]]
        };
        Self { first: (offset, step), centre, reach, through_zero, corners, middle: (offset, step) }
    }

    /// Keeps the lines that pass through the interval at coordinate `k`; false, and nothing changes, when there are none.
    pub(super) fn cut(&mut self, k: f64, interval: [f64; 2]) -> bool {
        let (offset, step) = self.first;
        let lever = (k - self.centre) / self.reach;
        let [low, high] = interval.map(|end| end - (offset + k * step));
        let height = |[a, b]: [f64; 2]| a + lever * b;
        let corners = clip(&clip(&self.corners, |p| height(p) - low), |p| high - height(p));
        if corners.is_empty() {
            return false;
        }
        let count = corners.len() as f64;
        let [a, b] = corners.iter().fold([0.0; 2], |[a, b], [c, d]| [a + c, b + d]).map(|sum| sum / count);
        let step = step + b / self.reach;
        self.middle = (if self.through_zero { offset } else { offset + (a - b * self.centre / self.reach) }, step);
        self.corners = corners;
        true
    }

    /// The least and the largest step of a line.
    pub(super) fn steps(&self) -> [f64; 2] {
        ends(self.corners.iter().map(|[_, b]| self.first.1 + b / self.reach))
    }

    /// Where the lines are at coordinate `k`.
    pub(super) fn heights(&self, k: f64) -> [f64; 2] {
        let lever = (k - self.centre) / self.reach;
        ends(self.corners.iter().map(|[a, b]| self.first.0 + k * self.first.1 + (a + lever * b)))
    }
}

fn ends(numbers: impl Iterator<Item = f64>) -> [f64; 2] {
    numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], n| [low.min(n), high.max(n)])
}

/// The part of a convex polygon where `inside` is not negative.
fn clip(corners: &[[f64; 2]], inside: impl Fn([f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::with_capacity(corners.len() + 1);
    let Some(mut from) = corners.last().copied() else { return kept };
    for &to in corners {
        let (before, here) = (inside(from), inside(to));
        if (before < 0.0) != (here < 0.0) {
            let share = before / (before - here);
            kept.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
        }
        if here >= 0.0 {
            kept.push(to);
        }
        from = to;
    }
    kept
}
