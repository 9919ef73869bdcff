//! Chunks on all threads: one reads files and writes what comes back, the others work.

use crate::failure::{Cause, Outcome};
use deepcomp::Result;
use deepcomp::archive::{Done, Job, Progress};
use deepcomp::network::model::Models;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What hands out jobs and takes them back.
pub(crate) trait Jobs {
    /// A job and the number of the file it belongs to.
    fn next(&mut self) -> Outcome<Option<(usize, Job)>>;
    /// Takes what became of a job.
    fn accept(&mut self, delivery: Delivery) -> Outcome<Progress>;
}

/// As many threads as asked for, or as the processor runs at a time.
pub(crate) fn count(asked: Option<NonZeroUsize>) -> usize {
    asked.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// A job of a file.
type Order = (usize, Job);

/// A job that was done.
pub(crate) struct Delivery {
    /// Its file, and its number there.
    pub(crate) job: (usize, usize),
    pub(crate) variable: usize,
    /// How long it took.
    pub(crate) time: Duration,
    pub(crate) done: Result<Done>,
}

const APART: Cause = Cause::Internal("threads ended early");

/// Jobs handed out for each thread: one at work, one that waits for it.
const AHEAD: usize = 2;

/// Does all jobs on that many threads at most: as many as there are jobs for and the system lets start, and on this one if it lets none; `report` hears how far the whole has come.
///
/// # Errors
/// The first error; jobs under way are still ended.
pub(crate) fn run(jobs: &mut impl Jobs, models: &Models, threads: usize, mut report: impl FnMut(Progress)) -> Outcome<()> {
    let (orders, ordered) = channel();
    let ordered = &Mutex::new(ordered);
    thread::scope(|scope| {
        // Moved, so that it is gone, and with it the threads, when this ends.
        let orders = orders;
        let (deliver, deliveries) = channel();
        let (mut started, mut wanted) = (0, threads);
        let mut under_way = 0;
        let mut more = true;
        loop {
            while more && under_way < AHEAD * wanted.max(1) {
                let Some(order) = jobs.next()? else {
                    more = false;
                    break;
                };
                if under_way >= started && started < wanted {
                    let deliver = deliver.clone();
                    match thread::Builder::new().spawn_scoped(scope, move || work(ordered, &deliver, models)) {
                        Ok(_) => started += 1,
                        // No more are to be had; those that run go on.
                        Err(_) => wanted = started,
                    }
                }
                under_way += 1;
                let sent = if started > 0 { orders.send(order).is_ok() } else { deliver.send(done(order, models)).is_ok() };
                if !sent {
                    return Err(APART.into());
                }
            }
            if under_way == 0 {
                return Ok(());
            }
            let delivery = deliveries.recv().map_err(|_| APART)?;
            under_way -= 1;
            report(jobs.accept(delivery)?);
        }
    })
}

/// What one thread does, until there are no more orders.
fn work(ordered: &Mutex<Receiver<Order>>, deliver: &Sender<Delivery>, models: &Models) {
    loop {
        // A thread that panicked leaves nothing half done here.
        let order = ordered.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(order) = order else { return };
        if deliver.send(done(order, models)).is_err() {
            return;
        }
    }
}

fn done((file, job): Order, models: &Models) -> Delivery {
    let start = Instant::now();
    let done = job.run(models);
    Delivery { job: (file, job.number()), variable: job.variable(), time: start.elapsed(), done }
}
