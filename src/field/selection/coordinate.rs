//! Which variables say where and when the values of others are, by the conventions of CF: units, standard names, axes, and names where nothing else is said.

use super::clock::{Clock, duration, milliseconds};
use crate::error::{Error, Result};
use crate::field::{Dataset, Element, Field, Missing, Packing, Values, with_values};
use std::collections::BTreeSet;

/// A coordinate whose values are there, unpacked; NaN where they are missing.
pub(super) struct Coordinate<'a> {
    pub(super) field: &'a Field,
    pub(super) numbers: Vec<f64>,
}

impl<'a> Coordinate<'a> {
    /// # Errors
    /// [`Error::InvalidArgument`] where the values are not there.
    pub(super) fn of(field: &'a Field) -> Result<Self> {
        fn numbers<T: Element>(values: &[T], missing: &Missing, packing: Packing) -> Vec<f64> {
            values.iter().map(|value| if missing.is_missing(*value) { f64::NAN } else { packing.unpack(value.to_f64()) }).collect()
        }
        if field.shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)) != Some(field.values.len()) {
            return Err(Error::InvalidArgument { what: format!("the values of {:?} are needed to choose by them; read them first", field.name) });
        }
        Ok(Self { field, numbers: with_values!(&field.values, values => numbers(values, &field.missing, field.packing())) })
    }

    /// In degrees, where models say radians.
    pub(super) fn degrees(field: &'a Field) -> Result<Self> {
        let mut all = Self::of(field)?;
        if matches!(units(field).as_str(), "radian" | "radians" | "rad") {
            all.numbers.iter_mut().for_each(|number| *number = number.to_degrees());
        }
        Ok(all)
    }

    /// Smallest and largest number.
    pub(super) fn range(&self) -> Option<[f64; 2]> {
        let finite = self.numbers.iter().filter(|number| number.is_finite());
        finite.fold(None, |ends, &number| Some(ends.map_or([number; 2], |[low, high]: [f64; 2]| [low.min(number), high.max(number)])))
    }

    /// How far numbers that are meant to be the same may lie apart: what its type cannot tell.
    pub(super) fn precision(&self) -> f64 {
        let largest = self.range().map_or(0.0, |[low, high]| low.abs().max(high.abs()));
        let packed = self.field.packing() != Packing { scale: 1.0, offset: 0.0 };
        largest * if packed || matches!(self.field.values, Values::F32(_)) { f64::from(f32::EPSILON) } else { 4.0 * f64::EPSILON }
    }
}

/// Latitude or longitude: how units, standard names and axes say it, and names as files have them where nothing else does.
struct Kind {
    /// Behind "degrees", in units.
    directions: [&'static str; 2],
    standard: &'static str,
    axis: &'static str,
    names: &'static [&'static str],
}

const LATITUDE: Kind = Kind {
    directions: ["north", "n"],
    standard: "latitude",
    axis: "y",
    names: &["latitude", "latitudes", "lat", "lats", "nav_lat", "xlat", "xlat_m", "tlat", "ulat", "clat", "gphit", "latcell", "lat_rho"],
};

const LONGITUDE: Kind = Kind {
    directions: ["east", "e"],
    standard: "longitude",
    axis: "x",
    names: &["longitude", "longitudes", "lon", "lons", "nav_lon", "xlong", "xlong_m", "tlon", "tlong", "ulon", "ulong", "clon", "glamt", "loncell", "lon_rho"],
};

impl Kind {
    fn is(&self, field: &Field) -> bool {
        let (units, standard, name) = (units(field).replace(['_', ' '], ""), text(field, "standard_name"), own_name(&field.name).to_lowercase());
        if !standard.is_empty() {
            return standard == self.standard;
        }
        let direction = units.strip_prefix("degrees").or_else(|| units.strip_prefix("degree"));
        if direction.is_some_and(|direction| self.directions.contains(&direction)) {
            return true;
        }
        let angle = matches!(units.as_str(), "degrees" | "degree" | "deg" | "radians" | "radian" | "rad");
        // The axes of a rotated sphere are angles too.
        let on_axis = angle && text(field, "axis") == self.axis && !name.starts_with("rl");
        on_axis || (angle || units.is_empty()) && self.names.contains(&name.as_str())
    }
}

