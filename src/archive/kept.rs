//! The encoder's search for values that mean something and are kept under a bound: 0 of rain, 0 and 1 of fractions, 100 of humidity, codes that no attribute declares.

use core::cmp::Ordering;

use crate::codec::demand::Demand;
use crate::codec::lattice::{Sample, Steps};
use crate::field::{DataType, Element, Field, Stored};

/// Values looked at when frequent ones are searched.
const SAMPLE: usize = 1 << 16;
/// Values looked at together when all are.
const BLOCK: usize = 1 << 12;
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
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let counted = counted(field, &values);
    let mut order: Vec<(u64, usize)> = counted.iter().zip(0..).map(|((_, count), index)| (u64::MAX - count, index)).collect();
    order.sort_unstable();
    order.into_iter().filter_map(|(_, index)| counted.get(index).copied()).collect()
}

/// How often each of some stored values is there; those that are not are left out.
pub(super) fn counted(field: &Field, values: &[f64]) -> Vec<(f64, u64)> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut counts = vec![0; values.len()];
    for value in field.present() {
        counts.iter_mut().zip(values).filter(|(_, v)| **v == value).for_each(|(count, _)| *count += 1);
    }
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
    let (data_type, [low, high]) = (field.values.data_type(), demand.range);
    let Some(steps) = demand.steps(data_type, zero(data_type)) else { return Vec::new() };
    let (mut off, mut on) = (Vec::<Number>::new(), 0usize);
    let (mut block, count) = (Vec::new(), field.values.len());
    for start in (0..count).step_by(BLOCK) {
        block.clear();
        field.values.put_stored(&mut block, start..count.min(start + BLOCK));
        for stored in block.iter().filter(|v| !v.is_missing(&field.missing)) {
            let number = number(stored, data_type);
            let put = put(steps, number, data_type);
            // Steps beyond the ends are cut to these.
            let moves = put == Ordering::Less && number.1 != low || put == Ordering::Greater && number.1 != high;
            on += usize::from(!moves);
            // Zeros of either sign are equal, whole numbers beyond 2^53 are not.
            if moves && !off.iter().any(|other| other.0 == number.0 || data_type.is_float() && other.1 == number.1) {
                off.push(number);
            }
            if off.len() > MOST + 2 {
                return Vec::new();
            }
        }
    }
    if on > off.len() { off.into_iter().map(|(_, value)| value).collect() } else { Vec::new() }
}

/// What a value becomes on steps, compared with what it is.
fn put(steps: Steps, (ordered, value): Number, data_type: DataType) -> Ordering {
    match data_type {
        DataType::F32 => f64::from(steps.put(value as f32)).partial_cmp(&value).unwrap_or(Ordering::Equal),
        DataType::F64 => steps.put(value).partial_cmp(&value).unwrap_or(Ordering::Equal),
        // Beyond what the type holds, values stay.
        _ => Some(steps.put(ordered)).filter(|on| *on <= data_type.ordered_max()).map_or(Ordering::Equal, |on| on.cmp(&ordered)),
    }
}

/// A value and the order-preserving integer that stands for it.
type Number = (u64, f64);

fn number(stored: &Stored, data_type: DataType) -> Number {
    (ordered(stored.bits, data_type), stored.number)
}

/// The order-preserving integer that stands for a value.
fn ordered(bits: u64, data_type: DataType) -> u64 {
    match data_type {
        DataType::F32 => f32::from_bits64(bits).to_ordered(),
        DataType::F64 => f64::from_bits64(bits).to_ordered(),
        DataType::I8 | DataType::I16 | DataType::I32 | DataType::I64 => bits ^ 1 << (data_type.bits() - 1),
        DataType::U8 | DataType::U16 | DataType::U32 | DataType::U64 | DataType::Char => bits,
    }
}

/// That of 0, all bits of which are 0.
fn zero(data_type: DataType) -> u64 {
    ordered(0, data_type)
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
    let (data_type, count) = (field.values.data_type(), field.values.len());
    let looked_at = (0..count).step_by(count.div_ceil(SAMPLE).max(1)).filter_map(|index| field.values.stored(index));
    let mut sample: Vec<Number> = looked_at.filter(|v| !v.is_missing(&field.missing)).map(|v| number(&v, data_type)).collect();
    let Some(cells) = Steps::fixed(data_type, zero(data_type), demand.tolerance) else { return Vec::new() };
    sample.sort_unstable_by_key(|(ordered, _)| *ordered);
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
