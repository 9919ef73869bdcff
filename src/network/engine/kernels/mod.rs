//! One file per instruction set, each the same function: a group of outputs over a block.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

use super::{Block, Row};
use core::ops::RangeInclusive;

/// Outputs computed together, so that activations are loaded once for all of them.
pub(super) const GROUP: usize = 4;

/// Four outputs of a layer.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// Per pair of inputs, for each output, the two weights in one word as a block holds activations.
    pub(super) weights: Vec<[i32; GROUP]>,
    pub(super) biases: [i32; GROUP],
    pub(super) shifts: [u32; GROUP],
}

/// The range outputs are clamped to.
#[derive(Clone, Copy)]
pub(super) struct Clamp {
    low: i32,
    high: i32,
}

impl From<RangeInclusive<i32>> for Clamp {
    fn from(range: RangeInclusive<i32>) -> Self {
        Self { low: *range.start(), high: *range.end() }
    }
}

/// Which kernel computes. All give the same bits.
#[derive(Debug, Clone, Copy)]
pub struct Engine(Kernel);

#[derive(Debug, Clone, Copy)]
enum Kernel {
    Scalar,
    #[cfg(target_arch = "x86_64")]
    Avx2(fearless_simd::x86::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(fearless_simd::aarch64::Neon),
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    Simd128,
}

impl Engine {
    /// The fastest this processor has.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(token) = fearless_simd::Level::new().as_avx2() {
            return Self(Kernel::Avx2(token));
        }
        #[cfg(target_arch = "aarch64")]
        if let Some(token) = fearless_simd::Level::new().as_neon() {
            return Self(Kernel::Neon(token));
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self(Kernel::Simd128);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        Self::scalar()
    }

    /// Plain loops: the definition, and what processors without a kernel of their own use.
    #[must_use]
    pub const fn scalar() -> Self {
        Self(Kernel::Scalar)
    }

    /// The instruction set.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kernel::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon(_) => "neon",
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Kernel::Simd128 => "simd128",
        }
    }

    /// One group of outputs over the samples of a block that matter.
    pub(super) fn run(self, group: &Group, input: &Block, clamp: Clamp, out: &mut [Row; GROUP]) {
        match self.0 {
            Kernel::Scalar => scalar::run(group, input, clamp, out),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(token) => avx2::run(token, group, input, clamp, out),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon(token) => neon::run(token, group, input, clamp, out),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Kernel::Simd128 => simd128::run(group, input, clamp, out),
        }
    }
}
