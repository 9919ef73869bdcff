//! Typed arrays and their element types.

use crate::error::Result;
use crate::limits;

/// Element type of an array, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DataType {
    /// Signed 8-bit integer.
    I8 = 0,
    /// Unsigned 8-bit integer.
    U8 = 1,
    /// Signed 16-bit integer.
    I16 = 2,
    /// Unsigned 16-bit integer.
    U16 = 3,
    /// Signed 32-bit integer.
    I32 = 4,
    /// Unsigned 32-bit integer.
    U32 = 5,
    /// Signed 64-bit integer.
    I64 = 6,
    /// Unsigned 64-bit integer.
    U64 = 7,
    /// IEEE 754 binary32.
    F32 = 8,
    /// IEEE 754 binary64.
    F64 = 9,
    /// Text bytes (NetCDF char).
    Char = 10,
}

impl DataType {
    /// All types, in the order of their numbers.
    pub const ALL: [Self; 11] = [Self::I8, Self::U8, Self::I16, Self::U16, Self::I32, Self::U32, Self::I64, Self::U64, Self::F32, Self::F64, Self::Char];

    /// The type with that number in an archive.
    #[must_use]
    pub fn from_number(n: u8) -> Option<Self> {
        Self::ALL.get(usize::from(n)).copied()
    }

    /// Bytes of one value.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 | Self::Char => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::F64 => 8,
        }
    }

    /// Bits of one value.
    pub(crate) const fn bits(self) -> u32 {
        8 * self.size() as u32
    }

    /// Largest order-preserving integer of the type.
    pub(crate) const fn ordered_max(self) -> u64 {
        u64::MAX >> (u64::BITS - self.bits())
    }

    /// The integer of that size that is signed or not; other types as they are.
    #[must_use]
    pub const fn with_sign(self, signed: bool) -> Self {
        match (self, signed) {
            (Self::I8 | Self::U8, true) => Self::I8,
            (Self::I8 | Self::U8, false) => Self::U8,
            (Self::I16 | Self::U16, true) => Self::I16,
            (Self::I16 | Self::U16, false) => Self::U16,
            (Self::I32 | Self::U32, true) => Self::I32,
            (Self::I32 | Self::U32, false) => Self::U32,
            (Self::I64 | Self::U64, true) => Self::I64,
            (Self::I64 | Self::U64, false) => Self::U64,
            (other, _) => other,
        }
    }

    /// Whether values are IEEE 754 numbers.
    #[must_use]
    pub const fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F64)
    }

    /// Short name as NumPy writes it (`char` for text).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::I16 => "int16",
            Self::U16 => "uint16",
            Self::I32 => "int32",
            Self::U32 => "uint32",
            Self::I64 => "int64",
            Self::U64 => "uint64",
            Self::F32 => "float32",
            Self::F64 => "float64",
            Self::Char => "char",
        }
    }
}

/// A Rust number that can be an element of [`Values`].
pub trait Element: Copy + PartialEq + PartialOrd + core::fmt::Debug + Send + Sync + 'static {
    /// Its data type.
    const TYPE: DataType;
    /// Value as f64; exact but for 64-bit integers beyond 2^53.
    fn to_f64(self) -> f64;
    /// `self` less `other`: exact for integers before it is rounded to f64, so that it is right beyond 2^53 too.
    fn less(self, other: Self) -> f64;
    /// The bit pattern, zero-extended.
    fn to_bits64(self) -> u64;
    /// The value of a bit pattern; bits beyond the type's size are ignored.
    fn from_bits64(bits: u64) -> Self;
    /// Wraps an array of this type.
    fn wrap(values: Vec<Self>) -> Values;
    /// The array inside; `None` when it is of another type. Text is bytes.
    fn unwrap(values: &Values) -> Option<&[Self]>;
}

