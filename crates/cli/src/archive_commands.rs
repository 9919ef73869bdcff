//! `deepcomp extract` and `list`, and how archives are opened and decoded.

use crate::extraction::Folder;
use crate::failure::{Cause, Failure, Outcome, about};
use crate::inputs::Origin;
use crate::models::Shelf;
use crate::parts::{Wanted, wanted};
use crate::protection;
use crate::report::{VariableJson, print_json, print_table, sizes};
use crate::terminal::{Failures, progress_bar, say, show, shown};
use crate::threads::{self, Delivery, Jobs};
use crate::{ExtractArgs, ListArgs, WorkArgs};
use deepcomp::archive::{Archive, Decompressor, Job, Progress, annotate};
use deepcomp::field::Dataset;
use deepcomp::{Limits, Source};
use indicatif::ProgressBar;
use serde::Serialize;
use std::collections::VecDeque;
use std::path::Path;

/// What `list --json` prints.
#[derive(Debug, Serialize)]
struct Listing {
    format_version: String,
    archive_bytes: u64,
    /// Of the files on origin, where the archive says so.
    file_bytes: Option<u64>,
    /// What the archive says of itself.
    comment: Option<String>,
    files: Vec<String>,
    variables: Vec<VariableJson>,
}

pub(crate) fn list(args: &ListArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    let (source, archive) = protection::open(&args.archive, &limits, &args.passphrase)?;
    let variables = variables(&archive, &source).map_err(about(&args.archive))?;
    if args.json {
        let files = archive.files().map(str::to_owned).collect();
        return print_json(&Listing {
            format_version: archive.version().to_string(),
            archive_bytes: source.length(),
            file_bytes: file_bytes(&archive),
            comment: archive.comment().map(str::to_owned),
            files,
            variables,
        });
    }
    print_table(&variables, usize::MAX);
    let files = archive.files().map(shown).collect::<Vec<_>>().join(", ");
    let values = variables.iter().map(|v| v.raw_bytes).sum();
    let sizes = sizes(file_bytes(&archive), values, source.length());
    say(format_args!("{}: {sizes}, format {}, from {files}", args.archive.display(), archive.version()));
    archive.comment().map(str::lines).into_iter().flatten().for_each(say);
    Ok(())
}

/// Bytes of the files on origin, where the archive says so of all of them.
fn file_bytes(archive: &Archive) -> Option<u64> {
    (0..archive.files().count()).map(|file| archive.status(file).ok()?.length).sum()
}

pub(crate) fn extract(args: &ExtractArgs) -> Outcome<()> {
    let limits = args.work.limits();
    let (source, archive) = protection::open(&args.archive, &limits, &args.passphrase)?;
    let mut shelf = Shelf::open(&args.models)?;
    shelf.look_in(&archive, &source);
    let bar = progress_bar();
    let (wanted, unmet) = wanted(&args.part, (&args.archive, &archive, &source), &shelf)?;
    let all = wanted.len() + unmet.len();
    let mut failures = Failures::new(&bar);
    failures.add(&unmet);
    if wanted.is_empty() {
        return failures.end(&args.archive, all);
    }
    let mut folder = Folder::open(args, &archive, &bar)?;
    if args.all_or_nothing {
        if let Some(failure) = unmet.into_iter().next() {
            return Err(failure);
        }
        decode((&args.archive, &bar), (&archive, &source), &wanted, (&shelf, &args.work), |_, _, damage| damage.into_iter().next().map_or(Ok(()), Err))?;
    }
    decode((&args.archive, &bar), (&archive, &source), &wanted, (&shelf, &args.work), |one, dataset, mut failed| {
        let dataset = match dataset {
            Some(dataset) if one.part.is_some() => Some(one.finished(&archive, dataset).map_err(about(&args.archive))?),
            // Anything but the file itself comes out of what it holds.
            Some(dataset) if args.format.is_some() => Some(archive.parsed(one.file, dataset).map_err(about(&args.archive))?),
            dataset => dataset,
        };
        if let Some(mut dataset) = dataset.filter(|dataset| failed.is_empty() || !dataset.fields.is_empty()) {
            annotate(&archive, one.file, &mut dataset).map_err(about(&args.archive))?;
            failed.extend(folder.put(one.file, &dataset, one.part.is_some()));
        }
        failures.add(&failed);
        Ok(())
    })?;
    folder.end()?;
    failures.end(&args.archive, all)
}

/// An archive, and where it is read from as it is needed.
pub(crate) fn open(path: &Path, limits: &Limits) -> Outcome<(Origin, Archive)> {
    let origin = Origin::open(path, limits)?;
    let archive = Archive::open(&origin, limits).map_err(about(path))?;
    Ok((origin, archive))
}

fn variables(archive: &Archive, source: &Origin) -> deepcomp::Result<Vec<VariableJson>> {
    let mut all = Vec::new();
    for (number, file) in archive.files().enumerate() {
        let rule = |variable| archive.rule(source, (number, variable)).filter(|rule| !rule.is_plain()).map(|rule| rule.to_string());
        all.extend(archive.variables(number)?.iter().enumerate().map(|(i, v)| VariableJson { rule: rule(i), ..VariableJson::new(file, v) }));
    }
    Ok(all)
}

