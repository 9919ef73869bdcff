//! What stands before the blocks, and the key that they take.

use crate::bytes::{checksum, take};
use crate::outer::{ENVELOPE, SUPERBLOCK, u16_of, with_sum};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce, Tag};
use deepcomp::{Error, Result};
use zeroize::Zeroizing;

/// Version of the envelope, major and minor. A reader takes its own major version and any minor one.
const VERSION: [u16; 2] = [1, 0];
/// Bytes of the salt.
pub const SALT: usize = 16;
/// Bytes that tell whether a passphrase is the right one.
const CHECK: usize = 16;
/// Bytes of what the key is made with, and their checksum.
const KEYING: usize = 12 + SALT + CHECK + 4;
/// Bytes before the first block.
pub(super) const HEADER: usize = SUPERBLOCK + KEYING;
/// Bytes of the archive that a block holds; the last may hold fewer.
pub(super) const BLOCK: usize = 1 << 16;
/// Bytes of the tag of a block.
pub(super) const TAG: usize = 16;
/// Bytes of the superblock that do not change when something is put behind the envelope.
const FIXED: usize = 14;
/// What every block has as associated data: all of the header but its end and its checksums.
const ASSOCIATED: usize = FIXED + KEYING - 4;

/// What it costs to try a passphrase: the parameters of Argon2id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyCost {
    /// Memory, in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for KeyCost {
    /// What RFC 9106 recommends where memory is scarce.
    fn default() -> Self {
        Self { memory: 1 << 16, passes: 3, lanes: 4 }
    }
}

impl KeyCost {
    /// The most that is taken of an envelope from outside.
    pub const MOST: Self = Self { memory: if cfg!(target_pointer_width = "32") { 1 << 18 } else { 1 << 20 }, passes: 16, lanes: 64 };
    /// Memory times passes, in KiB.
    const MOST_WORK: u64 = 1 << 22;

    fn check(self) -> Result<Params> {
        let over = |what, needed: u64, limit: u64| if needed > limit { Err(Error::LimitExceeded { what, needed, limit }) } else { Ok(()) };
        over("the memory that the passphrase takes, in KiB,", self.memory.into(), Self::MOST.memory.into())?;
        over("the number of passes that the passphrase takes", self.passes.into(), Self::MOST.passes.into())?;
        over("the number of lanes that the passphrase takes", self.lanes.into(), Self::MOST.lanes.into())?;
        over("the work that the passphrase takes", u64::from(self.memory) * u64::from(self.passes), Self::MOST_WORK)?;
        Params::new(self.memory, self.passes, self.lanes, None)
            .map_err(|error| Error::Corrupt { what: format!("the cost of the passphrase makes no sense: {error}") })
    }

    /// The key, and what tells it from others.
    fn derive(self, passphrase: &[u8], salt: &[u8; SALT]) -> Result<(Key, [u8; CHECK])> {
        let params = self.check()?;
        let (mut memory, count) = (Vec::new(), params.block_count());
        let none = |_| Error::LimitExceeded { what: "the key", needed: (count * Block::SIZE) as u64, limit: u64::MAX };
        memory.try_reserve_exact(count).map_err(none)?;
        memory.resize(count, Block::new());
        let mut derived = Zeroizing::new([0; 32 + CHECK]);
        let made =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(passphrase, salt, derived.as_mut_slice(), &mut memory);
        made.map_err(|error| Error::InvalidArgument { what: format!("that passphrase cannot be taken: {error}") })?;
        let mut rest = derived.as_slice();
        let parts = take(&mut rest).zip(take(&mut rest)).map(|(key, check): ([u8; 32], _)| (Key::from(key), check));
        parts.ok_or_else(|| Error::Corrupt { what: "the key is too short".to_owned() })
    }
}

/// What encrypts and decrypts blocks.
pub(super) struct Cipher {
    cipher: ChaCha20Poly1305,
    associated: [u8; ASSOCIATED],
}

