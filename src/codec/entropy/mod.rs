//! Integers -> bytes and back: adaptive tables and an interleaved rANS coder (docs/format.md, "Entropy coding").
//!
//! `spec` holds what both directions must agree on. Code that models data is written once, against [`Coder`]: the encoder passes the
//! symbol in, the decoder gets it back, so the two can not drift apart. No floating point here.

mod classes;
pub(crate) mod decisions;
mod decoder;
mod encoder;
mod mask;
mod mixing;
mod residual;
mod spec;

pub(crate) use classes::{MAGNITUDES, Views, half_octaves, magnitude, signed};
pub(crate) use decisions::Decisions;
pub(crate) use decoder::Decoder;
pub(crate) use encoder::Encoder;
pub(crate) use mask::MaskTables;
pub(crate) use mixing::{Contexts, Mixing};
pub(crate) use residual::{Excess, LowBits, Residuals};
pub(crate) use spec::{Cumulative, SYMBOLS, Table};

/// One direction of the coder.
pub(crate) trait Coder {
    /// Codes a symbol under a cumulative table: the encoder writes `symbol` and returns it, the decoder ignores it and returns what it read.
    fn symbol(&mut self, cumulative: &Cumulative, symbol: usize) -> usize;

    /// Codes a bit that is one with probability `one`/2^15, which lies strictly between 0 and 1.
    fn bit(&mut self, one: u32, bit: bool) -> bool;

    /// Codes `count` ≤ 15 equally likely bits.
    fn short_bits(&mut self, count: u32, value: u32) -> u32;

    /// Codes `count` ≤ 64 equally likely bits, lowest 15 first.
    #[inline]
    fn bits(&mut self, count: u32, value: u64) -> u64 {
        let (mut done, mut out) = (0, 0u64);
        while done < count {
            let n = (count - done).min(15);
            let part = (value >> done) as u32 & ((1 << n) - 1);
            out |= u64::from(self.short_bits(n, part)) << done;
            done += n;
        }
        out
    }

    /// Codes a symbol under one table and lets the table learn it.
    #[inline]
    fn adaptive(&mut self, table: &mut Table, symbol: usize) -> usize {
        let symbol = self.symbol(&Cumulative::of(table), symbol);
        table.learn(symbol);
        symbol
    }
}
