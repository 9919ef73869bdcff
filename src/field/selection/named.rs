//! Coordinates by value and dimensions by index, each called by its name.

use super::coordinate::{Coordinate, Coordinates, own_name};
use super::ends::Ends;
use super::period::{Date, Period};
use super::ranges::{Ranges, runs};
use crate::error::{Error, Result};
use crate::field::{Dataset, Field};
use core::fmt;
use core::str::FromStr;
use std::collections::BTreeMap;

/// Values of a coordinate: `level=850..1000` for all between, ends included, `level=850` for the nearest; dates where the coordinate has dates.
#[derive(Debug, Clone, PartialEq)]
pub struct ByValue {
    /// The coordinate: its name, without groups as well, or its standard name.
    pub name: String,
    ends: Ends<Mark>,
}

/// A number or a date, or what could be either, as the year 2020.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    text: String,
    number: Option<f64>,
    date: Option<Date>,
}

impl FromStr for Mark {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (number, date) = (text.parse().ok().filter(|number: &f64| number.is_finite()), text.parse().ok());
        if number.is_none() && date.is_none() {
            return Err(Error::InvalidArgument { what: format!("{text:?} is neither a number nor a date; write 850, or 2020-01-05") });
        }
        Ok(Self { text: text.to_owned(), number, date })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Splits `name=what`.
fn split<'t>(text: &'t str, example: &str) -> Result<(&'t str, &'t str)> {
    let parts = text.split_once('=').map(|(name, what)| (name.trim(), what.trim()));
    parts
        .filter(|(name, what)| !name.is_empty() && !what.is_empty())
        .ok_or_else(|| Error::InvalidArgument { what: format!("{text:?} names nothing to choose by; write it as {example}") })
}

impl FromStr for ByValue {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, ends) = split(text, "level=850 or level=850..1000")?;
        let ends = Ends::parse(ends, str::parse::<Mark>)?;
        if let (Some(Some(from)), Some(Some(to))) = (ends.both().0.map(|mark| mark.number), ends.both().1.map(|mark| mark.number))
            && from > to
        {
            return Err(Error::InvalidArgument {
                what: format!("{text:?} ends before it begins; write the smaller number first, whatever the order in the file"),
            });
        }
        Ok(Self { name: name.to_owned(), ends })
    }
}

impl fmt::Display for ByValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.ends)
    }
}

impl ByValue {
    /// The coordinate that is meant, on a dimension of those that are wanted.
    pub(super) fn find<'a>(&self, coordinates: &Coordinates<'a>, dataset: &'a Dataset, on: &BTreeMap<&str, usize>) -> Result<&'a Field> {
        let own = |field: &Field| field.dimensions.first().and_then(|d| dataset.dimensions.get(*d));
        let axes = || dataset.fields.iter().filter(|field| field.shape.len() == 1 && own(field).is_some_and(|d| on.contains_key(d.name.as_str())));
        let bare = || match on.keys().find(|name| own_name(name) == self.name) {
            Some(name) => Error::InvalidArgument { what: format!("the dimension {name:?} has no coordinate; choose by indices instead") },
            None => Error::no_such_variable(&self.name, axes().map(|field| field.name.as_str())),
        };
        let field = coordinates.called(&self.name).ok_or_else(bare)?;
        match own(field) {
            Some(dimension) if on.contains_key(dimension.name.as_str()) => Ok(field),
            _ => Err(Error::InvalidArgument { what: format!("{:?} is no coordinate along a dimension of these variables; leave it out", self.name) }),
        }
    }

    /// As dates, if that is what is written.
    pub(super) fn dates(&self) -> Result<Option<Period>> {
        let dated = [self.ends.both().0, self.ends.both().1].into_iter().flatten().all(|mark| mark.date.is_some());
        if !dated {
            return Ok(None);
        }
        let date = |mark: &Mark| mark.date.ok_or_else(|| self.wrong("dates"));
        Ok(Some(Period(self.ends.try_map(date)?)))
    }

    fn wrong(&self, what: &str) -> Error {
        Error::InvalidArgument { what: format!("\"{self}\" takes {what}") }
    }

