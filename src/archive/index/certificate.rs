//! What is guaranteed of values, and what was measured.

use super::is_default;
use super::most::{Most, short_list};
use crate::error::{Error, Result};
use crate::field::ErrorBound;
use minicbor::{Decode, Encode};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// What is guaranteed and what was measured when the variable was encoded.
#[derive(Debug, Clone, Default, Encode, Decode)]
#[cbor(map, context_bound = "Most")]
pub(crate) struct Certificate {
    /// 0 lossless, 1 absolute, 2 relative to the range, 3 relative to each value.
    #[cbor(n(0), default, skip_if = "is_default")]
    pub(crate) bound_kind: u8,
    /// As asked; 0 when lossless.
    #[cbor(n(1), default, skip_if = "is_default")]
    pub(crate) bound: f64,
    /// The largest error it allows, in the variable's units; none where that is the bound, or 0 when lossless.
    #[n(2)]
    pub(crate) absolute_bound: Option<f64>,
    /// Largest |decoded − source|, in the variable's units.
    #[cbor(n(3), default, skip_if = "is_default")]
    pub(crate) max_error: f64,
    #[cbor(n(4), default, skip_if = "is_default")]
    pub(crate) missing: u64,
    /// XXH3-64 of the decoded values, little-endian in C order.
    #[cbor(n(5), default, skip_if = "is_default")]
    pub(crate) values_sum: u64,
    /// Mean of decoded less source, in the variable's units; not there when lossless.
    #[n(6)]
    pub(crate) mean_error: Option<f32>,
    /// Mean of the magnitudes of the source, in the variable's units; not there when lossless.
    #[n(7)]
    pub(crate) mean_magnitude: Option<f32>,
    /// Values that came back as they are, in the variable's units.
    #[cbor(n(8), decode_with = "short_list", default, skip_if = "Vec::is_empty")]
    pub(crate) kept: Vec<KeptEntry>,
    /// Whether every sign came back.
    #[n(9)]
    pub(crate) signs: Option<bool>,
    /// Whether the values come back as they are when they are compressed once more.
    #[n(10)]
    pub(crate) stable: Option<bool>,
}

/// A value that was kept, and how often it is there.
#[derive(Debug, Clone, Copy, Encode, Decode)]
#[cbor(array)]
pub(crate) struct KeptEntry {
    #[n(0)]
    pub(crate) value: f64,
    #[n(1)]
    pub(crate) count: u64,
}

impl Certificate {
    /// What holds of sections together: the loosest bound, the largest error, what all of them keep.
    pub(crate) fn of<'a>(mut sections: impl Iterator<Item = &'a Self>) -> Option<Self> {
        let mut all = sections.next()?.clone();
        let mut sums = vec![all.values_sum];
        // Zeros of either sign are one value.
        let bits = |value: f64| (value + 0.0).to_bits();
        let mut places: HashMap<u64, usize> = all.kept.iter().map(|kept| bits(kept.value)).zip(0..).collect();
        for Self { bound_kind, bound, absolute_bound, max_error, missing, values_sum, mean_error, mean_magnitude, kept, signs, stable } in sections.cloned() {
            // Of two kinds of bound only the one in the variable's units says what both guarantee.
            let [own, other] = [all.absolute_bound.unwrap_or(all.bound), absolute_bound.unwrap_or(bound)];
            if (all.bound_kind, all.bound) != (bound_kind, bound) {
                (all.bound_kind, all.bound) = (u8::from(own.max(other) > 0.0), own.max(other));
            }
            all.absolute_bound = Some(own.max(other)).filter(|allowed| *allowed != all.bound);
            all.max_error = all.max_error.max(max_error);
            all.missing = all.missing.saturating_add(missing);
            // The worst of each says more than a mean whose weights are not known.
            if mean_error.unwrap_or_default().abs() > all.mean_error.unwrap_or_default().abs() {
                all.mean_error = mean_error;
            }
            all.mean_magnitude = all.mean_magnitude.zip(mean_magnitude).map(|(a, b)| a.min(b)).or(all.mean_magnitude).or(mean_magnitude);
            for KeptEntry { value, count } in kept {
                let place = *places.entry(bits(value)).or_insert(all.kept.len());
                match all.kept.get_mut(place) {
                    Some(kept) => kept.count = kept.count.saturating_add(count),
                    None => all.kept.push(KeptEntry { value, count }),
                }
            }
            all.signs = all.signs.filter(|_| signs == Some(true));
            all.stable = all.stable.filter(|_| stable == Some(true));
            sums.push(values_sum);
        }
        if sums.len() > 1 {
            all.values_sum = xxh3_64(&sums.iter().flat_map(|sum| sum.to_le_bytes()).collect::<Vec<u8>>());
        }
        Some(all)
    }

    /// The means as they are kept: none without a bound.
    pub(crate) fn set_means(&mut self, means: [f64; 2]) {
        let [error, magnitude] = means.map(|mean| mean.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32);
        (self.mean_error, self.mean_magnitude) = if self.bound_kind == 0 { (None, None) } else { (Some(error), Some(magnitude)) };
    }

    pub(crate) fn bound(&self) -> Result<ErrorBound> {
        match self.bound_kind {
            0 => Ok(ErrorBound::Lossless),
            1 => ErrorBound::absolute(self.bound),
            2 => ErrorBound::relative(self.bound),
            3 => ErrorBound::pointwise(self.bound),
            kind => Err(Error::later(format_args!("bound kind {kind}"))),
        }
    }
}
