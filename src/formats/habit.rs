//! What the files of each format say of their variables, which tells what a whole number without a unit is.

use super::{csv, file, grib, netcdf3, netcdf4, npy, picture, tiff};
use crate::field::{Dataset, Field, Judgement, Roles, Source, SourceFormat};

fn source(format: SourceFormat) -> Source {
    let is_one_of = |list: &[SourceFormat]| list.iter().any(|one| format.is(*one));
    match () {
        () if picture::has_palette(format) => Source::Palette,
        () if is_one_of(&[netcdf3::FORMAT, netcdf4::FORMAT, grib::FORMAT]) => Source::Described,
        () if is_one_of(&[npy::FORMAT, csv::FORMAT, tiff::FORMAT, picture::PNG, picture::PICTURE]) => Source::Anonymous,
        () if format.is(file::FORMAT) => Source::Bytes,
        () => Source::Named,
    }
}

impl Roles {
    /// Of a dataset, for which its header is enough.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        Self::from_source(dataset, source(dataset.format))
    }
}

impl Dataset {
    /// What one of its variables is. Of many take [`Roles::of`] once, and [`Roles::judge`].
    #[must_use]
    pub fn role(&self, field: &Field) -> Judgement {
        Roles::of(self).judge(field)
    }
}
