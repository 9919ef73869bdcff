//! What a file says of the bounds its values went through, so that whoever opens it later knows.

use super::{Archive, FormatVersion, VariableReport};
use crate::error::Result;
use crate::field::loss::{MARK, PREFIX};
use crate::field::{Attribute, Dataset, ErrorBound, Field, Values};

/// Adds what the certificates of a file say to the dataset that was decoded from it: attributes of each variable that is not as it was, and a line in `history`. What earlier compression said
/// there is replaced, so that it does not pile up. Nothing is added where nothing was lost.
///
/// # Errors
/// [`crate::Error::InvalidArgument`] when there is no such file.
pub fn annotate(archive: &Archive, file: usize, dataset: &mut Dataset) -> Result<()> {
    let reports = archive.variables(file)?;
    let moved: Vec<&VariableReport> = reports.iter().filter(|r| r.bound != ErrorBound::Lossless && dataset.fields.iter().any(|f| f.name == r.name)).collect();
    for field in &mut dataset.fields {
        if let Some(report) = moved.iter().find(|r| r.name == field.name) {
            describe(field, report);
        }
    }
    if !moved.is_empty() {
        dataset.attributes.retain(|a| !a.name.starts_with(PREFIX));
        add_line(dataset, &line(&moved, archive.version()));
    }
    Ok(())
}

fn describe(field: &mut Field, report: &VariableReport) {
    field.attributes.retain(|a| !a.name.starts_with(PREFIX));
    let number = |name: &str, values: Vec<f64>| Attribute { name: format!("{PREFIX}{name}"), value: Values::F64(values) };
    field.attributes.push(Attribute::text(&format!("{PREFIX}error_bound"), &report.bound.to_string()));
    field.attributes.push(number("absolute_error_bound", vec![report.absolute_bound]));
    field.attributes.push(number("largest_error", vec![report.max_abs_error]));
    field.attributes.push(number("mean_error", vec![report.mean_error]));
    if !report.kept.is_empty() {
        field.attributes.push(number("kept", report.kept.iter().map(|(value, _)| *value).collect()));
    }
}

/// Most variables that the line names.
const NAMED: usize = 20;

fn line(moved: &[&VariableReport], version: FormatVersion) -> String {
    let mut parts: Vec<String> = moved.iter().take(NAMED).map(|r| format!("{} {} (largest error {:.3e})", r.name, r.bound, r.max_abs_error)).collect();
    parts.extend((moved.len() > NAMED).then(|| format!("{} more", moved.len() - NAMED)));
    format!("{MARK}{version}: compressed under error bounds: {}", parts.join(", "))
}

/// Newest first, as climate operators write it.
fn add_line(dataset: &mut Dataset, line: &str) {
    let before = dataset.attributes.iter().find(|a| a.name == "history").and_then(|a| a.value.as_text()).unwrap_or_default();
    let others = before.lines().filter(|l| !l.starts_with(MARK));
    let history = core::iter::once(line).chain(others).collect::<Vec<_>>().join("\n");
    match dataset.attributes.iter_mut().find(|a| a.name == "history") {
        Some(attribute) => attribute.value = Values::Char(history.into_bytes()),
        None => dataset.attributes.push(Attribute::text("history", &history)),
    }
}
