//! Which values mean "no data", and how stored numbers become physical ones.

use super::values::{Element, extremes};
use super::{DataType, ErrorBound, Field, with_values};
use crate::error::{Error, Result};
use core::str::FromStr;

/// Rule that tells missing values. NaN and infinities are never numbers, whatever the rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Missing {
    /// Only values that are not finite.
    NonFinite,
    /// Not finite, or one of these bit patterns (`_FillValue`, `missing_value`), as [`Element::to_bits64`] gives them.
    Patterns(Vec<u64>),
}

impl Missing {
    /// What is missing by either rule.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::NonFinite, rule) | (rule, Self::NonFinite) => rule.clone(),
            (Self::Patterns(a), Self::Patterns(b)) => Self::Patterns(a.iter().chain(b.iter().filter(|pattern| !a.contains(pattern))).copied().collect()),
        }
    }

    /// Whether `value` is missing.
    #[inline]
    pub fn is_missing<T: Element>(&self, value: T) -> bool {
        if T::TYPE.is_float() && !value.to_f64().is_finite() {
            return true;
        }
        match self {
            Self::NonFinite => false,
            Self::Patterns(patterns) => patterns.contains(&value.to_bits64()),
        }
    }
}

/// CF packing: physical = stored · scale + offset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packing {
    /// `scale_factor`, 1 when absent; never 0.
    pub scale: f64,
    /// `add_offset`, 0 when absent.
    pub offset: f64,
}

impl Packing {
    /// Physical value of a stored one.
    #[inline]
    #[must_use]
    pub fn unpack(&self, stored: f64) -> f64 {
        stored * self.scale + self.offset
    }
}

impl Field {
    /// Smallest and largest stored value that is not missing, and how far they are apart, exact for integers before it is rounded; `None` where all are missing.
    pub(crate) fn extremes(&self) -> Option<([f64; 2], f64)> {
        fn of<T: Element>(values: &[T], missing: &Missing) -> Option<([f64; 2], f64)> {
            let [low, high] = match missing {
                // Without anything to compare with, which is as fast as values come.
                Missing::NonFinite if T::TYPE == DataType::F32 => extremes(values, |v| !Missing::NonFinite.is_missing(v)),
                _ => extremes(values, |v| !missing.is_missing(v)),
            }?;
            Some(([low.to_f64(), high.to_f64()], high.less(low)))
        }
        with_values!(&self.values, values => of(values, &self.missing))
    }

    /// Takes stored values that equal `value` as missing from now on. The attributes stay as they are, so that the file does.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the type of the field does not have that number.
    pub fn add_missing(&mut self, value: f64) -> Result<()> {
        let data_type = self.values.data_type();
        let pattern =
            bit_pattern(data_type, value).ok_or_else(|| Error::InvalidArgument { what: format!("{value} is no value of the type {}", data_type.name()) })?;
        match &mut self.missing {
            Missing::Patterns(patterns) if patterns.contains(&pattern) => {}
            Missing::Patterns(patterns) => patterns.push(pattern),
            Missing::NonFinite => self.missing = Missing::Patterns(vec![pattern]),
        }
        Ok(())
    }
}

/// A finite number as bits of the given type; none when the type does not have it.
pub(crate) fn bit_pattern(data_type: DataType, x: f64) -> Option<u64> {
    macro_rules! integer {
        ($t:ident) => {
            Some(x as $t).filter(|n| *n as f64 == x).map($t::to_bits64)
        };
    }
    match data_type {
        DataType::I8 => integer!(i8),
        DataType::U8 | DataType::Char => integer!(u8),
        DataType::I16 => integer!(i16),
        DataType::U16 => integer!(u16),
        DataType::I32 => integer!(i32),
        DataType::U32 => integer!(u32),
        DataType::I64 => integer!(i64),
        DataType::U64 => integer!(u64),
        DataType::F32 => Some(x as f32).filter(|x| x.is_finite()).map(f32::to_bits64),
        DataType::F64 => Some(x.to_bits64()),
    }
}

/// Numbers that files use for "no data" without saying so, besides huge ones.
const CODES: [f64; 24] = [
    99.0,
    99.99,
    999.0,
    999.9,
    999.99,
    8888.0,
    9999.0,
    9999.9,
    99_999.0,
    999_999.0,
    9_999_999.0,
    32_766.0,
    32_767.0,
    32_768.0,
    65_535.0,
    2_147_483_647.0,
    2_147_483_648.0,
    1e10,
    1e15,
    1e20,
    9.999e20,
    1e30,
    1e34,
    1e35,
];

/// From here on numbers are codes: arrays of models begin as 1e36, of BUFR as 1.7e38, of NetCDF as 9.96921e36, of others as the largest of their type.
const HUGE: f64 = 1e30;

