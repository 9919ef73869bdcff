//! Tables of numbers as text: cells apart by semicolon (then commas may be decimal), tab, comma or spaces, with or without a row of names or coordinates on top
//! and a column of labels or coordinates on the left; lines that begin with # are comments. Empty cells, `NaN`, `NA` and `-` are missing.
//!
//! A table is one field of shape (row, column). A long table, with columns lat, lon and perhaps time in the order of a grid, is a field on that grid for each
//! other column. Numbers become int32 if all are whole, float32 if seven digits tell them, else float64. [`Dataset::layout`] is the text without the values,
//! and how many decimals each column has: text that was written with a fixed number of decimals, with no more digits than needed, or by Python comes back
//! byte for byte, other text with the same values.

mod column;
mod form;
mod malformed;
mod table;

use self::form::Form;
use self::malformed::malformed;
use self::table::Table;
use crate::error::Result;
use crate::field::Dataset;
use crate::formats::csv::spec::{FORMAT, PLACE};
use crate::formats::input::Input;
use crate::formats::opened::Opened;
use crate::limits::Limits;

/// How much of a file tells whether it is a table.
const SAMPLE_BYTES: usize = 1 << 16;

/// Whether the bytes are lines of numbers.
pub(crate) fn is_table(bytes: &[u8]) -> bool {
    let cut = bytes.len() > SAMPLE_BYTES;
    let sample = bytes.get(..SAMPLE_BYTES).unwrap_or(bytes);
    let end = if cut { sample.iter().rposition(|b| *b == b'\n').unwrap_or(0) } else { sample.len() };
    let text = core::str::from_utf8(sample.get(..end).unwrap_or_default());
    text.is_ok_and(|text| !text.contains(|c: char| c.is_control() && !c.is_whitespace()) && Form::new(text).is_some())
}

/// Reads a whole file; the field of a plain table is called `name`.
pub(crate) fn open<'a>(input: &'a Input<'_>, name: &str, limits: &Limits) -> Result<Opened<'a>> {
    read(&input.whole(limits)?, name, limits).map(Opened::whole)
}

fn read(bytes: &[u8], name: &str, limits: &Limits) -> Result<Dataset> {
    let text = core::str::from_utf8(bytes).map_err(|e| malformed(e.valid_up_to(), "text in UTF-8"))?;
    if let Some(at) = text.find(PLACE) {
        return Err(malformed(at, "text without zero bytes"));
    }
    let form = Form::new(text).ok_or_else(|| malformed(0, "lines of numbers"))?;
    let table = Table::parse(text, form, limits)?;
    let grid = table.grid().filter(|_| table.width() as u64 <= limits.items);
    let mut dataset = Dataset { format: FORMAT, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    match &grid {
        Some(axes) => table.add_grid(axes, &mut dataset),
        None => table.add_plain(name, &mut dataset),
    }
    dataset.layout = table.layout(text, grid.as_deref().unwrap_or_default(), limits);
    Ok(dataset)
}
