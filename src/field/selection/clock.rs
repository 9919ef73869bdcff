//! Times of CF (section 4.4): numbers of a unit since a date.

use super::calendar::{Calendar, DAY, SECOND};
use super::period::Date;
use crate::error::{Error, Result};
use crate::field::{Field, Values};

/// What the numbers of a coordinate of time mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clock {
    pub(super) calendar: Calendar,
    /// Milliseconds of one unit.
    unit: f64,
    /// The instant that 0 is.
    origin: i64,
}

impl Clock {
    /// Of a field with the units `… since …`; `None` for others.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a unit, a date or a calendar that is none of CF's.
    pub(super) fn of(field: &Field) -> Result<Option<Self>> {
        let text = |name| field.attribute(name).and_then(Values::as_text).map(|text| text.trim().to_lowercase());
        let units = text("units").unwrap_or_default();
        let Some((unit, date)) = units.split_once(" since ") else { return Ok(None) };
        let wrong =
            |what: String| Error::InvalidArgument { what: format!("the times of {:?} cannot be told as dates: {what}; choose by indices instead", field.name) };
        let name = text("calendar").unwrap_or_default();
        let calendar = Calendar::named(&name).ok_or_else(|| wrong(format!("the calendar {name:?} is none of CF")))?;
        let unit = duration(unit.trim(), calendar).ok_or_else(|| wrong(format!("{unit:?} is no unit of a fixed length")))?;
        let origin = origin(date.trim(), calendar).ok_or_else(|| wrong(format!("{date:?} is no date of the calendar {}", calendar.name())))?;
        Ok(Some(Self { calendar, unit, origin }))
    }

    /// The instant of a number, in milliseconds from where the calendar counts; `None` for what is no number.
    pub(super) fn instant(&self, number: f64) -> Option<i64> {
        // To a millisecond: a float64 of days is off by less, whatever it was rounded from.
        self.origin.checked_add(milliseconds(number * self.unit)?)
    }

    /// The instant as a person writes it.
    pub(super) fn show(&self, instant: i64) -> String {
        let [year, month, day] = self.calendar.date(instant.div_euclid(DAY));
        let seconds = instant.rem_euclid(DAY) / SECOND;
        let [hour, minute, second] = [seconds / 3600, seconds / 60 % 60, seconds % 60];
        let date = format!("{year:04}-{month:02}-{day:02}");
        match (seconds, second) {
            (0, _) => date,
            (_, 0) => format!("{date}T{hour:02}:{minute:02}"),
            _ => format!("{date}T{hour:02}:{minute:02}:{second:02}"),
        }
    }
}

/// A length of time as a whole number, if it is one that a calendar could hold.
pub(super) fn milliseconds(length: f64) -> Option<i64> {
    /// A million years.
    const MOST: f64 = 366e6 * DAY as f64;
    (length.abs() <= MOST).then(|| length.round_ties_even() as i64)
}

/// Milliseconds of a unit of UDUNITS, in lower case. Months and years, which UDUNITS takes for parts of the tropical year and hardly anyone means so, only in calendars where all are
/// as long.
pub(super) fn duration(unit: &str, calendar: Calendar) -> Option<f64> {
    let day = DAY as f64;
    Some(match unit {
        "nanosecond" | "nanoseconds" | "nanosec" | "nsec" | "ns" => 1e-6,
        "microsecond" | "microseconds" | "microsec" | "microsecs" | "us" => 1e-3,
        "millisecond" | "milliseconds" | "millisec" | "millisecs" | "msec" | "msecs" | "ms" => 1.0,
        "second" | "seconds" | "sec" | "secs" | "s" => 1e3,
        "minute" | "minutes" | "min" | "mins" => 60e3,
        "hour" | "hours" | "hr" | "hrs" | "h" => 3600e3,
        "day" | "days" | "d" => day,
        "week" | "weeks" => 7.0 * day,
        "month" | "months" if calendar == Calendar::Days360 => 30.0 * day,
        "common_year" | "common_years" if calendar == Calendar::NoLeap => 365.0 * day,
        _ => return None,
    })
}

/// The instant of a date behind "since", which may have a zone.
fn origin(text: &str, calendar: Calendar) -> Option<i64> {
    let (date, zone) = split_zone(text);
    date.parse::<Date>().ok()?.begin(calendar)?.checked_sub(zone?)
}

