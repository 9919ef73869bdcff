//! Undoing the filters that a chunk has gone through.

use super::cursor::malformed;
use super::messages::Filter;
use crate::error::Result;
use crate::formats::netcdf4::spec::checksum::fletcher32;
use crate::limits;

/// A chunk as stored.
pub(super) struct StoredChunk {
    pub(super) at: u64,
    pub(super) length: u64,
    /// A bit for each filter that was skipped.
    pub(super) skipped: u32,
}

/// Room that is used again for each chunk.
pub(super) struct Buffers {
    decoded: Vec<u8>,
    /// What the filter at work starts from.
    before: Vec<u8>,
    /// Bytes of a decoded chunk.
    length: usize,
}

impl Buffers {
    /// For chunks of so many bytes.
    pub(super) const fn new(length: usize) -> Self {
        Self { decoded: Vec::new(), before: Vec::new(), length }
    }

    pub(super) fn decode<'b>(&'b mut self, stored: &'b [u8], chunk: &StoredChunk, filters: &[Filter], size: usize) -> Result<&'b [u8]> {
        let wrong = |expected: &str| malformed(chunk.at, expected);
        let mut plain = Some(stored);
        for (i, filter) in filters.iter().enumerate().rev() {
            if u32::try_from(i).ok().and_then(|i| chunk.skipped.checked_shr(i)).is_some_and(|bits| bits & 1 != 0) {
                continue;
            }
            match filter {
                Filter::Fletcher32 => match plain {
                    Some(bytes) => plain = Some(verify(bytes).ok_or_else(|| wrong("the checksum of a chunk"))?),
                    None => {
                        let kept = verify(&self.decoded).ok_or_else(|| wrong("the checksum of a chunk"))?.len();
                        self.decoded.truncate(kept);
                    }
                },
                Filter::Deflate(_) => {
                    let input = plain.take().unwrap_or_else(|| {
                        core::mem::swap(&mut self.decoded, &mut self.before);
                        &self.before
                    });
                    // A checksum inside is four bytes more.
                    room(&mut self.decoded, self.length + 4)?;
                    let written = miniz_oxide::inflate::decompress_slice_iter_to_slice(&mut self.decoded, core::iter::once(input), true, false);
                    self.decoded.truncate(written.map_err(|_| wrong("a chunk compressed by deflate"))?);
                }
                Filter::Shuffle => {
                    let input = plain.take().unwrap_or_else(|| {
                        core::mem::swap(&mut self.decoded, &mut self.before);
                        &self.before
                    });
                    if input.len() > self.length + 4 {
                        return Err(wrong("a chunk no longer than its values"));
                    }
                    room(&mut self.decoded, input.len())?;
                    unshuffle(input, size, &mut self.decoded);
                }
                Filter::Unknown(_) => return Err(wrong("a known filter")),
            }
        }
        let decoded = plain.unwrap_or(&self.decoded);
        decoded.get(..self.length).ok_or_else(|| wrong(&format!("a chunk of {} bytes", self.length)))
    }
}

fn room(buffer: &mut Vec<u8>, length: usize) -> Result<()> {
    limits::reserve("a chunk", buffer, length)?;
    buffer.resize(length, 0);
    Ok(())
}

/// Puts the bytes of each element together again; what is left behind whole elements stays as it is.
fn unshuffle(input: &[u8], size: usize, out: &mut [u8]) {
    let count = input.len() / size.max(1);
    if count == 0 {
        out.copy_from_slice(input);
        return;
    }
    let (planes, tail) = input.split_at(count * size);
    for (byte, plane) in planes.chunks_exact(count).enumerate() {
        for (to, from) in out.iter_mut().skip(byte).step_by(size).zip(plane) {
            *to = *from;
        }
    }
    out.iter_mut().skip(count * size).zip(tail).for_each(|(to, from)| *to = *from);
}

/// The bytes before a Fletcher-32 checksum, if it is theirs. Old releases of HDF5 wrote its halves the other way round.
fn verify(bytes: &[u8]) -> Option<&[u8]> {
    let (values, sum) = bytes.split_last_chunk::<4>()?;
    let expected = fletcher32(values);
    let swapped = expected.swap_bytes().rotate_left(16);
    [expected, swapped].contains(&u32::from_le_bytes(*sum)).then_some(values)
}
