//! The planes of a chunk in order, by whichever method the chunk names. Written once for both directions.

use super::chunk::{ChunkShape, Header, Method};
use super::entropy::Coder;
use super::pyramid::Grid;
use super::raster::{self, Levels, Repeats};
use super::reference::best_reference;
use super::walk::{self, Learned};

/// Codes plane after plane and keeps what later ones refer to.
#[derive(Debug)]
pub(crate) struct Planes<'a> {
    shape: ChunkShape,
    header: &'a Header,
    /// Reconstructed coordinates (pyramid) or level numbers (raster) of the planes so far.
    done: Vec<Grid<i32>>,
    state: State,
}

#[derive(Debug)]
enum State {
    Pyramid(Box<Learned>),
    Raster(Box<Repeats>, Levels),
}

impl<'a> Planes<'a> {
    /// Starts a chunk; `levels` are those the encoder found.
    pub(crate) fn start<C: Coder>(coder: &mut C, method: Method, shape: ChunkShape, header: &'a Header, levels: &Levels) -> Self {
        let state = match method {
            Method::Pyramid => State::Pyramid(Box::default()),
            Method::Raster => State::Raster(Box::default(), levels.code(coder)),
        };
        Self { shape, header, done: Vec::new(), state }
    }

    /// Codes the next plane and returns its reconstructed coordinates. `source` is there when encoding; `stop` is asked now and then.
    pub(crate) fn next<C: Coder>(&mut self, coder: &mut C, source: Option<&Grid<i32>>, holes: Option<&Grid<u8>>, stop: impl Fn(&C) -> bool) -> Grid<i32> {
        let (shape, header) = (self.shape, self.header);
        let (height, width) = (shape.height, shape.width);
        match &mut self.state {
            State::Pyramid(learned) => {
                let choice = source.map_or(0, |s| best_reference(s, holes, &self.done, &header.references));
                let reference = learned.reference(coder, &self.done, &header.references, choice);
                let grid = walk::code_plane(coder, learned, walk::Plane { height, width, source, holes, reference, quantum: header.quantum }, stop);
                if !header.references.is_empty() {
                    self.done.push(grid.clone());
                }
                grid
            }
            State::Raster(repeats, levels) => {
                let source = source.map(|s| levels.numbers(s, header.quantum));
                let grid = raster::code_plane(
                    coder,
                    repeats,
                    raster::Plane { height, width, common: levels.common, source: source.as_ref(), holes, before: self.done.last() },
                );
                let coordinates = levels.coordinates(&grid, header.quantum);
                self.done.clear();
                self.done.push(grid);
                coordinates
            }
        }
    }
}
