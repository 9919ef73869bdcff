//! Template 5.42: adaptive entropy coding of CCSDS 121.0-B.

use rust_aec::{AecFlags, AecParams, decode, flags_from_grib2_ccsds_flags};

use super::super::octets::Octets;
use super::refusals::unsupported;
use crate::error::Result;

pub(super) fn unpack(section: Octets<'_>, data: Octets<'_>, bits: u32, count: usize) -> Result<Vec<i64>> {
    if bits > 32 {
        return Err(unsupported(format!("GRIB packed as CCSDS of {bits} bits")));
    }
    let flags = flags_from_grib2_ccsds_flags(section.byte(22)?) | AecFlags::MSB | AecFlags::DATA_3BYTE;
    let params = AecParams::new(bits as u8, section.byte(23)?.into(), section.unsigned(24, 2)? as u32, flags);
    let width = bits.div_ceil(8) as usize;
    let failed = |why: String| data.malformed(1, format!("{count} samples in CCSDS coding ({why})"));
    let size = count.checked_mul(width).ok_or_else(|| failed("too many".to_owned()))?;
    let bytes = decode(data.bytes, params, count).map_err(|error| failed(error.to_string()))?;
    if bytes.len() != size {
        return Err(failed(format!("it ends after {} bytes", bytes.len())));
    }
    Ok(bytes.chunks_exact(width).map(|sample| sample.iter().fold(0, |n, b| n << 8 | i64::from(*b))).collect())
}
