//! Template 5.40: the numbers are samples of a JPEG 2000 code stream of one component.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::super::octets::Octets;
use super::refusals::unsupported;
use crate::error::Result;

/// Wider samples do not fit the f32 of the decoder.
const MAX_BITS: u32 = 24;

/// Up to that width f32 holds every step of the reversible wavelet whatever the samples are: a coefficient comes to 8.2 times half their range, and two are added.
const ALWAYS_EXACT: u32 = 20;

/// Integers up to here are f32.
const LARGEST: i64 = 1 << 24;

/// How a code stream and its header of sizes begin.
const START: &[u8; 4] = b"\xff\x4f\xff\x51";

pub(super) fn unpack(data: Octets<'_>, bits: u32, count: usize) -> Result<Vec<i64>> {
    if bits > MAX_BITS {
        return Err(unsupported(format!("GRIB packed as JPEG 2000 of {bits} bits")));
    }
    // Before the decoder makes room for what the header asks.
    let one_component = data.unsigned(41, 2)? == 1;
    let extent = |end, start| Ok::<_, crate::Error>(data.unsigned(end, 4)?.saturating_sub(data.unsigned(start, 4)?));
    if !data.bytes.starts_with(START) || !one_component || extent(9, 17)?.checked_mul(extent(13, 21)?) != Some(count as u64) {
        return Err(data.malformed(1, format!("a JPEG 2000 code stream of {count} samples of one component")));
    }
    let settings = DecodeSettings { resolve_palette_indices: false, strict: true, target_resolution: None };
    let failed = |error| data.malformed(1, format!("a valid JPEG 2000 code stream ({error})"));
    let image = Image::new(data.bytes, &settings).map_err(failed)?;
    let mut context = DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(failed)?;
    let samples: Vec<i64> = match decoded.components() {
        [component] if component.samples().len() == count => component.samples().iter().map(|x| x.round_ties_even() as i64).collect(),
        _ => return Err(data.malformed(1, format!("{count} samples"))),
    };
    if bits > ALWAYS_EXACT && !is_exact(data, &samples, bits)? {
        return Err(unsupported(format!("GRIB packed as JPEG 2000 of {bits} bits that vary this much")));
    }
    Ok(samples)
}

/// Whether f32 held every step to these samples. The wavelet is done once more, forwards and in integers: where it meets no number beyond f32, the decoder, which does the same
/// steps backwards, rounded none.
fn is_exact(data: Octets<'_>, samples: &[i64], bits: u32) -> Result<bool> {
    let tile = |octet| data.unsigned(octet, 4);
    let one_tile = [17, 21, 33, 37].iter().all(|octet| tile(*octet) == Ok(0)) && tile(25)? >= tile(9)? && tile(29)? >= tile(13)?;
    let mut wavelet = None;
    let mut octet = 3;
    loop {
        match data.unsigned(octet, 2)? {
            0xff93 => break,
            0xff52 => wavelet = Some((data.byte(octet + 9)?, data.byte(octet + 13)?)),
            // A style of its own for the component.
            0xff53 => return Ok(false),
            _ => {}
        }
        octet += 2 + data.size(octet + 2, 2)?;
    }
    let levels = match wavelet {
        Some((levels, 1)) if one_tile && levels <= 32 => usize::from(levels),
        // Irreversible: rounded in any decoder.
        Some((_, 0)) => return Ok(true),
        _ => return Ok(false),
    };
    let width = data.size(9, 4)?.max(1);
    let height = samples.len() / width;
    let mut plane: Vec<i64> = samples.iter().map(|x| x - (1 << (bits - 1))).collect();
    let mut exact = plane.iter().zip(samples).all(|(a, b)| a.abs() < LARGEST && b.abs() < LARGEST);
    for step in (0..levels).map(|level| 1usize << level).take_while(|step| *step < width.max(height)) {
        for column in (0..width).step_by(step) {
            exact &= lift(&mut plane, column, width * step, height.div_ceil(step));
        }
        for row in (0..height).step_by(step) {
            exact &= lift(&mut plane, row * width, step, width.div_ceil(step));
        }
    }
    Ok(exact)
}

/// One level of the reversible wavelet along a line, in place; whether all numbers on the way are f32.
fn lift(plane: &mut [i64], start: usize, stride: usize, count: usize) -> bool {
    let mut line: Vec<i64> = plane.iter().skip(start).step_by(stride).take(count).copied().collect();
    let mut exact = true;
    if line.len() > 1 {
        for (first, rounding, shift, sign) in [(1, 0, 1, -1), (0, 2, 2, 1)] {
            for n in (first..line.len()).step_by(2) {
                let before = n.checked_sub(1).unwrap_or(1);
                let after = if n + 1 < line.len() { n + 1 } else { before };
                let sum = line.get(before).zip(line.get(after)).map_or(0, |(a, b)| a + b);
                if let Some(x) = line.get_mut(n) {
                    *x += sign * ((sum + rounding) >> shift);
                    exact &= x.abs() < LARGEST && sum.abs() <= LARGEST && (sum + rounding).abs() <= LARGEST;
                }
            }
        }
    }
    plane.iter_mut().skip(start).step_by(stride).zip(line).for_each(|(slot, x)| *slot = x);
    exact
}
