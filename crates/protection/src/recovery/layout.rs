//! How many shards of which size there are, and where the records lie.

use crate::bytes::take;
use crate::outer::u16_of;
use crate::records::{Kind, SUM, head, parse};
use deepcomp::{Error, Result};

/// Bytes of the fields that a payload begins with.
pub(super) const FIELDS: usize = 40;
/// Shards and pieces are multiples of this: the code works on blocks of so many bytes.
pub(super) const ALIGNED: u64 = 64;
/// Shards of data, and of parity, that there may be.
const MOST_SHARDS: u64 = 1 << 15;
/// Shards of data that are made.
const MADE_SHARDS: u64 = 16380;
/// Shards of parity beyond the share: each place that is damaged may cost two more than its length.
const BEYOND: u64 = 4;
/// Each record has one part in so many of what the checksums take: as many records give them back.
const CHECKSUM_PARTS: [u64; 2] = [8, 64];
/// The largest share, in hundredths of a percent.
pub const MOST_SHARE: u16 = 10_000;

/// How a recovery record is laid out: the same for all records of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes that are covered: all before the first record.
    pub covered: u64,
    /// Bytes of a shard.
    pub shard: u64,
    /// Shards of data.
    pub data: u16,
    /// Shards of parity, which is records.
    pub parity: u16,
    /// What was asked for, in hundredths of a percent of what is covered.
    pub share: u16,
}

impl Layout {
    /// That of a new record which takes such a share of what it covers, and a little more.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the share is 0 or above [`MOST_SHARE`], or nothing is covered.
    pub fn new(covered: u64, share: u16) -> Result<Self> {
        if share == 0 || share > MOST_SHARE || covered == 0 {
            return Err(Error::InvalidArgument { what: "a recovery record takes between 0.01 % and 100 % of an archive".to_owned() });
        }
        // Fewer shards cost more where a place is damaged, more cost more checksums.
        let shard = covered.saturating_mul(8).isqrt().max(covered.div_ceil(MADE_SHARDS)).next_multiple_of(ALIGNED);
        let data = covered.div_ceil(shard);
        let parity = (data * u64::from(share)).div_ceil(u64::from(MOST_SHARE)) + BEYOND;
        let fit = |count: u64| u16::try_from(count).map_err(|_| Error::LimitExceeded { what: "shards", needed: count, limit: MOST_SHARDS });
        Ok(Self { covered, shard, data: fit(data)?, parity: fit(parity)?, share })
    }

    /// Whether the numbers go together, and none is larger than what they are of: they come from outside.
    fn is_sound(&self) -> bool {
        let [data, parity] = [u64::from(self.data), u64::from(self.parity)];
        let counts = (1..=MOST_SHARDS).contains(&data) && (1..=MOST_SHARDS).contains(&parity) && parity <= data + BEYOND;
        let fits = self.shard >= ALIGNED && self.shard.is_multiple_of(ALIGNED) && self.covered > 0 && self.covered.div_ceil(self.shard) == data;
        counts && fits && (data > 1 || self.shard < self.covered + ALIGNED)
    }

    /// Records that give the checksums of all shards back.
    pub(super) fn pieces(&self) -> u16 {
        let [of_parity, of_data] = CHECKSUM_PARTS;
        (u64::from(self.parity) / of_parity).min(u64::from(self.data) / of_data).max(1) as u16
    }

    /// Bytes of the checksums that a record has.
    pub(super) fn piece(&self) -> u64 {
        (u64::from(self.data) * 4).div_ceil(u64::from(self.pieces())).next_multiple_of(ALIGNED)
    }

    pub(super) fn payload(&self) -> u64 {
        FIELDS as u64 + self.piece() + self.shard
    }

    pub(super) fn head(&self) -> Vec<u8> {
        head(Kind::Recovery, self.payload())
    }

    /// Bytes of a record.
    pub(super) fn record(&self) -> u64 {
        self.head().len() as u64 + self.payload() + SUM
    }

    pub(super) fn record_at(&self, number: u16) -> u64 {
        self.covered + self.record() * u64::from(number)
    }

    /// Where the last record ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.record_at(self.parity)
    }

    /// In how many places at most such a part of what is covered (in hundredths of a percent) may be damaged, wherever they lie, so that all comes back for certain; none if not even in one.
    #[must_use]
    pub fn bursts(&self, damaged: u16) -> u64 {
        let bytes = (u128::from(self.covered) * u128::from(damaged) / u128::from(MOST_SHARE)) as u64;
        // A place of n bytes, at least 2, lies in floor((n - 2) / size) + 2 shards at most.
        let hit = |count: u64, size: u64| bytes.saturating_sub(2 * count) / size + 2 * count;
        let mends = |count: &u64| {
            let parity = u64::from(self.parity);
            hit(*count, self.shard) <= parity && hit(*count, self.record()) + u64::from(self.pieces()) <= parity
        };
        (1..=u64::from(self.parity)).take_while(mends).last().unwrap_or(0)
    }

    /// The fields of a record; `hash` is of what is covered.
    pub(super) fn fields(&self, number: u16, hash: u128) -> [u8; FIELDS] {
        let mut fields = [0; FIELDS];
        let sizes = [self.covered, self.shard].map(u64::to_le_bytes);
        let counts = [self.data, self.parity, number, self.share].map(u16::to_le_bytes);
        let parts = sizes.iter().flatten().chain(counts.iter().flatten()).copied().chain(hash.to_le_bytes());
        fields.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
        fields
    }

    /// What the start of a record at `at` says, if it is one and lies where it should: layout, number, hash.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Option<(Self, u16, u128)> {
        let (start, length) = parse(bytes, Kind::Recovery)?;
        let mut rest = bytes.get(start..)?;
        let [covered, shard] = [take(&mut rest)?, take(&mut rest)?].map(u64::from_le_bytes);
        let [data, parity, number, share] = [u16_of(&mut rest)?, u16_of(&mut rest)?, u16_of(&mut rest)?, u16_of(&mut rest)?];
        let layout = Self { covered, shard, data, parity, share };
        // Neither overflows: a shard is no longer than the payload.
        let fits = shard < length && covered <= at && layout.is_sound() && layout.payload() == length;
        let lies = || layout.record().checked_mul(u64::from(number)).and_then(|behind| behind.checked_add(covered)) == Some(at);
        (fits && number < parity && lies()).then_some((layout, number, u128::from_le_bytes(take(&mut rest)?)))
    }
}
