//! `deepcomp test`.

use crate::TestArgs;
use crate::archive_commands::{decode, everything};
use crate::contents::outputs;
use crate::failure::{Cause, Outcome, about};
use crate::inputs::{Reading, is_standard_input};
use crate::models::Shelf;
use crate::names::{self, Names};
use crate::protection;
use crate::report::{doubts, print_json};
use crate::terminal::{Failures, progress_bar, say, shown};
use deepcomp::Error;
use deepcomp::archive::{Archive, VariableReport, outside_records};
use deepcomp::field::Field;
use deepcomp::formats::file;
use deepcomp::metrics::{self, Acceptance, Comparison};
use serde::Serialize;
use std::path::Path;

pub(crate) fn run(args: &TestArgs) -> Outcome<()> {
    let limits = args.work.limits();
    let (source, archive) = protection::open(&args.archive, &limits, &args.passphrase)?;
    let mut shelf = Shelf::open(&args.models)?;
    shelf.look_in(&archive, &source);
    check_sources(args, &archive)?;
    let bar = progress_bar();
    let mut failures = Failures::new(&bar);
    check_names(&args.archive, &archive, &mut failures);
    let models = archive.embedded().filter_map(|model| archive.embedded_model(&source, model).err());
    failures.add(&models.map(about(&args.archive)).collect::<Vec<_>>());
    let (mut checked, mut compared, mut judged) = (0, Vec::new(), Vec::new());
    let names: Vec<&str> = archive.files().collect();
    decode((&args.archive, &bar), (&archive, &source), &everything(&archive), (&shelf, &args.work), |one, decoded, failed| {
        let file = one.file;
        let name = names.get(file).copied().unwrap_or_default();
        let Some(decoded) = decoded else {
            failures.add(&failed);
            return Ok(());
        };
        let reports = archive.variables(file).map_err(about(&args.archive))?;
        check_certificates(&args.archive, &reports)?;
        checked += decoded.fields.len();
        let unwritable = outputs(&decoded, Path::new(name), None).failed.into_iter().map(|(_, error)| about(Path::new(name))(Cause::Unwritable(error)));
        failures.add(&failed.into_iter().chain(unwritable).collect::<Vec<_>>());
        if let Some(path) = args.source.iter().find(|path| is_named(path, name)) {
            let mut source = Reading::open(path, &limits)?;
            if decoded.format.is(file::FORMAT) && source.kept.is_none() {
                let kept = Error::InvalidArgument { what: "the archive has it byte for byte".to_owned() };
                source = source.keep(kept, &limits).map_err(about(path))?;
            }
            for (report, field) in decoded.fields.iter().filter_map(|field| Some((reports.iter().find(|r| r.name == field.name)?, field))) {
                compared.push(compare(name, report, field, &mut source).map_err(about(path))?);
                judged.push(report.clone());
            }
        }
        Ok(())
    })?;
    let outside = outside_records(&archive, &source).map_err(about(&args.archive))?;
    if outside > 0 {
        failures.add(&[about(&args.archive)(Cause::OutsideRecords { bytes: outside })]);
    }
    if !is_standard_input(&args.archive) {
        failures.add(&protection::recovery::doubt(&args.archive, &limits)?.into_iter().collect::<Vec<_>>());
    }
    print(args, checked, &compared)?;
    doubts(&judged);
    failures.end(&args.archive, archive.files().count())?;
    compared.iter().find(|v| !v.bound_kept).map_or(Ok(()), |v| {
        let broken = Cause::BoundBroken { file: v.file.clone(), name: v.variable.clone(), bound: v.absolute_bound, error: v.max_abs_error };
        Err(about(&args.archive)(broken))
    })
}

/// What `extract` could not give back under its name.
fn check_names(path: &Path, archive: &Archive, failures: &mut Failures) {
    let mut names = Names::of(archive.files());
    for failure in (0..archive.files().count()).filter_map(|file| names.failure(file)) {
        failures.add(&[failure]);
    }
    if let Some(name) = Names::twice(archive.files()) {
        failures.add(&[about(path)(Cause::TwiceNamed(name.to_owned()))]);
    }
}

fn is_named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| name.rsplit('/').next() == Some(&names::stored(file)))
}

/// Every source has to be one of the files in the archive.
fn check_sources(args: &TestArgs, archive: &Archive) -> Outcome<()> {
    match args.source.iter().find(|path| !archive.files().any(|name| is_named(path, name))) {
        Some(path) => Err(about(path)(Cause::NoSuchSource(archive.files().collect::<Vec<_>>().join(", ")))),
        None => Ok(()),
    }
}

fn check_certificates(archive: &Path, reports: &[VariableReport]) -> Outcome<()> {
    match reports.iter().find(|v| v.max_abs_error > v.absolute_bound) {
        Some(v) => Err(about(archive)(Cause::FalseCertificate { name: v.name.clone(), error: v.max_abs_error, bound: v.absolute_bound })),
        None => Ok(()),
    }
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    archive: String,
    variables: &'a [Compared],
}

