//! NumPy array files, versions 1.0, 2.0 and 3.0: integers of 8 to 64 bits, floats of 32 and 64 bits and single bytes of text, in either
//! byte order and either axis order.
//!
//! Deliberately absent: half precision, booleans, complex, longer text, structured and object arrays, which [`Values`] does not hold.

use super::spec::{TYPES, format};
use crate::error::{Error, Result};
use crate::field::{DataType, Dataset, Field, Values};
use crate::formats::input::Input;
use crate::formats::opened::{Opened, Variables};
use crate::limits::Limits;

/// Reads the header; the field is called `name`. In Fortran order the shape is reversed and the values stay as they are.
pub(crate) fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    let (text_at, header) = header(input, limits)?;
    let text = core::str::from_utf8(header).map_err(|e| malformed(text_at + e.valid_up_to() as u64, "text in ASCII or UTF-8"))?;
    let Header { descriptor, fortran_order, mut shape } = Parser { text, at: 0, base: text_at }.header(limits)?;
    let (data_type, big_endian) = element(&descriptor)?;
    let count = shape.iter().try_fold(1usize, |n, d| n.checked_mul(*d)).and_then(|n| n.checked_mul(data_type.size()));
    let expected = count.ok_or_else(|| malformed(text_at, "a shape that fits a file"))? as u64;
    let data_at = text_at + header.len() as u64;
    let found = input.length() - data_at;
    if found != expected {
        return Err(malformed(data_at + found.min(expected), format!("{expected} bytes of data, found {found}")));
    }
    if fortran_order {
        shape.reverse();
    }
    let header = Dataset::array(name, &shape, Values::empty(data_type), format(fortran_order, big_endian));
    Ok(Opened::new(header, Stored { input, at: data_at, big_endian }, limits))
}

/// Bytes of the array file that begins with these, as far as they say: none where its header is not all there.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Unsupported`].
pub fn length(bytes: &[u8], limits: &Limits) -> Result<Option<u64>> {
    let (known, magic) = (bytes.len(), *b"\x93NUMPY");
    if bytes.iter().zip(&magic).any(|(byte, expected)| byte != expected) {
        return Err(malformed(0, "an array as numpy.save writes it"));
    }
    let size = match bytes.get(6..8) {
        Some([1, 0]) => 2,
        Some([2 | 3, 0]) => 4,
        Some(_) => return Err(malformed(6, "version 1.0, 2.0 or 3.0")),
        None => return Ok(None),
    };
    let Some(count) = bytes.get(8..8 + size) else { return Ok(None) };
    let at = 8 + size as u64;
    let length = at.saturating_add(crate::wire::little_endian(count));
    if (known as u64) < length {
        return Limits::check("the header", length, limits.metadata_bytes).map(|_| None);
    }
    let text = bytes.get(at as usize..length as usize).unwrap_or_default();
    let text = core::str::from_utf8(text).map_err(|e| malformed(at + e.valid_up_to() as u64, "text in ASCII or UTF-8"))?;
    let Header { descriptor, shape, .. } = Parser { text, at: 0, base: at }.header(limits)?;
    let size = element(&descriptor)?.0.size() as u64;
    Ok(Some(shape.iter().fold(size, |n, d| n.saturating_mul(*d as u64)).saturating_add(length)))
}

/// Where the values are.
struct Stored<'a> {
    input: &'a Input<'a>,
    at: u64,
    big_endian: bool,
}

impl Variables for Stored<'_> {
    fn values(&mut self, _: usize, field: &Field) -> Result<Values> {
        let data = self.input.values(self.at, field.declared_bytes())?.unwrap_or_default();
        let data_type = field.values.data_type();
        if self.big_endian { Values::from_be_bytes(data_type, &data) } else { Values::from_le_bytes(data_type, &data) }
    }
}

fn malformed(offset: u64, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "NPY", offset, expected: expected.into() }
}

/// Where the header text starts, and the text.
fn header<'a>(input: &'a Input<'_>, limits: &Limits) -> Result<(u64, &'a [u8])> {
    let length_bytes = match input.metadata(6, 2)? {
        Some([1, 0]) => 2,
        Some([2 | 3, 0]) => 4,
        _ => return Err(malformed(6, "version 1.0, 2.0 or 3.0")),
    };
    let length = input.metadata(8, length_bytes)?.ok_or_else(|| malformed(8, "the length of the header"))?;
    let length = length.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
    Limits::check("the header", length, limits.metadata_bytes)?;
    let at = 8 + length_bytes;
    let text = input.metadata(at, length)?.ok_or_else(|| malformed(at, format!("{length} bytes of header")))?;
    Ok((at, text))
}

