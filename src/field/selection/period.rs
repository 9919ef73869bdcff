//! Dates as people type them, to the precision that they mean: a month is all of it.

use super::calendar::{Calendar, DAY, SECOND};
use super::ends::Ends;
use crate::error::{Error, Result};
use core::fmt;
use core::str::FromStr;

/// A date, as far as it was given: a year, a month of it, a day, an hour, a minute, a second. Which of them there are is a matter of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// Year, month, day, hour, minute, second.
    parts: [i64; 6],
    /// How many of them were given.
    given: usize,
    /// Milliseconds beyond.
    fraction: i64,
}

/// First and last value of months, days, hours, minutes, seconds.
const RANGES: [[i64; 2]; 5] = [[1, 12], [1, 31], [0, 23], [0, 59], [0, 59]];

impl Date {
    /// The first instant of it, in milliseconds; `None` where the calendar does not have it.
    pub(super) fn begin(&self, calendar: Calendar) -> Option<i64> {
        let [year, month, day, hour, minute, second] = self.parts;
        Some(calendar.day(year, month, day)? * DAY + ((hour * 60 + minute) * 60 + second) * SECOND + self.fraction)
    }

    /// The first instant after it.
    pub(super) fn end(&self, calendar: Calendar) -> Option<i64> {
        let [year, month, ..] = self.parts;
        let begin = self.begin(calendar)?;
        match self.given {
            1 => Some(calendar.day(year + 1, 1, 1)? * DAY),
            2 if month == 12 => Some(calendar.day(year + 1, 1, 1)? * DAY),
            2 => Some(calendar.day(year, month + 1, 1)? * DAY),
            3 => Some(begin + DAY),
            4 => Some(begin + 3600 * SECOND),
            5 => Some(begin + 60 * SECOND),
            _ if self.fraction == 0 => Some(begin + SECOND),
            _ => Some(begin + 1),
        }
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim_end_matches(['Z', 'z']);
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (date, time) = digits.split_once([' ', 'T', 't']).map_or((digits, None), |(date, time)| (date, Some(time.trim_start())));
        let (time, fraction) = time.map_or((None, ""), |time| time.split_once('.').map_or((Some(time), ""), |(time, fraction)| (Some(time), fraction)));
        let (dates, times): (Vec<&str>, Vec<&str>) = (date.split('-').collect(), time.into_iter().flat_map(|time| time.split(':')).collect());
        let given = dates.len() + times.len();
        if dates.len() > 3 || times.len() > 3 || (!times.is_empty() && dates.len() < 3) || (!fraction.is_empty() && given < 6) {
            return None;
        }
        let mut parts = [0, 1, 1, 0, 0, 0];
        for (part, text) in parts.iter_mut().zip(dates.into_iter().chain(times)) {
            *part = number(text)?;
        }
        let [year, rest @ ..] = &mut parts;
        *year *= sign;
        let inside = rest.iter().zip(RANGES).all(|(part, [first, last])| (first..=last).contains(part));
        Some(Self { parts, given, fraction: thousandths(fraction)? }).filter(|_| inside)
    }
}

/// Digits alone, of which a year has six at most.
fn number(text: &str) -> Option<i64> {
    let plain = (1..=6).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Milliseconds of the digits behind a point.
fn thousandths(text: &str) -> Option<i64> {
    let plain = text.len() <= 9 && text.bytes().all(|c| c.is_ascii_digit());
    format!("{text:0<3}").get(..3)?.parse().ok().filter(|_| plain)
}

impl FromStr for Date {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::read(text.trim())
            .ok_or_else(|| Error::InvalidArgument { what: format!("{text:?} is no date; write it as 2020, 2020-01, 2020-01-05 or 2020-01-05T06:00, in UTC") })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, rest @ ..] = self.parts;
        let sign = if year < 0 { "-" } else { "" };
        write!(f, "{sign}{:04}", year.abs())?;
        for (part, mark) in rest.iter().zip(["-", "-", "T", ":", ":"]).take(self.given.saturating_sub(1)) {
            write!(f, "{mark}{part:02}")?;
        }
        if self.fraction == 0 { Ok(()) } else { write!(f, ".{:03}", self.fraction) }
    }
}

