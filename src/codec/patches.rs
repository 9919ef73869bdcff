//! The last step of a chunk: decoded values are compared with their source, and those that miss are written out. Both directions.

use super::demand::Demand;
use super::lattice::Sample;
use super::masks::Mask;
use super::tolerance::Tolerance;
use crate::error::{Error, Result};
use crate::field::{DataType, Missing, extremes};
use crate::wire::{Reader, little_endian, put_bits, put_varint};

/// How decoded values compare with their source.
pub(super) struct Check {
    /// Bits of the smallest and largest value of the source, where others would lie beyond them.
    pub(super) ends: [Option<u64>; 2],
    /// Index and bits of values that came back wrong: too far off, changed though missing, or no longer told from missing.
    pub(super) patches: Vec<(usize, u64)>,
    /// Largest distance of the others.
    pub(super) max_error: f64,
}

/// Cuts what was decoded to the range of the source, compares it with the values, and puts those that miss in their places.
pub(super) fn check<T: Sample>(values: &[T], decoded: &mut [T], mask: &Mask, missing: &Missing, demand: &Demand) -> Check {
    let mut check = Check { ends: ends(decoded, mask, demand), patches: Vec::new(), max_error: 0.0 };
    if check.ends != [None; 2] {
        cut(decoded.iter_mut().enumerate().filter(|(index, _)| !mask.is_missing(*index)).map(|(_, back)| back), check.ends);
    }
    for (block, (values, decoded)) in values.chunks(BLOCK).zip(decoded.chunks(BLOCK)).enumerate() {
        let start = block * BLOCK;
        match fine((values, decoded), mask.classes(start..start + values.len()), missing, demand) {
            Some(error) => check.max_error = check.max_error.max(error),
            None => check.block(start, (values, decoded), mask, missing, demand),
        }
    }
    patch(decoded, &check.patches);
    check
}

/// Values that are looked at together.
const BLOCK: usize = 512;

/// The largest error of some values that all are within an even tolerance, have to be kept nowhere, and come back as they are where the mask tells them; `None` where they have to be
/// looked at one by one.
fn fine<T: Sample>((values, decoded): (&[T], &[T]), masked: &[u8], missing: &Missing, demand: &Demand) -> Option<f64> {
    let Tolerance::Absolute(tolerance) = demand.tolerance else { return None };
    // As most bulk is; code for all types would make the modules much larger.
    if T::TYPE != DataType::F32 {
        return None;
    }
    let pairs = || values.iter().zip(decoded);
    let same = |value: &T, back: &T| value.to_bits64() == back.to_bits64();
    if tolerance == 0.0 {
        return pairs().fold(true, |all, (value, back)| all & same(value, back)).then_some(0.0);
    }
    // The bits of floats that are not negative sort as these do, and those of what is no number are larger still.
    let error = |value: &T, back: &T| back.less(*value).abs().to_bits().cast_signed();
    let largest = if masked.is_empty() {
        pairs().fold(0, |largest, (value, back)| error(value, back).max(largest))
    } else {
        let masked_error = |value: &T, back: &T, class: &u8| if *class == 0 { error(value, back) } else { i64::MAX * i64::from(!same(value, back)) };
        pairs().zip(masked).fold(0, |largest, ((value, back), class)| masked_error(value, back, class).max(largest))
    };
    let error = f64::from_bits(largest.cast_unsigned());
    let patterns = if let Missing::Patterns(patterns) = missing { patterns.as_slice() } else { &[] };
    let is_missing = |pattern: &u64| pairs().fold(false, |any, (value, back)| any | (back.to_bits64() == *pattern) & !same(value, back));
    let moves = |kept: &f64| pairs().fold(false, |any, (value, back)| any | (value.to_f64() == *kept) & (back.to_f64() != *kept));
    let fine = !demand.signs && error <= tolerance && !patterns.iter().any(is_missing) && !demand.kept.iter().any(moves);
    fine.then_some(error)
}

