//! How an array is cut into chunks: its view as planes, and the grid of tiles over them.

use crate::codec::chunk::ChunkShape;
use crate::error::{Error, Result};
use crate::field::{Element, Values, with_values};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Most samples of a chunk the encoder makes, as long as one row fits.
const CHUNK_SAMPLES: usize = 1 << 21;
/// Planes that a chunk holds before its rows are all there: they foresee each other.
const CHUNK_PLANES: usize = 8;
/// Most columns of a chunk the encoder makes.
const CHUNK_WIDTH: usize = 4096;
/// Planes smaller than this are stacked into one.
const SMALL_PLANE: usize = 256;
/// Most samples of a chunk a decoder accepts.
pub(super) const MAX_CHUNK_SAMPLES: usize = 1 << 24;

/// An array, or a section of one, seen as so many blocks of planes × height × width, and the tile that is repeated over each of them: no tile lies in two blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tiling {
    /// Values of the array before those that are seen so.
    pub(crate) start: usize,
    pub(crate) blocks: usize,
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

impl Place {
    /// Of no values.
    pub(crate) const NOWHERE: Self = Self { plane: 0, row: 0, column: 0, shape: ChunkShape { planes: 0, height: 0, width: 0 } };
}

impl Tiling {
    /// The encoder's tiling of an array: the last two dimensions longer than one are rows and columns, and a tile is whole numbers of what lies within the dimension that it cuts.
    pub(crate) fn of(shape: &[usize]) -> Self {
        let long: Vec<usize> = shape.iter().copied().filter(|d| *d != 1).collect();
        let (slow, height, width) = match long.as_slice() {
            [] => ([].as_slice(), 1, 1),
            [width] => ([].as_slice(), 1, *width),
            [slow @ .., height, width] if height.saturating_mul(*width) >= SMALL_PLANE || slow.is_empty() => (slow, *height, *width),
            [slow @ .., width] => ([].as_slice(), product(slow), *width),
        };
        let tile_width = even_share(width, CHUNK_WIDTH.max(if height == 1 { CHUNK_SAMPLES } else { 0 }));
        let together = product(slow).clamp(1, CHUNK_PLANES);
        let tile_height = even_share(height, (CHUNK_SAMPLES / together / tile_width.max(1)).max(1));
        let most = (CHUNK_SAMPLES / tile_width.saturating_mul(tile_height).max(1)).max(1);
        let (mut planes, mut tile_planes, mut outer) = (1usize, 1, slow);
        while let [rest @ .., length] = outer
            && tile_planes == planes
        {
            (tile_planes, outer) = (planes.saturating_mul(even_share(*length, most / planes)), rest);
            planes = planes.saturating_mul(*length);
        }
        Self {
            start: 0,
            blocks: product(outer),
            view: ChunkShape { planes, height, width },
            tile: ChunkShape { planes: tile_planes.min(planes.max(1)), height: tile_height, width: tile_width },
        }
    }

    /// As the index has it.
    pub(crate) fn numbers(&self) -> [u64; 7] {
        let Self { blocks, view, tile, .. } = *self;
        [blocks, view.planes, view.height, view.width, tile.planes, tile.height, tile.width].map(|n| n as u64)
    }

    /// Checks a tiling from an archive against the number of values it must cover.
    pub(crate) fn checked(self, values: usize) -> Result<Self> {
        let product = |s: ChunkShape| s.planes.checked_mul(s.height).and_then(|n| n.checked_mul(s.width));
        let (view, tile) = (product(self.view).and_then(|n| n.checked_mul(self.blocks)), product(self.tile));
        let inside = self.tile.planes <= self.view.planes.max(1) && self.tile.height <= self.view.height.max(1) && self.tile.width <= self.view.width.max(1);
        if view != Some(values) || !tile.is_some_and(|t| t > 0 && t <= MAX_CHUNK_SAMPLES) || !inside {
            return Err(Error::corrupt("a variable's tiles do not cover its array"));
        }
        Ok(self)
    }

    /// How many tiles there are of all planes of a block, of its rows and of its columns.
    fn counts(&self) -> [usize; 3] {
        let count = |whole: usize, part: usize| whole.div_ceil(part.max(1));
        [count(self.view.planes, self.tile.planes), count(self.view.height, self.tile.height), count(self.view.width, self.tile.width)]
    }

    /// Planes in all.
    pub(crate) const fn planes(&self) -> usize {
        self.blocks.saturating_mul(self.view.planes)
    }