macro_rules! elements {
    ($($t:ident $v:ident $u:ident $(or $also:ident)?;)*) => {$(
        impl Element for $t {
            const TYPE: DataType = DataType::$v;
            #[inline]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline]
            #[allow(clippy::cast_lossless, clippy::cast_precision_loss)]
            fn less(self, other: Self) -> f64 {
                if Self::TYPE.bits() == 64 && !Self::TYPE.is_float() { (self as i128 - other as i128) as f64 } else { self as f64 - other as f64 }
            }
            #[inline]
            fn to_bits64(self) -> u64 { u64::from($u::from_le_bytes(self.to_le_bytes())) }
            #[inline]
            #[allow(clippy::cast_possible_truncation)]
            fn from_bits64(bits: u64) -> Self { Self::from_le_bytes((bits as $u).to_le_bytes()) }
            fn wrap(values: Vec<Self>) -> Values { Values::$v(values) }
            fn unwrap(values: &Values) -> Option<&[Self]> {
                if let Values::$v(values) $(| Values::$also(values))? = values { Some(values) } else { None }
            }
        }
    )*};
}
elements! { i8 I8 u8; u8 U8 u8 or Char; i16 I16 u16; u16 U16 u16; i32 I32 u32; u32 U32 u32; i64 I64 u64; u64 U64 u64; f32 F32 u32; f64 F64 u64; }

/// Smallest and largest of the values that count; `None` where none does. Those of single precision, which most bulk is of, are compared side by side; code for all types would make the
/// modules much larger.
pub(crate) fn extremes<T: Element>(values: &[T], counts: impl Fn(T) -> bool) -> Option<[T; 2]> {
    /// Values compared side by side.
    const LANES: usize = 16;
    let first = values.iter().copied().find(|v| counts(*v))?;
    if T::TYPE != DataType::F32 {
        let ends = values.iter().filter(|v| counts(**v)).fold([first; 2], |[a, b], &v| [if v < a { v } else { a }, if v > b { v } else { b }]);
        return Some(ends);
    }
    let (mut low, mut high) = ([first; LANES], [first; LANES]);
    let (groups, rest) = values.as_chunks::<LANES>();
    let mut take = |values: &[T]| {
        for ((low, high), v) in low.iter_mut().zip(&mut high).zip(values) {
            *low = if counts(*v) && *v < *low { *v } else { *low };
            *high = if counts(*v) && *v > *high { *v } else { *high };
        }
    };
    groups.iter().for_each(|group| take(group));
    take(rest);
    let smallest = low.into_iter().fold(first, |a, b| if b < a { b } else { a });
    Some([smallest, high.into_iter().fold(first, |a, b| if b > a { b } else { a })])
}

/// An array of one element type.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Values {
    I8(Vec<i8>),
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    I32(Vec<i32>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    /// Text bytes.
    Char(Vec<u8>),
}

/// Runs one generic expression over whichever array is inside: `with_values!(values, v => v.len())`.
#[macro_export]
macro_rules! with_values {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            $crate::field::Values::I8($v) => $body,
            $crate::field::Values::U8($v) | $crate::field::Values::Char($v) => $body,
            $crate::field::Values::I16($v) => $body,
            $crate::field::Values::U16($v) => $body,
            $crate::field::Values::I32($v) => $body,
            $crate::field::Values::U32($v) => $body,
            $crate::field::Values::I64($v) => $body,
            $crate::field::Values::U64($v) => $body,
            $crate::field::Values::F32($v) => $body,
            $crate::field::Values::F64($v) => $body,
        }
    };
}
pub use with_values;

impl Values {
    /// None of that type.
    #[must_use]
    pub const fn empty(data_type: DataType) -> Self {
        match data_type {
            DataType::I8 => Self::I8(Vec::new()),
            DataType::U8 => Self::U8(Vec::new()),
            DataType::I16 => Self::I16(Vec::new()),
            DataType::U16 => Self::U16(Vec::new()),
            DataType::I32 => Self::I32(Vec::new()),
            DataType::U32 => Self::U32(Vec::new()),
            DataType::I64 => Self::I64(Vec::new()),
            DataType::U64 => Self::U64(Vec::new()),
            DataType::F32 => Self::F32(Vec::new()),
            DataType::F64 => Self::F64(Vec::new()),
            DataType::Char => Self::Char(Vec::new()),
        }
    }

    /// `count` zeros.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded) when there is not that much memory.
    pub fn zeros(data_type: DataType, count: usize) -> Result<Self> {
        macro_rules! list {
            ($v:ident) => {
                limits::zeros("an array", count).map(Self::$v)
            };
        }
        match data_type {
            DataType::I8 => list!(I8),
            DataType::U8 => list!(U8),
            DataType::I16 => list!(I16),
            DataType::U16 => list!(U16),
            DataType::I32 => list!(I32),
            DataType::U32 => list!(U32),
            DataType::I64 => list!(I64),
            DataType::U64 => list!(U64),
            DataType::F32 => list!(F32),
            DataType::F64 => list!(F64),
            DataType::Char => list!(Char),
        }
    }

