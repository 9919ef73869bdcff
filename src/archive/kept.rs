//! The encoder's search for values that mean something and are kept under a bound: 0 of rain, 0 and 1 of fractions, 100 of humidity, codes that no attribute declares.

use crate::codec::demand::Demand;
use crate::codec::lattice::{Sample, Steps};
use crate::field::{Element, Field, Missing, with_values};

/// Values looked at when frequent ones are searched.
const SAMPLE: usize = 1 << 16;
/// A frequent value is at least one in so many, inside the range and at an end of it.
const OFTEN_INSIDE: usize = 50;
const OFTEN_AT_AN_END: usize = 200;
/// Fewer of them are none.
const FEWEST: usize = 4;
/// How many times more frequent it is than what lies around it, inside the range and at an end of it.
const INSIDE: f64 = 8.0;
const AT_AN_END: f64 = 1.5;
/// Cells are far away beyond so many times the usual distance.
const REACH: u64 = 4;
/// Most that are kept.
const MOST: usize = 4;

/// The stored values of `field` that are kept, the most frequent first, each with how often it is there.
pub(super) fn kept(field: &Field, demand: &Demand) -> Vec<(f64, u64)> {
    let mut found: Vec<f64> = meaningful(field, demand.range);
    found.extend(frequent(field, demand));
    let mut kept = most_frequent(field, found);
    kept.truncate(MOST);
    if demand.stable {
        let before = kept_before(field, demand).into_iter().chain(kept.iter().map(|(value, _)| *value));
        kept = most_frequent(field, before.collect());
    }
    kept
}

fn most_frequent(field: &Field, mut values: Vec<f64>) -> Vec<(f64, u64)> {
    values.sort_by(f64::total_cmp);
    values.dedup();
    let mut counted = counted(field, &values);
    counted.sort_by_key(|(_, count)| core::cmp::Reverse(*count));
    counted
}

/// How often each of some stored values is there; those that are not are left out.
pub(super) fn counted(field: &Field, values: &[f64]) -> Vec<(f64, u64)> {
    if values.is_empty() {
        return Vec::new();
    }
    fn counts<T: Element>(all: &[T], missing: &Missing, values: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; values.len()];
        for value in all.iter().filter(|v| !missing.is_missing(**v)) {
            let value = value.to_f64();
            counts.iter_mut().zip(values).filter(|(_, v)| **v == value).for_each(|(count, _)| *count += 1);
        }
        counts
    }
    let counts = with_values!(&field.values, all => counts(all, &field.missing, values));
    values.iter().copied().zip(counts).filter(|(_, count)| *count > 0).collect()
}

/// Ends of the range that mean something by themselves, however often they are there: 0, and 1 or 100 above values that are not negative.
fn meaningful(field: &Field, [low, high]: [f64; 2]) -> Vec<f64> {
    let packing = field.packing();
    let physical = |stored: f64| packing.unpack(stored);
    let [least, most] = {
        let [a, b] = [low, high].map(physical);
        [a.min(b), a.max(b)]
    };
    let means = |end: f64| end == 0.0 || end == most && least >= 0.0 && (end == 1.0 || end == 100.0);
    [low, high].into_iter().filter(|end| means(physical(*end))).collect()
}

/// The few values, and ends of the range, that lie off the steps on which all others lie: they were kept when those were put there, and may be too rare to be found in a piece of what was whole.
fn kept_before(field: &Field, demand: &Demand) -> Vec<f64> {
    fn off<T: Sample>(values: &[T], missing: &Missing, steps: Steps, [low, high]: [f64; 2]) -> Option<Vec<f64>> {
        let mut off: Vec<T> = Vec::new();
        let mut on = 0usize;
        for &value in values.iter().filter(|v| !missing.is_missing(**v)) {
            let (put, number) = (steps.put(value), value.to_f64());
            // Steps beyond the ends are cut to these.
            let moves = put < value && number != low || put > value && number != high;
            on += usize::from(!moves);
            if moves && !off.contains(&value) {
                off.push(value);
            }
            if off.len() > MOST + 2 {
                return None;
            }
        }
        (on > off.len()).then(|| off.into_iter().map(Element::to_f64).collect())
    }
    with_values!(&field.values, values => demand.steps(field.values.data_type(), zero_of(values)).and_then(|steps| off(values, &field.missing, steps, demand.range))).unwrap_or_default()
}

/// The order-preserving integer that stands for 0 among such values.
fn zero_of<T: Sample>(_: &[T]) -> u64 {
    T::from_f64(0.0).to_ordered()
}

/// A value and the order-preserving integer that stands for it.
type Number = (u64, f64);

/// Some values that are not missing, ascending, and the integer that stands for 0.
fn sampled<T: Sample>(values: &[T], missing: &Missing) -> (Vec<Number>, u64) {
    let stride = values.len().div_ceil(SAMPLE).max(1);
    let mut sample: Vec<u64> = values.iter().step_by(stride).filter(|v| !missing.is_missing(**v)).map(|v| v.to_ordered()).collect();
    sample.sort_unstable();
    (sample.into_iter().map(|ordered| (ordered, T::from_ordered(ordered).to_f64())).collect(), zero_of(values))
}

/// How many cells lie from one that holds values to the next, in the middle of all such distances.
fn usual_gap(cells: &[(i64, &[Number])]) -> u64 {
    let mut gaps: Vec<u64> = cells.windows(2).map(|pair| if let [(a, _), (b, _)] = pair { b.abs_diff(*a) } else { 1 }).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(1)
}

/// Values that are found far more often than what lies around them: the other values in their cell, and those in the two cells on either side that hold values, as far as these are not far away. Cells are what the tolerance does not tell apart; moving
/// values within them, as a bound allows, changes nothing of that.
fn frequent(field: &Field, demand: &Demand) -> Vec<f64> {
    let [low, high] = demand.range;
    let (sample, zero) = with_values!(&field.values, values => sampled(values, &field.missing));
    let Some(cells) = Steps::fixed(field.values.data_type(), zero, demand.tolerance) else { return Vec::new() };
    let place = |(ordered, value): &Number| cells.place(*value, *ordered);
    let groups: Vec<(i64, &[Number])> = sample.chunk_by(|a, b| place(a) == place(b)).filter_map(|cell| Some((place(cell.first()?), cell))).collect();
    let far = REACH.saturating_mul(usual_gap(&groups));
    let mut found = Vec::new();
    for (number, (own, cell)) in groups.iter().enumerate() {
        let near = |i: Option<usize>| i.and_then(|i| groups.get(i)).filter(|(place, _)| place.abs_diff(*own) <= far).map(|(_, cell)| cell.len());
        let beside: Vec<usize> = [number.checked_sub(2), number.checked_sub(1), Some(number + 1), Some(number + 2)].into_iter().filter_map(near).collect();
        for run in cell.chunk_by(|a, b| a.1 == b.1).filter(|run| run.len() >= FEWEST) {
            let Some((_, value)) = run.first().copied() else { continue };
            let (often, times) = if value == low || value == high { (OFTEN_AT_AN_END, AT_AN_END) } else { (OFTEN_INSIDE, INSIDE) };
            let others = beside.iter().sum::<usize>() + cell.len() - run.len();
            let mean = others as f64 / (beside.len() + 1) as f64;
            let stands_out = run.len() * often >= sample.len() && run.len() as f64 >= times * mean;
            found.extend(stands_out.then_some(value));
        }
    }
    found
}
