//! Extrapolation by polynomials of all orders along rows and columns at once: what makes the difference of that order 0.

/// Differences of all orders below `N` along the rows (first) and along the columns.
type Differences<const N: usize> = [[i64; N]; N];

/// The differences of the values to the left and above, outside the plane all 0.
#[derive(Debug)]
pub(super) struct Polynomials<const N: usize> {
    above: Vec<Differences<N>>,
    left: Differences<N>,
}

impl<const N: usize> Polynomials<N> {
    pub(super) fn new(width: usize) -> Self {
        Self { above: vec![[[0; N]; N]; width], left: [[0; N]; N] }
    }

    pub(super) const fn begin_row(&mut self) {
        self.left = [[0; N]; N];
    }

    /// What each order foresees in this column; order 0 of both is 0.
    #[inline]
    pub(super) fn foresee(&self, column: usize) -> Differences<N> {
        let above = self.above.get(column).unwrap_or(&self.left);
        let mut foreseen = [[0i64; N]; N];
        let mut first = 0i64;
        for ((foreseen, above), left) in foreseen.iter_mut().zip(above).zip(&self.left) {
            let mut number = first;
            for (foreseen, left) in foreseen.iter_mut().zip(left) {
                *foreseen = number;
                number = number.wrapping_add(*left);
            }
            first = first.wrapping_add(above.first().copied().unwrap_or(0));
        }
        foreseen
    }

    /// Takes in the value of this column, of which that was foreseen.
    #[inline]
    pub(super) fn learn(&mut self, column: usize, foreseen: &Differences<N>, value: i64) {
        self.left = foreseen.map(|row| row.map(|f| value.wrapping_sub(f)));
        if let Some(above) = self.above.get_mut(column) {
            *above = self.left;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_order_foresees_the_polynomials_below_it() {
        let value = |y: i64, x: i64| 5 + 3 * y - 7 * x + 2 * y * x + x * x * y - x * x * x + (y * y) * (x * x);
        let mut polynomials = Polynomials::<5>::new(12);
        for y in 0..9 {
            polynomials.begin_row();
            for x in 0..12 {
                let foreseen = polynomials.foresee(x as usize);
                for (a, row) in foreseen.iter().enumerate() {
                    for (b, foreseen) in row.iter().enumerate() {
                        // Degree 2 along the rows' direction and 3 along the columns' are foreseen by an order above either.
                        if y >= a as i64 && x >= b as i64 && (a >= 3 || b >= 4) {
                            assert_eq!(*foreseen, value(y, x), "order {a}, {b} at {y}, {x}");
                        }
                    }
                }
                polynomials.learn(x as usize, &foreseen, value(y, x));
            }
        }
    }
}
