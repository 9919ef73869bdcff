//! The planes of a chunk that are coded, as those after them see them.

use super::reference::detail;
use crate::codec::chunk::Header;
use crate::grid::{Grid, Plane};
use std::borrow::Cow;

/// A coded plane and how far each sample was from its prediction, in quanta; without these where nothing looks at them.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    pub(crate) samples: Grid<i32>,
    pub(super) errors: Grid<i32>,
}

impl Coded {
    /// A plane of which nothing but the samples is looked at, or that was drawn, not coded.
    pub(super) const fn bare(samples: Grid<i32>) -> Self {
        Self { samples, errors: Grid { height: 0, width: 0, samples: Vec::new() } }
    }
}

/// Those planes, in order.
#[derive(Debug)]
pub(super) struct Done<'a> {
    header: &'a Header,
    planes: Vec<Coded>,
}

impl<'a> Done<'a> {
    pub(super) const fn new(header: &'a Header) -> Self {
        Self { header, planes: Vec::new() }
    }

    pub(super) const fn len(&self) -> usize {
        self.planes.len()
    }

    /// A plane as the next one sees it: in coordinates of that one, where the two have different steps (docs/format.md, "References on other steps").
    #[inline(never)]
    pub(super) fn seen(&self, index: usize) -> Option<Cow<'_, Coded>> {
        let coded = self.planes.get(index)?;
        let converted = self.header.converted(&coded.samples, index, self.len());
        Some(converted.map_or(Cow::Borrowed(coded), |samples| Cow::Owned(Coded { samples, errors: coded.errors.clone() })))
    }

    /// Which plane before leaves the least detail of the next one when taken away: a number into the header's references from 1, or 0 when there is none, or no
    /// source. A reference enters each pass with a weight of its own, possibly none, so that taking one is never a loss.
    #[inline(never)]
    pub(super) fn best_reference(&self, plane: Plane) -> usize {
        let Plane { source: Some(source), holes, .. } = plane else { return 0 };
        let details =
            self.header.references.iter().zip(1..).filter_map(|(d, i)| Some((i, detail(source, holes, &self.seen(self.len().checked_sub(*d)?)?.samples))));
        details.min_by_key(|(_, d)| *d).map_or(0, |(i, _)| i)
    }

    /// What the next plane refers to: what was drawn of it, the plane that it names, if any, and the nearest other one.
    #[inline(never)]
    pub(super) fn references(&self, drawn: Option<Grid<i32>>, named: Option<usize>) -> Vec<Cow<'_, Coded>> {
        let other = self.header.references.iter().chain(&[1, 2]).filter_map(|d| self.len().checked_sub(*d)).find(|i| Some(*i) != named);
        let drawn = drawn.map(|drawn| Cow::Owned(Coded::bare(drawn)));
        drawn.into_iter().chain(named.into_iter().chain(other).filter_map(|i| self.seen(i))).collect()
    }

    pub(super) fn push(&mut self, coded: Coded) {
        self.planes.push(coded);
    }

    /// Nothing is asked about the residuals of planes that no later one refers to.
    pub(super) fn forget_errors(&mut self) {
        let farthest = self.header.references.iter().copied().max().unwrap_or(0).max(2);
        if let Some(old) = self.len().checked_sub(farthest + 1).and_then(|i| self.planes.get_mut(i)) {
            old.errors = Grid::new(0, 0);
        }
    }

    /// The samples of all planes.
    pub(super) fn finish(self) -> Vec<Grid<i32>> {
        self.planes.into_iter().map(|p| p.samples).collect()
    }
}
