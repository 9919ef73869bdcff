//! Tables of numbers as text: cells apart by semicolon (then commas may be decimal), tab, comma or spaces, with or without a row of names or coordinates on top
//! and a column of labels or coordinates on the left; lines that begin with # are comments. Empty cells, `NaN`, `NA` and `-` are missing.
//!
//! A table is one field of shape (row, column). A long table, with columns lat, lon and perhaps time in the order of a grid, is a field on that grid for each
//! other column. Numbers become int32 if all are whole, float32 if seven digits tell them, else float64. [`Dataset::layout`] is the text without the values,
//! and how many decimals each column has: text that was written with a fixed number of decimals, with no more digits than needed, or by Python comes back
//! byte for byte, other text with the same values.

use std::collections::BTreeSet;

use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::error::{Error, Result};
use crate::field::{Attribute, Dataset, Dimension, Field, Missing, SourceFormat, Values};
use crate::limits::Limits;
use crate::wire::put_varint;

/// How much of a file tells whether it is a table, and how many of its lines tell of what kind.
const SAMPLE_BYTES: usize = 1 << 16;
const SAMPLE_LINES: usize = 8;

const COMPRESSION_LEVEL: u8 = 6;

/// What stands in the layout for a value.
pub(crate) const PLACE: char = '\0';

/// Number of decimals of a column whose numbers have as many digits as they need.
pub(crate) const SHORTEST: u8 = u8::MAX;

/// The same for a column that is written as Python writes floats: `1.0` for whole numbers, `1e-05` for small ones.
pub(crate) const PYTHON: u8 = SHORTEST - 1;

/// Magnitudes that Python writes without an exponent.
pub(crate) const PLAIN_IN_PYTHON: core::ops::Range<f64> = 1e-4..1e16;

/// Most decimals that are kept as a number of decimals.
const MAX_DECIMALS: usize = 30;

/// Decimal digits that every float32 tells apart, and the most that one can need.
const SAFE_DIGITS: usize = 6;
const MAX_DIGITS: usize = 7;

/// Whether the bytes are lines of numbers.
pub(super) fn is_table(bytes: &[u8]) -> bool {
    let cut = bytes.len() > SAMPLE_BYTES;
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    let end = if cut { sample.iter().rposition(|b| *b == b'\n').unwrap_or(0) } else { sample.len() };
    let text = core::str::from_utf8(sample.get(..end).unwrap_or_default());
    text.is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()) && Form::new(text).is_some())
}

/// Reads a whole file; the field of a plain table is called `name`.
pub(super) fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    let text = core::str::from_utf8(bytes).map_err(|e| malformed(e.valid_up_to(), "text in UTF-8"))?;
    if let Some(at) = text.find(PLACE) {
        return Err(malformed(at, "text without zero bytes"));
    }
    let form = Form::new(text).ok_or_else(|| malformed(0, "lines of numbers"))?;
    let table = Table::parse(text, form, limits)?;
    let grid = table.grid().filter(|_| table.width() as u64 <= limits.items);
    let mut dataset = Dataset { format: SourceFormat::Csv, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    match &grid {
        Some(axes) => table.add_grid(axes, &mut dataset),
        None => table.add_plain(name, &mut dataset),
    }
    dataset.layout = table.layout(text, grid.as_deref().unwrap_or_default(), limits);
    Ok(dataset)
}

fn malformed(offset: usize, expected: impl Into<String>) -> Error {
    Error::Malformed { format: "CSV", offset: offset as u64, expected: expected.into() }
}