/// A date without its zone, and how far that is ahead of UTC, if it is one: `utc`, `z`, `-6`, `+01:00`, `+0530`.
fn split_zone(text: &str) -> (&str, Option<i64>) {
    let plain = text.trim_end_matches("utc").trim_end_matches("gmt").trim_end_matches('z').trim_end();
    // Signs between digits of the date stand before its time.
    let time = plain.find([' ', 't', ':']).unwrap_or(plain.len());
    let Some(at) = plain.rfind(['+', '-']).filter(|at| *at > time) else { return (plain, Some(0)) };
    let (date, zone) = plain.split_at(at);
    let (sign, digits) = zone.split_at(1);
    let (hours, minutes) =
        digits.split_once(':').unwrap_or_else(|| digits.split_at(if digits.len() > 2 && digits.is_ascii() { digits.len() - 2 } else { digits.len() }));
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u8>().ok().map(i64::from) };
    let ahead = || Some((number(hours)? * 60 + number(minutes)?) * 60 * SECOND);
    (date.trim_end(), ahead().map(|ahead| if sign == "-" { -ahead } else { ahead }))
}

#[cfg(test)]
mod tests {
    use super::{Clock, DAY};
    use crate::field::{Attribute, DataType, Field, Missing, Values};

    fn clock(units: &str, calendar: &str) -> crate::error::Result<Option<Clock>> {
        Clock::of(&Field {
            name: "time".to_owned(),
            dimensions: Vec::new(),
            shape: Vec::new(),
            values: Values::empty(DataType::F64),
            attributes: vec![Attribute::text("units", units), Attribute::text("calendar", calendar)],
            missing: Missing::NonFinite,
            derived: None,
        })
    }

    fn shown(number: f64, units: &str, calendar: &str) -> String {
        let clock = clock(units, calendar).unwrap().unwrap();
        clock.show(clock.instant(number).unwrap())
    }

    /// Expected dates are those of cftime 1.6, which passes over hours of a zone in one digit, as CF's own example has them.
    #[test]
    fn numbers_become_dates() {
        for (number, units, calendar, expected) in [
            (43_833.25, "days since 1900-01-01", "standard", "2020-01-05T06:00"),
            (1_073_856.0, "hours since 1900-01-01 00:00:00.0", "gregorian", "2022-07-04"),
            (1_578_204_000.0, "seconds since 1970-01-01T00:00:00Z", "proleptic_gregorian", "2020-01-05T06:00"),
            (737_059.0, "days since 0001-01-01", "proleptic_gregorian", "2019-01-01"),
            (17_522_904.0, "hours since 1-1-1 00:00:0.0", "standard", "2000-01-01"),
            (59.0, "days since 2020-01-01", "noleap", "2020-03-01"),
            (59.0, "days since 2021-01-01", "366_day", "2021-02-29"),
            (59.0, "days since 2020-01-01", "360_day", "2020-02-30"),
            (13.0, "months since 2020-01-01", "360_day", "2021-02-01"),
            (0.0, "days since 1582-10-05", "julian", "1582-10-05"),
            (-1.0, "days since 1582-10-15", "standard", "1582-10-04"),
            (0.0, "hours since 2000-01-01 00:00:00 -6:00", "standard", "2000-01-01T06:00"),
            (0.0, "hours since 2000-01-01 00:00 +0530", "standard", "1999-12-31T18:30"),
            (0.263_888_888_888, "days since 2000-01-01 UTC", "", "2000-01-01T06:20"),
            (1.5, "minutes since 2000-01-01", "Standard", "2000-01-01T00:01:30"),
        ] {
            assert_eq!(shown(number, units, calendar), expected, "{number} {units} {calendar}");
        }
    }

    #[test]
    fn what_is_no_time_says_so() {
        assert_eq!(clock("hours", "standard"), Ok(None));
        for (units, calendar, part) in [
            ("days since 2000-01-01", "lunar", "\"lunar\" is none of CF"),
            ("months since 2000-01-01", "standard", "\"months\" is no unit of a fixed length"),
            ("days since yesterday", "standard", "\"yesterday\" is no date"),
            ("days since 2001-02-29", "noleap", "no date of the calendar noleap"),
        ] {
            let told = clock(units, calendar).unwrap_err().to_string();
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn numbers_without_end_are_no_instants() {
        let clock = clock("days since 1900-01-01", "standard").unwrap().unwrap();
        for number in [f64::NAN, f64::INFINITY, 1e300, -1e18, 9.969_209_968_386_869e36] {
            assert_eq!(clock.instant(number), None, "{number}");
        }
        assert_eq!(clock.instant(1.0).unwrap() - clock.instant(0.0).unwrap(), DAY);
    }
}
