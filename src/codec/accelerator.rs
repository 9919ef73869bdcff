//! A processor beside the CPU that runs the network: passes in, what the network says of them out.
//!
//! ```text
//! chunk, chunk, … ── PassRequest ──> Desk ── one batch whenever all chunks wait ──> Accelerator ── PassAnswer ──> chunk, chunk, …
//! ```
//! [`Processor`] is what the codec sees. On the CPU no one ever waits, so the same code runs there without an executor.

use super::kept::Kept;
use crate::error::{Error, Result};
use crate::network::engine::Engine;
use crate::network::model::Model;
use core::cell::RefCell;
use core::future::{Future, poll_fn};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::rc::Rc;

/// A future on the thread that made it.
pub type LocalFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A grid of samples of one level, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Lattice units.
    pub samples: Vec<i32>,
    /// Not 0 where a sample is missing; `None` when none are.
    pub missing: Option<Vec<u8>>,
}

/// What the network sees of one pass of one plane (docs/format.md, "Neighbourhood").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassRequest {
    /// 0 diagonal, 1 horizontal, 2 vertical: which net answers.
    pub pass: usize,
    /// 0 is the finest.
    pub level: u32,
    /// Odd distance between reconstructions, in lattice units.
    pub quantum: i32,
    /// Whether columns of this level go around.
    pub wrap: bool,
    /// Rows of samples to foresee.
    pub height: usize,
    /// Columns of samples to foresee.
    pub width: usize,
    /// The classical prediction of each.
    pub predicted: Vec<i32>,
    /// Not 0 where the sample to foresee is missing, so that nothing need be said of it; `None` when none are.
    pub missing: Option<Vec<u8>>,
    /// The components of the level that are known, by parity of row and column: even-even, even-odd, odd-even, odd-odd.
    pub known: [Option<Part>; 4],
    /// The same level of the reference planes, nearest first, all components in one grid; none of them has missing samples.
    pub references: Vec<Part>,
}

/// What the network says of a pass, a number for each sample; 0 where the sample is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassAnswer {
    /// Twice how far the sample should lie from the classical prediction, in quarters of 2^exponent.
    pub corrections: Vec<i32>,
    /// Binary logarithm of twice how far off that will be, in sixteenths of an octave of 2^exponent.
    pub scales: Vec<i32>,
    /// Binary logarithms of the units, in lattice units.
    pub exponents: Vec<i32>,
}

/// Runs the network on many passes at once. Whatever it is, its answers are those of the CPU to the last bit, or an error.
pub trait Accelerator: core::fmt::Debug {
    /// Answers every request, in order.
    ///
    /// # Errors
    /// [`Error::Accelerator`] when it cannot: then the same work can still be done on the CPU.
    fn answer<'a>(&'a self, model: &'a Model, requests: &'a [PassRequest]) -> LocalFuture<'a, Result<Vec<PassAnswer>>>;
}

/// Where the network runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Processor<'a> {
    Cpu(Engine),
    /// On the CPU, which keeps what it says.
    Keeping(Engine, &'a Kept),
    /// On the CPU, for what it did not say before.
    Recalling(Engine, &'a Kept),
    /// On whatever answers this desk.
    Desk(&'a Desk),
}

impl Processor<'_> {
    /// The CPU, as fast as it can.
    pub(crate) fn cpu() -> Self {
        Self::Cpu(Engine::detect())
    }

    /// What the CPU computes with in the meantime.
    pub(crate) fn engine(self) -> Engine {
        match self {
            Self::Cpu(engine) | Self::Keeping(engine, _) | Self::Recalling(engine, _) => engine,
            Self::Desk(_) => Engine::detect(),
        }
    }
}

/// Collects what the chunks under way ask.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    waiting: RefCell<Vec<(PassRequest, Slot)>>,
}

/// Where an answer is put.
type Slot = Rc<RefCell<Option<Result<PassAnswer>>>>;

impl Desk {
    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, request: PassRequest) -> Result<PassAnswer> {
        let slot = Slot::default();
        self.waiting.borrow_mut().push((request, slot.clone()));
        poll_fn(|_| slot.borrow_mut().take().map_or(Poll::Pending, Poll::Ready)).await
    }

    /// Has everything answered that was asked so far.
    async fn serve(&self, accelerator: &dyn Accelerator, model: &Model) {
        let (requests, slots): (Vec<PassRequest>, Vec<Slot>) = self.waiting.take().into_iter().unzip();
        let answers = accelerator.answer(model, &requests).await.and_then(|answers| {
            let fits = answers.len() == requests.len() && answers.iter().zip(&requests).all(|(answer, request)| answer.fits(request));
            if fits { Ok(answers) } else { Err(Error::Accelerator { what: "it did not answer what it was asked".to_owned() }) }
        });
        match answers {
            Ok(answers) => slots.iter().zip(answers).for_each(|(slot, answer)| _ = slot.replace(Some(Ok(answer)))),
            Err(error) => slots.iter().for_each(|slot| _ = slot.replace(Some(Err(error.clone())))),
        }
    }
}

impl PassAnswer {
    fn fits(&self, request: &PassRequest) -> bool {
        [&self.corrections, &self.scales, &self.exponents].iter().all(|numbers| numbers.len() == request.height * request.width)
    }
}

/// Runs tasks that ask a desk: each as far as it comes, then what they wait for in one batch, until all are done.
pub(crate) async fn together<T>(mut tasks: Vec<LocalFuture<'_, T>>, desk: &Desk, accelerator: &dyn Accelerator, model: &Model) -> Vec<T> {
    let mut done: Vec<Option<T>> = tasks.iter().map(|_| None).collect();
    loop {
        for (task, done) in tasks.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                *done = Some(result);
            }
        }
        if done.iter().all(Option::is_some) {
            return done.into_iter().flatten().collect();
        }
        desk.serve(accelerator, model).await;
    }
}

/// The result of work that never waits, since it runs on the CPU.
///
/// # Errors
/// [`Error::Accelerator`] when it did wait, which would be a bug.
pub(crate) fn at_once<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::Accelerator { what: "work on the CPU waited for it".to_owned() }),
    }
}

/// What an accelerator that is not exact ends in: the work is done again on the CPU.
pub(super) fn wrong_answer() -> Error {
    Error::Accelerator { what: "it said something that the CPU does not say".to_owned() }
}