/// Whether a line has neither numbers nor names.
fn is_aside(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
struct Form {
    /// What stands between cells; a space is any number of spaces.
    delimiter: char,
    /// Whether the decimal point is a comma.
    comma: bool,
    header: bool,
    /// Whether the first column is labels or coordinates.
    labels: bool,
    columns: usize,
}

impl Form {
    /// What the first lines look like; none when they are no table.
    fn new(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().filter(|line| !is_aside(line)).take(SAMPLE_LINES).collect();
        let delimiter = [';', '\t', ','].into_iter().find(|d| lines.iter().all(|line| line.contains(*d))).unwrap_or(' ');
        let mut form = Self { delimiter, comma: false, header: false, labels: false, columns: 0 };
        let (first, rest) = lines.split_first()?;
        // Names in the first line may have points.
        let pointed = form.cells(first).any(|cell| cell.contains('.') && form.number(cell).is_some()) || rest.iter().any(|line| line.contains('.'));
        form.comma = delimiter == ';' && lines.iter().any(|line| line.contains(',')) && !pointed;
        let top: Vec<&str> = form.cells(first).collect();
        let corner = top.first().is_some_and(|cell| cell.is_empty() || form.is_text(cell));
        let named = top.iter().any(|cell| form.is_text(cell));
        let below = rest.first().map_or(top.len(), |line| form.cells(line).count());
        // A label in front of numbers is no header if the next line has one too.
        let label =
            corner && !top.iter().skip(1).any(|cell| form.is_text(cell)) && rest.first().is_none_or(|l| form.cells(l).next().is_some_and(|c| form.is_text(c)));
        form.header = !rest.is_empty() && (named || corner && delimiter != ' ') && !(label && top.len() > 1 && !top.first().is_some_and(|c| c.is_empty()));
        let data = if form.header { rest } else { lines.as_slice() };
        form.columns = if form.header { below } else { top.len() };
        let short = form.header && top.len() + 1 == below;
        let coordinates = corner && top.len() > 1 && !top.iter().skip(1).any(|cell| form.is_text(cell));
        let texts = data.iter().any(|line| form.cells(line).next().is_some_and(|cell| form.is_text(cell)));
        let empty_corner = top.first().is_some_and(|cell| cell.is_empty());
        form.labels = delimiter != ' ' && (texts || short || form.header && (coordinates || empty_corner));
        let numbers = form.columns.checked_sub(usize::from(form.labels)).filter(|n| *n > 0)?;
        let enough = data.len() >= if numbers == 1 { 2 } else { 1 };
        let heads = !form.header || top.len() == form.columns || short && form.labels;
        (enough && heads && data.iter().all(|line| form.is_row(line))).then_some(form)
    }

    /// Cells of a line, without white space and quotes around them.
    fn cells<'a>(&self, line: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let (delimiter, spaces) = (self.delimiter, self.delimiter == ' ');
        let line = if spaces { line.trim() } else { line };
        let cells = line.split(move |c: char| c == delimiter || spaces && c.is_whitespace()).filter(move |cell| !spaces || !cell.is_empty());
        cells.map(|cell| cell.trim()).map(|cell| cell.strip_prefix('"').and_then(|c| c.strip_suffix('"')).unwrap_or(cell))
    }

    fn is_text(&self, cell: &str) -> bool {
        !is_missing(cell) && self.number(cell).is_none()
    }

    /// Whether a line has the right number of cells, and numbers where they should be, one at least.
    fn is_row(&self, line: &str) -> bool {
        let cells = || self.cells(line).skip(usize::from(self.labels));
        self.cells(line).count() == self.columns && !cells().any(|cell| self.is_text(cell)) && cells().any(|cell| !is_missing(cell))
    }

    fn number(&self, cell: &str) -> Option<f64> {
        let allowed = |b: u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'e' | b'E') || b == if self.comma { b',' } else { b'.' };
        if !cell.bytes().all(allowed) {
            return None;
        }
        if self.comma { cell.replace(',', ".").parse().ok() } else { cell.parse().ok() }.filter(|x: &f64| x.is_finite())
    }
}

fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "-") || ["nan", "na"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// What is known of the numbers of a column.
#[derive(Debug, Clone, Copy)]
struct Column {
    /// Whether all are whole and fit 32 bits.
    whole: bool,
    /// Whether float32 has all of them.
    single: bool,
    /// Decimals of all numbers, if they agree.
    decimals: Option<u8>,
    /// Whether all are written as Python writes floats.
    python: bool,
}

impl Column {
    fn add(&mut self, cell: &str, value: f64, first: bool) {
        let mantissa = cell.split(['e', 'E']).next().unwrap_or(cell);
        let plain = mantissa.len() == cell.len() && !cell.starts_with('+');
        let point = mantissa.find(['.', ',']);
        self.whole &= point.is_none() && plain && !(value == 0.0 && cell.starts_with('-')) && value.abs() <= f64::from(i32::MAX);
        self.single &= single(mantissa, value);
        let decimals = point.map(|at| mantissa.len() - at - 1).filter(|n| plain && (1..=MAX_DECIMALS).contains(n)).map(|n| n as u8);
        self.decimals = if first || self.decimals == decimals { decimals } else { None };
        let small_or_large = value != 0.0 && !PLAIN_IN_PYTHON.contains(&value.abs());
        self.python &= match cell.get(mantissa.len() + 1..) {
            Some(exponent) => small_or_large && exponent.starts_with(['+', '-']) && exponent.len() > 2,
            None => !small_or_large && point.is_some(),
        };
    }

    /// How the layout says how its numbers are written.
    fn decimals(&self) -> u8 {
        self.decimals.unwrap_or(if self.python { PYTHON } else { SHORTEST })
    }
}

/// Whether float32 tells a number of that text.
fn single(mantissa: &str, value: f64) -> bool {
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).skip_while(|b| *b == b'0').count();
    let near = value as f32;
    let normal = value == 0.0 || near.is_normal();
    normal && (digits <= SAFE_DIGITS || digits <= MAX_DIGITS && near.to_string().parse() == Ok(value))
}

/// All cells.
struct Table<'a> {
    form: Form,
    rows: usize,
    /// Numbers row by row, without the labels; NaN where missing.
    values: Vec<f64>,
    columns: Vec<Column>,
    header: Vec<&'a str>,
    labels: Vec<&'a str>,
    /// Text of the first missing cell.
    missing: Option<&'a str>,
}

