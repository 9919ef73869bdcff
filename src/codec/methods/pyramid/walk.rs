//! One plane through the pyramid, coarse to fine. Written once for both directions: the encoder brings the source along, the decoder does not.
//! How the residuals of a pass are coded is left to a [`PassCoder`].

use super::residuals::{NEARBY_LIMIT, Step, code_sample};
use crate::codec::entropy::{Coder, Residuals, Table};
use crate::codec::passes::{Pass, levels, merge};
use crate::codec::predictor::{BUCKETS, COARSEST_BUCKET, Choice, ChoiceTables, Context, Holes, Kernel, Looks, Prediction, Reference, choose, predict};
use crate::codec::quantiser::Quantiser;
use crate::error::Result;
use crate::grid::{Grid, Plane};

/// What every way through the pyramid learns while a chunk is coded.
#[derive(Debug)]
pub(crate) struct Learned {
    pub(super) residuals: Residuals,
    choices: ChoiceTables,
    reference: Table,
}

impl Default for Learned {
    fn default() -> Self {
        Self { residuals: Residuals::new(BUCKETS), choices: ChoiceTables::default(), reference: Table::uniform(3, 5) }
    }
}

/// A plane and what it is coded against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) plane: Plane<'a>,
    /// An already decoded plane of the same size.
    pub(crate) reference: Option<&'a Grid<i32>>,
    /// Odd distance between reconstructions of a coordinate.
    pub(crate) quantum: i32,
}

/// Samples, and where some are missing.
pub(crate) type Holed<'a> = (&'a Grid<i32>, Option<&'a Grid<u8>>);

/// A pass with its classical prediction.
#[derive(Debug)]
pub(crate) struct PassJob<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) prediction: Prediction,
    /// Distance between samples of the level, in samples of the plane.
    pub(crate) stride: usize,
    /// The horizontal pass of the level, once it is coded, and where it has missing samples.
    pub(crate) horizontal: Option<Holed<'a>>,
    /// The samples; only the encoder has them.
    pub(crate) source: Option<&'a Grid<i32>>,
    pub(crate) missing: Option<&'a Grid<u8>>,
}

/// Codes the residuals of passes and returns the reconstruction; missing samples keep their prediction.
pub(crate) trait PassCoder {
    async fn code<C: Coder>(&mut self, coder: &mut C, learned: &mut Learned, job: PassJob<'_>) -> Result<Grid<i32>>;

    /// The encoder's choice for a pass whose true samples are `target`, as [`choose`].
    fn choose(&mut self, context: &Context, target: &Grid<i32>, holes: Option<&Grid<u8>>, before: Kernel) -> Choice {
        choose(context, target, holes, before, Looks::USUAL)
    }
}

/// Codes a plane and returns its reconstruction. `stop` is asked before every level; true ends early with what is there.
///
/// # Errors
/// Those of the pass coder.
pub(crate) async fn code_plane<C: Coder, P: PassCoder>(
    coder: &mut C,
    passes: &mut P,
    learned: &mut Learned,
    job: Job<'_>,
    stop: impl Fn(&C) -> bool,
) -> Result<Grid<i32>> {
    let top = levels(job.plane.height, job.plane.width);
    let mut known = code_coarsest(coder, learned, job, top);
    for level in (0..top).rev() {
        if stop(coder) {
            return Ok(Grid::new(job.plane.height, job.plane.width));
        }
        known = code_level(coder, passes, learned, job, level, &known).await?;
    }
    Ok(known)
}

/// The three passes of a level.
async fn code_level<C: Coder, P: PassCoder>(
    coder: &mut C,
    passes: &mut P,
    learned: &mut Learned,
    job: Job<'_>,
    level: u32,
    known: &Grid<i32>,
) -> Result<Grid<i32>> {
    let stride = 1usize << level;
    let size = (job.plane.height.div_ceil(stride), job.plane.width.div_ceil(stride));
    let reference = job.reference.map(|r| known_and_diagonal(r, stride));
    let holes = job.plane.holes.map(|h| known_and_diagonal(h, stride));
    let horizontal_missing = job.plane.holes.map(|h| Pass::Horizontal.component(h, stride));
    let at = Place { level, stride, size, known, reference: reference.as_ref(), holes: holes.as_ref() };
    let nothing = Grid::new(0, 0);
    let diagonal = code_pass(coder, passes, learned, job, at, Pass::Diagonal, (&nothing, None)).await?;
    let horizontal = code_pass(coder, passes, learned, job, at, Pass::Horizontal, (&diagonal, None)).await?;
    let around = (&diagonal, Some((&horizontal, horizontal_missing.as_ref())));
    let vertical = code_pass(coder, passes, learned, job, at, Pass::Vertical, around).await?;
    Ok(merge(known, &diagonal, &horizontal, &vertical))
}

/// What the passes of a level have in common.
#[derive(Clone, Copy)]
struct Place<'a> {
    level: u32,
    stride: usize,
    /// Height and width of the level.
    size: (usize, usize),
    known: &'a Grid<i32>,
    /// Known and diagonal samples of the reference.
    reference: Option<&'a (Grid<i32>, Grid<i32>)>,
    holes: Option<&'a (Grid<u8>, Grid<u8>)>,
}

