//! Jobs done elsewhere: in any order, as bytes, on an accelerator that is right, wrong, or gone.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Helpers of tests fail by panicking, as tests do.

use deepcomp::archive::{Archive, Compressor, Decompressor, Done, Job, run_on_accelerator};
use deepcomp::codec::OnCpu;
use deepcomp::codec::accelerator::{Accelerator, LocalFuture, PassAnswer, PassRequest};
use deepcomp::codec::{Base, Options};
use deepcomp::field::{Dataset, Dimension, ErrorBound, Field, Missing, SourceFormat, Values};
use deepcomp::network::engine::Engine;
use deepcomp::network::model::{Model, Models};
use deepcomp::{Error, Limits, Result};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

fn model() -> Arc<Model> {
    Model::parse(include_bytes!("../models/deepcomp.dcm")).unwrap()
}

/// Hills, with holes in some variables; more than one chunk in one of them, and text.
fn dataset() -> Dataset {
    let sizes = [("hills", vec![2, 40, 60]), ("wide", vec![1, 6, 4100]), ("holes", vec![2, 31, 64])];
    let mut dataset = Dataset { format: SourceFormat::ARRAY, dimensions: Vec::new(), attributes: Vec::new(), fields: Vec::new(), layout: Vec::new() };
    let mut add = |name: &str, shape: Vec<usize>, values: Values| {
        let first = dataset.dimensions.len();
        dataset.dimensions.extend(shape.iter().enumerate().map(|(i, length)| Dimension { name: format!("{name}{i}"), length: *length, unlimited: false }));
        let dimensions = (first..dataset.dimensions.len()).collect();
        dataset.fields.push(Field { name: name.into(), dimensions, shape, values, attributes: Vec::new(), missing: Missing::NonFinite, derived: None });
    };
    for (name, shape) in sizes {
        let width = shape[2];
        let value = |i: usize| {
            let (y, x) = ((i / width) as f32, (i % width) as f32);
            let hole = name == "holes" && i % width > 40 && (i / width) % 31 < 9;
            if hole { f32::NAN } else { (y / 9.0).sin() * 8.0 + (x / 23.0 + y / 40.0).cos() * 5.0 + ((i * 2_654_435_761) % 1000) as f32 / 4000.0 }
        };
        let values = (0..shape.iter().product()).map(value).collect();
        add(name, shape, Values::F32(values));
    }
    add("text", vec![5], Values::Char(b"hills".to_vec()));
    dataset
}

fn options(bound: f64, base: Base) -> Options {
    Options { model: Some(model()), base, coarse: true, ..Options::new(ErrorBound::relative(bound).unwrap()) }
}

fn models() -> Models {
    std::iter::once(model()).collect()
}

