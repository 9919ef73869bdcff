//! Complex packing (templates 5.2 and 5.3): groups of numbers, each with its own reference and width, of values or of their differences.

use super::super::bits::{BitReader, MAX_WIDTH};
use super::super::octets::Octets;
use super::refusals::{MISSING, unsupported};
use crate::error::{Error, Result};
use crate::limits;

/// Unpacks `count` numbers; `order` is that of the spatial differences, 0 for none.
pub(super) fn unpack(section: Octets<'_>, data: Octets<'_>, count: usize, order: usize) -> Result<Vec<i64>> {
    let bits = u32::from(section.byte(20)?);
    let groups = section.size(32, 4)?;
    let mut numbers = limits::room("the values of a message", count)?;
    if groups == 0 || count == 0 {
        numbers.resize(count, 0);
        return Ok(numbers);
    }
    if bits == 0 && data.bytes.is_empty() {
        // Groups without width whose references have no bits either.
        numbers.resize(count, if kinds_of_missing(section)? == 0 { 0 } else { MISSING });
        return Ok(numbers);
    }
    let mut body = data.bytes;
    let start = match order {
        0 => Start::default(),
        1 | 2 => {
            let width = usize::from(section.byte(49)?);
            body = data.from((order + 1) * width + 1).bytes;
            Start::read(data, order, width)?
        }
        n => return Err(unsupported(format!("GRIB packed as spatial differences of order {n}"))),
    };
    grouped(section, body, &mut numbers, [count, groups]).ok_or_else(|| data.malformed(1, format!("{count} numbers in {groups} groups")))?;
    integrate(&mut numbers, order, start);
    if numbers.iter().any(|n| *n != MISSING && n.unsigned_abs() >= 1 << MAX_WIDTH) {
        return Err(data.malformed(1, format!("numbers of at most {MAX_WIDTH} bits")));
    }
    Ok(numbers)
}

/// How many of the largest numbers stand for missing values (code table 5.5); as in wgrib2, none where the table does not say.
fn kinds_of_missing(section: Octets<'_>) -> Result<u64> {
    Ok(match section.byte(23)? {
        kinds @ (1 | 2) => kinds.into(),
        _ => 0,
    })
}

/// What spatial differences begin with.
#[derive(Debug, Clone, Copy, Default)]
struct Start {
    first: [i64; 2],
    smallest: i64,
}

impl Start {
    fn read(data: Octets<'_>, order: usize, width: usize) -> Result<Self> {
        if width == 0 {
            return Ok(Self::default());
        }
        if width > 7 {
            return Err::<Self, Error>(unsupported("GRIB with spatial differences of more than 7 octets"));
        }
        // Packed numbers have no sign, differences do.
        let number = |n: usize| data.unsigned(n * width + 1, width).map(|n| n as i64);
        let second = if order == 2 { number(1)? } else { 0 };
        Ok(Self { first: [number(0)?, second], smallest: data.signed(order * width + 1, width)? })
    }
}

/// Numbers of all groups with their references; `None` when the data contradict themselves.
fn grouped(section: Octets<'_>, data: &[u8], numbers: &mut Vec<i64>, [count, groups]: [usize; 2]) -> Option<()> {
    let byte = |octet| section.byte(octet).ok().map(u32::from);
    let size = |octet| section.unsigned(octet, 4).ok();
    let bits = byte(20)?;
    let kinds_of_missing = kinds_of_missing(section).ok()?;
    let (width_reference, width_bits) = (byte(36)?, byte(37)?);
    let (length_reference, length_step, last_length, length_bits) = (size(38)?, u64::from(byte(42)?), size(43)?, byte(47)?);
    let mut reader = BitReader::new(data);
    let mut list = |width: u32| {
        let numbers =
            (groups <= count && width <= MAX_WIDTH && reader.holds(groups, width)).then(|| (0..groups).map(|_| reader.take(width)).collect::<Vec<_>>());
        reader.align();
        numbers
    };
    let (references, widths, lengths) = (list(bits)?, list(width_bits)?, list(length_bits)?);
    for (n, ((reference, width), length)) in references.into_iter().zip(widths).zip(lengths).enumerate() {
        let width = u32::try_from(width.checked_add(width_reference.into())?).ok().filter(|w| *w <= MAX_WIDTH)?;
        let length = if n + 1 == groups { last_length } else { length.checked_mul(length_step)?.checked_add(length_reference)? };
        let length = usize::try_from(length).ok().filter(|l| *l <= count - numbers.len() && reader.holds(*l, width))?;
        // The largest numbers of a width stand for missing values: one or two of them, and in a group without width its reference.
        let missing = |number: u64, width: u32| (1..=kinds_of_missing).any(|n| (1u64 << width).checked_sub(n) == Some(number));
        if width == 0 {
            let number = if missing(reference, bits) { MISSING } else { reference as i64 };
            numbers.resize(numbers.len() + length, number);
        } else {
            numbers.extend((0..length).map(|_| match reader.take(width) {
                number if missing(number, width) => MISSING,
                number => (reference + number) as i64,
            }));
        }
    }
    (numbers.len() == count).then_some(())
}

/// Sums up spatial differences, across missing values.
fn integrate(numbers: &mut [i64], order: usize, start: Start) {
    if order == 0 {
        return;
    }
    let [mut before, mut last] = if order == 1 { [0, start.first[0]] } else { start.first };
    for (n, number) in numbers.iter_mut().filter(|n| **n != MISSING).enumerate() {
        *number = match start.first.get(n).filter(|_| n < order) {
            Some(first) => *first,
            None => {
                let difference = number.wrapping_add(start.smallest);
                let slope = if order == 2 { last.wrapping_sub(before) } else { 0 };
                let next = last.wrapping_add(slope).wrapping_add(difference);
                (before, last) = (last, next);
                // A sum that no packing makes; it is refused for its size.
                if next == MISSING { i64::MAX } else { next }
            }
        };
    }
}
