//! NumPy array files, byte for byte as `numpy.save` writes them. Text becomes an array of one-byte strings.

use super::spec::{TYPES, orders};
use crate::error::Result;
use crate::field::{DataType, Dataset, Field, SourceFormat, Values};
use crate::formats::single::only;

/// Digits that NumPy leaves room for, so that the growing axis can be rewritten in place.
const GROWTH_DIGITS: usize = 21;
const ALIGNMENT: usize = 64;

/// Writes the only field of a dataset, in the orders that it came in.
pub(crate) fn save(dataset: &Dataset) -> Result<Vec<u8>> {
    only(dataset).map(|field| write(field, dataset.format))
}

/// Writes one field as a NumPy array file, as `numpy.save` does; axis and byte order of `format` are kept if it is NPY.
#[must_use]
pub fn write(field: &Field, format: SourceFormat) -> Vec<u8> {
    let (fortran_order, big_endian) = orders(format);
    let mut out = header(field, fortran_order, big_endian);
    append(&mut out, &field.values, big_endian);
    out
}

/// A text as NumPy saves a string.
pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut out = wrap(&format!("{{'descr': '<U{}', 'fortran_order': False, 'shape': (), }}", text.chars().count()));
    out.extend(text.chars().flat_map(|c| u32::from(c).to_le_bytes()));
    out
}

fn header(field: &Field, fortran_order: bool, big_endian: bool) -> Vec<u8> {
    let mut shape: Vec<String> = field.shape.iter().map(usize::to_string).collect();
    if fortran_order {
        shape.reverse();
    }
    let growing = if fortran_order { shape.last() } else { shape.first() };
    let room = growing.map_or(0, |digits| GROWTH_DIGITS.saturating_sub(digits.len()));
    let descriptor = descriptor(field.values.data_type(), big_endian);
    let order = if fortran_order { "True" } else { "False" };
    let comma = if shape.len() == 1 { "," } else { "" };
    let text = format!("{{'descr': '{descriptor}', 'fortran_order': {order}, 'shape': ({}{comma}), }}{}", shape.join(", "), " ".repeat(room));
    wrap(&text)
}

fn descriptor(data_type: DataType, big_endian: bool) -> String {
    let kind = TYPES.iter().find(|(_, listed)| *listed == data_type).map_or("", |(name, _)| name);
    let order = match data_type.size() {
        1 => '|',
        _ if big_endian => '>',
        _ => '<',
    };
    format!("{order}{kind}")
}

/// Magic, version, length and text, padded so that the data is aligned.
fn wrap(text: &str) -> Vec<u8> {
    let total = |prefix: usize| {
        let length = prefix + text.len() + 1;
        length + ALIGNMENT - length % ALIGNMENT
    };
    let mut out = b"\x93NUMPY".to_vec();
    let total = match u16::try_from(total(10) - 10) {
        Ok(length) => {
            out.extend([1, 0]);
            out.extend(length.to_le_bytes());
            total(10)
        }
        Err(_) => {
            out.extend([2, 0]);
            out.extend(u32::try_from(total(12) - 12).unwrap_or(u32::MAX).to_le_bytes());
            total(12)
        }
    };
    out.extend_from_slice(text.as_bytes());
    out.resize(total - 1, b' ');
    out.push(b'\n');
    out
}

fn append(out: &mut Vec<u8>, values: &Values, big_endian: bool) {
    let start = out.len();
    out.reserve(values.byte_len());
    values.put_le_bytes(out);
    if big_endian {
        out.get_mut(start..).unwrap_or_default().chunks_exact_mut(values.data_type().size()).for_each(<[u8]>::reverse);
    }
}
