//! What a record is of: parameter, level, time, step, member; and what of its headers must agree for records to be planes of one field.

use super::level::{self, Level};
use super::names::{self, Name};
use crate::error::Result;
use crate::formats::grib::spec::octets::Octets;
use crate::formats::grib::spec::record::Record;

/// A record's place on the axes of its field, and what names the field.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    /// Code of the parameter: discipline, category, number; or table, number.
    pub(crate) parameter: Vec<u8>,
    pub(crate) name: Name,
    pub(crate) centre: u16,
    pub(crate) level: Level,
    /// Reference time, in seconds since 1970.
    pub(crate) time: i64,
    /// End of the forecast, in seconds since the reference time.
    pub(crate) step: i64,
    /// Beginning of the interval that values are of and that ends at `step`.
    pub(crate) start: Option<i64>,
    pub(crate) member: Option<u16>,
    pub(crate) statistic: &'static str,
    /// What the statistic is over.
    pub(crate) over: Over,
    /// Headers with what makes axes blanked out.
    pub(crate) kind: Vec<u8>,
}

/// What times are added up, averaged and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// Those of one forecast.
    Steps,
    /// Reference times of several.
    Times,
    /// None, or in a way that CF has no words for.
    Nothing,
}

impl Product {
    pub(crate) fn of(record: &Record<'_>) -> Result<Self> {
        if record.edition == 1 { first_edition(record) } else { second_edition(record) }
    }
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years from March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * from_march + 2) / 5 + day - 1 - 719_468
}

/// Seconds since 1970.
fn seconds(date: [u64; 3], clock: [u64; 3]) -> i64 {
    let [year, month, day] = date.map(|n| n as i64);
    let [hour, minute, second] = clock.map(|n| n as i64);
    days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
}

/// Seconds of a unit of time; months and years are of 30 and 365 days.
const fn unit(code: u8, edition: u8) -> i64 {
    match (code, edition) {
        (0, _) => 60,
        (2, _) => 86_400,
        (3, _) => 30 * 86_400,
        (4, _) => 365 * 86_400,
        (5, _) => 3650 * 86_400,
        (6, _) => 10_950 * 86_400,
        (7, _) => 36_500 * 86_400,
        (10, _) => 3 * 3600,
        (11, _) => 6 * 3600,
        (12, _) => 12 * 3600,
        (13, 1) => 15 * 60,
        (14, 1) => 30 * 60,
        (13, _) | (254, 1) => 1,
        _ => 3600,
    }
}

/// A copy with octets that make axes blanked out.
fn blank(section: Octets<'_>, axes: &[(usize, usize)]) -> Vec<u8> {
    let mut bytes = section.bytes.to_vec();
    for (octet, count) in axes {
        bytes.iter_mut().skip(octet - 1).take(*count).for_each(|b| *b = 0);
    }
    bytes
}

/// Product templates of edition 2 that begin alike: number, octet of the member, octet where the time interval begins; 0 for none.
const TEMPLATES: [(u64, usize, usize); 20] = [
    (0, 0, 0),
    (1, 36, 0),
    (2, 0, 0),
    (3, 0, 0),
    (4, 0, 0),
    (5, 0, 0),
    (6, 0, 0),
    (7, 0, 0),
    (8, 0, 35),
    (9, 0, 48),
    (10, 0, 36),
    (11, 36, 38),
    (12, 0, 37),
    (13, 0, 69),
    (14, 0, 65),
    (15, 0, 0),
    (60, 36, 0),
    (61, 36, 45),
    (1000, 0, 0),
    (1100, 0, 0),
];

/// The cell method of CF that is such a statistic.
pub(super) fn method(statistic: &str) -> Option<&'static str> {
    Some(match statistic {
        "avg" => "mean",
        "accum" | "sum" => "sum",
        "max" => "maximum",
        "min" => "minimum",
        "rms" => "root_mean_square",
        "sd" => "standard_deviation",
        _ => return None,
    })
}

/// Code table 4.10.
fn statistic(code: u8) -> &'static str {
    match code {
        0 => "avg",
        1 => "accum",
        2 => "max",
        3 => "min",
        4 => "diff",
        5 => "rms",
        6 => "sd",
        7 => "cov",
        8 => "sdiff",
        9 => "ratio",
        11 => "sum",
        _ => "range",
    }
}

