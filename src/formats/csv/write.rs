//! Text: rows of numbers with commas between them, or the text that a table came from with the values put back.

use core::fmt::{Display, LowerExp, Write};

use super::spec::{Layout, PLACE, PLAIN_IN_PYTHON, PYTHON, SHORTEST, inflated};
use crate::error::Result;
use crate::field::{DataType, Dataset, Element, Field, Stored, Values};
use crate::formats::single::not_one;
use crate::limits::Limits;

/// Magnitudes that are written without an exponent.
const PLAIN: core::ops::Range<f64> = 1e-5..1e16;

/// Writes a field as text: a row of the last dimension on each line, physical values in as many digits as tell them apart, missing ones empty; of a field of text each text on
/// a line.
///
/// # Errors
/// None so far.
pub fn write(field: &Field) -> Result<Vec<u8>> {
    if let Values::Char(text) = &field.values {
        return Ok(lines(text, field.shape.last().copied().unwrap_or(1)));
    }
    let style = Style { comma: false, missing: "" };
    let row = field.shape.last().copied().unwrap_or(1).max(1);
    let mut out = String::new();
    for index in 0..field.values.len() {
        if index > 0 {
            out.push(if index % row == 0 { '\n' } else { ',' });
        }
        style.append(&mut out, field, index, SHORTEST);
    }
    out.push('\n');
    Ok(out.into_bytes())
}

/// Each text of `length` bytes on a line of its own, without the zeros and blanks that fill it up, in quotes where it needs them.
fn lines(text: &[u8], length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for text in text.chunks(length.max(1)) {
        let end = text.iter().rposition(|b| !matches!(b, 0 | b' ')).map_or(0, |last| last + 1);
        let text = text.get(..end).unwrap_or_default();
        let quoted = text.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
        let quote: &[u8] = if quoted { b"\"" } else { b"" };
        out.extend_from_slice(quote);
        text.iter().for_each(|b| out.extend(core::iter::repeat_n(*b, if *b == b'"' { 2 } else { 1 })));
        out.extend_from_slice(quote);
        out.push(b'\n');
    }
    out
}

/// Writes what came from a table: in its own text, else its only field that is not a coordinate.
pub(crate) fn save(dataset: &Dataset) -> Result<Vec<u8>> {
    let fields: Vec<&Field> = dataset.fields.iter().filter(|f| !dataset.is_coordinate(f)).collect();
    if let Some(text) = refill(&dataset.layout, &fields) {
        return Ok(text);
    }
    match fields.as_slice() {
        [field] => write(field),
        _ => Err(not_one(fields.len())),
    }
}

/// The text of the layout with the values in their places; none when they do not fit.
fn refill(layout: &[u8], fields: &[&Field]) -> Option<Vec<u8>> {
    let bytes = inflated(layout, Limits::default().metadata_bytes)?;
    let Layout { comma, missing, decimals, text } = Layout::from_bytes(&bytes)?;
    let columns = decimals.len();
    let total: usize = fields.iter().map(|f| f.values.len()).sum();
    let first = fields.first()?;
    let interleaved = fields.len() > 1;
    let fits = if interleaved { fields.len() == columns && fields.iter().all(|f| f.values.len() == first.values.len()) } else { true };
    let mut pieces = text.split(PLACE);
    if !fits || text.matches(PLACE).count() != total || fields.iter().any(|f| matches!(f.values, Values::Char(_))) {
        return None;
    }
    let style = Style { comma, missing };
    let mut out = pieces.next()?.to_owned();
    for (place, piece) in pieces.enumerate() {
        let column = place % columns;
        let (field, index) = if interleaved { (*fields.get(column)?, place / columns) } else { (*first, place) };
        style.append(&mut out, field, index, decimals.get(column).copied().unwrap_or(SHORTEST));
        out.push_str(piece);
    }
    Some(out.into_bytes())
}

/// How numbers are written.
struct Style<'a> {
    /// Whether the decimal point is a comma.
    comma: bool,
    missing: &'a str,
}

impl Style<'_> {
    /// Appends the physical value at `index`, with that many decimals if they tell it.
    fn append(&self, out: &mut String, field: &Field, index: usize, decimals: u8) {
        let stored = field.values.stored(index).filter(|v| !v.is_missing(&field.missing));
        let Some(Stored { number: stored, bits }) = stored else { return out.push_str(self.missing) };
        let (packing, start) = (field.packing(), out.len());
        match &field.values {
            _ if (packing.scale, packing.offset) != (1.0, 0.0) => {
                let value = packing.unpack(stored);
                number(out, value, value, decimals);
            }
            Values::F32(_) => number(out, stored as f32, stored, decimals),
            Values::F64(_) => number(out, stored, stored, decimals),
            Values::U64(_) => number(out, bits, stored, decimals),
            Values::I64(_) => number(out, bits as i64, stored, decimals),
            _ => number(out, stored as i64, stored, decimals),
        }
        if self.comma {
            let text = out.split_off(start);
            out.push_str(&text.replace('.', ","));
        }
    }
}

/// Appends a number, of which `value` is an exact copy.
fn number<T: Element + Display + LowerExp>(out: &mut String, exact: T, value: f64, decimals: u8) {
    let start = out.len();
    let tells = |text: &str| if T::TYPE == DataType::F32 { text.parse::<f32>().map(f64::from) } else { text.parse() } == Ok(value);
    // Writing to a string does not fail.
    if decimals < PYTHON {
        let _ = write!(out, "{exact:.*}", usize::from(decimals));
        if out.get(start..).is_some_and(tells) {
            return;
        }
        out.truncate(start);
    }
    let plain = if decimals == PYTHON { PLAIN_IN_PYTHON } else { PLAIN };
    if !T::TYPE.is_float() || value == 0.0 || plain.contains(&value.abs()) {
        let _ = write!(out, "{exact}");
        if decimals == PYTHON && out.get(start..).is_some_and(|text| !text.contains('.')) {
            out.push_str(".0");
        }
        return;
    }
    let _ = write!(out, "{exact:e}");
    if decimals == PYTHON
        && let Some(at) = out.rfind('e').filter(|at| *at > start)
    {
        // With a sign and at least two digits.
        let exponent = out.split_off(at + 1);
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent.as_str()), |digits| ('-', digits));
        let _ = write!(out, "{sign}{digits:0>2}");
    }
}