impl Cipher {
    /// That of a new envelope, and its header.
    pub(super) fn new(passphrase: &[u8], cost: KeyCost, salt: [u8; SALT]) -> Result<(Self, [u8; HEADER])> {
        let (key, check) = cost.derive(passphrase, &salt)?;
        let mut start = [0; SUPERBLOCK];
        let fields = ENVELOPE.into_iter().chain(VERSION.into_iter().flat_map(u16::to_le_bytes));
        start.iter_mut().zip(fields).for_each(|(to, from)| *to = from);
        let costs = [cost.memory, cost.passes, cost.lanes].map(u32::to_le_bytes);
        let keying: Vec<u8> = costs.into_iter().flatten().chain(salt).chain(check).collect();
        let mut header = [0; HEADER];
        let sum = checksum(&keying).to_le_bytes();
        header.iter_mut().zip(with_sum(start).into_iter().chain(keying).chain(sum)).for_each(|(to, from)| *to = from);
        Ok((Self::with(&key, &header), header))
    }

    /// That of an envelope which is there.
    pub(super) fn open(header: &[u8; HEADER], passphrase: &[u8]) -> Result<Self> {
        let cut = || Error::Corrupt { what: "the header of the envelope is too short".to_owned() };
        let (start, mut keying) = header.split_first_chunk::<SUPERBLOCK>().ok_or_else(cut)?;
        let mut fields = start.get(ENVELOPE.len()..).unwrap_or_default();
        let [major, _, flags] = [u16_of(&mut fields), u16_of(&mut fields), u16_of(&mut fields)];
        if major != Some(VERSION[0]) || flags != Some(0) {
            return Err(Error::Unsupported { what: "this kind of encryption".to_owned(), advice: "upgrade DeepComp".to_owned() });
        }
        if keying.split_last_chunk::<4>().is_none_or(|(covered, sum)| checksum(covered).to_le_bytes() != *sum) {
            return Err(Error::ChecksumMismatch { what: "the header of the envelope".to_owned() });
        }
        let mut number = || take(&mut keying).map(u32::from_le_bytes).ok_or_else(cut);
        let cost = KeyCost { memory: number()?, passes: number()?, lanes: number()? };
        let (salt, said) = take(&mut keying).zip(take(&mut keying)).ok_or_else(cut)?;
        let (key, check) = cost.derive(passphrase, &salt)?;
        if check == said { Ok(Self::with(&key, header)) } else { Err(Error::WrongPassphrase) }
    }

    fn with(key: &Key, header: &[u8; HEADER]) -> Self {
        let mut associated = [0; ASSOCIATED];
        let parts = header.iter().take(FIXED).chain(header.iter().skip(SUPERBLOCK));
        associated.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
        Self { cipher: ChaCha20Poly1305::new(key), associated }
    }

    /// Encrypts a block and returns its tag.
    pub(super) fn encrypt(&self, number: u64, is_last: bool, block: &mut [u8]) -> Result<Tag> {
        let sealed = self.cipher.encrypt_inout_detached(&nonce(number, is_last), &self.associated, block.into());
        sealed.map_err(|_| Error::InvalidArgument { what: "a block is too long to be encrypted".to_owned() })
    }

    /// Decrypts a block, if it is what was encrypted.
    pub(super) fn decrypt(&self, number: u64, is_last: bool, block: &mut [u8], tag: [u8; TAG]) -> bool {
        self.cipher.decrypt_inout_detached(&nonce(number, is_last), &self.associated, block.into(), &Tag::from(tag)).is_ok()
    }
}

/// The number of a block, and whether it is the last: the key is of one envelope alone, since its salt is.
fn nonce(number: u64, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    let parts = number.to_le_bytes().into_iter().chain([0, 0, 0, u8::from(is_last)]);
    nonce.iter_mut().zip(parts).for_each(|(to, from)| *to = from);
    Nonce::from(nonce)
}
