//! An envelope around a whole archive, which takes a passphrase (docs/format.md, "Encryption"): neither names nor structure can be told from outside. Blocks stand alone, so that
//! a part of an archive is read without the rest.

mod envelope;
mod opened;
mod sealer;

pub use envelope::{KeyCost, SALT};
pub use opened::{EnvelopeKey, Opened};
pub use sealer::Sealer;
