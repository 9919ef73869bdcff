//! The base layer of a chunk (docs/format.md, "Base layer"): how the autoencoder is shown the first plane, and what it draws of it.

use super::fill::filled;
use super::latents::Learned;
use crate::codec::accelerator::at_once;
use crate::codec::entropy::{Coder, Encoder};
use crate::codec::methods::pyramid::{self, Job, Tables};
use crate::error::{Error, Result};
use crate::grid::{Grid, Plane};
use crate::network::autoencoder::{Autoencoder, MAX_UNIT, SAMPLE_LIMIT, Tokens, View, coarse_size};
use crate::network::engine::Engine;
use crate::wire::{Reader, put_signed};

/// A base layer as the encoder has it.
#[derive(Debug, Clone)]
pub(crate) struct BaseLayer {
    view: View,
    latents: Tokens,
    /// What is drawn of the first plane, in lattice units: its reference.
    pub(crate) plane: Grid<i32>,
}

/// Octaves that the unit lies below the quantum, twice the bound.
const UNIT_BELOW_QUANTUM: u32 = 4;
/// Part of its classical size that a plane may still take with a base, so that it is tried under the network, which takes several times as long.
const PROMISE: (usize, usize) = (99, 100);
/// Bytes of an entropy coder without steps.
const IDLE: usize = 8;

impl BaseLayer {
    /// The best for a plane under the classical predictor, if it gains enough there to be tried under the network.
    pub(crate) fn promising(net: &Autoencoder, plane: Plane, quantum: i32) -> Result<Option<Self>> {
        let Some(subject) = Subject::of(plane) else { return Ok(None) };
        let without = classical_size(None, plane, quantum)?;
        let sized = |unit: u32| -> Result<(usize, Self)> {
            let base = Self::of(net, &subject, unit)?;
            Ok((classical_size(Some(&base.plane), plane, quantum)? + base.size(net), base))
        };
        let middle = subject.budget(quantum);
        let (mut size, mut best) = sized(middle)?;
        if size * PROMISE.1 >= without * PROMISE.0 {
            return Ok(None);
        }
        for unit in [middle.wrapping_sub(1), middle + 1].into_iter().filter(|unit| (subject.least..=MAX_UNIT).contains(unit)) {
            let (other, base) = sized(unit)?;
            if other < size {
                (size, best) = (other, base);
            }
        }
        Ok(Some(best))
    }

    /// One that shows the whole range of a plane, whatever it gains.
    pub(crate) fn always(net: &Autoencoder, plane: Plane, quantum: i32) -> Result<Option<Self>> {
        Subject::of(plane).map(|subject| Self::of(net, &subject, subject.budget(quantum))).transpose()
    }

    fn of(net: &Autoencoder, subject: &Subject, unit: u32) -> Result<Self> {
        let (engine, view) = (Engine::detect(), View { unit, middle: subject.middle });
        let latents = net.encode(engine, &subject.plane, view)?;
        let plane = net.draw(engine, &latents, (subject.plane.height, subject.plane.width), view)?;
        Ok(Self { view, latents, plane })
    }

    /// Writes its part of the header.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        self.view.write(out);
    }

    /// Codes its part of the stream.
    pub(crate) fn code(&self, coder: &mut Encoder, net: &Autoencoder) {
        Learned::new(&net.foresight).code(coder, Some(&self.latents), (self.latents.height, self.latents.width));
    }

    /// Bytes it takes.
    pub(crate) fn size(&self, net: &Autoencoder) -> usize {
        let mut encoder = Encoder::default();
        self.code(&mut encoder, net);
        let mut header = Vec::new();
        self.write(&mut header);
        encoder.finish().len().saturating_sub(IDLE) + header.len()
    }
}

/// Reads the latents of a plane of that size and draws it.
///
/// # Errors
/// None: the layers of the net fit each other.
pub(crate) fn draw<C: Coder>(coder: &mut C, net: &Autoencoder, view: View, (height, width): (usize, usize)) -> Result<Grid<i32>> {
    let latents = Learned::new(&net.foresight).code(coder, None, coarse_size(height, width));
    net.draw(Engine::detect(), &latents, (height, width), view)
}

/// Bytes that a plane takes classically with that reference.
fn classical_size(reference: Option<&Grid<i32>>, plane: Plane, quantum: i32) -> Result<usize> {
    let mut encoder = Encoder::default();
    at_once(pyramid::code_plane(&mut encoder, &mut Tables, &mut pyramid::Learned::default(), Job { plane, reference, quantum }, |_| false))?;
    Ok(encoder.finish().len())
}

/// A plane as the net sees it.
struct Subject {
    /// Without holes.
    plane: Grid<i32>,
    /// Its mean.
    middle: i32,
    /// Binary logarithm of the smallest unit that shows its whole range.
    least: u32,
}

impl Subject {
    fn of(plane: Plane) -> Option<Self> {
        let source = plane.source?;
        let plane = plane.holes.map_or_else(|| source.clone(), |holes| filled(source, holes));
        let sum: i64 = plane.samples.iter().map(|s| i64::from(*s)).sum();
        let middle = sum.div_euclid(plane.samples.len().max(1) as i64) as i32;
        let reach = plane.samples.iter().map(|s| s.abs_diff(middle)).max()?;
        let least = (0..MAX_UNIT).find(|unit| reach >> unit <= SAMPLE_LIMIT.unsigned_abs()).unwrap_or(MAX_UNIT);
        Some(Self { plane, middle, least })
    }

    /// Binary logarithm of the unit that suits a bound, or of the least: an eighth of the bound.
    fn budget(&self, quantum: i32) -> u32 {
        quantum.unsigned_abs().ilog2().saturating_sub(UNIT_BELOW_QUANTUM).clamp(self.least, MAX_UNIT)
    }
}

impl View {
    fn write(self, out: &mut Vec<u8>) {
        out.push(self.unit as u8);
        put_signed(out, self.middle);
    }

    /// Reads the part of the header.
    pub(crate) fn read(reader: &mut Reader) -> Result<Self> {
        let unit = u32::from(reader.u8()?);
        if unit > MAX_UNIT {
            return Err(Error::corrupt("the unit of a base plane is too large"));
        }
        Ok(Self { unit, middle: reader.signed("the middle of a base plane")? })
    }
}