/// A variable beside its source; `null` where a metric does not apply, and for a PSNR without end.
#[derive(Debug, Serialize)]
struct Compared {
    file: String,
    variable: String,
    bound: String,
    absolute_bound: f64,
    bound_kept: bool,
    max_abs_error: f64,
    rmse: f64,
    bias: f64,
    psnr: Option<f64>,
    pearson: Option<f64>,
    one_minus_pearson: Option<f64>,
    ks_p: Option<f64>,
    spatial_relative_error: Option<f64>,
    dssim: Option<f64>,
    passes: Passes,
}

#[derive(Debug, Serialize)]
struct Passes {
    pearson: Option<bool>,
    ks_p: Option<bool>,
    spatial_relative_error: Option<bool>,
    dssim: Option<bool>,
}

fn compare(file: &str, report: &VariableReport, decoded: &Field, source: &mut Reading) -> deepcomp::Result<Compared> {
    let fields = &source.header().fields;
    let number = fields.iter().position(|f| f.name == report.name);
    let number = number.ok_or_else(|| deepcomp::Error::no_such_variable(&report.name, fields.iter().map(|f| f.name.as_str())))?;
    let original = source.variable(number)?;
    let comparison = metrics::compare(&original, decoded)?;
    let acceptance = metrics::acceptance(&original, decoded)?;
    Ok(Compared::new(file, report, &comparison, &acceptance))
}

impl Compared {
    fn new(file: &str, report: &VariableReport, comparison: &Comparison, acceptance: &Acceptance) -> Self {
        let verdicts = acceptance.verdicts();
        Self {
            file: file.to_owned(),
            variable: report.name.clone(),
            bound: report.bound.to_string(),
            absolute_bound: report.absolute_bound,
            bound_kept: comparison.keeps(report.bound, report.absolute_bound),
            max_abs_error: comparison.max_abs_error,
            rmse: comparison.rmse,
            bias: comparison.bias,
            psnr: comparison.psnr(),
            pearson: acceptance.pearson(),
            one_minus_pearson: acceptance.one_minus_pearson,
            ks_p: acceptance.ks_p,
            spatial_relative_error: acceptance.spatial_relative_error,
            dssim: acceptance.dssim,
            passes: Passes { pearson: verdicts.pearson, ks_p: verdicts.ks_p, spatial_relative_error: verdicts.spatial_relative_error, dssim: verdicts.dssim },
        }
    }
}

fn print(args: &TestArgs, checked: usize, compared: &[Compared]) -> Outcome<()> {
    let archive = args.archive.display().to_string();
    if args.json {
        return print_json(&Report { archive, variables: compared });
    }
    if !compared.is_empty() {
        print_table(compared);
    }
    say(format_args!("{archive}: {checked} variables decode to the values their certificates name"));
    Ok(())
}

fn print_table(compared: &[Compared]) {
    let line = |variable: &str, [error, rmse, psnr, pearson, ks, relative, dssim, bound]: [String; 8]| {
        say(format_args!("{:<24} {error:>12} {rmse:>12} {psnr:>8} {pearson:>14} {ks:>10} {relative:>10} {dssim:>12}  {bound}", shown(variable)));
    };
    line("variable", ["max error", "RMSE", "PSNR", "Pearson", "KS p", "rel. err.", "DSSIM", "bound"].map(str::to_owned));
    for v in compared {
        let psnr = v.psnr.map_or_else(|| "–".to_owned(), |p| if p.is_finite() { format!("{p:.2}") } else { "∞".to_owned() });
        let cells = [
            format!("{:.4e}", v.max_abs_error),
            format!("{:.4e}", v.rmse),
            psnr,
            judged(v.pearson.map(|r| format!("{r:.8}")), v.passes.pearson),
            judged(v.ks_p.map(|p| format!("{p:.4}")), v.passes.ks_p),
            judged(v.spatial_relative_error.map(|s| format!("{:.2}%", 100.0 * s)), v.passes.spatial_relative_error),
            judged(v.dssim.map(|d| format!("{d:.6}")), v.passes.dssim),
            format!("{} {}", v.bound, if v.bound_kept { "kept" } else { "BROKEN" }),
        ];
        line(&v.variable, cells);
    }
    say(format_args!(
        "✓ passes, ✗ misses, – does not apply: Pearson ≥ {}, KS p ≥ {}, relative error above 1e-4 on ≤ {}% of values, DSSIM ≥ {}",
        metrics::LEAST_PEARSON,
        metrics::LEAST_KS_P,
        100.0 * metrics::MOST_SPATIAL_RELATIVE_ERROR,
        metrics::LEAST_DSSIM
    ));
}

fn judged(value: Option<String>, passes: Option<bool>) -> String {
    match (value, passes) {
        (Some(value), Some(passes)) => format!("{value} {}", if passes { '✓' } else { '✗' }),
        _ => "–".to_owned(),
    }
}
