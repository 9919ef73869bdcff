//! The planes of a chunk in order, by whichever method the chunk names: the only place that knows all methods.

use super::accelerator::Processor;
use super::chunk::{ChunkShape, Header, Method};
use super::entropy::Coder;
use super::mapping::Mapping;
use super::methods::PlaneCoder;
use super::methods::bulk::Bulk;
use super::methods::experts::Experts;
use super::methods::layered::Layered;
use super::methods::network::Network;
use super::methods::pyramid::Pyramid;
use super::methods::raster::Raster;
use super::methods::repeats::Repeats;
use crate::error::{Error, Result};
use crate::grid::{Grid, Plane};
use crate::network::model::Model;

/// Codes plane after plane and keeps them, since later ones refer to them.
#[derive(Debug)]
pub(crate) struct Planes<'a> {
    height: usize,
    width: usize,
    header: &'a Header,
    way: Way<'a>,
}

#[derive(Debug)]
enum Way<'a> {
    Pyramid(Box<Pyramid<'a>>),
    Network(Box<Network<'a>>),
    Layered(Box<Layered<'a>>),
    Raster(Box<Raster>),
    Repeats(Box<Repeats>),
    Bulk(Box<Bulk<'a>>),
    Experts(Box<Experts<'a>>),
}

/// What a chunk starts with besides its header.
pub(crate) struct Start<'a, 's> {
    pub(crate) method: Method,
    pub(crate) shape: ChunkShape,
    /// The planes to code; only the encoder has them.
    pub(crate) source: Option<&'s [Grid<i32>]>,
    /// The model, where there is one, and where it runs.
    pub(crate) network: Option<(&'a Model, Processor<'a>)>,
    /// What is drawn of the first plane with the layered method.
    pub(crate) base: Option<Grid<i32>>,
    /// The residuals of the bulk method; only the decoder has them.
    pub(crate) residuals: Option<&'a [u8]>,
}

impl<'a> Planes<'a> {
    /// Starts a chunk.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the method needs a network and there is none.
    pub(crate) fn start<C: Coder>(coder: &mut C, header: &'a Header, start: Start<'a, '_>) -> Result<Self> {
        let Start { method, shape, source, network, base, residuals } = start;
        let model = || network.ok_or_else(|| Error::corrupt("a chunk needs a network and its variable names none"));
        let network = || model().map(|(model, processor)| Network::start(header, model, processor));
        let way = match method {
            Method::Pyramid => Way::Pyramid(Box::new(Pyramid::start(header))),
            Method::Network => Way::Network(Box::new(network()?)),
            Method::Layered => Way::Layered(Box::new(Layered::start(network()?, base))),
            Method::Raster => Way::Raster(Box::new(Raster::start(shape.samples()))),
            Method::Repeats => Way::Repeats(Box::new(Repeats::start(coder, source))),
            Method::Bulk => Way::Bulk(Box::new(Bulk::start(header, shape.samples(), residuals)?)),
            Method::Experts => Way::Experts(Box::new(Experts::start(header, None))),
            Method::NetworkExperts => Way::Experts(Box::new(Experts::start(header, Some(model()?)))),
        };
        Ok(Self { height: shape.height, width: shape.width, header, way })
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
        let plane = Plane { height: self.height, width: self.width, source, holes };
        match &mut self.way {
            Way::Pyramid(way) => way.next(coder, plane, stop).await,
            Way::Network(way) => way.next(coder, plane, stop).await,
            Way::Layered(way) => way.next(coder, plane, stop).await,
            Way::Raster(way) => way.next(coder, plane, stop).await,
            Way::Repeats(way) => way.next(coder, plane, stop).await,
            Way::Bulk(way) => way.next(coder, plane, stop).await,
            Way::Experts(way) => way.next(coder, plane, stop).await,
        }
    }

    /// A checksum of all that the network said.
    pub(crate) const fn said(&self) -> u64 {
        match &self.way {
            Way::Network(way) => way.said(),
            Way::Layered(way) => way.said(),
            Way::Experts(way) => way.said(),
            _ => 0,
        }
    }

    /// The residuals that the bulk method keeps beside the stream, of an encoder.
    pub(crate) fn residuals(self) -> Option<Vec<u8>> {
        if let Way::Bulk(way) = self.way { Some(way.written()) } else { None }
    }

    /// The samples of the chunk, all planes: coordinates, or ranks where those are mapped.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when what lies beside the stream does not end where the samples do.
    pub(crate) fn finish(self) -> Result<Vec<Grid<i32>>> {
        let (method, planes) = match self.way {
            Way::Pyramid(way) => (Method::Pyramid, way.finish()),
            Way::Network(way) => (Method::Network, way.finish()),
            Way::Layered(way) => (Method::Layered, way.finish()),
            Way::Raster(way) => (Method::Raster, way.finish()),
            Way::Repeats(way) => (Method::Repeats, way.finish()),
            Way::Experts(way) => (Method::Experts, way.finish()),
            Way::Bulk(way) => {
                way.check()?;
                (Method::Bulk, way.finish())
            }
        };
        let mut planes = self.header.mapping.invert(planes);
        // What was coded exactly is in quanta.
        let quantum = if self.header.coded_quantum(method) == 1 && !matches!(self.header.mapping, Mapping::Ranks(_)) { self.header.quantum } else { 1 };
        if quantum != 1 {
            planes.iter_mut().flat_map(|p| &mut p.samples).for_each(|s| *s = s.wrapping_mul(quantum));
        }
        Ok(planes)
    }
}