/// Decodes files of the archive at `path`; their chunks share the threads, and `deliver` gets them in order, with what failed of each.
pub(crate) fn decode(
    (path, bar): (&Path, &ProgressBar),
    (archive, source): (&Archive, &Origin),
    wanted: &[Wanted],
    (shelf, work): (&Shelf, &WorkArgs),
    deliver: impl FnMut(&Wanted, Option<Dataset>, Vec<Failure>) -> Outcome<()>,
) -> Outcome<()> {
    let total_bytes = wanted.iter().map(|one| one.bytes(archive, shelf)).sum::<deepcomp::Result<u64>>().map_err(about(path))?;
    let mut unpacking = Unpacking { path, archive, source, shelf, left: wanted.iter(), open: VecDeque::new(), done_bytes: 0, total_bytes, deliver };
    threads::run(&mut unpacking, &shelf.models, threads::count(work.threads), |progress| show(bar, progress))?;
    bar.finish_and_clear();
    // Those without any chunk.
    unpacking.hand_over()
}

/// All files of an archive, whole.
pub(crate) fn everything(archive: &Archive) -> Vec<Wanted> {
    (0..archive.files().count()).map(|file| Wanted { file, part: None }).collect()
}

/// The files of an archive on their way out. One is begun when all chunks of that before it are given out.
struct Unpacking<'a, F> {
    path: &'a Path,
    archive: &'a Archive,
    source: &'a Origin,
    shelf: &'a Shelf,
    /// Those not begun.
    left: std::slice::Iter<'a, Wanted>,
    /// Those begun and not delivered.
    open: VecDeque<Opened<'a>>,
    done_bytes: u64,
    total_bytes: u64,
    deliver: F,
}

/// A file that is begun.
struct Opened<'a> {
    wanted: &'a Wanted,
    /// Or why it cannot even be begun.
    decompressor: Result<Decompressor, Failure>,
    /// Chunks that have not come back.
    under_way: usize,
    given_out: bool,
    /// Bytes that came of it so far.
    done_bytes: u64,
}

impl<F: FnMut(&Wanted, Option<Dataset>, Vec<Failure>) -> Outcome<()>> Unpacking<'_, F> {
    /// Delivers the files that are whole, in order.
    fn hand_over(&mut self) -> Outcome<()> {
        while self.open.front().is_some_and(|o| o.given_out && o.under_way == 0) {
            let Some(Opened { wanted, decompressor, .. }) = self.open.pop_front() else { break };
            let name = Path::new(self.archive.files().nth(wanted.file).unwrap_or_default());
            match decompressor {
                Err(failure) => (self.deliver)(wanted, None, vec![failure])?,
                Ok(decompressor) => {
                    let (dataset, damage) = decompressor.finish_whole(self.source).map_err(about(self.path))?;
                    let damage = damage.into_iter().map(|(name, error)| Cause::Damaged { name, error });
                    (self.deliver)(wanted, Some(dataset), damage.map(about(name)).collect())?;
                }
            }
        }
        Ok(())
    }
}

impl<F: FnMut(&Wanted, Option<Dataset>, Vec<Failure>) -> Outcome<()>> Jobs for Unpacking<'_, F> {
    fn next(&mut self) -> Outcome<Option<(usize, Job)>> {
        loop {
            if let Some(last) = self.open.back_mut().filter(|o| !o.given_out) {
                let job = last.decompressor.as_mut().ok().map(|decompressor| decompressor.next_job(self.source)).transpose();
                if let Some(job) = job.map_err(about(self.path))?.flatten() {
                    last.under_way += 1;
                    return Ok(Some((last.wanted.file, job)));
                }
                last.given_out = true;
                self.hand_over()?;
            }
            let Some(wanted) = self.left.next() else { return Ok(None) };
            let name = Path::new(self.archive.files().nth(wanted.file).unwrap_or_default());
            let decompressor = wanted.decompressor(self.archive, self.shelf);
            let decompressor = decompressor.map(|decompressor| decompressor.forgiving().as_kept()).map_err(|e| about(name)(self.shelf.explain(e)));
            self.open.push_back(Opened { wanted, decompressor, under_way: 0, given_out: false, done_bytes: 0 });
        }
    }

    fn accept(&mut self, Delivery { job: (file, number), done, .. }: Delivery) -> Outcome<Progress> {
        let opened = self.open.iter_mut().find(|o| o.wanted.file == file).ok_or(Cause::Internal("a chunk of a file that is not open came back"))?;
        let decompressor = opened.decompressor.as_mut().map_err(|_| Cause::Internal("a chunk of a file that was never begun came back"))?;
        let accepted = match done {
            Ok(done) => decompressor.accept(done),
            Err(error) => decompressor.reject(number, error),
        };
        let progress = accepted.map_err(about(self.path))?;
        // Chunks that are the same payload again are done with it.
        self.done_bytes += progress.done_bytes - std::mem::replace(&mut opened.done_bytes, progress.done_bytes);
        opened.under_way -= 1;
        self.hand_over()?;
        Ok(Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes, ..progress })
    }
}
