//! What compressing would come to, told from pieces of the values: sizes and seconds at every level and several bounds.
//!
//! Variables are met in a grid laid over all values, so that most are not even read where there are many. Pieces of them are jobs like chunks: whoever does them says how long each took.

use super::job::{Done, Job, Task};
use super::plan::plan;
use super::tiles::{Place, Tiling};
use crate::codec::chunk::ChunkShape;
use crate::codec::demand::Demand;
use crate::codec::{Level, Options, Unmet};
use crate::error::{Error, Result};
use crate::field::{Dataset, Field, Missing, Roles, Values, Wish};
use crate::network::model::Model;
use std::collections::BTreeMap;

/// Points of the grid, and of those that stand for one piece of a variable which has several.
const POINTS: u64 = 32;
const TOGETHER: usize = 4;
/// Samples of all pieces, and of one.
const ALL: usize = 1 << 21;
const SAMPLES: usize = 1 << 18;
/// Levels that take long, the samples of the pieces that they are tried on, and how many these are.
const SLOW: [(Level, usize, usize); 2] = [(Level::Best, 1 << 16, 4), (Level::Max, 1 << 14, 2)];
/// The others, tried on all.
const QUICK: [Level; 2] = [Level::Fast, Level::Balanced];
/// Planes that a piece has before they are large.
const PLANES: usize = 16;

/// About what an archive takes beside its chunks, for each file, and for each of its variables.
const ARCHIVE: u64 = 100;
const FILE: u64 = 50;
const VARIABLE: u64 = 40;

/// What compressing at a level and a bound would come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The level.
    pub level: Level,
    /// How many times as large the bounds are as those that were asked for.
    pub times: f64,
    /// Bytes of the archive.
    pub bytes: u64,
    /// Seconds of one thread.
    pub seconds: f64,
}

/// Picks pieces of datasets and gives them out as jobs.
#[derive(Debug)]
pub struct Estimator {
    options: Options,
    /// Bounds, as multiples of those of the options.
    times: Vec<f64>,
    /// The file being looked at: everything but its values, what its variables are, and how many bytes lie before each.
    header: Option<(Dataset, Roles, Vec<u64>)>,
    /// Bytes of values of all files so far, and between points of the grid over them.
    total: u64,
    /// Of the index.
    overhead: u64,
    stride: u64,
    parts: Vec<Part>,
    trials: Vec<Trial>,
    /// Trials that were given out.
    given: usize,
}

/// A variable that pieces were cut from.
#[derive(Debug)]
struct Part {
    /// Where its values begin among all, and end.
    bytes: [u64; 2],
    pieces: Vec<Piece>,
}

/// Some of the values of a variable.
#[derive(Debug, Clone)]
struct Piece {
    shape: ChunkShape,
    values: Values,
    missing: Missing,
    cycle: usize,
    /// What is asked of them at each bound.
    demands: Vec<Demand>,
}

/// A piece at a level and a bound.
#[derive(Debug)]
struct Trial {
    level: Level,
    /// Number of the bound.
    bound: usize,
    /// Number of the variable among those that were met.
    part: usize,
    /// The level that takes so long that it is a smaller piece than others.
    slow: Option<Level>,
    piece: Piece,
    /// Bytes and seconds that it came to.
    result: Option<(u64, f64)>,
}

impl Estimator {
    /// Nothing yet; `times` are the bounds to look at, as multiples of those of the options.
    #[must_use]
    pub fn new(options: &Options, times: &[f64]) -> Self {
        let options = Options { unmet: Unmet::Lossless, coarse: true, ..options.clone() };
        Self { options, times: times.to_vec(), header: None, total: 0, overhead: ARCHIVE, stride: 1, parts: Vec::new(), trials: Vec::new(), given: 0 }
    }

    /// Begins a file, of which `header` says everything but the values.
    pub fn begin(&mut self, header: Dataset) {
        let mut starts = vec![self.total];
        self.overhead += FILE + VARIABLE * header.fields.len() as u64;
        for field in &header.fields {
            self.total = self.total.saturating_add(field.declared_bytes());
            starts.push(self.total);
        }
        while self.total / self.stride > POINTS {
            self.stride *= 2;
        }
        let stride = self.stride;
        self.parts.retain_mut(|part| {
            part.thin(pieces(part.bytes, stride));
            !part.pieces.is_empty()
        });
        let roles = Roles::of(&header);
        self.header = Some((header, roles, starts));
    }

    /// Whether a variable of the file is to be looked at.
    #[must_use]
    pub fn wants(&self, variable: usize) -> bool {
        self.place(variable).is_some_and(|bytes| pieces(bytes, self.stride) > 0)
    }

    fn place(&self, variable: usize) -> Option<[u64; 2]> {
        let (_, _, starts) = self.header.as_ref()?;
        Some([*starts.get(variable)?, *starts.get(variable + 1)?])
    }

