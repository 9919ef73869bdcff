//! What the encoder decides for a pass and sends: a kernel, and how much the reference plane counts.

use super::context::Context;
use crate::codec::entropy::{Coder, SYMBOLS, Table};

/// How the prediction leaves the mean of the four near neighbours, in 1/128: by what the first near pair, the far pair of the first line, that of
/// the second, and the two oblique quartets have beyond it.
pub(crate) type Kernel = [i32; 5];

/// Kernels a pass can name: cubic on both lines, on one, none, linear on one, and two that lean to a line.
pub(crate) const KERNELS: [Kernel; 8] =
    [[0, -4, -4, 0, 0], [72, -8, 0, 0, 0], [-72, 0, -8, 0, 0], [0; 5], [64, 0, 0, 0, 0], [-64, 0, 0, 0, 0], [36, -8, -4, 0, 0], [-36, -4, -8, 0, 0]];

/// What the encoder decides for one pass of one plane, and sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Choice {
    pub(crate) kernel: Kernel,
    /// Index into [`WEIGHTS`].
    pub(crate) weight: usize,
}

/// Weights of the reference plane, in 1/16.
pub(crate) const WEIGHTS: [i32; SYMBOLS] = [0, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20];

/// Learned tables of the choices of a chunk, and the kernels it fitted last.
#[derive(Debug)]
pub(crate) struct ChoiceTables {
    kernel: [Table; 3],
    weight: [Table; 3],
    /// Of each pass, level by level.
    fitted: [Vec<Kernel>; 3],
}

/// Symbols of kernels that have no name: the one fitted last for the same pass and level, and a new one.
const AS_BEFORE: usize = KERNELS.len();
const NEW: usize = AS_BEFORE + 1;

impl Default for ChoiceTables {
    fn default() -> Self {
        Self {
            kernel: core::array::from_fn(|_| Table::uniform(NEW + 1, 5)),
            weight: core::array::from_fn(|_| Table::uniform(SYMBOLS, 5)),
            fitted: core::array::from_fn(|_| vec![[0; 5]; MAX_LEVELS]),
        }
    }
}

/// Levels whose fitted kernels are kept.
const MAX_LEVELS: usize = 32;

impl ChoiceTables {
    /// The kernel fitted last.
    pub(crate) fn before(&self, context: &Context) -> Kernel {
        self.fitted.get(context.pass.number()).and_then(|f| f.get(context.level as usize)).copied().unwrap_or_default()
    }
}

impl Choice {
    /// Codes the choice for a pass; the weight only where there is a reference.
    pub(crate) fn code<C: Coder>(self, coder: &mut C, tables: &mut ChoiceTables, context: &Context) -> Self {
        let pass = context.pass.number();
        let before = tables.before(context);
        let (Some(kernels), Some(weights)) = (tables.kernel.get_mut(pass), tables.weight.get_mut(pass)) else { return self };
        let named = KERNELS.iter().position(|k| *k == self.kernel);
        let symbol = named.unwrap_or(if self.kernel == before { AS_BEFORE } else { NEW });
        let kernel = match coder.adaptive(kernels, symbol) {
            AS_BEFORE => before,
            NEW => self.kernel.map(|w| i32::from(coder.bits(8, w as u64 & 0xFF) as u8 as i8)),
            name => KERNELS.get(name).copied().unwrap_or_default(),
        };
        if let Some(last) = tables.fitted.get_mut(pass).and_then(|f| f.get_mut(context.level as usize)).filter(|_| !KERNELS.contains(&kernel)) {
            *last = kernel;
        }
        let weight = if context.reference.is_some() { coder.adaptive(weights, self.weight) } else { 0 };
        Self { kernel, weight }
    }
}
