//! A file that was opened, together with where its bytes come from.

use std::borrow::Cow;

use self_cell::self_cell;

use super::file;
use super::input::Input;
use super::opened::Opened;
use crate::error::{Error, Result};
use crate::field::{Dataset, Field};
use crate::limits::Limits;
use crate::source::Source;

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

    /// Opens any file: as data, or, where that fails for what is in it ([`Error::is_of_contents`]), as bytes that are kept as they are, and then with the reason. Damage that
    /// shows only when values are read is for [`Self::keep`].
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`Error::LimitExceeded`] for bytes that do not fit into memory; [`Error::FormatsNeeded`].
    pub fn open_any(source: impl Source + 'static, name: &str, limits: &Limits) -> Result<(Self, Option<Error>)> {
        match Cell::try_new_or_recover(Input::of(source), |input| super::open(input, name, limits)) {
            Ok(cell) => Ok((Self(cell), None)),
            Err((input, why)) => Self::bytes(input, &why, limits).map(|file| (file, Some(why))),
        }
    }

    /// A file as bytes that are kept as they are, since its values turned out not to be what its format asks for.
    ///
    /// # Errors
    /// `why`, where that says nothing of its contents, or its bytes cannot be had.
    pub fn keep(source: impl Source + 'static, why: &Error, limits: &Limits) -> Result<Self> {
        Self::bytes(Input::of(source), why, limits)
    }

    fn bytes(input: Input<'static>, why: &Error, limits: &Limits) -> Result<Self> {
        let whole = if why.is_of_contents() { input.whole(limits).map(Cow::into_owned) } else { Err(why.clone()) };
        let kept = file::keep(whole.map_err(|_| why.clone())?);
        Ok(Self(Cell::new(input, |_| Opened::whole(kept))))
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