/// One pass; `diagonal` and `horizontal` are the passes before it, the latter with its holes.
async fn code_pass<C: Coder, P: PassCoder>(
    coder: &mut C,
    passes: &mut P,
    learned: &mut Learned,
    job: Job<'_>,
    at: Place<'_>,
    pass: Pass,
    (diagonal, horizontal): (&Grid<i32>, Option<Holed<'_>>),
) -> Result<Grid<i32>> {
    let Place { level, stride, known, .. } = at;
    let (height, width) = pass.size(at.size.0, at.size.1);
    if height * width == 0 {
        return Ok(Grid::new(height, width));
    }
    let target = job.reference.map(|r| pass.component(r, stride));
    let reference = at.reference.zip(target.as_ref()).map(|((known, diagonal), target)| Reference { known, diagonal, target });
    let holes = at.holes.map(|(known, diagonal)| Holes { known, diagonal });
    let context = &Context { pass, level, known, diagonal, holes, reference, quantum: job.quantum, height, width };
    let source = job.plane.source.map(|s| pass.component(s, stride));
    let missing = job.plane.holes.map(|h| pass.component(h, stride));
    let (source, missing) = (source.as_ref(), missing.as_ref());
    let choice = source.map_or_else(Choice::default, |target| passes.choose(context, target, missing, learned.choices.before(context)));
    let choice = choice.code(coder, &mut learned.choices, context);
    let prediction = predict(context, choice);
    passes.code(coder, learned, PassJob { context, prediction, stride, horizontal, source, missing }).await
}

/// The two components of a level that passes look at.
fn known_and_diagonal<T: Copy + Default>(full: &Grid<T>, stride: usize) -> (Grid<T>, Grid<T>) {
    (full.every(2 * stride, 0, 0), Pass::Diagonal.component(full, stride))
}

/// The samples of the coarsest grid, each predicted by the one before it.
fn code_coarsest<C: Coder>(coder: &mut C, learned: &mut Learned, job: Job, top: u32) -> Grid<i32> {
    let stride = 1usize << top;
    let (height, width) = (job.plane.height.div_ceil(stride), job.plane.width.div_ceil(stride));
    let reference = job.reference.map(|r| r.every(stride, 0, 0));
    let source = job.plane.source.map(|s| s.every(stride, 0, 0));
    let missing = job.plane.holes.map(|h| h.every(stride, 0, 0));
    let at = |g: &Option<Grid<i32>>, i: usize| g.as_ref().and_then(|g| g.samples.get(i)).copied().unwrap_or(0);
    let quantiser = Quantiser::new(job.quantum);
    let mut grid = Grid::new(height, width);
    let mut offset = 0i32;
    for (i, sample) in grid.samples.iter_mut().enumerate() {
        let base = at(&reference, i);
        *sample = base.wrapping_add(offset);
        if missing.as_ref().and_then(|m| m.samples.get(i)).is_none_or(|m| *m == 0) {
            let step = Step { bucket: COARSEST_BUCKET, nearby: offset.unsigned_abs().min(NEARBY_LIMIT), quantiser };
            code_sample(coder, &mut learned.residuals, step, sample, at(&source, i));
        }
        offset = sample.wrapping_sub(base);
    }
    grid
}

impl Learned {
    /// Codes which reference plane the plane after `done` others takes (0 for none, otherwise a number into `distances`, from 1) and returns its number.
    pub(crate) fn reference<C: Coder>(&mut self, coder: &mut C, done: usize, distances: &[usize], choice: usize) -> Option<usize> {
        if done == 0 || distances.is_empty() {
            return None;
        }
        let choice = coder.adaptive(&mut self.reference, choice);
        done.checked_sub(*distances.get(choice.checked_sub(1)?)?)
    }
}
