//! Template 5.40: the numbers are samples of a JPEG 2000 code stream of one component.

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};

use super::super::octets::Octets;
use super::unsupported;
use crate::error::Result;

/// Wider samples do not fit the f32 of the decoder.
const MAX_BITS: u32 = 24;

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
    match decoded.components() {
        [component] if component.samples().len() == count => Ok(component.samples().iter().map(|x| x.round_ties_even() as i64).collect()),
        _ => Err(data.malformed(1, format!("{count} samples"))),
    }
}
