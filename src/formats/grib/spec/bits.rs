//! Unsigned numbers of any width, packed most significant bit first.

/// Most bits of a number.
pub(crate) const MAX_WIDTH: u32 = 56;

/// Reads numbers one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BitReader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, position: 0 }
    }

    /// Whether that many numbers of that width are left.
    pub(crate) fn holds(&self, count: usize, width: u32) -> bool {
        let left = (self.bytes.len() as u64 * 8).saturating_sub(self.position as u64);
        (count as u64).checked_mul(u64::from(width)).is_some_and(|n| n <= left)
    }

    /// The next number of `width` bits, at most [`MAX_WIDTH`]; bits beyond the end are 0.
    #[inline]
    pub(crate) fn take(&mut self, width: u32) -> u64 {
        if width == 0 {
            return 0;
        }
        let (byte, bit) = (self.position / 8, (self.position % 8) as u32);
        self.position += width as usize;
        let rest = self.bytes.get(byte..).unwrap_or_default();
        let window = match rest.first_chunk() {
            Some(window) => u64::from_be_bytes(*window),
            None => rest.iter().chain([0; 8].iter()).take(8).fold(0, |n, b| n << 8 | u64::from(*b)),
        };
        window << bit >> (64 - width)
    }

    /// Goes on at the next whole byte.
    pub(crate) fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }
}

/// Packs numbers of `width` bits, at most [`MAX_WIDTH`]; the last byte is filled up with 0.
pub(crate) fn pack(numbers: impl Iterator<Item = u64>, width: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut pending, mut count) = (0u64, 0);
    for number in numbers {
        pending = pending << width | number;
        count += width;
        while count >= 8 {
            count -= 8;
            bytes.push((pending >> count) as u8);
        }
        pending &= (1 << count) - 1;
    }
    if count > 0 {
        bytes.push((pending << (8 - count)) as u8);
    }
    bytes
}

/// How many of the first `count` bits are set; `None` when there are fewer.
pub(crate) fn ones(bytes: &[u8], count: usize) -> Option<usize> {
    let (whole, rest) = (bytes.get(..count / 8)?, count % 8);
    let last = if rest == 0 { 0 } else { *bytes.get(count / 8)? >> (8 - rest) };
    Some(whole.iter().map(|b| b.count_ones() as usize).sum::<usize>() + last.count_ones() as usize)
}

/// Bits from the first on.
pub(crate) fn flags(bytes: &[u8]) -> impl Iterator<Item = bool> + '_ {
    bytes.iter().flat_map(|b| (0..8).rev().map(move |n| b >> n & 1 != 0))
}