/// Does all jobs at once on an accelerator; also says why the CPU had to step in.
fn through(jobs: &[Job], accelerator: &dyn Accelerator) -> (Vec<Result<Done>>, Option<Error>) {
    let models = models();
    let mut work = std::pin::pin!(run_on_accelerator(jobs, &models, accelerator));
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

fn compressed(options: &Options, accelerator: &dyn Accelerator) -> (Vec<u8>, Option<Error>) {
    let mut compressor = Compressor::new(dataset(), "test", options).unwrap();
    let jobs: Vec<Job> = std::iter::from_fn(|| compressor.next_job()).collect();
    assert!(jobs.len() > 4);
    let (done, reason) = through(&jobs, accelerator);
    done.into_iter().rev().for_each(|done| _ = compressor.accept(done.unwrap()).unwrap());
    (compressor.finish().unwrap().0, reason)
}

fn decompressed(bytes: &[u8], accelerator: &dyn Accelerator) -> (Result<Dataset>, Option<Error>) {
    let mut decompressor = Decompressor::new(Archive::open(bytes, &Limits::default()).unwrap(), 0, &models()).unwrap();
    let mut jobs = Vec::new();
    while let Some(job) = decompressor.next_job(bytes).unwrap() {
        jobs.push(job);
    }
    let (done, reason) = through(&jobs, accelerator);
    let accepted = done.into_iter().rev().try_for_each(|done| done.and_then(|done| decompressor.accept(done)).map(|_| ()));
    (accepted.and_then(|()| decompressor.finish(bytes)), reason)
}

fn on_this_thread(options: &Options) -> Vec<u8> {
    Compressor::new(dataset(), "test", options).unwrap().finish().unwrap().0
}

#[test]
fn jobs_that_travelled_and_came_back_in_any_order_make_the_same_archive() {
    let options = options(1e-2, Base::Always);
    let expected = on_this_thread(&options);
    let mut compressor = Compressor::new(dataset(), "test", &options).unwrap();
    let mut jobs: Vec<Job> = std::iter::from_fn(|| compressor.next_job()).collect();
    jobs.reverse();
    let middle = jobs.len() / 2;
    jobs.swap(0, middle);
    let mut done_bytes = 0;
    for job in jobs {
        let job = Job::from_bytes(&job.to_bytes()).unwrap();
        let done = Done::from_bytes(&job.run(&models()).unwrap().to_bytes()).unwrap();
        assert!(compressor.accept(done.clone()).unwrap().done_bytes >= done_bytes);
        let again = compressor.accept(done).unwrap_err();
        assert_eq!(again.code(), "invalid-argument");
        done_bytes = 0;
    }
    let (bytes, reports) = compressor.finish().unwrap();
    assert_eq!(bytes, expected);
    assert!(reports.iter().any(|r| r.base.is_some_and(|b| b.chunks > 0)));

    let (back, reason) = decompressed(&bytes, &OnCpu(Engine::scalar()));
    let direct = Decompressor::new(Archive::open(&bytes, &Limits::default()).unwrap(), 0, &models()).unwrap().finish(&bytes).unwrap();
    assert_eq!((back.unwrap(), reason), (direct, None));
}

#[test]
fn a_job_that_did_not_come_back_is_noticed() {
    let mut compressor = Compressor::new(dataset(), "test", &options(1e-3, Base::Auto)).unwrap();
    let lost = compressor.next_job().unwrap();
    assert!(lost.samples() > 0);
    assert_eq!(compressor.finish().unwrap_err().code(), "invalid-argument");
    let bytes = on_this_thread(&options(1e-3, Base::Auto));
    let mut decompressor = Decompressor::new(Archive::open(&bytes, &Limits::default()).unwrap(), 0, &models()).unwrap();
    decompressor.next_job(&bytes).unwrap().unwrap();
    assert_eq!(decompressor.finish(&bytes).unwrap_err().code(), "invalid-argument");
}

#[test]
fn bytes_that_are_no_job_are_refused() {
    let mut compressor = Compressor::new(dataset(), "test", &options(1e-3, Base::Auto)).unwrap();
    let bytes = compressor.next_job().unwrap().to_bytes();
    for length in 0..20 {
        _ = Job::from_bytes(&bytes[..length]).map(|job| job.run(&models()));
        assert!(Done::from_bytes(&bytes[..length.min(2)]).is_err());
    }
}

#[test]
fn an_accelerator_that_is_right_changes_nothing() {
    for bound in [1e-1, 1e-2, 1e-4] {
        let options = options(bound, Base::Auto);
        for engine in [Engine::scalar(), Engine::detect()] {
            let (bytes, reason) = compressed(&options, &OnCpu(engine));
            assert_eq!((&bytes, reason), (&on_this_thread(&options), None));
        }
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// One bit of one number of one answer.
    Bit,
    /// A whole answer is zeros.
    Zeros,
    /// Answers in the wrong order.
    Swapped,
    /// One answer too few, one number too few.
    Short,
    /// The device is gone from then on.
    Lost,
}

/// Answers as the CPU does, but for a fault after so many batches.
#[derive(Debug)]
struct Faulty {
    fault: Fault,
    after: usize,
    batches: Cell<usize>,
    /// Whether an answer was wrong.
    struck: Cell<bool>,
    random: RefCell<u64>,
}

impl Faulty {
    fn new(fault: Fault, after: usize) -> Self {
        Self { fault, after, batches: Cell::new(0), struck: Cell::new(false), random: RefCell::new(after as u64 * 977 + fault as u64) }
    }

    fn random(&self, below: usize) -> usize {
        let mut state = self.random.borrow_mut();
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as usize % below
    }

    fn spoil(&self, requests: &[PassRequest], answers: &mut Vec<PassAnswer>) {
        let at = self.random(answers.len());
        let before = answers.clone();
        let answer = &mut answers[at];
        match self.fault {
            Fault::Bit => {
                let numbers = [&mut answer.corrections, &mut answer.scales, &mut answer.exponents].into_iter().nth(self.random(3)).unwrap();
                let present: Vec<usize> = (0..numbers.len()).filter(|i| requests[at].missing.as_ref().is_none_or(|m| m[*i] == 0)).collect();
                if !present.is_empty() {
                    numbers[present[self.random(present.len())]] ^= 1 << self.random(4);
                }
            }
            Fault::Zeros => answer.corrections.fill(0),
            Fault::Swapped => answers.reverse(),
            Fault::Short if self.random(2) == 0 => _ = answers.pop(),
            Fault::Short => _ = answer.scales.pop(),
            Fault::Lost => {}
        }
        self.struck.set(self.struck.get() || *answers != before);
    }
}

impl Accelerator for Faulty {
    fn answer<'a>(&'a self, model: &'a Model, requests: &'a [PassRequest]) -> LocalFuture<'a, Result<Vec<PassAnswer>>> {
        Box::pin(async move {
            // Waits once, as a device would.
            let mut waited = false;
            std::future::poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
            let batch = self.batches.replace(self.batches.get() + 1);
            if self.fault == Fault::Lost && batch >= self.after {
                self.struck.set(true);
                return Err(Error::Accelerator { what: "the device was lost".into() });
            }
            let mut answers = OnCpu(Engine::detect()).answer(model, requests).await?;
            if batch >= self.after && batch < self.after + 3 {
                self.spoil(requests, &mut answers);
            }
            Ok(answers)
        })
    }
}

