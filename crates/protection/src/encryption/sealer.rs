//! An archive goes into an envelope as it is written.

use super::envelope::{BLOCK, Cipher, KeyCost, SALT, TAG};
use deepcomp::{Error, Result};

/// Encrypts bytes in their order.
pub struct Sealer {
    cipher: Cipher,
    /// What was taken and is no whole block yet, or may be the last.
    held: Vec<u8>,
    /// Blocks so far.
    blocks: u64,
}

impl Sealer {
    /// Starts an envelope under a passphrase; its first bytes come with it.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where the system gives no random numbers; [`Error::LimitExceeded`].
    pub fn new(passphrase: &[u8]) -> Result<(Self, Vec<u8>)> {
        let mut salt = [0; SALT];
        getrandom::fill(&mut salt).map_err(|error| Error::Unreadable { what: format!("there are no random numbers: {error}") })?;
        Self::with(passphrase, KeyCost::default(), salt)
    }

    /// As [`Self::new`], with a cost and a salt: no two envelopes may have one salt, or who has both can read them.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`], and [`Error::InvalidArgument`] for an empty passphrase.
    pub fn with(passphrase: &[u8], cost: KeyCost, salt: [u8; SALT]) -> Result<(Self, Vec<u8>)> {
        if passphrase.is_empty() {
            return Err(Error::InvalidArgument { what: "an empty passphrase protects nothing".to_owned() });
        }
        let (cipher, header) = Cipher::new(passphrase, cost, salt)?;
        Ok((Self { cipher, held: Vec::new(), blocks: 0 }, header.to_vec()))
    }

    /// Takes more bytes, and returns what is whole.
    ///
    /// # Errors
    /// None that can be met.
    pub fn seal(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.held.extend(bytes);
        // What fills a block exactly may be the last.
        let count = self.held.len().saturating_sub(1) / BLOCK;
        let rest = self.held.split_off(count * BLOCK);
        let full = std::mem::replace(&mut self.held, rest);
        let mut out = Vec::with_capacity(count * (BLOCK + TAG));
        full.chunks(BLOCK).try_for_each(|block| self.put(block, false, &mut out))?;
        Ok(out)
    }

    /// Ends the envelope with all that is left.
    ///
    /// # Errors
    /// As [`Self::seal`].
    pub fn finish(mut self) -> Result<Vec<u8>> {
        let (held, mut out) = (std::mem::take(&mut self.held), Vec::new());
        self.put(&held, true, &mut out)?;
        Ok(out)
    }

    fn put(&mut self, block: &[u8], is_last: bool, out: &mut Vec<u8>) -> Result<()> {
        let start = out.len();
        out.extend(block);
        let tag = self.cipher.encrypt(self.blocks, is_last, out.get_mut(start..).unwrap_or_default())?;
        out.extend(tag);
        self.blocks += 1;
        Ok(())
    }
}
