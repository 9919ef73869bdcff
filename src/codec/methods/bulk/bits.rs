//! Bits beside the symbols, lowest first: what the tables are, low bits of residuals, and residuals that escape.

/// Writes bits into bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Appends up to 32 bits.
    #[inline(always)]
    pub(super) fn put(&mut self, count: u32, bits: u32) {
        self.held |= u64::from(bits) << self.count;
        self.count += count;
        if self.count >= 32 {
            self.bytes.extend((self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    /// Appends a number: how many bits number + 1 has below its highest, in six bits, and those.
    pub(super) fn put_number(&mut self, number: u32) {
        let above = u64::from(number) + 1;
        let below = above.ilog2();
        self.put(6, below);
        self.put(below, (above - (1 << below)) as u32);
    }

    /// The bytes; what is left of the last is 0.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend(self.held.to_le_bytes().iter().take(self.count.div_ceil(8) as usize));
        self.bytes
    }
}

/// Reads them; beyond the end there are zeros.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    words: core::slice::Iter<'a, [u8; 4]>,
    last: &'a [u8],
    held: u64,
    count: u32,
    /// Bits taken beyond the end.
    beyond: bool,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (words, last) = bytes.as_chunks();
        Self { words: words.iter(), last, held: 0, count: 0, beyond: false }
    }

    /// Takes up to 32 bits.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        if self.count < count {
            self.fill();
        }
        let bits = self.held & ((1 << count) - 1);
        self.held >>= count;
        self.count -= count;
        bits as u32
    }

    #[inline]
    fn fill(&mut self) {
        let word = match self.words.next() {
            Some(word) => u32::from_le_bytes(*word),
            None => {
                self.beyond |= self.last.is_empty();
                let mut word = [0; 4];
                word.iter_mut().zip(core::mem::take(&mut self.last)).for_each(|(to, from)| *to = *from);
                u32::from_le_bytes(word)
            }
        };
        self.held |= u64::from(word) << self.count;
        self.count += 32;
    }

    /// Takes what [`BitWriter::put_number`] wrote.
    pub(super) fn take_number(&mut self) -> u32 {
        let below = self.take(6).min(32);
        ((1u64 << below) - 1 + u64::from(self.take(below))) as u32
    }

    /// Whether more was taken than there is.
    pub(super) fn overrun(&self) -> bool {
        self.beyond
    }

    /// Whether all was taken, and what is left of the last byte is 0.
    pub(super) fn is_done(&self) -> bool {
        !self.beyond && self.words.len() == 0 && self.last.is_empty() && self.held == 0
    }
}