    /// Element type.
    #[must_use]
    pub const fn data_type(&self) -> DataType {
        match self {
            Self::I8(_) => DataType::I8,
            Self::U8(_) => DataType::U8,
            Self::I16(_) => DataType::I16,
            Self::U16(_) => DataType::U16,
            Self::I32(_) => DataType::I32,
            Self::U32(_) => DataType::U32,
            Self::I64(_) => DataType::I64,
            Self::U64(_) => DataType::U64,
            Self::F32(_) => DataType::F32,
            Self::F64(_) => DataType::F64,
            Self::Char(_) => DataType::Char,
        }
    }

    /// Adds values of the same type behind them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when they are of another.
    pub(crate) fn append(&mut self, other: &Self) -> Result<()> {
        let foreign = || crate::error::Error::InvalidArgument { what: "values are of another type".to_owned() };
        if self.data_type() != other.data_type() {
            return Err(foreign());
        }
        with_values!(self, values => values.extend_from_slice(Element::unwrap(other).ok_or_else(foreign)?));
        Ok(())
    }

    /// Takes so many of the first away.
    pub(crate) fn split_front(&mut self, count: usize) -> Self {
        let mut front = Self::empty(self.data_type());
        let count = count.min(self.len());
        match (self, &mut front) {
            (Self::Char(values), Self::Char(front)) => *front = values.drain(..count).collect(),
            (values, front) => with_values!(values, values => *front = Element::wrap(values.drain(..count).collect())),
        }
        front
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        with_values!(self, v => v.len())
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size in bytes.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.len() * self.data_type().size()
    }

    /// The value at `index` as f64; exact but for 64-bit integers beyond 2^53.
    #[must_use]
    pub fn get_f64(&self, index: usize) -> Option<f64> {
        with_values!(self, v => v.get(index).map(|x| x.to_f64()))
    }

    /// The values as little-endian bytes.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.byte_len());
        self.put_le_bytes(&mut bytes);
        bytes
    }

    /// Appends the values as little-endian bytes.
    pub(crate) fn put_le_bytes(&self, out: &mut Vec<u8>) {
        with_values!(self, v => v.iter().for_each(|x| out.extend(x.to_le_bytes())));
    }

    /// An array from little-endian bytes; an incomplete last value is dropped.
    ///
    /// # Errors
    /// [`Error::LimitExceeded`](crate::Error::LimitExceeded) when there is not that much memory.
    pub fn from_le_bytes(data_type: DataType, bytes: &[u8]) -> Result<Self> {
        Self::read(data_type, bytes, false)
    }

    /// An array from big-endian bytes; an incomplete last value is dropped.
    ///
    /// # Errors
    /// As [`Self::from_le_bytes`].
    pub fn from_be_bytes(data_type: DataType, bytes: &[u8]) -> Result<Self> {
        Self::read(data_type, bytes, true)
    }

    fn read(data_type: DataType, bytes: &[u8], big: bool) -> Result<Self> {
        macro_rules! list {
            ($v:ident $t:ident) => {{
                let words = bytes.as_chunks().0;
                let mut values = limits::room("an array", words.len())?;
                values.extend(words.iter().map(|word| if big { $t::from_be_bytes(*word) } else { $t::from_le_bytes(*word) }));
                Ok(Self::$v(values))
            }};
        }
        match data_type {
            DataType::I8 => list!(I8 i8),
            DataType::U8 => list!(U8 u8),
            DataType::I16 => list!(I16 i16),
            DataType::U16 => list!(U16 u16),
            DataType::I32 => list!(I32 i32),
            DataType::U32 => list!(U32 u32),
            DataType::I64 => list!(I64 i64),
            DataType::U64 => list!(U64 u64),
            DataType::F32 => list!(F32 f32),
            DataType::F64 => list!(F64 f64),
            DataType::Char => list!(Char u8),
        }
    }

    /// Text, when this is a text attribute; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Char(bytes) => Some(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()),
            _ => None,
        }
    }
}

/// Equality of type and bit patterns, so that NaN equals itself and -0 differs from 0.
impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        macro_rules! same {
            ($($v:ident)*) => {
                match (self, other) {
                    $((Self::$v(a), Self::$v(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.to_bits64() == b.to_bits64()),)*
                    _ => false,
                }
            };
        }
        same!(I8 U8 I16 U16 I32 U32 I64 U64 F32 F64 Char)
    }
}
