//! The last step of a chunk: decoded values are compared with their source, and those that miss are written out. Both directions.

use super::Tolerance;
use super::lattice::Sample;
use super::masks::Mask;
use crate::error::{Error, Result};
use crate::field::{DataType, Missing};
use crate::wire::{Reader, little_endian, put_bits, put_varint};

/// How decoded values compare with their source.
pub(super) struct Check {
    /// Index and bits of values that came back wrong: too far off, changed though missing, or no longer told from missing.
    pub(super) patches: Vec<(usize, u64)>,
    /// Largest distance of the others.
    pub(super) max_error: f64,
}

/// Compares what was decoded with the values, and puts those that miss in their places.
pub(super) fn check<T: Sample>(values: &[T], decoded: &mut [T], mask: &Mask, missing: &Missing, tolerance: Tolerance) -> Check {
    let mut check = Check { patches: Vec::new(), max_error: 0.0 };
    for (index, (value, back)) in values.iter().zip(&*decoded).enumerate() {
        if value.to_bits64() == back.to_bits64() {
            continue;
        }
        let error = back.less(*value).abs();
        if tolerance.allows(value.to_f64(), error) && !mask.is_missing(index) && !missing.is_missing(*back) {
            check.max_error = check.max_error.max(error);
        } else {
            check.patches.push((index, value.to_bits64()));
        }
    }
    patch(decoded, &check.patches);
    check
}

/// Appends patches: how many, and for each how many other values lie between it and the one before, and its bits.
pub(super) fn write(payload: &mut Vec<u8>, patches: &[(usize, u64)], data_type: DataType) {
    put_varint(payload, patches.len() as u64);
    let mut next = 0;
    for (index, bits) in patches {
        put_varint(payload, (index - next) as u64);
        put_bits(payload, *bits, data_type.size());
        next = index + 1;
    }
}

/// Reads them; nothing may follow.
///
/// # Errors
/// [`Error::Corrupt`].
pub(super) fn read(reader: &mut Reader, samples: usize, data_type: DataType) -> Result<Vec<(usize, u64)>> {
    let mut next = 0usize;
    let count = reader.count("the number of patches", samples)?;
    let patches = (0..count).map(|_| {
        let index = next + reader.count("a patch distance", samples)?;
        next = index + 1;
        let bits = little_endian(reader.take(data_type.size())?);
        if index < samples { Ok((index, bits)) } else { Err(Error::corrupt("a patch lies outside its chunk")) }
    });
    let patches = patches.collect::<Result<_>>()?;
    if reader.rest().is_empty() { Ok(patches) } else { Err(Error::corrupt("a chunk is longer than its content")) }
}

/// Puts the values that did not come through the stream in their places.
pub(super) fn patch<T: Sample>(values: &mut [T], patches: &[(usize, u64)]) {
    for (index, bits) in patches {
        if let Some(value) = values.get_mut(*index) {
            *value = T::from_bits64(*bits);
        }
    }
}
