//! Where an archive is read from: as it is, or through its envelope.

use crate::outside::Outside;
use core::ops::Range;
use deepcomp::Source;
#[cfg(feature = "compression")]
use deepcomp_protection::encryption::Opened;
use js_sys::Function;

/// The bytes of an archive.
pub enum Stored {
    Plain(Outside),
    #[cfg(feature = "compression")]
    Sealed(Box<Opened<Outside>>),
}

impl Stored {
    /// The same, given by another function.
    pub fn again(&self, read: Function, prepare: Option<Function>) -> Self {
        match self {
            Self::Plain(outside) => Self::Plain(Outside::new(outside.length() as f64, read, prepare)),
            #[cfg(feature = "compression")]
            Self::Sealed(opened) => Self::Sealed(Box::new(opened.again(Outside::new(opened.source().length() as f64, read, prepare)))),
        }
    }

    fn inner(&self) -> &dyn Source {
        match self {
            Self::Plain(outside) => outside,
            #[cfg(feature = "compression")]
            Self::Sealed(opened) => &**opened,
        }
    }
}

impl Source for Stored {
    fn length(&self) -> u64 {
        self.inner().length()
    }

    fn read(&self, at: u64, into: &mut [u8]) -> deepcomp::Result<()> {
        self.inner().read(at, into)
    }

    fn prepare(&self, ranges: &[Range<u64>]) {
        self.inner().prepare(ranges);
    }
}
