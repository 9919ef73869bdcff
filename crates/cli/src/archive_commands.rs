//! `deepcomp extract` and `list`, and how archives are opened and decoded.

use crate::models::Shelf;
use crate::output::{Outcome, VariableJson, about, print_json, print_table, progress_bar, read, say, show, write_whole};
use crate::threads::{self, Source};
use crate::{ExtractArgs, ListArgs, OutputFormat, WorkArgs};
use deepcomp::archive::{Archive, Decompressor, Done, Job, Progress};
use deepcomp::field::{Dataset, Field};
use deepcomp::{Limits, writers};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `list --json` prints.
#[derive(Debug, Serialize)]
struct Listing {
    format_version: String,
    archive_bytes: usize,
    files: Vec<String>,
    variables: Vec<VariableJson>,
}

pub(crate) fn list(args: &ListArgs) -> Outcome<()> {
    let bytes = read(&args.archive)?;
    let archive = open(&args.archive, &bytes)?;
    let variables = variables(&archive).map_err(about(&args.archive))?;
    if args.json {
        let files = archive.files().map(str::to_owned).collect();
        return print_json(&Listing { format_version: archive.version().to_string(), archive_bytes: bytes.len(), files, variables });
    }
    print_table(&variables)?;
    say(format_args!(
        "{}: {} bytes, format {}, from {}",
        args.archive.display(),
        bytes.len(),
        archive.version(),
        archive.files().collect::<Vec<_>>().join(", ")
    ))
}

pub(crate) fn extract(args: &ExtractArgs) -> Outcome<()> {
    let bytes = read(&args.archive)?;
    let archive = open(&args.archive, &bytes)?;
    let shelf = Shelf::open(&args.models)?;
    std::fs::create_dir_all(&args.directory).map_err(about(&args.directory))?;
    let names: Vec<PathBuf> = archive.files().map(file_name).collect::<Outcome<_>>()?;
    for (file, name) in names.iter().enumerate() {
        let dataset = decode(&archive, file, &bytes, (&shelf, &args.work)).map_err(about(&args.archive))?;
        for (name, content) in outputs(&dataset, name, args.format).map_err(about(&args.archive))? {
            let path = args.directory.join(name);
            write_whole(&path, &content)?;
            say(format_args!("{}", path.display()))?;
        }
    }
    Ok(())
}

pub(crate) fn open(path: &Path, bytes: &[u8]) -> Outcome<Archive> {
    Archive::open(bytes, &Limits::default()).map_err(about(path))
}

fn variables(archive: &Archive) -> deepcomp::Result<Vec<VariableJson>> {
    let mut all = Vec::new();
    for (number, file) in archive.files().enumerate() {
        all.extend(archive.variables(number)?.iter().map(|v| VariableJson::new(file, v)));
    }
    Ok(all)
}

pub(crate) fn decode(archive: &Archive, file: usize, bytes: &[u8], (shelf, work): (&Shelf, &WorkArgs)) -> Outcome<Dataset> {
    let bar = progress_bar();
    let mut decompressor = Decompressor::new(archive.clone(), file, &shelf.models).map_err(|e| shelf.explain(e).to_string())?;
    threads::run(Unpacking(&mut decompressor, bytes), &shelf.models, threads::count(work.threads), |progress, _, _| show(&bar, progress))?;
    bar.finish_and_clear();
    decompressor.finish(bytes).map_err(|e| e.to_string())
}

/// A file of an archive, and the archive.
struct Unpacking<'a>(&'a mut Decompressor, &'a [u8]);

impl Source for Unpacking<'_> {
    fn next(&mut self) -> Outcome<Option<Job>> {
        self.0.next_job(self.1).map_err(|e| e.to_string())
    }

    fn accept(&mut self, done: deepcomp::Result<Done>) -> Outcome<Progress> {
        done.and_then(|done| self.0.accept(done)).map_err(|e| e.to_string())
    }
}

/// The name a file is extracted under: never a path, so that an archive cannot write outside the folder.
fn file_name(stored: &str) -> Outcome<PathBuf> {
    let path = Path::new(stored);
    let plain = path.file_name().is_some_and(|name| name == path.as_os_str()) && !stored.contains(['/', '\\', '\0']);
    if plain { Ok(path.to_owned()) } else { Err(format!("the archive names a file {stored:?}, which is not a plain file name; it was not extracted")) }
}

/// File names and contents of a dataset.
fn outputs(dataset: &Dataset, name: &Path, format: Option<OutputFormat>) -> deepcomp::Result<Vec<(PathBuf, Vec<u8>)>> {
    match format {
        None => Ok(vec![(name.to_owned(), writers::write(dataset)?)]),
        Some(OutputFormat::Netcdf) => Ok(vec![(name.with_extension("nc"), writers::netcdf(dataset)?)]),
        Some(OutputFormat::Npy) => Ok(dataset.fields.iter().map(|f| (variable_name(dataset, name, f, "npy"), writers::npy(f, dataset.format))).collect()),
        Some(OutputFormat::Png) => {
            let mut pictures = Vec::new();
            for field in dataset.fields.iter().filter(|f| f.shape.iter().filter(|d| **d > 1).count() > 1) {
                let planes = writers::plane_count(field);
                for plane in 0..planes {
                    let extension = if planes == 1 { "png".to_owned() } else { format!("{plane:04}.png") };
                    pictures.push((variable_name(dataset, name, field, &extension), writers::png(field, plane)?));
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
