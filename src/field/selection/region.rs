//! Boxes of longitude and latitude, and which points of axes, planes and lists of places lie in them.

use super::coordinate::Coordinate;
use super::ranges::{Ranges, hull, runs};
use crate::error::{Error, Result};
use core::fmt;
use core::str::FromStr;

/// West, south, east and north in degrees, as GeoJSON orders them: what lies between, ends included. Over the meridian where longitudes begin anew east may be the smaller number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

/// Degrees all around.
const ROUND: f64 = 360.0;

/// As fine as float32 tells longitudes, some metres: a point that is meant to be on the edge is.
const EDGE: f64 = ROUND * f32::EPSILON as f64;

impl FromStr for Region {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            |why: &str| Error::InvalidArgument { what: format!("{text:?} is no box: {why}; write west,south,east,north in degrees, as in -10,35,40,70") };
        let numbers: Vec<f64> =
            text.split(',').map(|number| number.trim().parse()).collect::<core::result::Result<_, _>>().map_err(|_| wrong("it takes four numbers"))?;
        let [west, south, east, north] = numbers.as_slice() else { return Err(wrong("it takes four numbers")) };
        let within = |number: &f64, most: f64| number.abs() <= most;
        match () {
            () if !within(south, 90.0) || !within(north, 90.0) => Err(wrong("latitudes go from -90 to 90")),
            () if south > north => Err(wrong("its south lies north of its north")),
            () if !within(west, 2.0 * ROUND) || !within(east, 2.0 * ROUND) => Err(wrong("longitudes go from -180 to 180, or from 0 to 360")),
            () => Ok(Self { west: *west, south: *south, east: *east, north: *north }),
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.west, self.south, self.east, self.north)
    }
}

/// Ranges along an axis of longitudes, and what has to be added to each of them for longitudes that go on over the seam: a whole circle, or nothing.
pub(super) struct Longitudes {
    pub(super) ranges: Ranges,
    pub(super) turns: Vec<f64>,
}

impl Region {
    fn width(&self) -> f64 {
        if self.east < self.west { self.east - self.west + ROUND } else { self.east - self.west }
    }

    /// Whether it goes all around.
    fn is_round(&self) -> bool {
        self.width() >= ROUND
    }

    fn has_latitude(&self, latitude: f64) -> bool {
        (self.south - EDGE..=self.north + EDGE).contains(&latitude)
    }

    /// Degrees east of its western edge, whatever circle a longitude is counted in.
    fn eastward(&self, longitude: f64) -> f64 {
        let degrees = (longitude - self.west).rem_euclid(ROUND);
        if degrees > ROUND - EDGE { 0.0 } else { degrees }
    }

    fn has_longitude(&self, longitude: f64) -> bool {
        longitude.is_finite() && (self.is_round() || self.eastward(longitude) <= self.width() + EDGE)
    }

    fn has(&self, latitude: f64, longitude: f64) -> bool {
        self.has_latitude(latitude) && self.has_longitude(longitude)
    }

    /// Along an axis of latitudes, in either direction.
    pub(super) fn latitudes(&self, latitudes: &[f64]) -> Ranges {
        runs(latitudes.len(), |i| latitudes.get(i).is_some_and(|latitude| self.has_latitude(*latitude)))
    }

    /// Along an axis of longitudes: two ranges where the box lies over its ends, in the direction of the axis. A box all around leaves the axis as it is.
    pub(super) fn longitudes(&self, longitudes: &[f64]) -> Longitudes {
        let at = |i: usize| longitudes.get(i).copied().filter(|longitude| self.has_longitude(*longitude));
        let east = |i: usize| at(i).map_or(f64::NAN, |longitude| self.eastward(longitude));
        let mut ranges = runs(longitudes.len(), |i| at(i).is_some());
        if self.is_round() {
            return Longitudes { turns: vec![0.0; ranges.len()], ranges };
        }
        // An axis that holds the whole box and more may go through it from its middle to its middle, in one run.
        let seam = |i: &usize| (east(*i) - east(*i - 1)).abs() > ROUND / 2.0;
        let cut = |range: &core::ops::Range<usize>| (range.start + 1..range.end).find(seam);
        if let [only] = ranges.as_slice()
            && let Some(middle) = cut(only)
        {
            ranges = vec![only.start..middle, middle..only.end];
        }
        let [first, second] = ranges.as_slice() else { return Longitudes { turns: vec![0.0; ranges.len()], ranges } };
        let steps = longitudes.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).filter(|step| step.abs() < ROUND / 2.0);
        let rises = steps.map(f64::signum).sum::<f64>() > 0.0;
        if rises != (east(first.start) < east(second.start)) {
            ranges.reverse();
        }
        let turn = |i: usize| at(i).map_or(0.0, |longitude| ((self.west + self.eastward(longitude) - longitude) / ROUND).round() * ROUND);
        Longitudes { turns: ranges.iter().map(|range| turn(range.start)).collect(), ranges }
    }

    /// Along a list of places.
    pub(super) fn places(&self, latitudes: &[f64], longitudes: &[f64]) -> Ranges {
        let at = |i: usize| Some((*latitudes.get(i)?, *longitudes.get(i)?));
        runs(latitudes.len(), |i| at(i).is_some_and(|(latitude, longitude)| self.has(latitude, longitude)))
    }

    /// Rows and columns of the smallest part of a plane that holds every point of it that lies in the box, be it in two parts where the plane closes; in any of the planes where there are
    /// several.
    pub(super) fn plane(&self, latitudes: &Coordinate<'_>, longitudes: &Coordinate<'_>, columns: usize) -> [Ranges; 2] {
        let columns = columns.max(1);
        let rows = latitudes.field.shape.iter().rev().nth(1).map_or(0, |rows| *rows);
        let (mut in_row, mut in_column) = (vec![false; rows], vec![false; columns]);
        for (i, (latitude, longitude)) in latitudes.numbers.iter().zip(&longitudes.numbers).enumerate() {
            if self.has(*latitude, *longitude) {
                in_row.get_mut(i / columns % rows.max(1)).into_iter().for_each(|row| *row = true);
                in_column.get_mut(i % columns).into_iter().for_each(|column| *column = true);
            }
        }
        let marked = |marks: &[bool]| runs(marks.len(), |i| marks.get(i) == Some(&true));
        let across = marked(&in_column);
        let parts = if self.is_round() || !closes(&longitudes.numbers, columns) { hull(&across) } else { around(&across, columns) };
        [hull(&marked(&in_row)), parts]
    }
}

