//! Planes that are their own mirror image: grids between displaced poles, areas and angles of two hemispheres.

use crate::error::Result;
use crate::wire::{Reader, put_varint};

/// Lines that are looked at to find a mirror.
const LINES: usize = 32;
/// More equal numbers than that in a line tell nothing.
const EQUAL: usize = 4;
/// Of 1,000 numbers that are looked at, so many pairs must have their images where the mirror says.
const WORTH: usize = 30;

/// Where the image of a number lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mirror {
    /// In the same row, in the column whose sum with its own is that, modulo the width.
    Columns(usize),
    /// In the same column, in the row whose sum with its own is that.
    Rows(usize),
}

impl Mirror {
    /// Kind and sum, for the header.
    pub(super) fn write(mirror: Option<Self>, out: &mut Vec<u8>) {
        let (kind, sum) = match mirror {
            None => (0, None),
            Some(Self::Columns(sum)) => (1, Some(sum)),
            Some(Self::Rows(sum)) => (2, Some(sum)),
        };
        put_varint(out, kind);
        sum.into_iter().for_each(|sum| put_varint(out, sum as u64));
    }

    /// Reads what [`Self::write`] wrote, for planes of that size.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] when it lies outside of them.
    pub(super) fn read(reader: &mut Reader, [height, width]: [usize; 2]) -> Result<Option<Self>> {
        Ok(match reader.count("the kind of mirror", 2)? {
            0 => None,
            1 => Some(Self::Columns(reader.count("the sum of columns", width.saturating_sub(1))?)),
            _ => Some(Self::Rows(reader.count("the sum of rows", 2 * height)?)),
        })
    }

    /// Row and column of the image of a number, where it comes before that.
    pub(super) fn image(self, row: usize, column: usize, width: usize) -> Option<[usize; 2]> {
        match self {
            Self::Columns(sum) => {
                let image = if sum >= column { sum - column } else { sum + width - column };
                (image < column).then_some([row, image])
            }
            Self::Rows(sum) => sum.checked_sub(row).filter(|image| *image < row).map(|image| [image, column]),
        }
    }

    /// The mirror of a plane, where there is one; `number` gives what lies in a row and column, `largest` is the largest there may be.
    pub(super) fn find([height, width]: [usize; 2], largest: u64, number: impl Fn(usize, usize) -> u64) -> Option<Self> {
        // A number and its opposite alike.
        let magnitude = |row: usize, column: usize| number(row, column).min(largest.wrapping_sub(number(row, column)));
        let rows = (0..height).step_by(height.div_ceil(LINES).max(1)).map(|row| (0..width).map(|column| magnitude(row, column)).collect());
        let columns = (0..width).step_by(width.div_ceil(LINES).max(1)).map(|column| (0..height).map(|row| magnitude(row, column)).collect());
        let (of_columns, sum_of_columns) = commonest_sum(rows, width);
        let (of_rows, sum_of_rows) = commonest_sum(columns, 2 * height);
        let (part, mirror) = if of_rows > of_columns { (of_rows, Self::Rows(sum_of_rows)) } else { (of_columns, Self::Columns(sum_of_columns)) };
        (part >= WORTH).then_some(mirror)
    }
}

/// The sum of the places of two equal numbers in a line that is there most often, modulo `modulus`, and how many pairs of 1,000 numbers have it.
fn commonest_sum(lines: impl Iterator<Item = Vec<u64>>, modulus: usize) -> (usize, usize) {
    let mut counts = vec![0usize; modulus];
    let mut all = 0;
    for line in lines {
        all += line.len();
        let mut places: Vec<(u64, usize)> = line.into_iter().zip(0..).collect();
        places.sort_unstable();
        for equal in places.chunk_by(|a, b| a.0 == b.0).filter(|equal| equal.len() <= EQUAL) {
            for (i, (_, place)) in equal.iter().enumerate() {
                for (_, other) in equal.iter().skip(i + 1) {
                    if let Some(count) = counts.get_mut((place + other) % modulus) {
                        *count += 1;
                    }
                }
            }
        }
    }
    // The first of several.
    let most = counts.iter().zip(0..).max_by_key(|(count, sum)| (**count, usize::MAX - sum));
    most.map_or((0, 0), |(count, sum)| (count * 1000 / all.max(1), sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_found_with_and_without_a_change_of_sign() {
        let value = |v: i64| (v as u64) ^ 1 << 63;
        let number = |row: usize, column: usize| {
            let from_pole = |column: usize| (7 * row * row) as i64 + (column as i64) * (column as i64) * 31 + 5;
            if column > 19 { value(-1 - from_pole((38 + 50 - column) % 50)) } else { value(from_pole(column)) }
        };
        assert_eq!(Mirror::find([30, 50], u64::MAX, number), Some(Mirror::Columns(38)));
        assert_eq!(Mirror::find([50, 30], u64::MAX, |row, column| value((row as i64 * 2 - 49).pow(2) * 50 + column as i64)), Some(Mirror::Rows(49)));
        assert_eq!(Mirror::find([30, 50], u64::MAX, |row, column| value((row * 50 + column) as i64)), None);
        assert_eq!(Mirror::find([1, 1], u64::MAX, |_, _| 3), None);
    }

    #[test]
    fn images_come_before() {
        assert_eq!(Mirror::Columns(3).image(2, 3, 10), Some([2, 0]));
        assert_eq!(Mirror::Columns(3).image(2, 1, 10), None);
        assert_eq!(Mirror::Columns(3).image(2, 9, 10), Some([2, 4]));
        assert_eq!(Mirror::Rows(9).image(9, 4, 10), Some([0, 4]));
        assert_eq!(Mirror::Rows(9).image(4, 4, 10), None);
        assert_eq!(Mirror::Rows(3).image(5, 4, 10), None);
    }
}