    /// Looks at a variable of the file.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is none of the file, or its values are not those of its shape.
    pub fn add_variable(&mut self, variable: usize, mut field: Field) -> Result<()> {
        let (Some(bytes), Some((header, roles, _))) = (self.place(variable), self.header.as_ref()) else {
            return Err(Error::InvalidArgument { what: format!("the variable {:?} belongs to no file that was begun", field.name) });
        };
        if field.declared_bytes() != field.values.byte_len() as u64 {
            return Err(Error::InvalidArgument { what: format!("the variable {:?} has other values than its shape asks for", field.name) });
        }
        if field.values.is_empty() || field.derived.is_some() {
            return Ok(());
        }
        self.options.bounds.settle_missing(roles, &mut field);
        let demands = self.times.iter().map(|times| Ok(plan((header, roles), &field, &self.at(*times, &field)?)?.demand)).collect::<Result<Vec<_>>>()?;
        let tiling = Tiling::of(&field.shape);
        let cycle = field.cycle();
        let pieces = spread(ChunkShape { planes: tiling.planes(), ..tiling.view }, pieces(bytes, self.stride), SAMPLES).into_iter().map(|place| Piece {
            shape: place.shape,
            values: tiling.cut_values(&field.values, place),
            missing: field.missing.clone(),
            cycle,
            demands: demands.clone(),
        });
        self.parts.push(Part { bytes, pieces: pieces.collect() });
        Ok(())
    }

    /// What is asked of a field at so many times its bound.
    fn at(&self, times: f64, field: &Field) -> Result<Options> {
        let mut options = self.options.clone();
        if (times - 1.0).abs() > f64::EPSILON {
            let wish = match options.bounds.wish(field) {
                Wish::Bound(bound) => bound,
                Wish::Recommended => options.bounds.of(field),
            };
            options.bounds.named.insert(0, (field.name.clone(), Wish::Bound(wish.times(times)?)));
        }
        Ok(options)
    }

    /// The next piece to compress; `None` when all are given out. All variables were added.
    pub fn next_job(&mut self) -> Option<Job> {
        if self.trials.is_empty() {
            self.plan();
        }
        let trial = self.trials.get(self.given)?;
        self.given += 1;
        let Piece { shape, values, missing, cycle, demands } = &trial.piece;
        let demand = demands.get(trial.bound)?.clone();
        let model = self.options.model.as_deref().filter(|_| trial.level.takes_model());
        let task = Task::Encode { values: values.clone(), missing: missing.clone(), demand, cycle: *cycle, base: self.options.base, level: trial.level };
        Some(Job { number: self.given - 1, variable: trial.part, shape: *shape, model: model.map(Model::id), task })
    }

    /// Which pieces are tried at which levels: all at the quick ones, and parts of few where that takes long, beside the balanced one to tell by.
    fn plan(&mut self) {
        let samples: usize = self.parts.iter().flat_map(|part| &part.pieces).map(|piece| piece.shape.samples()).sum();
        if samples > ALL {
            let left = |piece: &Piece| (piece.shape.samples() as u64 * ALL as u64 / samples as u64) as usize;
            self.parts.iter_mut().flat_map(|part| &mut part.pieces).for_each(|piece| *piece = piece.middle(left(piece)));
        }
        let all: Vec<(usize, &Piece)> = self.parts.iter().enumerate().flat_map(|(number, part)| part.pieces.iter().map(move |piece| (number, piece))).collect();
        let mut trials = Vec::new();
        for bound in 0..self.times.len() {
            let mut add = |level, slow, part: usize, piece: &Piece| trials.push(Trial { level, bound, part, slow, piece: piece.clone(), result: None });
            for (part, piece) in &all {
                QUICK.into_iter().for_each(|level| add(level, None, *part, piece));
            }
            for (level, samples, most) in SLOW {
                for (part, piece) in all.iter().step_by(all.len().div_ceil(most).max(1)) {
                    let piece = &piece.middle(samples);
                    [Level::Balanced, level].into_iter().for_each(|tried| add(tried, Some(level), *part, piece));
                }
            }
        }
        self.trials = trials;
    }

    /// Takes a piece that took so many seconds.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is none of this estimator's.
    pub fn accept(&mut self, done: &Done, seconds: f64) -> Result<()> {
        let trial = self.trials.get_mut(done.number).filter(|trial| trial.result.is_none());
        let trial = trial.ok_or_else(|| Error::InvalidArgument { what: format!("job {} is not under way", done.number) })?;
        trial.result = Some((done.payload_bytes() as u64, seconds));
        Ok(())
    }

    /// How many pieces were done, and are to be.
    #[must_use]
    pub fn progress(&self) -> (usize, usize) {
        (self.trials.iter().filter(|trial| trial.result.is_some()).count(), self.trials.len())
    }

