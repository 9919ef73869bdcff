//! Plain objects handed to JavaScript. Byte counts are f64: exact to 2^53, and what JavaScript counts in.

use crate::error::JsResult;
use deepcomp::Source;
use deepcomp::archive::{Archive, Decompressor, Progress, VariableReport};
use deepcomp::codec::{BaseReport, Level};
use deepcomp::field::{Attribute, Dataset, Dimension, ErrorBound, Field, Judgement, Roles, Values, recommended};
use deepcomp::formats::{Export, Format, LeftOut};
use deepcomp::network::model::{Model, ModelId, Models};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use wasm_bindgen::JsValue;

/// A plain JavaScript object of `value`; `None` is absent, maps are objects.
pub fn to_js(value: &impl Serialize) -> JsResult<JsValue> {
    Ok(value.serialize(&serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true))?)
}

/// An attribute as JavaScript sees it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum AttributeInfo {
    /// Text.
    Text(String),
    /// One number.
    Number(f64),
    /// Several numbers, or none.
    Numbers(Vec<f64>),
}

impl From<&Values> for AttributeInfo {
    fn from(values: &Values) -> Self {
        if let Some(text) = values.as_text() {
            return Self::Text(text);
        }
        let numbers: Vec<f64> = (0..values.len()).filter_map(|i| values.get_f64(i)).collect();
        match numbers.as_slice() {
            [one] => Self::Number(*one),
            _ => Self::Numbers(numbers),
        }
    }
}

impl From<AttributeInfo> for Values {
    fn from(info: AttributeInfo) -> Self {
        match info {
            AttributeInfo::Text(text) => Self::Char(text.into_bytes()),
            AttributeInfo::Number(number) => Self::F64(vec![number]),
            AttributeInfo::Numbers(numbers) => Self::F64(numbers),
        }
    }
}

/// One variable of a dataset.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VariableInfo {
    name: String,
    data_type: &'static str,
    dimensions: Vec<String>,
    shape: Vec<usize>,
    planes: usize,
    bytes: f64,
    coordinate: bool,
    role: &'static str,
    why: String,
    units: Option<String>,
    long_name: Option<String>,
    recommended: Option<BoundInfo>,
    attributes: BTreeMap<String, AttributeInfo>,
}

impl VariableInfo {
    /// What `dataset`, whose variables are `roles`, says about `field`.
    pub fn new(dataset: &Dataset, roles: &Roles, field: &Field) -> Self {
        let Judgement { role, why } = roles.judge(field);
        let text = |name| field.attribute(name).and_then(Values::as_text).filter(|t| !t.trim().is_empty());
        let name = |d: &usize| dataset.dimensions.get(*d).map(|d| d.name.clone()).unwrap_or_default();
        Self {
            name: field.name.clone(),
            data_type: field.values.data_type().name(),
            dimensions: field.dimensions.iter().map(name).collect(),
            shape: field.shape.clone(),
            planes: field.plane_count(),
            bytes: field.declared_bytes() as f64,
            coordinate: dataset.is_coordinate(field),
            role: role.name(),
            why,
            units: text("units"),
            long_name: text("long_name").or_else(|| text("standard_name")),
            recommended: recommended(field).map(BoundInfo::from),
            attributes: attributes(&field.attributes),
        }
    }
}

fn attributes(list: &[Attribute]) -> BTreeMap<String, AttributeInfo> {
    let mut attributes = BTreeMap::new();
    attributes.extend(list.iter().map(|a| (a.name.clone(), AttributeInfo::from(&a.value))));
    attributes
}

/// A format, as the page and programs list it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormatInfo {
    name: &'static str,
    title: &'static str,
    extension: &'static str,
    /// Title of the format that its files come back in.
    returned: &'static str,
    /// Whether its variables are pictures.
    picture: bool,
    /// What a file of it holds, where others are saved in it: "dataset", "variable" or "plane".
    saves: Option<&'static str>,
    /// Whether it holds text, where others are saved in it.
    text: bool,
    /// Whether this module reads and writes it, or leaves that to the module of formats.
    here: bool,
}

