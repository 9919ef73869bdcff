//! What reading and writing agree on.

use crate::field::{DataType, SourceFormat};

/// NumPy array file, in C order and little-endian. In Fortran order the field's shape is the reverse of the array's.
pub const FORMAT: SourceFormat = SourceFormat::new(2, 0);

/// Bits of the detail: the array is stored column-major; numbers are stored big-endian.
const FORTRAN_ORDER: u8 = 1;
const BIG_ENDIAN: u8 = 2;

/// Bits of the detail that mean something.
pub(crate) const BITS: u8 = FORTRAN_ORDER | BIG_ENDIAN;

/// [`FORMAT`] with these orders.
#[must_use]
pub const fn format(fortran_order: bool, big_endian: bool) -> SourceFormat {
    let detail = if fortran_order { FORTRAN_ORDER } else { 0 } | if big_endian { BIG_ENDIAN } else { 0 };
    SourceFormat::new(FORMAT.number, detail)
}

/// Whether it is in Fortran order, and big-endian; other formats are neither.
pub(super) fn orders(format: SourceFormat) -> (bool, bool) {
    let has = |bit| format.is(FORMAT) && format.detail & bit != 0;
    (has(FORTRAN_ORDER), has(BIG_ENDIAN))
}

/// Element types, by what their descriptors say behind the byte order.
pub(super) const TYPES: [(&str, DataType); 11] = [
    ("i1", DataType::I8),
    ("u1", DataType::U8),
    ("i2", DataType::I16),
    ("u2", DataType::U16),
    ("i4", DataType::I32),
    ("u4", DataType::U32),
    ("i8", DataType::I64),
    ("u8", DataType::U64),
    ("f4", DataType::F32),
    ("f8", DataType::F64),
    ("S1", DataType::Char),
];