    /// Whether one tile is all of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.blocks == 1 && self.tile == self.view
    }

    /// Number of chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.counts().iter().product::<usize>() * self.blocks
    }

    /// Values that it covers.
    pub(crate) const fn values(&self) -> usize {
        self.blocks * self.view.samples()
    }

    /// Where these lie in the array.
    pub(crate) const fn range(&self) -> core::ops::Range<usize> {
        self.start..self.start + self.values()
    }

    /// Adds the numbers of the chunks that have any of a stretch of the array.
    pub(super) fn chunks_of(&self, stretch: &core::ops::Range<usize>, chunks: &mut BTreeSet<usize>) {
        let within = |at: usize| at.saturating_sub(self.start).min(self.values());
        let (mut at, end) = (within(stretch.start), within(stretch.end));
        let ([slabs, rows, columns], Self { view, tile, .. }) = (self.counts(), self);
        let mut seen = None;
        while at < end {
            let (line, column) = (at / view.width, at % view.width);
            let stop = view.width.min(column.saturating_add(end - at));
            let (plane, row) = (line / view.height, line % view.height);
            let slab = plane / view.planes * slabs + plane % view.planes / tile.planes;
            let before = (slab * rows + row / tile.height) * columns;
            let touched = before + column / tile.width..=before + (stop - 1) / tile.width;
            if seen.as_ref() != Some(&touched) {
                chunks.extend(touched.clone());
            }
            seen = Some(touched);
            at += stop - column;
        }
    }

    /// The place of a chunk: planes slowest, columns fastest.
    pub(crate) fn place(&self, chunk: usize) -> Place {
        let [slabs, rows, columns] = self.counts().map(|c| c.max(1));
        let (slab, y, x) = (chunk / columns / rows, chunk / columns % rows, chunk % columns);
        let (within, row, column) = (slab % slabs * self.tile.planes, y * self.tile.height, x * self.tile.width);
        let rest = |whole: usize, start: usize, part: usize| part.min(whole.saturating_sub(start));
        let shape = ChunkShape {
            planes: rest(self.view.planes, within, self.tile.planes),
            height: rest(self.view.height, row, self.tile.height),
            width: rest(self.view.width, column, self.tile.width),
        };
        Place { plane: slab / slabs * self.view.planes + within, row, column, shape }
    }

    /// Of an array that is one row in one tile.
    pub(super) const fn row(values: usize) -> Self {
        let view = ChunkShape { planes: 1, height: 1, width: values };
        Self { start: 0, blocks: 1, view, tile: view }
    }

    /// Where each row of a place lies in the array. Boxed, so that it is not compiled once more for every type of values.
    pub(super) fn rows(&self, place: Place) -> Box<dyn Iterator<Item = core::ops::Range<usize>>> {
        let (before, view) = (self.start, self.view);
        Box::new((place.plane..place.plane + place.shape.planes).flat_map(move |p| {
            (place.row..place.row + place.shape.height).map(move |y| {
                let start = before + (p * view.height + y) * view.width + place.column;
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

    /// Copies values that lie side by side.
    pub(super) fn cut_range(&self, values: &Values, range: core::ops::Range<usize>) -> Values {
        let shape = ChunkShape { planes: 1, height: 1, width: range.len() };
        self.cut_values(values, Place { plane: 0, row: 0, column: range.start, shape })
    }

    /// Copies a tile out of an array of any type.
    pub(crate) fn cut_values(&self, values: &Values, place: Place) -> Values {
        match values {
            Values::Char(text) => Values::Char(self.cut(text, place)),
            values => with_values!(values, values => Element::wrap(self.cut(values, place))),
        }
    }

    /// Copies a tile into an array of the same type; one that is all of the array takes its place, whatever was there. The array may have no values yet where that is so.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when it is of another type or size.
    pub(crate) fn paste_values(&self, values: &mut Values, place: Place, tile: Cow<'_, Values>) -> Result<()> {
        if tile.len() != place.shape.samples() || tile.data_type() != values.data_type() {
            return Err(foreign());
        }
        if self.is_whole() && (values.is_empty() || values.len() == tile.len()) {
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

/// What comes of a tile of another type or size.
pub(super) fn foreign() -> Error {
    Error::InvalidArgument { what: "a chunk came back as another than it was given out".to_owned() }
}

/// Values of an array of these lengths, as far as it goes: an index from outside may name any.
pub(crate) fn product(lengths: &[usize]) -> usize {
    if lengths.contains(&0) { 0 } else { lengths.iter().fold(1usize, |product, length| product.saturating_mul(*length)) }
}

/// The smallest part that cuts `whole` into as few parts as `most` allows.
pub(super) fn even_share(whole: usize, most: usize) -> usize {
    whole.div_ceil(whole.div_ceil(most.max(1)).max(1)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_whole_numbers_of_inner_dimensions() {
        let tile = |shape: &[usize]| {
            let tiling = Tiling::of(shape);
            (tiling.blocks, tiling.view.planes, tiling.tile.planes)
        };
        assert_eq!(tile(&[744, 33, 49]), (1, 744, 744));
        assert_eq!(tile(&[1000, 2, 400, 400]), (1, 2000, 12));
        assert_eq!(tile(&[1000, 37, 721, 1440]), (1000, 37, 8));
        assert_eq!(tile(&[4, 6, 7, 500, 500]), (4, 42, 7));
        assert_eq!(tile(&[300, 300]), (1, 1, 1));
    }

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
            vec![3, 5, 7, 300, 400],
            vec![5, 37, 700, 700],
            vec![2, 0, 3, 400, 400],
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
