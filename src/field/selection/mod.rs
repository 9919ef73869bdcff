//! What is wanted of a dataset, by coordinates as people write them, and the indices that it comes to.
//!
//! A [`Selection`] is parsed from text, says of a header which coordinates it has to see ([`Selection::coordinates`]), and with their values becomes ranges of indices ([`Chosen`]).
//! Deliberately absent: reading and cutting values, and interpolation: what lies at the indices is what is given.

mod calendar;
mod chosen;
mod clock;
mod coordinate;
mod ends;
mod named;
mod period;
mod ranges;
mod region;

pub use chosen::Chosen;
pub use named::{ByIndex, ByValue};
pub use period::Period;
pub use region::Region;

use super::{Dataset, Field, Values};
use crate::error::{Error, Result};
use chosen::Turns;
use coordinate::{Coordinate, Coordinates, Place, Times, When, lengths};
use ranges::{Ranges, hull, runs};
use std::collections::BTreeMap;

/// What is wanted: all of what is said has to hold. Nothing is said by default, and everything wanted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// When, as in `2020-01-05..2020-01-07`.
    pub time: Option<Period>,
    /// Where, as in `-10,35,40,70`.
    pub region: Option<Region>,
    /// Values of coordinates, as in `level=850..1000`.
    pub values: Vec<ByValue>,
    /// Indices of dimensions, as in `time=0..10`.
    pub indices: Vec<ByIndex>,
}

/// What one wish asks of which coordinates.
enum Search<'a> {
    Where(&'a Region, Place<'a>),
    When(&'a Period, When<'a>),
    Value(&'a ByValue, &'a Field),
}

impl Selection {
    /// Whether everything is wanted.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Names of the variables whose values [`Self::resolve`] has to see; the header is enough to tell. `wanted` are the numbers of the variables that are asked for, since others may
    /// lie on other grids.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when nothing says where or when the values of any of those are, or they have no such dimension; [`Error::NoSuchVariable`].
    pub fn coordinates(&self, header: &Dataset, wanted: &[usize]) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        for field in self.searches(header, wanted)?.iter().flat_map(Search::fields) {
            if !names.contains(&field.name) {
                names.push(field.name.clone());
            }
        }
        Ok(names)
    }

    /// The indices that are meant. Of the fields of `dataset` only those that [`Self::coordinates`] names need their values.
    ///
    /// # Errors
    /// As [`Self::coordinates`]; [`Error::NothingChosen`] when nothing lies inside; [`Error::InvalidArgument`] for an index that is not there, dates that a calendar does not have, times whose
    /// units or calendar cannot be told, and coordinates without their values.
    pub fn resolve(&self, dataset: &Dataset, wanted: &[usize]) -> Result<Chosen> {
        let mut chosen = Chosen::default();
        for same in self.searches(dataset, wanted)?.chunk_by(Search::is_of_same) {
            let mut found = Found::default();
            same.iter().try_for_each(|search| search.add(dataset, &mut found))?;
            found.dimensions.iter().for_each(|(dimension, ranges)| chosen.restrict(dimension, ranges));
            chosen.turns.append(&mut found.turns);
        }
        for index in &self.indices {
            let (dimension, ranges) = index.resolve(&on(dataset, wanted))?;
            chosen.restrict(&dimension, &ranges);
        }
        match chosen.dimensions.iter().find(|(_, ranges)| ranges.is_empty()) {
            None => Ok(chosen),
            Some((dimension, _)) => Err(Error::NothingChosen {
                asked: format!("in all that was asked of {dimension:?} together"),
                available: "each alone has something".to_owned(),
            }),
        }
    }

    fn searches<'a>(&'a self, dataset: &'a Dataset, wanted: &[usize]) -> Result<Vec<Search<'a>>> {
        let coordinates = Coordinates::of(dataset);
        let fields = || wanted.iter().filter_map(|number| dataset.fields.get(*number));
        let none = |what: &str| Error::InvalidArgument {
            what: format!("nothing says {what} the values of these variables are; choose by other coordinates or by indices"),
        };
        let mut searches = Vec::new();
        if let Some(region) = &self.region {
            let places = distinct(fields().filter_map(|field| coordinates.place(field)), Place::is_covered_by);
            searches.extend(places.into_iter().map(|place| Search::Where(region, place)));
            if searches.is_empty() {
                return Err(none("where"));
            }
        }
        if let Some(period) = &self.time {
            let times = distinct(fields().filter_map(|field| coordinates.when(field)), When::is_covered_by);
            if times.is_empty() {
                return Err(none("when"));
            }
            searches.extend(times.into_iter().map(|when| Search::When(period, when)));
        }
        for value in &self.values {
            searches.push(Search::Value(value, value.find(&coordinates, dataset, &on(dataset, wanted))?));
        }
        Ok(searches)
    }
}

