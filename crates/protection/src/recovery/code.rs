//! The Reed-Solomon code: systematic, over GF(2^16), as `reed-solomon-simd` has it for high rates.

use super::layout::ALIGNED;
use deepcomp::{Error, Result};
use reed_solomon_simd::engine::DefaultEngine;
use reed_solomon_simd::rate::{HighRateDecoder, HighRateEncoder, RateDecoder, RateEncoder};
use std::ops::Range;

/// Bytes that the columns which are worked on at a time take.
const WORKING: u64 = 1 << 26;

pub(super) struct Encoder(HighRateEncoder<DefaultEngine>);

impl Encoder {
    pub(super) fn new(data: u16, parity: u16, size: usize) -> Result<Self> {
        HighRateEncoder::new(data.into(), parity.into(), size, DefaultEngine::new(), None).map(Self).map_err(failed)
    }

    /// Shards of this length from now on.
    pub(super) fn resize(&mut self, data: u16, parity: u16, size: usize) -> Result<()> {
        self.0.reset(data.into(), parity.into(), size).map_err(failed)
    }

    /// Adds the next shard of data.
    pub(super) fn add(&mut self, shard: &[u8]) -> Result<()> {
        self.0.add_original_shard(shard).map_err(failed)
    }

    /// Gives out the parity, shard by shard.
    pub(super) fn encode(&mut self, mut take: impl FnMut(u16, &[u8]) -> Result<()>) -> Result<()> {
        let encoded = self.0.encode().map_err(failed)?;
        (0..).zip(encoded.recovery_iter()).try_for_each(|(number, shard)| take(number, shard))
    }
}

pub(super) struct Decoder(HighRateDecoder<DefaultEngine>);

impl Decoder {
    pub(super) fn new(data: u16, parity: u16, size: usize) -> Result<Self> {
        HighRateDecoder::new(data.into(), parity.into(), size, DefaultEngine::new(), None).map(Self).map_err(failed)
    }

    pub(super) fn resize(&mut self, data: u16, parity: u16, size: usize) -> Result<()> {
        self.0.reset(data.into(), parity.into(), size).map_err(failed)
    }

    pub(super) fn add_data(&mut self, number: u16, shard: &[u8]) -> Result<()> {
        self.0.add_original_shard(number.into(), shard).map_err(failed)
    }

    pub(super) fn add_parity(&mut self, number: u16, shard: &[u8]) -> Result<()> {
        self.0.add_recovery_shard(number.into(), shard).map_err(failed)
    }

    /// Gives out the data that was not added.
    pub(super) fn decode(&mut self, mut take: impl FnMut(u16, &[u8]) -> Result<()>) -> Result<()> {
        let decoded = self.0.decode().map_err(failed)?;
        decoded.restored_original_iter().try_for_each(|(number, shard)| take(number as u16, shard))
    }
}

/// Ranges of columns of shards that are worked on one after the other.
pub(super) fn columns(data: u16, parity: u16, shard: u64) -> impl Iterator<Item = Range<u64>> {
    let rows = (u64::from(parity).next_power_of_two() + u64::from(data)).next_power_of_two();
    let wide = (WORKING / rows / ALIGNED).max(1) * ALIGNED;
    (0..shard.div_ceil(wide)).map(move |number| number * wide..shard.min((number + 1) * wide))
}

/// What the code refuses was checked before.
fn failed(error: reed_solomon_simd::Error) -> Error {
    Error::Corrupt { what: format!("the recovery record cannot be worked on: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reed_solomon_simd::engine::tables::{get_exp_log, mul};

    /// docs/format.md says of the code no more than this: the sums over all positions of symbol times position to every power below the number of parity shards are zero.
    #[test]
    fn parity_makes_the_sums_zero_that_the_format_names() {
        let tables = get_exp_log();
        let times = |a: u16, b: u16| if b == 0 { 0 } else { mul(a, tables.log[usize::from(b)], &tables.exp, &tables.log) };
        let shards: Vec<[u8; 64]> = (0..21u8).map(|i| std::array::from_fn(|j| (j as u8).wrapping_mul(37).wrapping_add(i.wrapping_mul(91)) ^ i)).collect();
        let encode = |parity| {
            let mut encoder = Encoder::new(21, parity, 64).unwrap();
            shards.iter().for_each(|shard| encoder.add(shard).unwrap());
            let mut out = Vec::new();
            encoder
                .encode(|_, shard| {
                    out.push(<[u8; 64]>::try_from(shard).unwrap());
                    Ok(())
                })
                .unwrap();
            out
        };
        let parity = encode(8);
        // Of fewer than a power of two the first ones are taken.
        assert_eq!(encode(5), parity[..5]);
        let word: Vec<[u8; 64]> = parity.into_iter().chain(shards).collect();
        for symbol in 0..32 {
            let of = |shard: &[u8; 64]| u16::from_le_bytes([shard[symbol], shard[32 + symbol]]);
            let mut terms: Vec<u16> = word.iter().map(of).collect();
            assert!(terms.iter().any(|term| *term != 0));
            for power in 0..8 {
                assert_eq!(terms.iter().fold(0, |sum, term| sum ^ term), 0, "power {power}");
                terms.iter_mut().zip(0..).for_each(|(term, position)| *term = times(*term, position));
            }
        }
    }
}
