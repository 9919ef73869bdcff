//! One plane through the pyramid, coarse to fine. Written once for both directions: the encoder brings the source along, the decoder does not.
//! How the residuals of a pass are coded is left to a [`PassCoder`].

use super::residuals::{NEARBY_LIMIT, Step, code_sample};
use crate::codec::entropy::{Coder, Residuals, Table};
use crate::codec::passes::{Levels, Pass, levels, merge};
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

/// Codes a plane and returns its reconstruction. `stop` is asked before every level and behind it; true ends early with the level before, whose samples stand for those around them.
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
    let of = |grid| Levels::of(grid, top);
    let seen = Seen { source: job.plane.source.map(of), reference: job.reference.map(of), holes: job.plane.holes.map(|holes| Levels::of(holes, top)) };
    let mut known = code_coarsest(coder, learned, &seen, job, top);
    for level in (0..top).rev() {
        let coarse = |known: &Grid<i32>| known.spread(2 << level, job.plane.height, job.plane.width);
        if stop(coder) {
            return Ok(coarse(&known));
        }
        let size = (job.plane.height.div_ceil(1 << level), job.plane.width.div_ceil(1 << level));
        let finer = code_level(coder, passes, learned, &seen, Place { level, size, quantum: job.quantum, known: &known }).await?;
        if stop(coder) {
            return Ok(coarse(&known));
        }
        known = finer;
    }
    Ok(known)
}

/// A plane and its reference at all levels.
struct Seen<'a> {
    source: Option<Levels<'a, i32>>,
    reference: Option<Levels<'a, i32>>,
    holes: Option<Levels<'a, u8>>,
}

/// What the passes of a level have in common.
#[derive(Clone, Copy)]
struct Place<'a> {
    level: u32,
    /// Height and width of the level.
    size: (usize, usize),
    quantum: i32,
    known: &'a Grid<i32>,
}

/// The three passes of a level.
async fn code_level<C: Coder, P: PassCoder>(coder: &mut C, passes: &mut P, learned: &mut Learned, seen: &Seen<'_>, at: Place<'_>) -> Result<Grid<i32>> {
    let level = at.level;
    let diagonals = Diagonals {
        reference: seen.reference.as_ref().map(|r| Pass::Diagonal.component(r.at(level), 1)),
        holes: seen.holes.as_ref().map(|h| Pass::Diagonal.component(h.at(level), 1)),
    };
    let horizontal_missing = seen.holes.as_ref().map(|h| Pass::Horizontal.component(h.at(level), 1));
    let nothing = Grid::new(0, 0);
    let seen = (seen, &diagonals);
    let diagonal = code_pass(coder, passes, learned, seen, at, Pass::Diagonal, (&nothing, None)).await?;
    let horizontal = code_pass(coder, passes, learned, seen, at, Pass::Horizontal, (&diagonal, None)).await?;
    let around = (&diagonal, Some((&horizontal, horizontal_missing.as_ref())));
    let vertical = code_pass(coder, passes, learned, seen, at, Pass::Vertical, around).await?;
    Ok(merge(at.known, &diagonal, &horizontal, &vertical))
}

/// Diagonal samples of the reference, and where they are missing, at a level.
struct Diagonals {
    reference: Option<Grid<i32>>,
    holes: Option<Grid<u8>>,
}

/// One pass; `diagonal` and `horizontal` are the passes before it, the latter with its holes.
async fn code_pass<C: Coder, P: PassCoder>(
    coder: &mut C,
    passes: &mut P,
    learned: &mut Learned,
    (seen, diagonals): (&Seen<'_>, &Diagonals),
    at: Place<'_>,
    pass: Pass,
    (diagonal, horizontal): (&Grid<i32>, Option<Holed<'_>>),
) -> Result<Grid<i32>> {
    let Place { level, size, quantum, known } = at;
    let (height, width) = pass.size(size.0, size.1);
    if height * width == 0 {
        return Ok(Grid::new(height, width));
    }
    let target = seen.reference.as_ref().map(|r| pass.component(r.at(level), 1));
    let reference = seen.reference.as_ref().zip(diagonals.reference.as_ref()).zip(target.as_ref());
    let reference = reference.map(|((reference, diagonal), target)| Reference { known: reference.at(level + 1), diagonal, target });
    let holes = seen.holes.as_ref().zip(diagonals.holes.as_ref()).map(|(holes, diagonal)| Holes { known: holes.at(level + 1), diagonal });
    let context = &Context { pass, level, known, diagonal, holes, reference, quantum, height, width };
    let source = seen.source.as_ref().map(|s| pass.component(s.at(level), 1));
    let missing = seen.holes.as_ref().map(|h| pass.component(h.at(level), 1));
    let (source, missing) = (source.as_ref(), missing.as_ref());
    let choice = source.map_or_else(Choice::default, |target| passes.choose(context, target, missing, learned.choices.before(context)));
    let choice = choice.code(coder, &mut learned.choices, context);
    let prediction = predict(context, choice);
    passes.code(coder, learned, PassJob { context, prediction, stride: 1 << level, horizontal, source, missing }).await
}

/// The samples of the coarsest grid, each predicted by the one before it.
fn code_coarsest<C: Coder>(coder: &mut C, learned: &mut Learned, seen: &Seen, job: Job, top: u32) -> Grid<i32> {
    let Seen { source, reference, holes } = seen;
    let stride = 1usize << top;
    let (height, width) = (job.plane.height.div_ceil(stride), job.plane.width.div_ceil(stride));
    let at = |levels: &Option<Levels<i32>>, i: usize| levels.as_ref().and_then(|l| l.at(top).samples.get(i)).copied().unwrap_or(0);
    let quantiser = Quantiser::new(job.quantum);
    let mut grid = Grid::new(height, width);
    let mut offset = 0i32;
    for (i, sample) in grid.samples.iter_mut().enumerate() {
        let base = at(reference, i);
        *sample = base.wrapping_add(offset);
        if holes.as_ref().and_then(|h| h.at(top).samples.get(i)).is_none_or(|h| *h == 0) {
            let step = Step { bucket: COARSEST_BUCKET, nearby: offset.unsigned_abs().min(NEARBY_LIMIT), quantiser };
            code_sample(coder, &mut learned.residuals, step, sample, at(source, i));
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
