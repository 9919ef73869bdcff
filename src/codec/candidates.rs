//! The encoder's choice of what a chunk's planes hold and how they are coded: the ways worth trying, of which the smallest is kept.

use super::chunk::{Header, Method};
use super::fewer::fewer_colours;
use super::lattice::MAX_RANKS;
use super::mapping::{CHANNELS, MAX_COLOURS, Mapping, pixels};
use super::methods::layered::BaseLayer;
use super::methods::repeats::MAX_NUMBERS;
use super::quantiser::Quantiser;
use crate::grid::Grid;
use std::collections::HashSet;

/// A chunk on its lattice.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) header: Header,
    /// Lattice coordinates of each plane.
    pub(crate) planes: Vec<Grid<i32>>,
    /// Missing samples of each plane; empty when nothing is missing.
    pub(crate) holes: Vec<Grid<u8>>,
}

/// One way to code a chunk: what is coded instead of the coordinates, if anything, and how.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) method: Method,
    pub(crate) header: Header,
    /// `None` for the coordinates themselves.
    pub(crate) planes: Option<Vec<Grid<i32>>>,
    /// With the layered method.
    pub(crate) base: Option<BaseLayer>,
}

/// How a palette is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Brightness,
    /// Grays by brightness, then the other colours: lines and labels drawn over a gray picture do not tear its levels apart.
    GraysFirst,
}

/// Numbers from here on are not told by rank.
const DENSE: usize = 1 << 20;
/// Raster order is tried when one in this many samples repeats the one before it.
const REPEATING: usize = 12;
/// A sample that repeats neither neighbour costs the repeating method at least about this much, and the raster method, which takes longer, should
/// promise more.
const REPEATS_BITS: usize = 5;
const RASTER_BITS: usize = 8;

impl Layout {
    /// Coordinates, coarse to fine.
    pub(crate) fn plain(&self) -> Candidate {
        Candidate { method: Method::Pyramid, header: self.header.clone(), planes: None, base: None }
    }

    /// Coordinates, coarse to fine, as fast as can be.
    pub(crate) fn bulk(&self) -> Candidate {
        Candidate { method: Method::Bulk, ..self.plain() }
    }

    /// Coordinates, coarse to fine, predicted by the network.
    pub(crate) fn network(&self) -> Candidate {
        Candidate { method: Method::Network, ..self.plain() }
    }

    /// As that, with a base layer.
    pub(crate) fn layered(&self, base: BaseLayer) -> Candidate {
        Candidate { method: Method::Layered, base: Some(base), ..self.plain() }
    }

    /// Coordinates, coarse to fine, predicted by experts, with the network among them where it is said.
    pub(crate) fn experts(&self, network: bool) -> Candidate {
        Candidate { method: if network { Method::NetworkExperts } else { Method::Experts }, ..self.plain() }
    }

    /// The ways of a picture: in raster order, by colour, difference from green, or value.
    pub(crate) fn picture(&self, order: Order) -> Candidate {
        let numbers = self.numbers();
        if let Some(mapping) = self.palette(&numbers, order) {
            return self.raster(mapping, numbers);
        }
        if self.holes.is_empty() && green_helps(&numbers) {
            return self.raster(Mapping::Green, numbers);
        }
        self.by_rank(numbers)
    }

    /// The ways of a picture that need not come back exactly: with fewer colours, or by difference from green.
    pub(crate) fn near_picture(&self) -> Option<Candidate> {
        if !self.holes.is_empty() {
            return None;
        }
        if let Some(planes) = fewer_colours(&self.planes, self.header.quantum / 2) {
            let header = Header { quantum: 1, top: i32::MAX, ..self.header.clone() };
            return Some(Self { header, planes, holes: Vec::new() }.picture(Order::GraysFirst));
        }
        let numbers = self.numbers();
        green_helps(&numbers).then(|| self.raster(Mapping::Green, numbers))
    }

    /// What else may be smaller than `best` bytes: raster order, where much repeats.
    pub(crate) fn others(&self, best: usize) -> Vec<Candidate> {
        if self.header.lattices.with_low_bits().is_some() {
            return Vec::new();
        }
        let numbers = self.numbers();
        let samples: usize = numbers.iter().map(|g| g.samples.len()).sum();
        let alike: usize = numbers.iter().map(|g| g.samples.windows(2).filter(|w| if let [a, b] = w { a == b } else { false }).count()).sum();
        if alike * REPEATING < samples {
            return Vec::new();
        }
        let change_bits = best * 8 / numbers.iter().map(changes).sum::<usize>().max(1);
        if change_bits < REPEATS_BITS {
            return Vec::new();
        }
        let raster = self.by_rank(numbers);
        let few = self.present(raster.planes.as_ref().unwrap_or(&self.planes)).all(|n| (0..MAX_NUMBERS as i32).contains(&n));
        let repeats = few.then(|| Candidate { method: Method::Repeats, ..raster.clone() });
        repeats.into_iter().chain(Some(raster).filter(|_| change_bits >= RASTER_BITS && alike * 2 >= samples)).collect()
    }