/// From the beginning of one date to the end of another, or one date; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period(pub(super) Ends<Date>);

impl FromStr for Period {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(Self(Ends::parse(text, str::parse)?))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Period {
    /// Its first instant, and the first after it.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the calendar does not have these dates, or they go backwards.
    pub(super) fn instants(&self, calendar: Calendar) -> Result<[i64; 2]> {
        let absent = |date: &Date| Error::InvalidArgument { what: format!("there is no {date} in the calendar {:?}, which the times are of", calendar.name()) };
        let (first, last) = self.0.both();
        let begin = first.map_or(Ok(i64::MIN), |date| date.begin(calendar).ok_or_else(|| absent(date)))?;
        let end = last.map_or(Ok(i64::MAX), |date| date.end(calendar).ok_or_else(|| absent(date)))?;
        if begin < end { Ok([begin, end]) } else { Err(Error::InvalidArgument { what: format!("{self} ends before it begins; write the earlier date first") }) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Calendar, Date, Period};

    fn bounds(text: &str) -> [String; 2] {
        let [begin, end] = text.parse::<Period>().unwrap().instants(Calendar::Standard).unwrap();
        let show = |instant: i64| {
            let [year, month, day] = Calendar::Standard.date(instant.div_euclid(super::DAY));
            format!("{year}-{month}-{day}+{}", instant.rem_euclid(super::DAY) / super::SECOND)
        };
        [begin, end].map(|instant| if instant.checked_abs().is_none_or(|i| i == i64::MAX) { "open".to_owned() } else { show(instant) })
    }

    #[test]
    fn a_date_is_all_of_what_it_names() {
        for (text, begin, end) in [
            ("2020", "2020-1-1+0", "2021-1-1+0"),
            ("2020-02", "2020-2-1+0", "2020-3-1+0"),
            ("2020-12", "2020-12-1+0", "2021-1-1+0"),
            ("2020-01-05", "2020-1-5+0", "2020-1-6+0"),
            ("2020-01-05T06", "2020-1-5+21600", "2020-1-5+25200"),
            ("2020-01-05 06:30", "2020-1-5+23400", "2020-1-5+23460"),
            ("2020-01-05T06:30:07Z", "2020-1-5+23407", "2020-1-5+23408"),
            ("2020-01-05..2020-01-07", "2020-1-5+0", "2020-1-8+0"),
            ("2019-12..2020", "2019-12-1+0", "2021-1-1+0"),
            ("2020-06..", "2020-6-1+0", "open"),
            ("..0000-06-15", "open", "0-6-16+0"),
            ("..", "open", "open"),
            ("1582-10-04", "1582-10-4+0", "1582-10-15+0"),
        ] {
            assert_eq!(bounds(text), [begin, end], "{text}");
        }
    }

    #[test]
    fn dates_are_shown_as_they_were_given() {
        for text in ["2020", "2020-02", "2020-01-05T06", "2020-01-05T06:30:07.250", "-0044-03-15", "2020-01-05..", "..2020-01", "2020-01..2020-02"] {
            assert_eq!(text.parse::<Period>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_date_says_what_is() {
        for text in [
            "",
            "20200105x",
            "2020-13",
            "2020-01-32",
            "2020-01-05T24:00",
            "2020-01T06",
            "2020-1-2-3",
            "05.01.2020",
            "2020-01-05T06:30.5",
            "1234567",
            "2020-+1",
            "é",
        ] {
            let told = text.parse::<Date>().unwrap_err().to_string();
            assert!(told.contains("is no date; write it as 2020"), "{text}: {told}");
        }
        let told = |text: &str| text.parse::<Period>().unwrap().instants(Calendar::NoLeap).unwrap_err().to_string();
        assert!(told("2020-02-29").contains("there is no 2020-02-29 in the calendar \"noleap\""));
        assert!(told("2020-02..2020-01").contains("2020-02..2020-01 ends before it begins"));
    }
}
