//! Which values of a variable are wanted: all of them, or for some of its dimensions some of their indices.

use super::tiles::{Place, Tiling, foreign, product};
use crate::error::{Error, Result};
use crate::field::{Dataset, Element, SourceFormat, Values, with_values};
use core::ops::Range;
use std::collections::{BTreeMap, BTreeSet};

/// The wanted indices of one dimension, in the order in which they are to stand.
pub(super) type Runs = Vec<Range<usize>>;

/// A part of an array.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Length of each dimension of the part.
    shape: Vec<usize>,
    /// Length of each dimension of the array, and what is wanted of it; without those of length 1, which change nothing.
    dimensions: Vec<(usize, Runs)>,
    whole: bool,
}

/// Values that lie side by side both in a tile and in the part.
struct Piece {
    from: usize,
    to: usize,
    count: usize,
}

impl Part {
    /// Of an array of that shape what is chosen of each dimension, all of it where nothing is.
    pub(super) fn of(shape: &[usize], chosen: &[Option<&Runs>]) -> Result<Self> {
        let beyond = |runs: &Runs, length: usize| runs.iter().any(|run| run.start > run.end || run.end > length);
        let mut dimensions = Vec::with_capacity(shape.len());
        for (length, runs) in shape.iter().zip(chosen.iter().copied().chain(core::iter::repeat(None))) {
            let runs: Runs = match runs {
                None => core::iter::once(0..*length).collect(),
                Some(runs) if beyond(runs, *length) => {
                    return Err(Error::InvalidArgument { what: format!("indices {runs:?} were asked for of a dimension of {length}") });
                }
                Some(runs) => runs.iter().filter(|run| !run.is_empty()).cloned().collect(),
            };
            dimensions.push((*length, runs));
        }
        let (shape, whole) = (dimensions.iter().map(|(_, runs)| count(runs)).collect(), is_all(&dimensions));
        dimensions.retain(|(length, runs)| *length != 1 || count(runs) != 1);
        Ok(Self { shape, dimensions, whole })
    }

    pub(super) const fn is_whole(&self) -> bool {
        self.whole
    }

    /// Length of each dimension of the part.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.shape.clone()
    }

    /// Numbers of the chunks of a section that have any of it. Takes no more steps than there are values in the part, however many rows the tiles have that an index from outside names.
    pub(super) fn chunks(&self, tiling: &Tiling) -> Vec<usize> {
        let mut chunks = BTreeSet::new();
        match self.dimensions.split_first() {
            _ if self.whole => return (0..tiling.chunks()).collect(),
            Some(((_, runs), inner)) if product(&self.shape) > 0 => {
                let each = lengths(inner);
                let section = tiling.start / each..(tiling.start + tiling.values()) / each;
                let runs: Runs = runs.iter().map(|run| run.start.max(section.start)..run.end.min(section.end)).collect();
                stretches((&runs, inner), 0, &mut |stretch| tiling.chunks_of(&stretch, &mut chunks));
            }
            _ => {}
        }
        chunks.into_iter().collect()
    }

    /// Shows each piece of a row of the array that is wanted; `from` is counted from the start of the row.
    fn walk(&self, row: Range<usize>, piece: &mut dyn FnMut(Piece)) {
        let Some(((length, runs), slower)) = self.dimensions.split_last() else {
            // The only value there is.
            piece(Piece { from: 0, to: 0, count: row.len() });
            return;
        };
        let wanted = count(runs);
        let mut at = row.start;
        while at < row.end && *length > 0 {
            let (line, first) = (at / length, at % length);
            let end = (first + row.end - at).min(*length);
            if let Some(line) = place_of(slower, line) {
                let mut before = line * wanted;
                for run in runs {
                    let (start, stop) = (run.start.max(first), run.end.min(end));
                    if start < stop {
                        piece(Piece { from: at - row.start + start - first, to: before + start - run.start, count: stop - start });
                    }
                    before += run.len();
                }
            }
            at += end - first;
        }
    }

    /// Copies what is wanted of a tile.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when the tile is of another type or size.
    pub(super) fn paste(&self, values: &mut Values, tiling: &Tiling, place: Place, tile: &Values) -> Result<()> {
        if tile.len() != place.shape.samples() {
            return Err(foreign());
        }
        if values.is_empty() {
            return Ok(());
        }
        let mut pieces = Vec::new();
        for (number, row) in tiling.rows(place).enumerate() {
            let before = number * place.shape.width;
            self.walk(row, &mut |piece| pieces.push(Piece { from: before + piece.from, ..piece }));
        }
        with_values!(values, values => copy(values, Element::unwrap(tile).ok_or_else(foreign)?, &pieces));
        Ok(())
    }

    /// What is wanted of values that are all of the array.
    pub(super) fn cut(&self, all: Values) -> Result<Values> {
        if self.whole {
            return Ok(all);
        }
        let tiling = Tiling::row(all.len());
        let mut values = Values::zeros(all.data_type(), product(&self.shape()))?;
        self.paste(&mut values, &tiling, tiling.place(0), &all)?;
        Ok(values)
    }
}

