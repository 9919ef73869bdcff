//! Numbers of the NetCDF Classic Format Specification.

use crate::field::{DataType, SourceFormat};

/// NetCDF classic; the detail of a file's format is its version byte, 1 (classic), 2 (64-bit offset) or 5 (64-bit data).
pub const FORMAT: SourceFormat = SourceFormat::new(1, 0);

/// [`FORMAT`] in that version.
#[must_use]
pub const fn format(version: u8) -> SourceFormat {
    SourceFormat::new(FORMAT.number, version)
}

/// The version of a file that came from this format.
pub(crate) fn version(format: SourceFormat) -> Option<u8> {
    format.is(FORMAT).then_some(format.detail)
}

/// List tags of the header.
pub(crate) const TAG_DIMENSION: u32 = 0x0a;
pub(crate) const TAG_VARIABLE: u32 = 0x0b;
pub(crate) const TAG_ATTRIBUTE: u32 = 0x0c;

/// Element types in the order of their codes, which start at 1; the first six exist in every version, the others in version 5.
pub(crate) const TYPES: [DataType; 11] = [
    DataType::I8,
    DataType::Char,
    DataType::I16,
    DataType::I32,
    DataType::F32,
    DataType::F64,
    DataType::U8,
    DataType::U16,
    DataType::U32,
    DataType::I64,
    DataType::U64,
];

/// Largest number that a signed field of four bytes holds.
pub(crate) const MAX_COUNT: u64 = i32::MAX as u64;
/// Largest `vsize` before version 5; larger ones are written as all ones.
pub(crate) const MAX_SIZE: u64 = u32::MAX as u64 - 3;

/// Rounds up to the four bytes on which everything in the format is aligned.
pub(crate) const fn padded(length: u64) -> Option<u64> {
    length.checked_next_multiple_of(4)
}

/// The code of a type.
pub(crate) const fn code(data_type: DataType) -> u32 {
    let mut code = 1;
    let mut rest: &[DataType] = &TYPES;
    while let [first, others @ ..] = rest {
        if *first as u8 == data_type as u8 {
            return code;
        }
        rest = others;
        code += 1;
    }
    code
}
