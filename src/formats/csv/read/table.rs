//! All cells of a table, and the fields that they are.

use std::collections::BTreeSet;

use super::column::Column;
use super::form::{Form, is_aside, is_missing, lines};
use super::malformed::malformed;
use crate::error::Result;
use crate::field::{Attribute, Dataset, Dimension, Field, Missing, Values};
use crate::formats::csv::spec::{Layout, PLACE};
use crate::limits::Limits;

/// All cells.
pub(super) struct Table<'a> {
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
    pub(super) fn parse(text: &'a str, form: Form, limits: &Limits) -> Result<Self> {
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

    pub(super) fn width(&self) -> usize {
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

    pub(super) fn add_plain(&self, name: &str, dataset: &mut Dataset) {
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
        dataset.fields.push(Field {
            name: name.to_owned(),
            dimensions,
            shape,
            values: self.numbers(&all),
            attributes,
            missing: Missing::NonFinite,
            derived: None,
        });
    }

    /// The axes of a long table, slowest first: column, name and length; none when it is no grid in order.
    pub(super) fn grid(&self) -> Option<Vec<Axis>> {
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
        let mut taken = BTreeSet::new();
        taken.extend(["lat", "lon", "time", ""]);
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

    pub(super) fn add_grid(&self, axes: &[Axis], dataset: &mut Dataset) {
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
                derived: None,
            });
        }
    }

    /// Style and text without the values; empty where that is too much for an archive.
    pub(super) fn layout(&self, text: &str, axes: &[Axis], limits: &Limits) -> Vec<u8> {
        let valued: Vec<bool> = (0..self.width()).map(|column| axes.iter().all(|a| a.column != column)).collect();
        let decimals = self.columns.iter().zip(&valued).filter(|(_, v)| **v).map(|(c, _)| c.decimals()).collect();
        let mut rest = String::new();
        let mut header = self.form.header;
        let mut copied = 0;
        for (at, line) in lines(text) {
            if is_aside(line) || core::mem::take(&mut header) {
                continue;
            }
            let cells = self.form.cells(line).skip(usize::from(self.form.labels)).zip(&valued).filter(|(_, valued)| **valued);
            for (cell, _) in cells {
                let begin = at + (cell.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
                rest.push_str(text.get(copied..begin).unwrap_or_default());
                rest.push(PLACE);
                copied = begin + cell.len();
            }
        }
        rest.push_str(text.get(copied..).unwrap_or_default());
        let layout = Layout { comma: self.form.comma, missing: self.missing.unwrap_or_default(), decimals, text: rest };
        layout.to_bytes(limits.metadata_bytes).unwrap_or_default()
    }
}

/// An axis of a long table.
#[derive(Debug)]
pub(super) struct Axis {
    column: usize,
    name: &'static str,
    length: usize,
    /// Rows from one of its points to the next.
    stride: usize,
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
        derived: None,
    }
}
