//! How an array is cut into chunks: its view as planes, and the grid of tiles over them.

use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{Element, Values, with_values};
use std::borrow::Cow;

/// Most samples of a chunk the encoder makes, as long as one row fits.
const CHUNK_SAMPLES: usize = 1 << 21;
/// Planes that a chunk holds before its rows are all there: they foresee each other.
const CHUNK_PLANES: usize = 8;
/// Most columns of a chunk the encoder makes.
const CHUNK_WIDTH: usize = 4096;
/// Planes smaller than this are stacked into one.
const SMALL_PLANE: usize = 256;
/// Most samples of a chunk a decoder accepts.
const MAX_CHUNK_SAMPLES: usize = 1 << 24;

/// An array seen as planes × height × width, and the tile that is repeated over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    pub(crate) view: ChunkShape,
    pub(crate) tile: ChunkShape,
}

/// A tile's place in the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) plane: usize,
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) shape: ChunkShape,
}

impl Tiling {
    /// The encoder's tiling of an array: the last two dimensions longer than one are rows and columns.
    pub(crate) fn of(shape: &[usize]) -> Self {
        // An index from outside may name a shape that has no values in spite of its lengths.
        let product = |lengths: &[usize]| lengths.iter().fold(1usize, |product, length| product.saturating_mul(*length));
        let long: Vec<usize> = shape.iter().copied().filter(|d| *d != 1).collect();
        let view = match long.as_slice() {
            [] => ChunkShape { planes: 1, height: 1, width: 1 },
            [width] => ChunkShape { planes: 1, height: 1, width: *width },
            [slow @ .., height, width] if height.saturating_mul(*width) >= SMALL_PLANE || slow.is_empty() => {
                ChunkShape { planes: product(slow), height: *height, width: *width }
            }
            [slow @ .., width] => ChunkShape { planes: 1, height: product(slow), width: *width },
        };
        let width = even_share(view.width, CHUNK_WIDTH.max(if view.height == 1 { CHUNK_SAMPLES } else { 0 }));
        let together = view.planes.clamp(1, CHUNK_PLANES);
        let height = even_share(view.height, (CHUNK_SAMPLES / together / width.max(1)).max(1));
        let planes = even_share(view.planes, (CHUNK_SAMPLES / width.saturating_mul(height).max(1)).max(1));
        Self { view, tile: ChunkShape { planes, height, width } }
    }

    /// Checks a tiling from an archive against the number of values it must cover.
    pub(crate) fn checked(self, values: usize) -> Result<Self> {
        let product = |s: ChunkShape| s.planes.checked_mul(s.height).and_then(|n| n.checked_mul(s.width));
        let (view, tile) = (product(self.view), product(self.tile));
        let inside = self.tile.planes <= self.view.planes.max(1) && self.tile.height <= self.view.height.max(1) && self.tile.width <= self.view.width.max(1);
        if view != Some(values) || !tile.is_some_and(|t| t > 0 && t <= MAX_CHUNK_SAMPLES) || !inside {
            return Err(Error::corrupt("a variable's tiles do not cover its array"));
        }
        Ok(self)
    }

    fn counts(&self) -> [usize; 3] {
        let count = |whole: usize, part: usize| whole.div_ceil(part.max(1));
        [count(self.view.planes, self.tile.planes), count(self.view.height, self.tile.height), count(self.view.width, self.tile.width)]
    }

    /// Whether one tile is all of the array.
    pub(crate) fn is_whole(&self) -> bool {
        self.tile == self.view
    }

    /// Number of chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.counts().iter().product()
    }

    /// The place of a chunk: planes slowest, columns fastest.
    pub(crate) fn place(&self, chunk: usize) -> Place {
        let [_, rows, columns] = self.counts().map(|c| c.max(1));
        let (p, y, x) = (chunk / columns / rows, chunk / columns % rows, chunk % columns);
        let (plane, row, column) = (p * self.tile.planes, y * self.tile.height, x * self.tile.width);
        let rest = |whole: usize, start: usize, part: usize| part.min(whole.saturating_sub(start));
        let shape = ChunkShape {
            planes: rest(self.view.planes, plane, self.tile.planes),
            height: rest(self.view.height, row, self.tile.height),
            width: rest(self.view.width, column, self.tile.width),
        };
        Place { plane, row, column, shape }
    }

    /// Where each row of a place lies in the array. Boxed, so that it is not compiled once more for every type of values.
    fn rows(&self, place: Place) -> Box<dyn Iterator<Item = core::ops::Range<usize>>> {
        let view = self.view;
        Box::new((place.plane..place.plane + place.shape.planes).flat_map(move |p| {
            (place.row..place.row + place.shape.height).map(move |y| {
                let start = (p * view.height + y) * view.width + place.column;
                start..start + place.shape.width
            })
        }))
    }

    /// Copies a tile out of the array.
    pub(crate) fn cut<T: Copy>(&self, values: &[T], place: Place) -> Vec<T> {
        let mut tile = Vec::with_capacity(place.shape.samples());
        self.rows(place).for_each(|row| tile.extend(values.get(row).unwrap_or_default()));
        tile
    }

    /// Copies a tile out of an array of any type.
    pub(crate) fn cut_values(&self, values: &Values, place: Place) -> Values {
        match values {
            Values::Char(text) => Values::Char(self.cut(text, place)),
            values => with_values!(values, values => Element::wrap(self.cut(values, place))),
        }
    }

    /// Copies a tile into an array of the same type; one that is all of the array takes its place, whatever was there.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is of another type or size.
    pub(crate) fn paste_values(&self, values: &mut Values, place: Place, tile: Cow<'_, Values>) -> Result<()> {
        let foreign = || Error::InvalidArgument { what: "a chunk came back as another than it was given out".to_owned() };
        if tile.len() != place.shape.samples() || tile.data_type() != values.data_type() {
            return Err(foreign());
        }
        if self.is_whole() {
            *values = tile.into_owned();
            return Ok(());
        }
        with_values!(values, values => self.paste(values, place, Element::unwrap(&tile).ok_or_else(foreign)?));
        Ok(())
    }

    /// Copies a tile into the array.
    pub(crate) fn paste<T: Copy>(&self, values: &mut [T], place: Place, tile: &[T]) {
        for (row, from) in self.rows(place).zip(tile.chunks(place.shape.width.max(1))) {
            if let Some(to) = values.get_mut(row).filter(|to| to.len() == from.len()) {
                to.copy_from_slice(from);
            }
        }
    }
}

/// The smallest part that cuts `whole` into as few parts as `most` allows.
fn even_share(whole: usize, most: usize) -> usize {
    whole.div_ceil(whole.div_ceil(most.max(1)).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_partition_every_array() {
        for shape in [
            vec![],
            vec![0],
            vec![5],
            vec![3, 0, 4],
            vec![1, 7, 1, 9],
            vec![744, 33, 49],
            vec![100, 2, 3],
            vec![3_000_000],
            vec![2, 5000, 300],
            vec![3, 2100, 2200],
        ] {
            let values: usize = shape.iter().product();
            let tiling = Tiling::of(&shape).checked(values).unwrap();
            let source: Vec<u32> = (0..values as u32).collect();
            let mut back = vec![u32::MAX; values];
            for chunk in 0..tiling.chunks() {
                let place = tiling.place(chunk);
                assert!(place.shape.samples() <= CHUNK_SAMPLES.max(CHUNK_WIDTH), "{shape:?}");
                tiling.paste(&mut back, place, &tiling.cut(&source, place));
            }
            assert_eq!(back, source, "{shape:?}");
        }
    }
}
