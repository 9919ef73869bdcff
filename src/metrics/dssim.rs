//! Data SSIM: the structural similarity index, for floating-point data.
//!
//! A. H. Baker, A. Pinard, D. M. Hammerling, "DSSIM: a structural similarity index for floating-point data", arXiv:2202.02616 (2022).

use std::collections::VecDeque;

/// Points of a window along either side.
const WINDOW: usize = 11;
/// Standard deviation of the Gaussian weights in points.
const SIGMA: f64 = 1.5;
/// Both C₁ and C₂.
const STABILISER: f64 = 1e-8;
/// Both planes are rounded to multiples of 1 / this.
const LEVELS: f64 = 255.0;

/// Mean similarity of two planes of `columns` columns over all windows without a NaN; both planes have NaN at the same points. `None` when
/// there is no such window. (ldcpy skips windows whose centre is missing, and averages over what the others hold.)
pub(super) fn dssim(x: &[f64], y: &[f64], columns: usize) -> Option<f64> {
    let windows_across = (columns + 1).checked_sub(WINDOW).filter(|n| *n > 0 && x.len() >= WINDOW * columns)?;
    let (low, high) = x.iter().chain(y).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    let range = if high > low { high - low } else { 1.0 };
    if range.is_infinite() {
        return None;
    }
    let level = |v: &f64| ((v - low) / range * LEVELS).round_ties_even() / LEVELS;
    let weights = gaussian();

    // The last eleven rows, each averaged across: of x, of y, of x² + y² and of xy, one after the other.
    let mut rows: VecDeque<Vec<f64>> = VecDeque::with_capacity(WINDOW);
    let (mut sum, mut count) = (0.0, 0_u64);
    for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact(columns)) {
        let (x, y): (Vec<f64>, Vec<f64>) = (x.iter().map(level).collect(), y.iter().map(level).collect());
        let squares: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x * x + y * y).collect();
        let products: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x * y).collect();
        let mut row = Vec::with_capacity(4 * windows_across);
        for values in [x, y, squares, products] {
            row.extend(values.array_windows().map(|window| weighted(window, &weights)));
        }
        rows.push_back(row);
        if rows.len() < WINDOW {
            continue;
        }
        let mut means = vec![0.0; 4 * windows_across];
        for (row, weight) in rows.iter().zip(weights) {
            means.iter_mut().zip(row).for_each(|(mean, v)| *mean += weight * v);
        }
        rows.pop_front();
        let (first, second) = means.split_at(2 * windows_across);
        let ((x, y), (squares, products)) = (first.split_at(windows_across), second.split_at(windows_across));
        for (((x, y), squares), products) in x.iter().zip(y).zip(squares).zip(products) {
            let similarity = similarity(*x, *y, *squares, *products);
            if !similarity.is_nan() {
                sum += similarity;
                count += 1;
            }
        }
    }
    (count > 0).then(|| sum / count as f64)
}

/// SSIM of a window, from its means of x, of y, of x² + y² and of xy.
fn similarity(x: f64, y: f64, squares: f64, products: f64) -> f64 {
    let (xy, both) = (x * y, x * x + y * y);
    (2.0 * xy + STABILISER) / (both + STABILISER) * (2.0 * (products - xy) + STABILISER) / (squares - both + STABILISER)
}

fn weighted(values: &[f64; WINDOW], weights: &[f64; WINDOW]) -> f64 {
    values.iter().zip(weights).map(|(v, w)| v * w).sum()
}

/// Weights that sum to 1; those of a window are the products of two.
fn gaussian() -> [f64; WINDOW] {
    let half = (WINDOW / 2) as f64;
    let bell: [f64; WINDOW] = std::array::from_fn(|i| (-(i as f64 - half).powi(2) / (2.0 * SIGMA * SIGMA)).exp());
    let sum: f64 = bell.iter().sum();
    bell.map(|w| w / sum)
}