fn second_edition(record: &Record<'_>) -> Result<Product> {
    let (identification, section) = (record.identification, record.product);
    let date = [identification.unsigned(13, 2)?, identification.unsigned(15, 1)?, identification.unsigned(16, 1)?];
    let clock = [identification.unsigned(17, 1)?, identification.unsigned(18, 1)?, identification.unsigned(19, 1)?];
    let parameter = vec![record.discipline, section.byte(10)?, section.byte(11)?];
    let number = section.unsigned(8, 2)?;
    let centre = identification.unsigned(6, 2)? as u16;
    let mut product = Product {
        name: names::second_edition([record.discipline, section.byte(10)?, section.byte(11)?], centre),
        parameter,
        centre,
        level: Level { name: "unknown".to_owned(), units: "", value: None, bounded: false },
        time: seconds(date, clock),
        step: 0,
        start: None,
        member: None,
        statistic: "instant",
        over: Over::Nothing,
        kind: Vec::new(),
    };
    let mut axes = vec![];
    // Templates of chemical constituents say which in two octets more.
    let (number, shift) = match number {
        40 => (0, 2),
        41 => (1, 2),
        42 => (8, 2),
        43 => (11, 2),
        n => (n, 0),
    };
    if let Some((_, member, interval)) = TEMPLATES.iter().find(|(n, ..)| *n == number) {
        let at = |octet: usize| octet + shift;
        product.step = section.signed(at(19), 4)?.saturating_mul(unit(section.byte(at(18))?, 2));
        product.level = level::second_edition(section, shift)?;
        axes.extend([(at(18), 5), (at(24), 5), (at(30), 5)]);
        if *member > 0 {
            product.member = Some(section.byte(at(*member))?.into());
            axes.push((at(*member), 1));
        }
        if *interval > 0 {
            let interval = at(*interval);
            // Code table 4.11, where there is one interval.
            product.over = match (section.byte(interval + 7)?, section.byte(interval + 13)?) {
                (1, 1) => Over::Times,
                (1, 2 | 255) => Over::Steps,
                _ => Over::Nothing,
            };
            product.start = Some(product.step).filter(|_| product.over == Over::Steps);
            product.step = product.step.saturating_add((section.unsigned(interval + 15, 4)? as i64).saturating_mul(unit(section.byte(interval + 14)?, 2)));
            product.statistic = statistic(section.byte(interval + 12)?);
            axes.extend([(interval, 7), (interval + 14, 5)]);
        }
    }
    product.name = names::at_height(product.name, &product.level);
    product.kind = [blank(identification, &[(1, 5), (13, 7)]), blank(section, &axes)].concat();
    Ok(product)
}

/// The European centre, whose local section of number 1 has the member of an ensemble.
const ECMWF: u16 = 98;

fn first_edition(record: &Record<'_>) -> Result<Product> {
    let section = record.product;
    let year = (section.unsigned(25, 1)?.max(1) - 1) * 100 + section.unsigned(13, 1)?;
    let date = [year, section.unsigned(14, 1)?, section.unsigned(15, 1)?];
    let time = seconds(date, [section.unsigned(16, 1)?, section.unsigned(17, 1)?, 0]);
    let (table, number, centre) = (section.byte(4)?, section.byte(9)?, u16::from(section.byte(5)?));
    let range = section.byte(21)?;
    let (from, to) = (section.unsigned(19, 1)? as i64, section.unsigned(20, 1)? as i64);
    let (step, statistic) = match range {
        2 => (to, "range"),
        3 => (to, "avg"),
        4 => (to, "accum"),
        5 => (to, "diff"),
        10 => (section.unsigned(19, 2)? as i64, "instant"),
        0 | 1 => (from, "instant"),
        113 | 115 | 117 => (from, "avg"),
        114 | 116 => (from, "accum"),
        123 => (0, "avg"),
        124 => (0, "accum"),
        _ => (to.max(from), "range"),
    };
    // Code table 5.
    let over = match range {
        3 | 4 | 115 | 116 => Over::Steps,
        113 | 114 | 123 | 124 => Over::Times,
        _ => Over::Nothing,
    };
    let seconds = unit(section.byte(18)?, 1);
    let level = level::first_edition(section)?;
    // Nor do the flags of sections and the decimal scale factor tell fields apart.
    let mut axes = vec![(8, 1), (11, 10), (25, 1), (27, 2)];
    let mut member = None;
    if centre == ECMWF && section.byte(41) == Ok(1) && section.bytes.len() >= 52 {
        // Both are 0 where there is no ensemble.
        member = Some(section.byte(50)?.into()).filter(|n| *n > 0 || section.byte(51) != Ok(0));
        axes.push((50, 1));
    }
    Ok(Product {
        name: names::at_height(names::first_edition(table, number, centre), &level),
        parameter: vec![table, number],
        centre,
        level,
        time,
        step: step.saturating_mul(seconds),
        start: matches!(range, 2..=5).then(|| from.saturating_mul(seconds)),
        member,
        statistic,
        over,
        kind: blank(section, &axes),
    })
}
