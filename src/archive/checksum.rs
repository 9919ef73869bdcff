//! XXH3-64 of bytes and of values.

use crate::field::{Element, Values, with_values};
use core::ops::Range;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Values turned into bytes at a time.
const BLOCK: usize = 1 << 13;

/// The low half of XXH3-64.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}

/// XXH3-64 of values as little-endian bytes.
pub(super) fn values_sum(values: &Values) -> u64 {
    values_sum_of(values, 0..values.len())
}

/// That of values that come one after the other.
#[derive(Default)]
pub(super) struct RunningSum(Xxh3);

impl RunningSum {
    pub(super) fn add(&mut self, values: &Values) {
        with_values!(values, values => feed(&mut self.0, values));
    }

    pub(super) fn sum(&self) -> u64 {
        self.0.digest()
    }
}

impl core::fmt::Debug for RunningSum {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:016x}", self.sum())
    }
}

/// That of some of them.
pub(super) fn values_sum_of(values: &Values, range: Range<usize>) -> u64 {
    with_values!(values, v => hash(v.get(range).unwrap_or_default()))
}

fn hash<T: Element>(values: &[T]) -> u64 {
    let mut hasher = Xxh3::new();
    feed(&mut hasher, values);
    hasher.digest()
}

fn feed<T: Element>(hasher: &mut Xxh3, values: &[T]) {
    let mut bytes = vec![0; BLOCK.min(values.len()) * size_of::<T>()];
    for block in values.chunks(BLOCK) {
        let bytes = bytes.get_mut(..size_of_val(block)).unwrap_or_default();
        for (to, v) in bytes.chunks_exact_mut(size_of::<T>()).zip(block) {
            to.copy_from_slice(v.to_bits64().to_le_bytes().get(..size_of::<T>()).unwrap_or_default());
        }
        update(hasher, bytes);
    }
}

/// Hashes bytes; kept in one place, since it takes far more code than what differs from type to type.
#[inline(never)]
fn update(hasher: &mut Xxh3, bytes: &[u8]) {
    hasher.update(bytes);
}
