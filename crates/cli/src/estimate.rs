//! `deepcomp compress --estimate`.

use crate::CompressArgs;
use crate::compress::options;
use crate::failure::{Outcome, about};
use crate::inputs::{self, Input, Reading};
use crate::report::{print_json, ratio};
use crate::terminal::{Notices, progress_bar, say, show};
use crate::threads::{self, Delivery, Jobs};
use deepcomp::Limits;
use deepcomp::archive::{Estimate, Estimator, Job, Progress};
use deepcomp::field::{ErrorBound, Wish};
use deepcomp::network::model::Models;
use serde::Serialize;

/// Multiples of the bounds asked for.
const TIMES: [f64; 3] = [10.0, 1.0, 0.1];

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report {
    raw_bytes: u64,
    /// That seconds are told for.
    threads: usize,
    estimates: Vec<Row>,
}

/// What compressing at a level and a bound would come to.
#[derive(Debug, Serialize)]
struct Row {
    level: &'static str,
    /// The bounds, as multiples of those that were asked for.
    times: f64,
    archive_bytes: u64,
    ratio: f64,
    encode_seconds: f64,
}

pub(crate) fn run(args: &CompressArgs) -> Outcome<()> {
    let options = options(&args.encode, None)?;
    let models: Models = options.model.iter().cloned().collect();
    let bar = progress_bar();
    let mut notices = Notices::new(&bar);
    let all = inputs::find(&args.inputs, None, &mut notices)?;
    let lossless = options.bounds.named.iter().map(|(_, wish)| wish).chain([&options.bounds.others]).all(|wish| *wish == Wish::Bound(ErrorBound::Lossless));
    let mut estimator = Estimator::new(&options, if lossless { &[1.0] } else { &TIMES });
    let mut raw_bytes = 0;
    for input in &all {
        raw_bytes += look(&mut estimator, input, &args.encode.work.limits())?;
    }
    notices.end();
    let threads = threads::count(args.encode.work.threads);
    threads::run(&mut estimator, &models, threads, |progress| show(&bar, progress))?;
    bar.finish_and_clear();
    let row = |Estimate { level, times, bytes, seconds }: Estimate| Row {
        level: level.name(),
        times,
        archive_bytes: bytes,
        ratio: ratio(raw_bytes, bytes),
        encode_seconds: seconds / threads as f64,
    };
    let report = Report { raw_bytes, threads, estimates: estimator.finish()?.into_iter().map(row).collect() };
    if args.json {
        return print_json(&report);
    }
    print(&report);
    Ok(())
}

/// Looks at a file, and returns the bytes of its values.
fn look(estimator: &mut Estimator, input: &Input, limits: &Limits) -> Outcome<u64> {
    let mut file = Reading::open(&input.path, limits)?;
    let header = file.header().clone();
    let variables = header.fields.len();
    let bytes = header.declared_bytes();
    estimator.begin(header);
    for number in (0..variables).filter(|number| estimator.wants(*number)).collect::<Vec<_>>() {
        let variable = file.variable(number).map_err(about(&input.path))?;
        estimator.add_variable(number, variable).map_err(about(&input.path))?;
    }
    Ok(bytes)
}

impl Jobs for Estimator {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        Ok(self.next_job().map(|job| (0, job)))
    }

    fn accept(&mut self, Delivery { time, done, .. }: Delivery) -> Outcome<Progress> {
        Self::accept(self, &done?, time.as_secs_f64())?;
        let (done, all) = self.progress();
        Ok(Progress { done_bytes: done as u64, total_bytes: all as u64, variable: 0 })
    }
}

fn print(report: &Report) {
    say(format_args!("{:<10} {:>18} {:>14} {:>9} {:>10}", "level", "bound", "archived", "ratio", "seconds"));
    for Row { level, times, archive_bytes, ratio, encode_seconds } in &report.estimates {
        let bound = if (*times - 1.0).abs() < f64::EPSILON { "as asked".to_owned() } else { format!("{times} × as asked") };
        say(format_args!("{level:<10} {bound:>18} {archive_bytes:>14} {ratio:>9.2} {encode_seconds:>10.2}"));
    }
    say(format_args!("of {} bytes of values, on {} threads; told from pieces of them", report.raw_bytes, report.threads));
}