/// Some variables of a dataset that is in memory, and of some dimensions, by their names, some ranges of indices, which come one behind the other.
///
/// # Errors
/// [`Error::InvalidArgument`] when there are no such indices.
pub fn cut(dataset: Dataset, variables: &[usize], ranges: &BTreeMap<String, Vec<Range<usize>>>) -> Result<Dataset> {
    let mut dataset = Dataset { format: SourceFormat::ARRAY, layout: Vec::new(), ..dataset };
    let chosen: Vec<Option<&Runs>> = dataset.dimensions.iter().map(|d| ranges.get(&d.name)).collect();
    let mut fields = Vec::new();
    for (_, mut field) in dataset.fields.into_iter().enumerate().filter(|(number, _)| variables.contains(number)) {
        let of: Vec<Option<&Runs>> = field.dimensions.iter().map(|d| chosen.get(*d).copied().flatten()).collect();
        let part = Part::of(&field.shape, &of)?;
        if !part.is_whole() {
            (field.values, field.shape, field.derived) = (part.cut(field.values)?, part.shape(), None);
        }
        fields.push(field);
    }
    for (dimension, runs) in dataset.dimensions.iter_mut().zip(chosen) {
        dimension.length = runs.map_or(dimension.length, count);
    }
    dataset.fields = fields;
    Ok(dataset)
}

/// How many indices are wanted, which may be more than there are where some are wanted more than once.
pub(super) fn count(runs: &Runs) -> usize {
    runs.iter().map(Range::len).fold(0, usize::saturating_add)
}

/// Whether all of some dimensions is wanted.
fn is_all(dimensions: &[(usize, Runs)]) -> bool {
    dimensions.iter().all(|(length, runs)| matches!(runs.as_slice(), [run] if *run == (0..*length)) || runs.is_empty() && *length == 0)
}

/// Values of an array of some dimensions.
fn lengths(dimensions: &[(usize, Runs)]) -> usize {
    dimensions.iter().map(|(length, _)| length).product()
}

/// Shows where what is wanted lies in an array, values side by side together: what of the slowest dimension, and what of the others. `before` values lie before the array.
fn stretches((runs, inner): (&Runs, &[(usize, Runs)]), before: usize, show: &mut dyn FnMut(Range<usize>)) {
    let each = lengths(inner);
    for run in runs {
        match inner.split_first() {
            Some(((_, next), rest)) if !is_all(inner) => run.clone().for_each(|index| stretches((next, rest), before + index * each, show)),
            _ if run.is_empty() => {}
            _ => show(before + run.start * each..before + run.end * each),
        }
    }
}

/// Where an index of some dimensions together, the slowest first, is among those that are wanted.
fn place_of(dimensions: &[(usize, Runs)], index: usize) -> Option<usize> {
    let (mut rest, mut place, mut stride) = (index, 0, 1);
    for (length, runs) in dimensions.iter().rev() {
        let index = rest % (*length).max(1);
        rest /= (*length).max(1);
        let mut before = 0;
        let found = runs.iter().find_map(|run| {
            let within = run.contains(&index).then(|| before + index - run.start);
            before += run.len();
            within
        })?;
        place += found * stride;
        stride *= count(runs);
    }
    Some(place)
}

