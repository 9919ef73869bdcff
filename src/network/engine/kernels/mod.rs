//! One file per instruction set, each the same function: a group of outputs over a block.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
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
    /// The same per four inputs, a byte each.
    #[cfg(target_arch = "x86_64")]
    pub(super) bytes: Vec<[i32; GROUP]>,
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
    #[cfg(target_arch = "x86_64")]
    Avx512(fearless_simd::x86::Avx512),
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
        if let Some(token) = fearless_simd::Level::new().as_avx512() {
            return Self(Kernel::Avx512(token));
        }
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

    /// All that this processor has, for tests.
    #[must_use]
    pub fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let less = fearless_simd::Level::new().as_avx2().map(|token| Self(Kernel::Avx2(token)));
        #[cfg(not(target_arch = "x86_64"))]
        let less = None;
        [Self::scalar(), Self::detect()].into_iter().chain(less).collect()
    }

    /// Runs plain loops that are compiled into it, for the widest vectors of the engine.
    #[inline(always)]
    pub(crate) fn wide<R>(self, loops: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        {
            use fearless_simd::Simd;
            match self.0 {
                Kernel::Avx512(token) => return token.vectorize(loops),
                Kernel::Avx2(token) => return token.vectorize(loops),
                Kernel::Scalar => {}
            }
        }
        loops()
    }

    /// The instruction set.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kernel::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2(_) => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512(_) => "avx512",
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
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512(token) => avx512::run(token, group, input, clamp, out),
            #[cfg(target_arch = "aarch64")]
            Kernel::Neon(token) => neon::run(token, group, input, clamp, out),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Kernel::Simd128 => simd128::run(group, input, clamp, out),
        }
    }

    /// A hidden layer from a block to the next one, by groups, where the engine has a way of its own.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn activate(self, groups: &[Group], input: &Block, clamp: Clamp, out: &mut Block) -> bool {
        let Kernel::Avx512(token) = self.0 else { return false };
        groups.iter().zip(out.bytes_mut()).for_each(|(group, words)| avx512::activate(token, group, input, clamp, words));
        true
    }

    /// Adds up the weights of tokens by their scores, and the weighted tokens, where the engine has a way of its own.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn weigh(self, first_octave: &[i32; 32], scores: &[Row], tokens: [&[Row]; 2], sums: [&mut Row; 2]) -> bool {
        let Kernel::Avx512(token) = self.0 else { return false };
        avx512::weigh(token, first_octave, scores, tokens, sums);
        true
    }
}