    pub(super) fn ranges(&self, coordinate: &Coordinate<'_>) -> Result<Ranges> {
        let ends = self.ends.try_map(|mark| mark.number.ok_or_else(|| self.wrong("numbers, since the coordinate holds no dates")))?;
        let (numbers, edge) = (&coordinate.numbers, coordinate.precision());
        let at = |i: usize| numbers.get(i).copied().unwrap_or(f64::NAN);
        let ranges = match ends {
            Ends::One(wanted) => nearest(numbers, wanted, edge).into_iter().map(|i| i..i + 1).collect(),
            Ends::Between(from, to) => {
                runs(numbers.len(), |i| from.is_none_or(|from| at(i) >= from - edge) && to.is_none_or(|to| at(i) <= to + edge) && at(i).is_finite())
            }
        };
        if !ranges.is_empty() {
            return Ok(ranges);
        }
        let available = coordinate.range().map_or_else(|| "it has no values".to_owned(), |[low, high]| format!("it goes from {low} to {high}"));
        Err(Error::NothingChosen { asked: format!("at {self}"), available })
    }
}

/// The nearest of some numbers, unless what is wanted lies further beyond their ends than half of what lies between the last two there.
fn nearest(numbers: &[f64], wanted: f64, edge: f64) -> Option<usize> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|number| number.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let half = |pair: Option<&[f64; 2]>| pair.map_or(0.0, |[a, b]| (b - a) / 2.0);
    let (first, last) = (sorted.first_chunk(), sorted.last_chunk());
    let inside = sorted.first()? - half(first) - edge <= wanted && wanted <= sorted.last()? + half(last) + edge;
    let distance = |(_, number): &(usize, &f64)| (**number - wanted).abs();
    let near = numbers.iter().enumerate().filter(|(_, number)| number.is_finite()).min_by(|a, b| distance(a).total_cmp(&distance(b)));
    near.filter(|_| inside).map(|(i, _)| i)
}

/// Indices of a dimension: `time=0..10` without the last, `time=5` for one, negative ones from the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByIndex {
    /// The dimension, without groups as well.
    pub name: String,
    ends: Ends<i64>,
}

impl FromStr for ByIndex {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, ends) = split(text, "time=5 or time=0..10")?;
        let index = |text: &str| {
            text.parse().map_err(|_| Error::InvalidArgument {
                what: format!("{text:?} is no index; write whole numbers, as in time=0..10, negative ones from the end"),
            })
        };
        Ok(Self { name: name.to_owned(), ends: Ends::parse(ends, index)? })
    }
}

impl fmt::Display for ByIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.ends)
    }
}

impl ByIndex {
    /// The dimension that is meant, of those that are wanted, and its indices.
    pub(super) fn resolve(&self, on: &BTreeMap<&str, usize>) -> Result<(String, Ranges)> {
        let found = on.get_key_value(self.name.as_str()).or_else(|| on.iter().find(|(name, _)| own_name(name) == self.name));
        let names = || on.iter().map(|(name, length)| format!("{name} ({length})")).collect::<Vec<_>>().join(", ");
        let (name, &length) =
            found.ok_or_else(|| Error::InvalidArgument { what: format!("{:?} is no dimension of these variables, which have {}", self.name, names()) })?;
        // From the end where negative; one beyond the last is where a range may end.
        let place = |index: i64, last: usize| {
            let from_start = if index < 0 { (length as u64).checked_sub(index.unsigned_abs()) } else { Some(index.unsigned_abs()) };
            from_start.and_then(|index| usize::try_from(index).ok()).filter(|index| *index <= last)
        };
        let range = match self.ends {
            Ends::One(index) => place(index, length.saturating_sub(1)).map(|index| index..(index + 1).min(length)),
            Ends::Between(from, to) => {
                from.map_or(Some(0), |from| place(from, length)).zip(to.map_or(Some(length), |to| place(to, length))).map(|(from, to)| from..to)
            }
        };
        let range = range.filter(|range| !range.is_empty());
        let range = range.ok_or_else(|| Error::NothingChosen {
            asked: format!("at the indices {self}"),
            available: format!("{name} has {length}, counted from 0, and ranges end before their last"),
        })?;
        Ok(((*name).to_owned(), core::iter::once(range).collect()))
    }
}
