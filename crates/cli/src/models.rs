//! The networks at hand: the one in the program, those that were named, and those of a folder.

use crate::ModelArgs;
use crate::failure::{Cause, Outcome, about};
use crate::inputs::{self, Origin};
use deepcomp::archive::Archive;
use deepcomp::network::model::{Model, ModelId, Models};
use deepcomp::{Error, Limits};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The weights that ship.
const BUILT_IN: &[u8] = include_bytes!("../../../models/deepcomp.dcm");
/// Names a folder whose model files are loaded.
const VARIABLE: &str = "DEEPCOMP_MODELS";

/// What `--model` asks for; none for the classical predictor alone.
pub(crate) fn choose(model: &str) -> Outcome<Option<Arc<Model>>> {
    match model {
        "auto" => Ok(Some(built_in()?)),
        "none" => Ok(None),
        path => load(Path::new(path)).map(Some),
    }
}

/// The file of what `--model` asks for; none for the classical predictor.
pub(crate) fn file(model: &str) -> Outcome<Option<Vec<u8>>> {
    match model {
        "auto" => Ok(Some(BUILT_IN.to_vec())),
        "none" => Ok(None),
        path => inputs::read(Path::new(path), &Limits::default()).map(Some),
    }
}

/// Models for decoding, and where they were looked for.
pub(crate) struct Shelf {
    pub(crate) models: Models,
    /// Their files.
    weights: Vec<(ModelId, Cow<'static, [u8]>)>,
    looked: Vec<String>,
}

impl Shelf {
    /// Loads everything. A file that was named has to be usable; one that merely lies in a folder is passed over, and an error says so.
    pub(crate) fn open(args: &ModelArgs) -> Outcome<Self> {
        let mut shelf = Self { models: Models::default(), weights: Vec::new(), looked: vec!["this program".to_owned()] };
        shelf.add(built_in()?, Cow::Borrowed(BUILT_IN));
        for path in &args.models {
            if path.is_dir() {
                shelf.add_folder(path)?;
            } else {
                shelf.load(path)?;
                shelf.looked.push(path.display().to_string());
            }
        }
        if let Some(folder) = std::env::var_os(VARIABLE).filter(|f| !f.is_empty()) {
            shelf.add_folder(Path::new(&folder)).map_err(|e| Cause::OfVariable(Box::new(e)))?;
        }
        Ok(shelf)
    }

    fn add_folder(&mut self, folder: &Path) -> Outcome<()> {
        let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(about(folder))?;
        let mut files: Vec<PathBuf> = entries.iter().map(std::fs::DirEntry::path).filter(|p| p.extension().is_some_and(|e| e == "dcm")).collect();
        files.sort();
        self.looked.push(folder.display().to_string());
        for file in files {
            if let Err(problem) = self.load(&file) {
                self.looked.push(problem.to_string());
            }
        }
        Ok(())
    }

    fn load(&mut self, path: &Path) -> Outcome<()> {
        let bytes = inputs::read(path, &Limits::default())?;
        self.add(Model::parse(&bytes).map_err(about(path))?, Cow::Owned(bytes));
        Ok(())
    }

    /// Takes what lies in an archive and is not here. What is wrong with it is told where it is missed.
    pub(crate) fn look_in(&mut self, archive: &Archive, source: &Origin) {
        let found = archive.complete(source, &mut self.models);
        if archive.embedded().next().is_some() {
            self.looked.push(found.map_or_else(|error| format!("the archive itself: {error}"), |()| "the archive itself".to_owned()));
        }
    }

    fn add(&mut self, model: Arc<Model>, file: Cow<'static, [u8]>) {
        self.weights.push((model.id(), file));
        self.models.add(model);
    }

    /// The file of a model.
    pub(crate) fn weights(&self, model: ModelId) -> Result<&[u8], Error> {
        let missing = || self.explain(Error::ModelUnavailable { model: model.to_string(), looked: String::new() });
        self.weights.iter().find(|(id, _)| *id == model).map(|(_, file)| file.as_ref()).ok_or_else(missing)
    }

    /// An error about an archive, with the places where a missing model was looked for.
    pub(crate) fn explain(&self, error: Error) -> Error {
        match error {
            Error::ModelUnavailable { model, .. } => {
                let looked = format!("looked in: {}; name its file or folder with --models or {VARIABLE}", self.looked.join(", "));
                Error::ModelUnavailable { model, looked }
            }
            other => other,
        }
    }
}

pub(crate) fn built_in() -> deepcomp::Result<Arc<Model>> {
    Model::parse(BUILT_IN)
}

fn load(path: &Path) -> Outcome<Arc<Model>> {
    Model::parse(&inputs::read(path, &Limits::default())?).map_err(about(path))
}