/// Element type and whether it is big-endian.
fn element(descriptor: &str) -> Result<(DataType, bool)> {
    let (order, kind) = match descriptor.split_at_checked(1) {
        Some((order @ ("<" | ">" | "|" | "="), kind)) => (order, kind),
        _ => ("=", descriptor),
    };
    let found = TYPES.iter().find(|(name, _)| *name == kind).map(|(_, data_type)| *data_type);
    let data_type = found.ok_or_else(|| unsupported(&format!("the NumPy type {descriptor:?}"), advice(kind)))?;
    Ok((data_type, order == ">" && data_type.size() > 1))
}

fn advice(kind: &str) -> &'static str {
    match kind {
        "b1" | "?" => "save the array with .astype('uint8')",
        "f2" => "save the array with .astype('float32')",
        "f16" => "save the array with .astype('float64')",
        "O" => "save plain numbers: .astype('float64')",
        k if k.starts_with('c') => "save the real and the imaginary part as two arrays",
        k if k.starts_with(['m', 'M']) => "save the array with .astype('int64')",
        _ => "save an array of integers or of float32 or float64 numbers",
    }
}

fn unsupported(what: &str, advice: &str) -> Error {
    Error::Unsupported { what: what.to_owned(), advice: advice.to_owned() }
}

/// The three entries of the header.
struct Header {
    descriptor: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

/// Reads a Python dict literal with those entries, in any order and spacing.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Offset of `text` in the file.
    base: u64,
}

impl<'a> Parser<'a> {
    fn header(mut self, limits: &Limits) -> Result<Header> {
        let (mut descriptor, mut fortran_order, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.accept('}') {
            let key = self.string()?;
            self.expect(':')?;
            let new = match key {
                "descr" => descriptor.replace(self.descriptor()?.to_owned()).is_none(),
                "fortran_order" => fortran_order.replace(self.boolean()?).is_none(),
                "shape" => shape.replace(self.shape(limits)?).is_none(),
                _ => false,
            };
            if !new {
                return self.fail("the keys descr, fortran_order and shape, each once");
            }
            if !self.accept(',') {
                self.expect('}')?;
                break;
            }
        }
        if !self.rest().is_empty() {
            return self.fail("nothing after the closing brace");
        }
        match (descriptor, fortran_order, shape) {
            (Some(descriptor), Some(fortran_order), Some(shape)) => Ok(Header { descriptor, fortran_order, shape }),
            _ => self.fail("the keys descr, fortran_order and shape"),
        }
    }

    /// What is left, without leading white space.
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c']);
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn fail<T>(&self, expected: &str) -> Result<T> {
        Err(malformed(self.base + self.at as u64, expected))
    }

    fn accept(&mut self, token: char) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len_utf8() } else { 0 };
        found
    }

    fn expect(&mut self, token: char) -> Result<()> {
        if self.accept(token) { Ok(()) } else { self.fail(&format!("{token:?}")) }
    }

    fn string(&mut self) -> Result<&'a str> {
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return self.fail("a quoted string");
        };
        match rest.get(1..).and_then(|s| s.split_once(quote)) {
            Some((string, _)) if !string.contains(['\\', '\n']) => {
                self.at += string.len() + 2;
                Ok(string)
            }
            _ => self.fail("a quoted string on one line, without escapes"),
        }
    }

    fn descriptor(&mut self) -> Result<&'a str> {
        if self.rest().starts_with(['[', '(', '{']) {
            return Err(unsupported("a structured NumPy array", "save each of its columns as an array of its own"));
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool> {
        let rest = self.rest();
        for (word, value) in [("True", true), ("False", false)] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        self.fail("True or False")
    }

    fn shape(&mut self, limits: &Limits) -> Result<Vec<usize>> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.accept(')') {
            shape.push(self.integer()?);
            Limits::check("dimensions", shape.len() as u64, limits.items)?;
            if !self.accept(',') {
                // Python reads (5) as a number, not as a tuple.
                if shape.len() < 2 {
                    return self.fail("','");
                }
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }

    fn integer(&mut self) -> Result<usize> {
        let rest = self.rest();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        match rest.get(..digits).and_then(|d| d.parse().ok()) {
            Some(n) => {
                self.at += digits;
                // Python 2 marked long integers.
                let _ = self.text.get(self.at..).is_some_and(|t| t.starts_with('L')) && self.accept('L');
                Ok(n)
            }
            None => self.fail("the length of a dimension"),
        }
    }
}
