//! The calendars of models (CF, section 4.4.1), as arithmetic of day numbers.

/// Which days there are. Years are counted astronomically: before 1 comes 0, which files use for climatologies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Calendar {
    /// Julian up to 1582-10-04, Gregorian from the day after, which is 1582-10-15.
    Standard,
    ProlepticGregorian,
    Julian,
    NoLeap,
    AllLeap,
    Days360,
}

/// The first day of the Gregorian calendar, in days since 1970.
const GREGORIAN: i64 = -141_427;
/// Days from 0000-03-01 to 1970-01-01: Gregorian, and with the Julian leap years before.
const TO_1970: [i64; 2] = [719_468, 719_470];

pub(super) const SECOND: i64 = 1000;
pub(super) const DAY: i64 = 86_400 * SECOND;

impl Calendar {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "standard" | "gregorian" | "" => Some(Self::Standard),
            "proleptic_gregorian" => Some(Self::ProlepticGregorian),
            "julian" => Some(Self::Julian),
            "noleap" | "365_day" => Some(Self::NoLeap),
            "all_leap" | "366_day" => Some(Self::AllLeap),
            "360_day" => Some(Self::Days360),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::ProlepticGregorian => "proleptic_gregorian",
            Self::Julian => "julian",
            Self::NoLeap => "noleap",
            Self::AllLeap => "all_leap",
            Self::Days360 => "360_day",
        }
    }

    /// Number of a day, from wherever the calendar counts; `None` where it has no such day.
    pub(super) fn day(self, year: i64, month: i64, day: i64) -> Option<i64> {
        let number = match self {
            Self::Standard => match Self::ProlepticGregorian.number(year, month, day) {
                number if number < GREGORIAN => Self::Julian.number(year, month, day),
                number => number,
            },
            other => other.number(year, month, day),
        };
        (self.date(number) == [year, month, day]).then_some(number)
    }

    /// As [`Self::day`], of one rule and unchecked. Years begin in March, so that a leap day is the last.
    fn number(self, year: i64, month: i64, day: i64) -> i64 {
        if self == Self::Days360 {
            return year * 360 + (month - 1) * 30 + day - 1;
        }
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        self.march(year) + (153 * month + 2) / 5 + day - 1
    }

    /// Number of the first of March of a year.
    fn march(self, year: i64) -> i64 {
        let [gregorian, julian] = TO_1970;
        match self {
            Self::Standard | Self::ProlepticGregorian => 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) - gregorian,
            Self::Julian => 365 * year + year.div_euclid(4) - julian,
            Self::NoLeap => 365 * year,
            Self::AllLeap => 366 * year,
            Self::Days360 => 360 * year + 60,
        }
    }

    /// How many days so many years have.
    const fn mean(self) -> [i64; 2] {
        match self {
            Self::Standard | Self::ProlepticGregorian => [146_097, 400],
            Self::Julian => [1461, 4],
            Self::NoLeap => [365, 1],
            Self::AllLeap => [366, 1],
            Self::Days360 => [360, 1],
        }
    }

    /// Year, month and day of a number.
    pub(super) fn date(self, number: i64) -> [i64; 3] {
        match self {
            Self::Standard => if number < GREGORIAN { Self::Julian } else { Self::ProlepticGregorian }.date(number),
            Self::Days360 => [number.div_euclid(360), number.rem_euclid(360) / 30 + 1, number.rem_euclid(30) + 1],
            _ => {
                let [days, years] = self.mean();
                let guess = (years * (number - self.march(0))).div_euclid(days);
                let year = (guess..=guess + 1).rev().find(|year| self.march(*year) <= number).unwrap_or(guess - 1);
                let of_year = number - self.march(year);
                let month = (5 * of_year + 2) / 153;
                let day = of_year - (153 * month + 2) / 5 + 1;
                if month < 10 { [year, month + 3, day] } else { [year + 1, month - 9, day] }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Calendar, GREGORIAN};

    const ALL: [Calendar; 6] = [Calendar::Standard, Calendar::ProlepticGregorian, Calendar::Julian, Calendar::NoLeap, Calendar::AllLeap, Calendar::Days360];

    #[test]
    fn every_day_has_one_date() {
        for calendar in ALL {
            let (first, last) = (calendar.day(-402, 1, 1).unwrap(), calendar.day(2410, 1, 1).unwrap());
            for number in first..last {
                let [year, month, day] = calendar.date(number);
                assert_eq!(calendar.day(year, month, day), Some(number), "{calendar:?} {year}-{month}-{day}");
            }
        }
    }

    #[test]
    fn years_have_the_days_of_their_calendar() {
        let days = |calendar: Calendar, year| calendar.day(year + 1, 1, 1).unwrap() - calendar.day(year, 1, 1).unwrap();
        let years = [1500, 1582, 1900, 2000, 2001, 2004];
        for (calendar, expected) in
            ALL.into_iter().zip([[366, 355, 365, 366, 365, 366], [365, 365, 365, 366, 365, 366], [366, 365, 366, 366, 365, 366], [365; 6], [366; 6], [360; 6]])
        {
            assert_eq!(years.map(|year| days(calendar, year)), expected, "{calendar:?}");
        }
    }

    #[test]
    fn the_day_after_the_last_julian_one_is_the_first_gregorian_one() {
        let standard = Calendar::Standard;
        assert_eq!(standard.date(GREGORIAN - 1), [1582, 10, 4]);
        assert_eq!(standard.date(GREGORIAN), [1582, 10, 15]);
        assert_eq!(standard.day(1582, 10, 10), None);
        assert_eq!(Calendar::ProlepticGregorian.day(1970, 1, 1), Some(0));
        assert_eq!(Calendar::Julian.day(1969, 12, 19), Some(0));
    }

    #[test]
    fn days_that_are_not_in_a_calendar_are_none() {
        for (calendar, date) in
            [(Calendar::NoLeap, [2020, 2, 29]), (Calendar::Days360, [2020, 1, 31]), (Calendar::Standard, [1900, 2, 29]), (Calendar::AllLeap, [2021, 2, 30])]
        {
            assert_eq!(calendar.day(date[0], date[1], date[2]), None, "{calendar:?}");
        }
        assert!(Calendar::Days360.day(2020, 2, 30).is_some() && Calendar::AllLeap.day(2021, 2, 29).is_some() && Calendar::Julian.day(1900, 2, 29).is_some());
    }
}
