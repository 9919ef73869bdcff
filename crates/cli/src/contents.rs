//! The files that a dataset becomes: their names, before clashes are resolved, and what is in them.

use deepcomp::field::{DataType, Dataset, Field};
use deepcomp::formats::{self, Export, Format, file};
use std::path::{Path, PathBuf};

/// File names and contents of a dataset.
pub(crate) fn outputs(dataset: &Dataset, name: &Path, format: Option<&Format>) -> deepcomp::Result<Vec<(PathBuf, Vec<u8>)>> {
    // What is no data has one form only.
    let Some((format, export)) = format.filter(|_| !dataset.format.is(file::FORMAT)).and_then(|f| Some((f, f.export?))) else {
        return formats::original(dataset).map(|(content, extension)| vec![(extension.map_or(name.to_owned(), |e| name.with_extension(e)), content)]);
    };
    let extension = format.extension;
    match export {
        Export::Dataset(write) => Ok(vec![(name.with_extension(extension), write(dataset)?)]),
        Export::Variable { text, write } => {
            let fields = dataset.fields.iter().filter(|f| text || f.values.data_type() != DataType::Char);
            fields.map(|f| Ok((variable_name(dataset, name, f, extension), write(f, dataset.format)?))).collect()
        }
        Export::Plane { count, write } => {
            let mut pictures = Vec::new();
            for field in dataset.fields.iter().filter(|f| f.shape.iter().filter(|d| **d > 1).count() > 1) {
                let planes = count(field);
                for plane in 0..planes {
                    let extension = if planes == 1 { extension.to_owned() } else { format!("{plane:04}.{extension}") };
                    pictures.push((variable_name(dataset, name, field, &extension), write(field, plane)?));
                }
            }
            Ok(pictures)
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