/// Text of an attribute, in lower case.
fn text(field: &Field, name: &str) -> String {
    field.attribute(name).and_then(Values::as_text).unwrap_or_default().trim().to_lowercase()
}

fn units(field: &Field) -> String {
    text(field, "units")
}

/// A name without the groups that it lies in.
pub(super) fn own_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What says where the values of a variable are.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) latitude: Option<&'a Field>,
    pub(super) longitude: Option<&'a Field>,
}

impl Place<'_> {
    /// Whether another says no less.
    pub(super) fn is_covered_by(&self, other: &Self) -> bool {
        let covered = |one: Option<&Field>, other: Option<&Field>| one.is_none() || same(one, other);
        covered(self.latitude, other.latitude) && covered(self.longitude, other.longitude)
    }
}

/// What says when: times, or times at which forecasts began and how long they had run.
#[derive(Clone, Copy)]
pub(super) struct When<'a> {
    pub(super) time: &'a Field,
    pub(super) period: Option<&'a Field>,
}

impl When<'_> {
    /// Whether another says no less.
    pub(super) fn is_covered_by(&self, other: &Self) -> bool {
        core::ptr::eq(self.time, other.time) && (self.period.is_none() || same(self.period, other.period))
    }
}

fn same(one: Option<&Field>, other: Option<&Field>) -> bool {
    one.zip(other).is_some_and(|(one, other)| core::ptr::eq(one, other))
}

/// The coordinates of a dataset.
pub(super) struct Coordinates<'a> {
    dataset: &'a Dataset,
    latitudes: Vec<&'a Field>,
    longitudes: Vec<&'a Field>,
    times: Vec<&'a Field>,
    periods: Vec<&'a Field>,
}

impl<'a> Coordinates<'a> {
    pub(super) fn of(dataset: &'a Dataset) -> Self {
        let named = |field: &Field| ["bounds", "climatology"].map(|name| field.attribute(name).and_then(Values::as_text));
        // Ends of cells are no coordinates, whatever their units.
        let bounds: BTreeSet<String> = dataset.fields.iter().flat_map(named).flatten().map(|name| own_name(name.trim()).to_owned()).collect();
        let all = |is: &dyn Fn(&Field) -> bool| {
            dataset.fields.iter().filter(|field| !matches!(field.values, Values::Char(_)) && is(field) && !bounds.contains(own_name(&field.name))).collect()
        };
        Self {
            dataset,
            latitudes: all(&|field| !field.shape.is_empty() && LATITUDE.is(field)),
            longitudes: all(&|field| !field.shape.is_empty() && LONGITUDE.is(field)),
            times: all(&|field| units(field).contains(" since ")),
            periods: all(&|field| text(field, "standard_name") == "forecast_period"),
        }
    }