/// Whether the last column of a plane is a neighbour of the first, judged by the middle row: no further from it than two columns usually lie apart.
fn closes(longitudes: &[f64], columns: usize) -> bool {
    let rows: Vec<&[f64]> = longitudes.chunks_exact(columns).collect();
    let Some(row @ [first, .., last]) = rows.get(rows.len() / 2) else { return false };
    let apart = |a: f64, b: f64| (a - b).rem_euclid(ROUND).min((b - a).rem_euclid(ROUND));
    let mut steps: Vec<f64> = row.array_windows().map(|[a, b]| apart(*a, *b)).collect();
    steps.sort_by(f64::total_cmp);
    columns > 2 && steps.get(steps.len() / 2).is_some_and(|step| apart(*first, *last) <= 2.0 * step)
}

/// The smallest stretch of a ring that holds all of some ranges: what is left without the widest gap.
fn around(ranges: &Ranges, length: usize) -> Ranges {
    let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else { return Ranges::new() };
    let outer = first.start + length - last.end;
    let widest = ranges.windows(2).filter_map(|pair| Some(pair.first()?.end..pair.last()?.start)).max_by_key(ExactSizeIterator::len);
    match widest {
        Some(gap) if gap.len() > outer => vec![gap.end..length, 0..gap.start],
        _ => hull(ranges),
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init)] // Lists of ranges are meant.
mod tests {
    use super::Region;

    fn region(text: &str) -> Region {
        text.parse().unwrap()
    }

    fn every(step: f64, from: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| from + step * i as f64).collect()
    }

    #[test]
    fn a_box_takes_longitudes_in_any_circle() {
        let (east, centred) = (every(10.0, 0.0, 36), every(10.0, -180.0, 36));
        for (text, on_east, on_centred) in [
            ("20,0,40,1", vec![2..5], vec![20..23]),
            ("-20,0,-10,1", vec![34..36], vec![16..18]),
            ("-10,0,10,1", vec![35..36, 0..2], vec![17..20]),
            ("350,0,10,1", vec![35..36, 0..2], vec![17..20]),
            ("170,0,-170,1", vec![17..20], vec![35..36, 0..2]),
            ("170,0,190,1", vec![17..20], vec![35..36, 0..2]),
            ("-180,0,180,1", vec![0..36], vec![0..36]),
            ("0,0,360,1", vec![0..36], vec![0..36]),
            ("12,0,18,1", vec![], vec![]),
            ("20,0,20,1", vec![2..3], vec![20..21]),
        ] {
            assert_eq!(region(text).longitudes(&east).ranges, on_east, "{text}");
            assert_eq!(region(text).longitudes(&centred).ranges, on_centred, "{text}");
        }
    }

    #[test]
    fn what_goes_over_the_seam_goes_on_in_the_direction_of_the_axis() {
        let falling: Vec<f64> = every(10.0, 0.0, 36).into_iter().rev().collect();
        let along = region("-10,0,20,1").longitudes(&falling);
        assert_eq!(along.ranges, [33..36, 0..1]);
        assert_eq!(along.turns, [0.0, -360.0]);
        // A box with a gap so narrow that all points but one are in it, from the middle of the axis to its middle.
        let along = region("15,0,0,1").longitudes(&every(10.0, 0.0, 36));
        assert_eq!(along.ranges, [2..36, 0..1]);
        assert_eq!(along.turns, [0.0, 360.0]);
        let along = region("5,0,4,1").longitudes(&every(10.0, 0.0, 36));
        assert_eq!(along.ranges, [1..36, 0..1]);
    }

    #[test]
    fn points_on_the_edge_are_inside() {
        let thirds: Vec<f64> = (0..1080).map(|i| f64::from(i as f32 / 3.0)).collect();
        assert_eq!(region("0.333333333,0,0.666666666,1").longitudes(&thirds).ranges, [1..3]);
        assert_eq!(region("0,-10,1,10").latitudes(&every(-5.0, 90.0, 37)), [16..21]);
    }

    #[test]
    fn what_is_no_box_says_what_is() {
        for (text, part) in [
            ("1,2,3", "four numbers"),
            ("1,2,3,4,5", "four numbers"),
            ("a,2,3,4", "four numbers"),
            ("NaN,2,3,4", "longitudes go from"),
            ("0,-91,1,0", "latitudes go from"),
            ("0,nan,1,0", "latitudes go from"),
            ("0,10,1,0", "south lies north"),
            ("-721,0,1,1", "longitudes go from"),
        ] {
            let told = text.parse::<Region>().unwrap_err().to_string();
            assert!(told.contains(part) && told.contains("write west,south,east,north"), "{text}: {told}");
        }
    }
}
