//! Where samples come from.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

pub use deepcomp::training::{DIRECT, INPUTS};

/// Nets, one for each kind of pass: diagonal, horizontal, vertical.
pub const PASSES: usize = 3;

/// Samples of one pass, row-major.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Inputs of the network, integers within ±1023.
    pub inputs: Vec<f32>,
    /// Values of the direct tokens, integers within ±8191.
    pub values: Vec<f32>,
    /// What is to be predicted, less the base, in normalised units.
    pub target: Vec<f32>,
    /// Quantum in normalised units.
    pub width: Vec<f32>,
}

impl Batch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.target.len()
    }
}

/// Gives out samples without end.
pub trait Source: Send {
    /// The next samples of a pass.
    fn batch(&mut self, pass: usize, size: usize) -> Batch;
}

/// Neighbours that the fields below are seen through.
const OWN: usize = 24;

/// Samples of smooth random fields with noise: for tests and for measuring speed.
#[derive(Debug)]
pub struct Synthetic {
    random: StdRng,
    inputs: usize,
}

impl Synthetic {
    /// `inputs` channels; those beyond what the fields give are zero.
    pub fn new(seed: u64, inputs: usize) -> Self {
        Self { random: StdRng::seed_from_u64(seed), inputs }
    }

    fn sample(&mut self, pass: usize, batch: &mut Batch) {
        let offsets = offsets(pass);
        let quantum = self.random.random_range(0.0..8f32).exp2();
        let noise = self.random.random_range(0.0..3f32).exp2() / 16.0;
        let amplitude = 100.0 * self.random.random_range(-3.0..3f32).exp2();
        let waves: [[f32; 4]; 3] = std::array::from_fn(|_| {
            let (direction, number) = (self.random.random_range(0.0..6.3f32), self.random.random_range(0.1..0.9f32));
            [direction.cos() * number, direction.sin() * number, self.random.random_range(0.0..6.3f32), amplitude * self.random.random_range(0.1..1f32)]
        });
        let field = |y: f32, x: f32| waves.iter().map(|[ky, kx, phase, size]| size * (ky * y + kx * x + phase).sin()).sum::<f32>();
        let own: Vec<f32> = offsets.iter().map(|&(y, x)| field(y, x) + noise * self.normal()).collect();
        let base = own.iter().take(4).sum::<f32>() / 4.0;
        let spread: f32 = own.iter().take(16).map(|value| (value - base).abs()).sum::<f32>().max(1e-3);
        let unit = (spread / 1024.0).log2().floor().exp2();
        let normalised = |value: f32, most: f32| ((value - base) / unit).round().clamp(-most, most);
        let reference: Vec<f32> = (0..9).map(|i| field((i / 3) as f32 - 1.0, (i % 3) as f32 - 1.0) + 4.0 * noise * self.normal()).collect();
        let centre = reference.get(4).copied().unwrap_or(base);
        // The first of the nine is the one at the target.
        let nine = std::iter::once(centre).chain(reference.iter().take(4).copied()).chain(reference.iter().skip(5).copied());
        let scalars = [unit.log2() * 16.0, (quantum / unit).log2() * 16.0, pass as f32 * 64.0, 128.0];
        let channels = own.iter().map(|&value| normalised(value, 1023.0)).chain(nine.map(|value| normalised(value, 1023.0)));
        let channels = channels.chain([0.0; 9]).chain(scalars.map(|value| value.round().clamp(-1023.0, 1023.0)));
        batch.inputs.extend(channels.chain(std::iter::repeat(0.0)).take(self.inputs));
        batch.values.extend(own.iter().map(|&value| normalised(value, 8191.0)).take(DIRECT));
        batch.target.push((field(0.0, 0.0) + noise * self.normal() - base) / unit);
        batch.width.push(noise / unit);
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.random.random::<f32>()).sum::<f32>() - 6.0
    }
}

impl Source for Synthetic {
    fn batch(&mut self, pass: usize, size: usize) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..size {
            self.sample(pass, &mut batch);
        }
        batch
    }
}

/// Neighbours of a pass, the nearest four first: corners, or edges.
fn offsets(pass: usize) -> Vec<(f32, f32)> {
    let odd = |v: i32| v.rem_euclid(2) == 1;
    let mut offsets: Vec<(i32, i32)> =
        (-5..=5).flat_map(|y| (-5..=5).map(move |x| (y, x))).filter(|&(y, x)| if pass == 0 { odd(y) && odd(x) } else { odd(y + x) }).collect();
    offsets.sort_by_key(|&(y, x)| if pass == 2 { (y * y + x * x, x, y) } else { (y * y + x * x, y, x) });
    offsets.into_iter().take(OWN).map(|(y, x)| (y as f32, x as f32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_the_ranges_of_the_network() {
        for pass in 0..PASSES {
            let batch = Synthetic::new(1, 48).batch(pass, 200);
            assert_eq!((batch.inputs.len(), batch.values.len(), batch.width.len(), batch.len()), (200 * 48, 200 * DIRECT, 200, 200));
            assert!(batch.inputs.iter().all(|v| v.abs() <= 1023.0 && v.fract() == 0.0));
            assert!(batch.values.iter().all(|v| v.abs() <= 8191.0 && v.fract() == 0.0));
            assert!(batch.target.iter().chain(&batch.width).all(|v| v.is_finite()) && batch.width.iter().all(|&w| w > 0.0));
            let inner = batch.inputs.chunks(48).filter(|c| (1000.0..2060.0).contains(&c[..16].iter().map(|v| v.abs()).sum::<f32>())).count();
            assert!(inner > 195);
        }
    }
}
