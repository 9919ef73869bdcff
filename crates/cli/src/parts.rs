//! What `extract` is asked for of an archive: files, variables, and parts of them by coordinates.

use crate::PartArgs;
use crate::failure::{Cause, Failure, Outcome, about};
use crate::inputs::Origin;
use crate::models::Shelf;
use deepcomp::Error;
use deepcomp::archive::{Archive, Decompressor, cut};
use deepcomp::field::selection::{Chosen, Selection};
use deepcomp::field::{Dataset, with_companions};
use std::collections::BTreeMap;
use std::path::Path;

/// A file that is to be decoded, and what of it.
pub(crate) struct Wanted {
    pub(crate) file: usize,
    pub(crate) part: Option<Part>,
}

/// Some variables, and some indices of their dimensions.
pub(crate) struct Part {
    variables: Vec<usize>,
    chosen: Chosen,
}

impl PartArgs {
    fn selection(&self) -> Selection {
        Selection { time: self.time, region: self.region, values: self.select.clone(), indices: self.index.clone() }
    }

    fn cuts(&self) -> bool {
        !self.variables.is_empty() || !self.selection().is_everything()
    }
}

/// The files that are wanted, and what of them; of those that cannot be had, why.
pub(crate) fn wanted(args: &PartArgs, (path, archive, source): (&Path, &Archive, &Origin), shelf: &Shelf) -> Outcome<(Vec<Wanted>, Vec<Failure>)> {
    let names: Vec<String> = archive.files().map(str::to_owned).collect();
    if let Some(file) = args.file.as_ref().filter(|file| !names.contains(file)) {
        return Err(about(path)(Cause::NoSuchFile { name: file.clone(), files: names }));
    }
    let of_name = |file: &usize| args.file.as_ref().is_none_or(|name| names.get(*file) == Some(name));
    let files: Vec<usize> = (0..names.len()).filter(of_name).collect();
    if !args.cuts() {
        return Ok((files.into_iter().map(|file| Wanted { file, part: None }).collect(), Vec::new()));
    }
    let (mut found, mut failures, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let header = whole_header((path, archive, source), file, shelf)?;
        let numbers = named(args, &header);
        if numbers.is_empty() {
            others.extend(header.fields.into_iter().map(|field| field.name));
            continue;
        }
        let name = Path::new(names.get(file).map_or("", String::as_str));
        match part(args, (archive, source), file, (header, &numbers), shelf) {
            Ok(part) => found.push(Wanted { file, part: Some(part) }),
            Err(error) => failures.push(about(name)(shelf.explain(error))),
        }
    }
    match (found.is_empty() && failures.is_empty(), args.variables.first()) {
        (true, Some(name)) => Err(about(path)(Error::no_such_variable(name, others.iter().map(String::as_str)))),
        _ => Ok((found, failures)),
    }
}

/// Numbers of the variables that are named; of all where none is.
fn named(args: &PartArgs, header: &Dataset) -> Vec<usize> {
    let is_wanted = |name: &String| args.variables.is_empty() || args.variables.contains(name);
    header.fields.iter().enumerate().filter(|(_, field)| is_wanted(&field.name)).map(|(number, _)| number).collect()
}

/// A file without its values; of one that is kept whole what its bytes hold.
fn whole_header((path, archive, source): (&Path, &Archive, &Origin), file: usize, shelf: &Shelf) -> Outcome<Dataset> {
    let whole = || Decompressor::new(archive.clone(), file, &shelf.models)?.finish(source);
    let header = if archive.is_whole(file).map_err(about(path))? { whole() } else { archive.header(file) };
    header.map_err(about(path))
}

fn part(
    args: &PartArgs,
    (archive, source): (&Archive, &Origin),
    file: usize,
    (mut header, numbers): (Dataset, &[usize]),
    shelf: &Shelf,
) -> deepcomp::Result<Part> {
    let selection = args.selection();
    let coordinates = selection.coordinates(&header, numbers)?;
    if !archive.is_whole(file)? {
        let needed: Vec<usize> = header.fields.iter().enumerate().filter(|(_, field)| coordinates.contains(&field.name)).map(|(number, _)| number).collect();
        let read = Decompressor::of_part(archive.clone(), file, (&needed, &BTreeMap::new()), &shelf.models)?.finish(source)?;
        for (number, field) in needed.into_iter().zip(read.fields) {
            if let Some(own) = header.fields.get_mut(number) {
                *own = field;
            }
        }
    }
    Ok(Part { chosen: selection.resolve(&header, numbers)?, variables: with_companions(&header, numbers) })
}

impl Wanted {
    /// Bytes of values that decoding it comes to.
    pub(crate) fn bytes(&self, archive: &Archive, shelf: &Shelf) -> deepcomp::Result<u64> {
        match self.part {
            None => Ok(archive.variables(self.file)?.iter().map(|v| v.raw_bytes).sum()),
            // What cannot be begun is told when it is its turn.
            Some(_) => Ok(self.decompressor(archive, shelf).map_or(0, |decompressor| decompressor.total_bytes())),
        }
    }

    pub(crate) fn decompressor(&self, archive: &Archive, shelf: &Shelf) -> deepcomp::Result<Decompressor> {
        match &self.part {
            // What a file that is kept whole holds is cut when it was parsed.
            Some(Part { variables, chosen }) if !archive.is_whole(self.file)? => {
                Decompressor::of_part(archive.clone(), self.file, (variables, &chosen.dimensions), &shelf.models)
            }
            _ => Decompressor::new(archive.clone(), self.file, &shelf.models),
        }
    }

    /// What was decoded, with longitudes that go on where a box lies over their ends.
    pub(crate) fn finished(&self, archive: &Archive, decoded: Dataset) -> deepcomp::Result<Dataset> {
        let Some(Part { variables, chosen }) = &self.part else { return Ok(decoded) };
        let mut dataset = if archive.is_whole(self.file)? { cut(archive.parsed(self.file, decoded)?, variables, &chosen.dimensions)? } else { decoded };
        dataset.fields.iter_mut().for_each(|field| chosen.turn(field));
        Ok(dataset)
    }
}
