//! The planes of a chunk in order, by whichever method the chunk names. Written once for both directions.

use super::accelerator::Processor;
use super::chunk::{ChunkShape, Header, Method};
use super::entropy::Coder;
use super::mapping::Mapping;
use super::neural;
use super::pyramid::Grid;
use super::raster;
use super::reference::best_reference;
use super::repeats;
use super::walk::{self, Learned};
use crate::error::{Error, Result};
use crate::weights::Model;

/// A plane to code, by any method.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane<'a> {
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// The samples; only the encoder has them.
    pub(crate) source: Option<&'a Grid<i32>>,
    /// Where samples are missing; `None` when none are.
    pub(crate) holes: Option<&'a Grid<u8>>,
}

/// Codes plane after plane and keeps them, since later ones refer to them.
#[derive(Debug)]
pub(crate) struct Planes<'a> {
    height: usize,
    width: usize,
    header: &'a Header,
    state: State<'a>,
}

#[derive(Debug)]
enum State<'a> {
    Pyramid(Box<Learned>, Vec<Grid<i32>>),
    /// With what the autoencoder drew of the first plane, if it did.
    Network(Box<neural::Learned<'a>>, Vec<neural::Coded>, Option<neural::Coded>),
    Raster(Box<raster::Learned>, Vec<raster::Coded>),
    Repeats(Box<repeats::Learned>, Vec<Grid<i32>>),
}

impl<'a> Planes<'a> {
    /// Starts a chunk; `source` is there when encoding, `network` wherever there is a model, with where it runs, `base` is the base plane of the layered
    /// method.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the method needs a network and there is none.
    pub(crate) fn start<C: Coder>(
        coder: &mut C,
        method: Method,
        shape: ChunkShape,
        header: &'a Header,
        source: Option<&[Grid<i32>]>,
        network: Option<(&'a Model, Processor<'a>)>,
        base: Option<Grid<i32>>,
    ) -> Result<Self> {
        let state = match method {
            Method::Network | Method::Layered => {
                let (model, processor) = network.ok_or_else(|| Error::corrupt("a chunk needs a network and its variable names none"))?;
                State::Network(Box::new(neural::Learned::new(model, processor)), Vec::new(), base.map(neural::Coded::drawn))
            }
            Method::Pyramid => State::Pyramid(Box::default(), Vec::new()),
            Method::Raster => State::Raster(Box::new(raster::Learned::new(shape.samples())), Vec::new()),
            Method::Repeats => State::Repeats(Box::new(repeats::Learned::start(coder, source)), Vec::new()),
        };
        Ok(Self { height: shape.height, width: shape.width, header, state })
    }

    /// Codes the next plane. `source` is there when encoding; `stop` is asked now and then, and true ends the plane early.
    ///
    /// # Errors
    /// [`Error::Accelerator`] when the network runs elsewhere and that fails.
    pub(crate) async fn next<C: Coder>(
        &mut self,
        coder: &mut C,
        source: Option<&Grid<i32>>,
        holes: Option<&Grid<u8>>,
        stop: impl Fn(&C) -> bool,
    ) -> Result<()> {
        let Self { height, width, header, .. } = *self;
        let plane = Plane { height, width, source, holes };
        match &mut self.state {
            State::Pyramid(learned, done) => {
                let choice = source.map_or(0, |s| best_reference(s, holes, &done.iter().collect::<Vec<_>>(), &header.references));
                let reference = learned.reference(coder, done.len(), &header.references, choice).and_then(|i| done.get(i));
                let quantum = header.coded_quantum(Method::Pyramid);
                done.push(walk::code_plane(coder, &mut walk::Tables, learned, walk::Job { plane, reference, quantum }, stop).await?);
            }
            State::Network(learned, done, drawn) => {
                let known = || done.iter().map(|d| &d.samples).collect::<Vec<_>>();
                let choice = source.map_or(0, |s| best_reference(s, holes, &known(), &header.references));
                let first = learned.walk().reference(coder, done.len(), &header.references, choice);
                let second = header.references.iter().chain(&[1, 2]).filter_map(|d| done.len().checked_sub(*d)).find(|i| Some(*i) != first);
                let base = drawn.take();
                let references: Vec<&neural::Coded> = base.iter().chain(first.into_iter().chain(second).filter_map(|i| done.get(i))).collect();
                let how = (header.coded_quantum(Method::Network), header.wrap);
                let coded = neural::code_plane(coder, learned, plane, &references, how, stop).await?;
                done.push(coded);
                // Nothing is asked about the residuals of planes that no later one refers to.
                let farthest = header.references.iter().copied().max().unwrap_or(0).max(2);
                if let Some(old) = done.len().checked_sub(farthest).and_then(|i| i.checked_sub(1)).and_then(|i| done.get_mut(i)) {
                    old.forget_errors();
                }
            }
            State::Raster(learned, done) => {
                let before = [1, 2].map(|d| done.len().checked_sub(d).and_then(|i| done.get(i)));
                done.push(raster::code_plane(coder, learned, plane, before, stop));
            }
            State::Repeats(learned, done) => {
                done.push(repeats::code_plane(coder, learned, plane, done.last(), stop));
            }
        }
        Ok(())
    }

    /// A checksum of all that the network said.
    pub(crate) fn said(&self) -> u64 {
        if let State::Network(learned, ..) = &self.state { learned.said() } else { 0 }
    }

    /// The samples of the chunk, all planes: coordinates, or ranks where those are mapped.
    pub(crate) fn finish(self) -> Vec<Grid<i32>> {
        let (method, planes) = match self.state {
            State::Pyramid(_, planes) => (Method::Pyramid, planes),
            State::Network(_, planes, _) => (Method::Network, planes.into_iter().map(|p| p.samples).collect()),
            State::Repeats(_, planes) => (Method::Repeats, planes),
            State::Raster(_, planes) => (Method::Raster, planes.into_iter().map(|p| p.samples).collect()),
        };
        let mut planes = self.header.mapping.invert(planes);
        // What was coded exactly is in quanta.
        let quantum = if self.header.coded_quantum(method) == 1 && !matches!(self.header.mapping, Mapping::Ranks(_)) { self.header.quantum } else { 1 };
        if quantum != 1 {
            planes.iter_mut().flat_map(|p| &mut p.samples).for_each(|s| *s = s.wrapping_mul(quantum));
        }
        planes
    }
}