impl From<&Format> for FormatInfo {
    fn from(format: &Format) -> Self {
        let (saves, text) = match format.export {
            None => (None, false),
            Some(Export::Dataset(_)) => (Some("dataset"), true),
            Some(Export::Variable { text, .. }) => (Some("variable"), text),
            Some(Export::Plane { .. }) => (Some("plane"), false),
        };
        let Format { title: returned, export, .. } = format.returned();
        let picture = matches!(export, Some(Export::Plane { .. }));
        Self { name: format.name, title: format.title, extension: format.extension, returned, picture, saves, text, here: format.is_here() }
    }
}

/// Something for which a format has no place.
#[derive(Serialize, Default)]
pub struct LeftOutInfo<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    names: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<&'static str>,
}

impl<'a> From<&'a LeftOut> for LeftOutInfo<'a> {
    fn from(lost: &'a LeftOut) -> Self {
        match lost {
            LeftOut::Variables { names, why } => Self { kind: "variables", names: Some(names), what: Some(why) },
            LeftOut::Coordinates(names) => Self { kind: "coordinates", names: Some(names), what: None },
            LeftOut::Attributes => Self { kind: "attributes", ..Self::default() },
            LeftOut::Own(what) => Self { kind: "own", names: None, what: Some(what) },
            LeftOut::Loss => Self { kind: "loss", ..Self::default() },
            _ => Self { kind: "other", ..Self::default() },
        }
    }
}

/// An error bound as two words: what kind ("abs", "rel", "pointwise", "lossless", "recommended"), and how much.
#[derive(Serialize, Deserialize)]
pub struct BoundInfo {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) value: f64,
}

impl From<ErrorBound> for BoundInfo {
    fn from(bound: ErrorBound) -> Self {
        let (kind, value) = match bound {
            ErrorBound::Lossless => ("lossless", 0.0),
            ErrorBound::Absolute(b) => ("abs", b.get()),
            ErrorBound::Relative(b) => ("rel", b.get()),
            ErrorBound::Pointwise(b) => ("pointwise", b.get()),
        };
        Self { kind: kind.into(), value }
    }
}

/// What an archive certifies about one variable.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportInfo {
    name: String,
    data_type: &'static str,
    shape: Vec<usize>,
    raw_bytes: f64,
    archive_bytes: f64,
    bound: BoundInfo,
    absolute_bound: f64,
    max_abs_error: f64,
    mean_error: f64,
    mean_magnitude: Option<f64>,
    bias: Option<f64>,
    biased: bool,
    kept: Vec<ValueInfo>,
    signs_kept: bool,
    stable: bool,
    coarse: Option<f64>,
    unmet: Option<String>,
    suspects: Vec<ValueInfo>,
    missing: f64,
    checksum: String,
    model: Option<String>,
    level: Option<&'static str>,
    base: Option<BaseInfo>,
}

/// A value and how often it is there; of one that looks like a code for missing, whether it was taken as one.
#[derive(Serialize)]
struct ValueInfo {
    value: f64,
    count: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<bool>,
}

/// What base layers came to.
#[derive(Serialize)]
struct BaseInfo {
    tried: usize,
    chunks: usize,
    bytes: usize,
    saved: f64,
}

impl From<BaseReport> for BaseInfo {
    fn from(base: BaseReport) -> Self {
        Self { tried: base.tried, chunks: base.chunks, bytes: base.bytes, saved: base.saved as f64 }
    }
}

