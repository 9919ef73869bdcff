//! Variables as `--json` and tables print them.

use crate::failure::{Cause, Outcome};
use crate::terminal::{say, shown, warn};
use deepcomp::archive::VariableReport;
use deepcomp::codec::Level;
use deepcomp::field::{Role, Suspect};
use serde::Serialize;

/// A variable as `--json` prints it.
#[derive(Debug, Serialize)]
pub(crate) struct VariableJson {
    pub(crate) file: String,
    pub(crate) name: String,
    pub(crate) data_type: &'static str,
    pub(crate) shape: Vec<usize>,
    pub(crate) bound: String,
    pub(crate) absolute_bound: f64,
    pub(crate) raw_bytes: u64,
    pub(crate) archive_bytes: u64,
    pub(crate) ratio: f64,
    pub(crate) max_abs_error: f64,
    pub(crate) missing: u64,
    /// Mean of decoded less source; `null` when lossless.
    pub(crate) mean_error: Option<f64>,
    /// Mean of the magnitudes of the source; `null` when lossless.
    pub(crate) mean_magnitude: Option<f64>,
    /// The mean error as a part of the mean magnitude; `null` when lossless.
    pub(crate) bias: Option<f64>,
    /// Values that came back as they are, in the variable's units, and how often each is there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) kept: Vec<KeptJson>,
    /// The part of the range that the bound is, where that is 5 % or more; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coarse: Option<f64>,
    /// Why it is kept without loss though it has a bound; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) unmet: Option<String>,
    /// Stored values that look like codes for missing which its file does not declare; only `compress` knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) suspects: Vec<SuspectJson>,
    /// How values follow from whole numbers k, or what else is coded, in the first chunk; only `list` tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Whether every value kept its sign.
    pub(crate) signs_kept: bool,
    /// Whether nothing moves when the values are compressed once more at the same bound.
    pub(crate) stable: bool,
    /// XXH3-64 of the decoded values, in hexadecimal.
    pub(crate) checksum: String,
    /// Hash of the model without which it cannot be decoded; `null` for the classical predictor.
    pub(crate) model: Option<String>,
    /// The level it was compressed at; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) level: Option<&'static str>,
    /// What it was taken for, and why; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    /// What base layers came to, where they were tried; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<BaseJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encode_seconds: Option<f64>,
}

/// A value that was kept, and how often it is there.
#[derive(Debug, Serialize)]
pub(crate) struct KeptJson {
    value: f64,
    count: u64,
}

/// A value that looks like a code for missing, and whether it was taken as one.
#[derive(Debug, Serialize)]
pub(crate) struct SuspectJson {
    value: f64,
    count: u64,
    taken: bool,
}

impl From<&Suspect> for SuspectJson {
    fn from(Suspect { value, count, taken }: &Suspect) -> Self {
        Self { value: *value, count: *count, taken: *taken }
    }
}

/// Chunks that a base layer was tried for, those that have one, its bytes there, and bytes saved by it.
#[derive(Debug, Serialize)]
pub(crate) struct BaseJson {
    tried: usize,
    chunks: usize,
    bytes: usize,
    saved: i64,
}

impl VariableJson {
    pub(crate) fn new(file: &str, report: &VariableReport) -> Self {
        Self {
            file: file.to_owned(),
            name: report.name.clone(),
            data_type: report.data_type.name(),
            shape: report.shape.clone(),
            bound: report.bound.to_string(),
            absolute_bound: report.absolute_bound,
            raw_bytes: report.raw_bytes,
            archive_bytes: report.archive_bytes,
            ratio: ratio(report.raw_bytes, report.archive_bytes),
            max_abs_error: report.max_abs_error,
            missing: report.missing,
            mean_error: report.mean_magnitude.map(|_| report.mean_error),
            mean_magnitude: report.mean_magnitude,
            bias: report.bias(),
            kept: report.kept.iter().map(|(value, count)| KeptJson { value: *value, count: *count }).collect(),
            coarse: report.coarse,
            unmet: report.unmet.clone(),
            suspects: report.suspects.iter().map(SuspectJson::from).collect(),
            rule: None,
            signs_kept: report.signs,
            stable: report.stable,
            checksum: format!("{:016x}", report.checksum),
            model: report.model.map(|id| id.to_string()),
            level: report.level.map(Level::name),
            role: None,
            why: None,
            base: report.base.map(|b| BaseJson { tried: b.tried, chunks: b.chunks, bytes: b.bytes, saved: b.saved }),
            encode_seconds: None,
        }
    }
}