fn copy<T: Copy>(values: &mut [T], tile: &[T], pieces: &[Piece]) {
    for Piece { from, to, count } in pieces {
        if let (Some(to), Some(from)) = (values.get_mut(*to..to + count), tile.get(*from..from + count)) {
            to.copy_from_slice(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::random::random;

    /// The part, value by value.
    fn expected(shape: &[usize], runs: &[Option<Runs>]) -> Vec<u32> {
        let count: usize = shape.iter().product();
        let mut parts: Vec<Vec<usize>> = vec![vec![]];
        for (length, runs) in shape.iter().zip(runs) {
            let indices: Vec<usize> = runs.as_ref().map_or_else(|| (0..*length).collect(), |runs| runs.iter().flat_map(Clone::clone).collect());
            parts = parts.iter().flat_map(|p| indices.iter().map(move |i| p.iter().copied().chain([*i]).collect())).collect();
        }
        let flat = |index: &Vec<usize>| index.iter().zip(shape).fold(0, |flat, (i, length)| flat * length + i);
        assert!(parts.iter().all(|p| flat(p) < count.max(1)));
        parts.iter().map(|p| flat(p) as u32).collect()
    }

    #[test]
    fn parts_are_what_indexing_gives_and_take_no_other_chunks() {
        let mut seed = 5;
        let shapes: [&[usize]; 8] = [&[], &[7], &[1, 9], &[30, 20], &[5, 3, 4], &[40, 20, 30], &[3, 2, 300, 400], &[6, 1, 5, 64]];
        for round in 0..200 {
            let shape = shapes[round % shapes.len()];
            let runs: Vec<Option<Runs>> = shape
                .iter()
                .map(|length| {
                    let mut run = || {
                        let start = random(&mut seed) as usize % length;
                        start..start + 1 + random(&mut seed) as usize % (length - start)
                    };
                    let [a, b] = [run(), run()];
                    match round % 3 {
                        0 => None,
                        1 => Some(vec![a]),
                        _ if a.end <= b.start || b.end <= a.start => Some(vec![a, b]),
                        _ => Some(vec![b]),
                    }
                })
                .collect();
            let count: usize = shape.iter().product();
            let mut tiling = Tiling::of(shape);
            tiling.tile.planes = 1 + tiling.tile.planes / 3;
            tiling.tile.height = 1 + tiling.tile.height / 2;
            tiling.tile.width = 1 + tiling.tile.width / 2;
            let all: Vec<u32> = (0..count as u32).collect();
            let part = Part::of(shape, &runs.iter().map(Option::as_ref).collect::<Vec<_>>()).unwrap();
            let expected = expected(shape, &runs);
            let mut values = Values::U32(vec![u32::MAX; expected.len()]);
            let chunks = part.chunks(&tiling);
            for chunk in 0..tiling.chunks() {
                let place = tiling.place(chunk);
                let tile = tiling.cut(&all, place);
                assert_eq!(chunks.contains(&chunk), tile.iter().any(|v| expected.contains(v)), "{shape:?} {runs:?} {chunk}");
                if chunks.contains(&chunk) {
                    part.paste(&mut values, &tiling, place, &Values::U32(tile)).unwrap();
                }
            }
            assert_eq!(values, Values::U32(expected.clone()), "{shape:?} {runs:?}");
            assert_eq!(part.cut(Values::U32(all)).unwrap(), Values::U32(expected), "{shape:?} {runs:?}");
        }
    }

    #[test]
    fn indices_that_are_not_there_are_refused() {
        let part = |run: Range<usize>| Part::of(&[5], &[Some(&core::iter::once(run).collect())]);
        assert!(part(3..6).is_err());
        assert!(part(5..5).unwrap().shape() == [0]);
    }
}
