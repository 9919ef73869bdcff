//! What the commands share: failures with the file they happened to, files that appear whole or not at all, progress, reports.

use deepcomp::archive::{Progress, VariableReport};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;

/// A message for the person at the terminal.
pub(crate) type Outcome<T> = Result<T, String>;

/// Names the file an error is about.
pub(crate) fn about<E: Display>(path: &Path) -> impl Fn(E) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// Prints a line. Where nobody reads on, as behind `| head`, the command ends quietly.
pub(crate) fn say(line: impl Display) -> Outcome<()> {
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        result => result.map_err(|e| format!("standard output: {e}")),
    }
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Outcome<Vec<u8>> {
    std::fs::read(path).map_err(about(path))
}

/// A file that appears whole or not at all: written to a temporary one beside it and renamed, so that a failure leaves no half file and no damaged old one.
pub(crate) struct NewFile<'a> {
    path: &'a Path,
    file: tempfile::NamedTempFile,
}

impl<'a> NewFile<'a> {
    pub(crate) fn create(path: &'a Path) -> Outcome<Self> {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".deepcomp-").tempfile_in(folder).map_err(about(folder))?;
        Ok(Self { path, file })
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Outcome<()> {
        self.file.write_all(bytes).map_err(about(self.path))
    }

    /// Its length.
    pub(crate) fn finish(self) -> Outcome<u64> {
        set_permissions(self.file.as_file()).map_err(about(self.path))?;
        let file = self.file.persist(self.path).map_err(|e| about(self.path)(e.error))?;
        Ok(file.metadata().map_err(about(self.path))?.len())
    }
}

/// Writes a whole file.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let mut file = NewFile::create(path)?;
    file.write(bytes)?;
    file.finish().map(|_| ())
}

/// Temporary files are private; what they become should be as readable as any file.
#[cfg(unix)]
fn set_permissions(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_permissions(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}

/// A bar in bytes on a terminal, nothing in a pipe.
pub(crate) fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Moves the bar.
pub(crate) fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total_bytes);
    bar.set_position(progress.done_bytes);
}

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
    /// XXH3-64 of the decoded values, in hexadecimal.
    pub(crate) checksum: String,
    /// Hash of the model without which it cannot be decoded; `null` for the classical predictor.
    pub(crate) model: Option<String>,
    /// What base layers came to, where they were tried; only `compress` knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<BaseJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encode_seconds: Option<f64>,
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
            checksum: format!("{:016x}", report.checksum),
            model: report.model.map(|id| id.to_string()),
            base: report.base.map(|b| BaseJson { tried: b.tried, chunks: b.chunks, bytes: b.bytes, saved: b.saved }),
            encode_seconds: None,
        }
    }
}

/// Raw over archived size; 0 when nothing was archived.
pub(crate) fn ratio(raw: u64, archived: u64) -> f64 {
    if archived == 0 { 0.0 } else { raw as f64 / archived as f64 }
}

/// Prints a value as JSON.
pub(crate) fn print_json<T: Serialize>(value: &T) -> Outcome<()> {
    say(serde_json::to_string_pretty(value).map_err(|e| e.to_string())?)
}

/// Prints variables as a table.
pub(crate) fn print_table(variables: &[VariableJson]) -> Outcome<()> {
    say(format_args!(
        "{:<24} {:<8} {:<18} {:>12} {:>12} {:>8}  {:<14} {:>12}  {}",
        "variable", "type", "shape", "bytes", "archived", "ratio", "bound", "max error", "model"
    ))?;
    for v in variables {
        let shape = v.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×");
        let line = format!("{:<24} {:<8} {:<18} {:>12} {:>12} {:>8.2}", v.name, v.data_type, shape, v.raw_bytes, v.archive_bytes, v.ratio);
        say(format_args!("{line}  {:<14} {:>12.4e}  {}", v.bound, v.max_abs_error, v.model.as_deref().unwrap_or("–")))?;
    }
    Ok(())
}
