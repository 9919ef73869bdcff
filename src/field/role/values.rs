//! What values say: nothing but 0 and 1, or calendar dates. Needs no more of a measurement than its first values.

use super::{Judgement, Role, own};
use crate::field::Field;

/// What the values say, if they are there.
pub(super) fn judge(field: &Field) -> Option<Judgement> {
    let unit = own::unit(field);
    // Fractions may be 0 and 1 alone; a depth of 0 m and 1 m is a depth.
    if own::is_packed(field) || unit.is_some_and(|unit| !own::is_share(&unit)) {
        return None;
    }
    let binary = field.present().all(|x| x == 0.0 || x == 1.0) && field.present().any(|x| x == 0.0) && field.present().any(|x| x == 1.0);
    if binary {
        return Some(Judgement::new(Role::Mask, "only 0 and 1"));
    }
    let dates = field.present().next().is_some() && (field.present().all(is_date) || field.present().all(|x| is_date((x / 100.0).floor()) && x % 100.0 < 24.0));
    dates.then(|| Judgement::new(Role::Time, "dates such as YYYYMMDD"))
}

/// YYYYMMDD of the years 1000 to 2999, perhaps with a part of a day.
fn is_date(x: f64) -> bool {
    let day = x.floor();
    let (year, month, day) = ((day / 10_000.0).floor(), (day / 100.0).floor() % 100.0, day % 100.0);
    (1000.0..3000.0).contains(&year) && (1.0..=12.0).contains(&month) && (1.0..=31.0).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::is_date;

    #[test]
    fn dates_are_told_from_other_numbers() {
        for date in [19_790_101.0, 20_260_229.0, 20_261_231.5] {
            assert!(is_date(date), "{date}");
        }
        for number in [0.0, 101_325.0, 20_261_301.0, 20_261_200.0, -19_790_101.0, 3e8, f64::MAX] {
            assert!(!is_date(number), "{number}");
        }
    }
}
