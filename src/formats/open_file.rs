//! A file that was opened, together with where its bytes come from.

use self_cell::self_cell;

use super::file;
use super::input::{Input, Source};
use super::opened::Opened;
use crate::error::{Error, Result};
use crate::field::{Dataset, Field};
use crate::limits::Limits;

self_cell! {
    struct Cell {
        owner: Input<'static>,
        #[not_covariant]
        dependent: Opened,
    }
}

/// [`Opened`] together with the file.
#[expect(missing_debug_implementations, reason = "readers hold parts of the file")]
pub struct OpenFile(Cell);

impl OpenFile {
    /// As [`super::open`].
    ///
    /// # Errors
    /// As [`super::open`].
    pub fn open(source: impl Source + 'static, name: &str, limits: &Limits) -> Result<Self> {
        Cell::try_new(Input::of(source), |input| super::open(input, name, limits)).map(Self)
    }

    /// Opens any file: as data, or, where it is of a kind that is not read, as bytes that are kept as they are, and then with the reason. A damaged file of a kind that is
    /// read is an error.
    ///
    /// # Errors
    /// As [`super::open`].
    pub fn open_any(source: impl Source + 'static, name: &str, limits: &Limits) -> Result<(Self, Option<Error>)> {
        match Cell::try_new_or_recover(Input::of(source), |input| super::open(input, name, limits)) {
            Ok(cell) => Ok((Self(cell), None)),
            Err((input, why @ (Error::UnknownFormat { .. } | Error::Unsupported { .. } | Error::InvalidArgument { .. }))) => {
                let kept = file::keep(input.whole(limits)?.into_owned());
                Ok((Self(Cell::new(input, |_| Opened::whole(kept))), Some(why)))
            }
            Err((_, error)) => Err(error),
        }
    }

    /// As [`Opened::header`].
    pub fn header(&self) -> &Dataset {
        self.0.with_dependent(|_, opened| opened.header())
    }

    /// As [`Opened::variable`].
    ///
    /// # Errors
    /// As [`Opened::variable`].
    pub fn variable(&mut self, number: usize) -> Result<Field> {
        self.0.with_dependent_mut(|_, opened| opened.variable(number))
    }

    /// As [`Opened::read`].
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn read(&mut self) -> Result<Dataset> {
        self.0.with_dependent_mut(|_, opened| opened.read())
    }

    /// As [`Opened::layout`].
    ///
    /// # Errors
    /// As [`Opened::layout`].
    pub fn layout(&mut self) -> Result<Vec<u8>> {
        self.0.with_dependent_mut(|_, opened| opened.layout())
    }
}