    /// What it comes to, bound by bound and level by level.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when a piece was given out and has not come back.
    pub fn finish(self) -> Result<Vec<Estimate>> {
        if self.trials.iter().any(|trial| trial.result.is_none()) {
            return Err(Error::InvalidArgument { what: "pieces have not come back".to_owned() });
        }
        let total = self.total as f64;
        let estimates = self.times.iter().enumerate().flat_map(|(bound, times)| {
            let share = |level, slow| self.shares(level, bound, slow);
            let (balanced, _) = share(Level::Balanced, None);
            let quick = QUICK.map(|level| (level, share(level, None)));
            let slow = SLOW.map(|(level, ..)| {
                let ((beside, _), (part, pace)) = (share(Level::Balanced, Some(level)), share(level, Some(level)));
                (level, (balanced * part / beside, pace))
            });
            let told = move |(level, (part, pace)): (Level, (f64, f64))| Estimate {
                level,
                times: *times,
                bytes: (part.min(1.0) * total) as u64 + self.overhead,
                seconds: pace * total,
            };
            quick.into_iter().chain(slow).map(told)
        });
        Ok(estimates.collect())
    }

    /// The part of the values that is left at a level and a bound, and seconds for each byte of them.
    fn shares(&self, level: Level, bound: usize, slow: Option<Level>) -> (f64, f64) {
        // Of each variable: bytes of pieces, what they came to, and how long it took.
        let mut parts: BTreeMap<usize, (f64, f64, f64)> = BTreeMap::new();
        for trial in self.trials.iter().filter(|t| t.level == level && t.bound == bound && t.slow == slow) {
            let (bytes, seconds) = trial.result.unwrap_or_default();
            let (raw, coded, took) = parts.entry(trial.part).or_default();
            (*raw, *coded, *took) = (*raw + trial.piece.values.byte_len() as f64, *coded + bytes as f64, *took + seconds);
        }
        let (mut weights, mut left, mut took) = (0.0, 0.0, 0.0);
        for (part, (raw, coded, seconds)) in parts {
            let weight = self.parts.get(part).map_or(0.0, Part::size);
            (weights, left, took) = (weights + weight, left + weight * coded / raw, took + weight * seconds / raw);
        }
        if weights > 0.0 { (left / weights, took / weights) } else { (1.0, 0.0) }
    }
}

impl Part {
    fn size(&self) -> f64 {
        let [start, end] = self.bytes;
        (end - start) as f64
    }

    /// Leaves so many of its pieces.
    fn thin(&mut self, pieces: usize) {
        let all = self.pieces.len();
        if pieces < all {
            let kept: Vec<usize> = (0..pieces).map(|i| (2 * i + 1) * all / (2 * pieces)).collect();
            let mut number = 0;
            self.pieces.retain(|_| {
                number += 1;
                kept.contains(&(number - 1))
            });
        }
    }
}

impl Piece {
    /// The middle of it, of so many samples at most.
    fn middle(&self, samples: usize) -> Self {
        let whole = Tiling { start: 0, blocks: 1, view: self.shape, tile: self.shape };
        let Some(place) = spread(self.shape, 1, samples).first().copied() else { return self.clone() };
        Self { shape: place.shape, values: whole.cut_values(&self.values, place), ..self.clone() }
    }
}

/// Pieces for the points of a grid of that stride between two numbers of bytes.
fn pieces([start, end]: [u64; 2], stride: u64) -> usize {
    let before = |bytes: u64| bytes.saturating_add(stride / 2) / stride;
    ((before(end) - before(start)) as usize).div_ceil(TOGETHER)
}

/// So many places at most of up to so many samples, apart from each other, in an array of that shape.
fn spread(view: ChunkShape, most: usize, samples: usize) -> Vec<Place> {
    let planes = view.planes.clamp(1, PLANES);
    let side = |samples: usize| samples.isqrt().max(1);
    // Twice as wide as high, as far as there is room.
    let of_plane = samples / planes;
    let height = view.height.min(side(of_plane / 2)).max(1);
    let width = view.width.min(of_plane / height).max(1);
    let height = view.height.min(of_plane / width).max(1);
    let planes = view.planes.min(samples / (width * height)).max(1);
    let shape = ChunkShape { planes, height, width };
    let count = most.min(view.samples().div_ceil(shape.samples().max(1)));
    // Along the planes, and across them in the manner of a lattice, so that no two lie on a line.
    let at = |room: usize, i: usize, step: usize| room * ((2 * (i * step % count) + 1) % (2 * count)) / (2 * count).max(1);
    (0..count)
        .map(|i| Place {
            plane: at(view.planes - planes.min(view.planes), i, 1),
            row: at(view.height - height.min(view.height), i, 3),
            column: at(view.width - width.min(view.width), i, 5),
            shape,
        })
        .collect()
}
