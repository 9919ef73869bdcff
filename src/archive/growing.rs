//! A file that grows while it is written: what came of each variable, and what of that was coded.

use super::checksum::RunningSum;
use super::index::{Certificate, SectionEntry, VariableEntry};
use super::tiles::{Tiling, product};
use crate::codec::sums::Sums;
use crate::error::Result;
use crate::field::{Dataset, Field, Tiles, Values};

/// Values of a section of a variable that has no planes.
const ROW: usize = 1 << 16;

/// What is known of a file that is streamed.
#[derive(Debug)]
pub(super) struct Stream {
    /// The dimension that grows.
    pub(super) dimension: usize,
    /// Indices along it that make a section.
    pub(super) step: usize,
    /// Where the sections begin that the header that counts is about, and its number.
    pub(super) start: usize,
    pub(super) header: usize,
    pub(super) variables: Vec<Growing>,
}

/// What all sections of a variable come to that the first header is about.
#[derive(Debug, Default)]
pub(super) struct Together {
    pub(super) values: RunningSum,
    pub(super) sums: Sums,
}

/// A variable of it.
#[derive(Debug)]
pub(super) struct Growing {
    pub(super) grows: bool,
    /// Values of one index along the dimension, or of all of it where it does not grow.
    pub(super) each: usize,
    /// What came and is not coded yet.
    pub(super) held: Values,
    /// Indices that were coded.
    pub(super) coded: usize,
    /// Chunks of those sections that the header is about.
    pub(super) chunks: usize,
}

impl Stream {
    /// The shape of a section of a variable, and its length along the dimension that grows, if it does.
    pub(super) fn section_shape(&self, variable: usize, field: &Field) -> (Vec<usize>, Option<u64>) {
        match (field.shape.split_first(), self.variables.get(variable)) {
            (Some((_, inner)), Some(Growing { grows: true, .. })) => ([&[self.step], inner].concat(), Some(self.step as u64)),
            _ => (field.shape.clone(), None),
        }
    }

    /// Numbers of the variables that grow.
    pub(super) fn growing(&self) -> Vec<usize> {
        self.variables.iter().enumerate().filter(|(_, growing)| growing.grows).map(|(number, _)| number).collect()
    }

    /// Whether a section of each variable that grows has come.
    pub(super) fn is_section_whole(&self) -> bool {
        let mut growing = self.variables.iter().filter(|growing| growing.grows).peekable();
        growing.peek().is_some() && growing.all(|growing| !growing.held.is_empty() && growing.held.len() >= self.step.saturating_mul(growing.each))
    }

    /// How many indices a section has, so that its planes fill a chunk.
    pub(super) fn usual_step(header: &Dataset, dimension: usize, tiles: &Tiles) -> usize {
        let step = |field: &Field| {
            let inner: Vec<usize> = field.shape.iter().skip(1).copied().filter(|length| *length != 1).collect();
            if inner.is_empty() || product(&inner) == 0 {
                return ROW;
            }
            // As of very many.
            let tiling = Tiling::of(&[&[ROW], inner.as_slice()].concat());
            let within = |fast: usize| product(inner.get(..inner.len().saturating_sub(fast)).unwrap_or_default()).max(1);
            match tiling.planes() {
                1 => (tiling.tile.height / within(1)).max(1),
                _ if tiling.blocks > 1 => 1,
                _ => (tiling.tile.planes / within(2)).max(1),
            }
        };
        let named = header.dimensions.get(dimension).and_then(|d| tiles.of(&d.name));
        let growing = header.fields.iter().filter(|field| field.dimensions.first() == Some(&dimension));
        named.unwrap_or_else(|| growing.map(step).min().unwrap_or(1))
    }
}

impl VariableEntry {
    /// Puts the sections together that are of one length, so that an index is no longer for having come in pieces.
    pub(super) fn join(&mut self, inner: &[usize], Together { values, sums }: &Together) -> Result<()> {
        let Some(first) = self.sections.first() else { return Ok(()) };
        let alike = self.sections.iter().take_while(|section| section.is_like(first)).count();
        let (together, rest) = self.sections.split_at(alike);
        let Some(mut certificate) = Certificate::of(together.iter().map(|section| &section.certificate)).filter(|_| alike > 1) else { return Ok(()) };
        certificate.values_sum = values.sum();
        certificate.set_means(sums.means());
        let joined = SectionEntry::joined(together, inner, certificate)?;
        self.sections = core::iter::once(joined).chain(rest.iter().cloned()).collect();
        Ok(())
    }
}
