//! Template 5.41: the numbers are pixels of a PNG, of up to 16 bits in shades of gray, of 24 in RGB, of 32 in RGBA.

use std::io::Cursor;

use png::{DecodeOptions, Decoder, DecodingError, Transformations};

use super::super::bits::BitReader;
use super::super::octets::Octets;
use crate::error::{Error, Result};
use crate::limits::Limits;

pub(super) fn unpack(data: Octets<'_>, count: usize, limits: &Limits) -> Result<Vec<i64>> {
    let failed = |error: DecodingError| data.malformed(1, format!("a valid PNG ({error})"));
    let mut options = DecodeOptions::default();
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(data.bytes), options);
    decoder.set_limits(png::Limits { bytes: usize::try_from(limits.decoded_bytes).unwrap_or(usize::MAX) });
    decoder.set_transformations(Transformations::IDENTITY);
    let header = decoder.read_header_info().map_err(failed)?;
    let (width, bits) = (header.width as usize, header.bits_per_pixel() as u32);
    if u64::from(header.width) * u64::from(header.height) != count as u64 {
        return Err(data.malformed(1, format!("a PNG of {count} pixels")));
    }
    let mut reader = decoder.read_info().map_err(failed)?;
    let size = reader.output_buffer_size().map_or(u64::MAX, |n| n as u64);
    let mut samples = vec![0; Limits::check("a PNG in GRIB", size, limits.decoded_bytes)?];
    reader.next_frame(&mut samples).map_err(failed)?;
    let row = (width * bits as usize).div_ceil(8).max(1);
    let pixels = samples.chunks(row).flat_map(|row| {
        let mut row = BitReader::new(row);
        (0..width).map(move |_| row.take(bits) as i64)
    });
    let pixels: Vec<i64> = pixels.take(count).collect();
    if pixels.len() == count && bits <= 32 { Ok(pixels) } else { Err::<_, Error>(data.malformed(1, format!("{count} pixels of at most 32 bits"))) }
}
