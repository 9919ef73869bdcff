//! Chunks on all threads.

use crate::output::Outcome;
use deepcomp::Result;
use deepcomp::archive::{Done, Job, Progress};
use deepcomp::weights::Models;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// What hands out jobs and takes them back.
pub(crate) trait Source: Send {
    /// A job and the number of the file it belongs to.
    fn next(&mut self) -> Outcome<Option<(usize, Job)>>;
    /// What became of a job of that file.
    fn accept(&mut self, file: usize, done: Result<Done>) -> Outcome<Progress>;
}

/// As many threads as asked for, or as the processor runs at a time.
pub(crate) fn count(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// Does all jobs of a source; `report` hears of each how far the whole has come, which variable it was about and how long it took.
///
/// # Errors
/// The first error of a job; those under way are still ended.
pub(crate) fn run(source: impl Source, models: &Models, threads: usize, report: impl FnMut(Progress, usize, Duration) + Send) -> Outcome<()> {
    let state = &Mutex::new(State { source, report, error: None });
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| work(state, models));
        }
        work(state, models);
    });
    lock(state).error.take().map_or(Ok(()), Err)
}

struct State<S, R> {
    source: S,
    report: R,
    error: Option<String>,
}

impl<S: Source, R: FnMut(Progress, usize, Duration)> State<S, R> {
    /// The next job, until one fails.
    fn next(&mut self) -> Option<(usize, Job)> {
        if self.error.is_some() {
            return None;
        }
        self.source.next().unwrap_or_else(|error| {
            self.error = Some(error);
            None
        })
    }

    fn accept(&mut self, file: usize, done: Result<Done>, (variable, time): (usize, Duration)) {
        match self.source.accept(file, done) {
            Ok(progress) => (self.report)(progress, variable, time),
            Err(error) => self.error = self.error.take().or(Some(error)),
        }
    }
}

/// What one thread does.
fn work<S: Source, R: FnMut(Progress, usize, Duration)>(state: &Mutex<State<S, R>>, models: &Models) {
    loop {
        let Some((file, job)) = lock(state).next() else { return };
        let start = Instant::now();
        let done = job.run(models);
        lock(state).accept(file, done, (job.variable(), start.elapsed()));
    }
}

/// A thread that panicked leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
