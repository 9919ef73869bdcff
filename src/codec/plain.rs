//! Payloads without a stream: values as they are, one value for all, and bytes that are no measurements. Both directions.

use super::bytes;
use super::chunk::{ChunkShape, Filling};
use crate::error::{Error, Result};
use crate::field::{DataType, Element, Values, with_values};
use crate::wire::{little_endian, put_bits};

/// Rows of at least so many bytes, alone in their chunk, are no measurements.
const LONG_ROW: usize = 1 << 14;

/// The payload of values that are all alike, of text and of long rows of bytes; `None` where a shorter one is thinkable.
pub(super) fn payload(values: &Values, shape: ChunkShape) -> Option<Vec<u8>> {
    with_values!(values, values => constant(values)).or_else(|| text(values, shape))
}

/// The payload of values as they are.
pub(super) fn raw(values: &Values) -> Vec<u8> {
    let mut payload = vec![Filling::Raw.number()];
    payload.extend(values.to_le_bytes());
    payload
}

/// The payload of values that all have the same bits.
fn constant<T: Element>(values: &[T]) -> Option<Vec<u8>> {
    let first = values.first()?;
    let alike = values.iter().all(|v| v.to_bits64() == first.to_bits64());
    let mut payload = vec![Filling::Constant.number()];
    put_bits(&mut payload, first.to_bits64(), T::TYPE.size());
    alike.then_some(payload)
}

/// The payload of text and of long rows of bytes, which are files as a rule; `None` where a shorter one is thinkable.
fn text(values: &Values, shape: ChunkShape) -> Option<Vec<u8>> {
    let bytes = match values {
        Values::Char(bytes) => bytes,
        Values::U8(bytes) if shape.samples() == shape.width && shape.width >= LONG_ROW => bytes,
        _ => return None,
    };
    let mut payload = vec![Filling::Bytes.number()];
    payload.extend(bytes::compress(bytes)?);
    Some(if payload.len() > bytes.len() { raw(values) } else { payload })
}

/// The values of a payload without a stream, which follow its first byte.
///
/// # Errors
/// [`Error::Corrupt`] when it has another length than it should.
pub(super) fn read(filling: Filling, bytes: &[u8], shape: ChunkShape, data_type: DataType) -> Result<Values> {
    match filling {
        Filling::Constant => read_constant(bytes, shape, data_type),
        Filling::Bytes => bytes::decompress(bytes, shape.samples() * data_type.size()).and_then(|bytes| Values::from_le_bytes(data_type, &bytes)),
        _ => read_raw(bytes, shape, data_type),
    }
}

fn read_raw(bytes: &[u8], shape: ChunkShape, data_type: DataType) -> Result<Values> {
    if bytes.len() != shape.samples() * data_type.size() {
        return Err(Error::corrupt("a raw chunk has the wrong length"));
    }
    Values::from_le_bytes(data_type, bytes)
}

fn read_constant(bytes: &[u8], shape: ChunkShape, data_type: DataType) -> Result<Values> {
    if bytes.len() != data_type.size() {
        return Err(Error::corrupt("a constant chunk does not hold one value"));
    }
    let mut values = Values::zeros(data_type, shape.samples())?;
    with_values!(&mut values, values => values.fill(Element::from_bits64(little_endian(bytes))));
    Ok(values)
}