/// What is done about values that mean "no data" though the file does not say so.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum MissingRule {
    /// They are taken as missing where the evidence is overwhelming, or where they would stretch the range that a bound is relative to.
    #[default]
    Auto,
    /// Every value is one.
    None,
    /// This one is missing.
    Value(f64),
}

/// As `--missing` takes it: `auto`, `none` or a number.
impl FromStr for MissingRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            number => number.parse().map(Self::Value).map_err(|_| Error::InvalidArgument {
                what: format!("{text:?} says nothing of missing values; write \"auto\", \"none\" or the number that means missing"),
            }),
        }
    }
}

/// A stored value that may well mean "no data", though nothing says so.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect {
    /// The value.
    pub value: f64,
    /// How often it was found.
    pub count: u64,
    /// Whether it is missing from now on.
    pub taken: bool,
}

/// How sure it is that a value means "no data".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// A usual code, further from all others than those are from each other.
    Some,
    /// A huge number beside none but small and other huge ones, or a usual code three times as far away as that.
    Overwhelming,
}

/// Codes that one field may have.
const MOST_CODES: usize = 16;

impl MissingRule {
    /// Takes values of a field as missing where this rule says so, and returns what it found.
    pub fn apply(self, field: &mut Field, bound: ErrorBound) -> Vec<Suspect> {
        match self {
            Self::None => Vec::new(),
            Self::Value(value) => given(field, value).into_iter().collect(),
            Self::Auto => {
                let stretched = matches!(bound, ErrorBound::Relative(_));
                let mut found = Vec::new();
                while let Some((value, count, evidence)) = suspect(field).filter(|_| found.len() < MOST_CODES) {
                    let taken = (stretched || evidence == Evidence::Overwhelming) && field.add_missing(value).is_ok();
                    found.push(Suspect { value, count, taken });
                    if !taken {
                        break;
                    }
                }
                found
            }
        }
    }
}

/// A value that somebody gave; none where the field has no such value.
fn given(field: &mut Field, value: f64) -> Option<Suspect> {
    let pattern = bit_pattern(field.values.data_type(), value)?;
    let count = (0..field.values.len()).filter_map(|index| field.values.stored(index)).filter(|v| v.bits == pattern).count() as u64;
    (count > 0 && field.add_missing(value).is_ok()).then_some(Suspect { value, count, taken: true })
}

/// A stored value that may well mean "no data", though nothing says so: the largest or smallest, one of the usual codes, found more than once, and further from all others than those
/// are from each other; or huge beside small ones.
#[must_use]
pub fn suspected_missing(field: &Field) -> Option<f64> {
    suspect(field).map(|(value, ..)| value)
}

fn suspect(field: &Field) -> Option<(f64, u64, Evidence)> {
    // Types of one byte and text hold classes and colours.
    if field.values.data_type().size() == 1 {
        return None;
    }
    let [smallest, largest] = field.extremes().map(|(ends, _)| ends).unwrap_or_default();
    [smallest, largest].into_iter().filter(|end| smallest < largest && (is_huge(*end) || usual(*end))).find_map(|end| {
        let count = ends(field, &|v| v == end).2;
        evidence(field, end, count).map(|evidence| (end, count, evidence))
    })
}

fn is_huge(value: f64) -> bool {
    value.abs() >= HUGE
}

fn usual(end: f64) -> bool {
    CODES.iter().any(|code| (end.abs() - code).abs() <= code * 1e-6)
}

/// What all other values say of one that is the smallest or the largest. Huge ones say nothing of each other: means over a code and numbers are as huge.
fn evidence(field: &Field, end: f64, count: u64) -> Option<Evidence> {
    if is_huge(end) {
        let (low, high, _) = ends(field, &is_huge);
        return (low <= high && low.abs().max(high.abs()) <= HUGE * 1e-6).then_some(Evidence::Overwhelming);
    }
    let (low, high, _) = ends(field, &|v| v == end);
    let (apart, span) = ((end - low).abs().min((end - high).abs()), high - low);
    let some = low <= high && count >= 2 && apart > span;
    some.then_some(if apart > 3.0 * span { Evidence::Overwhelming } else { Evidence::Some })
}

/// Smallest and largest stored value that is neither missing nor left out, and how many are left out.
fn ends(field: &Field, leave_out: &dyn Fn(f64) -> bool) -> (f64, f64, u64) {
    let (mut low, mut high, mut left_out) = (f64::INFINITY, f64::NEG_INFINITY, 0u64);
    for v in field.present() {
        if leave_out(v) { left_out += 1 } else { (low, high) = (low.min(v), high.max(v)) }
    }
    (low, high, left_out)
}
