//! Strips and tiles: decompression, and the differences that make them compress better.

use std::borrow::Cow;

use miniz_oxide::inflate::decompress_slice_iter_to_slice;
use weezl::{BitOrder, LzwStatus};

use crate::error::Result;
use crate::formats::input::Input;
use crate::formats::tiff::spec::errors::{malformed, unsupported};
use crate::formats::tiff::spec::form::Form;
use crate::formats::tiff::spec::page::{Chunk, Page};
use crate::limits;

/// Refuses what [`decode`] cannot decode, before anything is decoded, so that the file can be kept whole instead.
pub(super) fn check(page: &Page) -> Result<()> {
    match (page.compression, page.predictor) {
        (1, _) | (5 | 8 | 32773 | 32946, 1 | 2) => Ok(()),
        (5 | 8 | 32773 | 32946, 3) if page.data_type.is_float() => Ok(()),
        (5 | 8 | 32773 | 32946, other) => Err(unsupported(&format!("a TIFF of {} numbers with predictor {other}", page.data_type.name()))),
        (other, _) => Err(unsupported(&format!("TIFF with {}", compression(other)))),
    }
}

/// Decoded bytes of a chunk, numbers in the byte order of the file; none for one that the file leaves out.
pub(super) fn decode<'a>(input: &'a Input<'_>, page: &Page, chunk: &Chunk, form: Form) -> Result<Option<Cow<'a, [u8]>>> {
    let (at, length) = page.stored.get(chunk.index).copied().unwrap_or_default();
    if length == 0 {
        return Ok(None);
    }
    let stored = input.values(at, length)?.ok_or_else(|| malformed(at, format!("{length} more bytes")))?;
    let needed = page.decoded_bytes(chunk);
    if page.compression == 1 {
        // What lies outside the picture may be missing.
        let used = page.row_bytes().unwrap_or(usize::MAX).saturating_mul(chunk.rows - 1).saturating_add(page.used_bytes(chunk));
        return if stored.len() < used { Err(malformed(at + length, format!("{used} bytes of pixels"))) } else { Ok(Some(stored)) };
    }
    let mut decoded = limits::zeros("a strip or tile", needed)?;
    let complete = match page.compression {
        5 => lzw(&stored, &mut decoded),
        8 | 32946 => decompress_slice_iter_to_slice(&mut decoded, core::iter::once(&*stored), true, true).is_ok_and(|n| n == needed),
        32773 => pack_bits(&stored, &mut decoded),
        _ => return check(page).map(|()| None),
    };
    if !complete {
        return Err(malformed(at, format!("compressed pixels of {needed} bytes")));
    }
    undo_differences(&mut decoded, page, form)?;
    Ok(Some(Cow::Owned(decoded)))
}

fn compression(number: u64) -> String {
    let name = match number {
        2..=4 => "fax compression",
        6 | 7 => "JPEG compression",
        34712 => "JPEG 2000 compression",
        34887 => "LERC compression",
        34925 => "LZMA compression",
        50000 => "Zstandard compression",
        50001 => "WebP compression",
        50002 => "JPEG XL compression",
        _ => return format!("compression number {number}"),
    };
    name.to_owned()
}

/// Whether all was decoded.
fn lzw(mut stored: &[u8], mut decoded: &mut [u8]) -> bool {
    // Before 1988 codes began with their lowest bit and grew one code later. Both begin with the code 256, which tells them apart.
    let old = matches!(stored, [0, second, ..] if second & 1 == 1);
    let mut decoder = if old { weezl::decode::Decoder::new(BitOrder::Lsb, 8) } else { weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8) };
    while !decoded.is_empty() {
        let step = decoder.decode_bytes(stored, decoded);
        stored = stored.get(step.consumed_in..).unwrap_or_default();
        decoded = decoded.get_mut(step.consumed_out..).unwrap_or_default();
        let stuck = step.consumed_in == 0 && step.consumed_out == 0;
        if stuck || !matches!(step.status, Ok(LzwStatus::Ok)) {
            break;
        }
    }
    decoded.is_empty()
}

/// Whether all was decoded.
fn pack_bits(mut stored: &[u8], mut decoded: &mut [u8]) -> bool {
    while let ([control, rest @ ..], false) = (stored, decoded.is_empty()) {
        let (length, taken) = match *control {
            128 => (0, 0),
            n @ 0..128 => (usize::from(n) + 1, usize::from(n) + 1),
            n => (257 - usize::from(n), 1),
        };
        let Some((source, next)) = rest.split_at_checked(taken) else { return false };
        let Some((target, open)) = core::mem::take(&mut decoded).split_at_mut_checked(length) else { return false };
        match source {
            [repeated] => target.fill(*repeated),
            literal if literal.len() == target.len() => target.copy_from_slice(literal),
            _ => return false,
        }
        (stored, decoded) = (next, open);
    }
    decoded.is_empty()
}

fn undo_differences(decoded: &mut [u8], page: &Page, form: Form) -> Result<()> {
    let row_bytes = page.row_bytes().unwrap_or(1).max(1);
    let (samples, size) = (page.together(), page.data_type.size());
    match page.predictor {
        1 => {}
        2 => decoded.chunks_exact_mut(row_bytes).for_each(|row| match size {
            1 => sum::<1>(row, samples, form),
            2 => sum::<2>(row, samples, form),
            4 => sum::<4>(row, samples, form),
            _ => sum::<8>(row, samples, form),
        }),
        3 if page.data_type.is_float() => {
            let mut planes = vec![0; row_bytes];
            for row in decoded.chunks_exact_mut(row_bytes) {
                sum::<1>(row, samples, form);
                planes.copy_from_slice(row);
                join_planes(row, &planes, size, form.big_endian);
            }
        }
        _ => return check(page),
    }
    Ok(())
}

/// Adds to each number of `N` bytes the one before it of the same sample.
fn sum<const N: usize>(row: &mut [u8], samples: usize, form: Form) {
    let (numbers, _) = row.as_chunks_mut::<N>();
    let value = |bytes: [u8; N]| form.number(&bytes);
    for at in samples..numbers.len() {
        let before = numbers.get(at - samples).copied().map_or(0, value);
        if let Some(number) = numbers.get_mut(at) {
            let total = value(*number).wrapping_add(before).to_le_bytes();
            for (i, byte) in number.iter_mut().enumerate() {
                *byte = total.get(if form.big_endian { N - 1 - i } else { i }).copied().unwrap_or_default();
            }
        }
    }
}

/// Numbers from their bytes, of which all the highest come first, then all the next.
fn join_planes(row: &mut [u8], planes: &[u8], size: usize, big_endian: bool) {
    for (i, plane) in planes.chunks_exact((planes.len() / size).max(1)).enumerate() {
        let place = if big_endian { i } else { size - 1 - i };
        row.iter_mut().skip(place).step_by(size).zip(plane).for_each(|(byte, b)| *byte = *b);
    }
}