/// Raw over archived size; 0 when nothing was archived.
pub(crate) fn ratio(raw: u64, archived: u64) -> f64 {
    if archived == 0 { 0.0 } else { raw as f64 / archived as f64 }
}

/// Bytes as people count them: files on disk and the archive first, then the values.
pub(crate) fn sizes(files: Option<u64>, values: u64, archive: u64) -> String {
    let values = format!("values {values} bytes, ratio {:.2}", ratio(values, archive));
    match files {
        None => format!("{archive} bytes ({values})"),
        Some(files) if archive > files => format!("{files} -> {archive} bytes, larger than the files ({values})"),
        Some(files) => format!("{files} -> {archive} bytes, {:.2} times smaller ({values})", ratio(files, archive)),
    }
}

/// Says what a bound does not: that errors lean to one side, or that little is left of a variable.
pub(crate) fn doubts(variables: &[VariableReport]) {
    let told = |what: &str, of: &dyn Fn(&VariableReport) -> Option<f64>, remedy: &str| {
        let parts: Vec<String> = variables.iter().filter_map(|v| of(v).map(|part| format!("{} ({:.2} %)", shown(&v.name), 100.0 * part))).collect();
        if !parts.is_empty() {
            let more = if parts.len() > MENTIONED { format!(" and {} more", parts.len() - MENTIONED) } else { String::new() };
            warn(format_args!("{what}: {}{more}; {remedy}", parts.iter().take(MENTIONED).cloned().collect::<Vec<_>>().join(", ")));
        }
    };
    told(
        "sums change, since the mean error is that part of the mean magnitude",
        &|v| v.bias().filter(|_| v.is_biased()),
        "take a smaller bound, one of each value (\"1%\"), or \"recommended\"",
    );
    told("the bound is a large part of the range, and little is left of it", &|v| v.coarse, "take a smaller bound unless this is meant");
}

/// Variables named in a line.
const MENTIONED: usize = 8;

/// Prints a value as JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Outcome<()> {
    say(serde_json::to_string_pretty(value).map_err(|_| Cause::Internal("a report is no JSON"))?);
    Ok(())
}

/// Prints variables as a table, at most so many of them.
pub(crate) fn print_table(variables: &[VariableJson], most: usize) {
    say(format_args!(
        "{:<24} {:<8} {:<18} {:>12} {:>12} {:>8}  {:<14} {:>12}  {}",
        "variable", "type", "shape", "bytes", "archived", "ratio", "bound", "max error", "model"
    ));
    for v in variables.iter().take(most) {
        let shape = v.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        let line = format!("{:<24} {:<8} {:<18} {:>12} {:>12} {:>8.2}", shown(&v.name), v.data_type, shape, v.raw_bytes, v.archive_bytes, v.ratio);
        say(format_args!("{line}  {:<14} {:>12.4e}  {}", v.bound, v.max_abs_error, v.model.as_deref().unwrap_or("–")));
        let kept: Vec<String> =
            v.kept.iter().map(|k| format!("{} ({} times)", k.value, k.count)).chain(v.signs_kept.then(|| "every sign".to_owned())).collect();
        if !kept.is_empty() {
            say(format_args!("{:<24} kept exactly: {}", "", kept.join(", ")));
        }
        if let Some(rule) = &v.rule {
            say(format_args!("{:<24} coded as: {rule}", ""));
        }
        // Of measurements the bound says enough.
        if let (Some(role), Some(why)) = (v.role.filter(|role| *role != Role::Measurement.name()), &v.why) {
            say(format_args!("{:<24} {role}: {why}", ""));
        }
    }
    if variables.len() > most {
        say(format_args!("… and {} more, which `deepcomp list` shows", variables.len() - most));
    }
}