impl Check {
    /// Looks at values one by one, which start at that index.
    fn block<T: Sample>(&mut self, start: usize, (values, decoded): (&[T], &[T]), mask: &Mask, missing: &Missing, demand: &Demand) {
        for (index, (value, back)) in (start..).zip(values.iter().zip(decoded)) {
            if value.to_bits64() == back.to_bits64() {
                continue;
            }
            let error = back.less(*value).abs();
            if demand.allows(value.to_f64(), back.to_f64(), error) && !mask.is_missing(index) && !missing.is_missing(*back) {
                self.max_error = self.max_error.max(error);
            } else {
                self.patches.push((index, value.to_bits64()));
            }
        }
    }
}

/// The ends of the range that some value lies beyond. Whole numbers of 64 bits, which binary64 does not tell apart, never do.
fn ends<T: Sample>(decoded: &[T], mask: &Mask, demand: &Demand) -> [Option<u64>; 2] {
    let [low, high] = demand.range;
    let beyond = |any: [bool; 2], back: &T| [any[0] | (back.to_f64() < low), any[1] | (back.to_f64() > high)];
    // Most often nothing is, masked or not.
    if T::TYPE == DataType::F32 && extremes(decoded, |v| v.to_f64().is_finite()).iter().flatten().fold([false; 2], beyond) == [false; 2] {
        return [None; 2];
    }
    let unmasked = decoded.iter().enumerate().filter(|(index, _)| !mask.is_missing(*index)).map(|(_, back)| back);
    let [below, above] = unmasked.fold([false; 2], beyond);
    [below.then(|| T::from_f64(low).to_bits64()), above.then(|| T::from_f64(high).to_bits64())]
}

/// Cuts values to the ends that there are.
pub(super) fn cut<'v, T: Sample + 'v>(values: impl Iterator<Item = &'v mut T>, ends: [Option<u64>; 2]) {
    let [low, high] = ends.map(|end| end.map(T::from_bits64));
    if low.is_none() && high.is_none() {
        return;
    }
    for value in values {
        if let Some(low) = low.filter(|low| *value < *low) {
            *value = low;
        }
        if let Some(high) = high.filter(|high| *value > *high) {
            *value = high;
        }
    }
}

/// Appends the ends of the range and patches: how many of these, with two bits that tell which ends there are; the ends; and for each patch how many other values lie between it and the
/// one before, and its bits.
pub(super) fn write(payload: &mut Vec<u8>, ends: [Option<u64>; 2], patches: &[(usize, u64)], data_type: DataType) {
    let [low, high] = ends.map(|end| u64::from(end.is_some()));
    put_varint(payload, (patches.len() as u64) << 2 | high << 1 | low);
    ends.into_iter().flatten().for_each(|end| put_bits(payload, end, data_type.size()));
    let mut next = 0;
    for (index, bits) in patches {
        put_varint(payload, (index - next) as u64);
        put_bits(payload, *bits, data_type.size());
        next = index + 1;
    }
}

/// Ends of a range, and patches with their places.
pub(super) type Corrections = ([Option<u64>; 2], Vec<(usize, u64)>);

/// Reads them; nothing may follow.
///
/// # Errors
/// [`Error::Corrupt`].
pub(super) fn read(reader: &mut Reader, samples: usize, data_type: DataType) -> Result<Corrections> {
    let mut next = 0usize;
    let count = reader.count("the number of patches", samples.saturating_mul(4).saturating_add(3))?;
    let mut end = |there: usize| if count & there == 0 { Ok(None) } else { reader.take(data_type.size()).map(|bytes| Some(little_endian(bytes))) };
    let ends = [end(1)?, end(2)?];
    let count = count >> 2;
    let patches = (0..count).map(|_| {
        let index = next + reader.count("a patch distance", samples)?;
        next = index + 1;
        let bits = little_endian(reader.take(data_type.size())?);
        if index < samples { Ok((index, bits)) } else { Err(Error::corrupt("a patch lies outside its chunk")) }
    });
    let patches = patches.collect::<Result<_>>()?;
    if reader.rest().is_empty() { Ok((ends, patches)) } else { Err(Error::corrupt("a chunk is longer than its content")) }
}

/// Puts the values that did not come through the stream in their places.
pub(super) fn patch<T: Sample>(values: &mut [T], patches: &[(usize, u64)]) {
    for (index, bits) in patches {
        if let Some(value) = values.get_mut(*index) {
            *value = T::from_bits64(*bits);
        }
    }
}
