//! How far training is, and the learning rate that follows from it.

use std::f64::consts::PI;

/// What ends training.
#[derive(Debug, Clone, Copy)]
pub enum Length {
    /// A number of steps: repeatable.
    Steps(usize),
    /// A time in seconds: the schedule stretches to the speed of the machine.
    Seconds(f64),
}

impl Length {
    /// From 0 at the start to 1 at the end.
    pub fn progress(self, steps: usize, seconds: f64) -> f64 {
        let progress = match self {
            Self::Steps(all) => steps as f64 / all.max(1) as f64,
            Self::Seconds(all) => seconds / all.max(1e-9),
        };
        progress.clamp(0.0, 1.0)
    }
}

/// Part of training in which the rate rises.
const WARM_UP: f64 = 0.01;
/// Steps in which the rate rises at least, so that Adam's moments settle first.
const WARM_UP_STEPS: f64 = 100.0;
/// Rate at the end, as a part of the largest.
const LAST: f64 = 0.01;

/// Learning rate as a part of the largest: a short rise, then half a cosine.
pub fn rate(progress: f64, steps: usize) -> f64 {
    let rise = (progress / WARM_UP).min(1.0).min((steps + 1) as f64 / WARM_UP_STEPS);
    rise * (LAST + (1.0 - LAST) * 0.5 * (1.0 + (PI * progress).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_then_falls() {
        assert!(rate(0.0, 0) < 0.02);
        assert!((rate(0.011, 1000) - 1.0).abs() < 0.01);
        assert!((rate(1.0, 10_000) - LAST).abs() < 1e-9);
        assert_eq!(Length::Steps(10).progress(5, 99.0), 0.5);
        assert_eq!(Length::Seconds(10.0).progress(5, 99.0), 1.0);
    }
}
