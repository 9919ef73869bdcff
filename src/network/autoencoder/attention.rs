//! Attention of tokens to those around them (docs/format.md, "Autoencoder").

use super::tokens::{TOKEN_LIMIT, Tokens};
use crate::error::Result;
use crate::network::engine::{Engine, Layer, Softmax};

/// Channels of a head.
pub(crate) const HEAD: usize = 16;
/// Queries and keys lie within ± this.
const SCORE_LIMIT: i32 = 127;
/// Products of queries and keys are in 1/256 of an octave, scores in 1/32.
const SCORE_SHIFT: u32 = 3;

/// How a token looks around.
#[derive(Debug, Clone)]
pub(crate) struct Attention {
    /// Rows and columns to either side.
    pub(crate) radius: usize,
    pub(crate) query: Layer,
    pub(crate) key: Layer,
    pub(crate) value: Layer,
    /// What each place adds to a score, head by head, row by row.
    pub(crate) places: Vec<i32>,
    pub(crate) output: Layer,
}

/// What a row of tokens is looked at with.
struct Seen {
    queries: Tokens,
    keys: Tokens,
    values: Tokens,
}

impl Attention {
    /// What is to be added to the tokens.
    pub(super) fn apply(&self, engine: Engine, softmax: &Softmax, tokens: &Tokens) -> Result<Tokens> {
        let through = |layer, limit: i32| tokens.through(engine, layer, -limit..=limit);
        let seen = Seen { queries: through(&self.query, SCORE_LIMIT)?, keys: through(&self.key, SCORE_LIMIT)?, values: through(&self.value, TOKEN_LIMIT)? };
        let mut means = Tokens::new(tokens.height, tokens.width, self.value.outputs());
        let side = 2 * self.radius + 1;
        for (head, places) in self.places.chunks(side * side).enumerate() {
            for y in 0..tokens.height {
                self.look(softmax, &seen, (head, y), places, &mut means);
            }
        }
        means.through(engine, &self.output, -TOKEN_LIMIT..=TOKEN_LIMIT)
    }

    /// The means of one head for one row of tokens.
    fn look(&self, softmax: &Softmax, seen: &Seen, (head, y): (usize, usize), places: &[i32], means: &mut Tokens) {
        let width = means.width;
        let channels = || head * HEAD..(head + 1) * HEAD;
        let rows = || places.chunks(2 * self.radius + 1).enumerate().filter_map(|(dy, row)| Some(((y + dy).checked_sub(self.radius)?, row)));
        let near =
            || rows().filter(|(there, _)| *there < means.height).flat_map(|(there, row)| row.iter().enumerate().map(move |(dx, place)| (there, dx, *place)));
        let mut scores = Vec::with_capacity(places.len());
        let mut largest = vec![i32::MIN; width];
        for (there, dx, place) in near() {
            let (to, from) = overlap(width, dx, self.radius);
            let mut row = vec![0; width];
            for channel in channels() {
                let (queries, keys) = (seen.queries.row(channel, y), seen.keys.row(channel, there));
                let pairs = queries.iter().skip(to).zip(keys.iter().skip(from));
                row.iter_mut().skip(to).zip(pairs).for_each(|(score, (query, key))| *score += query * key);
            }
            let inside = row.iter_mut().zip(&mut largest).skip(to).take(width - to.max(from));
            inside.for_each(|(score, largest)| {
                *score = (*score >> SCORE_SHIFT) + place;
                *largest = (*largest).max(*score);
            });
            scores.push(row);
        }
        let mut sums = vec![0; width];
        for ((_, dx, _), row) in near().zip(&mut scores) {
            let (to, from) = overlap(width, dx, self.radius);
            let inside = row.iter_mut().zip(&largest).zip(&mut sums).skip(to).take(width - to.max(from));
            inside.for_each(|((score, largest), sum)| {
                *score = softmax.weight(largest - *score);
                *sum += *score;
            });
        }
        for channel in channels() {
            let mut totals = vec![0; width];
            for ((there, dx, _), weights) in near().zip(&scores) {
                let (to, from) = overlap(width, dx, self.radius);
                let pairs = weights.iter().skip(to).zip(seen.values.row(channel, there).iter().skip(from));
                totals.iter_mut().skip(to).zip(pairs).for_each(|(total, (weight, value))| *total += weight * value);
            }
            let out = means.channels.get_mut(channel).and_then(|c| c.get_mut(y * width..(y + 1) * width)).unwrap_or_default();
            out.iter_mut()
                .zip(totals)
                .zip(&sums)
                .for_each(|((mean, total), sum)| *mean = ((softmax.mean(total, *sum) + 2) >> 2).clamp(-TOKEN_LIMIT, TOKEN_LIMIT));
        }
    }
}

/// Where tokens that have a neighbour `dx` − `radius` columns away begin, and where their neighbours do.
fn overlap(width: usize, dx: usize, radius: usize) -> (usize, usize) {
    (radius.saturating_sub(dx).min(width), dx.saturating_sub(radius).min(width))
}