impl From<&VariableReport> for ReportInfo {
    fn from(report: &VariableReport) -> Self {
        Self {
            name: report.name.clone(),
            data_type: report.data_type.name(),
            shape: report.shape.clone(),
            raw_bytes: report.raw_bytes as f64,
            archive_bytes: report.archive_bytes as f64,
            bound: report.bound.into(),
            absolute_bound: report.absolute_bound,
            max_abs_error: report.max_abs_error,
            mean_error: report.mean_error,
            mean_magnitude: report.mean_magnitude,
            bias: report.bias(),
            biased: report.is_biased(),
            kept: report.kept.iter().map(|(value, count)| ValueInfo { value: *value, count: *count as f64, taken: None }).collect(),
            signs_kept: report.signs,
            stable: report.stable,
            coarse: report.coarse,
            unmet: report.unmet.clone(),
            suspects: report.suspects.iter().map(|s| ValueInfo { value: s.value, count: s.count as f64, taken: Some(s.taken) }).collect(),
            missing: report.missing as f64,
            checksum: format!("{:016x}", report.checksum),
            model: report.model.map(|id| id.to_string()),
            level: report.level.map(Level::name),
            base: report.base.map(BaseInfo::from),
        }
    }
}

/// A model.
#[derive(Serialize)]
pub struct ModelInfo {
    id: String,
    name: String,
    autoencoder: bool,
}

impl From<&Model> for ModelInfo {
    fn from(model: &Model) -> Self {
        Self { id: model.id().to_string(), name: model.name().to_owned(), autoencoder: model.draws() }
    }
}

/// What an archive says about itself.
#[derive(Serialize)]
pub struct ArchiveInfo {
    version: String,
    /// What it says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    /// Networks that decoding takes, and those that lie in it.
    models: Vec<String>,
    embedded: Vec<String>,
    files: Vec<FileInfo>,
}

#[derive(Serialize)]
struct FileInfo {
    name: String,
    /// Bytes it has on disk, where the archive says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<f64>,
    dimensions: Vec<DimensionInfo>,
    variables: Vec<ReportInfo>,
}

#[derive(Serialize)]
struct DimensionInfo {
    name: String,
    length: usize,
}

impl ArchiveInfo {
    /// Of an archive that came from there.
    pub fn new<S: Source>(archive: &Archive, source: &S) -> deepcomp::Result<Self> {
        let file = |(number, name): (usize, &str)| {
            let bytes = archive.status(number)?.length.map(|bytes| bytes as f64);
            let variables = archive.variables(number)?.iter().map(ReportInfo::from).collect();
            Ok(FileInfo { name: name.to_owned(), bytes, dimensions: dimensions(archive, number, source)?, variables })
        };
        Ok(Self {
            version: archive.version().to_string(),
            comment: archive.comment().map(str::to_owned),
            models: archive.models().iter().map(ModelId::to_string).collect(),
            embedded: archive.embedded().map(|id| id.to_string()).collect(),
            files: archive.files().enumerate().map(file).collect::<deepcomp::Result<_>>()?,
        })
    }
}

/// The dimensions of a file, which a dataset of none of its variables has as well; nothing is read for it.
fn dimensions<S: Source>(archive: &Archive, file: usize, source: &S) -> deepcomp::Result<Vec<DimensionInfo>> {
    let none = Decompressor::of_part(archive.clone(), file, (&[], &BTreeMap::new()), &Models::default())?.as_kept();
    Ok(DimensionInfo::list(&none.finish(source)?.dimensions))
}

impl DimensionInfo {
    fn list(dimensions: &[Dimension]) -> Vec<Self> {
        dimensions.iter().map(|Dimension { name, length, .. }| Self { name: name.clone(), length: *length }).collect()
    }
}

/// Dimensions, as `{ name, length }` each.
#[cfg(feature = "compression")]
pub fn lengths(dimensions: &[Dimension]) -> JsResult<JsValue> {
    to_js(&DimensionInfo::list(dimensions))
}

/// What a dataset says of its variables.
pub fn variables(dataset: &Dataset) -> JsResult<JsValue> {
    let roles = Roles::of(dataset);
    to_js(&dataset.fields.iter().map(|field| VariableInfo::new(dataset, &roles, field)).collect::<Vec<_>>())
}

/// How far a job is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProgressInfo {
    done_bytes: f64,
    total_bytes: f64,
    variable: usize,
}

impl From<Progress> for ProgressInfo {
    fn from(progress: Progress) -> Self {
        Self { done_bytes: progress.done_bytes as f64, total_bytes: progress.total_bytes as f64, variable: progress.variable }
    }
}
