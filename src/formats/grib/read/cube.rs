//! Which records become planes of one field: those that fill a grid of times, steps, levels and members without gap or duplicate.
//!
//! Records that occur twice go into a second field. Those that leave gaps are split along one axis, the one that gives the fewest parts without gaps; where none does, along
//! the shortest axis and then each part again.

use std::collections::{BTreeMap, BTreeSet};

/// Where a record is on each axis: time, step, level, member.
pub(crate) type Place = [[i64; 2]; AXES];
pub(crate) const AXES: usize = 4;

/// A field to be.
#[derive(Debug)]
pub(crate) struct Cube {
    /// Points of each axis.
    pub(crate) axes: [Vec<[i64; 2]>; AXES],
    /// The record of each plane, in C order of the axes.
    pub(crate) records: Vec<usize>,
}

/// All records of one kind, as cubes.
pub(crate) fn cubes(records: &[(usize, Place)]) -> Vec<Cube> {
    let mut seen: BTreeMap<Place, usize> = BTreeMap::new();
    let mut rounds: Vec<Vec<(usize, Place)>> = Vec::new();
    for record in records {
        let round = seen.entry(record.1).or_default();
        if *round == rounds.len() {
            rounds.push(Vec::new());
        }
        rounds.get_mut(*round).into_iter().for_each(|r| r.push(*record));
        *round += 1;
    }
    rounds.into_iter().flat_map(split).collect()
}

/// Points of an axis, in order of the first record met.
fn points(records: &[(usize, Place)], axis: usize) -> Vec<[i64; 2]> {
    let at = |(_, place): &(usize, Place)| place.get(axis).copied().unwrap_or_default();
    let set: BTreeSet<[i64; 2]> = records.iter().map(at).collect();
    let descending = records.first().zip(records.last()).is_some_and(|(first, last)| at(first) > at(last));
    if descending && axis == 2 { set.into_iter().rev().collect() } else { set.into_iter().collect() }
}

/// The cube of records of which no two are at one place, if they leave no gap.
fn whole(records: &[(usize, Place)]) -> Option<Cube> {
    let axes: [Vec<[i64; 2]>; AXES] = core::array::from_fn(|axis| points(records, axis));
    let size = axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.len()))?;
    if size != records.len() {
        return None;
    }
    let index = |place: &Place| {
        let mut index = 0;
        for (axis, point) in axes.iter().zip(place) {
            let descending = axis.first() > axis.last();
            let n = axis.binary_search_by(|p| if descending { point.cmp(p) } else { p.cmp(point) }).ok()?;
            index = index * axis.len() + n;
        }
        Some(index)
    };
    let mut sorted: Vec<(usize, usize)> = records.iter().map(|(record, place)| index(place).map(|n| (n, *record))).collect::<Option<_>>()?;
    sorted.sort_unstable();
    Some(Cube { records: sorted.into_iter().map(|(_, record)| record).collect(), axes })
}

fn along(records: &[(usize, Place)], axis: usize) -> Vec<Vec<(usize, Place)>> {
    let mut parts: BTreeMap<[i64; 2], Vec<(usize, Place)>> = BTreeMap::new();
    for record in records {
        parts.entry(record.1.get(axis).copied().unwrap_or_default()).or_default().push(*record);
    }
    parts.into_values().collect()
}

fn split(records: Vec<(usize, Place)>) -> Vec<Cube> {
    if let Some(cube) = whole(&records) {
        return vec![cube];
    }
    let mut ways: Vec<Vec<Vec<(usize, Place)>>> = (0..AXES).map(|axis| along(&records, axis)).filter(|parts| parts.len() > 1).collect();
    ways.sort_by_key(Vec::len);
    let whole_parts = ways.iter().find_map(|parts| parts.iter().map(|part| whole(part)).collect::<Option<Vec<_>>>());
    match (whole_parts, ways.into_iter().next()) {
        (Some(cubes), _) => cubes,
        // Each time with one axis less, so at most three times.
        (None, Some(parts)) => parts.into_iter().flat_map(split).collect(),
        (None, None) => Vec::new(),
    }
}
