//! The files that a dataset becomes: their names, before clashes are resolved, and what is in them.

use deepcomp::field::{Dataset, Field};
use deepcomp::formats::{self, Export, Format, LeftOut, file};
use std::path::{Path, PathBuf};

/// The files that a dataset becomes.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    /// Names and contents.
    pub(crate) files: Vec<(PathBuf, Vec<u8>)>,
    /// Names of files that could not be made, and why.
    pub(crate) failed: Vec<(PathBuf, deepcomp::Error)>,
    /// What none of them has a place for.
    pub(crate) left_out: Vec<LeftOut>,
}

impl Outputs {
    fn add(&mut self, name: PathBuf, content: deepcomp::Result<Vec<u8>>) {
        match content {
            Ok(content) => self.files.push((name, content)),
            Err(error) => self.failed.push((name, error)),
        }
    }
}

/// File names and contents of a dataset.
pub(crate) fn outputs(dataset: &Dataset, name: &Path, format: Option<&Format>) -> Outputs {
    let mut outputs = Outputs::default();
    // What is no data has one form only.
    match format.filter(|_| !dataset.format.is(file::FORMAT)).and_then(|f| Some((f, f.export?))) {
        None => match formats::original(dataset) {
            Ok((content, extension)) => {
                let own = Format::of(dataset.format);
                outputs.left_out = if extension.is_some() { Vec::new() } else { own.leaves_out(dataset, own) };
                outputs.files.push((extension.map_or(name.to_owned(), |e| name.with_extension(e)), content));
            }
            Err(error) => outputs.failed.push((name.to_owned(), error)),
        },
        Some((format, export)) => exported(&mut outputs, dataset, name, (format, export)),
    }
    outputs
}

fn exported(outputs: &mut Outputs, dataset: &Dataset, name: &Path, (format, export): (&Format, Export)) {
    outputs.left_out = format.leaves_out(dataset, Format::of(dataset.format));
    let extension = format.extension;
    let fields = || dataset.fields.iter().filter(|f| format.refuses(f).is_none());
    match export {
        Export::Dataset(write) => outputs.add(name.with_extension(extension), write(dataset)),
        Export::Variable { write, .. } => {
            // Files of one array each say by themselves that they hold no more than that.
            outputs.left_out.clear();
            fields().for_each(|f| outputs.add(variable_name(dataset, name, f, extension), write(f, dataset.format)));
        }
        Export::Plane { count, write } => {
            outputs.left_out.retain(|l| matches!(l, LeftOut::Variables { .. }));
            for field in fields() {
                let planes = count(field);
                for plane in 0..planes {
                    let extension = if planes == 1 { extension.to_owned() } else { format!("{plane:04}.{extension}") };
                    outputs.add(variable_name(dataset, name, field, &extension), write(field, plane));
                }
            }
        }
    }
}

/// `name.ext` for a file of one variable, `name.variable.ext` otherwise.
fn variable_name(dataset: &Dataset, name: &Path, field: &Field, extension: &str) -> PathBuf {
    if dataset.fields.len() == 1 {
        return name.with_extension(extension);
    }
    let safe: String = field.name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    name.with_extension(format!("{safe}.{extension}"))
}