impl<'a> Table<'a> {
    fn parse(text: &'a str, form: Form, limits: &Limits) -> Result<Self> {
        let width = form.columns - usize::from(form.labels);
        let column = Column { whole: true, single: true, decimals: None, python: true };
        Limits::check("columns", width as u64, limits.decoded_bytes / 8)?;
        let mut table = Self { form, rows: 0, values: Vec::new(), columns: vec![column; width], header: Vec::new(), labels: Vec::new(), missing: None };
        let mut seen = vec![false; width];
        for (at, line) in lines(text) {
            if is_aside(line) {
                continue;
            }
            if form.header && table.header.is_empty() {
                table.header = form.cells(line).collect();
                continue;
            }
            let row = malformed(at, format!("a row of {} cells", form.columns));
            let mut cells = form.cells(line);
            if form.labels {
                table.labels.extend(cells.next());
            }
            let mut found = 0;
            for cell in cells {
                let (Some(column), Some(seen)) = (table.columns.get_mut(found), seen.get_mut(found)) else { return Err(row) };
                found += 1;
                if is_missing(cell) {
                    column.whole = false;
                    // Among spaces an empty cell is one in quotes, and nothing would be left of the others.
                    if table.missing.is_none_or(|text| text.is_empty() && form.delimiter == ' ') {
                        table.missing = Some(cell);
                    }
                    table.values.push(f64::NAN);
                    continue;
                }
                let value = form.number(cell).ok_or_else(|| malformed(at, format!("a number in column {found}, found {cell:?}")))?;
                column.add(cell, value, !*seen);
                *seen = true;
                table.values.push(value);
            }
            if found != width {
                return Err(row);
            }
            table.rows += 1;
            Limits::check("the data in this file", 8 * table.values.len() as u64, limits.decoded_bytes)?;
        }
        Ok(table)
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    /// The numbers of those columns, row by row, in the smallest type that has them all.
    fn numbers(&self, columns: &[usize]) -> Values {
        let of = |test: fn(&Column) -> bool| columns.iter().filter_map(|c| self.columns.get(*c)).all(test);
        let all = columns.len() == self.width();
        let chosen = self.values.chunks_exact(self.width()).flat_map(|row| columns.iter().filter_map(|c| row.get(*c).copied()));
        let values: Vec<f64> = if all { self.values.clone() } else { chosen.collect() };
        if of(|c| c.whole) {
            Values::I32(values.iter().map(|x| *x as i32).collect())
        } else if of(|c| c.single) {
            Values::F32(values.iter().map(|x| *x as f32).collect())
        } else {
            Values::F64(values)
        }
    }

    fn add_plain(&self, name: &str, dataset: &mut Dataset) {
        let corner = self.header.first().map(|cell| cell.to_ascii_lowercase()).unwrap_or_default();
        let names = if corner.contains("lat") && corner.contains("lon") { ["lat", "lon"] } else { ["row", "column"] };
        let head = self.header.get(self.header.len().saturating_sub(self.width())..).unwrap_or_default();
        let mut attributes = Vec::new();
        for (axis, (cells, length)) in [(&self.labels, self.rows), (&head.to_vec(), self.width())].into_iter().enumerate() {
            let base = names.get(axis).copied().unwrap_or_default();
            let index = dataset.dimensions.len();
            dataset.dimensions.push(Dimension { name: base.to_owned(), length, unlimited: false });
            let numbers: Option<Vec<f64>> = cells.iter().map(|cell| self.form.number(cell)).collect();
            match numbers {
                Some(values) if !cells.is_empty() && base != name => dataset.fields.push(coordinate(base, index, values)),
                _ if !cells.is_empty() => attributes.push(Attribute::text(&format!("{base}s"), &cells.join("\n"))),
                _ => {}
            }
        }
        let all: Vec<usize> = (0..self.width()).collect();
        let (dimensions, shape) = (vec![0, 1], vec![self.rows, self.width()]);
        dataset.fields.push(Field { name: name.to_owned(), dimensions, shape, values: self.numbers(&all), attributes, missing: Missing::NonFinite });
    }

    /// The axes of a long table, slowest first: column, name and length; none when it is no grid in order.
    fn grid(&self) -> Option<Vec<Axis>> {
        if self.form.labels || self.header.len() != self.width() || self.rows == 0 {
            return None;
        }
        let mut axes: Vec<Axis> = Vec::new();
        for (column, cell) in self.header.iter().enumerate() {
            let name = match cell.to_ascii_lowercase().as_str() {
                "lat" | "latitude" => "lat",
                "lon" | "long" | "longitude" => "lon",
                "time" => "time",
                _ => continue,
            };
            axes.push(Axis { column, name, length: 0, stride: 0 });
        }
        let has = |name| axes.iter().filter(|a| a.name == name).count() == 1;
        if !has("lat") || !has("lon") || axes.len() > 3 || axes.len() == 3 && !has("time") {
            return None;
        }
        let mut taken = BTreeSet::from(["lat", "lon", "time", ""]);
        let mut others = self.header.iter().enumerate().filter(|(i, _)| axes.iter().all(|a| a.column != *i)).peekable();
        if others.peek().is_none() || !others.all(|(_, name)| taken.insert(name)) {
            return None;
        }
        self.order(axes)
    }

    /// Puts the axes in order, if the rows have one: each axis repeats as often as the faster ones take.
    fn order(&self, mut axes: Vec<Axis>) -> Option<Vec<Axis>> {
        let cell = |row: usize, column: usize| self.values.get(row * self.width() + column).copied().filter(|x| x.is_finite());
        let mut ordered: Vec<Axis> = Vec::new();
        let mut stride = 1;
        while !axes.is_empty() {
            // The next axis is the one that changes when the faster ones have been through.
            let moves = |a: &Axis| stride < self.rows && cell(stride, a.column) != cell(0, a.column);
            let next = axes.iter().position(moves).unwrap_or(0);
            let mut axis = axes.remove(next);
            let count = (self.rows / stride).max(1);
            axis.stride = stride;
            axis.length = (1..count).find(|i| cell(i * stride, axis.column) == cell(0, axis.column)).unwrap_or(count);
            stride = stride.checked_mul(axis.length)?;
            ordered.insert(0, axis);
        }
        let regular = |a: &Axis| (0..self.rows).all(|row| cell(row, a.column).is_some_and(|x| Some(x) == cell(row / a.stride % a.length * a.stride, a.column)));
        (stride == self.rows && ordered.iter().all(regular)).then_some(ordered)
    }

    fn add_grid(&self, axes: &[Axis], dataset: &mut Dataset) {
        for (index, axis) in axes.iter().enumerate() {
            dataset.dimensions.push(Dimension { name: axis.name.to_owned(), length: axis.length, unlimited: false });
            let cell = |i: usize| self.values.get(i * axis.stride * self.width() + axis.column).copied();
            dataset.fields.push(coordinate(axis.name, index, (0..axis.length).filter_map(cell).collect()));
        }
        for (column, name) in self.header.iter().enumerate().filter(|(i, _)| axes.iter().all(|a| a.column != *i)) {
            dataset.fields.push(Field {
                name: (*name).to_owned(),
                dimensions: (0..axes.len()).collect(),
                shape: axes.iter().map(|a| a.length).collect(),
                values: self.numbers(&[column]),
                attributes: Vec::new(),
                missing: Missing::NonFinite,
            });
        }
    }

    /// Style and text without the values; empty where that is too much for an archive.
    fn layout(&self, text: &str, axes: &[Axis], limits: &Limits) -> Vec<u8> {
        let valued: Vec<bool> = (0..self.width()).map(|column| axes.iter().all(|a| a.column != column)).collect();
        let token = self.missing.unwrap_or_default();
        let mut out = vec![u8::from(self.form.comma)];
        put_varint(&mut out, token.len() as u64);
        out.extend_from_slice(token.as_bytes());
        let decimals: Vec<u8> = self.columns.iter().zip(&valued).filter(|(_, v)| **v).map(|(c, _)| c.decimals()).collect();
        put_varint(&mut out, decimals.len() as u64);
        out.extend(decimals);
        let mut header = self.form.header;
        let mut copied = 0;
        for (at, line) in lines(text) {
            if is_aside(line) || core::mem::take(&mut header) {
                continue;
            }
            let cells = self.form.cells(line).skip(usize::from(self.form.labels)).zip(&valued).filter(|(_, valued)| **valued);
            for (cell, _) in cells {
                let begin = at + (cell.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
                out.extend_from_slice(text.as_bytes().get(copied..begin).unwrap_or_default());
                out.push(PLACE as u8);
                copied = begin + cell.len();
            }
        }
        out.extend_from_slice(text.as_bytes().get(copied..).unwrap_or_default());
        if out.len() as u64 > limits.metadata_bytes { Vec::new() } else { compress_to_vec_zlib(&out, COMPRESSION_LEVEL) }
    }
}

/// An axis of a long table.
#[derive(Debug)]
struct Axis {
    column: usize,
    name: &'static str,
    length: usize,
    /// Rows from one of its points to the next.
    stride: usize,
}

/// Lines without their ends, each with its offset; a mark of the byte order is skipped.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = next;
        next += line.len();
        let start = if at == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        (at + start, line.get(start..).unwrap_or_default().trim_end_matches(['\n', '\r']))
    })
}

fn coordinate(name: &str, dimension: usize, values: Vec<f64>) -> Field {
    let units = match name {
        "lat" => Some("degrees_north"),
        "lon" => Some("degrees_east"),
        _ => None,
    };
    let attributes = units.map(|units| Attribute::text("units", units)).into_iter().collect();
    Field {
        name: name.to_owned(),
        dimensions: vec![dimension],
        shape: vec![values.len()],
        values: Values::F64(values),
        attributes,
        missing: Missing::NonFinite,
    }
}