/// Those of which no other says as much.
fn distinct<T>(all: impl Iterator<Item = T>, covered: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for one in all {
        if !kept.iter().any(|other| covered(&one, other)) {
            kept.retain(|other| !covered(other, &one));
            kept.push(one);
        }
    }
    kept
}

/// Names and lengths of the dimensions of variables.
fn on<'a>(dataset: &'a Dataset, wanted: &[usize]) -> BTreeMap<&'a str, usize> {
    let fields = wanted.iter().filter_map(|number| dataset.fields.get(*number));
    fields.flat_map(|field| field.dimensions.iter().filter_map(|d| dataset.dimensions.get(*d))).map(|d| (d.name.as_str(), d.length)).collect()
}

/// What several coordinates say of one wish: a dimension that two of them restrict keeps all that either does, as the staggered points of a grid.
#[derive(Default)]
struct Found {
    dimensions: BTreeMap<String, Ranges>,
    turns: BTreeMap<String, Turns>,
}

impl Found {
    /// Restricts the dimension of `field` with that number.
    fn add(&mut self, dataset: &Dataset, field: &Field, number: usize, ranges: Ranges) {
        let Some(dimension) = field.dimensions.get(number).and_then(|d| dataset.dimensions.get(*d)) else { return };
        let both = match self.dimensions.get(&dimension.name) {
            Some(before) if *before != ranges => hull(&before.iter().cloned().chain(ranges).collect()),
            _ => ranges,
        };
        self.dimensions.insert(dimension.name.clone(), both);
    }
}

impl<'a> Search<'a> {
    /// The coordinates whose values it takes.
    fn fields(&self) -> Vec<&'a Field> {
        match self {
            Self::Where(_, place) => place.latitude.into_iter().chain(place.longitude).collect(),
            Self::When(_, when) => [when.time].into_iter().chain(when.period).collect(),
            Self::Value(_, field) => vec![field],
        }
    }

    /// Whether both come of one wish.
    fn is_of_same(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Where(..), Self::Where(..)) | (Self::When(..), Self::When(..)))
    }

    fn add(&self, dataset: &Dataset, found: &mut Found) -> Result<()> {
        match self {
            Self::Where(region, place) => place.search(region, dataset, found),
            Self::When(period, when) => when.search(period, dataset, found),
            Self::Value(value, field) => {
                let ranges = match &value.dates()? {
                    Some(period) if is_dated(field) => return When { time: field, period: None }.search(period, dataset, found),
                    _ => value.ranges(&Coordinate::of(field)?)?,
                };
                found.add(dataset, field, 0, ranges);
                Ok(())
            }
        }
    }
}

fn is_dated(field: &Field) -> bool {
    field.attribute("units").and_then(Values::as_text).is_some_and(|units| units.to_lowercase().contains(" since "))
}

impl Place<'_> {
    fn search(&self, region: &Region, dataset: &Dataset, found: &mut Found) -> Result<()> {
        let latitude = self.latitude.map(Coordinate::degrees).transpose()?;
        let longitude = self.longitude.map(Coordinate::degrees).transpose()?;
        let mut parts: Vec<(&Field, usize, Ranges)> = Vec::new();
        match (&latitude, &longitude) {
            (Some(latitude), Some(longitude)) if latitude.field.dimensions == longitude.field.dimensions => {
                let rank = latitude.field.shape.len();
                if let [.., columns] = latitude.field.shape.as_slice()
                    && rank > 1
                {
                    let [down, across] = region.plane(latitude, longitude, *columns);
                    parts.extend([(latitude.field, rank - 2, down), (latitude.field, rank - 1, across)]);
                } else {
                    parts.push((latitude.field, 0, region.places(&latitude.numbers, &longitude.numbers)));
                }
            }
            _ => {
                parts.extend(latitude.iter().map(|latitude| (latitude.field, 0, region.latitudes(&latitude.numbers))));
                if let Some(longitude) = &longitude {
                    let along = region.longitudes(&longitude.numbers);
                    found.turn(dataset, longitude.field, &along);
                    parts.push((longitude.field, 0, along.ranges));
                }
            }
        }
        if parts.iter().any(|(_, _, ranges)| ranges.is_empty()) {
            let said = [&latitude, &longitude]
                .into_iter()
                .flatten()
                .filter_map(|one| one.range().map(|[low, high]| format!("{} goes from {low} to {high}", one.field.name)));
            return Err(Error::NothingChosen { asked: format!("in the box {region}"), available: said.collect::<Vec<_>>().join(", ") });
        }
        parts.into_iter().for_each(|(field, number, ranges)| found.add(dataset, field, number, ranges));
        Ok(())
    }
}