#[test]
fn a_wrong_answer_never_reaches_the_archive_nor_the_values() {
    let mut struck = 0;
    for (bound, base) in [(1e-1, Base::Auto), (1e-3, Base::Never)] {
        let options = options(bound, base);
        let expected = on_this_thread(&options);
        let (values, _) = decompressed(&expected, &OnCpu(Engine::detect()));
        let values = values.unwrap();
        for fault in [Fault::Bit, Fault::Zeros, Fault::Swapped, Fault::Short, Fault::Lost] {
            for after in [0, 1, 5, 11, 20, 29] {
                let faulty = Faulty::new(fault, after);
                let (bytes, reason) = compressed(&options, &faulty);
                assert!(bytes == expected, "{fault:?} after {after}");
                assert_eq!(reason.is_some(), faulty.struck.get(), "{fault:?} after {after}: {reason:?}");
                struck += usize::from(faulty.struck.get());
                assert!(reason.is_none_or(|r| r.code() == "accelerator"));

                let faulty = Faulty::new(fault, after);
                let (back, reason) = decompressed(&expected, &faulty);
                assert_eq!(back.unwrap(), values, "{fault:?} after {after}");
                // A wrong correction may do no harm where a pass takes none of it.
                assert!(faulty.struck.get() || reason.is_none());
                struck += usize::from(reason.is_some());
            }
        }
    }
    assert!(struck > 60, "only {struck} faults struck");
}

#[test]
fn a_damaged_archive_is_not_blamed_on_the_accelerator() {
    let bytes = on_this_thread(&options(1e-2, Base::Auto));
    let archive = Archive::open(&bytes, &Limits::default()).unwrap();
    let mut decompressor = Decompressor::new(archive, 0, &models()).unwrap();
    let job = decompressor.next_job(&bytes).unwrap().unwrap();
    let mut damaged = job.to_bytes();
    let end = damaged.len() - 40;
    damaged[end] ^= 0x55;
    let (done, reason) = through(&[Job::from_bytes(&damaged).unwrap()], &OnCpu(Engine::detect()));
    assert!(matches!(done.as_slice(), [Err(Error::ChecksumMismatch { .. } | Error::Corrupt { .. })]), "{done:?}");
    assert_eq!(reason, None);
}
