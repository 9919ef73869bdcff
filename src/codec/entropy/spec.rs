//! What encoder and decoder must agree on: table shape, learning rule, initial tables, coder constants.

/// Symbols of every table.
pub(crate) const SYMBOLS: usize = 16;
/// Probabilities are fractions of 2^15.
pub(crate) const PROBABILITY_BITS: u32 = 15;
/// Lower end of a normalised rANS state; words of 16 bits are moved below it.
pub(crate) const STATE_LOW: u32 = 1 << 16;
/// Steps of a block, which has states of its own, so that an encoder never holds more of them.
pub(crate) const BLOCK: usize = 1 << 20;
/// Bytes of the two initial states at the head of a block.
pub(crate) const STATE_BYTES: usize = 8;
/// The numbers of the symbols.
const LANES: [u16; SYMBOLS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Learned cumulative values tend to at most this, which leaves room for one count per symbol.
const TOP: u16 = 65_472;

/// An adaptive table: entry `i` is the learned probability of a symbol below `i`, in 1/2^16.
/// A cache line each, so that no table straddles two.
#[derive(Debug, Clone)]
#[repr(align(64))]
pub(crate) struct Table {
    below: [u16; SYMBOLS],
    seen: u8,
    slowest: u8,
}

impl Table {
    /// All of the first `symbols` alike.
    pub(crate) fn uniform(symbols: usize, slowest: u8) -> Self {
        let mut weights = [0; SYMBOLS];
        weights.iter_mut().take(symbols).for_each(|w| *w = 1);
        Self::weighted(&weights, slowest)
    }

    /// Probabilities in proportion to `weights`, whose sum must be positive and below 2^16.
    pub(crate) fn weighted(weights: &[u32; SYMBOLS], slowest: u8) -> Self {
        let sum: u32 = weights.iter().sum::<u32>().max(1);
        let mut below = [0; SYMBOLS];
        let mut run = 0;
        for (entry, weight) in below.iter_mut().zip(weights) {
            *entry = (run * u32::from(TOP) / sum) as u16;
            run += weight;
        }
        Self { below, seen: 0, slowest }
    }

    /// Moves the table towards `symbol`: by 1/16 at first, by 1/2^slowest once it has seen enough.
    #[inline(always)]
    pub(crate) fn learn(&mut self, symbol: usize) {
        let rate = u16::from((4 + (self.seen >> 3)).min(self.slowest));
        self.seen = (self.seen + 1).min(127);
        let symbol = symbol as u16;
        for (entry, i) in self.below.iter_mut().zip(LANES) {
            // Without branches, so that it becomes vector code: down where the symbol is not below `i`, up elsewhere.
            let down = if i <= symbol { u16::MAX } else { 0 };
            *entry = *entry - ((*entry >> rate) & down) + (((TOP - *entry) >> rate) & !down);
        }
    }
}

/// Cumulative frequencies of one coding step: entry `i` is the start of symbol `i`; strictly increasing, so that every symbol can be coded.
#[derive(Debug, Clone)]
pub(crate) struct Cumulative([u16; SYMBOLS]);

impl Cumulative {
    /// Of one table.
    #[inline(always)]
    pub(crate) fn of(table: &Table) -> Self {
        Self::mean(table, table)
    }

    /// The mean of two tables: two opinions about the same symbol.
    #[inline(always)]
    pub(crate) fn mean(a: &Table, b: &Table) -> Self {
        let mut starts = [0; SYMBOLS];
        for (((start, a), b), i) in starts.iter_mut().zip(&a.below).zip(&b.below).zip(LANES) {
            *start = (a >> 2) + (b >> 2) + i;
        }
        Self(starts)
    }

    /// Start and frequency of `symbol`, which is below [`SYMBOLS`].
    #[inline(always)]
    pub(crate) fn range(&self, symbol: usize) -> (u32, u32) {
        let start = self.0.get(symbol).copied().map_or(0, u32::from);
        let end = self.0.get(symbol + 1).copied().map_or(1 << PROBABILITY_BITS, u32::from);
        (start, end - start)
    }

    /// The symbol whose range holds `slot`.
    #[inline(always)]
    pub(crate) fn find(&self, slot: u16) -> usize {
        let at_or_below: u16 = self.0.iter().map(|&start| u16::from(start <= slot)).sum();
        usize::from(at_or_below.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_symbol_keeps_a_frequency_whatever_is_learned() {
        for symbol in 0..SYMBOLS {
            let mut table = Table::uniform(SYMBOLS, 7);
            let other = Table::uniform(3, 5);
            for _ in 0..10_000 {
                table.learn(symbol);
            }
            for cumulative in [Cumulative::of(&table), Cumulative::mean(&table, &other)] {
                let mut next = 0;
                for s in 0..SYMBOLS {
                    let (start, frequency) = cumulative.range(s);
                    assert_eq!(start, next);
                    assert!(frequency > 0);
                    assert_eq!(cumulative.find(start as u16), s);
                    assert_eq!(cumulative.find((start + frequency - 1) as u16), s);
                    next = start + frequency;
                }
                assert_eq!(next, 1 << PROBABILITY_BITS);
            }
            assert!(Cumulative::of(&table).range(symbol).1 > 32_000);
        }
    }
}