impl Found {
    /// Keeps what lets longitudes, and the ends of their cells, go on over a seam.
    fn turn(&mut self, dataset: &Dataset, field: &Field, along: &region::Longitudes) {
        let Some(dimension) = field.dimensions.first().and_then(|d| dataset.dimensions.get(*d)) else { return };
        if along.turns.iter().all(|turn| *turn == 0.0) {
            return;
        }
        let bounds = field.attribute("bounds").and_then(Values::as_text);
        for name in [field.name.clone()].into_iter().chain(bounds) {
            let degrees = along.ranges.iter().cloned().zip(along.turns.iter().copied()).collect();
            self.turns.insert(name, Turns { dimension: dimension.name.clone(), degrees });
        }
    }
}

impl When<'_> {
    fn search(&self, period: &Period, dataset: &Dataset, found: &mut Found) -> Result<()> {
        let times = Times::of(self.time)?;
        let [begin, end] = period.instants(times.clock.calendar)?;
        let after = self.period.map_or_else(|| Ok(vec![Some(0)]), |field| lengths(field, &times.clock))?;
        let together = self.period.is_some_and(|field| !field.dimensions.is_empty() && field.dimensions == self.time.dimensions);
        let instant = |at: usize, run: usize| times.instants.get(at).copied().flatten()?.checked_add(after.get(run).copied().flatten()?);
        let runs_of = |at: usize| if together { at..at + 1 } else { 0..after.len() };
        let inside = |at: usize, run: usize| instant(at, run).is_some_and(|instant| (begin..end).contains(&instant));
        let mut at_times = vec![false; times.instants.len()];
        let mut after_runs = vec![false; after.len()];
        for (at, any) in at_times.iter_mut().enumerate() {
            for run in runs_of(at).filter(|run| inside(at, *run)) {
                *any = true;
                after_runs.get_mut(run).into_iter().for_each(|run| *run = true);
            }
        }
        if !at_times.contains(&true) {
            let all = (0..times.instants.len()).flat_map(|at| runs_of(at).filter_map(move |run| instant(at, run)));
            let available = Times::range(all, &times.clock)
                .map_or_else(|| "no time is given".to_owned(), |[first, last]| format!("{} goes from {first} to {last}", self.time.name));
            return Err(Error::NothingChosen { asked: format!("in the time {period}"), available });
        }
        along(self.time, &at_times).into_iter().for_each(|(number, ranges)| found.add(dataset, self.time, number, ranges));
        for field in self.period.iter().filter(|_| !together) {
            along(field, &after_runs).into_iter().for_each(|(number, ranges)| found.add(dataset, field, number, ranges));
        }
        Ok(())
    }
}

/// Of each dimension of a field the indices at which anything is marked.
fn along(field: &Field, marks: &[bool]) -> Vec<(usize, Ranges)> {
    let inner = |number: usize| field.shape.iter().skip(number + 1).product::<usize>().max(1);
    let any = |number: usize, length: usize| {
        let mut of_index = vec![false; length];
        for (i, _) in marks.iter().enumerate().filter(|(_, mark)| **mark) {
            of_index.get_mut(i / inner(number) % length.max(1)).into_iter().for_each(|index| *index = true);
        }
        runs(length, |i| of_index.get(i) == Some(&true))
    };
    field.shape.iter().enumerate().map(|(number, length)| (number, any(number, *length))).collect()
}