    fn by_rank(&self, numbers: Vec<Grid<i32>>) -> Candidate {
        if self.header.mapping == Mapping::Direct {
            let mapping = self.ranks(&numbers).map_or(Mapping::Direct, Mapping::Ranks);
            return self.raster(mapping, numbers);
        }
        Candidate { method: Method::Raster, header: self.header.clone(), planes: None, base: None }
    }

    fn raster(&self, mapping: Mapping, numbers: Vec<Grid<i32>>) -> Candidate {
        let planes = mapping.apply(numbers);
        Candidate { method: Method::Raster, header: Header { mapping, ..self.header.clone() }, planes: Some(planes), base: None }
    }

    /// Coordinates in quanta.
    fn numbers(&self) -> Vec<Grid<i32>> {
        let quantiser = Quantiser::new(self.header.quantum);
        let mut planes = self.planes.clone();
        if self.header.quantum != 1 {
            planes.iter_mut().flat_map(|p| &mut p.samples).for_each(|s| *s = quantiser.nearest(*s));
        }
        planes
    }

    /// Samples that are not missing.
    fn present<'s>(&'s self, planes: &'s [Grid<i32>]) -> impl Iterator<Item = i32> + 's {
        let holes = self.holes.iter().flat_map(|h| &h.samples).chain(core::iter::repeat(&0));
        planes.iter().flat_map(|p| &p.samples).zip(holes).filter(|(_, hole)| **hole == 0).map(|(sample, _)| *sample)
    }

    /// The distinct numbers, when there are few and not all in a row.
    fn ranks(&self, numbers: &[Grid<i32>]) -> Option<Vec<i64>> {
        let largest = usize::try_from(self.present(numbers).max()?).ok().filter(|l| *l < DENSE)?;
        let mut used = vec![false; largest + 1];
        for number in self.present(numbers) {
            *used.get_mut(usize::try_from(number).ok()?)? = true;
        }
        let codes: Vec<i64> = used.iter().zip(0..).filter(|(used, _)| **used).map(|(_, n)| n).collect();
        (codes.len() <= MAX_RANKS && codes.len() < used.len()).then_some(codes)
    }

    /// The colours, when there are few.
    fn palette(&self, numbers: &[Grid<i32>], order: Order) -> Option<Mapping> {
        if !CHANNELS.contains(&numbers.len()) || !self.holes.is_empty() {
            return None;
        }
        let mut seen = HashSet::new();
        for pixel in pixels(numbers) {
            seen.insert(pixel);
            if seen.len() > MAX_COLOURS {
                return None;
            }
        }
        let mut colours: Vec<Vec<i32>> = seen.into_iter().collect();
        let key = |c: &Vec<i32>| (order == Order::GraysFirst && c.iter().max() != c.iter().min(), c.iter().sum::<i32>());
        colours.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
        Some(Mapping::Palette(colours))
    }
}

/// Whether red and blue change less along a row once green is taken away.
fn green_helps(numbers: &[Grid<i32>]) -> bool {
    let ([red, green, blue] | [red, green, blue, _]) = numbers else { return false };
    let roughness = |channel: &Grid<i32>, less: i32| {
        let difference = channel.samples.iter().zip(&green.samples).map(|(c, g)| c.wrapping_sub(g.wrapping_mul(less)));
        difference.clone().zip(difference.skip(1)).map(|(a, b)| u64::from(a.abs_diff(b))).sum::<u64>()
    };
    roughness(red, 1) + roughness(blue, 1) < roughness(red, 0) + roughness(blue, 0)
}

/// Samples that differ from the one to the left and from the one above.
fn changes(grid: &Grid<i32>) -> usize {
    let pairs = grid.rows().zip(grid.rows().skip(1));
    let row =
        |(above, here): (&[i32], &[i32])| here.iter().skip(1).zip(here).zip(above.iter().skip(1)).filter(|((h, left), above)| h != left && h != above).count();
    pairs.map(row).sum()
}