    /// The best of the variables that can be a coordinate of `field`: on its dimensions, and before all others that of a dimension itself, then what the field names.
    fn best(&self, field: &Field, all: &[&'a Field], score: impl Fn(&Field) -> Option<i32>) -> Option<&'a Field> {
        let mut best = None;
        for one in all.iter().filter(|one| one.dimensions.iter().all(|d| field.dimensions.contains(d))) {
            let Some(score) = score(one) else { continue };
            let score = score + 8 * i32::from(self.dataset.is_coordinate(one)) + 4 * i32::from(names(field, one)) + i32::from(group(field) == group(one));
            if best.is_none_or(|(most, _)| score > most) {
                best = Some((score, *one));
            }
        }
        best.map(|(_, field)| field)
    }

    pub(super) fn place(&self, field: &Field) -> Option<Place<'a>> {
        let latitude = self.best(field, &self.latitudes, |_| Some(0));
        let beside = |one: &Field| latitude.is_none_or(|latitude| one.dimensions == latitude.dimensions || one.shape.len() == 1 && latitude.shape.len() == 1);
        let longitude = self.best(field, &self.longitudes, |one| beside(one).then_some(0));
        // Half of a place on a plane says nothing of its rows and columns.
        let whole = latitude.is_some() && longitude.is_some();
        let alone = |one: &&Field| whole || one.shape.len() == 1;
        let place = Place { latitude: latitude.filter(alone), longitude: longitude.filter(alone) };
        (place.latitude.is_some() || place.longitude.is_some()).then_some(place)
    }

    pub(super) fn when(&self, field: &Field) -> Option<When<'a>> {
        let reference = |one: &Field| text(one, "standard_name") == "forecast_reference_time";
        // A scalar belongs to those that name it.
        let belongs = |one: &Field| !one.shape.is_empty() || names(field, one);
        let score = |one: &Field| {
            let said = 2 * i32::from(text(one, "standard_name") == "time") + i32::from(text(one, "axis") == "t") - 2 * i32::from(reference(one));
            said + 4 * i32::from(!one.shape.is_empty())
        };
        let time = self.best(field, &self.times, |one| belongs(one).then(|| score(one)))?;
        let period = || self.best(field, &self.periods, |one| belongs(one).then_some(0));
        Some(When { time, period: if reference(time) { period() } else { None } })
    }

    /// The one that a person calls so: by its name, without groups as well, or by its standard name.
    pub(super) fn called(&self, name: &str) -> Option<&'a Field> {
        let fields = || self.dataset.fields.iter().filter(|field| field.shape.len() <= 1);
        let by_name = fields().find(|field| field.name == name).or_else(|| fields().find(|field| own_name(&field.name) == name));
        by_name.or_else(|| fields().find(|field| text(field, "standard_name") == name.to_lowercase()))
    }
}

/// Whether `field` names `other` as a coordinate.
fn names(field: &Field, other: &Field) -> bool {
    let list = field.attribute("coordinates").and_then(Values::as_text).unwrap_or_default();
    list.trim() == other.name || list.split_whitespace().any(|name| own_name(name) == own_name(&other.name))
}

fn group(field: &Field) -> &str {
    field.name.rsplit_once('/').map_or("", |(group, _)| group)
}

/// A coordinate of time with the instants that its numbers mean.
pub(super) struct Times {
    pub(super) clock: Clock,
    pub(super) instants: Vec<Option<i64>>,
}

impl Times {
    /// # Errors
    /// [`Error::InvalidArgument`] where numbers are not there, or are not dates.
    pub(super) fn of(field: &Field) -> Result<Self> {
        let clock = Clock::of(field)?.ok_or_else(|| Error::InvalidArgument { what: format!("{:?} holds no dates; choose by its numbers", field.name) })?;
        let instants = Coordinate::of(field)?.numbers.into_iter().map(|number| clock.instant(number)).collect();
        Ok(Self { clock, instants })
    }

    /// First and last, as dates.
    pub(super) fn range(instants: impl Iterator<Item = i64> + Clone, clock: &Clock) -> Option<[String; 2]> {
        Some([clock.show(instants.clone().min()?), clock.show(instants.max()?)])
    }
}

/// Lengths of time that forecasts had run, in milliseconds.
pub(super) fn lengths(field: &Field, clock: &Clock) -> Result<Vec<Option<i64>>> {
    let units = units(field);
    let unit = duration(&units, clock.calendar)
        .ok_or_else(|| Error::InvalidArgument { what: format!("{units:?}, the unit of {:?}, is none of time; choose by indices instead", field.name) })?;
    Ok(Coordinate::of(field)?.numbers.into_iter().map(|number| milliseconds(number * unit)).collect())
}
